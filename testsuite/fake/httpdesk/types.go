package httpdesk

import (
	"encoding/json"
	"slices"
	"time"
)

// Webhook is one webhook as the desk understands it.
type Webhook struct {
	// ID is the webhook-id.
	ID        string    `json:"-"`
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      Data      `json:"data"`
}

// Data is what it tells.
type Data struct {
	Conversation  string           `json:"conversation"`
	Ticket        string           `json:"ticket"`
	ID            string           `json:"id"`
	Author        *Author          `json:"author"`
	Text          string           `json:"text"`
	Attachment    map[string]any   `json:"attachment"`
	Typing        *bool            `json:"typing"`
	Customer      *json.RawMessage `json:"customer"`
	Transcript    []Line           `json:"transcript"`
	Agent         *Person          `json:"agent"`
	Group         string           `json:"group"`
	Previous      string           `json:"previous"`
	Link          string           `json:"link"`
	State         string           `json:"state"`
	PreviousState string           `json:"previous_state"`
	Reason        string           `json:"reason"`
	WaitingSince  time.Time        `json:"waiting_since"`
	By            string           `json:"by"`
	Priority      string           `json:"priority"`
	Rating        int              `json:"rating"`
}

// Author is who says something.
type Author struct {
	Role string `json:"role"`
	Name string `json:"name"`
}

// Person is an agent.
type Person struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Line is one line of a transcript.
type Line struct {
	Number     int            `json:"number"`
	Author     Author         `json:"author"`
	At         time.Time      `json:"at"`
	Text       string         `json:"text"`
	Attachment map[string]any `json:"attachment"`
}

// sound reports whether the webhook has what its type needs.
func (w Webhook) sound() bool {
	d := w.Data
	if w.Type == "ping" {
		return true
	}
	if d.Conversation == "" || d.Ticket == "" || slices.ContainsFunc(d.Transcript, func(l Line) bool { return !l.sound() }) {
		return false
	}
	switch w.Type {
	case "ticket.opened":
		return true
	case "ticket.mirrored":
		return len(d.Transcript) > 0
	case "ticket.assigned":
		return d.Agent == nil || d.Agent.ID != ""
	case "ticket.updated":
		return d.State != "" && d.PreviousState != ""
	case "ticket.closed":
		return d.By == "customer" || d.By == "handoff"
	case "message.created":
		return d.ID != "" && d.Text != "" && d.Author != nil && d.Author.Role == "customer"
	case "attachment.created":
		return d.ID != "" && d.Attachment != nil && d.Author != nil && d.Author.Role == "customer"
	case "message.updated", "note.created":
		return d.ID != "" && d.Text != ""
	case "message.deleted":
		return d.ID != "" && d.Text == ""
	case "customer.typing":
		return d.Typing != nil
	case "customer.rated":
		return d.Rating >= 1 && d.Rating <= 5
	case "customer.read":
		return !w.Timestamp.IsZero()
	}
	return false
}

func (l Line) sound() bool {
	return l.Number > 0 && slices.Contains([]string{"customer", "bot", "agent", "notice"}, l.Author.Role) &&
		!l.At.IsZero() && (l.Text != "" || l.Attachment != nil)
}

// Ticket is one ticket as its agents see it.
type Ticket struct {
	ID, Conversation string
	// Asked says that an agent was asked for; until then agents only read along.
	Asked, Closed bool
	// ClosedBy is customer, handoff or an agent's name.
	ClosedBy string
	// Agent has the ticket; Group is where it waits.
	Agent, Group, Previous string
	// State is what the last ticket.updated told.
	State string
	// Customer is the customer as the desk was told, in JSON.
	Customer string
	// Transcript is what was said before, and Messages what the customer said in the ticket.
	Transcript []Line
	Messages   []Message
	Notes      []string
	Typing     bool
	Read       time.Time
	// Priority is as the ticket was opened, and Rating what the customer gave the help.
	Priority string
	Rating   int
}

// Message is one message of the customer.
type Message struct {
	ID, Text   string
	Attachment map[string]any
	Deleted    bool
}
