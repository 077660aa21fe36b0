package omnidesk

import (
	"fmt"
	"slices"
)

// act runs do for a session that is there.
func (s *Server) act(id string, do func(*session)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	x, ok := s.sessions[id]
	if !ok {
		return fmt.Errorf("no session %s", id)
	}
	do(x)
	return nil
}

// picture is where an agent's picture is.
func picture(agent string) string {
	return fmt.Sprintf("https://acme.omnidesk.example/p/%d.png", userIDs()[agent])
}

// AgentSays makes an agent write to the customer.
func (s *Server) AgentSays(id, agent, text string) error {
	return s.act(id, func(x *session) {
		if x.ticket.status == "new" {
			x.ticket.status = "open"
		}
		s.add(x.ticket, Line{By: agent, Text: text})
		s.call(x, HookMessage, pair{"picture", picture(agent)}, pair{"name", agent}, pair{"message", text}, pair{"sessionID", id})
	})
}

// AgentSends makes an agent send a file.
func (s *Server) AgentSends(id, agent string, f File) error {
	return s.act(id, func(x *session) {
		s.add(x.ticket, Line{By: agent, File: &f})
		s.call(x, HookUpload, pair{"file", &f}, pair{"sessionID", id})
	})
}

// AgentTypes shows the customer that an agent types, or stopped. This hookpoint
// alone spells its session with a capital letter.
func (s *Server) AgentTypes(id string, on bool) error {
	return s.act(id, func(x *session) { s.call(x, HookTyping, pair{"Typing", on}, pair{"SessionID", id}) })
}

// AgentStops makes the agent press the stop button.
func (s *Server) AgentStops(id string) error {
	return s.act(id, func(x *session) {
		x.ended = true
		s.see(id, "agent", "end", "")
		s.call(x, HookEnd, pair{"sessionID", id})
	})
}

// AgentNotes makes an agent write a note. No hookpoint tells of it.
func (s *Server) AgentNotes(id, agent, text string) error {
	return s.act(id, func(x *session) {
		s.add(x.ticket, Line{By: agent, Note: true, Text: text})
		s.tell("ticket.note", x.ticket, map[string]any{"note": map[string]any{"content": text, "user_name": agent}})
	})
}

// Assign gives the ticket to an agent.
func (s *Server) Assign(id, agent string) error {
	return s.act(id, func(x *session) {
		x.ticket.assigned = userIDs()[agent]
		s.tell("ticket.assigned", x.ticket, nil)
	})
}

// Solve sets the ticket to solved, without the stop button.
func (s *Server) Solve(id string) error {
	return s.act(id, func(x *session) {
		x.ticket.status, x.ticket.closed = "solved", s.opts.Now()
		s.tell("ticket.status", x.ticket, nil)
	})
}

// SetNobody sends all agents home, or calls them back.
func (s *Server) SetNobody(nobody bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nobody = nobody
}

// Sessions lists the sessions in the order in which their tickets were made.
func (s *Server) Sessions() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []string
	for _, t := range s.tickets {
		if !slices.Contains(ids, t.session) {
			ids = append(ids, t.session)
		}
	}
	return ids
}

// Tickets counts the tickets of chats; chatbot logs are not among them.
func (s *Server) Tickets() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.tickets)
}

// Lines lists what agents see of a session, in all of its tickets, oldest first.
func (s *Server) Lines(id string) []Line {
	s.mu.Lock()
	defer s.mu.Unlock()
	lines := []Line{}
	for _, t := range s.tickets {
		if t.session == id {
			lines = append(lines, t.lines...)
		}
	}
	return lines
}

// Texts lists the customer's texts of a session, the opening ones included.
func (s *Server) Texts(id string) []string {
	texts := []string{}
	for _, l := range s.Lines(id) {
		if l.By == customer && l.File == nil {
			texts = append(texts, l.Text)
		}
	}
	return texts
}

// Numbers lists the numbers of those texts; 0 is one without.
func (s *Server) Numbers(id string) []int {
	numbers := []int{}
	for _, l := range s.Lines(id) {
		if l.By == customer && l.File == nil {
			numbers = append(numbers, l.Number)
		}
	}
	return numbers
}

// Events lists the events of the customer's window.
func (s *Server) Events(id string) []string {
	events := []string{}
	_ = s.act(id, func(x *session) { events = append(events, x.events...) })
	return events
}

// Ended says whether a session has ended.
func (s *Server) Ended(id string) bool {
	ended := false
	_ = s.act(id, func(x *session) { ended = x.ended })
	return ended
}

// Logs lists the chatbot logs that were filed.
func (s *Server) Logs() []ChatbotLog {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.logs)
}
