package scenario

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/stretchr/testify/mock"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/handoff-engine/handoff/activities"
	"github.com/handoff-engine/handoff/conversation"
)

const (
	// manyAttempts stands for no limit. The test environment takes a missing limit for ten attempts, a server for none.
	manyAttempts = 1_000_000
	// once ends the ids of activities that are tried once.
	once = "-once"
)

// turnstile has the activities of a run done one after the other, in the order in which the workflow asked for them, and
// each only after the workflow has heard of those before. So a story goes the same way each time, although activities
// have goroutines of their own.
type turnstile struct {
	interceptor.WorkerInterceptorBase

	mu      sync.Mutex
	changed *sync.Cond
	last    int
	// busy are the activities that are to run or running, cancelled those that were taken back.
	busy, cancelled map[int]bool
}

func newTurnstile() *turnstile {
	t := &turnstile{busy: map[int]bool{}, cancelled: map[int]bool{}}
	t.changed = sync.NewCond(&t.mu)
	return t
}

// InterceptWorkflow is asked for each run.
func (t *turnstile) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	in := &inbound{turnstile: t}
	in.Next = next
	return in
}

type inbound struct {
	interceptor.WorkflowInboundInterceptorBase
	turnstile *turnstile
}

// Init puts the turnstile between the workflow and what it calls.
func (i *inbound) Init(next interceptor.WorkflowOutboundInterceptor) error {
	out := &outbound{turnstile: i.turnstile}
	out.Next = next
	return i.Next.Init(out)
}

type outbound struct {
	interceptor.WorkflowOutboundInterceptorBase
	turnstile *turnstile
}

// ExecuteActivity gives the activity its number, and attempts without a limit where the workflow sets none.
func (o *outbound) ExecuteActivity(ctx workflow.Context, activityType string, args ...any) workflow.Future {
	options := workflow.GetActivityOptions(ctx)
	options.ActivityID = strconv.Itoa(o.turnstile.number())
	if p := options.RetryPolicy; p != nil {
		unlimited := *p
		if p.MaximumAttempts == 0 {
			unlimited.MaximumAttempts = manyAttempts
		}
		if p.MaximumAttempts == 1 {
			options.ActivityID += once
		}
		options.RetryPolicy = &unlimited
	}
	return o.Next.ExecuteActivity(workflow.WithActivityOptions(ctx, options), activityType, args...)
}

func (t *turnstile) number() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last++
	t.busy[t.last] = true
	return t.last
}

// numberOf reads an activity's number.
func numberOf(info activity.Info) int {
	n, _ := strconv.Atoi(strings.TrimSuffix(info.ActivityID, once))
	return n
}

// enter waits for the activity's turn, and reports whether it was taken back meanwhile.
func (t *turnstile) enter(n int) (cancelled bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.busy[n] = true; t.cancelled[n] {
		delete(t.busy, n)
	}
	for t.before(n) && !t.cancelled[n] {
		t.changed.Wait()
	}
	return t.cancelled[n]
}

// before reports whether an earlier activity is to run or running.
func (t *turnstile) before(n int) bool {
	for i, busy := range t.busy {
		if busy && i < n {
			return true
		}
	}
	return false
}

// rest lets others pass while the activity waits for its next attempt.
func (t *turnstile) rest(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.busy, n)
	t.changed.Broadcast()
}

// cancel marks an activity that was taken back.
func (t *turnstile) cancel(n int) {
	t.mu.Lock()
	t.cancelled[n] = true
	t.mu.Unlock()
	t.rest(n)
}

// guard puts the turnstile before all activities, and has a bot that is called take the time that the story says.
func (s *stage) guard(t *turnstile, a *activities.Activities) {
	var thinking time.Duration
	var slow bool
	s.env.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, values converter.EncodedValues) {
		var task conversation.Task
		if info.ActivityType.Name != "AskBot" || values.Get(&task) != nil {
			return
		}
		thinking = s.think(task.Effects[0])
		if slow = thinking > info.ScheduleToCloseTimeout; slow {
			thinking = info.ScheduleToCloseTimeout
		}
		if thinking > 0 {
			t.rest(numberOf(*info))
		}
	})
	s.env.SetOnActivityCompletedListener(func(info *activity.Info, _ converter.EncodedValue, _ error) {
		// The workflow hears of it behind this call, and may take the next activity back behind that.
		env := s.env
		env.RegisterDelayedCallback(func() {
			env.RegisterDelayedCallback(func() { t.rest(numberOf(*info)) }, 0)
		}, 0)
	})
	s.env.SetOnActivityCanceledListener(func(info *activity.Info) { t.cancel(numberOf(*info)) })
	for name, perform := range performers(a) {
		call := s.env.OnActivity(name, mock.Anything, mock.Anything)
		if name == "AskBot" {
			call.AfterFn(func() time.Duration { return thinking })
		}
		call.Return(func(ctx context.Context, task conversation.Task) ([]conversation.Event, error) {
			info := activity.GetInfo(ctx)
			n := numberOf(info)
			if t.enter(n) {
				return nil, temporal.NewCanceledError()
			}
			if name == "AskBot" && slow {
				return nil, temporal.NewTimeoutError(enumspb.TIMEOUT_TYPE_START_TO_CLOSE, nil)
			}
			events, err := perform(ctx, task)
			if err != nil && !final(err) && !strings.HasSuffix(info.ActivityID, once) {
				t.rest(n)
			}
			return events, err
		})
	}
}

// performers are the activities that do effects, by name.
func performers(a *activities.Activities) map[string]func(context.Context, conversation.Task) ([]conversation.Event, error) {
	return map[string]func(context.Context, conversation.Task) ([]conversation.Event, error){
		"Say": a.Say, "PauseBot": a.PauseBot, "ResumeBot": a.ResumeBot, "Notify": a.Notify, "AskBot": a.AskBot,
		"PrepareTicket": a.PrepareTicket, "OpenTicket": a.OpenTicket, "Post": a.Post, "Note": a.Note, "Assign": a.Assign,
		"CatchUp": a.CatchUp, "CloseTicket": a.CloseTicket, "FindTicket": a.FindTicket,
	}
}

// final reports whether the activity will not be tried again.
func final(err error) bool {
	var application *temporal.ApplicationError
	return errors.As(err, &application) && application.NonRetryable()
}
