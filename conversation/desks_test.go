package conversation_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/handoff-engine/handoff/conversation" //nolint:revive // the stories are to be read as prose
)

// twoDesks is a route with a second desk for what the first does not take.
func twoDesks() Route {
	r := hosted()
	r.Desks = append(r.Desks, Connection{Name: "night", Group: "nights", Can: []string{"close_ticket", "note", "prepare_ticket"}})
	return r
}

func (s *story) nobodyIsThere() *story {
	return s.comesOf(Event{Kind: NobodyAvailable, Key: s.pending(OpenTicket).Key})
}

func TestADeskWhereNobodyIsThereIsFollowedByTheNext(t *testing.T) {
	s := tell(t, twoDesks()).asksForHuman().decided("pause_bot", "say <waiting>", "open_ticket group support if available")
	s.customer("hello?")
	s.nobodyIsThere().is(Waiting, ByBot).decided("prepare_ticket", "open_ticket group nights").ticketsAre("failed", "opening")
	task, _ := s.Take(DeskSide)
	require.Equal(t, []any{[]string{"prepare_ticket"}, "night"}, []any{inWords(task.Effects), task.Connection})
	s.settled().ticketsAre("failed", "T1 open").troubled(`withheld no_ticket: post "hello?"`)
	require.Equal(t, "night/T1", s.CurrentTicket())
}

func TestADeskThatOpensNoTicketIsFollowedByTheNextAndTheLastByThePolicy(t *testing.T) {
	s := tell(t, twoDesks()).asksForHuman().fails(OpenTicket, "unauthenticated").is(Waiting, ByBot)
	s.fails(PrepareTicket, "unavailable").is(InBot, DeskDown).ticketsAre("failed", "failed")
}

func TestTheNextHandoffBeginsWithTheFirstDesk(t *testing.T) {
	s := tell(t, twoDesks()).asksForHuman().nobodyIsThere().settled()
	s.happens(Event{Kind: HandedBack, TicketID: "T1"})
	s.asksForHuman().decided("pause_bot", "say <waiting>", "open_ticket group support if available")
	closing, _ := s.Take(DeskSide)
	require.Equal(t, []any{[]string{"close_ticket"}, "night", &Ticket{ID: "T1"}, map[string]string{"customer": "c1"}},
		[]any{inWords(closing.Effects), closing.Connection, closing.Ticket, closing.Vendor}, "the old ticket is closed where it is")
	s.succeeds(CloseTicket)
	opening, _ := s.Take(DeskSide)
	require.Equal(t, "desk", opening.Connection)
	require.Nil(t, opening.Previous, "another desk's ticket cannot be linked")
	require.Empty(t, opening.Vendor)
}

func TestTheSameAgentIsAskedAtTheSameDesk(t *testing.T) {
	r := twoDesks()
	r.Policy.Reopen = SameAgent
	s := tell(t, r).asksForHuman().nobodyIsThere().settled().agent(ann, "bye").settled()
	s.happens(Event{Kind: CommandEnd}).settled().customer("one more thing").decided("pause_bot", "say <waiting>", "open_ticket agent ann group nights")
	task, _ := s.Take(DeskSide)
	require.Equal(t, []any{"night", &Ticket{ID: "T1"}}, []any{task.Connection, task.Previous})
}

func TestATicketThatAnAgentOpenedBelongsToTheDeskThatToldOfIt(t *testing.T) {
	s := tell(t, twoDesks())
	s.happens(Event{Source: "night", Kind: AgentSaid, Author: bob, Text: "hi", TicketID: "T7", Ticket: &Ticket{ID: "T7"}})
	require.Equal(t, "night/T7", s.CurrentTicket())
	s.customer("oh").side(ChannelSide)
	task, _ := s.Take(DeskSide)
	require.Equal(t, "night", task.Connection)
}
