package conversation_test

import (
	"testing"
	"time"

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

// passedOver is a conversation whose first desk took no ticket in time, and whose second is asked.
func passedOver(t *testing.T) *story {
	t.Helper()
	return tell(t, twoDesks()).asksForHuman().fails(OpenTicket, TimedOut).is(Waiting, ByBot).ticketsAre("failed", "opening")
}

func (s *story) first(ev Event) *story {
	ev.Source = "desk"
	return s.happens(ev)
}

func TestADeskThatIsDownGivesWayWithWhatItWasToPrepare(t *testing.T) {
	r := twoDesks()
	r.Desks[0].Can = append(r.Desks[0].Can, "prepare_ticket")
	s := tell(t, r).asksForHuman()
	require.Equal(t, Duration(30*time.Second), s.pending(PrepareTicket).Within)
	require.Equal(t, Duration(30*time.Second), s.pending(OpenTicket).Within)
	s.fails(PrepareTicket, "unavailable").ticketsAre("failed", "opening")
	require.Zero(t, s.pending(PrepareTicket).Within, "nobody comes after the last desk")
	require.Zero(t, s.Outbox[len(s.Outbox)-1].Within)
}

func TestWhatADeskTellsThatWasPassedOverIsNotAboutTheNextDesksTicket(t *testing.T) {
	for _, ev := range []Event{
		{Kind: AgentAssigned, At: noon(), Agent: ann.ID, Author: ann},
		{Kind: AgentSaid, At: noon(), Author: ann, Text: "hello", MessageID: "m1"},
		{Kind: TicketClosed},
		{Kind: HandedBack},
	} {
		for _, ticket := range []string{"", "T9"} {
			ev.TicketID = ticket
			s := passedOver(t).first(ev).is(Waiting, ByBot)
			require.Equal(t, "opening", ticketsInWords(s.Conversation)[1])
			s.settled().takes(bob).is(Assigned, AgentTook)
			require.Equal(t, "night/T1", s.CurrentTicket())
		}
	}
}

func TestATicketThatADeskOpenedAfterAllIsClosedOnce(t *testing.T) {
	s := passedOver(t).settled().ticketsAre("failed", "T1 open")
	s.first(Event{Kind: AgentAssigned, At: s.now, Agent: ann.ID, Author: ann, TicketID: "T9"}).is(Waiting, ByBot).decided("close_ticket at the desk that was left")
	task, _ := s.Take(LeftSide)
	require.Equal(t, []any{"desk", "T9"}, []any{task.Connection, task.Ticket.ID})
	s.first(Event{Kind: AgentUnassigned, At: s.now, TicketID: "T9"}).decided()
	s.first(Event{Kind: TicketClosed, TicketID: "T9"}).decided().settled().ticketsAre("T9 closed", "T1 open").is(Waiting, ByBot)
}

func TestWhoWritesIntoATicketThatADeskOpenedAfterAllIsTold(t *testing.T) {
	note := `note "This ticket is over: the customer does not get what is written here." at the desk that was left`
	s := passedOver(t).first(Event{Kind: AgentSaid, At: noon(), Author: ann, Text: "hello", TicketID: "T9"}).decided(note, "close_ticket at the desk that was left")
	s.first(Event{Kind: AgentSaid, At: noon(), Author: ann, Text: "hello?", TicketID: "T9"}).decided()
	s.settled().ticketsAre("T9 closed", "T1 open")
	require.Zero(t, s.Counts.Withheld)

	r := twoDesks()
	r.Desks[0].Can = []string{"note"}
	s = tell(t, r).asksForHuman().fails(OpenTicket, TimedOut).settled()
	s.first(Event{Kind: AgentAssigned, At: s.now, Agent: ann.ID, TicketID: "T9"}).decided(note)
	s.first(Event{Kind: AgentSaid, At: s.now, Author: ann, Text: "hello", TicketID: "T9"}).decided()
}

func TestATicketThatAnAgentOpenedByHimselfAtADeskThatWasPassedOverStaysOpen(t *testing.T) {
	s := passedOver(t).settled()
	s.first(Event{Kind: AgentAssigned, At: s.now, Agent: ann.ID, TicketID: "T9", Ticket: &Ticket{ID: "T9"}}).decided().ticketsAre("failed", "T1 open")
}

func TestAConversationOfEarlierRulesKeepsItsWaysWithADeskThatIsDown(t *testing.T) {
	s := tell(t, twoDesks())
	s.Rules = RulesFirst
	s.asksForHuman().fails(OpenTicket, TimedOut).settled()
	s.first(Event{Kind: AgentAssigned, At: s.now, Agent: ann.ID, TicketID: "T9"}).decided().ticketsAre("failed", "T1 open")
}

// findable is a route whose first desk can be asked for tickets that it may have opened.
func findable() Route {
	r := twoDesks()
	r.Desks[0].Can = append(r.Desks[0].Can, "find_ticket")
	return r
}

func TestATicketThatADeskMayHaveOpenedIsLookedForAndClosed(t *testing.T) {
	s := tell(t, findable()).customer("hello").asksForHuman()
	opening := s.pending(OpenTicket)
	s.fails(OpenTicket, TimedOut).ticketsAre("failed", "opening").side(DeskSide).ticketsAre("failed", "T1 open")
	task, _ := s.Take(LeftSide)
	require.Equal(t, []any{FindTicket, opening.Key, "desk", "support"},
		[]any{task.Effects[0].Kind, task.Effects[0].Opening, task.Connection, task.Effects[0].Group})
	require.Equal(t, "hello", task.Transcript[0].Text, "the opening is known by what it began with")
	s.comesOf(Event{Kind: TicketOpened, Key: task.Effects[0].Key, Ticket: &Ticket{ID: "T9"}}).decided("close_ticket at the desk that was left")
	s.settled().is(Waiting, ByBot).ticketsAre("T9 closed", "T1 open")
}

func TestATicketThatIsNotThereIsNotMissed(t *testing.T) {
	s := tell(t, findable()).asksForHuman().fails(OpenTicket, "unavailable")
	s.comesOf(Event{Kind: TicketOpened, Key: s.pending(FindTicket).Key}).decided().settled().ticketsAre("failed", "T1 open").troubled(
		"failed unavailable: open_ticket group support if available")
}

func TestATicketIsLookedForOnlyIfItMayBeThere(t *testing.T) {
	for name, s := range map[string]*story{
		"refused":          tell(t, findable()).asksForHuman().fails(OpenTicket, "forbidden"),
		"nobody was there": tell(t, findable()).asksForHuman().nobodyIsThere(),
		"cannot be asked":  tell(t, twoDesks()).asksForHuman().fails(OpenTicket, TimedOut),
	} {
		require.False(t, s.HasWork(LeftSide), name)
	}
}

func TestATicketWhoseOpeningWasTakenBackIsLookedFor(t *testing.T) {
	r := findable()
	r.Policy.Ladder = []Rung{{Desk: "night"}}
	s := tell(t, r).asksForHuman()
	opening := s.pending(OpenTicket)
	s.passes(AcceptBy).is(Reassigning, AcceptTimeout).ticketsAre("closing", "opening")
	s.comesOf(Event{Kind: EffectWithdrawn, Key: opening.Key}).decided("find_ticket group support at the desk that was left").ticketsAre("closed", "opening")
	s.comesOf(Event{Kind: TicketOpened, Key: s.pending(FindTicket).Key, Ticket: &Ticket{ID: "T9"}}).decided("close_ticket at the desk that was left")
}

func TestATicketThatShowsItselfIsNotLookedForAnyLonger(t *testing.T) {
	s := tell(t, findable()).asksForHuman().fails(OpenTicket, TimedOut)
	look := s.pending(FindTicket).Key
	s.first(Event{Kind: AgentAssigned, At: s.now, Agent: ann.ID, TicketID: "T9"}).decided("close_ticket at the desk that was left")
	s.comesOf(Event{Kind: TicketOpened, Key: look, Ticket: &Ticket{ID: "T9"}}).decided().settled().ticketsAre("T9 closed", "T1 open")
}
