package livechat

import (
	"context"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// Queue says how far ahead a waiting chat is (vendor reference, thread.queue; there is no webhook for it). A chat that an
// agent has is in no queue: Position is 0. A closed one is a Conflict.
func (c *Client) Queue(ctx context.Context, req connector.QueueRequest) (conversation.Queue, error) {
	const op = "Queue"
	chatID, threadID, err := parseTicket(op, req.Ticket)
	if err != nil {
		return conversation.Queue{}, err
	}
	current, err := c.getChat(ctx, op, chatID, "")
	if err != nil {
		return conversation.Queue{}, err
	}
	if current.Thread.ID != threadID || !current.Thread.Active {
		return conversation.Queue{}, connector.Errorf(Name, op, connector.Conflict, "the chat is closed")
	}
	place := current.Thread.Queue
	if place == nil {
		return conversation.Queue{}, nil
	}
	return conversation.Queue{
		Position: max(place.Position, 0),
		Wait:     conversation.Duration(max(place.WaitTime, 0) * float64(time.Second)),
	}, nil
}
