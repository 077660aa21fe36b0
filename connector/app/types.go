package app

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/handoff-engine/handoff/conversation"
)

// Types of an Event, which the team sends.
const (
	TypeCustomerMessage = "customer.message"
	TypeCustomerTyping  = "customer.typing"
	TypeCustomerLeft    = "customer.left"
	TypeCustomerEdited  = "customer.edited"
	TypeCustomerDeleted = "customer.deleted"
	TypeCustomerRated   = "customer.rated"
	TypeCustomerRead    = "customer.read"
	TypeBotMessage      = "bot.message"
	TypeBotRequested    = "bot.requested"
	TypeHandoff         = "handoff.requested"
)

// Types of a Webhook, which the team gets. Sent back to us they mean nothing.
const (
	TypeMessage     = "message.created"
	TypeAttachment  = "attachment.created"
	TypeEdited      = "message.updated"
	TypeDeleted     = "message.deleted"
	TypeRating      = "rating.requested"
	TypeAgentRead   = "agent.read"
	TypeAgentJoined = "agent.joined"
	TypeAgentLeft   = "agent.left"
	TypeAgentTyping = "agent.typing"
	TypeUpdated     = "conversation.updated"
	TypeEnded       = "conversation.ended"
	TypePing        = "ping"
)

// Who may ask for a human, as Event.By says.
const (
	ByBot      = "bot"
	ByCustomer = "customer"
)

// maxID bounds the team's own names for events.
const maxID = 200

// Event is the body of POST …/conversations/<key>/events.
type Event struct {
	// ID is the team's own name for the event: the same for every repeat, different for every other event. Typing needs
	// none.
	ID   string `json:"id"`
	Type string `json:"type"`
	// At is when it happened; the time of arrival if left out.
	At time.Time `json:"at"`

	Text       string      `json:"text"`
	Attachment *Attachment `json:"attachment"`
	// Buttons are what the bot offers below its words, with bot.message.
	Buttons []Button `json:"buttons"`
	// Target is the id of the message that customer.edited and customer.deleted are about.
	Target string `json:"target"`
	// Rating is how the customer liked the help, from 1 to 5, with customer.rated.
	Rating int `json:"rating"`
	// Name is what the bot calls itself, with bot.message.
	Name string `json:"name"`
	// Customer tells what is newly known about the customer.
	Customer *Customer `json:"customer"`
	// Typing is false when the customer stopped; left out, it is true.
	Typing *bool `json:"typing"`

	// Agent and Group say who is asked for, By who asks (bot or customer), and Reason why, for the agent to read.
	Agent  string `json:"agent"`
	Group  string `json:"group"`
	By     string `json:"by"`
	Reason string `json:"reason"`
	// Priority is how urgent it is: low, normal, high or urgent.
	Priority string `json:"priority"`
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

// Button is an answer that the customer can give by pressing it: customer.message with Value, or with Label if there is no
// Value, as its text. One with a URL opens that instead.
type Button struct {
	Label string `json:"label"`
	Value string `json:"value,omitempty"`
	URL   string `json:"url,omitempty"`
}

// Customer is what the team knows about the customer.
type Customer struct {
	Name     string            `json:"name"`
	Email    string            `json:"email"`
	Phone    string            `json:"phone"`
	Language string            `json:"language"`
	Fields   map[string]string `json:"fields"`
}

// Webhook is the body of a webhook to the team's backend.
type Webhook struct {
	Type string `json:"type"`
	// Timestamp is when it was decided to say it, with message.created.
	Timestamp time.Time `json:"timestamp,omitzero"`
	Data      Data      `json:"data"`
}

// Data is what a webhook tells; what its type does not name is left out.
type Data struct {
	// Conversation is the team's own key.
	Conversation string `json:"conversation,omitempty"`
	// ID names the message.
	ID         string      `json:"id,omitempty"`
	Author     *Author     `json:"author,omitempty"`
	Text       string      `json:"text,omitempty"`
	Attachment *Attachment `json:"attachment,omitempty"`
	// Buttons go along with message.created.
	Buttons []Button `json:"buttons,omitempty"`
	Agent   *Person  `json:"agent,omitempty"`
	Typing  *bool    `json:"typing,omitempty"`
	// State is how the conversation stands, and Reason why it came to that.
	State         string `json:"state,omitempty"`
	PreviousState string `json:"previous_state,omitempty"`
	Reason        string `json:"reason,omitempty"`
}

// Author is who says something: an agent, the bot, or handoff itself (notice).
type Author struct {
	Role string `json:"role"`
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// Person is an agent.
type Person struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// speaker says in whose name something is said.
func speaker(a conversation.Author) *Author {
	switch a {
	case conversation.Author{}:
		return &Author{Role: string(conversation.RoleNotice)}
	case conversation.Author{Name: string(conversation.RoleBot)}:
		return &Author{Role: string(conversation.RoleBot)}
	}
	return &Author{Role: string(conversation.RoleAgent), ID: a.ID, Name: a.Name}
}

func person(a conversation.Author) *Person { return &Person{ID: a.ID, Name: a.Name} }

// encode writes a webhook with its markup as it is.
func encode(w Webhook) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(w)
	return b.Bytes(), err
}
