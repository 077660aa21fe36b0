package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/handoff-engine/handoff/activities"
	"github.com/handoff-engine/handoff/conversation"
)

// lateWithin is how long a late event looks for its conversation before it becomes a dead letter.
const lateWithin = time.Hour

// LateEvent keeps an event of a desk whose conversation was not found: the search had not seen the ticket yet, or the
// event overtook it. It looks again until the conversation is there, and passes the event on. After an hour it fails: a
// dead letter, to be found by its type and status in the web UI and retried there by a reset.
func LateEvent(ctx workflow.Context, arrival conversation.Arrival) error {
	workflow.SetCurrentDetails(ctx, "Looking for the conversation of a `"+string(arrival.Event.Kind)+"` event of **"+arrival.Connection+"**.")
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    10 * time.Second,
		ScheduleToCloseTimeout: lateWithin,
		Summary:                "find the conversation and pass the event on",
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: 500 * time.Millisecond, BackoffCoefficient: 1.5, MaximumInterval: time.Minute},
	})
	var a *activities.Activities
	return workflow.ExecuteActivity(ctx, a.PassOn, arrival).Get(ctx, nil)
}
