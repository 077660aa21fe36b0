package crisp

import (
	"context"
	"strconv"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// Mirror shows operators a conversation while the bot has the customer: each line is a private note, of which Crisp
// notifies nobody. Lines that are there already are told by their fingerprints, so a call costs one read and one write for
// each line that is new.
func (c *Client) Mirror(ctx context.Context, req connector.MirrorRequest) (conversation.Ticket, error) {
	const op = "Mirror"
	ticket := req.Ticket
	if ticket.ID == "" {
		id, _, err := c.prepare(ctx, op, connector.OpenRequest{Key: req.Key, Conversation: req.Conversation, Customer: req.Customer})
		if err != nil {
			return conversation.Ticket{}, err
		}
		ticket = c.ticket(id, fingerprintText(lineMark(id, req.Lines[0])))
	}
	messages, err := c.messages(ctx, op, ticket.ID, ticket.Vendor[openingKey])
	if err != nil {
		return conversation.Ticket{}, err
	}
	there := map[int64]bool{}
	for _, m := range messages {
		there[m.Fingerprint] = true
	}
	for _, l := range req.Lines {
		mark, words := lineMark(ticket.ID, l), lineText(l)
		if there[mark] || words == "" {
			continue
		}
		_, err := c.post(ctx, op, ticket.ID, newMessage{
			Type: typeNote, From: fromOperator, Origin: c.origin, Content: connector.CutText(speaker(l)+": "+words, maxText), Fingerprint: mark,
			Automated: true, Properties: map[string]string{partProperty: "mirror"},
		})
		if err != nil {
			return conversation.Ticket{}, err
		}
	}
	return ticket, nil
}

// lineMark is the fingerprint of a line that operators read along.
func lineMark(session string, l conversation.Line) int64 {
	return fingerprint(conversation.Key(session), "~"+strconv.Itoa(l.N))
}
