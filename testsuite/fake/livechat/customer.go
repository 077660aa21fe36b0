package livechat

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
)

type accessRequest struct {
	GroupIDs []int `json:"group_ids"`
}

type threadRequest struct {
	Properties map[string]map[string]any `json:"properties"`
	Events     []*eventRequest           `json:"events"`
}

type chatRequest struct {
	ID         string                    `json:"id"`
	Access     *accessRequest            `json:"access"`
	Properties map[string]map[string]any `json:"properties"`
	Thread     *threadRequest            `json:"thread"`
}

type openRequest struct {
	Continuous *bool        `json:"continuous"`
	Active     *bool        `json:"active"`
	Chat       *chatRequest `json:"chat"`
}

// checkOpen refuses what start_chat and resume_chat have in common.
func (c *call) checkOpen(req *openRequest, existing *chat) *failure {
	s := c.s
	if c.who.customer.banned {
		return fail("customer_banned", "Customer is banned")
	}
	if req.Chat == nil {
		req.Chat = &chatRequest{}
	}
	if req.Chat.Thread == nil {
		req.Chat.Thread = &threadRequest{}
	}
	if req.Chat.Access != nil {
		for _, id := range req.Chat.Access.GroupIDs {
			if !s.groupExists(id) {
				return fail("group_not_found", "Group not found")
			}
		}
	}
	for _, p := range []map[string]map[string]any{req.Chat.Properties, req.Chat.Thread.Properties} {
		if f := s.checkProperties(p); f != nil {
			return f
		}
	}
	for _, e := range req.Chat.Thread.Events {
		if f := s.check(existing, e, true); f != nil {
			return f
		}
	}
	return nil
}

func startChat(c *call) (any, *failure) {
	var req openRequest
	if f := c.read(&req); f != nil {
		return nil, f
	}
	s := c.s
	if req.Chat != nil && req.Chat.ID != "" {
		return nil, fail("validation", "unknown field `chat.id`")
	}
	if f := c.checkOpen(&req, nil); f != nil {
		return nil, f
	}
	if s.chatOf(c.who.customer) != nil {
		kind := "chat_limit_reached"
		if s.switches.ChatLimitType != "" {
			kind = s.switches.ChatLimitType
		}
		return nil, fail(kind, "Chat limit reached")
	}
	groups := []int{0}
	if req.Chat.Access != nil && len(req.Chat.Access.GroupIDs) > 0 {
		groups = req.Chat.Access.GroupIDs
	}
	continuous := req.Continuous != nil && *req.Continuous
	active := req.Active == nil || *req.Active
	if active && !continuous && s.groupsStatus(groups) == offline {
		return nil, fail("groups_offline", "Groups are offline")
	}
	ch := &chat{id: s.nextID(), customer: c.who.customer, groups: groups, properties: cloneProperties(req.Chat.Properties)}
	setProperty(ch.properties, "source", "client_id", c.who.client)
	setProperty(ch.properties, "routing", "continuous", continuous)
	s.chats = append(s.chats, ch)
	t, ids := s.openThread(ch, req.Chat.Thread, active, c.who.cause())
	return opened(ch, t, ids, true), nil
}

func resumeChat(c *call) (any, *failure) {
	var req openRequest
	if f := c.read(&req); f != nil {
		return nil, f
	}
	s := c.s
	if req.Chat == nil || req.Chat.ID == "" {
		return nil, fail("validation", "`chat.id` is required")
	}
	ch, f := c.ownChat(req.Chat.ID)
	if f != nil {
		return nil, f
	}
	if f := c.checkOpen(&req, ch); f != nil {
		return nil, f
	}
	if ch.active() != nil {
		kind := "chat_already_active"
		if s.switches.AlreadyActiveType != "" {
			kind = s.switches.AlreadyActiveType
		}
		return nil, fail(kind, "Chat is already active")
	}
	groups := ch.groups
	if req.Chat.Access != nil && len(req.Chat.Access.GroupIDs) > 0 {
		groups = req.Chat.Access.GroupIDs
	}
	continuous := ch.properties["routing"]["continuous"] == true
	if req.Continuous != nil {
		continuous = *req.Continuous
	}
	active := req.Active == nil || *req.Active
	if active && !continuous && s.groupsStatus(groups) == offline {
		return nil, fail("groups_offline", "Groups are offline")
	}
	for ns, values := range req.Chat.Properties {
		for name, value := range values {
			setProperty(ch.properties, ns, name, value)
		}
	}
	setProperty(ch.properties, "routing", "continuous", continuous)
	ch.groups, ch.agents = groups, nil
	t, ids := s.openThread(ch, req.Chat.Thread, active, c.who.cause())
	return opened(ch, t, ids, false), nil
}

func opened(ch *chat, t *thread, ids []string, withChat bool) map[string]any {
	answer := map[string]any{"thread_id": t.id}
	if withChat {
		answer["chat_id"] = ch.id
	}
	if len(ids) > 0 {
		answer["event_ids"] = ids
	}
	return answer
}

// openThread begins a thread with its first events, finds somebody for it, and
// tells incoming_chat, which carries the events.
func (s *Server) openThread(c *chat, req *threadRequest, active bool, src source) (*thread, []string) {
	t := &thread{id: s.nextID(), active: active, createdAt: s.now(), properties: cloneProperties(req.Properties), userIDs: []string{c.customer.id}}
	c.threads = append(c.threads, t)
	s.note(c, "customer", "opened", t.id)
	var ids []string
	for _, e := range req.Events {
		ids = append(ids, s.add(c, t, e, c.customer.id).ID)
	}
	if active {
		s.route(c, t)
	}
	s.tell(c, happening{action: "incoming_chat", source: src, author: "customer", payload: map[string]any{"chat": s.viewChat(c, t)}})
	return t, ids
}

func customerSendEvent(c *call) (any, *failure) {
	var req struct {
		ChatID             string        `json:"chat_id"`
		Event              *eventRequest `json:"event"`
		AttachToLastThread bool          `json:"attach_to_last_thread"`
	}
	if f := c.read(&req); f != nil {
		return nil, f
	}
	ch, f := c.ownChat(req.ChatID)
	if f != nil {
		return nil, f
	}
	if f := c.s.check(ch, req.Event, true); f != nil {
		return nil, f
	}
	t := ch.active()
	if t == nil {
		if !req.AttachToLastThread {
			return nil, fail("chat_inactive", "Chat is inactive")
		}
		t = ch.last()
	}
	e := c.s.add(ch, t, req.Event, c.who.customer.id)
	c.s.tellEvent(ch, t, e, c.who.cause())
	return map[string]string{"event_id": e.ID}, nil
}

func updateCustomer(c *call) (any, *failure) {
	var req struct {
		Name          *string              `json:"name"`
		Email         *string              `json:"email"`
		Avatar        *string              `json:"avatar"`
		SessionFields *[]map[string]string `json:"session_fields"`
	}
	if f := c.read(&req); f != nil {
		return nil, f
	}
	if req.Name == nil && req.Email == nil && req.Avatar == nil && req.SessionFields == nil {
		return nil, fail("validation", "at least one field is required")
	}
	if req.SessionFields != nil {
		if len(*req.SessionFields) > 100 {
			return nil, fail("validation", "`session_fields` has more than 100 keys")
		}
		for _, field := range *req.SessionFields {
			if len(field) != 1 {
				return nil, fail("validation", "`session_fields` wants one key per object")
			}
		}
		c.who.customer.sessionFields = *req.SessionFields
	}
	if req.Name != nil {
		c.who.customer.name = *req.Name
	}
	if req.Email != nil {
		c.who.customer.email = *req.Email
	}
	return nil, nil
}

// opaque is how the Customer API names agents: not by their e-mail.
func opaque(agentID string) string {
	sum := sha256.Sum256([]byte(agentID))
	return hex.EncodeToString(sum[:16])
}

func customerListChats(c *call) (any, *failure) {
	var req pageRequest
	if f := c.read(&req); f != nil {
		return nil, f
	}
	if req.Limit != nil && (*req.Limit < 1 || *req.Limit > 25) {
		return nil, fail("validation", "`limit` is out of range")
	}
	list := []any{}
	if ch := c.s.chatOf(c.who.customer); ch != nil {
		users := ch.users()
		for i := range users {
			if users[i].Type == "agent" {
				users[i].ID, users[i].Email, users[i].Visibility = opaque(users[i].ID), "", ""
			}
		}
		list = append(list, map[string]any{
			"id": ch.id, "last_thread_id": ch.last().id, "last_thread_created_at": stamp(ch.last().createdAt),
			"active": ch.active() != nil, "users": users, "access": accessView{ch.groups}, "properties": cloneProperties(ch.properties),
		})
	}
	return map[string]any{"chats_summary": list, "total_chats": len(list)}, nil
}

func customerDeactivateChat(c *call) (any, *failure) {
	var req struct {
		ID string `json:"id"`
	}
	if f := c.read(&req); f != nil {
		return nil, f
	}
	ch, f := c.ownChat(req.ID)
	if f != nil {
		return nil, f
	}
	t := ch.active()
	if t == nil {
		return nil, fail("chat_inactive", "Chat is inactive")
	}
	if len(ch.agents) == 0 {
		setProperty(t.properties, "routing", "pinned", true) // agents see it as unanswered
	}
	c.s.closeThread(ch, t, c.who.customer.id, "manual_archived_customer", c.who.cause())
	return nil, nil
}

func sendSneakPeek(c *call) (any, *failure) {
	var req struct {
		ChatID string  `json:"chat_id"`
		Text   *string `json:"sneak_peek_text"`
	}
	if f := c.read(&req); f != nil {
		return nil, f
	}
	ch, f := c.ownChat(req.ChatID)
	if f != nil {
		return nil, f
	}
	if req.Text == nil {
		return nil, fail("validation", "`sneak_peek_text` is required")
	}
	if ch.active() == nil {
		return nil, fail("chat_inactive", "Chat is inactive")
	}
	c.who.customer.sneakPeek = *req.Text
	c.s.note(ch, "customer", "sneak_peek", *req.Text)
	return nil, nil
}

func listGroupStatuses(c *call) (any, *failure) {
	var req struct {
		All      *bool `json:"all"`
		GroupIDs []int `json:"group_ids"`
	}
	if f := c.read(&req); f != nil {
		return nil, f
	}
	if (req.All == nil) == (req.GroupIDs == nil) {
		return nil, fail("validation", "either `all` or `group_ids` is required")
	}
	ids := req.GroupIDs
	if req.All != nil {
		ids = []int{0}
		for _, g := range c.s.options.Groups {
			ids = append(ids, g.ID)
		}
	}
	statuses := map[string]string{}
	for _, id := range ids {
		if c.s.groupExists(id) { // unknown ids are left out
			statuses[strconv.Itoa(id)] = c.s.groupsStatus([]int{id})
		}
	}
	return map[string]any{"groups_status": statuses}, nil
}

// ownChat finds a chat that the calling customer is in.
func (c *call) ownChat(id string) (*chat, *failure) {
	if id == "" {
		return nil, fail("validation", "chat id is required")
	}
	ch := c.s.chat(id)
	if ch == nil || ch.customer != c.who.customer {
		return nil, fail("not_found", "Chat not found")
	}
	return ch, nil
}

func (s *Server) chat(id string) *chat {
	i := slices.IndexFunc(s.chats, func(c *chat) bool { return c.id == id })
	if i < 0 {
		return nil
	}
	return s.chats[i]
}

func (s *Server) chatOf(who *customer) *chat {
	i := slices.IndexFunc(s.chats, func(c *chat) bool { return c.customer == who })
	if i < 0 {
		return nil
	}
	return s.chats[i]
}

func setProperty(p map[string]map[string]any, namespace, name string, value any) {
	values := maps.Clone(p[namespace])
	if values == nil {
		values = map[string]any{}
	}
	values[name] = value
	p[namespace] = values
}
