package memory

import (
	"slices"

	"github.com/handoff-engine/handoff/connector/memory"
)

// Ticket is a ticket as a test looks at it.
type Ticket struct {
	ID           string           `json:"id"`
	Conversation string           `json:"conversation"`
	Agent        string           `json:"agent,omitempty"`
	Offered      string           `json:"offered,omitempty"`
	Group        string           `json:"group,omitempty"`
	Closed       bool             `json:"closed,omitempty"`
	Previous     string           `json:"previous,omitempty"`
	Messages     []memory.Message `json:"messages"`
	// Transcript is what was said before the ticket was opened.
	Transcript []memory.HistoryEntry `json:"transcript,omitempty"`
	// Mirrored says that agents only read along.
	Mirrored bool `json:"mirrored,omitempty"`
	// Stands is how handoff said last that the conversation stands.
	Stands memory.UpdateRequest `json:"stands"`
	// Rating is how the customer liked the help, as handoff said; 0 before that.
	Rating  int    `json:"rating,omitempty"`
	Comment string `json:"comment,omitempty"`
}

// Conversation is a chat as a test looks at it.
type Conversation struct {
	ID       string           `json:"id"`
	Paused   bool             `json:"paused,omitempty"`
	Messages []memory.Message `json:"messages"`
}

// Tickets lists all tickets, oldest first.
func (s *Server) Tickets() []Ticket {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []Ticket{}
	for _, t := range s.tickets {
		list = append(list, Ticket{
			ID: t.id, Conversation: t.Conversation, Agent: t.agent, Offered: t.offered, Group: t.Group, Closed: t.closed,
			Previous: t.Previous, Messages: slices.Clone(t.messages), Transcript: slices.Clone(t.Transcript),
			Mirrored: t.mirrored, Stands: t.stands, Rating: t.rating.Rating, Comment: t.rating.Comment,
		})
	}
	return list
}

// TicketOf gives the newest ticket of a conversation, named as OpenRequest did.
func (s *Server) TicketOf(conversation string) (Ticket, bool) {
	for _, t := range slices.Backward(s.Tickets()) {
		if t.Conversation == conversation {
			return t, true
		}
	}
	return Ticket{}, false
}

// Conversation gives a chat.
func (s *Server) Conversation(id string) (Conversation, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.conversations[id]
	if c == nil {
		return Conversation{}, false
	}
	return Conversation{ID: id, Paused: c.paused, Messages: slices.Clone(c.messages)}, true
}

// CustomerSees lists the texts that handoff said to the customer, oldest first.
func (s *Server) CustomerSees(conversation string) []string {
	c, _ := s.Conversation(conversation)
	return texts(c.Messages, func(m memory.Message) bool { return m.Key != "" })
}

// AgentSees lists the texts that handoff posted to a ticket, oldest first.
func (s *Server) AgentSees(ticketID string) []string {
	return s.ticketTexts(ticketID, func(m memory.Message) bool { return m.Key != "" && !m.Note })
}

// Notes lists the notes that handoff wrote on a ticket.
func (s *Server) Notes(ticketID string) []string {
	return s.ticketTexts(ticketID, func(m memory.Message) bool { return m.Key != "" && m.Note })
}

func (s *Server) ticketTexts(ticketID string, want func(memory.Message) bool) []string {
	for _, t := range s.Tickets() {
		if t.ID == ticketID {
			return texts(t.Messages, want)
		}
	}
	return []string{}
}

func texts(messages []memory.Message, want func(memory.Message) bool) []string {
	list := []string{}
	for _, m := range messages {
		if want(m) && m.Text != "" {
			list = append(list, m.Text)
		}
	}
	return list
}

// Typings lists what was shown as "is typing", in order.
func (s *Server) Typings() []memory.TypingRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.typings)
}

// Reads lists what was shown as "has read", in order.
func (s *Server) Reads() []memory.ReadRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.reads)
}
