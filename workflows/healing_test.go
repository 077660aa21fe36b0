package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/handoff-engine/handoff/activities"
	"github.com/handoff-engine/handoff/workflows"
)

// looks runs Healing for a while and gives the instants at which it looked.
func looks(t *testing.T, stop time.Duration, heal func(n int) (activities.Healed, error), also func(env *testsuite.TestWorkflowEnvironment)) []time.Duration {
	t.Helper()
	env := environment(t)
	var at []time.Duration
	env.OnActivity("Heal", mock.Anything, "office").Return(func(context.Context, string) (activities.Healed, error) {
		at = append(at, env.Now().Sub(monday).Round(time.Second))
		return heal(len(at))
	})
	if also != nil {
		also(env)
	}
	env.RegisterDelayedCallback(env.CancelWorkflow, stop)
	env.ExecuteWorkflow(workflows.HealingType, workflows.HealingInput{Connection: "office"})
	require.True(t, env.IsWorkflowCompleted())
	require.True(t, temporal.IsCanceledError(env.GetWorkflowError()))
	return at
}

func TestHealingLooksEachMinuteWhileSomethingIsActive(t *testing.T) {
	at := looks(t, 270*time.Second, func(int) (activities.Healed, error) { return activities.Healed{Active: 3}, nil }, nil)
	require.Equal(t, []time.Duration{0, time.Minute, 2 * time.Minute, 3 * time.Minute, 4 * time.Minute}, at)
}

func TestHealingLooksSeldomWhileNothingIsActive(t *testing.T) {
	at := looks(t, 11*time.Minute, func(int) (activities.Healed, error) { return activities.Healed{}, nil }, nil)
	require.Equal(t, []time.Duration{0, 5 * time.Minute, 10 * time.Minute}, at)
}

func TestHealingLooksAtOnceWhenItIsWoken(t *testing.T) {
	at := looks(t, 8*time.Minute, func(int) (activities.Healed, error) { return activities.Healed{}, nil }, func(env *testsuite.TestWorkflowEnvironment) {
		env.RegisterDelayedCallback(func() { env.SignalWorkflow(workflows.SignalWake, nil) }, 2*time.Minute)
	})
	require.Equal(t, []time.Duration{0, 2 * time.Minute, 7 * time.Minute}, at)
}

func TestHealingThatIsWokenWhileItLooksLooksOnceMore(t *testing.T) {
	at := looks(t, 8*time.Minute, func(int) (activities.Healed, error) { return activities.Healed{}, nil }, func(env *testsuite.TestWorkflowEnvironment) {
		env.RegisterDelayedCallback(func() {
			for range 5 {
				env.SignalWorkflow(workflows.SignalWake, nil)
			}
		}, 2*time.Minute)
	})
	require.Equal(t, []time.Duration{0, 2 * time.Minute, 2 * time.Minute, 7 * time.Minute}, at)
}

func TestHealingGoesOnAfterTrouble(t *testing.T) {
	at := looks(t, 7*time.Minute, func(n int) (activities.Healed, error) {
		if n == 1 {
			return activities.Healed{}, temporal.NewNonRetryableApplicationError("office ListMessages: forbidden", "forbidden", nil)
		}
		return activities.Healed{}, nil
	}, nil)
	require.Equal(t, []time.Duration{0, 5 * time.Minute}, at)
}

func TestHealingContinuesAsNewWithWhatItWasToldToHeal(t *testing.T) {
	env := environment(t)
	env.OnActivity("Heal", mock.Anything, "office").Return(activities.Healed{Active: 1}, nil)
	env.RegisterDelayedCallback(func() { env.SetContinueAsNewSuggested(true) }, 90*time.Second)
	env.ExecuteWorkflow(workflows.HealingType, workflows.HealingInput{Connection: "office", Queue: "handoff-office"})
	var next *workflow.ContinueAsNewError
	require.ErrorAs(t, env.GetWorkflowError(), &next)
	require.Equal(t, 2*time.Minute, env.Now().Sub(monday).Round(time.Second))
}

func TestHealingBoundsItsRun(t *testing.T) {
	env := environment(t)
	n := 0
	env.OnActivity("Heal", mock.Anything, "office").Return(func(context.Context, string) (activities.Healed, error) {
		n++
		return activities.Healed{Active: 1}, nil
	})
	env.ExecuteWorkflow(workflows.HealingType, workflows.HealingInput{Connection: "office"})
	var next *workflow.ContinueAsNewError
	require.ErrorAs(t, env.GetWorkflowError(), &next)
	require.Equal(t, 200, n)
}
