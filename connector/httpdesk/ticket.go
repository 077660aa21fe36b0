package httpdesk

import (
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"time"

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
	if json.Unmarshal(answer.Body, &opened) == nil && isWeb(opened.URL) && len(opened.URL) <= maxURL {
		ticket.URL = opened.URL
	}
	return ticket, nil
}

func isWeb(address string) bool {
	return strings.HasPrefix(address, "https://") || strings.HasPrefix(address, "http://")
}

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
