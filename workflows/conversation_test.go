package workflows_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/workflows"
)

func TestOneTimerForManyMessages(t *testing.T) {
	r := newRig(t)
	for i := range 50 {
		r.at(time.Duration(i)*time.Minute, func() { r.tell(event(fmt.Sprint(i), conversation.CustomerSaid, "hello")) })
	}
	r.start(route())
	require.NoError(t, r.GetWorkflowError())
	// Each message moves the deadline of the silent bot; the timer is set anew only when it fires, and for the linger.
	require.Equal(t, []time.Duration{24 * time.Hour, 49 * time.Minute, time.Hour}, rounded(r.timers))
	require.Zero(t, r.cancelled)
}

func rounded(timers []time.Duration) []time.Duration {
	var all []time.Duration
	for _, d := range timers {
		all = append(all, d.Round(time.Second))
	}
	return all
}

func TestAnEarlierDeadlineMovesTheTimer(t *testing.T) {
	r := newRig(t)
	r.at(time.Minute, func() { r.tell(event("h", conversation.HandoffRequested, "")) })
	r.at(2*time.Minute, func() { r.CancelWorkflow() })
	r.start(route())
	require.Equal(t, []time.Duration{24 * time.Hour, 2 * time.Minute, 59 * time.Minute}, rounded(r.timers))
	require.Equal(t, 1, r.cancelled)
}

func TestDeadlinesAreMetToTheInstant(t *testing.T) {
	r := newRig(t)
	policy := route()
	policy.Policy = conversation.Policy{AcceptWithin: dur(7 * time.Minute), MaxWait: dur(20 * time.Minute)}
	r.at(time.Minute, func() { r.tell(event("h", conversation.HandoffRequested, "")) })
	r.start(policy)
	var states []string
	for _, tr := range r.view().History {
		states = append(states, fmt.Sprintf("%s at %s", tr.To, tr.At.Sub(monday).Round(time.Second)))
	}
	require.Equal(t, []string{"waiting at 1m0s", "timed-out-reassign at 8m0s", "bot at 21m0s", "ended at 24h21m0s"}, states)
}

func dur(d time.Duration) conversation.Duration { return conversation.Duration(d) }

func TestEventsThatArriveTogetherAreAppliedInTheirVendorsOrder(t *testing.T) {
	r := newRig(t)
	r.withAgent()
	r.at(2*time.Second, func() {
		three, one, two := event("3", conversation.AgentSaid, "three"), event("1", conversation.AgentSaid, "one"), event("2", conversation.AgentSaid, "two")
		one.Seq, two.Seq, three.Seq = 1, 2, 3
		r.tell(three, one, two)
	})
	r.start(route())
	require.Subset(t, r.said("Say"), []string{"one", "two", "three"})
	require.Contains(t, strings.Join(r.said("Say"), " "), "one two three")
}

func TestTheReorderWindowLetsOvertakenEventsComeFirst(t *testing.T) {
	r := newRig(t)
	late := route()
	late.Desks[0].ReorderWindow = dur(2 * time.Second)
	r.withAgent()
	r.at(5*time.Second, func() {
		two := event("2", conversation.AgentSaid, "two")
		two.Seq = 2
		r.tell(two)
	})
	r.at(6*time.Second, func() {
		one := event("1", conversation.AgentSaid, "one")
		one.Seq = 1
		r.tell(one)
	})
	r.start(late)
	require.Contains(t, strings.Join(r.said("Say"), " "), "one two")
}

func TestTextsThatPiledUpGoOutTogether(t *testing.T) {
	r := newRig(t)
	r.withAgent()
	r.at(9*time.Second, func() { r.slow["Say"] = 10 * time.Second })
	r.at(10*time.Second, func() { r.tell(event("1", conversation.AgentSaid, "one")) })
	r.at(12*time.Second, func() { r.tell(event("2", conversation.AgentSaid, "two")) })
	r.at(14*time.Second, func() {
		r.tell(event("3", conversation.AgentSaid, "three"), event("4", conversation.AgentSaid, "four"))
	})
	r.start(route())
	var tasks []string
	for _, task := range r.performed("Say") {
		var texts []string
		for _, e := range task.Effects {
			texts = append(texts, e.Text)
		}
		tasks = append(tasks, strings.Join(texts, "+"))
	}
	require.Contains(t, tasks, "one")
	require.Contains(t, tasks, "two+three+four")
}

func TestOneSideDoesNotWaitForTheOther(t *testing.T) {
	r := newRig(t)
	r.withAgent()
	r.at(9*time.Second, func() { r.slow["Say"] = time.Hour })
	r.at(10*time.Second, func() { r.tell(event("1", conversation.AgentSaid, "slow")) })
	r.at(11*time.Second, func() { r.tell(event("2", conversation.CustomerSaid, "quick")) })
	r.at(12*time.Second, func() { require.Contains(t, r.said("Post"), "quick") })
	r.start(route())
}

func TestABotThatIsStillAnsweringIsTakenBackWhenAHumanTakesOver(t *testing.T) {
	r := newRig(t)
	r.slow["AskBot"] = 20 * time.Second
	r.at(0, func() { r.tell(event("1", conversation.CustomerSaid, "how much?")) })
	r.at(5*time.Second, func() { r.command(conversation.Event{ID: "k", Kind: conversation.CommandHandoff}, "u1") })
	r.at(6*time.Second, func() { r.tell(event("a", conversation.AgentAssigned, "")) })
	r.at(7*time.Second, func() { r.tell(event("2", conversation.AgentSaid, "Five euros")) })
	r.at(8*time.Second, func() {
		require.Contains(t, r.said("Say"), "Five euros", "nobody waits for the bot")
		require.Equal(t, 1, r.view().Counts.Withheld)
	})
	r.at(time.Minute, func() { require.NotContains(t, r.said("Say"), "beep") })
	r.start(withBot())
	require.Zero(t, r.view().Counts.Failed)
}

func TestASilentBotIsReplacedByAHuman(t *testing.T) {
	r := newRig(t)
	r.play["AskBot"] = failing(1000, vendorError("unavailable", 20*time.Second))
	r.at(0, func() { r.tell(event("1", conversation.CustomerSaid, "hello")) })
	r.at(time.Minute, func() {
		v := r.view()
		require.Equal(t, conversation.Waiting, v.State)
		require.Equal(t, conversation.BotDown, v.Reason)
	})
	r.start(withBot())
}

func TestASendOfUnknownOutcomeIsHeldWhereARepeatDoesHarm(t *testing.T) {
	r := newRig(t)
	held := route()
	held.Channel.Batch = false
	held.Policy.OnUnknownSend = conversation.Hold
	r.withAgent()
	r.at(5*time.Second, func() {
		r.play["Say"] = failing(1, vendorError("uncertain", 0))
		r.tell(event("1", conversation.AgentSaid, "your refund is paid"))
	})
	r.at(time.Minute, func() {
		require.Equal(t, 1, count(r.said("Say"), "your refund is paid"))
		trouble := r.view().Trouble
		require.Len(t, trouble, 1)
		require.Equal(t, conversation.Uncertain, trouble[0].Status)
		require.Contains(t, r.said("Note"), "Your last message may not have reached the customer.")
		r.tell(event("2", conversation.AgentSaid, "anything else?"))
	})
	r.at(2*time.Minute, func() { require.Contains(t, r.said("Say"), "anything else?") })
	r.start(held)
}

func TestASendOfUnknownOutcomeIsRepeatedAsADoubtfulOne(t *testing.T) {
	r := newRig(t)
	repeated := route()
	repeated.Channel.Batch = false
	r.withAgent()
	r.at(5*time.Second, func() {
		r.play["Say"] = failing(1, vendorError("uncertain", 0))
		r.tell(event("1", conversation.AgentSaid, "hello"))
	})
	r.start(repeated)
	var tries []conversation.Effect
	for _, task := range r.performed("Say") {
		if task.Effects[0].Text == "hello" {
			tries = append(tries, task.Effects[0])
		}
	}
	require.Len(t, tries, 2)
	require.False(t, tries[0].Doubtful)
	require.True(t, tries[1].Doubtful)
	require.Equal(t, monday.Add(5*time.Second), tries[1].TriedAt.UTC(), "it is looked for since the first try")
	require.Equal(t, tries[0].Key, tries[1].Key)
}

func TestASendThatSurelyDidNotHappenIsSentAgainWhenTheVendorLikes(t *testing.T) {
	r := newRig(t)
	plain := route()
	plain.Channel.Batch = false
	r.withAgent()
	r.at(5*time.Second, func() {
		r.play["Say"] = failing(1, vendorError("rate_limited", 40*time.Second))
		r.tell(event("1", conversation.AgentSaid, "hello"))
	})
	r.at(44*time.Second, func() { require.Equal(t, 1, count(r.said("Say"), "hello")) })
	r.at(46*time.Second, func() { require.Equal(t, 2, count(r.said("Say"), "hello")) })
	r.start(plain)
	for _, task := range r.performed("Say") {
		require.False(t, task.Effects[0].Doubtful)
	}
}

func count(texts []string, text string) int {
	n := 0
	for _, s := range texts {
		if s == text {
			n++
		}
	}
	return n
}

func TestASendThatIsSafeToRepeatIsRetriedInOneActivity(t *testing.T) {
	r := newRig(t)
	var attempts []int32
	r.play["Say"] = func(ctx context.Context, task conversation.Task) ([]conversation.Event, error) {
		if task.Effects[0].Text != "hello" {
			return succeed(task), nil
		}
		attempts = append(attempts, attempt(ctx))
		if len(attempts) < 4 {
			return nil, vendorError("unavailable", 0)
		}
		return succeed(task), nil
	}
	r.withAgent()
	r.at(5*time.Second, func() { r.tell(event("1", conversation.AgentSaid, "hello")) })
	r.start(route())
	require.Equal(t, []int32{1, 2, 3, 4}, attempts)
}

func TestAConversationLingersAndCompletes(t *testing.T) {
	r := newRig(t)
	short := route()
	short.Policy.Linger = dur(3 * time.Hour)
	r.at(0, func() {
		r.tell(event("1", conversation.CustomerSaid, "bye"), event("2", conversation.CustomerLeft, ""))
	})
	r.at(2*time.Hour, func() {
		r.tell(event("1", conversation.CustomerSaid, "bye"))
		require.Equal(t, conversation.Ended, r.view().State)
	})
	r.start(short)
	require.NoError(t, r.GetWorkflowError())
	require.Equal(t, 3*time.Hour, r.Now().Sub(monday).Round(time.Second))
	require.Equal(t, 1, r.view().Counts.Duplicates)
}

func TestACustomerWhoReturnsWhileItLingersReopensIt(t *testing.T) {
	r := newRig(t)
	r.at(0, func() { r.tell(event("1", conversation.CustomerLeft, "")) })
	r.at(time.Minute, func() { r.tell(event("2", conversation.CustomerSaid, "one more thing")) })
	r.at(2*time.Minute, func() { require.Equal(t, conversation.InBot, r.view().State) })
	r.start(route())
	require.Equal(t, conversation.Ended, r.view().State)
}

func TestACancelledConversationEndsPolitely(t *testing.T) {
	r := newRig(t)
	r.withAgent()
	r.at(5*time.Second, func() { r.CancelWorkflow() })
	r.at(10*time.Second, func() {
		require.Equal(t, conversation.Ended, r.view().State)
		require.Contains(t, r.said("Say"), "This conversation has ended. Thank you.")
		require.Len(t, r.performed("CloseTicket"), 1)
		require.Len(t, r.performed("ResumeBot"), 1)
	})
	r.start(route())
	require.NoError(t, r.GetWorkflowError(), "it still remembers what it saw until the linger is over")
	require.Equal(t, time.Hour, r.Now().Sub(monday).Round(time.Minute))
}

func TestARefusedCommandLeavesNoTrace(t *testing.T) {
	r := newRig(t)
	var refused *answered
	var before, after conversation.View
	r.at(time.Second, func() {
		before = r.view()
		refused = r.command(conversation.Event{ID: "k", Kind: conversation.CommandHandBack}, "u1")
	})
	r.at(2*time.Second, func() { after = r.view() })
	r.start(route())
	require.False(t, refused.accepted)
	require.ErrorContains(t, refused.refused, "command_hand_back is not possible while the conversation is bot: no human has it")
	require.Equal(t, before, after)
}

func TestACommandIsAnsweredAfterItTookEffect(t *testing.T) {
	r := newRig(t)
	var done, again *answered
	r.at(time.Second, func() { done = r.command(conversation.Event{ID: "k", Kind: conversation.CommandHandoff}, "u1") })
	r.at(2*time.Second, func() { again = r.command(conversation.Event{ID: "k", Kind: conversation.CommandHandoff}, "u2") })
	r.start(route())
	require.NoError(t, done.failed)
	require.Equal(t, conversation.CommandOutcome{ID: "k", Kind: conversation.CommandHandoff, State: conversation.Waiting, Epoch: 1}, done.outcome)
	require.Equal(t, done.outcome, again.outcome, "the same idempotency key has the same answer")
	require.Len(t, r.performed("OpenTicket"), 1)
}

func TestQueriesTellWhatTheConversationDoesNotKnow(t *testing.T) {
	r := newRig(t)
	known, unknown := event("1", conversation.CustomerSaid, "hello"), event("2", conversation.CustomerSaid, "lost")
	r.at(0, func() { r.tell(known) })
	r.at(time.Second, func() {
		var missing []conversation.Event
		answer, err := r.QueryWorkflow(workflows.QueryMissing, []conversation.Event{known, unknown})
		require.NoError(t, err)
		require.NoError(t, answer.Get(&missing))
		require.Equal(t, []conversation.Event{unknown}, missing)
	})
	r.start(route())
}
