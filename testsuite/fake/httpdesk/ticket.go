package httpdesk

import (
	"net/http"
	"slices"
)

// apply does what a sound webhook tells, and gives the status of the answer.
func (s *Server) apply(hook Webhook) int {
	d := hook.Data
	t := s.ticket(d.Ticket)
	switch hook.Type {
	case "ping":
		return http.StatusOK
	case "ticket.opened", "ticket.mirrored":
		return s.opened(t, hook)
	}
	switch {
	case t == nil || t.Conversation != d.Conversation:
		return http.StatusNotFound
	case hook.Type == "ticket.closed":
		if !t.Closed {
			t.Closed, t.ClosedBy = true, d.By
		}
		return http.StatusOK
	case hook.Type == "note.created":
		// Agents are told even when the ticket is over: that is often what the note is about.
		t.Notes = append(t.Notes, d.Text)
		return http.StatusOK
	case hook.Type == "customer.rated":
		t.Rating = d.Rating
		return http.StatusOK
	case hook.Type == "ticket.updated":
		t.State = d.State
		return http.StatusOK
	case t.Closed:
		return http.StatusConflict
	}
	return s.said(t, hook)
}

// opened makes a ticket, asks for an agent, or adds to what agents read along.
func (s *Server) opened(t *Ticket, hook Webhook) int {
	d := hook.Data
	if t == nil {
		t = &Ticket{ID: d.Ticket, Conversation: d.Conversation}
		s.tickets = append(s.tickets, t)
	}
	switch {
	case t.Conversation != d.Conversation:
		return http.StatusBadRequest
	case t.Closed:
		return http.StatusConflict
	}
	if d.Customer != nil {
		t.Customer = string(*d.Customer)
	}
	for _, l := range d.Transcript {
		if !slices.ContainsFunc(t.Transcript, func(have Line) bool { return have.Number == l.Number }) {
			t.Transcript = append(t.Transcript, l)
		}
	}
	if hook.Type == "ticket.opened" {
		t.Asked, t.Group, t.Previous, t.Priority = true, d.Group, d.Previous, d.Priority
		if d.Agent != nil && known(d.Agent.ID) && !s.away[d.Agent.ID] {
			t.Agent = d.Agent.ID
		}
	}
	return http.StatusOK
}

// said does what is told about an open ticket.
func (s *Server) said(t *Ticket, hook Webhook) int {
	d := hook.Data
	switch hook.Type {
	case "ticket.assigned":
		return s.assigned(t, d)
	case "message.created", "attachment.created":
		t.Messages = append(t.Messages, Message{ID: d.ID, Text: d.Text, Attachment: d.Attachment})
		t.Typing = false
	case "message.updated", "message.deleted":
		i := slices.IndexFunc(t.Messages, func(m Message) bool { return m.ID == d.ID })
		if i < 0 {
			return http.StatusNotFound
		}
		t.Messages[i].Text, t.Messages[i].Deleted = d.Text, hook.Type == "message.deleted"
	case "customer.typing":
		t.Typing = *d.Typing
	case "customer.read":
		t.Read = hook.Timestamp
	}
	return http.StatusOK
}

func (s *Server) assigned(t *Ticket, d Data) int {
	switch {
	case d.Agent != nil && !known(d.Agent.ID), d.Group != "" && d.Group != Group:
		return http.StatusNotFound
	case d.Agent != nil && s.away[d.Agent.ID]:
		return http.StatusConflict
	case d.Agent != nil:
		t.Agent = d.Agent.ID
	default:
		t.Agent, t.Group = "", d.Group
	}
	return http.StatusOK
}

func known(agent string) bool { return agent == Mira || agent == Tom }

// ticket finds a ticket, or gives nil.
func (s *Server) ticket(id string) *Ticket {
	for _, t := range s.tickets {
		if t.ID == id {
			return t
		}
	}
	return nil
}

// availability says whether somebody is there: online with somebody free, queueing with everybody busy.
func (s *Server) availability(r *http.Request) (any, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if group := r.URL.Query().Get("group"); group != "" && group != Group {
		return nil, http.StatusNotFound
	}
	status := "offline"
	for _, agent := range []string{Mira, Tom} {
		busy := slices.ContainsFunc(s.tickets, func(t *Ticket) bool { return !t.Closed && t.Agent == agent })
		switch {
		case s.away[agent]:
		case !busy:
			status = "online"
		case status == "offline":
			status = "queueing"
		}
	}
	return map[string]string{"status": status}, http.StatusOK
}

// queue says how many tickets wait before one, at a minute each.
func (s *Server) queue(r *http.Request) (any, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, position := r.URL.Query().Get("ticket"), 0
	for _, t := range s.tickets {
		if t.Asked && !t.Closed && t.Agent == "" {
			position++
		}
		if t.ID == id {
			return map[string]int{"position": position, "wait_seconds": 60 * position}, http.StatusOK
		}
	}
	return nil, http.StatusNotFound
}
