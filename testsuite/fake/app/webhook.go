package app

import "time"

// Webhook is one webhook as the backend understands it.
type Webhook struct {
	// ID is the webhook-id.
	ID        string    `json:"-"`
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      Data      `json:"data"`
}

// Data is what it tells.
type Data struct {
	Conversation string `json:"conversation"`
	ID           string `json:"id"`
	Author       *struct {
		Role string `json:"role"`
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"author"`
	Text       string         `json:"text"`
	Attachment map[string]any `json:"attachment"`
	Buttons    []struct {
		Label string `json:"label"`
		Value string `json:"value"`
		URL   string `json:"url"`
	} `json:"buttons"`
	Agent *struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"agent"`
	Typing        *bool  `json:"typing"`
	State         string `json:"state"`
	PreviousState string `json:"previous_state"`
	Reason        string `json:"reason"`
}

// sound reports whether the webhook has what its type needs.
func (w Webhook) sound() bool {
	if w.Type == "ping" {
		return true
	}
	d := w.Data
	if d.Conversation == "" || len(d.Buttons) > 0 && w.Type != "message.created" {
		return false
	}
	for _, b := range d.Buttons {
		if b.Label == "" {
			return false
		}
	}
	switch w.Type {
	case "message.created":
		return d.ID != "" && d.Text != "" && d.role()
	case "attachment.created":
		return d.ID != "" && d.Attachment != nil && d.role()
	case "message.updated":
		return d.ID != "" && d.Text != "" && d.role()
	case "message.deleted":
		return d.ID != "" && d.Text == ""
	case "rating.requested":
		return d.ID != "" && d.Text != ""
	case "agent.joined", "agent.left", "agent.read":
		return d.Agent != nil
	case "agent.typing":
		return d.Agent != nil && d.Typing != nil
	case "conversation.updated":
		return d.State != "" && d.State != "ended" && d.PreviousState != ""
	case "conversation.ended":
		return d.State == "ended" && d.PreviousState != ""
	}
	return false
}

func (d Data) role() bool {
	return d.Author != nil && (d.Author.Role == "agent" || d.Author.Role == "bot" || d.Author.Role == "notice")
}

// who is the webhook's speaker, for the journal.
func (w Webhook) who() string {
	switch {
	case w.Data.Author != nil && w.Data.Author.ID != "":
		return w.Data.Author.Role + ":" + w.Data.Author.ID
	case w.Data.Author != nil:
		return w.Data.Author.Role
	case w.Data.Agent != nil:
		return "agent:" + w.Data.Agent.ID
	}
	return "handoff"
}
