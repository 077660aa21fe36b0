package conversation_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	. "github.com/handoff-engine/handoff/conversation" //nolint:revive // the stories are to be read as prose
)

func TestWhoeverSpeaksWhileNobodyOwnsTheConversationOwnsIt(t *testing.T) {
	s := waiting(t, hosted()).agent(bob, "hi").is(Assigned, AgentSpoke).decided("say <assigned>", `say bob: "hi"`)
	require.Equal(t, bob, s.Agent)
}

func TestWordsOfAnotherAgentReachTheCustomerAndChangeNoOwner(t *testing.T) {
	s := spoken(t, hosted()).agent(bob, "I may add").decided(`say bob: "I may add"`)
	require.Equal(t, ann, s.Agent)
}

func TestATransferAtTheDeskChangesTheOwner(t *testing.T) {
	s := spoken(t, hosted())
	epoch := s.Epoch
	s.takes(bob).is(Assigned, AgentTook).decided("say <assigned>").due("first_reply+3m")
	require.Equal(t, bob, s.Agent)
	require.Equal(t, epoch+1, s.Epoch)
	s.takes(bob).decided()
	require.Equal(t, epoch+1, s.Epoch)
}

func TestACustomerWhoComesBackIsToldOfTheAgentWhomTheyKnow(t *testing.T) {
	s := ended(t).customer("human").settled().passes(AcceptBy).is(Reassigning, AcceptTimeout)
	s.takes(ann).is(Assigned, AgentTook).decided("say <assigned>")
	s.settled().passes(FirstReplyBy).takes(ann).decided()
}

func TestRoutingThatIsOlderThanWhatIsKnownChangesNothing(t *testing.T) {
	s := spoken(t, hosted())
	old := s.now.Add(-time.Second)
	s.happens(Event{Kind: AgentAssigned, At: old, Agent: "bob"}).decided()
	s.happens(Event{Kind: AgentUnassigned, At: old}).is(Assigned, AgentTook).decided()
	require.Equal(t, ann, s.Agent)
	require.Equal(t, []ReasonCount{{IgnoredStale, 2}}, s.Counts.IgnoredFor)
}

func TestTheAssignmentThatTimedOutIsNotTakenForANewOne(t *testing.T) {
	s := waiting(t, hosted()).takes(ann).settled().passes(FirstReplyBy)
	s.happens(Event{Kind: AgentAssigned, Agent: "ann"}).is(Reassigning, FirstReplyLate)
	s.happens(Event{Kind: AgentAssigned, Agent: "bob"}).is(Assigned, AgentTook)
}

func TestAnAssignmentThatNamesNobodyChangesNothing(t *testing.T) {
	waiting(t, hosted()).happens(Event{Kind: AgentAssigned}).is(Waiting, ByCustomer).decided()
}

func TestAnAgentsNameIsLearnedFromTheFirstWords(t *testing.T) {
	s := waiting(t, hosted()).happens(Event{Kind: AgentAssigned, Agent: "ann"}).agent(ann, "hi")
	require.Equal(t, ann, s.Agent)
}

func TestPrivateNotesReachNobody(t *testing.T) {
	s := spoken(t, hosted())
	lines := s.Transcript.Last
	s.happens(Event{Kind: AgentNoted, Author: ann}).decided()
	require.Equal(t, lines, s.Transcript.Last)
}

func TestAnEditIsSaidAsACorrectionAndADeletionIsRecorded(t *testing.T) {
	s := waiting(t, hosted())
	s.happens(Event{Kind: AgentSaid, Author: ann, Text: "on Mai 3", MessageID: "m1"}).settled()
	edit := Event{Kind: AgentEdited, Author: ann, Text: "on May 3", Target: "m1"}
	s.happens(edit).decided(`say ann: "Correction: on May 3"`).happens(edit).decided()
	s.happens(Event{Kind: AgentDeleted, Author: ann, Target: "m1"}).decided(`note "The customer still sees the message that was deleted here."`)
	last := s.Transcript.Lines[len(s.Transcript.Lines)-1]
	require.Equal(t, []any{"on May 3", true}, []any{last.Text, last.Deleted})
	s.happens(Event{Kind: AgentEdited, Author: ann, Text: "what?", Target: "unknown"}).decided()
}

func TestWhatTheDeskTellsMayOvertakeTheOpeningOfItsTicket(t *testing.T) {
	s := tell(t, hosted()).asksForHuman().side(ChannelSide)
	s.happens(Event{Kind: AgentSaid, Author: ann, Text: "hi", TicketID: "T1"}).is(Assigned, AgentSpoke)
	s.customer("thanks").decided(`post "thanks"`).ticketsAre("T1 opening")
	s.succeeds(OpenTicket).ticketsAre("T1 open").settled().troubled()
}

func TestATicketThatTheDeskToldAboutIsOpenEvenIfItsOpeningFailed(t *testing.T) {
	s := tell(t, hosted()).asksForHuman()
	s.happens(Event{Kind: AgentSaid, Author: ann, Text: "hi", TicketID: "T1"})
	s.fails(OpenTicket, TimedOut).is(Assigned, AgentSpoke).ticketsAre("T1 open")
	s.customer("thanks").decided(`post "thanks"`)
}

func TestAnAgentWithoutATicketGetsANewOne(t *testing.T) {
	s := tell(t, hosted()).asksForHuman().takes(ann)
	s.fails(OpenTicket, "invalid").is(Waiting, DeskDown).decided("open_ticket agent ann group support")
}

func TestATicketThatTheDeskLostIsOpenedAnewWithEverythingSaid(t *testing.T) {
	s := spoken(t, hosted()).customer("where is it?")
	s.fails(Post, "not_found").is(Waiting, TicketGone).decided("open_ticket agent ann group support").ticketsAre("T1 closed", "opening")
	task, _ := s.Take(DeskSide)
	require.Equal(t, "where is it?", task.Transcript[len(task.Transcript)-1].Text)
	require.Equal(t, &Ticket{ID: "T1"}, task.Previous)
}

func TestADeskThatLosesEveryTicketIsGivenUp(t *testing.T) {
	s := spoken(t, hosted())
	for range MaxReopened {
		s.customer("hello?").fails(Post, "conflict").is(Waiting, TicketGone).settled()
	}
	s.customer("hello?").fails(Post, "conflict").is(InBot, TicketGone)
	s.customer("human").settled().customer("hello?").fails(Post, "conflict").is(Waiting, TicketGone)
}

func TestATicketThatCannotBeOpenedIsGivenUpAtOnce(t *testing.T) {
	for _, kind := range []EffectKind{PrepareTicket, OpenTicket} {
		r := hosted()
		r.Desks[0].Can = append(r.Desks[0].Can, "prepare_ticket")
		s := tell(t, r).asksForHuman()
		if kind == OpenTicket {
			s.succeeds(PrepareTicket)
		}
		s.fails(kind, "unauthenticated").is(InBot, DeskDown).decided("say <nobody_back_to_bot>", "resume_bot").ticketsAre("failed")
		s.settled()
		require.Zero(t, s.tickets, "a ticket was opened for nobody")
	}
}

func TestATicketIsPreparedOnce(t *testing.T) {
	r := hosted()
	r.Desks[0].Can = append(r.Desks[0].Can, "prepare_ticket")
	s := tell(t, r).asksForHuman().decided("pause_bot", "say <waiting>", "prepare_ticket", "open_ticket group support").settled()
	s.happens(Event{Kind: HandedBack}).settled()
	s.asksForHuman().decided("pause_bot", "say <waiting>", "open_ticket group support")
}

func TestNobodyAvailableFollowsThePolicy(t *testing.T) {
	for choice, state := range map[Choice]State{ToBot: InBot, ToEnd: Ended} {
		r := hosted()
		r.Policy.OnUnavailable = choice
		s := tell(t, r).asksForHuman().decided("pause_bot", "say <waiting>", "open_ticket group support if available")
		s.comesOf(Event{Kind: NobodyAvailable, Key: s.pending(OpenTicket).Key}).is(state, NobodyThere).ticketsAre("failed")
	}
	s := tell(t, hosted()).asksForHuman()
	s.comesOf(Event{Kind: TicketOpened, Key: s.pending(OpenTicket).Key, Ticket: &Ticket{ID: "T1"}, Reason: NobodyThere})
	s.is(Waiting, ByBot).decided("say <unavailable>").ticketsAre("T1 open")
}

func TestATicketThatIsNotNeededAnyMoreIsNotOpened(t *testing.T) {
	s := tell(t, hosted()).asksForHuman().customer("hello?").side(ChannelSide)
	s.happens(Event{Kind: CommandHandBack}).ticketsAre("closing").settled().ticketsAre("closed")
	require.Zero(t, s.tickets)
	s.troubled("withheld owner_changed: open_ticket group support", `withheld no_ticket: post "hello?"`)
}

func TestATicketThatOpensTooLateIsClosed(t *testing.T) {
	s := tell(t, hosted()).asksForHuman()
	_, _ = s.Take(DeskSide)
	s.happens(Event{Kind: CommandHandBack}).ticketsAre("closing")
	s.succeeds(OpenTicket).decided("close_ticket").ticketsAre("T1 closing")
	s.succeeds(CloseTicket).ticketsAre("T1 closed")
}

func TestATicketThatTheDeskClosedBeforeItsOpeningWasKnownIsNotClosedTwice(t *testing.T) {
	s := tell(t, hosted()).asksForHuman()
	s.happens(Event{Kind: TicketClosed}).is(Ended, DeskClosed).ticketsAre("closed")
	s.succeeds(OpenTicket).decided().ticketsAre("T1 closed")
}

func TestAnAgentWhoWritesIntoATicketThatIsOverIsToldOnce(t *testing.T) {
	s := spoken(t, hosted())
	s.happens(Event{Kind: CommandEnd}).settled()
	note := `note "This ticket is over: the customer does not get what is written here."`
	s.happens(Event{Kind: AgentSaid, Author: ann, Text: "one more thing", TicketID: "T1"}).is(Ended, ByOperator).decided(note)
	s.happens(Event{Kind: AgentSaid, Author: ann, Text: "hello?", TicketID: "T1"}).decided()
	require.Equal(t, []ReasonCount{{IgnoredOldTicket, 2}}, s.Counts.IgnoredFor)
	s.customer("human").settled()
	s.happens(Event{Kind: AgentSaid, Author: ann, Text: "hello?", TicketID: "T1"}).is(Waiting, ByCustomer).decided()
}

func TestAnAgentWhoWritesIntoATicketThatNobodyKnowsIsTold(t *testing.T) {
	s := spoken(t, hosted())
	s.happens(Event{Kind: AgentSaid, Author: bob, Text: "hello?", TicketID: "T0"})
	s.decided(`note "This ticket is over: the customer does not get what is written here."`).ticketsAre("T0 closed", "T1 open")
	task, _ := s.Take(DeskSide)
	require.Equal(t, "T0", task.Ticket.ID)
}

func TestAnOldTicketIsNotTakenForTheOneBeingOpened(t *testing.T) {
	s := spoken(t, hosted())
	s.happens(Event{Kind: CommandEnd}).settled().customer("human")
	s.happens(Event{Kind: AgentAssigned, At: s.now, Agent: "bob", TicketID: "T1"}).is(Waiting, ByCustomer).decided()
	s.happens(Event{Kind: TicketClosed, TicketID: "T1"}).is(Waiting, ByCustomer).ticketsAre("T1 closed", "opening")
}

func TestATicketThatAnAgentOpenedByHimselfIsAdopted(t *testing.T) {
	own := &Ticket{ID: "T7"}
	s := tell(t, hosted()).customer("hello")
	s.happens(Event{Kind: AgentSaid, Author: bob, Text: "hi, I saw you looking", TicketID: "T7", Ticket: own})
	s.is(Assigned, AgentSpoke).decided("pause_bot", "say <assigned>", `say bob: "hi, I saw you looking"`).ticketsAre("T7 open")
	require.Equal(t, AgentOpened, s.History[0].Reason)
	s.customer("oh").decided(`post "oh"`)

	s = tell(t, hosted()).happens(Event{Kind: AgentAssigned, At: noon(), Agent: "bob", Author: bob, TicketID: "T7", Ticket: own})
	s.is(Assigned, AgentTook)
	s.happens(Event{Kind: CommandEnd}).settled()
	s.happens(Event{Kind: AgentAssigned, At: noon(), Agent: "bob", TicketID: "T7", Ticket: own}).is(Ended, ByOperator)
}

func TestACloseFirstReadsWhatWebhooksDidNotTell(t *testing.T) {
	s := waiting(t, hosted()).takes(ann).settled()
	s.happens(Event{Kind: TicketClosed, TicketID: "T1"}).decided("catch_up").ticketsAre("T1 closed")
	s.comesOf(Event{Kind: CaughtUp, Key: s.pending(CatchUp).Key, Missed: []Event{
		{ID: "a", Source: "desk", Kind: AgentAssigned, Agent: "bob", TicketID: "T1"},
		{ID: "b", Source: "desk", Kind: AgentSaid, Author: bob, Text: "it is on its way", TicketID: "T1"},
		{ID: "c", Source: "desk", Kind: TicketClosed, TicketID: "T1"},
	}})
	s.is(Ended, DeskClosed).decided(`say bob: "it is on its way"`, "say <ended>", "resume_bot without launch")
	s.comesOf(Event{Kind: CaughtUp, Key: "chat:42/e1-3"}).decided()
}

func TestALookAtTheDeskThatFailedIsNotAppliedLater(t *testing.T) {
	s := spoken(t, hosted()).happens(Event{Kind: TicketClosed})
	late := s.pending(CatchUp)
	s.fails(CatchUp, "unavailable").is(Ended, DeskClosed)
	s.comesOf(Event{Kind: CaughtUp, Key: late.Key}).decided().troubled("failed unavailable: catch_up")
}

func TestAHandBackThatTheDeskDidNotTellIsFound(t *testing.T) {
	s := spoken(t, hosted()).happens(Event{Kind: TicketClosed})
	s.comesOf(Event{Kind: CaughtUp, Key: s.pending(CatchUp).Key, Missed: []Event{
		{ID: "a", Source: "desk", Kind: HandedBack, TicketID: "T1"},
		{ID: "b", Source: "desk", Kind: AgentSaid, Author: ann, Text: "bye", TicketID: "T1"},
	}}).is(InBot, ByAgent).decided("say <back_to_bot>", "resume_bot", `say ann: "bye"`)
}

func TestACloseFromTheQueueAlsoReadsFirst(t *testing.T) {
	s := waiting(t, hosted()).happens(Event{Kind: TicketClosed})
	s.comesOf(Event{Kind: CaughtUp, Key: s.pending(CatchUp).Key, Missed: []Event{
		{ID: "b", Source: "desk", Kind: AgentSaid, Author: bob, Text: "it is on its way", TicketID: "T1"},
	}}).is(Ended, DeskClosed).decided(`say bob: "it is on its way"`, "say <ended>", "resume_bot without launch")
}

func TestWhileADeskIsReadOnceMoreNothingButHumansChangesTheOwner(t *testing.T) {
	s := spoken(t, hosted()).customer("hm").settled()
	s.happens(Event{Kind: TicketClosed}).due("catch_up+20s")
	s.takes(bob).happens(Event{Kind: AgentUnassigned}).happens(Event{Kind: AgentOffline}).happens(Event{Kind: TicketClosed})
	s.is(Assigned, AgentTook).due("catch_up+20s")
	s.happens(Event{Kind: ChannelDropped, At: s.now}).is(Assigned, AgentTook).decided("pause_bot")
	s.happens(Event{Kind: HandedBack, Node: "menu"}).is(InBot, ByAgent)
}

func TestACustomerWhoWritesWhileTheDeskClosesIsTakenBackAndMissesNothing(t *testing.T) {
	s := spoken(t, called()).happens(Event{Kind: TicketClosed})
	late := s.pending(CatchUp)
	s.customer("one more question").is(InBot, CustomerBack).decided("say <ended>", `ask_bot "one more question"`)
	s.comesOf(Event{Kind: CaughtUp, Key: late.Key, Missed: []Event{
		{ID: "a", Source: "desk", Kind: AgentSaid, Author: ann, Text: "bye", TicketID: "T1"},
	}}).is(InBot, CustomerBack).decided(`say ann: "bye"`)
}

func TestLateWordsDoNotLeaveTheCustomerWithAMuteBot(t *testing.T) {
	s := spoken(t, silencing()).happens(Event{Kind: TicketClosed})
	s.passes(CatchUpBy).is(Ended, DeskClosed).side(ChannelSide)
	s.comesOf(Event{Kind: CaughtUp, Key: s.pending(CatchUp).Key, Missed: []Event{
		{ID: "a", Source: "desk", Kind: AgentSaid, Author: ann, Text: "bye", TicketID: "T1"},
	}}).decided("pause_bot", `say ann: "bye"`, "resume_bot without launch")
}

func TestAQuestionThatCrossedTheCloseIsAskedAgain(t *testing.T) {
	r := called()
	r.Policy.Reopen = ToQueue
	s := spoken(t, r).customer("one more question").happens(Event{Kind: TicketClosed})
	s.fails(Post, "conflict").is(Waiting, CustomerBack).ticketsAre("T1 closed", "opening")
	s.settled()

	s = spoken(t, called()).customer("one more question").happens(Event{Kind: TicketClosed})
	s.passes(CatchUpBy).is(Ended, DeskClosed)
	s.fails(Post, "conflict").is(InBot, CustomerBack).decided(`ask_bot "one more question"`)
}

func TestACloseCanGoBackToTheBot(t *testing.T) {
	r := hosted()
	r.Policy.OnClose = ToBot
	s := spoken(t, r).happens(Event{Kind: TicketClosed}).settled().is(InBot, DeskClosed)
	require.Empty(t, s.Trouble())
}

func TestADeskThatListsNoMessagesIsNotReadBeforeTheEnd(t *testing.T) {
	r := hosted()
	r.Desks[0].Can = nil
	spoken(t, r).happens(Event{Kind: TicketClosed}).is(Ended, DeskClosed).decided("say <ended>", "resume_bot without launch")
}

func TestATicketThatTheDeskClosesAfterTheEndIsClosed(t *testing.T) {
	r := hosted()
	r.Desks[0].Can = nil
	s := spoken(t, r)
	s.happens(Event{Kind: CommandEnd}).ticketsAre("T1 closing")
	s.happens(Event{Kind: TicketClosed, TicketID: "T1"}).ticketsAre("T1 closed")
}

func TestSomebodyElseIsAskedWhereTheDeskDoesNotKnowWhomTheBotNamed(t *testing.T) {
	s := tell(t, hosted())
	s.happens(Event{Kind: HandoffRequested, Group: "no such group"}).decided("pause_bot", "say <waiting>", "open_ticket group no such group")
	s.fails(OpenTicket, "invalid").is(Waiting, ByBot).decided("open_ticket group support")
	s.succeeds(OpenTicket).is(Waiting, ByBot)
}

func TestADeskThatRefusesItsOwnGroupIsNotAskedForEver(t *testing.T) {
	s := tell(t, hosted())
	s.happens(Event{Kind: HandoffRequested, Agent: "nobody"})
	s.fails(OpenTicket, "not_found").decided("open_ticket group support")
	s.fails(OpenTicket, "not_found").is(InBot, DeskDown)
}
