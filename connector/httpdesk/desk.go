package httpdesk

import (
	"cmp"
	"context"
	"net/url"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// Assign gives the ticket to an agent, to a group, or, with neither, back to the queue.
func (c *Client) Assign(ctx context.Context, req connector.AssignRequest) error {
	data := on(req.Ticket)
	data.Agent, data.Group = person(conversation.Author{ID: req.Agent}), req.Group
	_, err := c.tell(ctx, "Assign", string(req.Key), Webhook{Type: TypeTicketAssigned, Data: data})
	return err
}

// UpdateTicket tells how the conversation stands. A desk that does not show it is not told.
func (c *Client) UpdateTicket(ctx context.Context, req connector.UpdateRequest) error {
	data := on(req.Ticket)
	data.State, data.PreviousState, data.Reason = string(req.Change.To), string(req.Change.From), string(req.Change.Reason)
	data.Agent, data.WaitingSince, data.Customer = person(req.Change.Agent), req.WaitingSince, about(req.Customer)
	return shown(c.tell(ctx, "UpdateTicket", string(req.Key), Webhook{Type: TypeTicketUpdated, Timestamp: req.At, Data: data}))
}

// CloseTicket closes the ticket.
func (c *Client) CloseTicket(ctx context.Context, req connector.CloseRequest) error {
	data := on(req.Ticket)
	data.By = ByHandoff
	if req.ByCustomer {
		data.By = ByCustomer
	}
	_, err := c.tell(ctx, "CloseTicket", string(req.Key), Webhook{Type: TypeTicketClosed, Data: data})
	return err
}

// Availability asks whether somebody is there. A desk need not tell.
func (c *Client) Availability(ctx context.Context, req connector.AvailabilityRequest) (connector.Availability, error) {
	query := url.Values{}
	if group := cmp.Or(req.Group, c.config.Group); group != "" {
		query.Set("group", group)
	}
	var there Availability
	if err := c.ask(ctx, "Availability", pathAvailability, query, &there); err != nil {
		return connector.AvailabilityUnknown, err
	}
	switch there.Status {
	case statusOnline:
		return connector.Online, nil
	case statusQueueing:
		return connector.Queueing, nil
	case statusOffline:
		return connector.Offline, nil
	}
	return connector.AvailabilityUnknown, nil
}

// Queue asks how far ahead the ticket is. A desk need not tell.
func (c *Client) Queue(ctx context.Context, req connector.QueueRequest) (conversation.Queue, error) {
	var queue Queue
	if err := c.ask(ctx, "Queue", pathQueue, url.Values{"ticket": {req.Ticket.ID}}, &queue); err != nil {
		return conversation.Queue{}, err
	}
	return conversation.Queue{
		Position: max(queue.Position, 0),
		Wait:     conversation.Duration(time.Duration(max(queue.WaitSeconds, 0)) * time.Second),
	}, nil
}
