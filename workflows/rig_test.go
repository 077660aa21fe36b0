package workflows_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/handoff-engine/handoff/activities"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/worker"
	"github.com/handoff-engine/handoff/workflows"
)

// monday is when the tests' conversations begin.
var monday = time.Date(2026, time.January, 5, 9, 0, 0, 0, time.UTC)

type performer func(ctx context.Context, task conversation.Task) ([]conversation.Event, error)

// rig runs one conversation with activities that the test plays.
type rig struct {
	*testsuite.TestWorkflowEnvironment
	t *testing.T
	// play are the activities that do not simply succeed, slow those that take time.
	play map[string]performer
	slow map[string]time.Duration

	mu sync.Mutex
	// tasks are what the activities were given, by name.
	tasks map[string][]conversation.Task
	// timers are the durations of the timers that were set, cancelled how many were cancelled.
	timers    []time.Duration
	cancelled int
	upserts   []temporal.SearchAttributes
}

// route hosts its bot and can do everything that matters here.
func route() conversation.Route {
	return conversation.Route{
		Name:    "shop",
		Channel: conversation.Connection{Name: "chat", Vendor: "story", HostsBot: true, Batch: true, Can: []string{"pause_bot", "resume_bot"}},
		Desks: []conversation.Connection{{
			Name: "office", Vendor: "story", Batch: true, Can: []string{"assign", "close_ticket", "note"},
		}},
	}
}

// withBot is a route whose bot is called.
func withBot() conversation.Route {
	r := route()
	r.Channel.HostsBot, r.Channel.Can = false, nil
	r.Bot = &conversation.Connection{Name: "brain", Vendor: "story"}
	return r
}

func newRig(t *testing.T) *rig {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	r := &rig{
		TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(), t: t,
		play: map[string]performer{}, slow: map[string]time.Duration{}, tasks: map[string][]conversation.Task{},
	}
	r.SetTestTimeout(30 * time.Second)
	r.SetStartTime(monday)
	worker.RegisterWorkflows(r)
	a := &activities.Activities{}
	r.RegisterActivity(a)
	for _, name := range []string{
		"Say", "PauseBot", "ResumeBot", "AskBot", "PrepareTicket", "OpenTicket", "Post", "Note", "Assign", "CatchUp", "CloseTicket", "FindTicket",
		"Notify",
	} {
		r.OnActivity(name, mock.Anything, mock.Anything).AfterFn(func() time.Duration { return r.slow[name] }).Return(
			func(ctx context.Context, task conversation.Task) ([]conversation.Event, error) {
				return r.perform(ctx, name, task)
			})
	}
	r.SetOnTimerScheduledListener(func(_ string, d time.Duration) { r.timers = append(r.timers, d) })
	r.SetOnTimerCanceledListener(func(string) { r.cancelled++ })
	r.OnUpsertTypedSearchAttributes(mock.Anything).Run(func(args mock.Arguments) {
		r.upserts = append(r.upserts, args.Get(0).(temporal.SearchAttributes))
	}).Return(nil).Maybe()
	return r
}

func (r *rig) perform(ctx context.Context, name string, task conversation.Task) ([]conversation.Event, error) {
	r.mu.Lock()
	r.tasks[name] = append(r.tasks[name], task)
	play := r.play[name]
	r.mu.Unlock()
	if play != nil {
		return play(ctx, task)
	}
	return succeed(task), nil
}

// succeed is what an activity gives when all went well.
func succeed(task conversation.Task) []conversation.Event {
	var events []conversation.Event
	for _, e := range task.Effects {
		ev := conversation.Event{Kind: conversation.Delivered, Key: e.Key}
		switch e.Kind {
		case conversation.OpenTicket:
			ev.Kind, ev.Ticket = conversation.TicketOpened, &conversation.Ticket{ID: "T1"}
		case conversation.AskBot:
			ev.Kind, ev.Answer = conversation.BotAnswered, &conversation.Answer{Messages: []conversation.Message{{Text: "beep"}}}
		case conversation.CatchUp:
			ev.Kind = conversation.CaughtUp
		default:
		}
		events = append(events, ev)
	}
	return events
}

// performed gives what the activity was given so far.
func (r *rig) performed(name string) []conversation.Task {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]conversation.Task(nil), r.tasks[name]...)
}

// said gives the texts of an activity's tasks, in order.
func (r *rig) said(name string) []string {
	var texts []string
	for _, task := range r.performed(name) {
		for _, e := range task.Effects {
			texts = append(texts, e.Text)
		}
	}
	return texts
}

// at has something happen after d.
func (r *rig) at(d time.Duration, do func()) { r.RegisterDelayedCallback(do, max(d, time.Nanosecond)) }

// tell has the conversation told of events in one go, so that one workflow task meets them all.
func (r *rig) tell(events ...conversation.Event) {
	for i, ev := range events {
		if i < len(events)-1 {
			r.SignalWorkflowSkippingWorkflowTask(workflows.SignalEvent, ev)
			continue
		}
		r.SignalWorkflow(workflows.SignalEvent, ev)
	}
}

// start runs a new conversation to its end.
func (r *rig) start(route conversation.Route) {
	r.ExecuteWorkflow(workflows.ConversationType, conversation.New("chat:1", route))
	require.True(r.t, r.IsWorkflowCompleted())
}

// view looks at the conversation.
func (r *rig) view() conversation.View {
	var v conversation.View
	answer, err := r.QueryWorkflow(workflows.QueryView)
	require.NoError(r.t, err)
	require.NoError(r.t, answer.Get(&v))
	return v
}

// carried gives the state that the run handed on to the next.
func (r *rig) carried() conversation.Conversation {
	var next *workflow.ContinueAsNewError
	require.ErrorAs(r.t, r.GetWorkflowError(), &next)
	require.Equal(r.t, workflows.ConversationType, next.WorkflowType.Name)
	var c conversation.Conversation
	require.NoError(r.t, converter.GetDefaultDataConverter().FromPayloads(next.Input, &c))
	return c
}

// goOn runs the next run of the chain.
func (r *rig) goOn(c conversation.Conversation) {
	r.ExecuteWorkflow(workflows.ConversationType, c)
	require.True(r.t, r.IsWorkflowCompleted())
}

// command sends an operator's command and gives what comes of it: an outcome, or why it was refused.
func (r *rig) command(ev conversation.Event, updateID string) *answered {
	a := &answered{}
	r.UpdateWorkflow(workflows.UpdateCommand, updateID, &testsuite.TestUpdateCallback{
		OnAccept: func() { a.accepted = true },
		OnReject: func(err error) { a.refused = err },
		OnComplete: func(result any, err error) {
			a.outcome, _ = result.(conversation.CommandOutcome)
			a.failed = err
		},
	}, ev)
	return a
}

type answered struct {
	accepted        bool
	refused, failed error
	outcome         conversation.CommandOutcome
}

// event makes an event of the channel or of the desk.
func event(id string, kind conversation.Kind, text string) conversation.Event {
	ev := conversation.Event{ID: id, Source: "chat", Kind: kind, Text: text}
	switch kind {
	case conversation.AgentSaid, conversation.AgentAssigned, conversation.TicketClosed, conversation.HandedBack:
		ev.Source, ev.TicketID, ev.Agent, ev.Author = "office", "T1", "mira", conversation.Author{ID: "mira", Name: "Mira"}
	default:
		ev.Ref = "1"
	}
	return ev
}

// withAgent has a human asked for, and one that takes the conversation.
func (r *rig) withAgent() {
	r.at(0, func() { r.tell(event("h", conversation.HandoffRequested, "")) })
	r.at(time.Second, func() { r.tell(event("a", conversation.AgentAssigned, "")) })
}

// failing gives an activity that fails a number of times, and succeeds then.
func failing(times int, err error) performer {
	var mu sync.Mutex
	return func(_ context.Context, task conversation.Task) ([]conversation.Event, error) {
		mu.Lock()
		defer mu.Unlock()
		if times--; times >= 0 {
			return nil, err
		}
		return succeed(task), nil
	}
}

func vendorError(kind string, wait time.Duration) error {
	return temporal.NewApplicationErrorWithOptions("story Say: "+kind, kind, temporal.ApplicationErrorOptions{NextRetryDelay: wait})
}

// attempt says which attempt of an activity this is.
func attempt(ctx context.Context) int32 { return activity.GetInfo(ctx).Attempt }

var errLost = errors.New("nobody knows")
