package activities_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/handoff-engine/handoff/activities"
	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/files"
)

var monday = time.Date(2026, time.January, 5, 9, 0, 0, 0, time.UTC)

// vendor is a channel and a desk that can send texts and open tickets, and no more. The tests' other vendors add to it.
type vendor struct {
	traits connector.Traits
	// answer says what comes of the n-th call, from 1; nil means that it works.
	answer func(n int) error
	calls  []string
	opened []connector.OpenRequest
}

func (v *vendor) Name() string                                            { return "story" }
func (v *vendor) Traits() connector.Traits                                { return v.traits }
func (v *vendor) Verify(*connector.Delivery) error                        { return nil }
func (v *vendor) Decode(*connector.Delivery) ([]connector.Inbound, error) { return nil, nil }

func (v *vendor) call(what string) error {
	v.calls = append(v.calls, what)
	if v.answer == nil {
		return nil
	}
	return v.answer(len(v.calls))
}

func (v *vendor) Deliver(_ context.Context, req connector.DeliverRequest) (connector.Receipt, error) {
	return connector.Receipt{ID: "sent-" + req.Text}, v.call("deliver " + req.Text)
}

func (v *vendor) Post(_ context.Context, req connector.PostRequest) (connector.Receipt, error) {
	return connector.Receipt{}, v.call("post " + req.Text + " to " + req.Ticket.ID)
}

func (v *vendor) Open(_ context.Context, req connector.OpenRequest) (conversation.Ticket, error) {
	v.opened = append(v.opened, req)
	return conversation.Ticket{ID: "T1"}, v.call("open")
}

// finder looks for earlier sends.
type finder struct {
	*vendor
	sent  map[string]bool
	asked []connector.FindRequest
	err   error
}

func (f *finder) FindSent(_ context.Context, req connector.FindRequest) (connector.Receipt, bool, error) {
	f.asked = append(f.asked, req)
	f.calls = append(f.calls, "find "+req.Text)
	return connector.Receipt{ID: "m-" + string(req.Key)}, f.sent[string(req.Key)], f.err
}

// filer sends files.
type filer struct {
	*vendor
	err  error
	read string
}

func (f *filer) SendAttachment(ctx context.Context, req connector.AttachmentRequest) (connector.Receipt, error) {
	f.calls = append(f.calls, "file "+req.Attachment.Name)
	if f.err != nil {
		return connector.Receipt{}, f.err
	}
	file, err := req.Open(ctx)
	if err != nil {
		return connector.Receipt{}, err
	}
	defer func() { _ = file.Close() }()
	bytes, err := io.ReadAll(file)
	f.read = string(bytes)
	return connector.Receipt{}, err
}

// presser shows buttons.
type presser struct {
	*vendor
	err error
}

func (p *presser) SendButtons(_ context.Context, req connector.ButtonsRequest) (connector.Receipt, error) {
	p.calls = append(p.calls, "buttons "+req.Text+" ["+req.Buttons[0].Label+"]")
	return connector.Receipt{}, p.err
}

// reader tells whether somebody is there.
type reader struct {
	*vendor
	there connector.Availability
	err   error
}

func (r *reader) Availability(context.Context, connector.AvailabilityRequest) (connector.Availability, error) {
	return r.there, r.err
}

// lister lists messages.
type lister struct {
	*vendor
	list  func(req connector.ListRequest) ([]connector.Inbound, error)
	asked []connector.ListRequest
}

func (l *lister) ListMessages(_ context.Context, req connector.ListRequest) ([]connector.Inbound, error) {
	l.asked = append(l.asked, req)
	return l.list(req)
}

// fetcher serves files of its own.
type fetcher struct{ *vendor }

func (fetcher) FetchAttachment(_ context.Context, a conversation.Attachment) (connector.File, error) {
	return connector.File{ReadCloser: io.NopCloser(strings.NewReader("the vendor's " + a.Name)), Size: -1}, nil
}

// web is what is fetched over HTTP.
type web struct{ sources []string }

func (f *web) Fetch(_ context.Context, source string, a conversation.Attachment) (connector.File, error) {
	f.sources = append(f.sources, source)
	return connector.File{ReadCloser: io.NopCloser(strings.NewReader("bytes of " + a.Name)), Size: -1}, nil
}

// counter counts sends.
type counter struct {
	counted  []string
	degraded []string
	ratings  int
}

func (c *counter) CountDegraded(connection string, what conversation.Reason) {
	c.degraded = append(c.degraded, connection+" "+string(what))
}

func (c *counter) CountRating(string, int) { c.ratings++ }

func (c *counter) CountSend(connection string, kind conversation.EffectKind, result string) {
	c.counted = append(c.counted, connection+" "+string(kind)+" "+result)
}

// with makes activities with one connection called "shop".
func with(x connector.Connector) *activities.Activities {
	return &activities.Activities{
		Connections: map[string]connector.Connector{"shop": x}, Sends: &counter{},
		Files:  files.NewOpener(files.Config{Fetcher: &web{}}),
		Logger: slog.New(slog.DiscardHandler),
	}
}

// counted gives what the activities counted.
func counted(a *activities.Activities) []string { return a.Sends.(*counter).counted }

// do runs an activity once and gives the events that came of it.
func do(t *testing.T, a *activities.Activities, activity any, task conversation.Task) ([]conversation.Event, error) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(a)
	answer, err := env.ExecuteActivity(activity, task)
	if err != nil {
		return nil, err
	}
	var events []conversation.Event
	require.NoError(t, answer.Get(&events))
	return events, nil
}

// retried runs an activity as a workflow does, until it works or fails for good.
func retried(t *testing.T, a *activities.Activities, activity any, task conversation.Task) ([]conversation.Event, error) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.RegisterActivity(a)
	env.ExecuteWorkflow(func(ctx workflow.Context) ([]conversation.Event, error) {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
		var events []conversation.Event
		return events, workflow.ExecuteActivity(ctx, activity, task).Get(ctx, &events)
	})
	if err := env.GetWorkflowError(); err != nil {
		return nil, err
	}
	var events []conversation.Event
	require.NoError(t, env.GetWorkflowResult(&events))
	return events, nil
}

// say is a task that says texts to the customer; the keys are k1, k2 and so on.
func say(texts ...string) conversation.Task {
	task := conversation.Task{Conversation: "chat:1", Route: "shop", Connection: "shop", Ref: "1", Source: "office"}
	for i, text := range texts {
		task.Effects = append(task.Effects, conversation.Effect{Key: key(i + 1), Kind: conversation.Say, Text: text, At: monday})
	}
	return task
}

func key(n int) conversation.Key { return conversation.Key("k" + string(rune('0'+n))) }

// at is a task of one effect about a ticket.
func at(kind conversation.EffectKind) conversation.Task {
	return conversation.Task{
		Conversation: "chat:1", Connection: "shop", Ref: "1", Ticket: &conversation.Ticket{ID: "T1"}, Source: "chat",
		Effects: []conversation.Effect{{Key: "k1", Kind: kind, Text: "hello", At: monday}},
	}
}

// trouble is a vendor's answer.
func trouble(kind connector.Kind) error {
	return &connector.Error{Connector: "story", Op: "Deliver", Kind: kind, Status: 418}
}

// application gives the application error inside err.
func application(t *testing.T, err error) *temporal.ApplicationError {
	t.Helper()
	var a *temporal.ApplicationError
	require.ErrorAs(t, err, &a)
	return a
}

// kinds gives the kinds of events.
func kinds(events []conversation.Event) []conversation.Kind {
	var all []conversation.Kind
	for _, ev := range events {
		all = append(all, ev.Kind)
	}
	return all
}

var errOther = errors.New("dialing: connection reset")
