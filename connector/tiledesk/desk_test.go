package tiledesk_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/tiledesk"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
	vendor "github.com/handoff-engine/handoff/testsuite/fake/tiledesk"
)

// openTicket opens a ticket without a mirror.
func openTicket(t *testing.T, c *tiledesk.Client, k conversation.Key, change ...func(*connector.OpenRequest)) conversation.Ticket {
	t.Helper()
	req := connector.OpenRequest{Key: k, Conversation: conversationID, Customer: carla, Transcript: chat()}
	for _, f := range change {
		f(&req)
	}
	ticket, err := c.Open(t.Context(), req)
	require.NoError(t, err)
	return ticket
}

func TestATicketWithoutAMirrorCarriesTheHistory(t *testing.T) {
	d := newDesk(t)
	ticket := openTicket(t, d.open(), key(1))
	require.Equal(t, history, d.reads(ticket))
	require.Equal(t, vendor.Assigned, d.Request(ticket.ID).Status)
	silent := openTicket(t, d.open(), key(2), func(r *connector.OpenRequest) { r.Transcript = nil })
	require.Equal(t, vendor.Assigned, d.Request(silent.ID).Status, "a customer who has written nothing gets somebody, too")
}

func TestWhoIsAskedForGetsTheConversation(t *testing.T) {
	d := newDesk(t)
	c := d.open()
	for name, tc := range map[string]struct {
		agent, group     string
		whom, department string
	}{
		"by id":        {agent: vendor.Bob, whom: vendor.Bob, department: vendor.DefaultDepartment},
		"by e-mail":    {agent: "BOB@example.com", whom: vendor.Bob, department: vendor.DefaultDepartment},
		"nobody there": {agent: "nobody@example.com", whom: vendor.Alice, department: vendor.DefaultDepartment},
		"a department": {group: vendor.Billing, whom: vendor.Alice, department: vendor.Billing},
		"a pool":       {group: vendor.Pool, department: vendor.Pool},
	} {
		t.Run(name, func(t *testing.T) {
			ticket := openTicket(t, c, conversation.Key("landbot-shop:"+strings.ReplaceAll(name, " ", "")+"/e1-1"), func(r *connector.OpenRequest) {
				r.Agent, r.Group = tc.agent, tc.group
			})
			r := d.Request(ticket.ID)
			require.Equal(t, tc.department, r.Department)
			if tc.whom == "" {
				require.Equal(t, vendor.Unassigned, r.Status)
				return
			}
			require.Equal(t, []string{tc.whom}, r.Participants)
		})
	}
	for group, kind := range map[string]connector.Kind{"billing": connector.Invalid, strings.Repeat("0", 24): connector.NotFound} {
		_, err := c.Open(t.Context(), connector.OpenRequest{Key: key(9), Conversation: conversationID, Group: group})
		require.Equal(t, kind, connector.KindOf(err))
	}
}

func TestTheConfiguredDepartmentIsAsked(t *testing.T) {
	d := newDesk(t)
	c := d.open(func(c *tiledesk.Config) { c.Department = vendor.Billing })
	require.Equal(t, vendor.Billing, d.Request(openTicket(t, c, key(1)).ID).Department)
}

func TestAQuotaThatIsUsedUpIsANoAfterSomeTries(t *testing.T) {
	d := newDesk(t)
	d.Switch(func(s *vendor.Switches) { s.QuotaReached = true })
	c := d.open()
	req := connector.OpenRequest{Key: key(1), Conversation: conversationID, Customer: carla, Transcript: chat()}
	for _, kind := range []connector.Kind{connector.Unavailable, connector.Unavailable, connector.Conflict} {
		_, err := c.Open(t.Context(), req)
		require.Equal(t, kind, connector.KindOf(err))
		var e *connector.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, "department_or_quota", e.Code)
	}
	require.Len(t, d.Requests(), 1)
	require.Equal(t, vendor.Temp, d.Requests()[0].Status)
	d.Switch(func(s *vendor.Switches) { s.QuotaReached = false })
	ticket, err := c.Open(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, history, d.reads(ticket))
}

func TestWhatTheBotCollectedIsNotedOnce(t *testing.T) {
	d := newDesk(t)
	who := carla
	who.Phone, who.Fields = "+39 1", map[string]string{"order": "A-1", "microlanguage": "true", "empty": ""}
	with := func(r *connector.OpenRequest) { r.Customer = who }
	d.Faults.Set(vendor.OpAssign, fake.AcceptThenReset().For(1))
	_, err := d.open().Open(t.Context(), connector.OpenRequest{Key: key(1), Conversation: conversationID, Customer: who, Transcript: chat()})
	require.Error(t, err)
	ticket := openTicket(t, d.open(), key(1), with)
	require.Equal(t, []string{"microlanguage: true\norder: A-1\nphone: +39 1"}, d.Request(ticket.ID).Notes)
	d.Faults.Set(vendor.OpNote, fake.RefuseStatus(400, ""))
	refused := openTicket(t, d.open(), key(2), with)
	require.Equal(t, vendor.Assigned, d.Request(refused.ID).Status, "a note that is refused keeps nobody from an agent")
}

// assign assigns a ticket under a key.
func assign(t *testing.T, c *tiledesk.Client, k conversation.Key, ticket conversation.Ticket, agent, group string) error {
	t.Helper()
	return c.Assign(t.Context(), connector.AssignRequest{Key: k, Ticket: ticket, Agent: agent, Group: group})
}

func TestTheLadderMovesTheConversationOnceForEachStep(t *testing.T) {
	d := newDesk(t)
	c := d.open()
	ticket := openTicket(t, c, key(1))
	who := func() string { return strings.Join(d.Request(ticket.ID).Participants, ",") }
	require.Equal(t, vendor.Alice, who())

	// Alice is silent. The answer gets lost, and the step is repeated, by another process at last.
	d.Faults.Set(vendor.OpAgent, fake.AcceptThenReset().For(1))
	require.Equal(t, connector.UncertainOutcome, connector.KindOf(assign(t, c, key(2), ticket, "", "")))
	require.Equal(t, vendor.Bob, who())
	require.NoError(t, assign(t, c, key(2), ticket, "", ""))
	require.NoError(t, assign(t, d.open(), key(2), ticket, "", ""))
	require.Equal(t, vendor.Bob, who(), "moved twice")
	require.Equal(t, 1, d.Faults.Calls(vendor.OpAgent))

	// Bob is silent, too.
	d.Faults.Set(vendor.OpAttributes, fake.AcceptThenReset().For(1))
	require.Error(t, assign(t, c, key(3), ticket, "", ""))
	require.Equal(t, vendor.Bob, who(), "nothing was done yet")
	require.NoError(t, assign(t, c, key(3), ticket, "", ""))
	require.Equal(t, vendor.Alice, who())

	// A department is asked, once.
	d.Faults.Set(vendor.OpDepartments, fake.AcceptThenStatus(502).For(1))
	require.Error(t, assign(t, c, key(4), ticket, "", vendor.Billing))
	before := who()
	require.NoError(t, assign(t, c, key(4), ticket, "", vendor.Billing))
	require.Equal(t, before, who())
	require.Equal(t, vendor.Billing, d.Request(ticket.ID).Department)
	require.Equal(t, 1, d.Faults.Calls(vendor.OpDepartments))

	// An agent is asked by name.
	for range 2 {
		require.NoError(t, assign(t, c, key(5), ticket, vendor.Bob, ""))
		require.Equal(t, vendor.Bob, who())
	}
	require.Equal(t, 1, d.Faults.Calls(vendor.OpSetPeople))
}

func TestWhoIsNotThereIsAConflict(t *testing.T) {
	d := newDesk(t)
	c := d.open()
	ticket := openTicket(t, c, key(1))
	d.SetAvailable(vendor.Bob, false)
	require.Equal(t, connector.Conflict, connector.KindOf(assign(t, c, key(2), ticket, vendor.Bob, "")))
	require.Equal(t, connector.NotFound, connector.KindOf(assign(t, c, key(3), ticket, "nobody", "")))
	require.Equal(t, connector.NotFound, connector.KindOf(assign(t, c, key(4), ticket, "", strings.Repeat("0", 24))))
	require.Equal(t, connector.Invalid, connector.KindOf(assign(t, c, key(5), ticket, "", "billing")))
	require.Equal(t, connector.NotFound, connector.KindOf(assign(t, c, key(6), conversation.Ticket{ID: ticket.ID + "0"}, "", "")))
	require.Equal(t, []string{vendor.Alice}, d.Request(ticket.ID).Participants)

	// With nobody there, a department that assigns is a no; a pool, and the queue, hold the conversation.
	d.SetAvailable(vendor.Alice, false)
	require.Equal(t, connector.Conflict, connector.KindOf(assign(t, c, key(7), ticket, "", vendor.Billing)))
	require.NoError(t, assign(t, c, key(8), ticket, "", vendor.Pool))
	require.NoError(t, assign(t, c, key(9), ticket, "", ""))
	require.Equal(t, vendor.Unassigned, d.Request(ticket.ID).Status)
	require.Equal(t, vendor.Pool, d.Request(ticket.ID).Department, "the queue is the department's own")

	// Somebody comes, and is not given it by the desk itself: the next step asks again.
	d.SetAvailable(vendor.Bob, true)
	require.NoError(t, assign(t, c, key(10), ticket, "", vendor.Billing))
	require.Equal(t, []string{vendor.Bob}, d.Request(ticket.ID).Participants)
}

// A department may begin with a bot of the desk. It is no human.
func TestABotOfTheDeskIsNobody(t *testing.T) {
	const bot = "bot_6b0068e807e32a2764eeb6aa"
	d := newDesk(t)
	c := d.open()
	mirrored := mirror(t, c, key(1), conversation.Ticket{}, chat()...)
	require.NoError(t, d.AgentJoins(mirrored.ID, bot))
	ticket := openTicket(t, c, key(2), func(r *connector.OpenRequest) { r.Mirrored, r.Transcript = &mirrored, nil })
	require.Equal(t, []string{vendor.Alice}, d.Request(ticket.ID).Participants)
	require.NoError(t, d.AgentLeaves(ticket.ID, vendor.Alice))
	require.NoError(t, d.AgentJoins(ticket.ID, bot))
	require.NoError(t, assign(t, c, key(3), ticket, "", ""))
	require.Equal(t, []string{vendor.Bob}, d.Request(ticket.ID).Participants)
}

func TestAClosedConversationIsNeverOpenedByAssigning(t *testing.T) {
	d := newDesk(t)
	c := d.open()
	ticket := openTicket(t, c, key(1))
	require.NoError(t, d.AgentCloses(ticket.ID, vendor.Alice))
	for _, whom := range [][2]string{{"", ""}, {vendor.Bob, ""}, {"", vendor.Billing}} {
		require.Equal(t, connector.Conflict, connector.KindOf(assign(t, c, key(2), ticket, whom[0], whom[1])))
	}
	require.Equal(t, vendor.Closed, d.Request(ticket.ID).Status)
	require.Equal(t, ticket.ID, openTicket(t, c, key(1)).ID, "the call that opened it gives the same ticket")
	require.Equal(t, vendor.Closed, d.Request(ticket.ID).Status)
}

func TestHowUrgentItIsAndHowItWasLiked(t *testing.T) {
	d := newDesk(t)
	c := d.open()
	for priority, want := range map[string]string{"normal": "medium", "urgent": "urgent", "": "medium"} {
		ticket := openTicket(t, c, conversation.Key(conversationID+"/e"+priority+"-1"), func(r *connector.OpenRequest) { r.Priority = priority })
		require.Equal(t, want, d.Request(ticket.ID).Priority)
	}
	ticket := openTicket(t, c, key(1))
	require.NoError(t, d.AgentCloses(ticket.ID, vendor.Alice))
	before := len(d.Deliveries())
	for range 2 {
		require.NoError(t, c.WriteRating(t.Context(), connector.RatingReport{Key: key(2), Ticket: ticket, Rating: 4, Comment: "quick"}))
	}
	require.Equal(t, 4, d.Request(ticket.ID).Rating)
	require.Equal(t, "quick", d.Request(ticket.ID).RatingMessage)
	for _, ev := range events(d.inbound(c, before)) {
		require.Equal(t, "closed:"+ticket.ID, ev.ID, "it is told as the end that was told before")
	}
}

func TestClosingTwiceIsToldOnce(t *testing.T) {
	d := newDesk(t)
	c := d.open()
	ticket := openTicket(t, c, key(1))
	before := len(d.Deliveries())
	d.Faults.Set(vendor.OpClose, fake.AcceptThenReset().For(1))
	require.Error(t, c.CloseTicket(t.Context(), connector.CloseRequest{Key: key(2), Ticket: ticket}))
	for range 2 {
		require.NoError(t, c.CloseTicket(t.Context(), connector.CloseRequest{Key: key(2), Ticket: ticket}))
	}
	require.Equal(t, 1, d.Faults.Calls(vendor.OpClose))
	events := d.inbound(c, before)
	require.Len(t, events, 2, "request.update and request.close")
	require.Equal(t, events[0].Event.ID, events[1].Event.ID, "are one end")
	require.Equal(t, conversation.TicketClosed, events[0].Event.Kind)
}

func TestWordsForAConversationThatIsGone(t *testing.T) {
	d := newDesk(t)
	c := d.open()
	ticket := openTicket(t, c, key(1))
	require.NoError(t, d.Deletes(ticket.ID))
	_, err := c.Post(t.Context(), connector.PostRequest{Key: key(2), Ticket: ticket, Text: "are you there?"})
	require.Equal(t, connector.NotFound, connector.KindOf(err))
	require.Equal(t, vendor.Temp, d.Request(ticket.ID).Status, "nobody is bothered by what the words have made")
	require.NoError(t, d.Deletes(ticket.ID))
	err = c.WriteNote(t.Context(), connector.NoteRequest{Key: key(3), Ticket: ticket, Text: "for the agents"})
	require.Equal(t, connector.NotFound, connector.KindOf(err), "a note is not lost in silence")
}

func TestTheCustomerIsFoundWhereHeWasNotKept(t *testing.T) {
	d := newDesk(t)
	ticket := openTicket(t, d.open(), key(1))
	bare := conversation.Ticket{ID: ticket.ID}
	_, err := d.open().Post(t.Context(), connector.PostRequest{Key: key(2), Ticket: bare, Text: "hello"})
	require.NoError(t, err)
	last := d.Messages(ticket.ID)[len(d.Messages(ticket.ID))-1]
	require.Equal(t, ticket.Vendor["customer_id"], last.Sender)
	require.Equal(t, "Carla Customer", last.Name)
}

func TestALongTextIsCompletedByItsRepeat(t *testing.T) {
	d := newDesk(t)
	c := d.open()
	ticket := openTicket(t, c, key(1))
	text := strings.Repeat("a tale \u20ac ", 12_000)
	text = strings.TrimSpace(text)
	d.Faults.Set(vendor.OpSend, fake.AcceptThenReset().For(1))
	_, err := c.Post(t.Context(), connector.PostRequest{Key: key(2), Ticket: ticket, Text: text})
	require.Equal(t, connector.UncertainOutcome, connector.KindOf(err))
	_, found, err := c.FindSent(t.Context(), connector.FindRequest{Key: key(2), Ticket: ticket, Text: text})
	require.NoError(t, err)
	require.False(t, found, "only a part is there")
	receipt, err := c.Post(t.Context(), connector.PostRequest{Key: key(2), Ticket: ticket, Text: text})
	require.NoError(t, err)
	shown := ""
	for _, m := range d.Messages(ticket.ID) {
		if strings.HasPrefix(m.Key, string(key(2))) {
			shown += m.Text
		}
	}
	require.Equal(t, text, shown)
	got, found, err := c.FindSent(t.Context(), connector.FindRequest{Key: key(2), Ticket: ticket, Text: text})
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, receipt, got)
}

func TestAFileAlwaysHasAType(t *testing.T) {
	d := newDesk(t)
	c := d.open()
	ticket := openTicket(t, c, key(1))
	for i, file := range []conversation.Attachment{
		{URL: "https://files.example/x"}, {URL: "https://files.example/a.pdf", Name: "a.pdf"}, {URL: "https://files.example/b", Name: "b.unheard"},
	} {
		_, err := c.SendAttachment(t.Context(), connector.AttachmentRequest{Key: key(10 + i), Ticket: ticket, Attachment: file})
		require.NoError(t, err, "the server would never answer")
	}
	for _, file := range []conversation.Attachment{{Latitude: 1}, {}, {URL: "data:text/plain,x"}} {
		_, err := c.SendAttachment(t.Context(), connector.AttachmentRequest{Key: key(20), Ticket: ticket, Attachment: file})
		require.Equal(t, connector.Unsupported, connector.KindOf(err))
	}
}

func TestACallThatIsNeverAnsweredIsUncertain(t *testing.T) {
	d := newDesk(t)
	c := d.open()
	ticket := openTicket(t, c, key(1))
	d.Faults.Set(vendor.OpSend, fake.AcceptThenHang().For(1))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := c.Post(ctx, connector.PostRequest{Key: key(2), Ticket: ticket, Text: "hello"})
	require.Equal(t, connector.UncertainOutcome, connector.KindOf(err))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	_, found, err := c.FindSent(t.Context(), connector.FindRequest{Key: key(2), Ticket: ticket, Text: "hello"})
	require.NoError(t, err)
	require.True(t, found)
}

func TestAvailabilityGoesByTheAgentsAndTheHours(t *testing.T) {
	d := newDesk(t)
	c := d.open()
	ask := func(group string) connector.Availability {
		got, err := c.Availability(t.Context(), connector.AvailabilityRequest{Group: group})
		require.NoError(t, err)
		return got
	}
	require.Equal(t, connector.Online, ask(""))
	require.Equal(t, connector.Online, ask(vendor.Billing))
	d.Switch(func(s *vendor.Switches) { s.OutsideHours = true })
	require.Equal(t, connector.Offline, ask(""))
	d.Switch(func(s *vendor.Switches) { s.OutsideHours = false })
	d.SetAvailable(vendor.Alice, false)
	require.Equal(t, connector.Online, ask(""))
	d.SetAvailable(vendor.Bob, false)
	require.Equal(t, connector.Offline, ask(vendor.Billing))
	require.Zero(t, d.Faults.Calls(vendor.OpSignIn))
}
