package slack

import (
	"context"
	"slices"
	"time"

	"github.com/slack-go/slack"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

const (
	// customerKey is where the customer's name is kept with the ticket: cards and posts show it.
	customerKey = "customer"
	// lookBack is how far before the last line of the transcript an earlier attempt of Open may have been, by Slack's
	// clock, and lookBackBlind the same where there is no transcript.
	lookBack, lookBackBlind = 5 * time.Minute, 24 * time.Hour
	// admittedFor is how long a channel that was looked at is taken for unchanged.
	admittedFor = 10 * time.Minute
)

// Open posts the card, and below it who the customer is and what was said. It looks first whether an earlier call with
// the same Key did: by the card's metadata, or the ids of its blocks.
func (c *Client) Open(ctx context.Context, req connector.OpenRequest) (conversation.Ticket, error) {
	const op = "Open"
	at, known := c.placeOf(req.Group)
	if !known {
		return conversation.Ticket{}, connector.Errorf(Name, op, connector.NotFound, "the group is not configured")
	}
	if err := c.admit(ctx, op, at.channel); err != nil {
		return conversation.Ticket{}, err
	}
	ts, err := c.findCard(ctx, op, at.channel, req)
	if err != nil {
		return conversation.Ticket{}, err
	}
	again := ts != ""
	if !again {
		shown := card{key: req.Key, customer: req.Customer.Name, state: conversation.Waiting, since: time.Now(), call: at.usergroup}
		ts, err = c.post(ctx, op, outgoing{
			channel: at.channel, text: shown.text(), blocks: shown.blocks(), mark: mark{kind: markCard, Key: req.Key, Part: 1, Parts: 1},
		})
		if err != nil {
			return conversation.Ticket{}, err
		}
	}
	ticket := ticketOf(at.channel, ts, req.Customer)
	if err := c.introduce(ctx, op, ticket, req, again); err != nil {
		return conversation.Ticket{}, err
	}
	// Without a link agents are helped all the same.
	if link, err := c.api.GetPermalinkContext(within(ctx, op), &slack.PermalinkParameters{Channel: at.channel, Ts: ts}); err == nil {
		ticket.URL = link
	}
	if req.Agent != "" {
		err := c.Assign(ctx, connector.AssignRequest{Key: req.Key, Ticket: ticket, Agent: req.Agent})
		if err != nil && !connector.KindOf(err).Permanent() {
			return conversation.Ticket{}, err
		}
		if err != nil {
			c.log.Warn("ticket was opened and not given to the agent asked for", "op", op, "key", req.Key, "kind", connector.KindOf(err))
		}
	}
	return ticket, nil
}

// FindTicket looks for the card that Open posted.
func (c *Client) FindTicket(ctx context.Context, req connector.OpenRequest) (conversation.Ticket, bool, error) {
	const op = "FindTicket"
	at, known := c.placeOf(req.Group)
	if !known {
		return conversation.Ticket{}, false, connector.Errorf(Name, op, connector.NotFound, "the group is not configured")
	}
	ts, err := c.findCard(ctx, op, at.channel, req)
	if err != nil || ts == "" {
		return conversation.Ticket{}, false, err
	}
	return ticketOf(at.channel, ts, req.Customer), true, nil
}

// ticketOf names a thread, and what its posts show.
func ticketOf(channel, ts string, customer conversation.Customer) conversation.Ticket {
	return conversation.Ticket{ID: ticketID(channel, ts), Vendor: map[string]string{customerKey: customer.Name}}
}

// findCard gives the card that an earlier call with the Key posted, or "".
func (c *Client) findCard(ctx context.Context, op, channel string, req connector.OpenRequest) (ts string, err error) {
	oldest := time.Now().Add(-lookBackBlind)
	if n := len(req.Transcript); n > 0 {
		oldest = req.Transcript[n-1].At.Add(-lookBack)
	}
	err = c.read(ctx, op, channel, "", tsOf(oldest), func(m message) bool {
		found, marked := markOf(m)
		if marked && found.kind == markCard && found.Key == req.Key || slices.Contains(blockIDs(m), blockID(req.Key, 0)) {
			ts = m.TS
		}
		return ts != ""
	})
	return ts, err
}

// introduce adds what agents need to know to the thread. After an earlier attempt it adds only what is missing.
func (c *Client) introduce(ctx context.Context, op string, ticket conversation.Ticket, req connector.OpenRequest, again bool) error {
	channel, thread, err := parseTicket(op, ticket)
	if err != nil {
		return err
	}
	parts := connector.SplitText(introduction(req), maxText)
	var there []mark
	if again {
		if there, err = c.marks(ctx, op, channel, thread, ""); err != nil {
			return err
		}
	}
	for i, part := range parts {
		m := mark{kind: markOpening, Key: req.Key, Part: i + 1, Parts: len(parts)}
		if slices.Contains(there, m) {
			continue
		}
		if _, err := c.post(ctx, op, outgoing{channel: channel, thread: thread, text: escape(part), literal: true, mark: m}); err != nil {
			return err
		}
	}
	return nil
}

// marks lists the marks of a thread.
func (c *Client) marks(ctx context.Context, op, channel, thread, oldest string) ([]mark, error) {
	messages, err := c.thread(ctx, op, channel, thread, oldest)
	if err != nil {
		return nil, err
	}
	var list []mark
	for _, m := range messages {
		if found, ok := markOf(m); ok {
			list = append(list, found)
		}
	}
	return list, nil
}

// admit refuses channels where other companies read along, which may change at any time. One that takes no message is not
// there: the customer is helped elsewhere.
func (c *Client) admit(ctx context.Context, op, channel string) error {
	if at, ok := c.admitted.Load(channel); ok && time.Since(at.(time.Time)) < admittedFor {
		return nil
	}
	info, err := c.api.GetConversationInfoContext(within(ctx, op), &slack.GetConversationInfoInput{ChannelID: channel})
	switch {
	case err != nil:
		return failed(op, err)
	case info.IsExtShared || info.IsPendingExtShared:
		return connector.Errorf(Name, op, connector.Forbidden, "channel %s is shared with another company", channel)
	case info.IsArchived:
		return connector.Errorf(Name, op, connector.NotFound, "channel %s is archived", channel)
	case !info.IsMember:
		return connector.Errorf(Name, op, connector.NotFound, "the bot is no member of channel %s: invite it", channel)
	}
	c.admitted.Store(channel, time.Now())
	return nil
}
