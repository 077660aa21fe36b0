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
)

// assigned says that Sam has the ticket.
func assigned(ticket conversation.Ticket) connector.UpdateRequest {
	return connector.UpdateRequest{
		Key: "shop:c1/e1-5", Ticket: ticket, At: at, Customer: conversation.Customer{Name: "Ana Example", Email: "ana@example.test"},
		Change: conversation.Change{From: conversation.Waiting, To: conversation.Assigned, Agent: conversation.Author{ID: vendor.Sam, Name: "Sam Example"}},
	}
}

func verbs(t vendor.Thread) []string {
	var list []string
	for _, b := range t.Card.Buttons {
		list = append(list, b.Title)
	}
	return list
}

func TestOpenShowsWhoIsWaitingAndWhatWasSaid(t *testing.T) {
	d := newDesk(t, vendor.Options{})
	req := ana()
	req.Customer.Name, req.Link = "<b>Ana</b> & **Co** {{DATE(2026)}}", "https://handoff.example/c/1"
	req.Customer.Fields = map[string]string{"order": "A-1", "empty": " "}
	ticket := mustOpen(t, d.open(), req)
	seen := d.ThreadOf(ticket)
	require.Equal(t, []string{
		"<b>Ana</b> & **Co** {{DATE(2026)}}", "Waiting for an agent since 2 Mar 09:30 UTC", "E-mail: ana@example.test", "order: A-1",
	}, seen.Card.Texts[:4])
	require.Equal(t, []string{"Claim", "Transfer", "Back to bot", "Close", "History"}, verbs(seen))
	require.Equal(t, []string{vendor.Mira + " Mira & Co.", vendor.Sam + " Sam Example"}, seen.Card.Choices)
	require.Equal(t, []string{"\nAna Example: My parcel has not come.\nBot: I ask a colleague."}, seen.Heard("Conversation so far"))
}

func TestAGroupIsAChannel(t *testing.T) {
	d := newDesk(t, vendor.Options{})
	c := d.open()
	req := ana()
	req.Group = "billing"
	ticket := mustOpen(t, c, req)
	require.True(t, strings.HasPrefix(ticket.ID, vendor.BillingChannel+";messageid="))
	assign := connector.AssignRequest{Key: "shop:c1/e1-9", Ticket: ticket, Group: "billing"}
	require.NoError(t, c.Assign(t.Context(), assign))
	require.Contains(t, d.ThreadOf(ticket).Heard(""), "The customer is waiting: who takes it?")

	assign.Ticket = mustOpen(t, c, connector.OpenRequest{Key: "shop:c2/e1-1", Conversation: "shop:c2"})
	require.Equal(t, connector.Unsupported, connector.KindOf(c.Assign(t.Context(), assign)), "a thread stays in its channel")
	assign.Group = "nobody"
	require.Equal(t, connector.NotFound, connector.KindOf(c.Assign(t.Context(), assign)))
	req.Group = "nobody"
	_, err := c.Open(t.Context(), req)
	require.Equal(t, connector.NotFound, connector.KindOf(err))
}

func TestAnAgentIsAskedByAMention(t *testing.T) {
	d := newDesk(t, vendor.Options{PageSize: 1})
	req := ana()
	req.Agent = vendor.Mira
	ticket := mustOpen(t, d.open(), req)
	lines := d.ThreadOf(ticket).Lines
	require.Equal(t, []string{vendor.Mira}, lines[len(lines)-1].Mentions, "found on the second page of the roster")

	req.Key, req.Agent = "shop:c1/e1-7", "somebody who left"
	require.NotEmpty(t, mustOpen(t, d.open(), req).ID, "an agent who is gone keeps nobody from the others")
}

func TestTheCardShowsHowThingsStand(t *testing.T) {
	d := newDesk(t, vendor.Options{})
	c := d.open()
	ticket := mustOpen(t, c, ana())
	for _, tt := range []struct {
		change  conversation.Change
		since   time.Time
		status  string
		buttons []string
	}{
		{
			conversation.Change{To: conversation.Assigned, Agent: conversation.Author{Name: "Sam Example"}},
			time.Time{},
			"With Sam Example",
			[]string{"Claim", "Release", "Transfer", "Back to bot", "Close"},
		},
		{
			conversation.Change{To: conversation.Assigned, Agent: conversation.Author{Name: "Sam Example"}},
			at,
			"With Sam Example; the customer is waiting since 2 Mar 09:30 UTC",
			[]string{"Claim", "Release", "Transfer", "Back to bot", "Close"},
		},
		{
			conversation.Change{To: conversation.Reassigning},
			at,
			"Waiting for another agent since 2 Mar 09:30 UTC",
			[]string{"Claim", "Transfer", "Back to bot", "Close"},
		},
		{conversation.Change{To: conversation.Waiting}, time.Time{}, "Waiting for an agent", []string{"Claim", "Transfer", "Back to bot", "Close"}},
		{conversation.Change{To: conversation.InBot}, time.Time{}, "Back with the bot", nil},
		{conversation.Change{To: conversation.Ended}, time.Time{}, "Closed", nil},
	} {
		req := assigned(ticket)
		req.Change, req.WaitingSince = tt.change, tt.since
		for range 2 {
			require.NoError(t, c.UpdateTicket(t.Context(), req))
		}
		require.Equal(t, []string{"Ana Example", tt.status, "E-mail: ana@example.test"}, d.ThreadOf(ticket).Card.Texts[:3])
		require.Equal(t, tt.buttons, verbs(d.ThreadOf(ticket)))
	}
	require.Len(t, d.ThreadOf(ticket).Lines, 1, "a card that changes writes nothing into the thread")
	require.Len(t, d.Threads(), 1)
}

func TestACardWithoutARosterHasNoTransfer(t *testing.T) {
	d := newDesk(t, vendor.Options{})
	d.Faults.Set(vendor.OpMembers, fake.RefuseStatus(http.StatusForbidden, ""))
	require.Equal(t, []string{"Claim", "Back to bot", "Close"}, verbs(d.ThreadOf(mustOpen(t, d.open(), ana()))))
}

func TestClosingSaysWhoEndedIt(t *testing.T) {
	d := newDesk(t, vendor.Options{})
	c := d.open()
	ticket := mustOpen(t, c, ana())
	require.NoError(t, c.CloseTicket(t.Context(), connector.CloseRequest{Key: "shop:c1/e1-8", Ticket: ticket, ByCustomer: true}))
	seen := d.ThreadOf(ticket)
	require.True(t, seen.Over())
	require.Equal(t, []string{"Ana Example", "The customer left", "E-mail: ana@example.test"}, seen.Card.Texts)
	require.Contains(t, seen.Heard("")[0], "The customer left.")
}

func TestOpeningGoesOnWhereItFailed(t *testing.T) {
	d := newDesk(t, vendor.Options{})
	c := d.open()
	req := ana()
	req.Transcript = append(req.Transcript, conversation.Line{Role: conversation.RoleCustomer, At: at, Text: strings.Repeat("long tale ", 500)})
	d.Faults.Set(vendor.OpPost, fake.RefuseStatus(http.StatusTooManyRequests, "").For(1))
	_, err := c.Open(t.Context(), req)
	require.Equal(t, connector.RateLimited, connector.KindOf(err))
	d.Faults.Clear(fake.AnyOp)
	ticket := mustOpen(t, c, req)
	require.Len(t, d.Threads(), 1, "the thread that was opened is used")
	require.Len(t, d.ThreadOf(ticket).Heard("Conversation so far"), 3)

	d.Faults.Set(vendor.OpPost, fake.RefuseStatus(http.StatusBadRequest, "").For(1))
	req.Key = "shop:c1/e1-20"
	require.NotEmpty(t, mustOpen(t, c, req).ID, "a transcript that is refused keeps nobody from an agent")
}

func TestAnAnswerThatNamesOnlyTheThreadWillDo(t *testing.T) {
	d := newDesk(t, vendor.Options{})
	d.Switch(func(s *vendor.Switches) { s.NoActivityID, s.EmptyAnswers = true, true })
	c := d.open()
	ticket := mustOpen(t, c, ana())
	require.Equal(t, d.Threads()[0].ID, ticket.ID)
	receipt, err := c.Post(t.Context(), connector.PostRequest{Key: "shop:c1/e1-3", Ticket: ticket, Text: "hello"})
	require.NoError(t, err, "an answer without a body is a success")
	require.Empty(t, receipt.ID)
}

func TestTheCustomersMessagesAreEdited(t *testing.T) {
	d := newDesk(t, vendor.Options{})
	c := d.open()
	ticket := mustOpen(t, c, ana())
	long := strings.Repeat("words and words. ", 300)
	receipt, err := c.Post(t.Context(), connector.PostRequest{Key: "shop:c1/e1-3", Ticket: ticket, Text: long})
	require.NoError(t, err)
	require.Len(t, d.ThreadOf(ticket).Heard("Ana Example"), 2)
	edit := connector.EditRequest{Key: "shop:c1/e1-4", Ticket: ticket, Message: receipt.ID, Text: "few words"}
	for range 2 {
		require.NoError(t, c.EditMessage(t.Context(), edit))
		require.Equal(t, []string{"few words"}, d.ThreadOf(ticket).Heard("Ana Example"))
	}
	first, _, _ := strings.Cut(receipt.ID, ",")
	edit.Message, edit.Text = first, long
	require.Equal(t, connector.Unsupported, connector.KindOf(c.EditMessage(t.Context(), edit)), "it would need a second message")
	edit.Text = "  "
	require.Equal(t, connector.Invalid, connector.KindOf(c.EditMessage(t.Context(), edit)))
	edit.Message, edit.Text = "1", "gone"
	require.Equal(t, connector.NotFound, connector.KindOf(c.EditMessage(t.Context(), edit)))
	edit.Message, edit.Text, edit.Delete = first, "", true
	for range 2 {
		require.NoError(t, c.EditMessage(t.Context(), edit), "deleted twice is deleted")
		require.Empty(t, d.ThreadOf(ticket).Heard("Ana Example"))
	}
	edit.Message = ""
	require.Equal(t, connector.Invalid, connector.KindOf(c.EditMessage(t.Context(), edit)))
}

func TestPicturesAreShownAndTheRestGoesAsALink(t *testing.T) {
	d := newDesk(t, vendor.Options{})
	c := d.open()
	ticket := mustOpen(t, c, ana())
	picture := conversation.Attachment{URL: "https://cdn.example.test/a.png?sig=1", Name: "a.png", ContentType: "image/png", Size: 1 << 20}
	req := connector.AttachmentRequest{Key: "shop:c1/e1-3", Ticket: ticket, Attachment: picture, Text: "this <one>"}
	receipt, err := c.SendAttachment(t.Context(), req)
	require.NoError(t, err)
	line := d.ThreadOf(ticket).Lines[1]
	require.Equal(t, []string{"Ana Example: this <one>"}, line.Card.Texts)
	require.Equal(t, picture.URL, line.Card.Picture)
	edit := connector.EditRequest{Key: "shop:c1/e1-4", Ticket: ticket, Message: receipt.ID, Text: "another caption"}
	require.Equal(t, connector.Unsupported, connector.KindOf(c.EditMessage(t.Context(), edit)), "the picture would be gone")
	edit.Delete = true
	require.NoError(t, c.EditMessage(t.Context(), edit))
	require.True(t, d.ThreadOf(ticket).Lines[1].Deleted)

	for name, change := range map[string]func(*conversation.Attachment){
		"too large":    func(a *conversation.Attachment) { a.Size++ },
		"size unknown": func(a *conversation.Attachment) { a.Size = 0 },
		"no picture":   func(a *conversation.Attachment) { a.ContentType = "application/pdf" },
		"not https":    func(a *conversation.Attachment) { a.URL = "http://127.0.0.1/a.png" },
		"a place":      func(a *conversation.Attachment) { *a = conversation.Attachment{Latitude: 1} },
	} {
		req.Attachment = picture
		change(&req.Attachment)
		_, err := c.SendAttachment(t.Context(), req)
		require.Equal(t, connector.Unsupported, connector.KindOf(err), name)
	}
}

func TestTheTokenGoesToTheVendorOnly(t *testing.T) {
	d := newDesk(t, vendor.Options{})
	c := d.open()
	mustOpen(t, c, ana())
	_, err := c.FetchAttachment(t.Context(), conversation.Attachment{URL: "http://127.0.0.1:1/v3/attachments/x"})
	require.Equal(t, connector.Invalid, connector.KindOf(err))
	_, err = c.FetchAttachment(t.Context(), conversation.Attachment{URL: "https://10.0.0.1/x"})
	require.Equal(t, connector.Invalid, connector.KindOf(err), "no private address")
}

func TestARefusedTokenIsReplacedOnce(t *testing.T) {
	d := newDesk(t, vendor.Options{})
	c := d.open()
	ticket := mustOpen(t, c, ana())
	d.ExpireTokens()
	_, err := c.Post(t.Context(), connector.PostRequest{Key: "shop:c1/e1-3", Ticket: ticket, Text: "hello"})
	require.NoError(t, err)
	require.Equal(t, 2, d.TokensIssued())
}

func TestWrongCredentialsAreToldFromAnOutage(t *testing.T) {
	d := newDesk(t, vendor.Options{})
	for name, tt := range map[string]struct {
		change func(*teams.Config)
		want   connector.Kind
		code   string
	}{
		"right":         {func(*teams.Config) {}, "", ""},
		"wrong secret":  {func(c *teams.Config) { c.AppSecret = connector.Secrets{"old"} }, connector.Unauthenticated, "invalid_client"},
		"wrong tenant":  {func(c *teams.Config) { c.TokenURL = d.Web.URL + "/botframework.com/oauth2/v2.0/token" }, connector.Unauthenticated, "invalid_client"},
		"wrong scope":   {func(c *teams.Config) { c.Scope = "https://elsewhere.example/.default" }, connector.Unauthenticated, "invalid_scope"},
		"wrong channel": {func(c *teams.Config) { c.ChannelID = "19:other@thread.tacv2" }, connector.NotFound, "ConversationNotFound"},
		"no keys":       {func(c *teams.Config) { c.OpenIDURL = d.Web.URL + "/nothing" }, connector.NotFound, ""},
	} {
		err := d.open(tt.change).Check(t.Context())
		require.Equal(t, tt.want, connector.KindOf(err), name)
		if e, ok := err.(*connector.Error); ok { //nolint:errorlint // the very error
			require.Equal(t, tt.code, e.Code, name)
		}
	}
	d.Switch(func(s *vendor.Switches) { s.Removed = true })
	err := d.open().Check(t.Context())
	require.Equal(t, connector.Forbidden, connector.KindOf(err))
	require.ErrorContains(t, err, "BotNotInConversationRoster")
}
