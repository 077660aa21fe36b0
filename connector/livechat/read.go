package livechat

import (
	"context"
	"time"

	"github.com/handoff-engine/handoff/connector"
)

// MarkRead shows agents that the customer has read what was said until req.At, or now (vendor reference, Customer
// Chat API, mark_events_as_seen). LiveChat knows one such mark for the whole chat: marking twice is marking once.
func (c *Client) MarkRead(ctx context.Context, req connector.ReadRequest) error {
	const op = "MarkRead"
	chatID, _, err := parseTicket(op, req.Ticket)
	if err != nil {
		return err
	}
	until := req.At
	if until.IsZero() {
		until = c.tokens.now()
	}
	return c.call(ctx, request{
		op: op, api: customerAPI, action: "mark_events_as_seen", customer: customerOf(req.Ticket, req.Vendor),
		body: map[string]string{"chat_id": chatID, "seen_up_to": until.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano)},
	}, nil)
}

// eventsSeen tells that an agent has read what the customer wrote. That the customer has read is known: we said so.
func (w *reading) eventsSeen() error {
	p, err := read(w, func(p *eventsSeen) string { return p.ChatID })
	if err != nil || !isPerson(p.UserID) {
		return err
	}
	at, err := time.Parse(time.RFC3339Nano, p.SeenUpTo)
	if err != nil {
		at = w.at
	}
	w.events = append(w.events, connector.Inbound{
		Ref: w.ref(p.ChatID, ""), Read: &connector.Read{At: at, Author: w.author(p.UserID, "")},
	})
	return nil
}
