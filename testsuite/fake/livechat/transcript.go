package livechat

import "strings"

// Line is one event of a chat as agents see it.
type Line struct {
	Thread string `json:"thread"`
	// By is customer, system, or the agent's id.
	By string `json:"by"`
	// Type is the event's type, or note for what agents alone see.
	Type string `json:"type"`
	// Text is the text, or the name of a file.
	Text     string `json:"text"`
	CustomID string `json:"custom_id,omitempty"`
	EventID  string `json:"event_id"`
}

// Transcript is what agents see of a chat, all threads, oldest first.
func (s *Server) Transcript(chatID string) []Line {
	s.mu.Lock()
	defer s.mu.Unlock()
	lines := []Line{}
	c := s.chat(chatID)
	if c == nil {
		return lines
	}
	for _, t := range c.threads {
		for _, e := range t.events {
			line := Line{Thread: t.id, By: strings.TrimPrefix(s.authorOf(c, e.AuthorID), "agent:"), Type: e.Type, Text: e.Text, EventID: e.ID}
			if e.Visibility == "agents" && e.Type == "message" {
				line.Type = "note"
			}
			if e.Type == "file" {
				line.Text = e.Name
			}
			if e.CustomID != nil {
				line.CustomID = *e.CustomID
			}
			lines = append(lines, line)
		}
	}
	return lines
}

// Said is what the customer's side wrote in a chat, without what the system added.
func (s *Server) Said(chatID string) []string {
	var texts []string
	for _, l := range s.Transcript(chatID) {
		if l.By == "customer" {
			texts = append(texts, l.Text)
		}
	}
	return texts
}

// Chat is how a chat stands.
type Chat struct {
	ID            string              `json:"id"`
	Thread        string              `json:"thread"`
	Threads       int                 `json:"threads"`
	Active        bool                `json:"active"`
	Queued        bool                `json:"queued"`
	Pinned        bool                `json:"pinned"`
	Groups        []int               `json:"groups"`
	Agents        []string            `json:"agents"`
	Customer      string              `json:"customer"`
	CustomerName  string              `json:"customer_name"`
	SessionFields []map[string]string `json:"session_fields,omitempty"`
	SneakPeek     string              `json:"sneak_peek"`
}

// Chats lists the chats in the order in which they were started.
func (s *Server) Chats() []Chat {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []Chat{}
	for _, c := range s.chats {
		t := c.last()
		view := Chat{
			ID: c.id, Thread: t.id, Threads: len(c.threads), Active: t.active, Queued: t.active && !t.queuedAt.IsZero(),
			Pinned: t.properties["routing"]["pinned"] == true, Groups: c.groups, Agents: []string{},
			Customer: c.customer.id, CustomerName: c.customer.name, SessionFields: c.customer.sessionFields, SneakPeek: c.customer.sneakPeek,
		}
		for _, u := range c.agents {
			view.Agents = append(view.Agents, u.ID)
		}
		list = append(list, view)
	}
	return list
}
