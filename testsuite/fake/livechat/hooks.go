package livechat

import (
	"encoding/json"
	"net/http"
	"slices"

	"github.com/handoff-engine/handoff/testsuite/fake"
)

// source is who caused something: the app itself, another client, or the system.
type source string

const (
	myClient     source = "my_client"
	otherClients source = "other_clients"
	system       source = "system"
)

// cause is the source that a credential stands for. Only tokens of the app are the app.
func (p principal) cause() source {
	if p.client != "" {
		return myClient
	}
	return otherClients
}

// webhook is one registration.
type webhook struct {
	ID             string          `json:"id"`
	Action         string          `json:"action"`
	URL            string          `json:"url"`
	SecretKey      string          `json:"secret_key,omitempty"`
	Type           string          `json:"type"`
	OwnerClientID  string          `json:"owner_client_id"`
	Description    string          `json:"description,omitempty"`
	AdditionalData []string        `json:"additional_data,omitempty"`
	Filters        *webhookFilters `json:"filters,omitempty"`
}

type webhookFilters struct {
	AuthorType   string   `json:"author_type,omitempty"`
	OnlyMyChats  bool     `json:"only_my_chats,omitempty"`
	SourceType   []string `json:"source_type,omitempty"`
	ChatPresence *struct {
		UserIDs *struct {
			Values        []string `json:"values,omitempty"`
			ExcludeValues []string `json:"exclude_values,omitempty"`
		} `json:"user_ids,omitempty"`
		MyBots bool `json:"my_bots,omitempty"`
	} `json:"chat_presence,omitempty"`
}

// webhookActions are the actions that can be registered, and whether the filter
// author_type is allowed for them.
var webhookActions = map[string]bool{
	"incoming_chat": false, "incoming_event": true, "event_updated": true, "event_deleted": false,
	"chat_transferred": false, "user_added_to_chat": false, "user_removed_from_chat": false, "chat_deactivated": false,
	"routing_status_set": false, "incoming_rich_message_postback": false, "events_marked_as_seen": false,
	"chat_access_updated": false, "chat_properties_updated": false, "thread_properties_updated": false,
	"customer_session_fields_updated": false, "thread_tagged": false, "thread_untagged": false, "thread_summary_set": false,
}

// happening is what a webhook may tell.
type happening struct {
	action  string
	source  source
	author  string // customer, agent, or empty for nobody
	payload map[string]any
}

// tell sends a happening to each registration that wants it. c is nil for what
// concerns no chat.
func (s *Server) tell(c *chat, h happening) {
	if s.disabled || s.switches.NotInstalled || slices.Contains(s.switches.LoseActions, h.action) {
		return
	}
	for _, hook := range s.webhooks {
		if hook.Action != h.action || !hook.wants(c, h) {
			continue
		}
		body, err := json.Marshal(map[string]any{
			"webhook_id": hook.ID, "secret_key": hook.SecretKey, "action": h.action,
			"organization_id": s.options.OrganizationID, "payload": h.payload, "additional_data": s.additional(hook, c, h.action),
		})
		if err != nil {
			panic(err) // a payload is made of plain values
		}
		s.Hooks.Send(fake.Hook{Op: "hook", URL: hook.URL, Header: http.Header{"Content-Type": {"application/json"}}, Body: body}, 0)
	}
}

func (w *webhook) wants(c *chat, h happening) bool {
	f := w.Filters
	if f == nil {
		return true
	}
	if f.AuthorType != "" && f.AuthorType != h.author {
		return false
	}
	if len(f.SourceType) > 0 && !slices.Contains(f.SourceType, string(h.source)) {
		return false
	}
	if c == nil {
		return true
	}
	if f.OnlyMyChats && c.properties["source"]["client_id"] != w.OwnerClientID {
		return false
	}
	if f.ChatPresence != nil && f.ChatPresence.UserIDs != nil {
		here := func(id string) bool { return slices.ContainsFunc(c.users(), func(u user) bool { return u.ID == id }) }
		ids := f.ChatPresence.UserIDs
		if len(ids.Values) > 0 && !slices.ContainsFunc(ids.Values, here) || slices.ContainsFunc(ids.ExcludeValues, here) {
			return false
		}
	}
	return true
}

// additional gives what was asked for at registration.
func (s *Server) additional(w *webhook, c *chat, action string) map[string]any {
	data := map[string]any{}
	if c == nil || action == "chat_transferred" && s.switches.NoAdditionalData {
		return data
	}
	for _, name := range w.AdditionalData {
		switch name {
		case "chat_properties":
			data[name] = cloneProperties(c.properties)
		case "chat_presence_user_ids":
			var ids []string
			for _, u := range c.users() {
				ids = append(ids, u.ID)
			}
			data[name] = ids
		}
	}
	return data
}
