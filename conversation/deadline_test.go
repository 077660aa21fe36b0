package conversation_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	. "github.com/handoff-engine/handoff/conversation" //nolint:revive // the stories are to be read as prose
)

// waiting begins a story in which the customer waits for an agent.
func waiting(t *testing.T, r Route) *story {
	t.Helper()
	return tell(t, r).customer("hello").customer("human").settled()
}

// spoken begins a story in which Ann has spoken.
func spoken(t *testing.T, r Route) *story {
	t.Helper()
	return waiting(t, r).takes(ann).settled().agent(ann, "hi").settled()
}

func TestATicketThatNobodyAcceptsGoesUpTheLadder(t *testing.T) {
	s := waiting(t, withLadder(hosted(), Rung{Agent: "bob", AcceptWithin: Duration(30 * time.Second)}, Rung{Group: "seniors"}))
	s.due("accept+2m", "max_wait+15m")
	s.passes(AcceptBy).is(Reassigning, AcceptTimeout).decided("assign agent bob").due("accept+30s", "max_wait+13m")
	s.passes(AcceptBy).decided("assign group seniors").due("accept+2m", "max_wait+12m30s")
	s.passes(AcceptBy).decided("assign group support").due("max_wait+10m30s")
	s.passes(WaitUntil).is(InBot, WaitedTooLong).decided("close_ticket", "say <nobody_back_to_bot>", "resume_bot")
}

func TestWithoutALadderATicketStaysInTheQueueUntilTheLongestWaitIsOver(t *testing.T) {
	s := waiting(t, hosted())
	s.passes(AcceptBy).is(Reassigning, AcceptTimeout).decided().due("max_wait+13m")
	s.takes(ann).is(Assigned, AgentTook)
}

func TestTheEpochStaysWhileNobodyOwnsTheConversation(t *testing.T) {
	s := tell(t, hosted()).asksForHuman()
	epoch := s.Epoch
	s.passes(AcceptBy)
	require.Equal(t, epoch, s.Epoch)
	s.settled().troubled()
}

func TestTheLongestWaitIsCountedFromTheBeginningWhateverHappensBetween(t *testing.T) {
	s := waiting(t, withLadder(hosted(), Rung{Group: "seniors"}))
	s.takes(ann).settled().passes(FirstReplyBy).is(Reassigning, FirstReplyLate).due("accept+2m", "max_wait+12m")
	s.takes(bob).settled().passes(FirstReplyBy).is(Reassigning, FirstReplyLate).due("max_wait+9m")
}

func TestWhoeverFindsNobodyIsSentWhereThePolicySays(t *testing.T) {
	r := hosted()
	r.Policy.OnExhausted = ToEnd
	waiting(t, r).passes(WaitUntil).is(Ended, WaitedTooLong).decided("close_ticket", "say <nobody_end>", "resume_bot without launch")
	waiting(t, botless()).passes(WaitUntil).is(Ended, WaitedTooLong).decided("close_ticket", "say <nobody_end>")
}

func TestAnAgentWhoTakesTheTicketAndSaysNothingLosesIt(t *testing.T) {
	s := waiting(t, withLadder(hosted(), Rung{SameAgent: true})).takes(ann).settled().due("first_reply+3m")
	s.customer("anybody there?").due("first_reply+3m")
	s.passes(FirstReplyBy).is(Reassigning, FirstReplyLate).decided("say <reassigning>", "assign agent ann")
	s.takes(ann).is(Assigned, AgentTook).decided()
}

func TestAnAgentsSilenceIsCountedFromTheOldestUnansweredWords(t *testing.T) {
	s := spoken(t, hosted())
	s.now = s.now.Add(time.Minute)
	s.customer("where is it?").due("agent_idle+5m")
	s.now = s.now.Add(time.Minute)
	s.customer("hello?").due("agent_idle+4m")
	s.passes(AgentReplyBy).is(Reassigning, AgentSilent).decided("say <reassigning>", "assign group support")
}

func TestAnAgentWhoSpokeLastIsNeverIdle(t *testing.T) {
	s := spoken(t, hosted()).customer("where is it?").due("agent_idle+5m")
	s.agent(ann, "here").due("customer_idle+30m", "customer_idle_warning+25m")
}

func TestACustomerWhoDoesNotAnswerIsWarnedAndThenTheConversationEnds(t *testing.T) {
	s := spoken(t, hosted()).due("customer_idle+30m", "customer_idle_warning+25m")
	s.passes(CustomerWarnAt).is(Assigned, AgentTook).decided("say <customer_idle_warning>").due("customer_idle+5m")
	s.passes(CustomerBy).is(Ended, CustomerSilent).decided("close_ticket", "say <customer_idle_end>", "resume_bot without launch")
}

func TestACustomerWhoAnswersAfterTheWarningStays(t *testing.T) {
	s := spoken(t, hosted()).passes(CustomerWarnAt)
	s.customer("yes, I am here").due("agent_idle+5m")
}

func TestABotsConversationEndsQuietlyWhenNobodySaysAnything(t *testing.T) {
	s := tell(t, hosted()).customer("hello")
	s.now = s.now.Add(time.Hour)
	s.happens(Event{Kind: BotSaid, Text: "hi"}).due("bot_idle+24h")
	s.passes(BotIdleAt).is(Ended, BotSilent).decided().due("linger+2h")
}

func TestADeadlineThatWasMovedOrClearedChangesNothing(t *testing.T) {
	s := spoken(t, hosted())
	old := s.Deadlines[0]
	s.now = s.now.Add(time.Minute)
	s.agent(ann, "more")
	s.comesOf(Event{Kind: DeadlinePassed, Deadline: old.Name, Due: old.At}).is(Assigned, AgentTook).decided()
	s.comesOf(Event{Kind: DeadlinePassed, Deadline: AcceptBy, Due: s.now}).is(Assigned, AgentTook).decided()
}

func TestARungTakenOnceIsNotTakenTwiceUntilAnAgentSpoke(t *testing.T) {
	s := waiting(t, withLadder(hosted(), Rung{Agent: "bob"}, Rung{Group: "seniors"}))
	s.passes(AcceptBy).decided("assign agent bob").settled()
	s.takes(bob).settled().passes(FirstReplyBy).decided("say <reassigning>", "assign group seniors").settled()
	s.takes(ann).settled().passes(FirstReplyBy).decided("say <reassigning>", "assign group support").settled()
	s.agent(ann, "sorry").settled().customer("and?").settled()
	s.passes(AgentReplyBy).decided("say <reassigning>", "assign agent bob")
}

func TestTheLadderBeginsAnewWithTheNextHandoff(t *testing.T) {
	s := waiting(t, withLadder(hosted(), Rung{Agent: "bob"}, Rung{Group: "seniors"}))
	s.passes(AcceptBy).settled().happens(Event{Kind: HandedBack}).settled()
	s.asksForHuman().settled().passes(AcceptBy).decided("assign agent bob")
}

func TestARungThatCannotBeTriedIsLeftOut(t *testing.T) {
	s := waiting(t, withLadder(hosted(), Rung{SameAgent: true}, Rung{Group: "seniors"}))
	s.passes(AcceptBy).decided("assign group seniors")
}

func TestARungThatTheDeskRefusesIsFollowedByTheNext(t *testing.T) {
	s := waiting(t, withLadder(hosted(), Rung{Agent: "bob"}, Rung{Group: "seniors"})).passes(AcceptBy)
	s.fails(Assign, "conflict").decided("assign group seniors").due("accept+2m", "max_wait+13m")
	s.fails(Assign, "conflict").decided("assign group support").due("max_wait+13m")
	s.fails(Assign, "conflict").decided().due("max_wait+13m")
}

func TestARefusalThatComesLateDoesNotSkipTheRungUnderWay(t *testing.T) {
	s := waiting(t, withLadder(hosted(), Rung{Agent: "bob"}, Rung{Agent: "carol"}, Rung{Group: "seniors"})).passes(AcceptBy)
	s.passes(AcceptBy).decided("assign agent carol")
	s.fails(Assign, "conflict").decided()
}

func TestADeskThatCannotAssignHasOnlyItsQueue(t *testing.T) {
	r := withLadder(hosted(), Rung{Agent: "bob"})
	r.Desks[0].Can = nil
	s := waiting(t, r).passes(AcceptBy).decided().due("max_wait+13m")
	s.takes(ann).settled().passes(FirstReplyBy).decided("say <reassigning>").due("max_wait+10m")
}

func TestAnAgentWhoGoesOfflineIsReplacedAndNotAskedOnceMore(t *testing.T) {
	s := waiting(t, withLadder(hosted(), Rung{SameAgent: true}, Rung{Agent: "bob"})).takes(ann).settled()
	s.happens(Event{Kind: AgentOffline, Agent: "bob"}).is(Assigned, AgentTook).decided()
	s.happens(Event{Kind: AgentOffline, Agent: "ann"}).is(Assigned, AgentTook).due("agent_away+30s", "first_reply+3m")
	s.passes(AgentBackBy).decided("catch_up").succeeds(CatchUp).is(Reassigning, AgentAway).decided("say <reassigning>", "assign agent bob")
}

func TestAnAgentWhoReleasesTheTicketGivesTheQueueTimeBeforeTheLadder(t *testing.T) {
	s := waiting(t, withLadder(hosted(), Rung{Agent: "bob"})).takes(ann).settled()
	s.happens(Event{Kind: AgentUnassigned, At: s.now}).is(Reassigning, AgentLost).decided().due("accept+2m", "max_wait+15m")
	s.passes(AcceptBy).decided("assign agent bob")
}

func TestDeadlinesKeepTheirInstantWhenTheConversationIsReread(t *testing.T) {
	s := spoken(t, hosted())
	before := s.Deadlines
	s.now = s.now.Add(10 * time.Minute)
	s.reread()
	require.Equal(t, before, s.Deadlines)
	s.passes(CustomerWarnAt).decided("say <customer_idle_warning>")
}

func TestACloseReadsTheDeskOnceMoreAndEndsWithoutAnAnswer(t *testing.T) {
	s := spoken(t, hosted()).happens(Event{Kind: TicketClosed}).is(Assigned, AgentTook).decided("catch_up").due("catch_up+20s")
	s.passes(CatchUpBy).is(Ended, DeskClosed).decided("say <ended>", "resume_bot without launch")
}

func TestTheChannelDroppingTheAgentIsMendedWithTheDeadlinesAsTheyWere(t *testing.T) {
	s := spoken(t, hosted())
	s.now = s.now.Add(10 * time.Minute)
	s.happens(Event{Kind: ChannelDropped, At: s.now}).is(Reassigning, VendorDropped).decided("pause_bot").due("accept+2m", "max_wait+15m")
	require.Equal(t, Author{}, s.Agent)
	s.succeeds(PauseBot).is(Assigned, VendorRestored).decided().due("customer_idle+20m", "customer_idle_warning+15m")
	require.Equal(t, ann, s.Agent)
}

func TestACustomerWhoWritesWhileTheChannelIsTakenAgainHasTheAgentsDeadline(t *testing.T) {
	s := spoken(t, hosted()).happens(Event{Kind: ChannelDropped, At: noon()})
	s.customer("hello?").decided(`post "hello?"`)
	s.now = s.now.Add(time.Minute)
	s.succeeds(PauseBot).is(Assigned, VendorRestored).due("agent_idle+4m")
}

func TestAChannelThatCannotBeTakenAgainGoesUpTheLadder(t *testing.T) {
	s := spoken(t, withLadder(hosted(), Rung{Agent: "bob"})).happens(Event{Kind: ChannelDropped, At: noon()})
	s.fails(PauseBot, "conflict").is(Reassigning, VendorDropped).decided("assign agent bob")
}

func TestADropThatIsOlderThanTheLastOneChangesNothing(t *testing.T) {
	s := spoken(t, hosted())
	s.happens(Event{Kind: ChannelDropped, At: s.now}).succeeds(PauseBot)
	s.happens(Event{Kind: ChannelDropped, At: s.now.Add(-time.Second)}).is(Assigned, VendorRestored).decided()
	require.Equal(t, []ReasonCount{{IgnoredStale, 1}}, s.Counts.IgnoredFor)
}

func TestAnAgentWhoIsLostWhileTheChannelIsTakenAgainDoesNotGetItBack(t *testing.T) {
	for name, ev := range map[string]Event{
		"released": {Kind: AgentUnassigned},
		"offline":  {Kind: AgentOffline, Agent: "ann"},
	} {
		t.Run(name, func(t *testing.T) {
			s := spoken(t, hosted()).happens(Event{Kind: ChannelDropped, At: noon()}).happens(ev)
			s.succeeds(PauseBot).is(Reassigning, VendorDropped)
		})
	}
}

func TestATicketThatIsClosedWhileTheChannelIsTakenAgainStaysClosed(t *testing.T) {
	s := spoken(t, hosted()).happens(Event{Kind: ChannelDropped, At: noon()}).happens(Event{Kind: TicketClosed})
	s.succeeds(PauseBot).is(Reassigning, VendorDropped).succeeds(CatchUp).is(Ended, DeskClosed)
}

func TestAnAgentWhoSpeaksWhileTheChannelIsTakenAgainHasItAtOnce(t *testing.T) {
	s := spoken(t, hosted()).happens(Event{Kind: ChannelDropped, At: noon()})
	s.agent(ann, "still here").is(Assigned, AgentSpoke).decided(`say ann: "still here"`)
	task, _ := s.Take(ChannelSide)
	require.Equal(t, []string{"pause_bot"}, inWords(task.Effects), "the channel is taken before the words are sent")
}
