package httpbot

import (
	"encoding/json"
	"time"
)

// This file is the contract with a chatbot, written down as types; README.md says the same for those who implement it.

// The types of a request.
const (
	// TypeMessage asks what the bot answers to one message of the customer.
	TypeMessage = "message"
	// TypePing asks whether the bot is there and the secret is right.
	TypePing = "ping"
)

// TypeHandoffRequested is the type of the one webhook: the bot asks for a human without having been asked.
const TypeHandoffRequested = "handoff.requested"

// HeaderIdempotencyKey carries the request's key, as Webhook-Id does.
const HeaderIdempotencyKey = "Idempotency-Key"

// The limits of an answer. A larger one counts as a failure of the bot.
const (
	// MaxAnswer is the longest body, in bytes.
	MaxAnswer = 64 << 10
	// MaxMessages is how many messages one answer may have.
	MaxMessages = 20
	// MaxButtons is how many buttons one message may have.
	MaxButtons = 20
	// MaxSession is the longest session, in bytes of JSON.
	MaxSession = 8 << 10
)

// Request is what the bot is asked.
type Request struct {
	Type string `json:"type"`
	// Key names the request: the same for every repeat of it, and different from every other.
	Key          string      `json:"key"`
	Conversation string      `json:"conversation,omitempty"`
	Text         string      `json:"text,omitempty"`
	Attachment   *Attachment `json:"attachment,omitempty"`
	Customer     *Customer   `json:"customer,omitempty"`
	// Context is what the customer and a human said since the bot last spoke, oldest first.
	Context []Line `json:"context,omitempty"`
	// Session is what the bot's last answer held.
	Session json.RawMessage `json:"session,omitempty"`
}

// Attachment is a file by its address, or a place.
type Attachment struct {
	URL         string  `json:"url,omitempty"`
	Name        string  `json:"name,omitempty"`
	ContentType string  `json:"content_type,omitempty"`
	Size        int64   `json:"size,omitempty"`
	Latitude    float64 `json:"latitude,omitempty"`
	Longitude   float64 `json:"longitude,omitempty"`
}

// Customer is what is known about the customer, or what the bot has learnt.
type Customer struct {
	Name     string            `json:"name,omitempty"`
	Email    string            `json:"email,omitempty"`
	Phone    string            `json:"phone,omitempty"`
	Language string            `json:"language,omitempty"`
	Fields   map[string]string `json:"fields,omitempty"`
}

// Line is one thing that was said. Role is customer, agent, bot or notice.
type Line struct {
	Role       string      `json:"role"`
	Name       string      `json:"name,omitempty"`
	At         time.Time   `json:"at"`
	Text       string      `json:"text,omitempty"`
	Attachment *Attachment `json:"attachment,omitempty"`
}

// Answer is what the bot says and wants.
type Answer struct {
	Messages []Message `json:"messages"`
	Handoff  *Handoff  `json:"handoff"`
	// End says that the bot considers the conversation finished.
	End      bool      `json:"end"`
	Customer *Customer `json:"customer"`
	// Session is given back with the next request. Left out, it stays as it was; null empties it.
	Session json.RawMessage `json:"session"`
}

// Message is one text or attachment to say.
type Message struct {
	Text       string      `json:"text"`
	Attachment *Attachment `json:"attachment"`
	// Buttons are what the customer can press below the words; without words, below those of the message before.
	Buttons []Button `json:"buttons"`
}

// Button is an answer that the customer can give by pressing it, or, with a URL, a link to follow. The bot is told Value,
// or Label if there is no Value. Where a channel shows no buttons they are numbered lines, and the bot is told Value all
// the same when the customer writes the number or the label.
type Button struct {
	Label string `json:"label"`
	Value string `json:"value"`
	URL   string `json:"url"`
}

// Handoff asks for a human after the messages.
type Handoff struct {
	Agent  string `json:"agent"`
	Group  string `json:"group"`
	Reason string `json:"reason"`
	// declined is set by false, which asks for nobody.
	declined bool
}

// UnmarshalJSON takes true and false besides an object.
func (h *Handoff) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case "true", "false":
		*h = Handoff{declined: string(b) == "false"}
		return nil
	}
	type plain Handoff
	return json.Unmarshal(b, (*plain)(h))
}

// Webhook is what the bot tells without having been asked.
type Webhook struct {
	Type         string `json:"type"`
	Conversation string `json:"conversation"`
	Agent        string `json:"agent"`
	Group        string `json:"group"`
	Reason       string `json:"reason"`
}
