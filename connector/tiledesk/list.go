package tiledesk

import (
	"context"
	"time"

	"github.com/handoff-engine/handoff/connector"
)

// ListMessages reads what webhooks may not have told: the agents' words under the ids that webhooks give them, and then
// who has the conversation or whether it is closed.
func (c *Client) ListMessages(ctx context.Context, req connector.ListRequest) ([]connector.Inbound, error) {
	const op = "ListMessages"
	now, err := c.getRequest(ctx, op, req.Ticket.ID)
	if err != nil {
		return nil, err
	}
	messages, err := c.getMessages(ctx, op, req.Ticket.ID)
	if err != nil {
		return nil, err
	}
	ref := connector.Ref{Ticket: req.Ticket.ID}
	var list []connector.Inbound
	for _, m := range messages {
		m.Recipient = req.Ticket.ID
		// What proves our own sends is no news: FindSent settles the uncertain ones.
		if ev, ok := c.said(m, now); ok && ev.Key == "" {
			list = append(list, connector.Inbound{Ref: ref, Event: ev})
		}
	}
	now.RequestID = req.Ticket.ID
	if ev, ok := c.standing(now); ok {
		if ev.Kind.TellsState() {
			// It is how things stand now; when it came to be so is not told.
			ev.At = time.Time{}
		}
		list = append(list, connector.Inbound{Ref: ref, Event: ev})
	}
	return list, nil
}
