package crisp_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/crisp"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
	vendor "github.com/handoff-engine/handoff/testsuite/fake/crisp"
	"github.com/handoff-engine/handoff/testsuite/subjects"
)

func TestOpenShowsOperatorsWhoAsksAndWhatWasSaid(t *testing.T) {
	d := newDesk(t)
	req := request("shop:c1/e1-2")
	req.Link, req.Previous, req.Priority = "https://handoff.example/c1", &conversation.Ticket{ID: "session_before"}, "urgent"
	ticket, err := d.connect().Open(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, "https://app.crisp.chat/website/"+vendor.DefaultWebsite+"/inbox/"+ticket.ID+"/", ticket.URL)

	c := d.Conversation(ticket.ID)
	require.Equal(t, []string{"Ada Byron", "ada@customer.example", "+15550100"}, []string{c.Nickname, c.Email, c.Phone})
	require.Equal(t, []string{"handoff", "handoff-urgent"}, c.Segments)
	require.Equal(t, map[string]any{
		"order": "991", "language": "en", "handoff_id": "shop:c1", "handoff_key": "shop:c1/e1-2",
		"handoff_link": "https://handoff.example/c1", "previous_session": "session_before",
	}, c.Data)
	var lines []string
	for _, m := range c.Messages {
		lines = append(lines, m.Type+" of "+m.From+": "+m.Text())
	}
	require.Equal(t, []string{
		"note of operator: Conversation so far\nAda Byron: Hello\nBot: What is it about?",
		"text of user: Where is my parcel?",
		"note of operator: Conversation so far\nBot: I ask a colleague.",
	}, lines)
}

func TestOpenKeepsTheAddressOutOfReachOfMails(t *testing.T) {
	d := newDesk(t)
	ticket := open(t, d.connect(func(c *crisp.Config) { c.ShareEmail = false }), "shop:c1/e1-2")
	require.Empty(t, d.Conversation(ticket.ID).Email)
	require.Equal(t, "ada@customer.example", d.Conversation(ticket.ID).Data["email"])
}

func TestOpenTellsWhatItMayIfTheProfileIsRefused(t *testing.T) {
	d := newDesk(t)
	c := d.connect()
	req := request("shop:c1/e1-2")
	req.Customer.Email = "no address"
	ticket, err := c.Open(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, "shop:c1/e1-2", d.Conversation(ticket.ID).Data["handoff_key"])
}

func TestOpenForACustomerWhoHasWrittenNothing(t *testing.T) {
	d := newDesk(t)
	ticket, err := d.connect().Open(t.Context(), connector.OpenRequest{Key: "shop:c1/e1-2", Conversation: "shop:c1"})
	require.NoError(t, err)
	require.Equal(t, []string{"The customer asks for a person."}, d.all(ticket))
	for _, blank := range []conversation.Line{{N: 1, Role: conversation.RoleCustomer, Text: " \n"}, {N: 1, Role: conversation.RoleCustomer, Text: "x", Deleted: true}} {
		req := connector.OpenRequest{Key: "shop:c2/e1-2", Conversation: "shop:c2", Transcript: []conversation.Line{blank}}
		ticket, err := newDesk(t).connect().Open(t.Context(), req)
		require.NoError(t, err)
		require.NotEmpty(t, ticket.ID)
	}
}

// A worker that dies anywhere in the middle of opening leaves one ticket that an operator sees, and each line once.
func TestOpenAfterADeathAnywhereMakesOneTicket(t *testing.T) {
	const calls = 7 // The list, the conversation, its meta and sub-inbox, and three messages.
	inbox := func(c *crisp.Config) { c.Inboxes = []string{vendor.DefaultInbox} }
	for _, before := range []bool{true, false} {
		for lose := 1; lose <= calls; lose++ {
			d := newDesk(t)
			over := &lossy{lose: lose, before: before}
			_, err := d.connectOver(over, inbox).Open(t.Context(), request("shop:c1/e1-2"))
			require.False(t, connector.KindOf(err).Permanent(), "call %d", lose)
			require.Equal(t, lose, over.calls)
			over = &lossy{}
			ticket, err := d.connectOver(over, inbox).Open(t.Context(), request("shop:c1/e1-2"))
			require.NoError(t, err, "call %d", lose)
			seen := 0
			for _, c := range d.Conversations() {
				if len(c.Messages) > 0 {
					seen++
				}
			}
			require.Equal(t, 1, seen, "call %d", lose)
			require.Len(t, d.Conversation(ticket.ID).Messages, 3, "call %d", lose)
			require.Equal(t, vendor.DefaultInbox, d.Conversation(ticket.ID).Inbox)
		}
	}
}

func TestOpenWithoutAnAgentWhoIsAwayStillOpens(t *testing.T) {
	d := newDesk(t)
	require.NoError(t, d.OperatorIs(vendor.Kim, "offline"))
	c := d.connect()
	req := request("shop:c1/e1-2")
	req.Agent = vendor.Kim
	ticket, err := c.Open(t.Context(), req)
	require.NoError(t, err)
	require.Empty(t, d.Conversation(ticket.ID).Assigned)
	req.Key, req.Agent, req.Group = "shop:c1/e1-9", vendor.Sam, vendor.DefaultInbox
	ticket, err = c.Open(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, vendor.Sam, d.Conversation(ticket.ID).Assigned)
	require.Equal(t, vendor.DefaultInbox, d.Conversation(ticket.ID).Inbox)
}

func TestAssignAsksForNobodyWhoIsNotThere(t *testing.T) {
	d := newDesk(t)
	d.Switch(func(s *vendor.Switches) { s.AssignAnybody = true })
	require.NoError(t, d.OperatorIs(vendor.Kim, "offline"))
	c := d.connect()
	ticket := open(t, c, "shop:c1/e1-2")
	assign := func(agent, group string) connector.Kind {
		return connector.KindOf(c.Assign(t.Context(), connector.AssignRequest{Ticket: ticket, Agent: agent, Group: group}))
	}
	require.Equal(t, connector.NotFound, assign("somebody", ""))
	require.Equal(t, connector.Conflict, assign(vendor.Kim, ""))
	require.Empty(t, assign(vendor.Sam, ""))
	require.Equal(t, vendor.Sam, d.Conversation(ticket.ID).Assigned)
	require.Empty(t, assign("", vendor.DefaultInbox))
	require.Empty(t, d.Conversation(ticket.ID).Assigned, "a sub-inbox has it, and nobody in it yet")
	require.Equal(t, connector.NotFound, assign("", "no such inbox"))
	require.Equal(t, 1, d.Faults.Calls("operators"), "the list of operators is kept for a minute")
}

func TestNothingIsPostedTwiceWhateverASecondFingerprintDoes(t *testing.T) {
	for _, doubles := range []bool{false, true} {
		d := newDesk(t)
		d.Switch(func(s *vendor.Switches) { s.DoubleFingerprint, s.NoProperties = doubles, doubles })
		c := d.connect()
		ticket := open(t, c, "shop:c1/e1-2")
		long := strings.Repeat("a long story ", 1900)
		req := connector.PostRequest{Key: "shop:c1/e1-3", Ticket: ticket, Text: long}
		before := len(d.Conversation(ticket.ID).Messages)
		// The first part is looked for and sent, and so is the second, whose answer is lost.
		_, err := d.connectOver(&lossy{lose: 4}).Post(t.Context(), req)
		require.Equal(t, connector.UncertainOutcome, connector.KindOf(err))
		_, found, err := c.FindSent(t.Context(), connector.FindRequest{Key: req.Key, Ticket: ticket, Text: long, Since: at})
		require.NoError(t, err)
		require.False(t, found, "only a part of it is there")
		receipt, err := d.connect().Post(t.Context(), req)
		require.NoError(t, err)
		var texts []string
		for _, m := range d.Conversation(ticket.ID).Messages[before:] {
			texts = append(texts, m.Text())
		}
		require.Equal(t, long, strings.Join(texts, ""))
		require.Len(t, texts, 3)
		require.Len(t, strings.Split(receipt.ID, ","), 3)
		again, found, err := c.FindSent(t.Context(), connector.FindRequest{Key: req.Key, Ticket: ticket, Text: long, Since: at})
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, receipt, again)
	}
}

func TestAnOriginThatIsRefusedIsGivenUpOnce(t *testing.T) {
	d := newDesk(t)
	d.Switch(func(s *vendor.Switches) { s.RefuseOrigin = true })
	c := d.connect()
	ticket := open(t, c, "shop:c1/e1-2")
	require.Equal(t, 4, d.Faults.Calls("message.send"), "three messages, the first of them twice")
	_, err := c.Post(t.Context(), connector.PostRequest{Key: "shop:c1/e1-3", Ticket: ticket, Text: "Hello"})
	require.NoError(t, err)
	require.NoError(t, c.WriteNote(t.Context(), connector.NoteRequest{Key: "shop:c1/e1-4", Ticket: ticket, Text: "She waits."}))
	require.Equal(t, "send_proven", kinds(d.events(c)), "our notes and words are known by their properties")
}

func TestANoteIsWrittenOnce(t *testing.T) {
	d := newDesk(t)
	c := d.connect()
	ticket := open(t, c, "shop:c1/e1-2")
	note := connector.NoteRequest{Key: "shop:c1/e1-4", Ticket: ticket, Text: "She waits."}
	d.Faults.Set("message.send", fake.AcceptThenReset().For(1))
	require.Equal(t, connector.UncertainOutcome, connector.KindOf(c.WriteNote(t.Context(), note)))
	require.NoError(t, c.WriteNote(t.Context(), note))
	require.Equal(t, []string{"She waits."}, d.Texts(ticket, func(m vendor.Message) bool { return m.Text() == "She waits." }))
}

func TestClosingSaysThatTheCustomerLeft(t *testing.T) {
	d := newDesk(t)
	c := d.connect()
	ticket := open(t, c, "shop:c1/e1-2")
	for range 2 {
		require.NoError(t, c.CloseTicket(t.Context(), connector.CloseRequest{Key: "shop:c1/e1-5", Ticket: ticket, ByCustomer: true}))
	}
	require.Equal(t, vendor.StateResolved, d.Conversation(ticket.ID).State)
	require.Equal(t, []string{"The customer left."}, d.Texts(ticket, func(m vendor.Message) bool { return strings.Contains(m.Text(), "left") }))
	calls := d.Faults.Calls(fake.AnyOp)
	_, err := c.Post(t.Context(), connector.PostRequest{Key: "shop:c1/e1-6", Ticket: ticket, Text: "Hello?"})
	require.Equal(t, connector.Conflict, connector.KindOf(err))
	require.Equal(t, calls, d.Faults.Calls(fake.AnyOp))
}

func TestMessagesAreEditedAndRemoved(t *testing.T) {
	d := newDesk(t)
	c := d.connect()
	ticket := open(t, c, "shop:c1/e1-2")
	post := func(key conversation.Key, text string) string {
		receipt, err := c.Post(t.Context(), connector.PostRequest{Key: key, Ticket: ticket, Text: text})
		require.NoError(t, err)
		return receipt.ID
	}
	edit := func(req connector.EditRequest) connector.Kind {
		req.Ticket = ticket
		return connector.KindOf(c.EditMessage(t.Context(), req))
	}
	short, long := post("shop:c1/e1-3", "Tomorow"), post("shop:c1/e1-4", strings.Repeat("long ", 2500))
	require.Empty(t, edit(connector.EditRequest{Message: short, Text: "Tomorrow <3"}))
	require.Equal(t, "Tomorrow <3", d.Texts(ticket, subjects.CrispSaid)[0])
	require.Equal(t, connector.Unsupported, edit(connector.EditRequest{Message: long, Text: "short"}))
	require.Equal(t, connector.Unsupported, edit(connector.EditRequest{Message: short, Text: strings.Repeat("x", 10_001)}))
	require.Equal(t, connector.Invalid, edit(connector.EditRequest{Message: short, Text: " "}))
	require.Equal(t, connector.Invalid, edit(connector.EditRequest{Message: "../../state", Text: "x"}))
	require.Equal(t, connector.NotFound, edit(connector.EditRequest{Message: "17", Text: "x"}))
	for range 2 {
		require.Empty(t, edit(connector.EditRequest{Message: long, Delete: true}))
		require.Empty(t, edit(connector.EditRequest{Message: short, Delete: true}))
	}
	require.Empty(t, d.Texts(ticket, subjects.CrispSaid))
	require.NotContains(t, kinds(d.events(c)), string(conversation.AgentSaid))
}

func TestTypingAndReadMarksAreOffUnlessWanted(t *testing.T) {
	d := newDesk(t)
	quiet := d.connect(func(c *crisp.Config) { c.Typing, c.ReadMarks = false, false })
	ticket := open(t, quiet, "shop:c1/e1-2")
	calls := d.Faults.Calls(fake.AnyOp)
	require.NoError(t, quiet.SendTyping(t.Context(), connector.TypingRequest{Ticket: ticket, On: true}))
	require.NoError(t, quiet.MarkRead(t.Context(), connector.ReadRequest{Ticket: ticket, At: at}))
	require.Equal(t, calls, d.Faults.Calls(fake.AnyOp))

	c := d.connect()
	for range 3 {
		require.NoError(t, c.SendTyping(t.Context(), connector.TypingRequest{Ticket: ticket, On: true, Text: "Hel"}))
	}
	require.Equal(t, "Hel", d.Conversation(ticket.ID).Composing)
	for range 3 {
		require.NoError(t, c.SendTyping(t.Context(), connector.TypingRequest{Ticket: ticket}))
	}
	require.Empty(t, d.Conversation(ticket.ID).Composing)
	require.Equal(t, 2, d.Faults.Calls("compose"))
	require.NoError(t, c.MarkRead(t.Context(), connector.ReadRequest{Ticket: ticket, At: at}))
	require.True(t, d.Conversation(ticket.ID).Read)
	d.Switch(func(s *vendor.Switches) { s.ReadNeedsFingerprints = true })
	require.Equal(t, connector.Invalid, connector.KindOf(c.MarkRead(t.Context(), connector.ReadRequest{Ticket: ticket, At: at})))
}

func TestAPluginThatIsNotInstalledIsNoMissingConversation(t *testing.T) {
	d := newDesk(t)
	c := d.connect()
	ticket := open(t, c, "shop:c1/e1-2")
	d.Switch(func(s *vendor.Switches) { s.NotInstalled = true })
	_, err := c.Post(t.Context(), connector.PostRequest{Key: "shop:c1/e1-3", Ticket: ticket, Text: "Hello"})
	require.Equal(t, connector.Forbidden, connector.KindOf(err))
	require.ErrorContains(t, err, "not_subscribed")
	require.Equal(t, connector.Forbidden, connector.KindOf(c.Check(t.Context())))
	_, _, err = c.FindSent(t.Context(), connector.FindRequest{Key: "shop:c1/e1-3", Ticket: ticket, Since: at})
	require.Equal(t, connector.Forbidden, connector.KindOf(err), "nothing can be told from that")
}

func TestCheckProvesTheToken(t *testing.T) {
	d := newDesk(t)
	require.NoError(t, d.connect().Check(t.Context()))
	wrong := d.connect(func(c *crisp.Config) { c.Tier = "website" })
	require.Equal(t, connector.Unauthenticated, connector.KindOf(wrong.Check(t.Context())))
	d.Faults.Set("operators", fake.RefuseStatus(http.StatusForbidden, "").For(1))
	require.Equal(t, connector.Forbidden, connector.KindOf(d.connect().Check(t.Context())))
}

func TestTicketsOfOtherKindsAreRefused(t *testing.T) {
	c := newDesk(t).connect()
	_, err := c.Post(t.Context(), connector.PostRequest{Key: "shop:c1/e1-3", Text: "Hello"})
	require.Equal(t, connector.Invalid, connector.KindOf(err))
	require.Equal(t, connector.Invalid, connector.KindOf(c.CloseTicket(t.Context(), connector.CloseRequest{})))
}
