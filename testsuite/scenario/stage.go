package scenario

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/handoff-engine/handoff/activities"
	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/files"
	"github.com/handoff-engine/handoff/worker"
	"github.com/handoff-engine/handoff/workflows"
)

const (
	// beat is how long a sentence takes: too short for any deadline.
	beat = 2 * time.Millisecond
	// idleLimit is how long, by the wall clock, a story may be stuck.
	idleLimit = 20 * time.Second
	// customerRef is what the channel calls the conversation.
	customerRef = "customer-1"
	// mustContinue is a history so long that a run continues as new whatever is under way.
	mustContinue = 1_000_000
)

// stage plays one story in one way.
type stage struct {
	story *Story
	mode  mode

	env *testsuite.TestWorkflowEnvironment
	// due are the instants of the steps, next the one to be played, and late how far the clock is behind.
	due  []time.Time
	next int
	late time.Duration
	// playing is set while a run of the workflow is under way.
	playing bool
	// runs counts them, engagements those that a customer began anew.
	runs, engagements int
	err               error

	// mu guards what the vendors' methods touch: activities have goroutines of their own.
	mu      sync.Mutex
	channel *channel
	bot     *bot
	// desk is the first of the desks.
	desk    *desk
	desks   []*desk
	entries []entry
	// asking is the called bot's answer to the question under way.
	asking conversation.Answer
	// questions are the steps of the customer's words that the called bot was asked about, by the effects that ask;
	// answered are the steps whose answer was given.
	questions map[conversation.Key]int
	answered  map[int]bool

	// words are the customer's own messages, by id.
	words []agentWords
	// ahead is how many customers wait before ours.
	ahead int

	told []conversation.Event
	// again are the events to be told once more with the next step.
	again []conversation.Event
	// lastView is how things stood when the last run ended.
	lastView conversation.View
	// customerRead, agentRead, notesRead and asksRead are how far the story has looked.
	customerRead, agentRead, notesRead, asksRead int
}

// opening is when stories begin that do not say it, a Monday.
func opening() time.Time { return time.Date(2026, time.January, 5, 9, 0, 0, 0, time.UTC) }

func newStage(story *Story, m mode) *stage {
	s := &stage{
		story: story, mode: m, questions: map[conversation.Key]int{}, answered: map[int]bool{},
	}
	at := story.begins
	for _, st := range story.steps {
		at = at.Add(st.pause + beat)
		s.due = append(s.due, at)
	}
	route := story.route
	s.channel = &channel{actor: s.actor(route.Channel.Name)}
	people := &office{away: map[string]bool{}}
	for _, side := range route.Desks {
		s.desks = append(s.desks, &desk{actor: s.actor(side.Name), office: people, can: side})
	}
	s.desk = s.desks[0]
	if route.Bot != nil {
		s.bot = &bot{actor: s.actor(route.Bot.Name)}
	}
	return s
}

func (s *stage) actor(name string) actor {
	return actor{stage: s, name: name, traits: s.story.traits[name]}
}

// play plays the whole story, and then lets the conversation run out.
func (s *stage) play() (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = s.wrong(s.next-1, fmt.Errorf("the workflow is stuck: %v", p))
		}
	}()
	state := s.fresh()
	from := s.story.begins
	var first *conversation.Event
	for s.err == nil {
		s.newRun(from)
		if first != nil {
			s.env.RegisterDelayedCallback(func() { s.signal(*first) }, 0)
		}
		s.schedule()
		s.playing = true
		s.env.ExecuteWorkflow(workflows.ConversationType, state)
		s.playing = false
		s.runs++
		s.lastView = s.view()
		from = s.env.Now()
		ended := s.env.GetWorkflowError()
		var next *workflow.ContinueAsNewError
		switch {
		case errors.As(ended, &next):
			first, state = nil, conversation.Conversation{}
			if err := converter.GetDefaultDataConverter().FromPayloads(next.Input, &state); err != nil {
				return err
			}
		case ended != nil:
			return s.wrong(s.next-1, fmt.Errorf("the workflow failed: %w", ended))
		default:
			if first = s.playOn(); first == nil {
				return s.err
			}
			state, from = s.fresh(), s.now()
		}
	}
	return s.err
}

// fresh is a conversation as the client begins it.
func (s *stage) fresh() conversation.Conversation {
	route := s.story.route.At(s.story.begins)
	route.Channel.ReorderWindow = 0
	c := conversation.New(conversation.ID(route.Channel.Name, customerRef), route)
	s.engagements++
	if s.engagements > 1 {
		// The test environment gives every chain of runs the same id; a server does not.
		c.Begin(s.now(), fmt.Sprintf("again%d", s.engagements))
	}
	return c
}

// newRun sets up one run of the workflow.
func (s *stage) newRun(from time.Time) {
	t := newTurnstile()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	s.env = suite.NewTestWorkflowEnvironment()
	s.env.SetTestTimeout(idleLimit)
	s.env.SetStartTime(from)
	s.env.SetWorkerOptions(sdkworker.Options{Interceptors: []interceptor.WorkerInterceptor{t}})
	connections := map[string]connector.Connector{s.channel.name: s.channel}
	for _, d := range s.desks {
		connections[d.name] = d
	}
	if s.bot != nil {
		connections[s.bot.name] = s.bot
	}
	a := &activities.Activities{
		Connections: connections, Conversations: conversations{s}, Files: files.NewOpener(files.Config{}), Logger: slog.New(slog.DiscardHandler),
	}
	worker.RegisterWorkflows(s.env)
	s.env.RegisterActivity(a)
	s.guard(t, a)
}

// now is the story's clock.
func (s *stage) now() time.Time {
	if s.env == nil {
		return s.story.begins
	}
	if !s.playing && s.next > 0 && s.next <= len(s.due) && s.due[s.next-1].After(s.env.Now()) {
		return s.due[s.next-1]
	}
	return s.env.Now()
}

// schedule has the next step played when it is due. Behind the last, whatever was in trouble works again, and the
// conversation runs out.
func (s *stage) schedule() {
	if s.next == len(s.story.steps) || s.err != nil {
		s.env.RegisterDelayedCallback(s.heal, beat)
		return
	}
	s.settle(func() {
		s.step()
		s.schedule()
	}, max(s.due[s.next].Add(s.late).Sub(s.env.Now()), beat))
}

// settle calls then after a while, when all that happened before has had its consequences. While an activity is under
// way the environment's clock goes with the wall clock instead of skipping: a wait that took its time by the wall clock
// has settled nothing, and begins again.
func (s *stage) settle(then func(), wait time.Duration) {
	began := time.Now()
	s.env.RegisterDelayedCallback(func() {
		if time.Since(began) < wait {
			then()
			return
		}
		s.late += beat
		s.settle(then, beat)
	}, wait)
}

// step plays the next step.
func (s *stage) step() {
	switch {
	case s.playing && s.mode == softly:
		s.env.SetContinueAsNewSuggested(true)
	case s.playing && s.mode == hard:
		s.env.SetCurrentHistoryLength(mustContinue)
	}
	again := s.again
	s.again = nil
	if s.next == 0 || s.due[s.next].Sub(s.due[s.next-1]) < time.Minute {
		for _, ev := range again {
			s.signal(ev)
		}
	}
	i := s.next
	s.next++
	if err := s.story.steps[i].do(s); err != nil {
		s.err = s.wrong(i, err)
	}
}

// playOn plays the steps for which no conversation is running, up to one whose event begins a new one.
func (s *stage) playOn() *conversation.Event {
	for s.err == nil && s.next < len(s.story.steps) {
		before := len(s.told)
		s.step()
		for _, ev := range s.told[before:] {
			if s.err == nil && ev.Kind.MayStart() {
				return &ev
			}
		}
	}
	return nil
}

// heal ends all trouble, so that the conversation can come to its end.
func (s *stage) heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.channel.mood = mood{}
	for _, d := range s.desks {
		d.mood, d.nobody = mood{}, false
	}
	if s.bot != nil {
		s.bot.mood = mood{}
	}
}

// tell has an event reach the conversation, as the gateway would.
func (s *stage) tell(ev conversation.Event) {
	s.told = append(s.told, ev)
	s.signal(ev)
	if s.mode == twice {
		s.signal(ev)
		s.again = append(s.again, ev)
	}
}

func (s *stage) signal(ev conversation.Event) {
	if s.playing {
		s.env.SignalWorkflow(workflows.SignalEvent, ev)
	}
}

// event makes an event of a connection.
func (s *stage) event(source string, kind conversation.Kind) conversation.Event {
	ev := conversation.Event{ID: fmt.Sprintf("event-%d", s.next), Source: source, Kind: kind, At: s.now()}
	if source == s.channel.name {
		ev.Ref, ev.Customer.Language = customerRef, s.story.language
	}
	return ev
}

// view looks at the conversation.
func (s *stage) view() (v conversation.View) {
	// A workflow that failed at once answers no query.
	defer func() { _ = recover() }()
	if answer, err := s.env.QueryWorkflow(workflows.QueryView); err == nil {
		_ = answer.Get(&v)
	}
	return v
}

// look gives how things stand, also when nothing is running.
func (s *stage) look() conversation.View {
	if s.playing {
		return s.view()
	}
	return s.lastView
}

// wrong says where the story went wrong, and tells it so far.
func (s *stage) wrong(i int, err error) error {
	i = min(max(i, 0), len(s.story.steps)-1)
	st := s.story.steps[i]
	played := ""
	if s.mode != plain {
		played = "\n  played " + string(s.mode)
	}
	return fmt.Errorf("%s: %s\n  %s%s\n\n%s", st.at, st.line, strings.ReplaceAll(err.Error(), "\n", "\n  "), played, s.soFar())
}

// conversations is how the activities reach the conversation.
type conversations struct{ s *stage }

// Signal passes an event on.
func (c conversations) Signal(_ context.Context, a conversation.Arrival) (conversation.Result, error) {
	c.s.env.SignalWorkflow(workflows.SignalEvent, a.Event)
	return conversation.Accepted, nil
}

// PassOn passes an event on.
func (c conversations) PassOn(ctx context.Context, a conversation.Arrival) error {
	_, err := c.Signal(ctx, a)
	return err
}

// View looks at the conversation.
func (c conversations) View(context.Context, string) (conversation.View, error) {
	var v conversation.View
	return v, c.ask(&v, workflows.QueryView)
}

// Missing gives those of the events that the conversation does not know.
func (c conversations) Missing(_ context.Context, _ string, events []conversation.Event) ([]conversation.Event, error) {
	var missing []conversation.Event
	return missing, c.ask(&missing, workflows.QueryMissing, events)
}

// Ahead says how many the story has waiting before the customer.
func (c conversations) Ahead(context.Context, string, time.Time) (int, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return c.s.ahead, nil
}

// Active lists nothing: a story heals when a ticket is closed.
func (c conversations) Active(context.Context, string) ([]string, error) { return nil, nil }

// ask queries the workflow from an activity: in the environment's own goroutine, where the workflow runs too.
func (c conversations) ask(into any, query string, args ...any) error {
	answered := make(chan error, 1)
	env := c.s.env
	env.RegisterDelayedCallback(func() {
		answer, err := env.QueryWorkflow(query, args...)
		if err == nil {
			err = answer.Get(into)
		}
		answered <- err
	}, 0)
	return <-answered
}
