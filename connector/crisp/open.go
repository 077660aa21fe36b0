package crisp

import (
	"context"
	"maps"
	"net/http"
	"net/url"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

const (
	// segment marks our conversations, for views and automations of the workspace; with a priority besides the normal
	// one they have another, such as handoff-urgent.
	segment = "handoff"
	// openingKey is where the first message of a ticket is kept: a list that shows it is complete.
	openingKey = "opening"
	// newest is how many conversations a look at the list shows, the vendor's largest page.
	newest = "50"
)

// Open makes a conversation: who asks, what was said before as a private note, and the customer's last words as a
// message, which is what operators are notified of. Crisp takes no id of ours, so the same Key is looked for among the
// newest conversations. One that was made and left empty, because its answer was lost, is not shown to operators (REST
// reference, include_empty).
func (c *Client) Open(ctx context.Context, req connector.OpenRequest) (conversation.Ticket, error) {
	const op = "Open"
	id, again, err := c.prepare(ctx, op, req)
	if err != nil {
		return conversation.Ticket{}, err
	}
	messages := c.history(req)
	for _, m := range messages {
		if again {
			there, err := c.exists(ctx, op, id, m.Fingerprint)
			if err != nil {
				return conversation.Ticket{}, err
			}
			if there {
				continue
			}
		}
		if _, err := c.post(ctx, op, id, m); err != nil {
			return conversation.Ticket{}, err
		}
	}
	first := fingerprintText(messages[0].Fingerprint)
	if req.Mirrored != nil && req.Mirrored.Vendor[openingKey] != "" {
		first = req.Mirrored.Vendor[openingKey]
	}
	ticket := c.ticket(id, first)
	if req.Agent != "" {
		// The ticket is open: an operator who cannot be reached must not make it open again.
		err := c.Assign(ctx, connector.AssignRequest{Key: req.Key, Ticket: ticket, Agent: req.Agent, Vendor: req.Vendor})
		if err != nil && !connector.KindOf(err).Permanent() {
			return conversation.Ticket{}, err
		}
		if err != nil {
			c.log.Warn("ticket was opened and not given to the operator asked for", "op", op, "key", req.Key, "kind", connector.KindOf(err))
		}
	}
	return ticket, nil
}

// FindTicket looks for the conversation that Open made.
func (c *Client) FindTicket(ctx context.Context, req connector.OpenRequest) (conversation.Ticket, bool, error) {
	const op = "FindTicket"
	id, err := c.known(ctx, op, req.Key)
	if err != nil || id == "" {
		return conversation.Ticket{}, false, err
	}
	return c.ticket(id, fingerprintText(c.history(req)[0].Fingerprint)), true, nil
}

// prepare gives the conversation of a request, which knows who asks and is in its sub-inbox, and whether it may have messages.
func (c *Client) prepare(ctx context.Context, op string, req connector.OpenRequest) (id string, again bool, err error) {
	if req.Mirrored != nil {
		id, again = req.Mirrored.ID, true
	} else if id, again, err = c.begin(ctx, op, req.Key); err != nil {
		return "", false, err
	}
	if err := c.introduce(ctx, op, id, req); err != nil {
		return "", false, err
	}
	inbox := req.Group
	if inbox == "" && len(c.config.Inboxes) > 0 {
		inbox = c.config.Inboxes[0]
	}
	if inbox != "" {
		err = c.move(ctx, op, id, inbox)
	}
	return id, again, err
}

// ticket names a conversation, and its first message.
func (c *Client) ticket(id, first string) conversation.Ticket {
	return conversation.Ticket{
		ID: id, URL: c.config.AppURL + c.website("/inbox/"+url.PathEscape(id)+"/"), Vendor: map[string]string{openingKey: first},
	}
}

// begin gives the conversation of a key, and whether an earlier call made it.
func (c *Client) begin(ctx context.Context, op string, key conversation.Key) (id string, again bool, err error) {
	if id, err = c.known(ctx, op, key); err != nil || id != "" {
		return id, true, err
	}
	var made session
	if err := c.call(ctx, op, http.MethodPost, c.website("/conversation"), nil, &made); err != nil {
		return "", false, err
	}
	if made.ID == "" {
		return "", false, connector.Errorf(Name, op, connector.UncertainOutcome, "the answer has no session")
	}
	c.opening.Set(key, made.ID)
	return made.ID, false, nil
}

// known gives the conversation that an earlier call with the key made, or "".
func (c *Client) known(ctx context.Context, op string, key conversation.Key) (string, error) {
	if id := c.opening.Of(key); id != "" {
		return id, nil
	}
	return c.find(ctx, op, key)
}

// find looks for the conversation of a key that another process made.
func (c *Client) find(ctx context.Context, op string, key conversation.Key) (string, error) {
	query := url.Values{"per_page": {newest}, "include_empty": {"1"}, "order_date_created": {"1"}}
	var list []session
	if err := c.call(ctx, op, http.MethodGet, c.website("/conversations/1?"+query.Encode()), nil, &list); err != nil {
		return "", err
	}
	for _, s := range list {
		if s.Meta.Data[keyProperty] == string(key) {
			return s.ID, nil
		}
	}
	return "", nil
}

// introduce tells operators who the customer is. What Crisp refuses of it does not keep the customer from an operator:
// then only our own data are told, by which the conversation is found.
func (c *Client) introduce(ctx context.Context, op, id string, req connector.OpenRequest) error {
	who := req.Customer
	ours := map[string]string{keyProperty: string(req.Key), "handoff_id": req.Conversation}
	if req.Link != "" {
		ours["handoff_link"] = req.Link
	}
	if req.Previous != nil {
		ours["previous_session"] = req.Previous.ID
	}
	data := maps.Clone(who.Fields)
	if data == nil {
		data = map[string]string{}
	}
	m := meta{Nickname: who.Name, Phone: who.Phone, Subject: "Handoff", Segments: []string{segment}, Data: data}
	if c.config.ShareEmail {
		m.Email = who.Email
	} else if who.Email != "" {
		data["email"] = who.Email
	}
	if who.Language != "" {
		data["language"] = who.Language
	}
	if p := req.Priority; p != "" && p != "normal" {
		m.Segments = append(m.Segments, segment+"-"+p)
	}
	maps.Copy(data, ours)
	err := c.call(ctx, op, http.MethodPatch, c.session(id, "/meta"), m, nil)
	if connector.KindOf(err) != connector.Invalid {
		return err
	}
	c.log.Warn("customer profile was refused", "op", op, "key", req.Key)
	return c.call(ctx, op, http.MethodPatch, c.session(id, "/meta"), meta{Segments: m.Segments, Data: ours}, nil)
}

// move puts a conversation into a sub-inbox.
func (c *Client) move(ctx context.Context, op, id, inbox string) error {
	return c.call(ctx, op, http.MethodPatch, c.session(id, "/inbox"), map[string]string{"inbox_id": inbox}, nil)
}
