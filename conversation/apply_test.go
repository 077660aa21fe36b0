package conversation_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	. "github.com/handoff-engine/handoff/conversation" //nolint:revive // the stories are to be read as prose
)

func TestACustomerIsHandedToAnAgentAndTheAgentEndsIt(t *testing.T) {
	s := tell(t, hosted())
	s.customer("where is my parcel?").decided()
	s.asksForHuman().is(Waiting, ByBot).decided("pause_bot", "say <waiting>", "open_ticket group support").settled()
	s.takes(ann).is(Assigned, AgentTook).decided("say <assigned>").settled()
	s.agent(ann, "I am looking").decided(`say ann: "I am looking"`).settled()
	s.customer("thanks").decided(`post "thanks"`).settled()
	s.happens(Event{Kind: TicketClosed}).decided("catch_up").settled()
	s.is(Ended, DeskClosed).due("linger+2h").ticketsAre("T1 closed")
	require.Equal(t, ann, s.LastAgent)
	require.Empty(t, s.Trouble())
}

func TestTheTicketIsOpenedWithWhatWasSaidBefore(t *testing.T) {
	s := tell(t, hosted()).customer("where is my parcel?")
	s.happens(Event{Kind: BotSaid, Text: "Shall I get a person?"})
	s.happens(Event{Kind: HandoffRequested, Customer: Customer{Name: "Eve"}})
	task, ok := s.Take(DeskSide)
	require.True(t, ok)
	require.Equal(t, OpenTicket, task.Effects[0].Kind)
	require.Equal(t, "Eve", task.Customer.Name)
	var texts []string
	for _, l := range task.Transcript {
		texts = append(texts, string(l.Role)+": "+l.Text)
	}
	require.Equal(t, []string{
		"customer: where is my parcel?", "bot: Shall I get a person?", "notice: " + DefaultText(TextWaiting),
	}, texts)
}

func TestAHandoffWordAsksForAHuman(t *testing.T) {
	tell(t, hosted()).customer("  HUMAN ").is(Waiting, ByCustomer)
	tell(t, hosted()).customer("human rights").is(InBot, "")
}

func TestTheFirstTriggerOfAHandoffWins(t *testing.T) {
	s := tell(t, hosted()).customer("human").settled()
	s.asksForHuman().is(Waiting, ByCustomer).decided().ticketsAre("T1 open")
	require.Equal(t, []ReasonCount{{IgnoredNoMeaning, 1}}, s.Counts.IgnoredFor)
}

func TestACustomerOfARouteWithoutABotWaitsForAHumanAtOnce(t *testing.T) {
	tell(t, botless()).customer("hello").is(Waiting, ByCustomer).decided("say <waiting>", "open_ticket group support")
}

func TestAHandoffCanNameTheAgentAndTheGroup(t *testing.T) {
	tell(t, hosted()).happens(Event{Kind: HandoffRequested, Agent: "bob", Group: "vip", Reason: ByCustomer}).
		is(Waiting, ByCustomer).decided("pause_bot", "say <waiting>", "open_ticket agent bob group vip")
}

func TestABotThatIsCalledAnswersEachMessage(t *testing.T) {
	s := tell(t, called()).customer("hello").decided(`ask_bot "hello"`)
	s.succeeds(AskBot).decided(`say bot: "re: hello"`)
}

func TestABotsPartingWordsComeBeforeTheHandoffThatItAskedFor(t *testing.T) {
	s := tell(t, called()).customer("hello")
	answer := &Answer{Messages: []Message{{Text: "I am getting a colleague."}}, Handoff: true, Group: "vip"}
	s.comesOf(Event{Kind: BotAnswered, Key: s.pending(AskBot).Key, Answer: answer}).is(Waiting, ByBot)
	s.decided(`say bot: "I am getting a colleague."`, "say <waiting>", "open_ticket group vip")
	task, _ := s.Take(ChannelSide)
	require.Equal(t, []string{`say bot: "I am getting a colleague."`, "say <waiting>"}, inWords(task.Effects))
}

func TestWhatABotLearntIsKnownToTheDesk(t *testing.T) {
	s := tell(t, called()).customer("a human please")
	answer := &Answer{Handoff: true, Customer: Customer{Name: "Ana", Fields: map[string]string{"reason": "billing"}}}
	s.comesOf(Event{Kind: BotAnswered, Key: s.pending(AskBot).Key, Answer: answer}).is(Waiting, ByBot)
	task, _ := s.Take(DeskSide)
	require.Equal(t, OpenTicket, task.Effects[0].Kind)
	require.Equal(t, &Customer{Name: "Ana", Fields: map[string]string{"reason": "billing"}}, task.Customer)
}

func TestABotCanEndTheConversation(t *testing.T) {
	s := tell(t, called()).customer("bye")
	answer := &Answer{Messages: []Message{{Text: "Goodbye."}}, End: true}
	s.comesOf(Event{Kind: BotAnswered, Key: s.pending(AskBot).Key, Answer: answer}).is(Ended, BotFinished)
	s.settled().troubled()
}

func TestALateBotAnswerIsWithheldAndShown(t *testing.T) {
	s := tell(t, called()).customer("hello")
	late := s.pending(AskBot)
	s.asksForHuman()
	s.comesOf(s.success(late)).decided(`say bot: "re: hello"`).troubled(`withheld owner_changed: say bot: "re: hello"`)
	for _, side := range Sides() {
		task, _ := s.Take(side)
		require.NotContains(t, inWords(task.Effects), `say bot: "re: hello"`)
	}
}

func TestAQuestionThatTheBotWasNotAskedInTimeIsWithheld(t *testing.T) {
	s := tell(t, called()).customer("hello").customer("human")
	_, asked := s.Take(BotSide)
	require.False(t, asked)
	s.troubled(`withheld owner_changed: ask_bot "hello"`)
}

func TestABotThatCannotAnswerIsReplacedByAHuman(t *testing.T) {
	s := tell(t, called()).customer("hello")
	s.fails(AskBot, "unavailable").is(Waiting, BotDown).decided("say <bot_failed>", "open_ticket group support")
	task, _ := s.Take(ChannelSide)
	require.Equal(t, []string{"say <bot_failed>"}, inWords(task.Effects))
}

func TestACustomerIsNotGivenBackToABotThatCannotAnswer(t *testing.T) {
	s := tell(t, called()).customer("hello")
	s.fails(AskBot, "unavailable").settled()
	s.waits(time.Hour).is(Ended, WaitedTooLong)
	require.Equal(t, DefaultText(TextBotFailedEnd), s.Transcript.Lines[len(s.Transcript.Lines)-1].Text)
}

func TestTheBotIsToldWhatAHumanAndTheCustomerSaidAfterAHandBack(t *testing.T) {
	s := tell(t, called()).customer("hello").settled().asksForHuman().settled()
	s.agent(ann, "done").settled()
	s.happens(Event{Kind: HandedBack}).settled()
	s.customer("and now?")
	task, _ := s.Take(BotSide)
	var texts []string
	for _, l := range task.Transcript {
		if l.Role != RoleNotice {
			texts = append(texts, string(l.Role)+": "+l.Text)
		}
	}
	require.Equal(t, []string{"agent: done"}, texts)
}

func TestAnAgentHandsBackToTheBotAtANode(t *testing.T) {
	s := tell(t, hosted()).asksForHuman().settled().takes(ann).settled()
	s.happens(Event{Kind: HandedBack, Node: "menu"}).is(InBot, ByAgent)
	s.decided("close_ticket", "say <back_to_bot>", "resume_bot at menu").due("bot_idle+24h")
	s.settled().ticketsAre("T1 closed")
}

func TestAHandBackOnARouteWithoutABotEndsTheConversation(t *testing.T) {
	s := tell(t, botless()).customer("hello").settled().takes(ann).settled()
	s.happens(Event{Kind: HandedBack}).is(Ended, ByAgent).decided("close_ticket", "say <ended>")
}

func TestTheHostedBotIsPausedOnceAndResumedOnce(t *testing.T) {
	s := tell(t, hosted()).asksForHuman().settled()
	s.takes(ann).decided("say <assigned>").takes(bob).decided("say <assigned>").settled()
	s.happens(Event{Kind: CommandEnd}).decided("close_ticket", "say <ended>", "resume_bot without launch").settled()
	require.False(t, s.Paused)
}

func TestACustomerWhoLeavesEndsItWithoutAWord(t *testing.T) {
	s := tell(t, hosted()).asksForHuman().settled().takes(ann).settled()
	s.happens(Event{Kind: CustomerLeft}).is(Ended, CustomerGone).decided("close_ticket by customer", "resume_bot without launch")
	s.happens(Event{Kind: CustomerLeft}).is(Ended, CustomerGone).decided()
}

func TestACustomerWhoWritesWhileItLingersIsTakenBack(t *testing.T) {
	for name, test := range map[string]struct {
		reopen Choice
		words  string
		state  State
		reason Reason
		effect string
	}{
		"by the bot":                    {ToBot, "hello again", InBot, CustomerBack, `ask_bot "hello again"`},
		"by the queue":                  {ToQueue, "hello again", Waiting, CustomerBack, "open_ticket group support"},
		"by the same agent":             {SameAgent, "hello again", Waiting, CustomerBack, "open_ticket agent ann group support"},
		"by a human, if asked for one":  {ToBot, "human", Waiting, ByCustomer, "open_ticket group support"},
		"by the bot, if nothing is set": {"", "hello again", InBot, CustomerBack, `ask_bot "hello again"`},
	} {
		t.Run(name, func(t *testing.T) {
			r := called()
			r.Policy.Reopen = test.reopen
			s := tell(t, r).asksForHuman().settled().agent(ann, "bye").settled()
			s.happens(Event{Kind: CommandEnd}).settled()
			s.customer(test.words).is(test.state, test.reason)
			require.Contains(t, inWords(s.last), test.effect)
		})
	}
}

func TestANewTicketIsLinkedToTheOneBefore(t *testing.T) {
	s := tell(t, hosted()).customer("human").settled()
	s.happens(Event{Kind: CommandEnd}).settled()
	s.customer("human").ticketsAre("T1 closed", "opening")
	task, _ := s.Take(DeskSide)
	require.Equal(t, &Ticket{ID: "T1"}, task.Previous)
}

func TestAnEndedConversationIsOverWhenItHasLingeredAndNothingIsPending(t *testing.T) {
	s := tell(t, hosted()).asksForHuman().settled()
	s.happens(Event{Kind: CommandEnd})
	s.passes(LingerUntil)
	require.False(t, s.Over(), "the customer has not been told yet")
	s.settled()
	require.True(t, s.Over())
}

func TestNothingIsSaidEarlyWhereSayingSomethingSilencesTheBot(t *testing.T) {
	for name, test := range map[string]struct {
		texts   map[TextName]string
		effects []string
	}{
		"by default nothing":          {nil, []string{"open_ticket group support"}},
		"an explicit text, and pause": {map[TextName]string{TextWaiting: "wait"}, []string{"pause_bot", "say <wait>", "open_ticket group support"}},
		"an empty text is not said":   {map[TextName]string{TextWaiting: ""}, []string{"open_ticket group support"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := silencing()
			r.Policy.Texts = test.texts
			s := tell(t, r).asksForHuman().decided(test.effects...).settled()
			s.passes(WaitUntil).is(InBot, WaitedTooLong)
			require.Contains(t, inWords(s.last), "resume_bot", "the flow may have stopped where it asked for a human")
			require.False(t, s.Paused)
		})
	}
}

func TestWhereSayingSomethingSilencesTheBotItIsPausedBeforeAnAgentSpeaksAndResumedInTheEnd(t *testing.T) {
	s := tell(t, silencing()).asksForHuman().settled()
	s.agent(ann, "hi").decided("pause_bot", "say <assigned>", `say ann: "hi"`).settled()
	s.waits(time.Hour).is(Ended, CustomerSilent)
	require.False(t, s.Paused)
}

func TestACustomerWhoWaitedInVainIsToldSoAndNotLeftWithAMuteBot(t *testing.T) {
	r := silencing()
	r.Policy.OnExhausted = ToEnd
	s := tell(t, r).asksForHuman().settled()
	s.passes(WaitUntil).is(Ended, WaitedTooLong).decided("close_ticket", "pause_bot", "say <nobody_end>", "resume_bot without launch")
}

func TestTextsCanBeReplacedAndLeftOut(t *testing.T) {
	r := hosted()
	r.Policy.Texts = map[TextName]string{TextWaiting: "", TextAssigned: "Here is {agent}!"}
	s := tell(t, r).asksForHuman().decided("pause_bot", "open_ticket group support").settled()
	s.takes(ann).decided("say <Here is Ann!>")
	s.happens(Event{Kind: AgentAssigned, Agent: "u7"}).decided("say <Here is our team!>")
}

func TestWhatIsLearnedAboutTheCustomerAndTheChannelIsKept(t *testing.T) {
	s := tell(t, hosted())
	s.happens(Event{Kind: CustomerSaid, Ref: "r1", Customer: Customer{Name: "Eve", Fields: map[string]string{"order": "1"}}, Vendor: map[string]string{"bot": "b1"}})
	s.happens(Event{Kind: HandoffRequested, Customer: Customer{Email: "e@x", Fields: map[string]string{"city": "Bonn"}}, Vendor: map[string]string{"node": "n1"}})
	require.Equal(t, Customer{Name: "Eve", Email: "e@x", Fields: map[string]string{"order": "1", "city": "Bonn"}}, s.Customer)
	require.Equal(t, map[string]string{"bot": "b1", "node": "n1"}, s.ChannelVendor)
	s.happens(Event{Kind: AgentNoted, Ref: "T7", Vendor: map[string]string{"thread": "5"}})
	require.Equal(t, "r1", s.Ref, "the desk does not rename the customer's side")
	require.Equal(t, map[string]string{"thread": "5"}, s.Tickets[0].Ticket.Vendor)
}

func TestAHostedBotIsToldWhatWasSaidWithoutIt(t *testing.T) {
	var told []string
	s := tell(t, hosted()).customer("one").asksForHuman()
	s.settled().agent(Author{ID: "ann"}, "two").customer("three").settled()
	s.happens(Event{Kind: HandedBack})
	for len(told) == 0 {
		task, ok := s.Take(ChannelSide)
		require.True(t, ok)
		for _, l := range task.Transcript {
			told = append(told, l.Text)
		}
		for _, e := range task.Effects {
			s.comesOf(s.success(e))
		}
	}
	require.Subset(t, told, []string{"two", "three"})
	require.NotContains(t, told, "one")
}
