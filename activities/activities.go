// Package activities turns the effects of a conversation into calls to the vendors. Each activity does one task: the
// effects of one kind for one side of one conversation, in order. What came of them is given back as events.
//
// An activity may run more than once, because its worker died or its answer was lost. So a send that may be a repeat is
// looked for first, or carries its key, or is marked as a repeat, as the connection's traits allow.
package activities

import (
	"context"
	"log/slog"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/files"
)

// Activities holds what the activities need. Its exported methods are the activities; their names are kept in
// histories, so they never change.
type Activities struct {
	// Connections are the open connections by name.
	Connections map[string]connector.Connector
	// Conversations reaches the running conversations.
	Conversations Conversations
	// Files opens attachments.
	Files *files.Opener
	// Link gives the address that opens a conversation for people, or ""; it may be nil.
	Link func(conversation string) string
	// Sends counts what became of sends; it may be nil.
	Sends Counter
	// Logger never gets a text, a name or a secret.
	Logger *slog.Logger
}

// Conversations reaches the running conversations from outside their workflows.
type Conversations interface {
	// Signal passes an event on to its conversation.
	Signal(ctx context.Context, a conversation.Arrival) (conversation.Result, error)
	// PassOn passes an event on to the conversation that has its ticket, and gives conversation.ErrNotFound if none has.
	PassOn(ctx context.Context, a conversation.Arrival) error
	// View looks at a conversation.
	View(ctx context.Context, id string) (conversation.View, error)
	// Missing gives those of the events that the conversation does not know.
	Missing(ctx context.Context, id string, events []conversation.Event) ([]conversation.Event, error)
	// Ahead counts the customers who have been waiting at the desk for longer than since.
	Ahead(ctx context.Context, desk string, since time.Time) (int, error)
	// Active lists the ids of the running conversations that a human has or is asked for, on the connection's side.
	Active(ctx context.Context, connection string) ([]string, error)
}

// Counter counts sends by what became of them.
type Counter interface {
	CountSend(connection string, kind conversation.EffectKind, result string)
	// CountDegraded counts messages that lost something because their side cannot show it.
	CountDegraded(connection string, what conversation.Reason)
	// CountRating counts how customers liked the help, from 1 to 5.
	CountRating(route string, rating int)
}

// heartbeatAfter is how long a call may take before the server is told that the worker is alive. Most calls are over
// by then, and cost nothing.
const heartbeatAfter = 3 * time.Second

// alive sends heartbeats until the returned function is called.
func alive(ctx context.Context) (stop func()) {
	done := make(chan struct{})
	go func() {
		tick := time.NewTicker(heartbeatAfter)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				activity.RecordHeartbeat(ctx)
			case <-done:
				return
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() { close(done) }
}

// connection finds a connection that can take the side C. A task of a connection that is not configured any more is
// tried again: the configuration can be mended, the customer's words cannot.
func connection[C any](a *Activities, task conversation.Task) (C, error) {
	var none C
	x, ok := a.Connections[task.Connection]
	if !ok {
		return none, translate(connector.Errorf("handoff", "connection", connector.Unavailable, "connection %q is not configured", task.Connection))
	}
	side, ok := x.(C)
	if !ok {
		return none, translate(connector.Errorf(x.Name(), "connection", connector.Unsupported, "%q cannot do this", task.Connection))
	}
	return side, nil
}

func (a *Activities) count(task conversation.Task, result string) {
	if a.Sends != nil {
		a.Sends.CountSend(task.Connection, task.Effects[0].Kind, result)
	}
}

func (a *Activities) countDegraded(task conversation.Task, what conversation.Reason) {
	if a.Sends != nil && what != "" {
		a.Sends.CountDegraded(task.Connection, what)
	}
}

// delivered says that the task's only effect took place.
func (a *Activities) delivered(task conversation.Task, vendor map[string]string) []conversation.Event {
	a.count(task, "delivered")
	return []conversation.Event{{Kind: conversation.Delivered, Key: task.Effects[0].Key, Vendor: vendor}}
}

// do runs a call of a task with one effect that is safe to repeat.
func (a *Activities) do(ctx context.Context, task conversation.Task, call func(ctx context.Context, e conversation.Effect) error) ([]conversation.Event, error) {
	defer alive(ctx)()
	if err := call(ctx, task.Effects[0]); err != nil {
		a.count(task, string(connector.KindOf(err)))
		return nil, translate(err)
	}
	return a.delivered(task, nil), nil
}
