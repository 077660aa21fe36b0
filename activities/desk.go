package activities

import (
	"context"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// PrepareTicket does what opening a ticket needs and what must not be done twice; its result is kept with the conversation.
func (a *Activities) PrepareTicket(ctx context.Context, task conversation.Task) ([]conversation.Event, error) {
	x, err := connection[connector.TicketPreparer](a, task)
	if err != nil {
		return nil, err
	}
	defer alive(ctx)()
	vendor, err := x.PrepareTicket(ctx, openRequest(a.withLinks(task)))
	if err != nil {
		a.count(task, string(connector.KindOf(err)))
		return nil, translate(err)
	}
	return a.delivered(task, vendor), nil
}

// OpenTicket asks the desk for an agent, unless the policy wants somebody to be there and nobody is.
func (a *Activities) OpenTicket(ctx context.Context, task conversation.Task) ([]conversation.Event, error) {
	desk, err := connection[connector.Desk](a, task)
	if err != nil {
		return nil, err
	}
	defer alive(ctx)()
	e := task.Effects[0]
	there := availability(ctx, desk, task)
	if e.IfAvailable && there == connector.Offline {
		a.count(task, "nobody_available")
		return []conversation.Event{{Kind: conversation.NobodyAvailable, Key: e.Key}}, nil
	}
	req := openRequest(a.withLinks(task))
	if a.Link != nil {
		req.Link = a.Link(task.Conversation)
	}
	ticket, err := desk.Open(ctx, req)
	if err != nil {
		a.count(task, string(connector.KindOf(err)))
		return nil, translate(err)
	}
	a.count(task, "delivered")
	opened := conversation.Event{Kind: conversation.TicketOpened, Key: e.Key, Ticket: &ticket}
	if there == connector.Offline {
		opened.Reason = conversation.NobodyThere
	}
	return []conversation.Event{opened}, nil
}

// FindTicket looks for a ticket that was opened although no answer came.
func (a *Activities) FindTicket(ctx context.Context, task conversation.Task) ([]conversation.Event, error) {
	x, err := connection[connector.TicketFinder](a, task)
	if err != nil {
		return nil, err
	}
	defer alive(ctx)()
	e := task.Effects[0]
	req := openRequest(task)
	req.Key = e.Opening
	ticket, there, err := x.FindTicket(ctx, req)
	if err != nil {
		a.count(task, string(connector.KindOf(err)))
		return nil, translate(err)
	}
	event := conversation.Event{Kind: conversation.TicketOpened, Key: e.Key}
	result := "delivered"
	if there {
		event.Ticket, result = &ticket, "found"
	}
	a.count(task, result)
	return []conversation.Event{event}, nil
}

func openRequest(task conversation.Task) connector.OpenRequest {
	e := task.Effects[0]
	req := connector.OpenRequest{
		Key: e.Key, Conversation: task.Conversation, Agent: e.Agent, Group: e.Group,
		Transcript: task.Transcript, Previous: task.Previous, Vendor: task.Vendor, Priority: e.Priority,
	}
	if e.Mirrored {
		req.Mirrored = task.Ticket
	}
	if task.Customer != nil {
		req.Customer = *task.Customer
	}
	return req
}

// availability asks whether somebody is there. It is a courtesy: a desk that does not tell does not hold up a ticket.
func availability(ctx context.Context, desk connector.Desk, task conversation.Task) connector.Availability {
	reader, ok := desk.(connector.AvailabilityReader)
	if !ok {
		return connector.AvailabilityUnknown
	}
	there, err := reader.Availability(ctx, connector.AvailabilityRequest{Group: task.Effects[0].Group, Vendor: task.Vendor})
	if err != nil {
		return connector.AvailabilityUnknown
	}
	return there
}

// Assign gives the ticket to an agent, a group or the queue.
func (a *Activities) Assign(ctx context.Context, task conversation.Task) ([]conversation.Event, error) {
	x, err := connection[connector.AgentAssigner](a, task)
	if err != nil {
		return nil, err
	}
	return a.do(ctx, task, func(ctx context.Context, e conversation.Effect) error {
		return x.Assign(ctx, connector.AssignRequest{Key: e.Key, Ticket: *task.Ticket, Agent: e.Agent, Group: e.Group, Vendor: task.Vendor})
	})
}

// Note writes a private note to the ticket.
func (a *Activities) Note(ctx context.Context, task conversation.Task) ([]conversation.Event, error) {
	x, err := connection[connector.NoteWriter](a, task)
	if err != nil {
		return nil, err
	}
	return a.do(ctx, task, func(ctx context.Context, e conversation.Effect) error {
		text := e.Text
		if e.Attachment != nil {
			text = a.asText(task.Source, e)
		}
		return x.WriteNote(ctx, connector.NoteRequest{Key: e.Key, Ticket: *task.Ticket, Text: text, Vendor: task.Vendor})
	})
}

// CloseTicket closes the ticket.
func (a *Activities) CloseTicket(ctx context.Context, task conversation.Task) ([]conversation.Event, error) {
	x, err := connection[connector.TicketCloser](a, task)
	if err != nil {
		return nil, err
	}
	return a.do(ctx, task, func(ctx context.Context, e conversation.Effect) error {
		return x.CloseTicket(ctx, connector.CloseRequest{Key: e.Key, Ticket: *task.Ticket, ByCustomer: e.ByCustomer, Vendor: task.Vendor})
	})
}
