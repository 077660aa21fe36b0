package livechat

import (
	"context"
	"slices"
	"strconv"

	"github.com/handoff-engine/handoff/connector"
)

// Assign gives the chat to an agent or a group, or routes it anew within its group. It looks first, because a repeat
// would put the chat into the queue again. An agent who is offline is a Conflict; one who has no room now gets it by way of
// the queue.
func (c *Client) Assign(ctx context.Context, req connector.AssignRequest) error {
	const op = "Assign"
	chatID, threadID, err := parseTicket(op, req.Ticket)
	if err != nil {
		return err
	}
	group := -1
	if req.Group != "" {
		if group, err = strconv.Atoi(req.Group); err != nil || group < 0 {
			return connector.Errorf(name, op, connector.Invalid, "group is not a number")
		}
	}
	current, err := c.getChat(ctx, op, chatID, "")
	if err != nil {
		return err
	}
	if current.Thread.ID != threadID || !current.Thread.Active {
		return connector.Errorf(name, op, connector.Conflict, "chat is closed")
	}
	agents := c.agentsIn(current)
	transfer := transferChat{ID: chatID, IgnoreAvailability: true, IgnorePresence: true}
	switch {
	case req.Agent != "":
		if slices.ContainsFunc(agents, func(u user) bool { return u.ID == req.Agent }) {
			return nil
		}
		if away, _ := c.away(ctx, op, req.Agent); away {
			return connector.Errorf(name, op, connector.Conflict, "agent is offline")
		}
		transfer.Target = &target{Type: "agent", IDs: []string{req.Agent}}
	case group >= 0:
		if len(agents) == 0 && slices.Equal(current.Access.GroupIDs, []int{group}) {
			return nil
		}
		transfer.Target = &target{Type: "group", IDs: []int{group}}
	case len(agents) == 0:
		return nil
	}
	return c.call(ctx, request{op: op, api: agentAPI, action: "transfer_chat", body: transfer}, nil)
}

// agentsIn are the people who answer in a chat, those who are present first: neither bots, nor agents who only watch.
func (c *Client) agentsIn(current chat) []user {
	var agents []user
	for _, u := range current.Users {
		if u.Type == "agent" && isPerson(u.ID) && u.Visibility != "agents" {
			agents = append(agents, u)
		}
	}
	slices.SortStableFunc(agents, func(a, b user) int {
		switch {
		case a.Present == b.Present:
			return 0
		case a.Present:
			return -1
		}
		return 1
	})
	return agents
}

// CloseTicket closes the thread: as the customer if the customer left, else as the company. A chat that was closed, or
// resumed by somebody meanwhile, is left alone.
func (c *Client) CloseTicket(ctx context.Context, req connector.CloseRequest) error {
	const op = "CloseTicket"
	chatID, threadID, err := parseTicket(op, req.Ticket)
	if err != nil {
		return err
	}
	current, err := c.getChat(ctx, op, chatID, "")
	if err != nil {
		return err
	}
	if current.Thread.ID != threadID || !current.Thread.Active {
		return nil
	}
	r := request{op: op, api: agentAPI, action: "deactivate_chat", body: map[string]any{"id": chatID, "ignore_requester_presence": true}}
	if customer := customerOf(req.Ticket, req.Vendor); req.ByCustomer && customer != "" {
		r.api, r.customer, r.body = customerAPI, customer, map[string]any{"id": chatID}
	}
	err = c.call(ctx, r, nil)
	if codeOf(err) == "chat_inactive" {
		return nil
	}
	return err
}

// WriteNote writes what agents alone see. Its author must be in the chat, so the agent of note_agent joins, unseen by
// the customer, and leaves again. Joining a chat that waits for an agent would stop its routing: then, and without
// note_agent, notes are Unsupported.
func (c *Client) WriteNote(ctx context.Context, req connector.NoteRequest) error {
	const op = "WriteNote"
	chatID, _, err := parseTicket(op, req.Ticket)
	if err != nil {
		return err
	}
	me := c.config.NoteAgent
	if me == "" {
		return connector.Errorf(name, op, connector.Unsupported, "note_agent is not configured")
	}
	current, err := c.getChat(ctx, op, chatID, "")
	if err != nil {
		return err
	}
	if _, done := sent(req.Key, current.Thread.Events); done {
		return nil
	}
	if !current.Thread.Active || len(c.agentsIn(current)) == 0 {
		return connector.Errorf(name, op, connector.Unsupported, "no agent is in the chat")
	}
	member := slices.ContainsFunc(current.Users, func(u user) bool { return u.ID == me })
	join := membership{ChatID: chatID, UserID: me, UserType: "agent", Visibility: "agents", IgnorePresence: true}
	if !member {
		if err := c.call(ctx, request{op: op, api: agentAPI, action: "add_user_to_chat", body: join}, nil); err != nil {
			return err
		}
	}
	parts := connector.SplitText(req.Text, maxText)
	for i, part := range parts {
		err = c.call(ctx, request{op: op, api: agentAPI, action: "send_event", body: sendEvent{ChatID: chatID, Event: newEvent{
			Type: "system_message", SystemMessageType: "handoff_note", Text: part, Visibility: "agents", CustomID: sendMark(req.Key, i+1, len(parts)),
		}}}, nil)
		if err != nil {
			break
		}
	}
	if !member {
		leave := join
		leave.Visibility = ""
		if leaving := c.call(ctx, request{op: op, api: agentAPI, action: "remove_user_from_chat", body: leave}, nil); leaving != nil {
			c.log.Warn("note_agent stays in the chat", "op", op, "kind", connector.KindOf(leaving))
		}
	}
	return err
}

// Availability asks for the status of a group: as a customer, where there is one, because that tells busy from away.
func (c *Client) Availability(ctx context.Context, req connector.AvailabilityRequest) (connector.Availability, error) {
	const op = "Availability"
	group := c.group()
	if req.Group != "" {
		n, err := strconv.Atoi(req.Group)
		if err != nil || n < 0 {
			return connector.AvailabilityUnknown, connector.Errorf(name, op, connector.Invalid, "group is not a number")
		}
		group = n
	}
	status := ""
	if customer := c.customerIn(req.Vendor); customer != "" {
		var got struct {
			Status map[string]string `json:"groups_status"`
		}
		r := request{op: op, api: customerAPI, action: "list_group_statuses", customer: customer, body: map[string]any{"group_ids": []int{group}}}
		if err := c.call(ctx, r, &got); err != nil {
			return connector.AvailabilityUnknown, err
		}
		status = got.Status[strconv.Itoa(group)]
	} else {
		var got struct {
			Status string `json:"routing_status"`
		}
		r := request{op: op, api: configurationAPI, action: "get_group", body: map[string]any{"id": group, "fields": []string{"routing_status"}}}
		if err := c.call(ctx, r, &got); err != nil {
			return connector.AvailabilityUnknown, err
		}
		status = got.Status
	}
	switch status {
	case "online", "accepting_chats":
		return connector.Online, nil
	case "online_for_queue":
		return connector.Queueing, nil
	case "offline", "not_accepting_chats":
		return connector.Offline, nil
	}
	return connector.AvailabilityUnknown, nil
}
