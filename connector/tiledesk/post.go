package tiledesk

import (
	"context"
	"strings"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// Post adds the customer's words to the conversation, in the customer's name. The answer shows whether it is closed:
// Tiledesk takes words then, too, and tells nobody. A repeat of a long text sends only the parts that are not there.
func (c *Client) Post(ctx context.Context, req connector.PostRequest) (connector.Receipt, error) {
	const op = "Post"
	if strings.TrimSpace(req.Text) == "" {
		return connector.Receipt{}, connector.Errorf(Name, op, connector.Invalid, "the text is empty")
	}
	return c.deliver(ctx, op, req.Key, req.Ticket, req.Vendor, func(from person) []outgoing {
		return texts(string(req.Key), conversationOf(req.Key), from, req.Text)
	})
}

// SendAttachment shows a file by its address, which agents' browsers open. Places, and files without an address, are
// Unsupported.
func (c *Client) SendAttachment(ctx context.Context, req connector.AttachmentRequest) (connector.Receipt, error) {
	const op = "SendAttachment"
	a := req.Attachment
	if a.Latitude != 0 || a.Longitude != 0 || !connector.IsWebAddress(a.URL) {
		return connector.Receipt{}, connector.Errorf(Name, op, connector.Unsupported, "not a file with an address")
	}
	return c.deliver(ctx, op, req.Key, req.Ticket, req.Vendor, func(from person) []outgoing {
		return []outgoing{shownFile(string(req.Key), conversationOf(req.Key), from, a, req.Text)}
	})
}

// deliver sends the messages of one key.
func (c *Client) deliver(
	ctx context.Context, op string, key conversation.Key, ticket conversation.Ticket, vendor map[string]string,
	write func(from person) []outgoing,
) (connector.Receipt, error) {
	from, err := c.customerOf(ctx, op, ticket, vendor)
	if err != nil {
		return connector.Receipt{}, err
	}
	messages := write(from)
	have := map[string]string{}
	if len(messages) > 1 {
		there, err := c.getMessages(ctx, op, ticket.ID)
		if err != nil {
			return connector.Receipt{}, err
		}
		have = marksOf(there)
	}
	var receipt connector.Receipt
	for i, m := range messages {
		if id, there := have[m.mark]; there {
			receipt.ID = id
			continue
		}
		got, err := c.post(ctx, op, ticket.ID, m)
		if err != nil {
			return connector.Receipt{}, connector.Partly(err, i)
		}
		if got.Request != nil && got.Request.Attributes.text(markAttribute) == m.mark {
			// Our words have made the conversation: the ticket was gone.
			return connector.Receipt{}, connector.Errorf(Name, op, connector.NotFound, "the conversation is gone")
		}
		receipt.ID = got.ID
	}
	return receipt, nil
}

// customerOf finds in whose name words are posted: kept with the ticket, else read from the conversation.
func (c *Client) customerOf(ctx context.Context, op string, ticket conversation.Ticket, vendor map[string]string) (person, error) {
	for _, kept := range []map[string]string{ticket.Vendor, vendor} {
		if id := c.customerIn(kept); id != "" {
			return person{id, kept[nameKey]}, nil
		}
	}
	now, err := c.getRequest(ctx, op, ticket.ID)
	if err != nil {
		return person{}, err
	}
	if now.Lead.LeadID == "" {
		return person{}, connector.Errorf(Name, op, connector.NotFound, "the conversation has no customer")
	}
	return person{now.Lead.LeadID, now.Lead.name()}, nil
}

// conversationOf is the conversation of a key.
func conversationOf(key conversation.Key) string {
	id := string(key)
	if i := strings.LastIndexByte(id, '/'); i >= 0 {
		id = id[:i]
	}
	return id
}

// FindSent looks for the mark of an earlier send.
func (c *Client) FindSent(ctx context.Context, req connector.FindRequest) (connector.Receipt, bool, error) {
	messages, err := c.getMessages(ctx, "FindSent", req.Ticket.ID)
	if err != nil {
		return connector.Receipt{}, false, err
	}
	id, found := sent(string(req.Key), messages)
	return connector.Receipt{ID: id}, found, nil
}
