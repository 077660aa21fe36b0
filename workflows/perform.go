package workflows

import (
	"errors"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/handoff-engine/handoff/activities"
	"github.com/handoff-engine/handoff/conversation"
)

const (
	// attemptTimeout bounds one vendor call with its look-ups and its answer.
	attemptTimeout = 45 * time.Second
	// heartbeatTimeout is how soon a dead worker is noticed. Calls that are quick send no heartbeat.
	heartbeatTimeout = 10 * time.Second
	// sendWithin is how long a send may be tried through the vendor's outage.
	sendWithin = 24 * time.Hour
	// answerWithin is how long a bot may take to answer before a human is asked instead.
	answerWithin = 30 * time.Second
	// catchUpWithin bounds the last look at the desk before a conversation ends.
	catchUpWithin = 15 * time.Second
	// mirrorWithin bounds showing agents what the bot does, and courtesyWithin what is of no use later: the desk has more
	// important things to take.
	mirrorWithin   = 2 * time.Minute
	courtesyWithin = 30 * time.Second
	// firstRetry and lastRetry bound the pauses between attempts.
	firstRetry = time.Second
	lastRetry  = time.Minute
	// lastRetryOfBot keeps the pauses short while a bot's time runs: with growing ones half of it would be the last pause.
	lastRetryOfBot = 5 * time.Second
)

// flight is a task under way.
type flight struct {
	first  conversation.Effect
	cancel workflow.CancelFunc
	// takenBack is set when the run ends before the task does.
	takenBack bool
}

// lane performs one side's effects strictly in order, and applies what came of them.
func (r *runner) lane(ctx workflow.Context, side conversation.Side) {
	doubts := 0
	for {
		err := workflow.Await(ctx, func() bool { return r.c.HasWork(side) && !r.leaving })
		if err != nil {
			return
		}
		task, ok := r.c.Take(side)
		if !ok {
			r.woken = true
			continue
		}
		flying, cancel := workflow.WithCancel(ctx)
		r.flights[index(side)] = &flight{first: task.Effects[0], cancel: cancel}
		outcomes, wait := r.perform(flying, task)
		r.flights[index(side)] = nil
		cancel()
		settled := false
		for _, ev := range outcomes {
			r.apply(ctx, ev)
			settled = settled || ev.Kind != conversation.EffectDoubted
		}
		r.woken = true
		if settled {
			doubts = 0
			continue
		}
		// Nothing came of it yet: it will be taken again, after a pause.
		doubts++
		if workflow.Sleep(ctx, max(wait, pause(doubts))) != nil {
			return
		}
	}
}

// pause is how long to wait after the n-th time without an outcome.
func pause(n int) time.Duration {
	d := firstRetry
	for ; n > 1 && d < lastRetry; n-- {
		d *= 2
	}
	return min(d, lastRetry)
}

func index(side conversation.Side) int {
	for i, s := range conversation.Sides() {
		if s == side {
			return i
		}
	}
	return 0
}

// perform has an activity do the task, and gives what came of it as events, and how long the vendor asked to be left
// alone if nothing came of it.
func (r *runner) perform(ctx workflow.Context, task conversation.Task) ([]conversation.Event, time.Duration) {
	first := task.Effects[0]
	options := workflow.ActivityOptions{
		TaskQueue:              r.c.Route.Queue(task.Connection),
		StartToCloseTimeout:    attemptTimeout * time.Duration(len(task.Effects)),
		ScheduleToCloseTimeout: sendWithin,
		HeartbeatTimeout:       heartbeatTimeout,
		WaitForCancellation:    true,
		Summary:                summary(task),
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: firstRetry, BackoffCoefficient: 2, MaximumInterval: lastRetry,
		},
	}
	once := (first.Kind == conversation.Say || first.Kind == conversation.Post) && r.c.Route.Once(task.Connection)
	if once {
		// A repeat could not be told from the first: each attempt is an activity of its own, so that what is known of
		// the attempt before is not lost.
		options.RetryPolicy.MaximumAttempts = 1
	}
	activity := activityFor(first, &options)
	started := workflow.Now(ctx)
	var outcomes []conversation.Event
	err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, options), activity, task).Get(ctx, &outcomes)
	switch {
	case err == nil:
		return outcomes, 0
	case ctx.Err() != nil && !once && !final(err):
		return r.interrupted(task, err, started), 0
	}
	return failure(task, err, once, started)
}

// activityFor chooses the activity of an effect, and changes the options where it has limits of its own.
func activityFor(first conversation.Effect, options *workflow.ActivityOptions) any {
	var a *activities.Activities
	switch first.Kind {
	case conversation.Say:
		return a.Say
	case conversation.PauseBot:
		return a.PauseBot
	case conversation.ResumeBot:
		// The customer must not be left with a mute bot: tried for as long as it takes.
		options.ScheduleToCloseTimeout = 0
		return a.ResumeBot
	case conversation.Notify:
		return a.Notify
	case conversation.AskBot:
		options.ScheduleToCloseTimeout, options.RetryPolicy.MaximumInterval = answerWithin, lastRetryOfBot
		return a.AskBot
	case conversation.PrepareTicket:
		bound(options, first)
		return a.PrepareTicket
	case conversation.EditSaid, conversation.EditPosted:
		return a.Edit
	case conversation.AskRating:
		return a.AskRating
	case conversation.Mirror:
		options.ScheduleToCloseTimeout = mirrorWithin
		return a.Mirror
	case conversation.UpdateTicket:
		options.ScheduleToCloseTimeout = courtesyWithin
		return a.UpdateTicket
	case conversation.ReadQueue:
		options.ScheduleToCloseTimeout = courtesyWithin
		return a.ReadQueue
	case conversation.ReportRating:
		return a.ReportRating
	case conversation.OpenTicket:
		bound(options, first)
		return a.OpenTicket
	case conversation.Post:
		return a.Post
	case conversation.Note:
		return a.Note
	case conversation.Assign:
		return a.Assign
	case conversation.CatchUp:
		options.ScheduleToCloseTimeout = catchUpWithin
		return a.CatchUp
	case conversation.CloseTicket:
		return a.CloseTicket
	case conversation.FindTicket:
		return a.FindTicket
	}
	return nil
}

// bound has an effect that gives way to another be tried no longer than it says.
func bound(options *workflow.ActivityOptions, e conversation.Effect) {
	if e.Within > 0 {
		options.ScheduleToCloseTimeout = time.Duration(e.Within)
	}
}

// final reports whether the same call will fail again.
func final(err error) bool {
	var application *temporal.ApplicationError
	return errors.As(err, &application) && application.NonRetryable()
}

// interrupted says what becomes of a task that was cancelled on its way. A change of owner takes its effects back. The
// end of the run does not: they stay pending, and may have been sent by an attempt of which nothing is known.
func (r *runner) interrupted(task conversation.Task, err error, started time.Time) []conversation.Event {
	kind := conversation.EffectWithdrawn
	if f := r.flights[index(task.Effects[0].Side())]; f != nil && f.takenBack {
		kind = conversation.EffectDoubted
	}
	var application *temporal.ApplicationError
	var events []conversation.Event
	for i, e := range task.Effects {
		ev := conversation.Event{Kind: kind, Key: e.Key, At: started}
		said := e.Kind == conversation.Say && i == 0 && errors.As(err, &application) && activities.Unknown(conversation.Reason(application.Type()))
		if kind == conversation.EffectWithdrawn && said {
			ev.Kind, ev.Reason = conversation.EffectUncertain, conversation.OutcomeUnknown
		}
		events = append(events, ev)
	}
	return events
}

// failure says what an activity's error means for the effects of its task.
func failure(task conversation.Task, err error, once bool, started time.Time) ([]conversation.Event, time.Duration) {
	first := task.Effects[0].Key
	var application *temporal.ApplicationError
	var timeout *temporal.TimeoutError
	switch {
	case temporal.IsCanceledError(err):
		var events []conversation.Event
		for _, e := range task.Effects {
			events = append(events, conversation.Event{Kind: conversation.EffectWithdrawn, Key: e.Key})
		}
		return events, 0
	case errors.As(err, &application):
		reason := conversation.Reason(application.Type())
		if !once || application.NonRetryable() {
			return []conversation.Event{{Kind: conversation.EffectFailed, Key: first, Reason: reason}}, 0
		}
		if activities.Unknown(reason) {
			return unknown(task, started), 0
		}
		// Surely not sent: it stays pending and is taken again.
		return nil, application.NextRetryDelay()
	case errors.As(err, &timeout):
		if once && timeout.TimeoutType() != enumspb.TIMEOUT_TYPE_SCHEDULE_TO_START {
			return unknown(task, started), 0
		}
	}
	return []conversation.Event{{Kind: conversation.EffectFailed, Key: first, Reason: conversation.TimedOut}}, 0
}

// unknown marks a send of unknown outcome as the route's policy wants: held, or to be repeated and shown as such.
func unknown(task conversation.Task, started time.Time) []conversation.Event {
	kind := conversation.EffectDoubted
	if task.Hold {
		kind = conversation.EffectUncertain
	}
	return []conversation.Event{{Kind: kind, Key: task.Effects[0].Key, At: started, Reason: conversation.OutcomeUnknown}}
}
