package teams

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// What a ticket keeps for later calls, besides serviceKey.
const (
	nameKey    = "customer"
	detailsKey = "details"
	linkKey    = "link"
)

// root is a thread that was opened.
type root struct{ thread, service string }

// Open begins a thread with a card, and adds what was said before. A repeat within one process goes on where the call
// before it failed. A thread whose answer was lost is opened again, unless a Reader finds it.
func (c *Client) Open(ctx context.Context, req connector.OpenRequest) (conversation.Ticket, error) {
	const op = "Open"
	channel, err := c.channelOf(op, req.Group)
	if err != nil {
		return conversation.Ticket{}, err
	}
	opened := c.roots.Of(req.Key)
	if opened.thread == "" {
		if opened, err = c.begin(ctx, op, channel, req); err != nil {
			return conversation.Ticket{}, err
		}
		c.roots.Set(req.Key, opened)
	}
	ticket, err := ticketOf(op, opened, req)
	if err != nil {
		return conversation.Ticket{}, err
	}
	_, err = c.say(ctx, op, ticket, transcriptKey(req.Key), speakerTranscript, transcriptTexts(req.Transcript))
	if err == nil && req.Agent != "" {
		err = c.Assign(ctx, connector.AssignRequest{Key: req.Key, Ticket: ticket, Agent: req.Agent, Vendor: req.Vendor})
	}
	if err != nil && !connector.KindOf(err).Permanent() {
		return conversation.Ticket{}, err
	}
	if err != nil {
		// The thread is open: what is missing in it must not keep the customer from an agent.
		c.log.Warn("thread was opened and something is missing in it", "op", op, "key", req.Key, "kind", connector.KindOf(err))
	}
	c.roots.Forget(req.Key)
	return ticket, nil
}

// ticketOf names a thread, and keeps what its card shows.
func ticketOf(op string, opened root, req connector.OpenRequest) (conversation.Ticket, error) {
	details, err := json.Marshal(detailsOf(req.Customer))
	if err != nil {
		return conversation.Ticket{}, connector.Errorf(Name, op, connector.Invalid, "the customer cannot be written")
	}
	return conversation.Ticket{ID: opened.thread, Vendor: map[string]string{
		nameKey: customerName(req.Customer.Name), detailsKey: string(details), serviceKey: opened.service, linkKey: req.Link,
	}}, nil
}

// begin posts the card that a thread hangs on.
func (c *Client) begin(ctx context.Context, op, channel string, req connector.OpenRequest) (root, error) {
	service := c.config.BaseURL
	if req.Previous != nil {
		service = c.service(req.Previous.Vendor)
	}
	var since time.Time
	for _, l := range req.Transcript {
		if l.Role == conversation.RoleCustomer {
			since = l.At
		}
	}
	card := standing{
		mark: string(req.Key), ticket: req.Conversation, name: req.Customer.Name, details: detailsOf(req.Customer), link: req.Link, mention: c.config.MentionOnly,
		state: conversation.Waiting, status: statusOf(conversation.Change{To: conversation.Waiting}, since),
		choices: c.choices(ctx, op, service, channel),
	}
	var got created
	err := c.call(ctx, request{
		op: op, method: http.MethodPost, service: service, path: []string{"conversations"}, channel: channel,
		body: newConversation{
			IsGroup: true, Bot: account{ID: c.botID()}, TenantID: c.config.TenantID,
			ChannelData: newChannelData{Channel: idOnly{channel}, Tenant: idOnly{c.config.TenantID}},
			Activity:    card.message(),
		},
	}, &got)
	if err != nil {
		return root{}, err
	}
	_, suffix, _ := strings.Cut(got.ID, ";messageid=")
	id := cmp.Or(got.ActivityID, suffix)
	if id == "" {
		return root{}, connector.Errorf(Name, op, connector.UncertainOutcome, "the answer has no thread")
	}
	r := root{thread: threadID(channel, id), service: service}
	if told := strings.TrimRight(got.ServiceURL, "/"); c.config.serves(told) {
		r.service = told
	}
	return r, nil
}

// transcriptKey counts, apart from the ticket's own key, the messages of its transcript.
func transcriptKey(key conversation.Key) conversation.Key { return key + "~" }

// channelOf is where tickets of a group are opened.
func (c *Client) channelOf(op, group string) (string, error) {
	if group == "" {
		return c.config.ChannelID, nil
	}
	channel, ok := c.config.Groups[group]
	if !ok {
		return "", connector.Errorf(Name, op, connector.NotFound, "the group is not in groups")
	}
	return channel, nil
}

// standing is what a ticket's card shows whatever happens, as of its beginning.
func (c *Client) standing(key conversation.Key, ticket conversation.Ticket) standing {
	id, _, _ := strings.Cut(string(key), "/")
	s := standing{ticket: id, name: ticket.Vendor[nameKey], link: ticket.Vendor[linkKey], mention: c.config.MentionOnly}
	if json.Unmarshal([]byte(ticket.Vendor[detailsKey]), &s.details) != nil {
		s.details = nil
	}
	return s
}
