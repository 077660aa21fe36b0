package livechat

import (
	"slices"
	"strings"
)

// agentChat finds a chat and, unless the call may ignore it, checks that the requester is in it.
func (c *call) agentChat(id string, needPresence bool) (*chat, *failure) {
	if id == "" {
		return nil, fail("validation", "chat id is required")
	}
	ch := c.s.chat(id)
	if ch == nil {
		return nil, fail("not_found", "Chat not found")
	}
	if needPresence && ch.agent(c.who.agent) == nil {
		kind := "authorization"
		if c.s.switches.RequesterAbsentType != "" {
			kind = c.s.switches.RequesterAbsentType
		}
		return nil, fail(kind, "Requester is not user of the chat")
	}
	return ch, nil
}

func getChat(c *call) (any, *failure) {
	var req struct {
		ChatID   string `json:"chat_id"`
		ThreadID string `json:"thread_id"`
	}
	if f := c.read(&req); f != nil {
		return nil, f
	}
	ch, f := c.agentChat(req.ChatID, false)
	if f != nil {
		return nil, f
	}
	t := ch.last()
	if req.ThreadID != "" {
		if t, _ = ch.thread(req.ThreadID); t == nil {
			return nil, fail("not_found", "Thread not found")
		}
	}
	return c.s.viewChat(ch, t), nil
}

func agentSendEvent(c *call) (any, *failure) {
	var req struct {
		ChatID             string        `json:"chat_id"`
		Event              *eventRequest `json:"event"`
		AttachToLastThread bool          `json:"attach_to_last_thread"`
	}
	if f := c.read(&req); f != nil {
		return nil, f
	}
	ch, f := c.agentChat(req.ChatID, true)
	if f != nil {
		return nil, f
	}
	if f := c.s.check(ch, req.Event, false); f != nil {
		return nil, f
	}
	if ch.agent(c.who.agent).Visibility == "agents" && (req.Event.Visibility == nil || *req.Event.Visibility == "all") {
		return nil, fail("validation", "requester sees the chat with visibility agents only")
	}
	t := ch.active()
	if t == nil {
		if !req.AttachToLastThread {
			return nil, fail("chat_inactive", "Chat is inactive")
		}
		t = ch.last()
	}
	e := c.s.add(ch, t, req.Event, c.who.agent)
	c.s.tellEvent(ch, t, e, c.who.cause())
	return map[string]string{"event_id": e.ID}, nil
}

func agentDeactivateChat(c *call) (any, *failure) {
	var req struct {
		ID             string `json:"id"`
		IgnorePresence bool   `json:"ignore_requester_presence"`
	}
	if f := c.read(&req); f != nil {
		return nil, f
	}
	ch, f := c.agentChat(req.ID, !req.IgnorePresence)
	if f != nil {
		return nil, f
	}
	t := ch.active()
	if t == nil {
		return nil, fail("chat_inactive", "Chat is inactive")
	}
	c.s.closeThread(ch, t, c.who.agent, "manual_archived_agent", c.who.cause())
	return nil, nil
}

func transferChat(c *call) (any, *failure) {
	var req struct {
		ID     string `json:"id"`
		Target *struct {
			Type string `json:"type"`
			IDs  []any  `json:"ids"`
		} `json:"target"`
		IgnoreAvailability bool `json:"ignore_agents_availability"`
		IgnorePresence     bool `json:"ignore_requester_presence"`
	}
	if f := c.read(&req); f != nil {
		return nil, f
	}
	s := c.s
	ch, f := c.agentChat(req.ID, !req.IgnorePresence)
	if f != nil {
		return nil, f
	}
	t := ch.active()
	if t == nil {
		return nil, fail("chat_inactive", "Chat is inactive")
	}
	groups := ch.groups
	var target *Agent
	if req.Target != nil {
		switch req.Target.Type {
		case "group":
			groups, f = s.groupTargets(req.Target.IDs)
		case "agent":
			target, f = s.agentTarget(req.Target.IDs, ch)
		default:
			f = fail("validation", "`target.type` has an unknown value")
		}
		if f != nil {
			return nil, f
		}
	}
	if target != nil {
		if !s.hasRoom(target) && ch.agent(target.ID) == nil {
			if !req.IgnoreAvailability {
				return nil, fail("agent_offline", "Agent is offline")
			}
			if !s.switches.AssignOffline {
				target = nil // queued
			}
		}
	} else {
		if s.groupsStatus(groups) != "online" && !req.IgnoreAvailability {
			return nil, fail("group_offline", "Group is offline")
		}
		if s.switches.AutoAssign {
			except := ""
			if len(ch.agents) > 0 && req.Target == nil {
				except = ch.agents[0].ID
			}
			target = s.free(groups, false, except)
		}
	}
	ch.groups = groups
	s.tellSystem(ch, t, "chat_transferred", "Chat transferred", "agents", c.who.cause())
	s.move(ch, t, target, "manual", c.who.agent, c.who.cause())
	return nil, nil
}

func (s *Server) groupTargets(ids []any) ([]int, *failure) {
	var groups []int
	for _, id := range ids {
		n, ok := id.(float64)
		if !ok {
			return nil, fail("validation", "`target.ids` of type group wants integers")
		}
		if !s.groupExists(int(n)) {
			return nil, fail("group_not_found", "Group not found")
		}
		groups = append(groups, int(n))
	}
	if len(groups) == 0 {
		return nil, fail("validation", "`target.ids` is required")
	}
	return groups, nil
}

func (s *Server) agentTarget(ids []any, ch *chat) (*Agent, *failure) {
	if len(ids) != 1 {
		return nil, fail("validation", "`target.ids` wants one agent")
	}
	id, ok := ids[0].(string)
	if !ok {
		return nil, fail("validation", "`target.ids` of type agent wants strings")
	}
	a := s.agent(id)
	if a == nil {
		return nil, fail("not_found", "Agent not found")
	}
	if !a.in(ch.groups) {
		return nil, fail("missing_access", "Agent has no access to the chat")
	}
	return a, nil
}

func addUser(c *call) (any, *failure) {
	var req struct {
		ChatID         string `json:"chat_id"`
		UserID         string `json:"user_id"`
		UserType       string `json:"user_type"`
		Visibility     string `json:"visibility"`
		IgnorePresence bool   `json:"ignore_requester_presence"`
	}
	if f := c.read(&req); f != nil {
		return nil, f
	}
	ch, f := c.agentChat(req.ChatID, !req.IgnorePresence && req.UserID != c.who.agent)
	if f != nil {
		return nil, f
	}
	if req.UserType != "agent" {
		return nil, fail("validation", "`user_type` must be agent: a chat has one customer")
	}
	if req.Visibility != "all" && req.Visibility != "agents" {
		return nil, fail("validation", "`visibility` has an unknown value")
	}
	a := c.s.agent(req.UserID)
	if a == nil {
		return nil, fail("not_found", "User not found")
	}
	t := ch.active()
	if t == nil {
		return nil, fail("chat_inactive", "Chat is inactive")
	}
	if ch.agent(a.ID) == nil {
		u := c.s.join(ch, t, a, a.Status == accepting, req.Visibility)
		c.s.tellAdded(ch, t, u, "manual", c.who.agent, c.who.cause())
	}
	return nil, nil
}

func removeUser(c *call) (any, *failure) {
	var req struct {
		ChatID         string `json:"chat_id"`
		UserID         string `json:"user_id"`
		UserType       string `json:"user_type"`
		IgnorePresence bool   `json:"ignore_requester_presence"`
	}
	if f := c.read(&req); f != nil {
		return nil, f
	}
	ch, f := c.agentChat(req.ChatID, !req.IgnorePresence)
	if f != nil {
		return nil, f
	}
	t := ch.active()
	if t == nil {
		return nil, fail("chat_inactive", "Chat is inactive")
	}
	if req.UserType != "agent" || !ch.removeAgent(req.UserID) {
		return nil, fail("not_found", "User not found")
	}
	c.s.note(ch, "agent:"+req.UserID, "removed", "manual")
	c.s.tellRemoved(ch, t, req.UserID, "manual", c.who.agent, c.who.cause())
	return nil, nil
}

func listRoutingStatuses(c *call) (any, *failure) {
	var req struct {
		Filters *struct {
			GroupIDs []int `json:"group_ids"`
		} `json:"filters"`
	}
	if f := c.read(&req); f != nil {
		return nil, f
	}
	list := []map[string]string{}
	for _, a := range c.s.agents {
		if req.Filters == nil || len(req.Filters.GroupIDs) == 0 || a.in(req.Filters.GroupIDs) {
			list = append(list, map[string]string{"agent_id": a.ID, "status": a.Status})
		}
	}
	return list, nil
}

func listAgentsForTransfer(c *call) (any, *failure) {
	var req struct {
		ChatID string `json:"chat_id"`
	}
	if f := c.read(&req); f != nil {
		return nil, f
	}
	ch, f := c.agentChat(req.ChatID, false)
	if f != nil {
		return nil, f
	}
	type candidate struct {
		AgentID string `json:"agent_id"`
		Chats   int    `json:"total_active_chats"`
	}
	list := []candidate{}
	for _, a := range c.s.agents {
		if a.Status != offline && a.in(ch.groups) && !a.Bot {
			list = append(list, candidate{a.ID, c.s.load(a.ID)})
		}
	}
	slices.SortStableFunc(list, func(a, b candidate) int {
		if a.Chats != b.Chats {
			return a.Chats - b.Chats
		}
		return strings.Compare(a.AgentID, b.AgentID)
	})
	return list, nil
}
