package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

func TestABatchIsSentInOrder(t *testing.T) {
	v := &vendor{}
	a := with(v)
	events, err := do(t, a, a.Say, say("one", "two", "three"))
	require.NoError(t, err)
	require.Equal(t, []string{"deliver one", "deliver two", "deliver three"}, v.calls)
	require.Equal(t, []conversation.Event{
		{Kind: conversation.Delivered, Key: "k1", MessageID: "sent-one"},
		{Kind: conversation.Delivered, Key: "k2", MessageID: "sent-two"},
		{Kind: conversation.Delivered, Key: "k3", MessageID: "sent-three"},
	}, events)
}

// What follows must not overtake what could not be sent yet.
func TestABatchStopsAtTheFirstThatMayWorkLater(t *testing.T) {
	v := &vendor{traits: connector.Traits{Deliver: connector.ByKey}, answer: only(2, connector.RateLimited)}
	a := with(v)
	events, err := do(t, a, a.Say, say("one", "two", "three"))
	require.NoError(t, err)
	require.Equal(t, []string{"deliver one", "deliver two"}, v.calls)
	require.Equal(t, []conversation.Event{{Kind: conversation.Delivered, Key: "k1", MessageID: "sent-one"}}, events)
}

func TestABatchWhoseFirstMayWorkLaterIsTriedAgain(t *testing.T) {
	v := &vendor{traits: connector.Traits{Deliver: connector.ByKey}, answer: only(1, connector.Unavailable)}
	a := with(v)
	_, err := do(t, a, a.Say, say("one", "two"))
	require.Equal(t, string(connector.Unavailable), application(t, err).Type())
	events, err := retried(t, a, a.Say, say("one", "two"))
	require.NoError(t, err)
	require.Equal(t, []conversation.Kind{conversation.Delivered, conversation.Delivered}, kinds(events))
}

func TestABatchMarksTheOneOfUnknownOutcome(t *testing.T) {
	v := &vendor{traits: connector.Traits{Deliver: connector.ByKey}, answer: only(2, connector.UncertainOutcome)}
	a := with(v)
	events, err := do(t, a, a.Say, say("one", "two", "three"))
	require.NoError(t, err)
	require.Equal(t, []conversation.Kind{conversation.Delivered, conversation.EffectDoubted}, kinds(events))
	require.Equal(t, conversation.Key("k2"), events[1].Key)
	require.False(t, events[1].At.IsZero(), "it is looked for since then")
}

func TestOneRefusedTextDoesNotHoldUpTheOthers(t *testing.T) {
	v := &vendor{answer: only(2, connector.Invalid)}
	a := with(v)
	events, err := do(t, a, a.Say, say("one", "two", "three"))
	require.NoError(t, err)
	require.Equal(t, []conversation.Kind{conversation.Delivered, conversation.EffectFailed, conversation.Delivered}, kinds(events))
	require.Equal(t, conversation.Reason(connector.Invalid), events[1].Reason)
}

// only lets the n-th call fail.
func only(n int, kind connector.Kind) func(int) error {
	return func(call int) error {
		if call == n {
			return trouble(kind)
		}
		return nil
	}
}

func TestASecondAttemptLooksBeforeItSends(t *testing.T) {
	f := &finder{vendor: &vendor{traits: connector.Traits{Deliver: connector.ByLookup}, answer: only(1, connector.UncertainOutcome)}}
	f.sent = map[string]bool{"k1": true}
	a := with(f)
	events, err := retried(t, a, a.Say, say("hello"))
	require.NoError(t, err)
	require.Equal(t, []string{"deliver hello", "find hello"}, f.calls, "it was there: it is not sent again")
	require.Equal(t, []conversation.Event{{Kind: conversation.Delivered, Key: "k1", MessageID: "m-k1"}}, events, "it can be changed later")
	require.Equal(t, []string{"shop say uncertain", "shop say found"}, counted(a))
	require.Equal(t, "1", f.asked[0].To)
	require.False(t, f.asked[0].Since.IsZero())
}

func TestASecondAttemptSendsWhatIsNotThere(t *testing.T) {
	f := &finder{vendor: &vendor{traits: connector.Traits{Deliver: connector.ByLookup}, answer: only(1, connector.UncertainOutcome)}}
	a := with(f)
	events, err := retried(t, a, a.Say, say("hello"))
	require.NoError(t, err)
	require.Equal(t, []string{"deliver hello", "find hello", "deliver hello"}, f.calls)
	require.False(t, events[0].Retried, "it is there once")
}

func TestADoubtfulSendIsLookedForSinceItsFirstTry(t *testing.T) {
	f := &finder{vendor: &vendor{traits: connector.Traits{Deliver: connector.ByLookup}}}
	a := with(f)
	task := say("hello")
	task.Effects[0].Doubtful, task.Effects[0].TriedAt = true, monday
	_, err := do(t, a, a.Say, task)
	require.NoError(t, err)
	require.Equal(t, monday, f.asked[0].Since.UTC())
}

func TestEqualTextsAreCountedWhenTheyAreLookedFor(t *testing.T) {
	f := &finder{vendor: &vendor{traits: connector.Traits{Deliver: connector.ByLookup}}, sent: map[string]bool{"k1": true}}
	a := with(f)
	task := say("yes", "yes", "no")
	for i := range task.Effects {
		task.Effects[i].Doubtful = true
	}
	_, err := do(t, a, a.Say, task)
	require.NoError(t, err)
	var skips []int
	for _, req := range f.asked {
		skips = append(skips, req.Skip)
	}
	require.Equal(t, []int{0, 1, 0}, skips, "the first yes is not the second")
}

func TestALookThatFailsSendsNothing(t *testing.T) {
	f := &finder{vendor: &vendor{traits: connector.Traits{Deliver: connector.ByLookup}}, err: trouble(connector.Unavailable)}
	a := with(f)
	task := say("hello")
	task.Effects[0].Doubtful = true
	_, err := do(t, a, a.Say, task)
	require.Equal(t, string(connector.Unavailable), application(t, err).Type())
	require.Equal(t, []string{"find hello"}, f.calls)
}

func TestWhereNothingCanBeProvenARepeatIsMarked(t *testing.T) {
	v := &vendor{}
	a := with(v)
	task := say("hello")
	task.Effects[0].Doubtful = true
	events, err := do(t, a, a.Say, task)
	require.NoError(t, err)
	require.Equal(t, []conversation.Event{{Kind: conversation.Delivered, Key: "k1", MessageID: "sent-hello", Retried: true}}, events)
	require.Equal(t, []string{"shop say repeated"}, counted(a))
}

func TestWhereNothingCanBeProvenARepeatIsHeldIfThePolicyWantsIt(t *testing.T) {
	v := &vendor{}
	a := with(v)
	task := say("hello")
	task.Hold, task.Effects[0].Doubtful = true, true
	events, err := do(t, a, a.Say, task)
	require.NoError(t, err)
	require.Empty(t, v.calls)
	require.Equal(t, []conversation.Event{{Kind: conversation.EffectUncertain, Key: "k1", Reason: conversation.OutcomeUnknown}}, events)
}

func TestARepeatUnderTheSameKeyIsNoRepeat(t *testing.T) {
	v := &vendor{traits: connector.Traits{Deliver: connector.ByKey}}
	a := with(v)
	task := say("hello")
	task.Hold, task.Effects[0].Doubtful = true, true
	events, err := do(t, a, a.Say, task)
	require.NoError(t, err)
	require.Equal(t, []string{"deliver hello"}, v.calls)
	require.False(t, events[0].Retried)
}

func TestTheDesksPromiseCountsAtTheDesk(t *testing.T) {
	v := &vendor{traits: connector.Traits{Deliver: connector.ByKey, Post: connector.AtLeastOnce}}
	a := with(v)
	task := at(conversation.Post)
	task.Hold, task.Effects[0].Doubtful = true, true
	events, err := do(t, a, a.Post, task)
	require.NoError(t, err)
	require.Equal(t, []conversation.Kind{conversation.EffectUncertain}, kinds(events))
	require.Empty(t, v.calls)
}

func TestPostsGoToTheTicket(t *testing.T) {
	v := &vendor{}
	a := with(v)
	_, err := do(t, a, a.Post, at(conversation.Post))
	require.NoError(t, err)
	require.Equal(t, []string{"post hello to T1"}, v.calls)
}
