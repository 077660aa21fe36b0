package activities

import (
	"context"
	"errors"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// PassOn looks for the conversation of a late event and passes the event on. It fails, to be tried again, while there
// is none.
func (a *Activities) PassOn(ctx context.Context, arrival conversation.Arrival) error {
	err := a.Conversations.PassOn(ctx, arrival)
	if errors.Is(err, conversation.ErrNotFound) {
		return temporal.NewApplicationErrorWithOptions("no conversation has this ticket yet", string(connector.NotFound),
			temporal.ApplicationErrorOptions{Category: temporal.ApplicationErrorCategoryBenign})
	}
	return err
}

// CatchUp reads what the desk holds of the ticket and the conversation does not know.
func (a *Activities) CatchUp(ctx context.Context, task conversation.Task) ([]conversation.Event, error) {
	x, err := connection[connector.MessageLister](a, task)
	if err != nil {
		return nil, err
	}
	defer alive(ctx)()
	missed, err := a.missed(ctx, x, task.Connection, task.Conversation, connector.ListRequest{
		To: task.Ref, Ticket: *task.Ticket, State: conversation.Assigned, Vendor: task.Vendor,
	})
	if err != nil {
		return nil, translate(err)
	}
	return []conversation.Event{{Kind: conversation.CaughtUp, Key: task.Effects[0].Key, Missed: missed}}, nil
}

// missed lists what the vendor holds and the conversation does not know.
func (a *Activities) missed(
	ctx context.Context, x connector.MessageLister, connection, id string, req connector.ListRequest,
) ([]conversation.Event, error) {
	listed, err := x.ListMessages(ctx, req)
	if err != nil {
		return nil, err
	}
	events := make([]conversation.Event, 0, len(listed))
	for _, in := range listed {
		in.Event.Source = connection
		if in.Event.TicketID == "" {
			in.Event.TicketID = req.Ticket.ID
		}
		events = append(events, in.Event)
	}
	if len(events) == 0 {
		return nil, nil
	}
	return a.Conversations.Missing(ctx, id, events)
}

// Healed says what a look at a connection found.
type Healed struct {
	// Active counts the conversations that a human has or is asked for.
	Active int `json:"active"`
	// Missed counts the events that no webhook had told.
	Missed int `json:"missed"`
	// Failed counts the conversations that could not be looked at.
	Failed int `json:"failed,omitempty"`
}

// Heal looks at all active conversations of a connection, and passes on what no webhook told.
func (a *Activities) Heal(ctx context.Context, name string) (Healed, error) {
	defer alive(ctx)()
	x, ok := a.Connections[name]
	if !ok {
		return Healed{}, temporal.NewNonRetryableApplicationError("connection is not configured", string(connector.NotFound), nil)
	}
	lister, ok := x.(connector.MessageLister)
	if !ok {
		return Healed{}, temporal.NewNonRetryableApplicationError("connection lists no messages", string(connector.Unsupported), nil)
	}
	ids, err := a.Conversations.Active(ctx, name)
	if err != nil {
		return Healed{}, err
	}
	healed := Healed{Active: len(ids)}
	for _, id := range ids {
		if ctx.Err() != nil {
			return healed, ctx.Err()
		}
		n, err := a.heal(ctx, lister, name, id)
		healed.Missed += n
		if err != nil {
			healed.Failed++
			a.Logger.Warn("conversation not healed", "connection", name, "conversation", id, "kind", connector.KindOf(err))
		}
		activity.RecordHeartbeat(ctx)
	}
	return healed, nil
}

// heal looks at one conversation.
func (a *Activities) heal(ctx context.Context, x connector.MessageLister, name, id string) (int, error) {
	view, err := a.Conversations.View(ctx, id)
	if err != nil {
		return 0, err
	}
	req := connector.ListRequest{To: view.Ref, State: view.State, Vendor: view.ChannelVendor}
	if view.Agent != nil {
		req.Agent = view.Agent.ID
	}
	if view.Channel != name || view.Desk == name {
		if len(view.Tickets) == 0 || view.Tickets[len(view.Tickets)-1].Ticket.ID == "" {
			return 0, nil
		}
		req.To, req.Ticket, req.Vendor = "", view.Tickets[len(view.Tickets)-1].Ticket, view.DeskVendor
	}
	missed, err := a.missed(ctx, x, name, id, req)
	for _, ev := range missed {
		if _, err := a.Conversations.Signal(ctx, conversation.Arrival{Connection: name, ID: id, Event: ev}); err != nil {
			return 0, err
		}
	}
	return len(missed), err
}
