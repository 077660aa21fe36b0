package teams_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/teams"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
	vendor "github.com/handoff-engine/handoff/testsuite/fake/teams"
	"github.com/handoff-engine/handoff/testsuite/subjects"
)

func TestOnlyWhoMayReadFindsAndLists(t *testing.T) {
	c := subjects.TeamsConfig("http://127.0.0.1:9")
	reads, err := teams.New(c, connector.Deps{})
	require.NoError(t, err)
	require.Contains(t, connector.CapabilitiesOf(reads), connector.CanListMessages)
	require.Equal(t, connector.ByLookup, reads.Traits().Post)
	require.Equal(t, connector.ByLookup, reads.Traits().Open)

	c.TeamGroupID = ""
	blind, err := teams.New(c, connector.Deps{})
	require.NoError(t, err)
	require.NotContains(t, connector.CapabilitiesOf(blind), connector.CanListMessages)
	require.NotContains(t, connector.CapabilitiesOf(blind), connector.CanFindSent)
	require.Equal(t, connector.AtLeastOnce, blind.Traits().Post)
	require.Equal(t, connector.AtLeastOnce, blind.Traits().Open)
}

// sentAs posts a text and gives what it is looked for with.
func sentAs(t *testing.T, c *teams.Reader, ticket conversation.Ticket, text string) connector.FindRequest {
	t.Helper()
	began := time.Now()
	_, err := c.Post(t.Context(), connector.PostRequest{Key: "shop:c1/e1-3", Ticket: ticket, Text: text})
	require.NoError(t, err)
	return connector.FindRequest{Key: "shop:c1/e1-3", Ticket: ticket, Text: text, Since: began}
}

func TestASendIsFoundByItsWords(t *testing.T) {
	d := newDesk(t, vendor.Options{PageSize: 2})
	c := d.openReader()
	ticket, err := c.Open(t.Context(), ana())
	require.NoError(t, err)
	find := sentAs(t, c, ticket, "1 < 2 && <b>bold</b>\n  of  \"mine\"")
	for range 5 {
		_, err = d.AgentSays(ticket.ID, vendor.Sam, find.Text)
		require.NoError(t, err)
	}
	receipt, found, err := c.FindSent(t.Context(), find)
	require.NoError(t, err)
	require.True(t, found, "on the last page, behind an agent's same words")
	require.Equal(t, d.ThreadOf(ticket).Lines[1].ID, receipt.ID)

	find.Skip = 1
	_, found, err = c.FindSent(t.Context(), find)
	require.Equal(t, connector.Unavailable, connector.KindOf(err), "there is no second one, and it is too early to say so")
	require.False(t, found)
	sentAs(t, c, ticket, find.Text)
	_, found, err = c.FindSent(t.Context(), find)
	require.NoError(t, err)
	require.True(t, found)

	long := strings.Repeat("words and words. ", 400)
	find = sentAs(t, c, ticket, long)
	receipt, found, err = c.FindSent(t.Context(), find)
	require.NoError(t, err)
	require.True(t, found)
	require.Len(t, strings.Split(receipt.ID, ","), 3)
	require.NoError(t, c.EditMessage(t.Context(), connector.EditRequest{Ticket: ticket, Message: receipt.ID, Text: "few", Key: "k"}), "what is found can be edited")
}

func TestHalfASendIsNotFound(t *testing.T) {
	d := newDesk(t, vendor.Options{})
	c := d.openReader()
	ticket, err := c.Open(t.Context(), ana())
	require.NoError(t, err)
	find := sentAs(t, c, ticket, strings.Repeat("a", 3000))
	find.Text += strings.Repeat("b", 10)
	find.Since = time.Now().Add(-30 * time.Second)
	_, found, err := c.FindSent(t.Context(), find)
	require.NoError(t, err)
	require.False(t, found)
	find.Text, find.Since = strings.Repeat("a", 3000), time.Now().Add(2*time.Minute)
	_, found, _ = c.FindSent(t.Context(), find)
	require.False(t, found, "an older one does not count")
}

func TestNothingIsGivenUpBeforeGraphMustShowIt(t *testing.T) {
	d := newDesk(t, vendor.Options{})
	d.Switch(func(s *vendor.Switches) { s.GraphLag = time.Minute })
	c := d.openReader()
	ticket, err := c.Open(t.Context(), ana())
	require.NoError(t, err)
	find := sentAs(t, c, ticket, "hello")
	_, _, err = c.FindSent(t.Context(), find)
	require.Equal(t, connector.Unavailable, connector.KindOf(err))
	var e *connector.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, 5*time.Second, e.RetryAfter)
	find.Since = find.Since.Add(-21 * time.Second)
	_, found, err := c.FindSent(t.Context(), find)
	require.NoError(t, err)
	require.False(t, found, "Graph was slower than ever: it is sent again")
}

func TestWhatWasRefusedIsNotWaitedFor(t *testing.T) {
	d := newDesk(t, vendor.Options{})
	c := d.openReader()
	ticket, err := c.Open(t.Context(), ana())
	require.NoError(t, err)
	post := connector.PostRequest{Key: "shop:c1/e1-3", Ticket: ticket, Text: "hello"}
	find := connector.FindRequest{Key: post.Key, Ticket: ticket, Text: post.Text, Since: time.Now()}
	d.Faults.Set(vendor.OpPost, fake.RateLimit(0, "").For(1))
	_, err = c.Post(t.Context(), post)
	require.Equal(t, connector.RateLimited, connector.KindOf(err))
	_, found, err := c.FindSent(t.Context(), find)
	require.NoError(t, err)
	require.False(t, found, "send it again at once")

	d.Faults.Set(vendor.OpPost, fake.RefuseStatus(http.StatusBadGateway, "").For(1))
	_, err = c.Post(t.Context(), post)
	require.Equal(t, connector.UncertainOutcome, connector.KindOf(err))
	_, _, err = c.FindSent(t.Context(), find)
	require.Equal(t, connector.Unavailable, connector.KindOf(err), "this time it may still show")
}

func TestASentPictureIsFoundByItsAddress(t *testing.T) {
	d := newDesk(t, vendor.Options{})
	c := d.openReader()
	ticket, err := c.Open(t.Context(), ana())
	require.NoError(t, err)
	picture := conversation.Attachment{URL: "https://cdn.example.test/a.png", Name: "a.png", ContentType: "image/png", Size: 100}
	sent, err := c.SendAttachment(t.Context(), connector.AttachmentRequest{Key: "k", Ticket: ticket, Attachment: picture})
	require.NoError(t, err)
	find := connector.FindRequest{Key: "k", Ticket: ticket, Attachment: &picture, Text: picture.URL, Since: time.Now().Add(-time.Minute)}
	receipt, found, err := c.FindSent(t.Context(), find)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, sent, receipt)
	find.Attachment = &conversation.Attachment{URL: "https://cdn.example.test/b.png"}
	_, found, err = c.FindSent(t.Context(), find)
	require.NoError(t, err)
	require.False(t, found)
}

func TestTheListTellsWhatTheActivitiesTold(t *testing.T) {
	for name, mentionOnly := range map[string]bool{"everything": false, "mentions only": true} {
		d := newDesk(t, vendor.Options{PageSize: 2})
		c := d.openReader(func(c *teams.Config) { c.MentionOnly = mentionOnly })
		ticket, err := c.Open(t.Context(), ana())
		require.NoError(t, err)
		for _, text := range []string{"Hello & <welcome>", "// a note", "one\ntwo"} {
			_, err := d.AgentSays(ticket.ID, vendor.Sam, text)
			require.NoError(t, err)
			_, err = d.AgentMentions(ticket.ID, vendor.Mira, text)
			require.NoError(t, err)
		}
		_, err = d.AgentTellsColleague(ticket.ID, vendor.Sam, vendor.Mira, "knows more")
		require.NoError(t, err)
		_, err = c.Post(t.Context(), connector.PostRequest{Key: "k", Ticket: ticket, Text: "the customer's words"})
		require.NoError(t, err)
		gone, err := d.AgentSays(ticket.ID, vendor.Sam, "gone")
		require.NoError(t, err)
		told := d.told(c.Client)
		require.NoError(t, d.AgentDeletes(ticket.ID, gone))
		listed, err := c.ListMessages(t.Context(), connector.ListRequest{Ticket: ticket})
		require.NoError(t, err)
		require.Len(t, listed, 7, name)
		for i, in := range listed {
			want := told[i]
			require.Equal(t, []any{want.ID, want.Kind, want.Text, want.Author, want.TicketID, want.MessageID},
				[]any{in.Event.ID, in.Event.Kind, in.Event.Text, in.Event.Author, in.Event.TicketID, in.Event.MessageID}, name)
		}
	}
}

func TestWithoutTheConsentCheckSaysSo(t *testing.T) {
	d := newDesk(t, vendor.Options{})
	require.NoError(t, d.openReader().Check(t.Context()))
	d.Switch(func(s *vendor.Switches) { s.NoGraph = true })
	require.Equal(t, connector.Forbidden, connector.KindOf(d.openReader().Check(t.Context())))
	d.Switch(func(s *vendor.Switches) { s.NoGraph = false })
	err := d.openReader(func(c *teams.Config) { c.TeamGroupID = "another" }).Check(t.Context())
	require.Equal(t, connector.NotFound, connector.KindOf(err))
	d.ExpireTokens()
	require.NoError(t, d.openReader().Check(t.Context()))
}

func TestTheTokenForGraphStaysThere(t *testing.T) {
	d := newDesk(t, vendor.Options{})
	c := d.openReader()
	ticket, err := c.Open(t.Context(), ana())
	require.NoError(t, err)
	d.Faults.Set(vendor.OpReplies, fake.RefuseStatus(http.StatusOK, `{"@odata.nextLink":"https://evil.example/v1.0","value":[]}`))
	_, err = c.ListMessages(t.Context(), connector.ListRequest{Ticket: ticket})
	require.Equal(t, connector.Invalid, connector.KindOf(err))
}

func TestAThreadIsFoundByTheMarkInItsCard(t *testing.T) {
	d := newDesk(t, vendor.Options{})
	lost := func(key conversation.Key) connector.OpenRequest {
		req := ana()
		req.Key = key
		d.Faults.Set(vendor.OpCreate, fake.AcceptThenReset().For(1))
		_, err := d.openReader().Open(t.Context(), req)
		require.Equal(t, connector.UncertainOutcome, connector.KindOf(err))
		d.Faults.Clear(fake.AnyOp)
		return req
	}
	// Another process finds it, and completes it.
	req := lost("shop:c1/e1-2")
	ticket, err := d.openReader().Open(t.Context(), req)
	require.NoError(t, err)
	require.Len(t, d.Threads(), 1)
	require.Len(t, d.ThreadOf(ticket).Heard("Conversation so far"), 1)
	again, err := d.openReader().Open(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, ticket.ID, again.ID)
	require.Len(t, d.ThreadOf(ticket).Heard("Conversation so far"), 1, "the transcript is there already")

	// While it may not show yet, the process that lost the answer waits; one that knows nothing of it cannot.
	d.Switch(func(s *vendor.Switches) { s.GraphLag = time.Minute })
	c := d.openReader()
	req.Key = "shop:c1/e2-4"
	d.Faults.Set(vendor.OpCreate, fake.AcceptThenReset().For(1))
	_, err = c.Open(t.Context(), req)
	require.Equal(t, connector.UncertainOutcome, connector.KindOf(err))
	_, err = c.Open(t.Context(), req)
	require.Equal(t, connector.Unavailable, connector.KindOf(err))
	d.Faults.Set(vendor.OpReplies, fake.RefuseStatus(http.StatusBadGateway, "").For(1))
	_, err = c.Open(t.Context(), req)
	require.Error(t, err, "nor is it opened again while nobody can look")
	require.Len(t, d.Threads(), 2)

	// Graph that does not answer keeps nobody from an agent.
	d.Switch(func(s *vendor.Switches) { s.NoGraph = true })
	req.Key = "shop:c1/e3-6"
	_, err = c.Open(t.Context(), req)
	require.NoError(t, err)
	require.Len(t, d.Threads(), 3)
}
