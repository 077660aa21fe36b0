package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/handoff-engine/handoff/activities"
)

const (
	// healEvery is the pause between looks while conversations are active, healSlowly while none is, and healAgain where
	// not all could be looked at.
	healEvery  = time.Minute
	healSlowly = 5 * time.Minute
	healAgain  = 10 * time.Second
	// healRounds bounds a run.
	healRounds = 200
)

// HealingInput names a connection and the task queue of its calls.
type HealingInput struct {
	Connection string `json:"connection"`
	// Queue is the connection's task queue; empty means the workflow's own.
	Queue string `json:"queue,omitempty"`
}

// Healing reads, for one connection, what the vendor holds of its active conversations, and passes on what no webhook
// told. It runs for ever, one for each connection that lists messages.
func Healing(ctx workflow.Context, in HealingInput) error {
	wake := workflow.GetSignalChannel(ctx, SignalWake)
	calls := workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              in.Queue,
		StartToCloseTimeout:    2 * time.Minute,
		ScheduleToCloseTimeout: 10 * time.Minute,
		HeartbeatTimeout:       30 * time.Second,
		Summary:                "read what " + in.Connection + " did not tell",
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: 5 * time.Second, MaximumInterval: time.Minute},
	})
	var a *activities.Activities
	for range healRounds {
		var healed activities.Healed
		if err := workflow.ExecuteActivity(calls, a.Heal, in.Connection).Get(ctx, &healed); err != nil {
			if temporal.IsCanceledError(err) {
				return err
			}
			workflow.GetLogger(ctx).Warn("healing failed, trying again later", "connection", in.Connection)
		}
		wait := healEvery
		switch {
		case healed.Failed > 0:
			wait = healAgain
		case healed.Active == 0:
			wait = healSlowly
		}
		if err := pauseOrWake(ctx, wake, wait); err != nil {
			return err
		}
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			break
		}
	}
	for wake.ReceiveAsync(nil) {
	}
	return workflow.NewContinueAsNewError(ctx, HealingType, in)
}

// pauseOrWake waits for d, or less if somebody wakes it.
func pauseOrWake(ctx workflow.Context, wake workflow.ReceiveChannel, d time.Duration) error {
	pausing, cancel := workflow.WithCancel(ctx)
	defer cancel()
	timer := workflow.NewTimerWithOptions(pausing, d, workflow.TimerOptions{Summary: "until the next look"})
	if err := workflow.Await(ctx, func() bool { return timer.IsReady() || wake.Len() > 0 }); err != nil {
		return err
	}
	for wake.ReceiveAsync(nil) {
	}
	return nil
}
