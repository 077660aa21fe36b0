package slack

import (
	"cmp"
	"context"
	"errors"

	"github.com/slack-go/slack"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// maxAsked bounds how many members of a user group are asked whether they are there.
const maxAsked = 20

// Assign asks an agent, a user group, or, with neither, the connection's own user group to take the ticket, by a mention
// in the thread. Slack gives nobody a conversation: whoever claims it or writes has it.
func (c *Client) Assign(ctx context.Context, req connector.AssignRequest) error {
	const op = "Assign"
	if _, _, err := parseTicket(op, req.Ticket); err != nil {
		return err
	}
	if req.Agent != "" {
		if err := c.there(ctx, op, req.Agent); err != nil {
			return err
		}
		return c.once(ctx, op, req.Ticket, req.Key, "<@"+req.Agent+"> please take this conversation.")
	}
	at, known := c.placeOf(req.Group)
	switch {
	case !known || req.Group != "" && at.usergroup == "":
		return connector.Errorf(Name, op, connector.NotFound, "the group has no user group that could be mentioned")
	case at.usergroup == "":
		return c.once(ctx, op, req.Ticket, req.Key, "This conversation waits for an agent again.")
	}
	return c.once(ctx, op, req.Ticket, req.Key, "<!subteam^"+at.usergroup+"> this conversation waits for an agent.")
}

// there fails unless an agent can be asked.
func (c *Client) there(ctx context.Context, op, agent string) error {
	if !isUser(agent) {
		return connector.Errorf(Name, op, connector.NotFound, "the agent is not the id of a user")
	}
	who, err := c.api.GetUserInfoContext(within(ctx, op), agent)
	switch {
	case err != nil:
		return failed(op, err)
	case who.Deleted || who.IsBot:
		return connector.Errorf(Name, op, connector.NotFound, "the agent is no active member of the workspace")
	case !c.config.Presence:
		return nil
	}
	active, err := c.active(ctx, op, agent)
	if err == nil && !active {
		return connector.Errorf(Name, op, connector.Conflict, "the agent is away")
	}
	return err
}

func (c *Client) active(ctx context.Context, op, user string) (bool, error) {
	p, err := c.api.GetUserPresenceContext(within(ctx, op), user)
	if err != nil {
		return false, failed(op, err)
	}
	return p.Presence == "active", nil
}

// Availability says whether a member of the group's user group is active in Slack, which means that his client is open,
// not that he is free [docs: users.getPresence]. Without presence it is not known.
func (c *Client) Availability(ctx context.Context, req connector.AvailabilityRequest) (connector.Availability, error) {
	const op = "Availability"
	at, known := c.placeOf(req.Group)
	if !known {
		return connector.AvailabilityUnknown, connector.Errorf(Name, op, connector.NotFound, "the group is not configured")
	}
	if !c.config.Presence || at.usergroup == "" {
		return connector.AvailabilityUnknown, nil
	}
	members, err := c.api.GetUserGroupMembersContext(within(ctx, op), at.usergroup)
	if err != nil {
		return connector.AvailabilityUnknown, failed(op, err)
	}
	for i, user := range members {
		if i == maxAsked {
			return connector.AvailabilityUnknown, nil
		}
		if active, err := c.active(ctx, op, user); err != nil || active {
			if err != nil {
				return connector.AvailabilityUnknown, err
			}
			return connector.Online, nil
		}
	}
	return connector.Offline, nil
}

// WriteNote writes a line for agents, marked as they mark theirs.
func (c *Client) WriteNote(ctx context.Context, req connector.NoteRequest) error {
	const op = "WriteNote"
	var lines []string
	for _, part := range connector.SplitText(req.Text, maxText) {
		lines = append(lines, escape(part))
	}
	return c.once(ctx, op, req.Ticket, req.Key, lines...)
}

// CloseTicket takes the buttons off the card and says in the thread that nobody reads along any more. A thread cannot be
// closed: what agents write after that is answered by the conversation's rules. A card that was deleted is closed.
func (c *Client) CloseTicket(ctx context.Context, req connector.CloseRequest) error {
	const op = "CloseTicket"
	shown := card{key: req.Key, customer: req.Ticket.Vendor[customerKey], over: "Closed"}
	line := "Closed. What is written here does not reach the customer any more."
	if req.ByCustomer {
		shown.over, line = "The customer left", "The customer left. What is written here does not reach the customer any more."
	}
	err := c.show(ctx, op, req.Ticket, shown)
	if err == nil {
		err = c.once(ctx, op, req.Ticket, req.Key, line)
	}
	if gone(err) {
		return nil
	}
	return err
}

// gone reports whether an error says that the card or its thread was deleted; a 404 is said by something in between.
func gone(err error) bool {
	e, ok := errors.AsType[*connector.Error](err)
	return ok && e.Kind == connector.NotFound && e.Status < 300
}

// UpdateTicket shows on the card who has the ticket and since when the customer waits. The next agent of a transfer is
// told by a mention in the thread.
func (c *Client) UpdateTicket(ctx context.Context, req connector.UpdateRequest) error {
	const op = "UpdateTicket"
	to := req.Change
	shown := card{key: req.Key, customer: cmp.Or(req.Customer.Name, req.Ticket.Vendor[customerKey]), state: to.To, agent: to.Agent, since: req.At}
	if !req.WaitingSince.IsZero() {
		shown.since, shown.waiting = req.WaitingSince, true
	}
	if err := c.show(ctx, op, req.Ticket, shown); err != nil {
		return err
	}
	if to.From == conversation.Assigned && to.To == conversation.Assigned && isUser(to.Agent.ID) && to.Agent.ID != to.Previous.ID {
		return c.once(ctx, op, req.Ticket, req.Key, "<@"+to.Agent.ID+"> this conversation is yours now.")
	}
	return nil
}

// show writes the card anew: text and blocks together.
func (c *Client) show(ctx context.Context, op string, ticket conversation.Ticket, shown card) error {
	channel, thread, err := parseTicket(op, ticket)
	if err != nil {
		return err
	}
	_, _, _, err = c.api.UpdateMessageContext(within(ctx, op), channel, thread,
		slack.MsgOptionText(shown.text(), false), slack.MsgOptionBlocks(shown.blocks()...))
	return failed(op, err)
}
