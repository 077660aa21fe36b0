package livechat_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/livechat"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
	vendor "github.com/handoff-engine/handoff/testsuite/fake/livechat"
)

var at = time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)

// open is what a first handoff asks for.
func openRequest(t *testing.T, c *livechat.Client, key conversation.Key) connector.OpenRequest {
	id, _, _ := strings.Cut(string(key), "/")
	req := connector.OpenRequest{
		Key: key, Conversation: id,
		Customer: conversation.Customer{
			Name: "Ada Byron", Email: "ada@customer.example", Phone: "+15550100", Fields: map[string]string{"order": "991"},
		},
		Transcript: []conversation.Line{
			{N: 1, Role: conversation.RoleCustomer, Name: "Ada Byron", At: at, Text: "Where is it?"},
			{N: 2, Role: conversation.RoleBot, At: at, Text: "I ask a colleague."},
		},
	}
	prepared, err := c.PrepareTicket(t.Context(), req)
	require.NoError(t, err)
	req.Vendor = prepared
	return req
}

func mustOpen(t *testing.T, c *livechat.Client, req connector.OpenRequest) conversation.Ticket {
	ticket, err := c.Open(t.Context(), req)
	require.NoError(t, err)
	return ticket
}

func chatID(ticket conversation.Ticket) string {
	id, _, _ := strings.Cut(ticket.ID, ":")
	return id
}

func TestOpenShowsAgentsWhoAsksAndWhatWasSaid(t *testing.T) {
	d := newDesk(t)
	c := openConnection(t, d.Web.URL)
	ticket := mustOpen(t, c, openRequest(t, c, "shop:c1/e1-2"))

	chats := d.Chats()
	require.Len(t, chats, 1)
	require.Equal(t, chats[0].ID+":"+chats[0].Thread, ticket.ID)
	require.Equal(t, map[string]string{"customer_id": chats[0].Customer, "customer_of": "under-test"}, ticket.Vendor)
	require.Equal(t, "Ada Byron", chats[0].CustomerName)
	require.Equal(t, []int{7}, chats[0].Groups)
	require.Equal(t, []map[string]string{{"conversation_id": "shop:c1"}, {"phone": "+15550100"}, {"order": "991"}}, chats[0].SessionFields)
	require.Equal(t, []string{"Conversation so far\nAda Byron: Where is it?\nBot: I ask a colleague."}, d.Said(chats[0].ID))
}

func TestSecondHandoffResumesTheSameChat(t *testing.T) {
	d := newDesk(t)
	c := openConnection(t, d.Web.URL)
	req := openRequest(t, c, "shop:c1/e1-2")
	first := mustOpen(t, c, req)
	require.NoError(t, d.AgentCloses(chatID(first), vendor.Mira))

	req.Key = "shop:c1/e1-9"
	second := mustOpen(t, c, req)
	require.Equal(t, chatID(first), chatID(second))
	require.NotEqual(t, first.ID, second.ID)
	require.Equal(t, 2, d.Chats()[0].Threads)
}

func TestRepeatedOpenFindsAThreadThatIsAlreadyClosed(t *testing.T) {
	d := newDesk(t)
	c := openConnection(t, d.Web.URL)
	req := openRequest(t, c, "shop:c1/e1-2")
	first := mustOpen(t, c, req)
	require.NoError(t, d.RouterCloses(chatID(first)))
	again := mustOpen(t, c, req)
	require.Equal(t, first.ID, again.ID)
	require.Equal(t, 1, d.Chats()[0].Threads)
}

func TestOpenIntoAnOpenChatAddsTheTranscriptOnce(t *testing.T) {
	d := newDesk(t)
	c := openConnection(t, d.Web.URL)
	req := openRequest(t, c, "shop:c1/e1-2")
	first := mustOpen(t, c, req)
	req.Key = "shop:c1/e1-9"
	req.Transcript = []conversation.Line{{N: 1, Role: conversation.RoleCustomer, Text: strings.Repeat("long story ", 3000)}}
	d.Faults.Set("customer/send_event", fake.RefuseStatus(http.StatusServiceUnavailable, "").For(1))
	_, err := c.Open(t.Context(), req)
	require.Equal(t, connector.Unavailable, connector.KindOf(err))
	second := mustOpen(t, c, req)
	third := mustOpen(t, c, req)
	require.Equal(t, first.ID, second.ID)
	require.Equal(t, second.ID, third.ID)
	story := strings.Join(d.Said(chatID(first))[1:], "")
	require.Equal(t, 3000, strings.Count(strings.ReplaceAll(story, "\n", ""), "long story"))
}

func TestOpenDoesWithoutPropertiesThatAreNotRegistered(t *testing.T) {
	d := newDesk(t)
	d.Switch(func(s *vendor.Switches) { s.PropertiesPending = true })
	c := openConnection(t, d.Web.URL)
	mustOpen(t, c, openRequest(t, c, "shop:c1/e1-2"))
	before := d.Faults.Calls("customer/start_chat")
	require.Equal(t, 2, before)

	other := openRequest(t, c, "shop:c2/e1-2")
	mustOpen(t, c, other)
	require.Equal(t, before+1, d.Faults.Calls("customer/start_chat"), "tried again too soon")
}

func TestOpenTellsAChatLimitByWhateverName(t *testing.T) {
	for _, code := range []string{"chat_limit_reached", "limit_reached", "validation"} {
		t.Run(code, func(t *testing.T) {
			d := newDesk(t)
			d.Switch(func(s *vendor.Switches) { s.ChatLimitType = code })
			c := openConnection(t, d.Web.URL)
			req := openRequest(t, c, "shop:c1/e1-2")
			first := mustOpen(t, c, req)
			// The list is behind: it shows no chat, once.
			d.Faults.Set("customer/list_chats", fake.RefuseStatus(http.StatusOK, `{"chats_summary":[],"total_chats":0}`).For(1))
			again := mustOpen(t, c, req)
			require.Equal(t, first.ID, again.ID)
		})
	}
}

func TestOpenGivesTheChatToTheAgentAskedFor(t *testing.T) {
	d := newDesk(t)
	c := openConnection(t, d.Web.URL)
	req := openRequest(t, c, "shop:c1/e1-2")
	req.Agent, req.Group = vendor.Leo, "8"
	mustOpen(t, c, req)
	require.Equal(t, []string{vendor.Leo}, d.Chats()[0].Agents)
	require.Equal(t, []int{8}, d.Chats()[0].Groups)

	other := openRequest(t, c, "shop:c2/e1-2")
	other.Agent = "nobody@shop.example"
	mustOpen(t, c, other)
	require.Len(t, d.Chats(), 2, "an unknown agent keeps nobody from being helped")

	other.Group = "billing"
	_, err := c.Open(t.Context(), other)
	require.Equal(t, connector.Invalid, connector.KindOf(err))
}

func TestOpenMakesACustomerWhoWasNotPrepared(t *testing.T) {
	d := newDesk(t)
	c := openConnection(t, d.Web.URL)
	req := openRequest(t, c, "shop:c1/e1-2")
	// Another desk of the route was asked first, and left what it needs.
	req.Vendor = map[string]string{"customer_id": "of-another-account", "customer_of": "another-desk"}
	d.Faults.Set("customer/start_chat", fake.AcceptThenReset().For(1))
	_, err := c.Open(t.Context(), req)
	require.Equal(t, connector.UncertainOutcome, connector.KindOf(err))
	ticket := mustOpen(t, c, req)
	require.Len(t, d.Chats(), 1)
	_, err = c.Post(t.Context(), connector.PostRequest{Key: "shop:c1/e1-3", Ticket: ticket, Text: "hello", Vendor: req.Vendor})
	require.NoError(t, err)
}

func TestBannedCustomerIsAConflict(t *testing.T) {
	d := newDesk(t)
	c := openConnection(t, d.Web.URL)
	req := openRequest(t, c, "shop:c1/e1-2")
	require.NoError(t, d.Ban(chatID(mustOpen(t, c, req))))
	req.Key = "shop:c1/e1-9"
	_, err := c.Open(t.Context(), req)
	require.Equal(t, connector.Conflict, connector.KindOf(err))
}

func TestLongTextWhosePartFailedIsCompletedOnce(t *testing.T) {
	d := newDesk(t)
	c := openConnection(t, d.Web.URL)
	ticket := mustOpen(t, c, openRequest(t, c, "shop:c1/e1-2"))
	text := strings.Repeat("ä", 20000)
	req := connector.PostRequest{Key: "shop:c1/e1-3", Ticket: ticket, Text: text}
	d.Faults.Set("customer/send_event", fake.AcceptThenReset().For(1))
	_, err := c.Post(t.Context(), req)
	require.Equal(t, connector.UncertainOutcome, connector.KindOf(err))
	find := connector.FindRequest{Key: req.Key, Ticket: ticket, Text: text}
	_, found, err := c.FindSent(t.Context(), find)
	require.NoError(t, err)
	require.False(t, found, "half of it is not sent")

	receipt, err := c.Post(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, text, strings.Join(d.Said(chatID(ticket))[1:], ""))
	got, found, err := c.FindSent(t.Context(), find)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, receipt, got)
}

func TestAssignRoutesAnewAndLeavesAQueuedChatAlone(t *testing.T) {
	d := newDesk(t)
	c := openConnection(t, d.Web.URL)
	ticket := mustOpen(t, c, openRequest(t, c, "shop:c1/e1-2"))
	require.Equal(t, []string{vendor.Mira}, d.Chats()[0].Agents)

	require.NoError(t, c.Assign(t.Context(), connector.AssignRequest{Ticket: ticket}))
	require.Equal(t, []string{vendor.Leo}, d.Chats()[0].Agents, "another agent of the same group")
	require.NoError(t, c.Assign(t.Context(), connector.AssignRequest{Ticket: ticket, Group: "8"}))
	require.Equal(t, []int{8}, d.Chats()[0].Groups)

	d.Switch(func(s *vendor.Switches) { s.AutoAssign = false })
	require.NoError(t, c.Assign(t.Context(), connector.AssignRequest{Ticket: ticket, Group: "7"}))
	require.True(t, d.Chats()[0].Queued)
	calls := d.Faults.Calls("agent/transfer_chat")
	require.NoError(t, c.Assign(t.Context(), connector.AssignRequest{Ticket: ticket, Group: "7"}))
	require.NoError(t, c.Assign(t.Context(), connector.AssignRequest{Ticket: ticket}))
	require.Equal(t, calls, d.Faults.Calls("agent/transfer_chat"), "a repeat loses the place in the queue")

	require.NoError(t, d.RouterCloses(chatID(ticket)))
	err := c.Assign(t.Context(), connector.AssignRequest{Ticket: ticket, Agent: vendor.Leo})
	require.Equal(t, connector.Conflict, connector.KindOf(err))
}

func TestAnAgentWhoIsOfflineIsNotAssigned(t *testing.T) {
	d := newDesk(t)
	c := openConnection(t, d.Web.URL)
	ticket := mustOpen(t, c, openRequest(t, c, "shop:c1/e1-2"))
	require.NoError(t, d.AgentGoesOffline(vendor.Leo))
	err := c.Assign(t.Context(), connector.AssignRequest{Ticket: ticket, Agent: vendor.Leo})
	require.Equal(t, connector.Conflict, connector.KindOf(err), "so that the next one is asked")
	require.Equal(t, []string{vendor.Mira}, d.Chats()[0].Agents)
	require.Zero(t, d.Faults.Calls("agent/transfer_chat"))

	require.NoError(t, d.AgentPauses(vendor.Leo))
	other := openConnection(t, d.Web.URL)
	require.NoError(t, other.Assign(t.Context(), connector.AssignRequest{Ticket: ticket, Agent: vendor.Leo}))
	require.True(t, d.Chats()[0].Queued, "one who takes no new chats now is waited for")
}

func TestClosingLeavesALaterThreadAlone(t *testing.T) {
	d := newDesk(t)
	c := openConnection(t, d.Web.URL)
	ticket := mustOpen(t, c, openRequest(t, c, "shop:c1/e1-2"))
	require.NoError(t, d.AgentCloses(chatID(ticket), vendor.Mira))
	_, err := d.AgentStartsThread(chatID(ticket), vendor.Mira, "One more thing")
	require.NoError(t, err)
	require.NoError(t, c.CloseTicket(t.Context(), connector.CloseRequest{Ticket: ticket}))
	require.True(t, d.Chats()[0].Active)
}

func TestWhoClosedIsShownToAgents(t *testing.T) {
	for _, tc := range []struct {
		name       string
		byCustomer bool
		want       string
	}{
		{"the customer left", true, "customer"},
		{"the company closed", false, "agent:" + vendor.DefaultRequester},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := newDesk(t)
			c := openConnection(t, d.Web.URL)
			ticket := mustOpen(t, c, openRequest(t, c, "shop:c1/e1-2"))
			require.NoError(t, c.CloseTicket(t.Context(), connector.CloseRequest{Ticket: ticket, ByCustomer: tc.byCustomer}))
			require.Equal(t, 1, d.Journal.Count(func(e fake.Entry) bool { return e.Kind == "closed" && e.Who == tc.want }))
		})
	}
}

func TestNotesJoinUnseenAndLeaveAgain(t *testing.T) {
	d := newDesk(t)
	c := openConnection(t, d.Web.URL)
	ticket := mustOpen(t, c, openRequest(t, c, "shop:c1/e1-2"))
	for range 2 {
		require.NoError(t, c.WriteNote(t.Context(), connector.NoteRequest{Key: "shop:c1/e1-4", Ticket: ticket, Text: "he is a regular"}))
	}
	require.Equal(t, []string{vendor.Mira}, d.Chats()[0].Agents)
	require.Equal(t, []string{"he is a regular"}, d.Vendor().Notes(ticket))
	for _, delivery := range d.Deliveries() {
		events, err := c.Decode(delivery)
		require.NoError(t, err)
		for _, in := range events {
			require.NotEqual(t, vendor.DefaultRequester, in.Event.Agent, "the note's author is taken for the owner")
			require.NotContains(t, []conversation.Kind{conversation.AgentSaid, conversation.AgentUnassigned}, in.Event.Kind)
		}
	}
}

func TestNotesAreUnsupportedWhereTheyWouldStopRouting(t *testing.T) {
	d := newDesk(t)
	d.Switch(func(s *vendor.Switches) { s.AutoAssign = false })
	c := openConnection(t, d.Web.URL)
	ticket := mustOpen(t, c, openRequest(t, c, "shop:c1/e1-2"))
	err := c.WriteNote(t.Context(), connector.NoteRequest{Key: "shop:c1/e1-4", Ticket: ticket, Text: "note"})
	require.Equal(t, connector.Unsupported, connector.KindOf(err))
	require.True(t, d.Chats()[0].Queued)

	without := openConnection(t, d.Web.URL, func(c *livechat.Config) { c.NoteAgent = "" })
	err = without.WriteNote(t.Context(), connector.NoteRequest{Key: "shop:c1/e1-4", Ticket: ticket, Text: "note"})
	require.Equal(t, connector.Unsupported, connector.KindOf(err))
}

func TestAvailabilityTellsBusyFromAway(t *testing.T) {
	d := newDesk(t)
	c := openConnection(t, d.Web.URL)
	prepared := openRequest(t, c, "shop:c1/e1-2").Vendor
	ask := func() connector.Availability {
		there, err := c.Availability(t.Context(), connector.AvailabilityRequest{Group: "7", Vendor: prepared})
		require.NoError(t, err)
		return there
	}
	require.Equal(t, connector.Online, ask())
	for i := range 12 { // six chats for each of two agents
		id := "busy:" + string(rune('a'+i))
		openTicket(t, openConnection(t, d.Web.URL), conversation.Key(id+"/e-1"), id)
	}
	require.Equal(t, connector.Queueing, ask())
	require.NoError(t, d.AgentPauses(vendor.Mira))
	require.NoError(t, d.AgentGoesOffline(vendor.Leo))
	require.Equal(t, connector.Offline, ask())
}

func TestTypingShowsWhatIsBeingTyped(t *testing.T) {
	d := newDesk(t)
	c := openConnection(t, d.Web.URL)
	ticket := mustOpen(t, c, openRequest(t, c, "shop:c1/e1-2"))
	for _, tc := range []struct {
		name, want string
		req        connector.TypingRequest
	}{
		{"with text", "my ord", connector.TypingRequest{Ticket: ticket, On: true, Text: "my ord"}},
		{"without text", "…", connector.TypingRequest{Ticket: ticket, On: true}},
		{"stopped", "", connector.TypingRequest{Ticket: ticket, Text: "my ord"}},
	} {
		require.NoError(t, c.SendTyping(t.Context(), tc.req), tc.name)
		require.Equal(t, tc.want, d.Chats()[0].SneakPeek, tc.name)
	}
}

// attachment is a file of n bytes with a caption.
func attachment(ticket conversation.Ticket, fileName string, n int) connector.AttachmentRequest {
	return connector.AttachmentRequest{
		Key: "shop:c1/e1-5", Ticket: ticket, Text: "my receipt",
		Attachment: conversation.Attachment{URL: "https://files.example/" + fileName, Name: fileName},
		Open: func(context.Context) (connector.File, error) {
			return connector.File{ReadCloser: io.NopCloser(bytes.NewReader(make([]byte, n))), Name: fileName, Size: -1}, nil
		},
	}
}

func TestFileWithCaptionIsCompletedOnce(t *testing.T) {
	d := newDesk(t)
	c := openConnection(t, d.Web.URL)
	ticket := mustOpen(t, c, openRequest(t, c, "shop:c1/e1-2"))
	req := attachment(ticket, "receipt.txt", 100)
	d.Faults.Set("customer/send_event", fake.AcceptThenStatus(http.StatusGatewayTimeout).For(1))
	_, err := c.SendAttachment(t.Context(), req)
	require.Equal(t, connector.UncertainOutcome, connector.KindOf(err))
	_, err = c.SendAttachment(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, []string{"receipt.txt", "my receipt"}, d.Said(chatID(ticket))[1:])
	_, found, err := c.FindSent(t.Context(), connector.FindRequest{Key: req.Key, Ticket: ticket, Attachment: &req.Attachment})
	require.NoError(t, err)
	require.True(t, found)
}

func TestFilesThatLiveChatRefusesAreUnsupported(t *testing.T) {
	d := newDesk(t)
	c := openConnection(t, d.Web.URL)
	ticket := mustOpen(t, c, openRequest(t, c, "shop:c1/e1-2"))
	place := attachment(ticket, "", 1)
	place.Attachment = conversation.Attachment{Latitude: 52.1, Longitude: 4.3}
	for name, req := range map[string]connector.AttachmentRequest{
		"over 10 MB": attachment(ticket, "film.bin", 10<<20+1),
		"a program":  attachment(ticket, "run.exe", 10),
		"a place":    place,
	} {
		_, err := c.SendAttachment(t.Context(), req)
		require.Equal(t, connector.Unsupported, connector.KindOf(err), name)
	}
	require.Len(t, d.Said(chatID(ticket)), 1)
}

func TestAgentsFilesAreFetchedFromTheVendorOnly(t *testing.T) {
	d := newDesk(t)
	c := openConnection(t, d.Web.URL)
	a := d.Vendor().File([]byte("picture"))
	require.Equal(t, "parcel.png", a.Name)
	d.Switch(func(s *vendor.Switches) { s.FilesNeedToken = true })
	f, err := c.FetchAttachment(t.Context(), a)
	require.NoError(t, err)
	got, err := io.ReadAll(f)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.Equal(t, "picture", string(got))

	_, err = c.FetchAttachment(t.Context(), conversation.Attachment{URL: "http://169.254.169.254/latest"})
	require.Equal(t, connector.Invalid, connector.KindOf(err))
}
