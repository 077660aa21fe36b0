package conversation_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	. "github.com/handoff-engine/handoff/conversation" //nolint:revive // the stories are to be read as prose
)

// mirroring is a route whose desk shows agents what the bot does.
func mirroring() Route {
	r := hosted()
	r.Desks[0].Can = append(r.Desks[0].Can, "mirror_ticket")
	r.Policy.Mirror = On
	return r
}

// dayAndNight is a route with another desk behind the first.
func dayAndNight() Route {
	r := hosted()
	r.Desks = append(r.Desks, Connection{Name: "night", Can: r.Desks[0].Can, Batch: true})
	return r
}

func TestAConversationOfTheFirstRulesIsDecidedByThemToItsEnd(t *testing.T) {
	s := tell(t, dayAndNight())
	s.Rules = RulesFirst
	s.asksForHuman().settled().takes(ann).settled()
	s.happens(Event{Kind: AgentOffline, Agent: "ann"}).is(Reassigning, AgentAway)
	s.waits(10 * time.Minute).ticketsAre("T1 open")
}

func TestWhoDidNotSayItsRulesIsOfTheFirst(t *testing.T) {
	c := Conversation{ID: "chat:1", Route: hosted().WithDefaults(), State: InBot}
	c.Begin(noon(), "e1")
	require.Equal(t, RulesFirst, c.Rules)
	fresh := New("chat:1", hosted())
	fresh.Begin(noon(), "e1")
	require.Equal(t, CurrentRules, fresh.Rules)
}

func TestTheMirroredTicketBecomesTheOneAskedFor(t *testing.T) {
	s := tell(t, mirroring()).customer("hello").decided("mirror").settled().ticketsAre("T1 mirrored")
	s.customer("and").settled()
	s.customer("then").asksForHuman()
	task, ok := s.Take(DeskSide)
	require.True(t, ok)
	require.Equal(t, Mirror, task.Effects[0].Kind)
	require.Equal(t, []string{"then"}, linesOf(task), "what the ticket shows is not shown again")
	s.settled().ticketsAre("T1 open")
}

func linesOf(task Task) []string {
	var texts []string
	for _, l := range task.Transcript {
		texts = append(texts, l.Text)
	}
	return texts
}

func TestAMirrorThatFailsHoldsNothingUp(t *testing.T) {
	s := tell(t, mirroring()).customer("hello").fails(Mirror, "unauthenticated").ticketsAre("failed").troubled("failed unauthenticated: mirror")
	s.asksForHuman().settled().ticketsAre("failed", "T1 open")
}

func TestAMirroredTicketIsClosedWithTheConversation(t *testing.T) {
	s := tell(t, mirroring()).customer("hello")
	s.happens(Event{Kind: CustomerLeft}).is(Ended, CustomerGone).ticketsAre("closing")
	s.succeeds(Mirror).decided("close_ticket").settled().ticketsAre("T1 closed")
	require.Zero(t, s.Pending())
}

func TestATicketThatAnAgentOpensReplacesTheMirroredOne(t *testing.T) {
	s := tell(t, mirroring()).customer("hello").settled()
	s.happens(Event{Kind: AgentSaid, Author: bob, Text: "hi", TicketID: "X", Ticket: &Ticket{ID: "X"}}).is(Assigned, AgentSpoke)
	s.settled().ticketsAre("T1 closed", "X open")
}

func TestWordsForADeskThatWasLeftGoAlongToTheNext(t *testing.T) {
	s := tell(t, dayAndNight()).asksForHuman().settled().customer("are you there?")
	s.passes(AcceptBy).decided("close_ticket at the desk that was left", "open_ticket")
	task, ok := s.Take(DeskSide)
	require.True(t, ok)
	require.Equal(t, []Key{s.last[1].Key}, []Key{task.Effects[0].Key}, "what cannot be posted any more does not hold up the next desk")
	require.Contains(t, linesOf(task), "are you there?")
	s.troubled(`withheld moved_to_another_desk: post "are you there?"`)
	s.settled().ticketsAre("T1 closed", "T2 open")
}

func TestEachDeskIsTriedOnce(t *testing.T) {
	s := tell(t, dayAndNight()).asksForHuman().settled().passes(AcceptBy).settled().ticketsAre("T1 closed", "T2 open")
	s.waits(10*time.Minute).ticketsAre("T1 closed", "T2 open").is(Reassigning, AcceptTimeout)
	s.passes(WaitUntil).is(InBot, WaitedTooLong)
	// The next handoff begins with the first desk again.
	s.settled().asksForHuman().settled()
	require.Equal(t, "desk", s.Tickets[2].Desk)
}

func TestADeskThatIsDownGivesWayInTime(t *testing.T) {
	s := tell(t, dayAndNight()).asksForHuman().side(ChannelSide)
	require.Equal(t, Duration(30*time.Second), s.pending(OpenTicket).Within)
	s.fails(OpenTicket, TimedOut).decided("open_ticket")
	require.Zero(t, s.pending(OpenTicket).Within, "the last desk is tried for as long as it takes")
	s.settled().ticketsAre("failed", "T1 open")
}

func TestTheRouteFollowsWhatIsLearnt(t *testing.T) {
	german, gold, rest := hosted(), hosted(), hosted()
	german.Name, german.When = "german", &Selector{Language: "de"}
	gold.Name, gold.When = "gold", &Selector{Bot: "7", Fields: map[string]string{"plan": "gold"}}
	gold.Desks = []Connection{{Name: "vip", Can: gold.Desks[0].Can}}
	for _, x := range []struct {
		customer Customer
		vendor   map[string]string
		want     string
	}{
		{Customer{}, nil, "shop"},
		{Customer{Language: "de-AT"}, nil, "german"},
		{Customer{Language: "den"}, nil, "shop"},
		{Customer{Fields: map[string]string{"plan": "gold"}}, map[string]string{"bot_id": "7"}, "gold"},
		{Customer{Fields: map[string]string{"plan": "gold"}}, map[string]string{"bot_id": "8"}, "shop"},
	} {
		c := New("chat:42", german, gold, rest)
		c.Begin(noon(), "e1")
		s := &story{Conversation: &c, t: t, now: noon()}
		s.customer("hello")
		require.Equal(t, "shop", s.Route.Name)
		s.happens(Event{Kind: HandoffRequested, Customer: x.customer, Vendor: x.vendor}).settled()
		require.Equal(t, x.want, s.Route.Name, "%v", x)
		// A human has been asked for: what is learnt now comes too late.
		s.happens(Event{Kind: CustomerSaid, Text: "hallo", Customer: Customer{Language: "de"}})
		require.Equal(t, x.want, s.Route.Name)
	}
}

func TestAPolicyChangesForOneConversation(t *testing.T) {
	s := spoken(t, hosted()).customer("where is it?").due("agent_idle+5m")
	s.now = s.now.Add(time.Minute)
	change := func(p Policy) error {
		_, err := s.Command(s.now, Event{ID: strconv.Itoa(s.n), Kind: CommandPolicy, Policy: &p})
		s.n++
		return err
	}
	require.NoError(t, change(Policy{AgentIdle: Duration(7 * time.Minute), Ladder: []Rung{{Group: "night"}}, Texts: map[TextName]string{TextReassigning: "sorry"}}))
	s.due("agent_idle+6m")
	require.NoError(t, change(Policy{AgentIdle: Duration(time.Minute)}))
	s.due("agent_idle+0s").passes(AgentReplyBy).decided("say <sorry>", "assign group night")
	require.ErrorContains(t, change(Policy{OnClose: "nowhere"}), "on_close is one of")
	require.ErrorContains(t, change(Policy{MaxWait: -1}), "before now")
	_, err := s.Command(s.now, Event{ID: "none", Kind: CommandPolicy})
	require.ErrorContains(t, err, "needs the keys")
}

// Fifty customers wait, and leave in any order: no place that is told ever rises, and none is told twice.
func TestThePlaceInTheQueueNeverRises(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := hosted()
		r.Policy.WaitNotice = Duration(10 * time.Second)
		s := tell(t, r).asksForHuman().settled()
		told := 51
		for range rapid.IntRange(1, 50).Draw(rt, "notices") {
			s.passes(NoticeAt)
			s.comesOf(Event{Kind: QueueTold, Key: s.pending(ReadQueue).Key, Queue: Queue{Position: rapid.IntRange(0, 50).Draw(rt, "place")}})
			text := s.last[0].Text
			if place, ok := strings.CutPrefix(text, "You are number "); ok {
				n, err := strconv.Atoi(strings.TrimSuffix(place, " in the queue."))
				require.NoError(rt, err)
				require.Less(rt, n, told)
				told = n
			} else {
				require.Equal(rt, DefaultText(TextStillWaiting), text)
			}
			s.settled()
		}
	})
}

func TestWhatTheCustomerLeavesIsAnAddressOrWords(t *testing.T) {
	r := hosted()
	r.Policy.Hours, r.Policy.AskAddress = &Hours{Except: []Exception{{Date: "2025-03-05", Span: Span{From: 0, To: 60}}}}, true
	for text, want := range map[string]Customer{
		"write to (zoe@example.com), please": {Email: "zoe@example.com"},
		"+43 (0)660 1234567":                 {Phone: "+43 (0)660 1234567"},
		"my order is 4711":                   {},
		"it costs @ 5.00":                    {},
		"12":                                 {},
	} {
		s := tell(t, r.At(noon())).asksForHuman().settled().customer(text)
		require.Equal(t, want, Customer{Email: s.Customer.Email, Phone: s.Customer.Phone}, text)
	}
}

func TestANoteThatBecomesPublicIsSaidAndOneThatBecomesPrivateIsToldOf(t *testing.T) {
	s := spoken(t, hosted())
	s.happens(Event{Kind: AgentNoted, Author: ann, MessageID: "n1"}).decided()
	s.happens(Event{Kind: AgentEdited, Author: ann, Target: "n1", Text: "it is on its way"}).decided(`say ann: "it is on its way"`)
	s.happens(Event{Kind: AgentEdited, Author: ann, Target: "n1", Text: "it is here"}).decided(`say ann: "Correction: it is here"`)
	s.happens(Event{Kind: AgentNoted, Author: ann, Target: "n1"}).decided(`note "The customer has the message that was made a note of."`)
}

func TestWhoClaimsWhatAnotherHasGetsNothing(t *testing.T) {
	s := waiting(t, hosted())
	claim := func(a Author) *story {
		return s.happens(Event{Kind: AgentAssigned, At: s.now, Agent: a.ID, Author: a, Reason: Claimed})
	}
	claim(ann).is(Assigned, AgentTook)
	claim(bob).is(Assigned, AgentTook).decided(`note "Somebody else was faster: the conversation is taken."`)
	require.Equal(t, ann, s.Agent)
	s.takes(bob)
	require.Equal(t, bob, s.Agent)
}

func TestADeskIsAskedOnceMoreBeforeAnAgentWhoWentAwayLosesTheCustomer(t *testing.T) {
	away := func() *story {
		s := spoken(t, hosted())
		return s.happens(Event{Kind: AgentOffline, Agent: "ann"}).passes(AgentBackBy).decided("catch_up").is(Assigned, AgentTook)
	}
	caught := func(s *story, missed ...Event) *story {
		return s.comesOf(Event{Kind: CaughtUp, Key: s.pending(CatchUp).Key, Missed: missed})
	}
	caught(away(), Event{ID: "on", Source: "desk", Kind: AgentOnline, Agent: "ann", TicketID: "T1"}).is(Assigned, AgentTook).due("customer_idle+29m30s", "customer_idle_warning+24m30s")
	caught(away()).is(Reassigning, AgentAway)
	away().fails(CatchUp, TimedOut).is(Assigned, AgentTook).passes(AgentBackBy).is(Reassigning, AgentAway)
	s := away()
	require.Equal(t, []Event{{Kind: AgentOnline, Agent: "ann"}}, s.Missing([]Event{{Kind: AgentOnline, Agent: "ann"}}))
	require.Empty(t, spoken(t, hosted()).Missing([]Event{{Kind: AgentOnline, Agent: "ann"}}), "who was not away is not back")
}

// Each of the five deadlines has three outcomes: what it waits for comes in time, it passes, and it passes at its instant
// although the conversation was written down and read again meanwhile.
func TestFiveDeadlinesWithThreeOutcomes(t *testing.T) {
	for _, x := range []struct {
		name  DeadlineName
		begin func(s *story)
		// met is what clears the deadline, and state and why what follows if it passes.
		met   func(s *story)
		state State
		why   Reason
	}{
		{AcceptBy, func(s *story) { s.asksForHuman().settled() }, func(s *story) { s.takes(ann) }, Reassigning, AcceptTimeout},
		{FirstReplyBy, func(s *story) { s.asksForHuman().settled().takes(ann).settled() }, func(s *story) { s.agent(ann, "hi") }, Reassigning, FirstReplyLate},
		{AgentReplyBy, func(s *story) { s.asksForHuman().settled().agent(ann, "hi").customer("and?").settled() }, func(s *story) { s.agent(ann, "so") }, Reassigning, AgentSilent},
		{CustomerBy, func(s *story) { s.asksForHuman().settled().agent(ann, "hi").settled() }, func(s *story) { s.customer("yes") }, Ended, CustomerSilent},
		{WaitUntil, func(s *story) { s.asksForHuman().settled() }, func(s *story) { s.takes(ann) }, InBot, WaitedTooLong},
	} {
		t.Run(string(x.name), func(t *testing.T) {
			runs := func(s *story) (at time.Time) {
				for _, d := range s.Deadlines {
					if d.Name == x.name {
						at = d.At
					}
				}
				return at
			}
			met, passed, reread := tell(t, hosted()), tell(t, hosted()), tell(t, hosted())
			for _, s := range []*story{met, passed, reread} {
				x.begin(s)
				require.False(t, runs(s).IsZero())
			}
			x.met(met)
			require.True(t, runs(met).IsZero())
			passed.passes(x.name).is(x.state, x.why)
			due := runs(reread)
			reread.now = reread.now.Add(time.Second)
			reread.reread()
			require.Equal(t, due, runs(reread))
			reread.passes(x.name).is(x.state, x.why)
			require.Equal(t, passed.now, reread.now)
		})
	}
}

// The twentieth handoff of a conversation is like the first: every deadline comes again, and every rung.
func TestTwentyHandoffsInOneConversation(t *testing.T) {
	s := tell(t, withLadder(hosted(), Rung{Agent: "bob"}, Rung{Group: "seniors"}))
	handoff := func() []string {
		var happened []string
		step := func(s *story) *story {
			happened = append(happened, append(inWords(s.last), string(s.State)+" "+string(s.Reason))...)
			return s.settled()
		}
		step(s.asksForHuman())
		step(s.passes(AcceptBy))
		step(s.takes(ann))
		step(s.passes(FirstReplyBy))
		step(s.takes(bob))
		step(s.agent(bob, "hi"))
		step(s.customer("and?"))
		step(s.passes(AgentReplyBy))
		step(s.agent(ann, "I am here"))
		step(s.passes(CustomerWarnAt))
		step(s.happens(Event{Kind: HandedBack}))
		return happened
	}
	first := handoff()
	for range 19 {
		s.now = s.now.Add(time.Hour)
		require.Equal(t, first, handoff())
	}
	require.Len(t, s.Tickets, 20)
}

func TestASurveyThatThePolicySilencesIsNotAsked(t *testing.T) {
	r := hosted()
	r.Channel.Can = append(r.Channel.Can, "survey")
	r.Policy.SurveyWithin = Duration(time.Hour)
	for text, asked := range map[string]bool{"How was it?": true, "": false} {
		r.Policy.Texts = map[TextName]string{TextSurvey: text}
		s := tell(t, r).asksForHuman().settled().agent(ann, "hello").settled()
		s.happens(Event{Kind: TicketClosed}).settled()
		require.Equal(t, asked, !s.RatableUntil.IsZero())
	}
}
