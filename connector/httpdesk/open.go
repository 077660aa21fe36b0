package httpdesk

import (
	"cmp"
	"context"
	"encoding/json"
	"regexp"
	"strings"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// maxURL is the longest address of a ticket that is kept.
const maxURL = 2 << 10

// ticketShape is how we name tickets: by the conversation and a number, of characters that need no escape in an address.
var ticketShape = regexp.MustCompile(`^([a-z0-9][a-z0-9-]{0,39}:[A-Za-z0-9_.:-]{1,128})~[A-Za-z0-9_.-]{1,64}$`)

// ticketName names the ticket that the effect key opens.
func ticketName(conversationID string, key conversation.Key) string {
	return conversationID + "~" + string(key[strings.LastIndex(string(key), "/")+1:])
}

// conversationOf gives the conversation of a ticket, or "" if we never named one so.
func conversationOf(ticket string) string {
	parts := ticketShape.FindStringSubmatch(ticket)
	if parts == nil {
		return ""
	}
	return parts[1]
}

// on begins what is told about a ticket.
func on(t conversation.Ticket) WebhookData {
	return WebhookData{Conversation: conversationOf(t.ID), Ticket: t.ID}
}

// Open asks for an agent. A ticket that agents have read along keeps its name.
func (c *Client) Open(ctx context.Context, req connector.OpenRequest) (conversation.Ticket, error) {
	ticket := conversation.Ticket{ID: ticketName(req.Conversation, req.Key)}
	if req.Mirrored != nil {
		ticket = *req.Mirrored
	}
	data := WebhookData{
		Conversation: req.Conversation, Ticket: ticket.ID, Customer: about(req.Customer), Transcript: history(req.Transcript),
		Agent: person(conversation.Author{ID: req.Agent}), Group: cmp.Or(req.Group, c.config.Group), Priority: req.Priority, Link: req.Link,
	}
	if req.Previous != nil {
		data.Previous = req.Previous.ID
	}
	return c.open(ctx, "Open", req.Key, ticket, Webhook{Type: TypeTicketOpened, Data: data})
}

// Mirror shows agents what was said. Lines carry their numbers, so that a desk can tell which it has.
func (c mirroring) Mirror(ctx context.Context, req connector.MirrorRequest) (conversation.Ticket, error) {
	ticket := req.Ticket
	if ticket.ID == "" {
		ticket.ID = ticketName(req.Conversation, req.Key)
	}
	return c.open(ctx, "Mirror", req.Key, ticket, Webhook{Type: TypeTicketMirrored, Data: WebhookData{
		Conversation: req.Conversation, Ticket: ticket.ID, Customer: about(req.Customer), Transcript: history(req.Lines),
	}})
}

// open tells of a ticket, and learns its address if the desk answers with one.
func (c *Client) open(ctx context.Context, op string, key conversation.Key, ticket conversation.Ticket, w Webhook) (conversation.Ticket, error) {
	answer, err := c.tell(ctx, op, string(key), w)
	if err != nil {
		return conversation.Ticket{}, err
	}
	var opened Opened
	if json.Unmarshal(answer.Body, &opened) == nil && connector.IsWebAddress(opened.URL) && len(opened.URL) <= maxURL {
		ticket.URL = opened.URL
	}
	return ticket, nil
}
