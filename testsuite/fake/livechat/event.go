package livechat

import (
	"encoding/json"
	"fmt"
	"strings"
)

// maxText is the longest text of a message: 16 KB of bytes, not characters.
const maxText = 16 << 10

// eventRequest is an event as a client sends it.
type eventRequest struct {
	Type              string                    `json:"type"`
	CustomID          *string                   `json:"custom_id"`
	Text              *string                   `json:"text"`
	Properties        map[string]map[string]any `json:"properties"`
	Visibility        *string                   `json:"visibility"`
	Postback          json.RawMessage           `json:"postback"`
	URL               *string                   `json:"url"`
	AlternativeText   string                    `json:"alternative_text"`
	TemplateID        string                    `json:"template_id"`
	Elements          json.RawMessage           `json:"elements"`
	SystemMessageType string                    `json:"system_message_type"`
	TextVars          map[string]string         `json:"text_vars"`
	Content           json.RawMessage           `json:"content"`
	FormID            string                    `json:"form_id"`
	Fields            json.RawMessage           `json:"fields"`
}

// check refuses what the vendor would, before anything is changed.
func (s *Server) check(c *chat, req *eventRequest, customerSide bool) *failure {
	if req == nil {
		return fail("validation", "`event` is required")
	}
	if req.Visibility != nil {
		if customerSide {
			return fail("validation", "unknown field `event.visibility`")
		}
		if *req.Visibility != "all" && *req.Visibility != "agents" {
			return fail("validation", "`event.visibility` has an unknown value")
		}
	}
	if req.CustomID != nil && *req.CustomID != "" && s.switches.RejectDuplicateCustomID && c != nil {
		for _, t := range c.threads {
			for _, e := range t.events {
				if e.CustomID != nil && *e.CustomID == *req.CustomID {
					return fail("validation", "`event.custom_id` is not unique")
				}
			}
		}
	}
	if f := s.checkProperties(req.Properties); f != nil {
		return f
	}
	return s.checkContent(req)
}

func (s *Server) checkContent(req *eventRequest) *failure {
	if req.Text != nil && len(*req.Text) > maxText {
		return fail("validation", "`event.text` is longer than 16 KB")
	}
	switch req.Type {
	case "message":
		if req.Text == nil || strings.TrimSpace(*req.Text) == "" {
			return fail("validation", "`event.text` is required")
		}
	case "file":
		if req.URL == nil {
			return fail("validation", "`event.url` is required")
		}
		if _, ok := s.fileOf(*req.URL); !ok {
			return fail("validation", "`event.url` does not point to the LiveChat CDN")
		}
	case "rich_message":
		if req.TemplateID == "" {
			return fail("validation", "`event.template_id` is required")
		}
	case "system_message":
		if req.SystemMessageType == "" {
			return fail("validation", "`event.system_message_type` is required")
		}
	case "filled_form", "form":
		if req.FormID == "" {
			return fail("validation", "`event.form_id` is required")
		}
	case "custom":
	case "":
		return fail("validation", "`event.type` is required")
	default:
		return fail("validation", "`event.type` has an unknown value")
	}
	return nil
}

// add appends a checked event to a thread. author is empty for system messages.
func (s *Server) add(c *chat, t *thread, req *eventRequest, author string) *Event {
	e := &Event{
		CustomID: req.CustomID, Type: req.Type, AuthorID: author, Visibility: "all", Properties: req.Properties,
		AlternativeText: req.AlternativeText, TemplateID: req.TemplateID, Elements: req.Elements, Postback: req.Postback,
		SystemMessageType: req.SystemMessageType, TextVars: req.TextVars, Content: req.Content, FormID: req.FormID, Fields: req.Fields,
	}
	if req.Text != nil {
		e.Text = *req.Text
	}
	if req.Visibility != nil {
		e.Visibility = *req.Visibility
	}
	if e.Type == "system_message" {
		e.AuthorID = ""
	}
	if e.Type == "file" {
		s.useFile(e, *req.URL)
	}
	return s.append(c, t, e)
}

// append numbers an event, puts it into the thread and tells the journal.
func (s *Server) append(c *chat, t *thread, e *Event) *Event {
	t.seq++
	e.ID = fmt.Sprintf("%s_%d", t.id, t.seq)
	e.CreatedAt = stamp(s.now())
	if e.CustomID == nil && s.switches.EmptyCustomID {
		e.CustomID = new(string)
	}
	t.events = append(t.events, e)
	kind, text := e.Type, e.Text
	if e.Visibility == "agents" {
		kind = "note"
	}
	if e.Type == "file" {
		text = e.Name
	}
	s.note(c, s.authorOf(c, e.AuthorID), kind, text)
	return e
}

// authorOf names an author for the journal.
func (s *Server) authorOf(c *chat, id string) string {
	switch id {
	case "":
		return "system"
	case c.customer.id:
		return "customer"
	}
	return "agent:" + id
}

// tellEvent sends the webhook of a new event.
func (s *Server) tellEvent(c *chat, t *thread, e *Event, src source) {
	s.tell(c, happening{
		action: "incoming_event", source: src, author: s.authorType(c, e),
		payload: map[string]any{"chat_id": c.id, "thread_id": t.id, "event": *e},
	})
}

func (s *Server) authorType(c *chat, e *Event) string {
	switch e.AuthorID {
	case "":
		return ""
	case c.customer.id:
		return "customer"
	}
	return "agent"
}

// tellSystem adds a system message, which has no author, and sends its webhook.
func (s *Server) tellSystem(c *chat, t *thread, kind, text, visibility string, src source) {
	e := s.append(c, t, &Event{Type: "system_message", SystemMessageType: kind, Text: text, Visibility: visibility})
	s.tellEvent(c, t, e, src)
}
