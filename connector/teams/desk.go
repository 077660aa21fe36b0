package teams

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

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
