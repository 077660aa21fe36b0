package workflows

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/handoff-engine/handoff/conversation"
)

const (
	// A run continues as new once it is this long and quiet; the server may suggest it earlier.
	continueAfterEvents = 2_000
	// A run that is never quiet is made to continue at this length: sends under way are finished, the rest is carried.
	mustContinueAfterEvents = 8_000
)

// Conversation is the workflow: one execution chain for each conversation. Its argument is the whole state, made by the
// client for a new conversation and by the run before for a continued one.
func Conversation(ctx workflow.Context, c conversation.Conversation) error {
	if c.Engagement == "" {
		c.Begin(workflow.Now(ctx), engagement(workflow.GetInfo(ctx).FirstRunID))
	}
	// A cancelled conversation ends like one that an operator ends: the customer is told, the ticket is closed.
	alive, _ := workflow.NewDisconnectedContext(ctx)
	r := &runner{c: &c, signals: workflow.GetSignalChannel(alive, SignalEvent), shown: attributesOf(&c)}
	if err := r.answer(alive); err != nil {
		return err
	}
	for _, side := range conversation.Sides() {
		workflow.Go(alive, func(ctx workflow.Context) { r.lane(ctx, side) })
	}
	workflow.Go(alive, func(own workflow.Context) {
		ctx.Done().Receive(own, nil)
		r.cancelled, r.woken = true, true
	})
	for {
		r.woken = false
		r.takeSignals(alive)
		r.takeCancellation(alive)
		r.takeDeadlines(alive)
		r.show(alive)
		if r.mayLeave(alive) {
			if c.Over() {
				return nil
			}
			return workflow.NewContinueAsNewError(ctx, ConversationType, c)
		}
		r.arm(alive)
		err := workflow.Await(alive, func() bool {
			return r.woken || r.signals.Len() > 0 || r.timer != nil && r.timer.future.IsReady()
		})
		if err != nil {
			return err
		}
	}
}

// runner is one run's plumbing around the state.
type runner struct {
	c       *conversation.Conversation
	signals workflow.ReceiveChannel
	timer   *timer
	// shown is what the search attributes say.
	shown attributes
	// flights are the tasks under way, by side.
	flights [4]*flight
	// woken asks the main loop for another turn.
	woken bool
	// leaving stops the lanes from taking new tasks.
	leaving   bool
	cancelled bool
}

// timer is the one durable timer, set for the earliest deadline or an earlier one.
type timer struct {
	at     time.Time
	future workflow.Future
	cancel workflow.CancelFunc
}

// apply moves the state on. A change of owner takes back what is under way and must not be said any more.
func (r *runner) apply(ctx workflow.Context, ev conversation.Event) {
	r.c.Apply(workflow.Now(ctx), ev)
	r.applied()
}

func (r *runner) applied() {
	r.woken = true
	for _, f := range r.flights {
		if f != nil && r.c.Stale(f.first) {
			f.cancel()
		}
	}
}

// takeSignals applies all events that have arrived, in their vendors' order.
func (r *runner) takeSignals(ctx workflow.Context) {
	events := r.receive()
	if window := r.reorderWindow(events); window > 0 {
		if workflow.Sleep(ctx, window) == nil {
			events = append(events, r.receive()...)
		}
	}
	conversation.Order(events)
	for _, ev := range events {
		r.apply(ctx, ev)
	}
}

func (r *runner) receive() []conversation.Event {
	var events []conversation.Event
	for r.signals.Len() > 0 {
		var ev conversation.Event
		if !r.signals.ReceiveAsync(&ev) {
			break
		}
		events = append(events, ev)
	}
	return events
}

// reorderWindow gives how long the events are to be held for earlier ones to arrive.
func (r *runner) reorderWindow(events []conversation.Event) time.Duration {
	var window time.Duration
	for _, ev := range events {
		window = max(window, r.c.Route.ReorderWindow(ev.Source))
	}
	return window
}

func (r *runner) takeCancellation(ctx workflow.Context) {
	if r.cancelled && r.c.State != conversation.Ended {
		r.apply(ctx, conversation.Event{Kind: conversation.CommandEnd})
	}
}

// takeDeadlines applies the deadlines that have come, earliest first.
func (r *runner) takeDeadlines(ctx workflow.Context) {
	if r.timer != nil && r.timer.future.IsReady() {
		r.timer = nil
	}
	for {
		d, ok := r.c.NextDeadline()
		if !ok || d.At.After(workflow.Now(ctx)) {
			return
		}
		r.apply(ctx, conversation.Event{Kind: conversation.DeadlinePassed, Deadline: d.Name, Due: d.At})
	}
}

// arm sees to it that the timer fires no later than the earliest deadline. A timer that is set for an earlier instant
// is left alone: it costs less to let it fire and to look again than to move it with each message.
func (r *runner) arm(ctx workflow.Context) {
	next, ok := r.c.NextDeadline()
	if !ok || r.timer != nil && !next.At.Before(r.timer.at) {
		return
	}
	if r.timer != nil {
		r.timer.cancel()
	}
	ctx, cancel := workflow.WithCancel(ctx)
	wait := max(next.At.Sub(workflow.Now(ctx)), time.Millisecond)
	r.timer = &timer{at: next.At, cancel: cancel, future: workflow.NewTimerWithOptions(ctx, wait, workflow.TimerOptions{
		Summary: "deadline: " + string(next.Name),
	})}
}

// mayLeave reports whether the run can end here: because the conversation is over, or to continue as new. It never
// leaves with an event unread, a command half done or a send under way.
func (r *runner) mayLeave(ctx workflow.Context) bool {
	info := workflow.GetInfo(ctx)
	length := info.GetCurrentHistoryLength()
	must := length >= mustContinueAfterEvents
	r.leaving = must
	if must {
		r.takeBack()
	}
	if r.woken || r.signals.Len() > 0 || r.inFlight() || !workflow.AllHandlersFinished(ctx) {
		return false
	}
	if r.c.Over() || must {
		return true
	}
	return r.c.Quiet() && (info.GetContinueAsNewSuggested() || length >= continueAfterEvents)
}

// takeBack takes back what is under way, because the run cannot wait: a vendor's outage may hold a send for hours. It
// stays pending, and is looked for before it is repeated.
func (r *runner) takeBack() {
	for _, f := range r.flights {
		if f != nil && !f.takenBack {
			f.takenBack = true
			f.cancel()
		}
	}
}

func (r *runner) inFlight() bool {
	for _, f := range r.flights {
		if f != nil {
			return true
		}
	}
	return false
}

// answer sets the handlers for queries and commands.
func (r *runner) answer(ctx workflow.Context) error {
	err := workflow.SetQueryHandlerWithOptions(ctx, QueryView, func() (conversation.View, error) {
		return r.c.View(), nil
	}, workflow.QueryHandlerOptions{Description: "state, owner, deadlines, transcript, sends and their outcomes"})
	if err != nil {
		return err
	}
	err = workflow.SetQueryHandlerWithOptions(ctx, QueryMissing, func(events []conversation.Event) ([]conversation.Event, error) {
		return r.c.Missing(events), nil
	}, workflow.QueryHandlerOptions{Description: "those of the given events that the conversation does not know"})
	if err != nil {
		return err
	}
	return workflow.SetUpdateHandlerWithOptions(ctx, UpdateCommand,
		func(ctx workflow.Context, ev conversation.Event) (conversation.CommandOutcome, error) {
			outcome, err := r.c.Command(workflow.Now(ctx), ev)
			r.applied()
			return outcome, err
		},
		workflow.UpdateHandlerOptions{
			Description: "handoff, assign, hand_back, end, resend or note",
			Validator:   func(_ workflow.Context, ev conversation.Event) error { return r.c.Permits(ev) },
		})
}

// engagement makes a short name of the chain's first run.
func engagement(firstRunID string) string {
	sum := sha256.Sum256([]byte(firstRunID))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:5]))
}
