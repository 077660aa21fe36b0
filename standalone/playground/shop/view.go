package shop

import (
	"slices"
	"time"

	"github.com/handoff-engine/handoff/connector/memory"
)

// ChatView is what the customer sees of a conversation.
type ChatView struct {
	ID       string           `json:"id"`
	Customer string           `json:"customer"`
	Messages []memory.Message `json:"messages"`
	Typing   *memory.Author   `json:"typing,omitempty"`
	Left     bool             `json:"left,omitempty"`
	// Read is until when an agent has read.
	Read time.Time `json:"read,omitzero"`
	// Queued counts what the customer did that handoff has not acknowledged.
	Queued int `json:"queued,omitempty"`
}

// TicketView is what the agents see of a ticket.
type TicketView struct {
	ID           string                `json:"id"`
	Conversation string                `json:"conversation"`
	Customer     string                `json:"customer"`
	Opened       time.Time             `json:"opened"`
	Agent        *memory.Author        `json:"agent,omitempty"`
	Offered      *memory.Author        `json:"offered,omitempty"`
	Closed       bool                  `json:"closed,omitempty"`
	Since        time.Time             `json:"since"`
	Reason       string                `json:"reason,omitempty"`
	Previous     string                `json:"previous,omitempty"`
	Last         string                `json:"last,omitempty"`
	LastAt       time.Time             `json:"last_at"`
	LastRole     string                `json:"last_role,omitempty"`
	Typing       *memory.Author        `json:"typing,omitempty"`
	Mirrored     bool                  `json:"mirrored,omitempty"`
	Stands       *memory.UpdateRequest `json:"stands,omitempty"`
	Read         time.Time             `json:"read,omitzero"`
	Rating       int                   `json:"rating,omitempty"`
	Comment      string                `json:"comment,omitempty"`
	Transcript   []memory.HistoryEntry `json:"transcript,omitempty"`
	Messages     []memory.Message      `json:"messages,omitempty"`
}

// DeskView is what an agent sees of the desk.
type DeskView struct {
	Agents  []memory.Agent `json:"agents"`
	Tickets []TicketView   `json:"tickets"`
}

// Chat shows a conversation, with a greeting of the bot before the first words.
func (v *Vendor) Chat(id string) (ChatView, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	c, err := v.conversation(id)
	if err != nil {
		return ChatView{}, err
	}
	greeting := welcome().Messages[0]
	view := ChatView{ID: id, Customer: c.Customer.Name, Left: c.Left, Read: c.Read, Typing: v.typist(id)}
	view.Messages = append(view.Messages, memory.Message{
		ID: id + "-s0", At: c.Opened, Author: memory.Author{Role: memory.RoleBot, Name: botName},
		Text: greeting.Text, Buttons: greeting.Buttons,
	})
	view.Messages = append(view.Messages, c.Messages...)
	for _, d := range v.state.pending {
		if d.hook == ChannelHook && d.event.Conversation == id {
			view.Queued++
		}
	}
	return view, nil
}

// Desk shows all tickets, newest first, and all that was said in the selected one.
// What agents read along and were never asked about is gone when it is over.
func (v *Vendor) Desk(selected string) DeskView {
	v.mu.Lock()
	defer v.mu.Unlock()
	view := DeskView{Agents: v.available().Agents, Tickets: []TicketView{}}
	for _, t := range slices.Backward(v.state.tickets) {
		if !t.Closed || !t.Mirrored {
			view.Tickets = append(view.Tickets, v.view(t, t.ID == selected))
		}
	}
	return view
}

func (v *Vendor) view(t *Ticket, whole bool) TicketView {
	view := TicketView{
		ID: t.ID, Conversation: t.Conversation, Customer: t.Customer.Name, Opened: t.Opened,
		Closed: t.Closed, Since: t.Since, Reason: t.Reason, Previous: t.Previous, LastAt: t.Opened,
		Mirrored: t.Mirrored, Stands: t.Stands, Read: t.Read, Rating: t.Rating, Comment: t.Comment,
	}
	if t.Agent != "" {
		who := author(t.Agent)
		view.Agent = &who
	}
	if t.Offered != "" {
		who := author(t.Offered)
		view.Offered = &who
	}
	for _, h := range slices.Backward(t.Transcript) {
		if h.Author.Role == memory.RoleCustomer {
			view.Last, view.LastRole = preview(h.Text, h.Attachments), h.Author.Role
			if t.Mirrored {
				view.LastAt = h.At
			}
			break
		}
	}
	for _, m := range slices.Backward(t.Messages) {
		if !m.Note && !m.Deleted {
			view.Last, view.LastAt, view.LastRole = preview(m.Text, m.Attachments), m.At, m.Author.Role
			break
		}
	}
	if whole {
		view.Typing, view.Transcript, view.Messages = v.typist(ticketTyping+t.ID), t.Transcript, slices.Clone(t.Messages)
	}
	return view
}

func preview(text string, files []memory.Attachment) string {
	if text == "" && len(files) > 0 {
		return "sent a file"
	}
	return text
}
