package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/workflows"
)

// next is a rig for the run that follows, an hour of downtime or not at all later.
func (r *rig) next(after time.Duration) *rig {
	n := newRig(r.t)
	n.SetStartTime(r.Now().Add(after))
	return n
}

func TestALongQuietRunContinuesAsNewWithItsDeadlines(t *testing.T) {
	r := newRig(t)
	r.withAgent()
	r.at(2*time.Second, func() { r.tell(event("1", conversation.AgentSaid, "hello")) })
	var before []conversation.Deadline
	r.at(time.Minute, func() {
		before = r.view().Deadlines
		r.SetCurrentHistoryLength(workflows.ContinueAfterEvents)
		r.tell(event("2", conversation.AgentAssigned, ""))
	})
	r.start(route())
	carried := r.carried()
	require.Equal(t, before, carried.Deadlines, "deadlines keep their instants")

	n := r.next(0)
	n.at(time.Second, func() {
		n.tell(event("1", conversation.AgentSaid, "hello"))
		require.Equal(t, before, n.view().Deadlines)
	})
	n.at(2*time.Second, func() {
		require.Equal(t, 1, n.view().Counts.Duplicates, "what was seen is remembered")
		require.Empty(t, n.said("Say"))
	})
	n.goOn(carried)
	var ended conversation.Transition
	for _, tr := range n.view().History {
		if tr.To == conversation.Ended {
			ended = tr
		}
	}
	require.Equal(t, conversation.CustomerSilent, ended.Reason)
	require.Equal(t, monday.Add(2*time.Second+30*time.Minute), ended.At.UTC().Round(time.Millisecond))
}

func TestTheServersSuggestionToContinueIsFollowedWhenQuiet(t *testing.T) {
	r := newRig(t)
	r.slow["Say"] = 10 * time.Second
	r.withAgent()
	r.at(2*time.Second, func() {
		r.SetContinueAsNewSuggested(true)
		r.tell(event("1", conversation.AgentSaid, "hello"))
	})
	r.at(5*time.Second, func() { require.False(t, r.IsWorkflowCompleted(), "a send is under way") })
	r.start(route())
	carried := r.carried()
	require.Zero(t, carried.Pending())
	require.Contains(t, r.said("Say"), "hello")
}

func TestARunThatIsNeverQuietCarriesItsOutbox(t *testing.T) {
	r := newRig(t)
	r.withAgent()
	r.at(5*time.Second, func() {
		r.SetCurrentHistoryLength(workflows.MustContinueAfterEvents)
		r.tell(event("1", conversation.AgentSaid, "one"), event("2", conversation.CustomerSaid, "two"))
	})
	r.start(route())
	carried := r.carried()
	require.Equal(t, 2, carried.Pending())
	require.NotContains(t, r.said("Say"), "one")

	n := r.next(time.Hour)
	n.at(time.Second, func() {
		require.Equal(t, []string{"one"}, n.said("Say")[:1])
		require.Equal(t, []string{"two"}, n.said("Post"))
	})
	n.goOn(carried)
}

func TestARunThatMustContinueWaitsForNoOutage(t *testing.T) {
	r := newRig(t)
	r.withAgent()
	r.at(5*time.Second, func() {
		r.play["Say"] = failing(1000, vendorError("unavailable", 0))
		r.tell(event("1", conversation.AgentSaid, "one"))
	})
	r.at(40*time.Second, func() {
		r.SetCurrentHistoryLength(workflows.MustContinueAfterEvents)
		r.tell(event("2", conversation.CustomerSaid, "two"))
	})
	r.start(route())
	carried := r.carried()
	require.Equal(t, 40*time.Second, r.Now().Sub(monday).Round(time.Second))
	require.Equal(t, 2, carried.Pending())
	require.Empty(t, carried.Trouble(), "what is taken back has not failed")

	n := r.next(0)
	n.goOn(carried)
	require.Equal(t, "one", n.said("Say")[0])
	require.True(t, n.performed("Say")[0].Effects[0].Doubtful, "nobody knows how far the last attempt came: it is looked for first")
	require.Equal(t, "two", n.said("Post")[0])
}

func TestNothingIsLostThatArrivesWhileTheRunLeaves(t *testing.T) {
	r := newRig(t)
	r.at(time.Second, func() {
		r.SetContinueAsNewSuggested(true)
		r.SetCurrentHistoryLength(workflows.MustContinueAfterEvents)
		var events []conversation.Event
		for i := range 100 {
			events = append(events, event(fmt.Sprint(i), conversation.CustomerSaid, fmt.Sprint("line ", i)))
		}
		r.tell(events...)
	})
	r.start(withBot())
	carried := r.carried()
	require.Equal(t, 100, carried.Counts.Received)
	require.Equal(t, 100, carried.Pending())

	n := r.next(0)
	n.goOn(carried)
	require.Len(t, n.performed("AskBot"), 100)
	require.Equal(t, "line 0", n.said("AskBot")[0])
	require.Equal(t, "line 99", n.said("AskBot")[99])
}

func TestACommandIsDoneOnceAlsoAcrossRuns(t *testing.T) {
	r := newRig(t)
	var first *answered
	r.at(time.Second, func() {
		r.SetContinueAsNewSuggested(true)
		first = r.command(conversation.Event{ID: "k", Kind: conversation.CommandHandoff}, "u1")
	})
	r.start(route())
	require.NoError(t, first.failed)
	carried := r.carried()

	n := r.next(0)
	var again *answered
	n.at(time.Second, func() {
		again = n.command(conversation.Event{ID: "k", Kind: conversation.CommandHandoff}, "u1")
	})
	n.at(2*time.Second, func() { require.Empty(t, n.performed("OpenTicket")) })
	n.goOn(carried)
	require.NoError(t, again.failed)
	require.NoError(t, again.refused)
	require.Equal(t, first.outcome, again.outcome)
}

func TestTheEngagementKeepsItsNameAcrossRuns(t *testing.T) {
	r := newRig(t)
	r.at(time.Second, func() {
		r.SetContinueAsNewSuggested(true)
		r.tell(event("h", conversation.HandoffRequested, ""))
	})
	r.start(route())
	carried := r.carried()
	require.Regexp(t, `^[a-z2-7]{8}$`, carried.Engagement)
	n := r.next(0)
	n.at(time.Second, func() { n.tell(event("a", conversation.AgentAssigned, "")) })
	n.goOn(carried)
	keys := map[conversation.Key]bool{}
	for _, one := range []*rig{r, n} {
		for _, name := range []string{"Say", "PauseBot", "OpenTicket", "CloseTicket", "ResumeBot"} {
			for _, task := range one.performed(name) {
				for _, e := range task.Effects {
					require.False(t, keys[e.Key], "a key names one effect")
					require.Contains(t, string(e.Key), "chat:1/"+carried.Engagement+"-")
					keys[e.Key] = true
				}
			}
		}
	}
	require.NotEmpty(t, keys)
}

// A continued run takes what is waiting before it may leave again, and does not continue for ever.
func TestAContinuedRunDoesNotContinueAtOnce(t *testing.T) {
	r := newRig(t)
	r.at(time.Second, func() {
		r.SetContinueAsNewSuggested(true)
		r.tell(event("1", conversation.CustomerSaid, "hello"))
	})
	r.start(route())
	n := r.next(0)
	n.at(time.Hour, func() { require.False(t, n.IsWorkflowCompleted()) })
	n.goOn(r.carried())
	require.NoError(t, n.GetWorkflowError())
}
