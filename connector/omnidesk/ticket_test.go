package omnidesk_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/omnidesk"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
	fakeomnidesk "github.com/handoff-engine/handoff/testsuite/fake/omnidesk"
)

// timeline is an account whose clock a test sets, and a ticket of it.
func timeline(t *testing.T, u fakeomnidesk.Unknown) (a *account, ticket conversation.Ticket, now *time.Time) {
	t.Helper()
	amsterdam, err := time.LoadLocation(zone)
	require.NoError(t, err)
	at := received
	a = newAccount(t, fakeomnidesk.Options{Kept: true, Now: func() time.Time { return at }, Zone: amsterdam, Unknown: u})
	return a, a.ticket(), &at
}

func (a *account) found(req connector.FindRequest) bool {
	a.t.Helper()
	_, found, err := a.conn.FindSent(a.t.Context(), req)
	require.NoError(a.t, err)
	return found
}

func TestAnEarlierSendIsFoundInTheTimeline(t *testing.T) {
	for _, u := range []fakeomnidesk.Unknown{{}, {TextIDs: true}, {TimelineType: "chat"}} {
		a, ticket, now := timeline(t, u)
		require.NoError(t, a.post(ticket, a.key(), "ok"))
		*now = received.Add(30 * time.Second)
		req := connector.FindRequest{Ticket: ticket, Text: "ok", Since: *now}
		require.NoError(t, a.AgentSays(ticket.ID, fakeomnidesk.Ana, "ok"))
		require.NoError(t, a.AgentNotes(ticket.ID, fakeomnidesk.Ana, "ok"))
		require.False(t, a.found(req), "an older one, an agent's and a note are not the send")
		require.NoError(t, a.post(ticket, a.key(), "ok"))
		require.True(t, a.found(req))
		req.Skip = 1
		require.False(t, a.found(req), "one was confirmed before")

		file := attachment(a.key(), ticket, "the receipt").Attachment
		req = connector.FindRequest{Ticket: ticket, Attachment: &file, Text: "the receipt\nr.png\nhttps://files.example/r.png", Since: *now}
		require.False(t, a.found(req))
		a.Faults.Set(fakeomnidesk.OpMessage, fake.RefuseStatus(http.StatusServiceUnavailable, "").For(1))
		_, err := a.conn.SendAttachment(t.Context(), attachment(a.key(), ticket, "the receipt"))
		require.Error(t, err)
		require.False(t, a.found(req), "the caption is missing")
		require.NoError(t, a.post(ticket, a.key(), "the receipt"))
		require.True(t, a.found(req))
	}
}

func TestATicketWhoseNumberIsNotKnownShowsNothing(t *testing.T) {
	a, ticket, now := timeline(t, fakeomnidesk.Unknown{})
	require.NoError(t, a.post(ticket, a.key(), "ok"))
	require.False(t, a.found(connector.FindRequest{Ticket: conversation.Ticket{ID: ticket.ID}, Text: "ok", Since: *now}))
	a.Faults.Set(fakeomnidesk.OpTicket, fake.RefuseStatus(http.StatusOK, `{"type":"item","item":null}`).For(1))
	_, _, err := a.conn.FindSent(t.Context(), connector.FindRequest{Ticket: ticket, Text: "ok", Since: *now})
	require.Equal(t, connector.UncertainOutcome, connector.KindOf(err))
}

func TestHowATicketStandsIsRead(t *testing.T) {
	a, ticket, _ := timeline(t, fakeomnidesk.Unknown{})
	list := func(state conversation.State, agent string) []connector.Inbound {
		in, err := a.conn.ListMessages(t.Context(), connector.ListRequest{Ticket: ticket, State: state, Agent: agent})
		require.NoError(t, err)
		return in
	}
	require.Empty(t, list(conversation.Waiting, ""), "nobody has it")
	require.NoError(t, a.Assign(ticket.ID, fakeomnidesk.Ben))
	assigned := list(conversation.Waiting, "")
	require.Len(t, assigned, 1)
	require.Equal(t, conversation.AgentAssigned, assigned[0].Event.Kind)
	require.Equal(t, "42", assigned[0].Event.Agent)
	require.Equal(t, assigned, list(conversation.Waiting, ""), "the same state is the same event")
	require.Empty(t, list(conversation.Assigned, "Ana"), "who speaks has it, whatever the ticket says")
	require.Empty(t, list(conversation.Reassigning, ""), "the assignment that timed out is no new one")
	require.NoError(t, a.Solve(ticket.ID))
	closed := list(conversation.Assigned, "Ana")
	require.Len(t, closed, 1)
	require.Equal(t, conversation.TicketClosed, closed[0].Event.Kind)
}

func TestTheTimelinesZoneMatters(t *testing.T) {
	a, ticket, now := timeline(t, fakeomnidesk.Unknown{})
	*now = received.Add(time.Minute)
	require.NoError(t, a.post(ticket, a.key(), "ok"))
	req := connector.FindRequest{Ticket: ticket, Text: "ok", Since: received.Add(30 * time.Minute)}
	require.False(t, a.found(req))
	a.conn = a.open(func(c *omnidesk.Config) { c.TimelineZone = "UTC" })
	require.True(t, a.found(req), "read in the wrong zone it seems an hour later: the zone is asked for, not guessed")
}
