package teams

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
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
	details, err := json.Marshal(detailsOf(req.Customer))
	if err != nil {
		return conversation.Ticket{}, connector.Errorf(Name, op, connector.Invalid, "customer cannot be written")
	}
	ticket := conversation.Ticket{ID: opened.thread, Vendor: map[string]string{
		nameKey: customerName(req.Customer.Name), detailsKey: string(details), serviceKey: opened.service, linkKey: req.Link,
	}}
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
		return root{}, connector.Errorf(Name, op, connector.UncertainOutcome, "answer without a thread")
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
		return "", connector.Errorf(Name, op, connector.NotFound, "group is not in groups")
	}
	return channel, nil
}

// UpdateTicket writes the card anew. Doing it twice changes nothing.
func (c *Client) UpdateTicket(ctx context.Context, req connector.UpdateRequest) error {
	const op = "UpdateTicket"
	p, err := c.place(op, req.Ticket)
	if err != nil {
		return err
	}
	card := c.standing(req.Key, req.Ticket)
	card.state, card.status, card.details = req.Change.To, statusOf(req.Change, req.WaitingSince), detailsOf(req.Customer)
	card.name = cmp.Or(req.Customer.Name, card.name)
	if len(card.buttons()) > 0 {
		card.choices = c.choices(ctx, op, p.service, p.channel)
	}
	return c.put(ctx, op, p, p.root, card.message())
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

// CloseTicket takes the buttons from the card, and says in the thread that it is over. Closing again says so again.
func (c *Client) CloseTicket(ctx context.Context, req connector.CloseRequest) error {
	const op = "CloseTicket"
	p, err := c.place(op, req.Ticket)
	if err != nil {
		return err
	}
	words := "This conversation is closed. The customer does not get what is written here from now on."
	card := c.standing(req.Key, req.Ticket)
	card.state, card.status = conversation.Ended, "Closed"
	if req.ByCustomer {
		card.status = "The customer left"
		words = "The customer left. What is written here from now on reaches nobody."
	}
	if err := c.put(ctx, op, p, p.root, card.message()); err != nil {
		return err
	}
	_, err = c.post(ctx, op, p, notice(words))
	return err
}

// Assign asks an agent, by a mention in the thread, to take the ticket: Teams knows no owner, so it is the agent's claim
// or first reply that makes one. With neither agent nor group everybody is asked. A group is another channel, and a
// thread cannot move: only the group that the ticket is in already can be asked, others are Unsupported.
func (c *Client) Assign(ctx context.Context, req connector.AssignRequest) error {
	const op = "Assign"
	p, err := c.place(op, req.Ticket)
	if err != nil {
		return err
	}
	if req.Group != "" && req.Agent == "" {
		channel, err := c.channelOf(op, req.Group)
		if err != nil {
			return err
		}
		if channel != p.channel {
			return connector.Errorf(Name, op, connector.Unsupported, "a thread cannot move to the channel of another group")
		}
	}
	m := notice("The customer is waiting: who takes it?")
	if req.Agent != "" {
		who, err := c.person(ctx, op, p.service, p.channel, req.Agent)
		if err != nil {
			return err
		}
		// Both texts of a mention must be equal (learn: channel-and-group-conversations).
		at := "<at>" + escape(who.Name) + "</at>"
		m.Text = at + " <i>the customer is waiting for you: claim the ticket above, or answer here.</i>"
		m.Entities = []mention{{Type: "mention", Text: at, Mentioned: account{ID: who.ID, Name: who.Name}}}
	}
	_, err = c.post(ctx, op, p, m)
	return err
}

// Check proves the credentials, that the bot is in every channel of the configuration, and that the keys of webhooks can
// be read.
func (c *Client) Check(ctx context.Context) error {
	const op = "Check"
	if _, err := c.keys.fetch(ctx, op); err != nil {
		return err
	}
	for _, channel := range slices.Compact(slices.Sorted(maps.Values(c.config.channels()))) {
		err := c.call(ctx, request{
			op: op, method: http.MethodGet, service: c.config.BaseURL, path: []string{"conversations", channel, "pagedmembers"},
			query: map[string][]string{"pageSize": {"1"}},
		}, &members{})
		if err != nil {
			return err
		}
	}
	return nil
}
