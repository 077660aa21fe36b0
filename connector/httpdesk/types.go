package httpdesk

import (
	"time"

	"github.com/handoff-engine/handoff/conversation"
)

// This file is the contract with a desk, written down as types; README.md says the same for those who implement it.

// Types of a Webhook, which the desk gets. Sent back to us they mean nothing.
const (
	TypePing              = "ping"
	TypeTicketMirrored    = "ticket.mirrored"
	TypeTicketOpened      = "ticket.opened"
	TypeTicketAssigned    = "ticket.assigned"
	TypeTicketUpdated     = "ticket.updated"
	TypeMessageCreated    = "message.created"
	TypeMessageUpdated    = "message.updated"
	TypeMessageDeleted    = "message.deleted"
	TypeAttachmentCreated = "attachment.created"
	TypeNoteCreated       = "note.created"
	TypeCustomerTyping    = "customer.typing"
	TypeCustomerRead      = "customer.read"
	TypeCustomerRated     = "customer.rated"
)

// TypeTicketClosed is a Webhook where we close a ticket, and an Event where the desk does.
const TypeTicketClosed = "ticket.closed"

// Types of an Event, which the desk sends.
const (
	TypeAgentJoined       = "agent.joined"
	TypeAgentLeft         = "agent.left"
	TypeAgentOffline      = "agent.offline"
	TypeAgentMessage      = "agent.message"
	TypeAgentEdited       = "agent.edited"
	TypeAgentDeleted      = "agent.deleted"
	TypeAgentNote         = "agent.note"
	TypeAgentTyping       = "agent.typing"
	TypeAgentRead         = "agent.read"
	TypeTicketTransferred = "ticket.transferred"
	TypeTicketBackToBot   = "ticket.back_to_bot"
)

// Who closed a ticket, as WebhookData.By says.
const (
	ByCustomer = "customer"
	ByHandoff  = "handoff"
)

// The answers to what is asked by GET.
const (
	pathAvailability = "availability"
	pathQueue        = "queue"

	statusOnline   = "online"
	statusQueueing = "queueing"
	statusOffline  = "offline"
)

// maxID bounds the desk's own names for webhooks and messages.
const maxID = 200

// maxButtons is how many buttons one message may have.
const maxButtons = 20

// Webhook is the body of a webhook to the desk.
type Webhook struct {
	Type string `json:"type"`
	// Timestamp is when it happened, where that is known.
	Timestamp time.Time   `json:"timestamp,omitzero"`
	Data      WebhookData `json:"data"`
}

// WebhookData is what a webhook tells; what its type does not name is left out.
type WebhookData struct {
	// Conversation is our name for the conversation, and Ticket that for the ticket: one conversation may have several,
	// one after the other.
	Conversation string `json:"conversation,omitempty"`
	Ticket       string `json:"ticket,omitempty"`
	// ID names the message.
	ID         string      `json:"id,omitempty"`
	Author     *Author     `json:"author,omitempty"`
	Text       string      `json:"text,omitempty"`
	Attachment *Attachment `json:"attachment,omitempty"`
	Typing     *bool       `json:"typing,omitempty"`

	Customer *Customer `json:"customer,omitempty"`
	// Transcript is what was said before, or since the last ticket.mirrored, oldest first.
	Transcript []Line `json:"transcript,omitempty"`
	// Agent and Group say who is asked, with ticket.updated who has the ticket.
	Agent *Person `json:"agent,omitempty"`
	Group string  `json:"group,omitempty"`
	// Priority is low, normal, high or urgent.
	Priority string `json:"priority,omitempty"`
	// Previous is the conversation's ticket before this one.
	Previous string `json:"previous,omitempty"`
	// Link opens the conversation in handoff's own API or user interface.
	Link string `json:"link,omitempty"`

	// State is how the conversation stands, Reason why it came to that, and WaitingSince when the customer began to wait
	// for an agent's words.
	State         string    `json:"state,omitempty"`
	PreviousState string    `json:"previous_state,omitempty"`
	Reason        string    `json:"reason,omitempty"`
	WaitingSince  time.Time `json:"waiting_since,omitzero"`
	By            string    `json:"by,omitempty"`
	// Rating is how the customer liked the help, from 1, the worst, to 5.
	Rating int `json:"rating,omitempty"`
}

// Opened is what the desk may answer to ticket.opened and ticket.mirrored.
type Opened struct {
	// URL opens the ticket in the desk's own user interface.
	URL string `json:"url"`
}

// Availability is what the desk answers to GET …/availability.
type Availability struct {
	Status string `json:"status"`
}

// Queue is what the desk answers to GET …/queue.
type Queue struct {
	Position    int `json:"position"`
	WaitSeconds int `json:"wait_seconds"`
}

// Event is the body of a webhook from the desk. Its name is the webhook-id.
type Event struct {
	Type string `json:"type"`
	// Timestamp is when it happened; the time of arrival if left out.
	Timestamp time.Time `json:"timestamp,omitzero"`
	Data      EventData `json:"data"`
}

// EventData is what an event tells.
type EventData struct {
	// Ticket is the ticket as ticket.opened named it.
	Ticket string `json:"ticket"`
	// ID is the desk's own name for the message; the webhook-id if left out.
	ID string `json:"id,omitempty"`
	// Target is the message that agent.edited and agent.deleted are about.
	Target     string      `json:"target,omitempty"`
	Agent      *Person     `json:"agent,omitempty"`
	Group      string      `json:"group,omitempty"`
	Text       string      `json:"text,omitempty"`
	Attachment *Attachment `json:"attachment,omitempty"`
	// Buttons are what the customer can press below the text of an agent.message.
	Buttons []Button `json:"buttons,omitempty"`
	// Typing is false when the agent stopped; left out, it is true.
	Typing *bool `json:"typing,omitempty"`
	// Node is where the bot goes on.
	Node string `json:"node,omitempty"`
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

// Button is an answer that the customer can give by pressing it, in the words of the label, or, with a URL, a link to
// follow. Where a channel shows no buttons they are lines below the text.
type Button struct {
	Label string `json:"label"`
	URL   string `json:"url,omitempty"`
}

// Customer is what is known about the customer.
type Customer struct {
	Name     string            `json:"name,omitempty"`
	Email    string            `json:"email,omitempty"`
	Phone    string            `json:"phone,omitempty"`
	Language string            `json:"language,omitempty"`
	Fields   map[string]string `json:"fields,omitempty"`
}

// Author is who says something: the customer, the bot, an agent, or handoff itself (notice).
type Author struct {
	Role string `json:"role"`
	Name string `json:"name,omitempty"`
}

// Person is an agent, by the desk's own name.
type Person struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// Line is one thing that was said. Numbers count from 1 within a ticket's conversation.
type Line struct {
	Number     int         `json:"number"`
	Author     Author      `json:"author"`
	At         time.Time   `json:"at"`
	Text       string      `json:"text,omitempty"`
	Attachment *Attachment `json:"attachment,omitempty"`
}

func outward(a *conversation.Attachment) *Attachment {
	if a == nil {
		return nil
	}
	return &Attachment{
		URL: a.URL, Name: a.Name, ContentType: a.ContentType, Size: a.Size, Latitude: a.Latitude, Longitude: a.Longitude,
	}
}

func (a *Attachment) inward() *conversation.Attachment {
	if a == nil {
		return nil
	}
	return &conversation.Attachment{
		URL: a.URL, Name: a.Name, ContentType: a.ContentType, Size: a.Size, Latitude: a.Latitude, Longitude: a.Longitude,
	}
}

// about gives what is known about the customer, nil if nothing is.
func about(k conversation.Customer) *Customer {
	if k.Name == "" && k.Email == "" && k.Phone == "" && k.Language == "" && len(k.Fields) == 0 {
		return nil
	}
	return &Customer{Name: k.Name, Email: k.Email, Phone: k.Phone, Language: k.Language, Fields: k.Fields}
}

// history is what was said, without what its author deleted.
func history(said []conversation.Line) []Line {
	var lines []Line
	for _, l := range said {
		if l.Deleted {
			continue
		}
		lines = append(lines, Line{
			Number: l.N, Author: Author{Role: string(l.Role), Name: l.Name}, At: l.At, Text: l.Text,
			Attachment: outward(l.Attachment),
		})
	}
	return lines
}

// person names an agent, nil if there is none.
func person(a conversation.Author) *Person {
	if a.ID == "" && a.Name == "" {
		return nil
	}
	return &Person{ID: a.ID, Name: a.Name}
}
