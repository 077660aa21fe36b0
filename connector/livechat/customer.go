package livechat

import (
	"context"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

const (
	// customerKey is where the LiveChat customer's id is kept between calls, and ownerKey the connection that made him:
	// a route's next desk may be another LiveChat account.
	customerKey = "customer_id"
	ownerKey    = "customer_of"
)

// PrepareTicket makes the customer known at LiveChat, or finds who stands for this conversation there since an earlier
// handoff. It cannot be found out whether an earlier call made one, so it is a step of its own; a repeat leaves an
// identity that nobody sees.
func (c *Client) PrepareTicket(ctx context.Context, req connector.OpenRequest) (map[string]string, error) {
	const op = "PrepareTicket"
	id, err := c.knownCustomer(ctx, op, req)
	if err != nil {
		return nil, err
	}
	if id == "" {
		if id, err = c.tokens.newCustomer(ctx, op); err != nil {
			return nil, err
		}
	}
	return c.remember(id), nil
}

// remember is what is kept of a customer.
func (c *Client) remember(customer string) map[string]string {
	return map[string]string{customerKey: customer, ownerKey: c.connection}
}

// customerIn gives the customer of this connection that is kept in vendor, or "".
func (c *Client) customerIn(vendor map[string]string) string {
	if owner := vendor[ownerKey]; owner != "" && owner != c.connection {
		return ""
	}
	return vendor[customerKey]
}

// customerOf finds the customer of a ticket.
func customerOf(t conversation.Ticket, vendor map[string]string) string {
	if id := t.Vendor[customerKey]; id != "" {
		return id
	}
	return vendor[customerKey]
}

// knownCustomer gives the customer of this conversation: the one that is kept, else the one of the ticket before, else
// the one whose chat carries the conversation's id. "" means that there is none yet.
func (c *Client) knownCustomer(ctx context.Context, op string, req connector.OpenRequest) (string, error) {
	if id := c.customerIn(req.Vendor); id != "" {
		return id, nil
	}
	if previous := req.Previous; previous != nil && previous.Vendor[ownerKey] != "" {
		if id := c.customerIn(previous.Vendor); id != "" {
			return id, nil
		}
	}
	var found struct {
		Chats []chat `json:"chats_summary"`
	}
	err := c.call(ctx, request{op: op, api: agentAPI, action: "list_chats", body: listChats{
		Limit: 1, Filters: chatFilters{Properties: map[string]map[string]propertyFilter{c.config.ClientID: {
			conversationProperty: {Values: []string{req.Conversation}},
			connectionProperty:   {Values: []string{c.connection}},
		}}},
	}}, &found)
	switch kind := connector.KindOf(err); {
	case kind == connector.Invalid || kind == connector.Forbidden:
		// Our properties are not registered, or chats may not be read: the customer is a new one.
		return "", nil
	case err != nil || len(found.Chats) == 0:
		return "", err
	}
	return c.alive(ctx, op, found.Chats[0].customer())
}

// alive gives the customer back if a token can be had for it, which every call in its name needs; "" if the vendor has
// forgotten or anonymized it.
func (c *Client) alive(ctx context.Context, op, id string) (string, error) {
	if id == "" {
		return "", nil
	}
	_, err := c.tokens.customer(ctx, op, id)
	if connector.KindOf(err).Permanent() {
		return "", nil
	}
	return id, err
}

// customerFor gives the customer in whose name a ticket is opened. One who was not prepared, because another desk was
// asked first, is made now and kept in mind, so that a retry in this process opens the same chat.
func (c *Client) customerFor(ctx context.Context, op string, req connector.OpenRequest) (string, error) {
	if id := c.customerIn(req.Vendor); id != "" {
		return id, nil
	}
	if id := c.unprepared.Of(req.Key); id != "" {
		return id, nil
	}
	id, err := c.knownCustomer(ctx, op, req)
	if err == nil && id == "" {
		id, err = c.tokens.newCustomer(ctx, op)
	}
	if err != nil {
		return "", err
	}
	c.unprepared.Set(req.Key, id)
	return id, nil
}
