package httpbot

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Request is what the bot is asked.
type Request struct {
	Type         string          `json:"type"`
	Key          string          `json:"key"`
	Conversation string          `json:"conversation"`
	Text         string          `json:"text"`
	Attachment   *Attachment     `json:"attachment"`
	Customer     *Customer       `json:"customer"`
	Context      []Line          `json:"context"`
	Session      json.RawMessage `json:"session"`
}

// Attachment is a file by its address, or a place.
type Attachment struct {
	URL         string  `json:"url"`
	Name        string  `json:"name"`
	ContentType string  `json:"content_type"`
	Size        int64   `json:"size"`
	Latitude    float64 `json:"latitude"`
	Longitude   float64 `json:"longitude"`
}

// Customer is what is known about the customer.
type Customer struct {
	Name     string            `json:"name"`
	Email    string            `json:"email"`
	Phone    string            `json:"phone"`
	Language string            `json:"language"`
	Fields   map[string]string `json:"fields"`
}

// Line is one thing that was said before.
type Line struct {
	Role       string      `json:"role"`
	Name       string      `json:"name"`
	At         time.Time   `json:"at"`
	Text       string      `json:"text"`
	Attachment *Attachment `json:"attachment"`
}

// sound says whether a request has what its type needs.
func (r Request) sound() bool {
	switch r.Type {
	case OpPing:
		return true
	case OpMessage:
		return r.Conversation != "" && (r.Text != "" || r.Attachment != nil)
	}
	return false
}

// Script is the default brain: it counts the turns in its session, asks for a
// human at "human" and ends at "bye".
func Script(ask Request) any {
	var session struct {
		Turns int `json:"turns"`
	}
	_ = json.Unmarshal(ask.Session, &session)
	session.Turns++
	say := func(text string) []any { return []any{map[string]any{"text": text}} }
	switch strings.ToLower(strings.TrimSpace(ask.Text)) {
	case "human":
		return map[string]any{
			"messages": say("I get a colleague."), "session": session,
			"handoff": map[string]any{"group": "returns", "reason": "asked for a human"},
		}
	case "bye":
		return map[string]any{"messages": say("Goodbye."), "end": true, "session": nil}
	}
	return map[string]any{"messages": say(fmt.Sprintf("You said: %s (%d)", ask.Text, session.Turns)), "session": session}
}
