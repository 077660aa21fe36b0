package slack

import (
	"context"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// ListMessages reads the thread: agents' words, and their last edits, under the ids that the webhooks gave. Who has the
// ticket is nothing that Slack knows. Deletions leave no trace.
func (c *Client) ListMessages(ctx context.Context, req connector.ListRequest) ([]connector.Inbound, error) {
	const op = "ListMessages"
	channel, thread, err := parseTicket(op, req.Ticket)
	if err != nil {
		return nil, err
	}
	botID, user, err := c.whoAmI(ctx, op)
	if err != nil {
		return nil, err
	}
	messages, err := c.thread(ctx, op, channel, thread, "")
	if err != nil {
		return nil, err
	}
	us := ourselves{bot: user}
	var list []connector.Inbound
	for _, m := range messages {
		if m.BotID == botID {
			continue
		}
		// The thread is known to be ours.
		m.ParentUser = ""
		events := c.tell(us, m)
		if m.Edited != nil && isTS(m.Edited.TS) {
			events = append(events, c.edited(us, m)...)
		}
		for _, ev := range events {
			// Our own sends are no news: FindSent settles the uncertain ones.
			if ev.Kind != conversation.SendProven {
				list = append(list, connector.Inbound{Ref: connector.Ref{Ticket: req.Ticket.ID}, Event: ev})
			}
		}
	}
	return list, nil
}

// edited gives the last edit of a listed message as its webhook would have, except that nobody knows any more what was
// written before.
func (c *Client) edited(us ourselves, now message) []conversation.Event {
	return c.changed(us, message{Channel: now.Channel, TS: now.Edited.TS, Message: &now})
}
