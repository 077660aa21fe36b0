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

// typing passes on from one side to the other that somebody types, or has read what was sent, outside the history: best
// effort, never retried.
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
func (t *typing) pass(a conversation.Arrival, in connector.Inbound) {
	select {
	case t.slots <- struct{}{}:
	default:
		return
	}
	go func() {
		defer func() { <-t.slots }()
		ctx, cancel := context.WithTimeout(context.Background(), typingWithin)
		defer cancel()
		if err := t.send(ctx, a, in); err != nil {
			t.logger.Debug("typing notice or read mark dropped", "connection", a.Connection, "kind", connector.KindOf(err))
		}
	}()
}

// send shows the notice on the other side, if an agent has the conversation and that side can.
func (t *typing) send(ctx context.Context, a conversation.Arrival, in connector.Inbound) error {
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
	other, to, ticket, vendor := view.Channel, view.Ref, conversation.Ticket{}, view.ChannelVendor
	if a.Starts {
		if len(view.Tickets) == 0 {
			return nil
		}
		other, to, ticket, vendor = view.Desk, "", view.Tickets[len(view.Tickets)-1].Ticket, view.DeskVendor
	}
	if read := in.Read; read != nil {
		if marker, ok := t.connections[other].(connector.ReadMarker); ok {
			return marker.MarkRead(ctx, connector.ReadRequest{To: to, Ticket: ticket, At: read.At, Author: read.Author, Vendor: vendor})
		}
		return nil
	}
	notice := *in.Typing
	if !a.Starts {
		t.streams.agentTypes(id, notice)
	}
	if sender, ok := t.connections[other].(connector.TypingSender); ok {
		return sender.SendTyping(ctx, connector.TypingRequest{
			To: to, Ticket: ticket, On: notice.On, Text: notice.Text, Author: notice.Author, Vendor: vendor,
		})
	}
	return nil
}
