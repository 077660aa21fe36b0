package livechat

import (
	"slices"
	"time"
)

const (
	accepting    = "accepting_chats"
	notAccepting = "not_accepting_chats"
	offline      = "offline"
)

func (s *Server) agent(id string) *Agent {
	for _, a := range s.agents {
		if a.ID == id {
			return a
		}
	}
	return nil
}

func (a *Agent) in(groups []int) bool {
	return slices.ContainsFunc(groups, func(id int) bool { return id == 0 || slices.Contains(a.Groups, id) })
}

func (s *Server) groupExists(id int) bool {
	return id == 0 || slices.ContainsFunc(s.options.Groups, func(g Group) bool { return g.ID == id })
}

// load is how many active chats an agent is in.
func (s *Server) load(id string) int {
	n := 0
	for _, c := range s.chats {
		if c.active() != nil && c.agent(id) != nil {
			n++
		}
	}
	return n
}

func (s *Server) hasRoom(a *Agent) bool {
	room := a.MaxChats
	if room == 0 {
		room = 6
	}
	return a.Status == accepting && s.load(a.ID) < room
}

// groupsStatus is the best status of the groups, as customers see it.
func (s *Server) groupsStatus(groups []int) string {
	status := offline
	for _, a := range s.agents {
		if a.Bot || !a.in(groups) {
			continue
		}
		if s.hasRoom(a) {
			return "online"
		}
		if a.Status == accepting {
			status = "online_for_queue"
		}
	}
	return status
}

// free is the agent with the fewest chats who can take one more, people before bots.
func (s *Server) free(groups []int, bots bool, except string) *Agent {
	var best *Agent
	for _, a := range s.agents {
		if a.Bot != bots || a.ID == except || !a.in(groups) || !s.hasRoom(a) {
			continue
		}
		if best == nil || s.load(a.ID) < s.load(best.ID) {
			best = a
		}
	}
	return best
}

// route finds somebody for a new thread, or puts it into the queue.
func (s *Server) route(c *chat, t *thread) {
	var found *Agent
	if s.switches.BotsGrab && t.properties["routing"]["ignore_bots"] != true {
		found = s.free(c.groups, true, "")
	}
	if found == nil && s.switches.AutoAssign && c.properties["routing"]["ignore_agents_routing"] != true {
		found = s.free(c.groups, false, "")
	}
	if found == nil {
		t.queuedAt = s.now()
		return
	}
	s.join(c, t, found, true, "all")
}

// join puts an agent into the chat.
func (s *Server) join(c *chat, t *thread, a *Agent, present bool, visibility string) *user {
	u := c.agent(a.ID)
	if u == nil {
		u = &user{ID: a.ID, Type: "agent", Name: a.Name, Visibility: visibility}
		if !a.Bot {
			u.Email = a.ID
		}
		c.agents = append(c.agents, u)
	}
	u.Present = present
	t.remember(a.ID)
	s.note(c, "agent:"+a.ID, "joined", "")
	return u
}

// move gives an active chat to an agent, or to the queue of its groups if a is
// nil, and tells it the way the vendor does.
func (s *Server) move(c *chat, t *thread, a *Agent, reason, requester string, src source) {
	var removed []string
	for _, u := range slices.Clone(c.agents) {
		if a == nil || u.ID != a.ID {
			c.removeAgent(u.ID)
			removed = append(removed, u.ID)
		}
	}
	var added *user
	to := map[string]any{"group_ids": c.groups}
	if a == nil {
		t.queuedAt = s.now()
		s.note(c, "system", "queued", reason)
	} else {
		t.queuedAt = time.Time{}
		to["agent_ids"] = []string{a.ID}
		if c.agent(a.ID) == nil {
			added = s.join(c, t, a, true, "all")
		}
	}
	s.tellTransferred(c, t, to, reason, requester, src)
	for _, id := range removed {
		s.note(c, "agent:"+id, "removed", reason)
		s.tellRemoved(c, t, id, reason, requester, src)
	}
	if added != nil {
		s.tellAdded(c, t, added, reason, requester, src)
	}
}

func (s *Server) tellTransferred(c *chat, t *thread, to map[string]any, reason, requester string, src source) {
	p := map[string]any{"chat_id": c.id, "reason": reason, "transferred_to": to}
	if t.active {
		p["thread_id"] = t.id
	}
	if requester != "" && reason == "manual" {
		p["requester_id"] = requester
	}
	if q := s.viewQueue(c, t); q != nil {
		p["queue"] = q
	}
	s.tell(c, happening{action: "chat_transferred", source: src, payload: p})
}

func (s *Server) tellAdded(c *chat, t *thread, u *user, reason, requester string, src source) {
	p := map[string]any{"chat_id": c.id, "thread_id": t.id, "user": *u, "reason": reason}
	s.tellMember(c, "user_added_to_chat", "agent", p, requester, src)
}

func (s *Server) tellRemoved(c *chat, t *thread, id, reason, requester string, src source) {
	p := map[string]any{"chat_id": c.id, "thread_id": t.id, "user_id": id, "reason": reason}
	s.tellMember(c, "user_removed_from_chat", "agent", p, requester, src)
}

func (s *Server) tellMember(c *chat, action, userType string, p map[string]any, requester string, src source) {
	if requester != "" {
		p["requester_id"] = requester
	}
	if s.switches.UserType {
		p["user_type"] = userType
	}
	s.tell(c, happening{action: action, source: src, payload: p})
}

// closeThread ends the active thread. by is empty when the router closes it.
func (s *Server) closeThread(c *chat, t *thread, by, message string, src source) {
	s.tellSystem(c, t, message, "Chat archived", "all", src)
	t.active = false
	for _, u := range c.agents {
		u.Present = false
	}
	s.note(c, s.authorOf(c, by), "closed", "")
	p := map[string]any{"chat_id": c.id, "thread_id": t.id}
	if by != "" {
		p["user_id"] = by
	}
	s.tell(c, happening{action: "chat_deactivated", source: src, payload: p})
}
