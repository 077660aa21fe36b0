package gateway

import (
	"context"
	"log/slog"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

const (
	// typingWithin bounds one notice, from the webhook to the other side: later it would be untrue.
	typingWithin = 3 * time.Second
	// typingAtOnce bounds the notices under way; more are dropped.
	typingAtOnce = 16
)

// typing passes typing notices from one side to the other, outside the history: best effort, never retried.
type typing struct {
	connections   map[string]connector.Connector
	conversations Conversations
	streams       *streams
	logger        *slog.Logger
	slots         chan struct{}
}

func newTyping(connections map[string]connector.Connector, conversations Conversations, streams *streams, logger *slog.Logger) *typing {
	return &typing{connections, conversations, streams, logger, make(chan struct{}, typingAtOnce)}
}

// pass passes a notice on in the background, or drops it if too many are under way.
func (t *typing) pass(a conversation.Arrival, notice connector.Typing) {
	select {
	case t.slots <- struct{}{}:
	default:
		return
	}
	go func() {
		defer func() { <-t.slots }()
		ctx, cancel := context.WithTimeout(context.Background(), typingWithin)
		defer cancel()
		if err := t.send(ctx, a, notice); err != nil {
			t.logger.Debug("typing notice dropped", "connection", a.Connection, "kind", connector.KindOf(err))
		}
	}()
}

// send shows the notice on the other side, if an agent has the conversation and that side can.
func (t *typing) send(ctx context.Context, a conversation.Arrival, notice connector.Typing) error {
	id, err := t.conversations.Locate(ctx, a)
	if err != nil {
		return err
	}
	view, err := t.conversations.View(ctx, id)
	if err != nil {
		return err
	}
	if view.State != conversation.Assigned {
		return nil
	}
	req := connector.TypingRequest{On: notice.On, Text: notice.Text, Author: notice.Author}
	other := view.Channel
	if a.Starts {
		if len(view.Tickets) == 0 {
			return nil
		}
		other, req.Ticket, req.Vendor = view.Desk, view.Tickets[len(view.Tickets)-1].Ticket, view.DeskVendor
	} else {
		req.To, req.Vendor = view.Ref, view.ChannelVendor
		t.streams.agentTypes(id, notice)
	}
	if sender, ok := t.connections[other].(connector.TypingSender); ok {
		return sender.SendTyping(ctx, req)
	}
	return nil
}
