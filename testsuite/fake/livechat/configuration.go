package livechat

import (
	"fmt"
	"slices"
)

// maxHooks is how many webhooks a client may register for one action.
const maxHooks = 3

// property is one registered property of the client's namespace.
type property struct {
	Name          string                         `json:"name"`
	OwnerClientID string                         `json:"owner_client_id"`
	Type          string                         `json:"type"`
	Access        map[string]map[string][]string `json:"access"`
	Description   string                         `json:"description,omitempty"`
	Domain        []any                          `json:"domain,omitempty"`
	DefaultValue  any                            `json:"default_value,omitempty"`
	PublicAccess  []string                       `json:"public_access,omitempty"`
}

// checkOwner wants the app to be named by who has no app, and to be the own one.
func (c *call) checkOwner(clientID string) *failure {
	if clientID == "" && c.who.client == "" {
		return fail("validation", "`owner_client_id` is required")
	}
	if clientID != "" && clientID != c.s.options.ClientID {
		return fail("authorization", "client belongs to another account")
	}
	return nil
}

func registerWebhook(c *call) (any, *failure) {
	var w webhook
	if f := c.read(&w); f != nil {
		return nil, f
	}
	if f := c.checkOwner(w.OwnerClientID); f != nil {
		return nil, f
	}
	if w.OwnerClientID == "" {
		w.OwnerClientID = c.who.client
	}
	allowsAuthor, known := webhookActions[w.Action]
	switch {
	case w.ID != "":
		return nil, fail("validation", "unknown field `id`")
	case !known:
		return nil, fail("validation", "`action` has an unknown value")
	case w.URL == "" || len(w.URL) > 500:
		return nil, fail("validation", "`url` is required and has at most 500 characters")
	case w.SecretKey == "":
		return nil, fail("validation", "`secret_key` is required")
	case w.Type != "license" && w.Type != "bot":
		return nil, fail("validation", "`type` must be license or bot")
	case w.Filters != nil && w.Filters.AuthorType != "" && (!allowsAuthor || w.Filters.AuthorType != "customer" && w.Filters.AuthorType != "agent"):
		return nil, fail("validation", "`filters.author_type` is not allowed")
	}
	for _, name := range w.AdditionalData {
		if name != "chat_properties" && name != "chat_presence_user_ids" {
			return nil, fail("validation", "`additional_data` has an unknown value")
		}
	}
	if w.Filters != nil {
		for _, src := range w.Filters.SourceType {
			if !slices.Contains([]source{myClient, otherClients, system}, source(src)) {
				return nil, fail("validation", "`filters.source_type` has an unknown value")
			}
		}
	}
	same := 0
	for _, other := range c.s.webhooks {
		if other.Action == w.Action {
			same++
		}
	}
	if same >= maxHooks {
		return nil, fail("limit_reached", "Too many webhooks for the action")
	}
	c.s.ids++
	w.ID = fmt.Sprintf("wh_%06x", c.s.ids)
	c.s.webhooks = append(c.s.webhooks, &w)
	return map[string]string{"id": w.ID}, nil
}

// Webhooks says which actions are registered, and with which address.
func (s *Server) Webhooks() map[string][]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	urls := map[string][]string{}
	for _, w := range s.webhooks {
		urls[w.Action] = append(urls[w.Action], w.URL)
	}
	return urls
}

func listWebhooks(c *call) (any, *failure) {
	var req struct {
		OwnerClientID string `json:"owner_client_id"`
	}
	if f := c.read(&req); f != nil {
		return nil, f
	}
	if f := c.checkOwner(req.OwnerClientID); f != nil {
		return nil, f
	}
	list := []webhook{}
	for _, w := range c.s.webhooks {
		shown := *w
		shown.SecretKey = "" // whether it is shown is not documented
		list = append(list, shown)
	}
	return list, nil
}

func unregisterWebhook(c *call) (any, *failure) {
	var req struct {
		ID            string `json:"id"`
		OwnerClientID string `json:"owner_client_id"`
	}
	if f := c.read(&req); f != nil {
		return nil, f
	}
	if f := c.checkOwner(req.OwnerClientID); f != nil {
		return nil, f
	}
	i := slices.IndexFunc(c.s.webhooks, func(w *webhook) bool { return w.ID == req.ID })
	if i < 0 {
		return nil, fail("not_found", "Webhook not found")
	}
	c.s.webhooks = slices.Delete(c.s.webhooks, i, i+1)
	return nil, nil
}

// setWebhooks switches license webhooks for the account; off is sticky.
func (c *call) setWebhooks(disabled bool) (any, *failure) {
	var req struct {
		OwnerClientID string `json:"owner_client_id"`
	}
	if f := c.read(&req); f != nil {
		return nil, f
	}
	if f := c.checkOwner(req.OwnerClientID); f != nil {
		return nil, f
	}
	c.s.disabled = disabled
	return nil, nil
}

func enableWebhooks(c *call) (any, *failure)  { return c.setWebhooks(false) }
func disableWebhooks(c *call) (any, *failure) { return c.setWebhooks(true) }

func webhooksState(c *call) (any, *failure) {
	var req struct {
		OwnerClientID string `json:"owner_client_id"`
	}
	if f := c.read(&req); f != nil {
		return nil, f
	}
	if f := c.checkOwner(req.OwnerClientID); f != nil {
		return nil, f
	}
	return map[string]bool{"license_webhooks_enabled": !c.s.disabled && !c.s.switches.NotInstalled}, nil
}

func listWebhookNames(c *call) (any, *failure) {
	var req struct {
		Version string `json:"version"`
	}
	if f := c.read(&req); f != nil {
		return nil, f
	}
	var names []string
	for name := range webhookActions {
		names = append(names, name)
	}
	slices.Sort(names)
	list := make([]map[string]string, 0, len(names))
	for _, name := range names {
		list = append(list, map[string]string{"action": name})
	}
	return list, nil
}

func registerProperty(c *call) (any, *failure) {
	var p property
	if f := c.read(&p); f != nil {
		return nil, f
	}
	if f := c.checkOwner(p.OwnerClientID); f != nil {
		return nil, f
	}
	if p.Name == "" || p.Access == nil || !slices.Contains([]string{"string", "int", "bool", "tokenized_string"}, p.Type) {
		return nil, fail("validation", "`name`, `type` and `access` are required")
	}
	if _, taken := c.s.properties[p.Name]; taken {
		return nil, fail("validation", "property already exists")
	}
	c.s.properties[p.Name] = p
	return nil, nil
}

// checkProperties allows what a client may write: its own registered
// properties and a few of the routing namespace.
func (s *Server) checkProperties(given map[string]map[string]any) *failure {
	for ns, values := range given {
		for name := range values {
			switch ns {
			case "routing":
				if name != "ignore_bots" && name != "ignore_agents_routing" {
					return fail("validation", "property routing."+name+" is not writable")
				}
			case s.options.ClientID:
				if _, ok := s.properties[name]; !ok || s.switches.PropertiesPending {
					return fail("validation", "property "+ns+"."+name+" is not registered")
				}
			default:
				return fail("validation", "namespace "+ns+" does not exist")
			}
		}
	}
	return nil
}

func (s *Server) viewGroup(g Group, fields []string) map[string]any {
	status := offline
	for _, a := range s.agents {
		if !a.in([]int{g.ID}) || a.Bot {
			continue
		}
		if a.Status == accepting {
			status = accepting
			break
		}
		if a.Status == notAccepting {
			status = notAccepting
		}
	}
	v := map[string]any{"id": g.ID, "name": g.Name, "language_code": "en", "routing_status": status}
	if slices.Contains(fields, "agent_priorities") {
		priorities := map[string]string{}
		for _, a := range s.agents {
			if slices.Contains(a.Groups, g.ID) {
				priorities[a.ID] = "normal"
			}
		}
		v["agent_priorities"] = priorities
	}
	return v
}

func listGroups(c *call) (any, *failure) {
	var req struct {
		Fields []string `json:"fields"`
	}
	if f := c.read(&req); f != nil {
		return nil, f
	}
	list := []any{c.s.viewGroup(Group{ID: 0, Name: "General"}, req.Fields)}
	for _, g := range c.s.options.Groups {
		list = append(list, c.s.viewGroup(g, req.Fields))
	}
	return list, nil
}

func getGroup(c *call) (any, *failure) {
	var req struct {
		ID     *int     `json:"id"`
		Fields []string `json:"fields"`
	}
	if f := c.read(&req); f != nil {
		return nil, f
	}
	if req.ID == nil {
		return nil, fail("validation", "`id` is required")
	}
	i := slices.IndexFunc(c.s.options.Groups, func(g Group) bool { return g.ID == *req.ID })
	switch {
	case *req.ID == 0:
		return c.s.viewGroup(Group{ID: 0, Name: "General"}, req.Fields), nil
	case i < 0:
		return nil, fail("not_found", "Group not found")
	}
	return c.s.viewGroup(c.s.options.Groups[i], req.Fields), nil
}
