package conversation_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/handoff-engine/handoff/conversation" //nolint:revive // the stories are to be read as prose
)

// taken gives the next task of a side, in words.
func taken(s *story, side Side) []string {
	task, _ := s.Take(side)
	return inWords(task.Effects)
}

func TestTheCustomersWordsWaitBehindTheOpeningOfTheTicket(t *testing.T) {
	s := tell(t, hosted()).asksForHuman().customer("a").customer("b")
	require.Equal(t, []string{"open_ticket group support"}, taken(s, DeskSide))
	s.succeeds(OpenTicket).troubled()
	require.Equal(t, []string{`post "a"`, `post "b"`}, taken(s, DeskSide))
}

func TestATaskThatIsNotSettledIsTakenAgain(t *testing.T) {
	s := tell(t, hosted()).asksForHuman()
	first, _ := s.Take(DeskSide)
	s.reread()
	again, _ := s.Take(DeskSide)
	require.Equal(t, first, again)
}

func TestTasksKeepTheOrderWhereKindsAlternate(t *testing.T) {
	s := waiting(t, hosted())
	s.customer("a").happens(Event{Kind: CommandNote, Text: "vip"}).customer("b").customer("c")
	s.happens(Event{Kind: CustomerSaid, Text: "d", Attachment: &Attachment{URL: "u", Name: "f.png"}}).customer("e")
	for _, want := range [][]string{{`post "a"`}, {`note "vip"`}, {`post "b"`, `post "c"`}, {`post "d" file f.png`}, {`post "e"`}} {
		require.Equal(t, want, taken(s, DeskSide))
		for range want {
			s.comesOf(Event{Kind: Delivered, Key: firstPending(s, DeskSide).Key})
		}
	}
}

func TestWordsForTwoTicketsAreNotInOneTask(t *testing.T) {
	s := spoken(t, hosted()).customer("a")
	s.happens(Event{Kind: TicketClosed}).passes(CatchUpBy).customer("human").customer("b")
	s.comesOf(Event{Kind: CaughtUp, Key: s.pending(CatchUp).Key}).succeeds(OpenTicket)
	require.Equal(t, []string{`post "a"`}, taken(s, DeskSide))
	s.succeeds(Post)
	task, _ := s.Take(DeskSide)
	require.Equal(t, []any{[]string{`post "b"`}, "T2"}, []any{inWords(task.Effects), task.Ticket.ID})
}

func TestNoticesAndWordsOfAHumanAreNotInOneTask(t *testing.T) {
	s := waiting(t, hosted()).agent(ann, "a").agent(bob, "b")
	require.Equal(t, []string{"say <assigned>"}, taken(s, ChannelSide))
	s.succeeds(Say)
	require.Equal(t, []string{`say ann: "a"`, `say bob: "b"`}, taken(s, ChannelSide))
}

func firstPending(s *story, side Side) Effect {
	for _, e := range s.Outbox {
		if e.Status == Pending && e.Kind.Side() == side {
			return e
		}
	}
	return Effect{}
}

func TestATaskIsBoundedByCountAndBySize(t *testing.T) {
	s := spoken(t, hosted())
	for i := range 25 {
		s.customer(strconv.Itoa(i))
	}
	require.Len(t, taken(s, DeskSide), 20)
	s = spoken(t, hosted())
	for range 3 {
		s.customer(strings.Repeat("x", 30<<10))
	}
	require.Len(t, taken(s, DeskSide), 2)
	s = spoken(t, hosted()).customer(strings.Repeat("x", 100<<10))
	require.Len(t, taken(s, DeskSide), 1, "one message is sent, however long")
}

func TestWhereARepeatCannotBeToldEachSendIsATaskOfItsOwn(t *testing.T) {
	r := hosted()
	r.Desks[0].Batch = false
	s := spoken(t, r).customer("a").customer("b")
	require.Equal(t, []string{`post "a"`}, taken(s, DeskSide))
}

func TestASendInDoubtGoesAlone(t *testing.T) {
	s := spoken(t, hosted()).customer("a").customer("b")
	s.comesOf(Event{Kind: EffectDoubted, Key: s.pending(Post).Key, At: s.now})
	require.Equal(t, []string{`post "a" in doubt`}, taken(s, DeskSide))
	require.Equal(t, s.now, s.pending(Post).TriedAt)
}

func TestANoticeOfAnOlderEpochIsWithheldAndShown(t *testing.T) {
	s := tell(t, hosted()).asksForHuman().takes(ann)
	require.Equal(t, []string{"pause_bot"}, taken(s, ChannelSide))
	s.succeeds(PauseBot)
	require.Equal(t, []string{"say <assigned>"}, taken(s, ChannelSide))
	s.troubled("withheld owner_changed: say <waiting>")
}

func TestANoticeThatWasTakenBackIsWithheldOnlyIfItIsOfAnOlderEpoch(t *testing.T) {
	s := tell(t, hosted()).asksForHuman()
	e := s.pending(Say)
	s.comesOf(Event{Kind: EffectWithdrawn, Key: e.Key}).troubled()
	s.takes(ann).comesOf(Event{Kind: EffectWithdrawn, Key: e.Key}).troubled("withheld owner_changed: say <waiting>")
}

func TestAnAgentsQueuedWordsAreNeverWithheld(t *testing.T) {
	s := spoken(t, hosted()).agent(ann, "goodbye and good luck")
	s.happens(Event{Kind: HandedBack})
	var said []string
	for s.HasWork(ChannelSide) {
		task, _ := s.Take(ChannelSide)
		for _, e := range task.Effects {
			said = append(said, effectInWords(e))
			s.comesOf(s.success(e))
		}
	}
	require.Equal(t, []string{`say ann: "goodbye and good luck"`, "say <back_to_bot>", "resume_bot"}, said)
}

func TestACustomersQueuedWordsStillReachTheDesk(t *testing.T) {
	s := spoken(t, hosted()).customer("thank you")
	s.happens(Event{Kind: CustomerLeft})
	require.Equal(t, []string{`post "thank you"`}, taken(s, DeskSide))
}

func TestTheAgentIsToldWhenAHumansWordsMayNotHaveArrived(t *testing.T) {
	toCustomer := `note "Your last message may not have reached the customer."`
	toDesk := `note "A message of the customer may be missing here."`
	spoken(t, hosted()).agent(ann, "a").fails(Say, "invalid").decided(toCustomer).troubled(`failed invalid: say ann: "a"`)
	spoken(t, hosted()).customer("a").fails(Post, "invalid").decided(toDesk).troubled(`failed invalid: post "a"`)
	s := spoken(t, hosted()).agent(ann, "a")
	s.comesOf(Event{Kind: EffectUncertain, Key: s.pending(Say).Key, Reason: OutcomeUnknown}).decided(toCustomer)
	s.troubled(`uncertain uncertain: say ann: "a"`)
	waiting(t, hosted()).takes(ann).fails(Say, "invalid").decided()
}

func TestAnEffectOfUnknownOutcomeThatSomebodyWaitsForCountsAsFailed(t *testing.T) {
	s := tell(t, called()).customer("hello")
	s.comesOf(Event{Kind: EffectUncertain, Key: s.pending(AskBot).Key}).is(Waiting, BotDown)
	s.comesOf(Event{Kind: EffectUncertain, Key: s.pending(OpenTicket).Key}).is(Ended, DeskDown)
}

func TestAnEchoProvesASendOfUnknownOutcome(t *testing.T) {
	for name, proof := range map[string]func(e Effect) Event{
		"by its key":   func(e Effect) Event { return Event{Kind: SendProven, Key: e.Key} },
		"by its words": func(e Effect) Event { return Event{Kind: SendProven, Text: e.Text} },
	} {
		t.Run(name, func(t *testing.T) {
			s := spoken(t, hosted()).agent(ann, "look").agent(ann, "look").agent(ann, "other")
			e := s.pending(Say)
			s.happens(proof(e)).decided()
			require.Equal(t, 3, s.Pending(), "nothing is in doubt")
			s.comesOf(Event{Kind: EffectUncertain, Key: e.Key})
			delivered := s.Counts.Delivered
			s.happens(proof(e)).troubled()
			require.Equal(t, []int{delivered + 1, 0}, []int{s.Counts.Delivered, s.Counts.Uncertain})
			s.comesOf(Event{Kind: EffectDoubted, Key: s.pending(Say).Key}).happens(proof(s.pending(Say)))
			require.Equal(t, []string{`say ann: "other"`}, taken(s, ChannelSide))
		})
	}
}

func TestWordsThatAnEchoProvedCanBeChangedLater(t *testing.T) {
	r := hosted()
	r.Desks[0].Can = append(r.Desks[0].Can, "edit_messages")
	s := spoken(t, r).happens(Event{Kind: CustomerSaid, Text: "order 12", MessageID: "order"})
	posted := s.pending(Post)
	s.comesOf(Event{Kind: EffectDoubted, Key: posted.Key}).happens(Event{Kind: SendProven, Key: posted.Key, MessageID: "m1"})
	s.happens(Event{Kind: CustomerEdited, Target: "order", Text: "order 13"})
	task, _ := s.Take(DeskSide)
	require.Equal(t, []any{EditPosted, "m1"}, []any{task.Effects[0].Kind, task.Effects[0].Target})
}

func TestAnEchoProvesWordsOnly(t *testing.T) {
	s := tell(t, hosted()).asksForHuman()
	s.comesOf(Event{Kind: EffectDoubted, Key: s.pending(OpenTicket).Key})
	s.happens(Event{Kind: SendProven, Key: s.pending(OpenTicket).Key})
	s.succeeds(OpenTicket).ticketsAre("T1 open")
}

func TestARepeatedSendIsCounted(t *testing.T) {
	s := spoken(t, hosted()).agent(ann, "a")
	s.comesOf(Event{Kind: Delivered, Key: s.pending(Say).Key, Retried: true})
	require.Equal(t, 1, s.Counts.Retried)
}

func TestWhatCameOfAnEffectCountsOnce(t *testing.T) {
	s := spoken(t, hosted()).agent(ann, "a")
	e := s.pending(Say)
	s.fails(Say, "invalid")
	counts := s.Counts
	for _, kind := range []Kind{Delivered, EffectFailed, EffectUncertain, EffectDoubted, EffectWithdrawn} {
		s.comesOf(Event{Kind: kind, Key: e.Key}).decided()
	}
	require.Equal(t, counts, s.Counts)
}

func TestOnlyTheLastEffectsInTroubleAreKeptAndAllAreCounted(t *testing.T) {
	r := hosted()
	r.Desks[0].Can = nil
	s := spoken(t, r)
	for i := range MaxTrouble + 10 {
		s.agent(ann, strconv.Itoa(i)).fails(Say, "invalid")
	}
	s.agent(ann, "last")
	require.Len(t, s.Trouble(), MaxTrouble)
	require.Equal(t, "10", s.Trouble()[0].Text)
	require.Equal(t, MaxTrouble+10, s.Counts.Failed)
	require.Equal(t, 1, s.Pending())
}

func TestATaskCarriesWhatIsNeededToDoIt(t *testing.T) {
	r := hosted()
	r.Policy.OnUnknownSend = Hold
	s := tell(t, r).happens(Event{Kind: CustomerSaid, Text: "hello", Ref: "r1", Vendor: map[string]string{"bot": "b1"}}).asksForHuman()
	task, _ := s.Take(ChannelSide)
	require.Equal(t, Task{
		Conversation: "chat:42", Route: "shop", Connection: "chat", Effects: task.Effects, Ref: "r1",
		Vendor: map[string]string{"bot": "b1"}, Hold: true, Source: "desk",
	}, task)
	s.settled().customer("more")
	task, _ = s.Take(DeskSide)
	require.Equal(t, Task{
		Conversation: "chat:42", Route: "shop", Connection: "desk", Effects: task.Effects, Ref: "r1",
		Ticket: &Ticket{ID: "T1"}, Hold: true, Source: "chat",
	}, task)
}
