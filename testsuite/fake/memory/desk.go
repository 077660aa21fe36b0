package memory

import (
	"net/http"
	"strconv"

	"github.com/handoff-engine/handoff/connector/memory"
)

func (s *Server) open(r *http.Request) (any, error) {
	req, err := read[memory.OpenRequest](r)
	if err != nil {
		return nil, err
	}
	if req.Conversation == "" {
		return nil, refusal{http.StatusBadRequest, "invalid"}
	}
	return once(s, r, req.Key, duplicateOpen, func() (memory.OpenResult, error) {
		if _, known := s.person(req.Agent); req.Agent != "" && !known {
			return memory.OpenResult{}, ErrUnknown
		}
		t, err := s.mirrored(req)
		if err != nil {
			return memory.OpenResult{}, err
		}
		at := s.now()
		t.asked = at
		s.happened("ticket:"+t.id, "handoff", "opened", req.Conversation)
		if req.Agent != "" && s.online(req.Agent) && t.agent == "" {
			s.offer(t, req.Agent)
		}
		return memory.OpenResult{ID: t.id, At: at}, nil
	})
}

// mirrored gives the ticket that agents have read along, else a new one, as it is
// when it is opened. An agent who took it meanwhile keeps it. The caller holds the
// lock.
func (s *Server) mirrored(req memory.OpenRequest) (*ticket, error) {
	if req.Mirrored == "" {
		return s.newTicket(req), nil
	}
	t := s.ticket(req.Mirrored)
	switch {
	case t == nil:
		return nil, ErrUnknown
	case t.closed, !t.asked.IsZero(), t.Conversation != req.Conversation:
		return nil, ErrClosed
	}
	shown := t.Transcript
	t.OpenRequest, t.mirrored = req, false
	t.Transcript = shown
	t.add(req.Transcript)
	return t, nil
}

// newTicket makes a ticket. The caller holds the lock.
func (s *Server) newTicket(req memory.OpenRequest) *ticket {
	t := &ticket{OpenRequest: req, id: "T-" + strconv.Itoa(1001+len(s.tickets))}
	t.status = memory.TicketStatus{ID: t.id, At: s.now()}
	s.tickets = append(s.tickets, t)
	return t
}

// waits says whether an agent is asked for, and none has the ticket.
func (t *ticket) waits() bool { return !t.closed && !t.mirrored && t.agent == "" }

// offer gives a ticket to an agent: at once, or as soon as they take it. The
// caller holds the lock.
func (s *Server) offer(t *ticket, agent string) {
	t.offered = agent
	if s.opts.AssignAtOnce && t.agent != agent {
		s.give(t, agent)
	}
}

// onTicket makes a call about the ticket in the path.
func onTicket[A any](s *Server, r *http.Request, key string, duplicate func(A) A, f func(t *ticket) (A, error)) (any, error) {
	return once(s, r, key, duplicate, func() (A, error) {
		t := s.ticket(r.PathValue("id"))
		if t == nil {
			var none A
			return none, ErrUnknown
		}
		return f(t)
	})
}

func (s *Server) deskSend(r *http.Request) (any, error) {
	req, err := read[memory.SendRequest](r)
	if err != nil {
		return nil, err
	}
	if err := check(req.Text, req.Attachments); err != nil {
		return nil, err
	}
	return s.writeTo(r, sentMessage(req))
}

func (s *Server) deskNote(r *http.Request) (any, error) {
	req, err := read[memory.NoteRequest](r)
	if err != nil {
		return nil, err
	}
	if err := check(req.Text, nil); err != nil {
		return nil, err
	}
	return s.writeTo(r, memory.Message{Key: req.Key, Author: memory.Author{Role: memory.RoleSystem}, Text: req.Text, Note: true})
}

// writeTo adds what handoff says to the ticket in the path.
func (s *Server) writeTo(r *http.Request, m memory.Message) (any, error) {
	return onTicket(s, r, m.Key, duplicateSend, func(t *ticket) (memory.SendResult, error) {
		if t.closed && !m.Note {
			return memory.SendResult{}, ErrClosed
		}
		m.ID, m.Seq = t.nextID()
		m.At = s.now()
		t.messages = append(t.messages, m)
		s.see("ticket:"+t.id, m)
		return memory.SendResult{ID: m.ID, At: m.At}, nil
	})
}

func (s *Server) deskList(r *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.ticket(r.PathValue("id"))
	if t == nil {
		return nil, ErrUnknown
	}
	p, err := page(t.messages, r, s.opts.PageSize)
	status := t.status
	p.Ticket = &status
	return p, err
}

func (s *Server) deskSent(r *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.ticket(r.PathValue("id"))
	if t == nil {
		return nil, ErrUnknown
	}
	return sent(t.messages, r)
}

func (s *Server) assign(r *http.Request) (any, error) {
	req, err := read[memory.AssignRequest](r)
	if err != nil {
		return nil, err
	}
	return onTicket(s, r, req.Key, duplicateResult, func(t *ticket) (memory.Result, error) {
		_, known := s.person(req.Agent)
		switch {
		case t.closed:
			return memory.Result{}, ErrClosed
		case req.Agent != "" && !known:
			return memory.Result{}, ErrUnknown
		case req.Agent != "" && !s.online(req.Agent):
			return memory.Result{}, ErrAway
		}
		s.happened("ticket:"+t.id, "handoff", "offered", req.Agent+req.Group)
		if t.agent != req.Agent && !s.opts.AssignAtOnce {
			s.takeFrom(t)
		}
		t.Group = req.Group
		if req.Agent != "" {
			s.offer(t, req.Agent)
		}
		return memory.Result{OK: true}, nil
	})
}

// takeFrom takes the ticket from its agent without a webhook: the caller
// itself brought it about. The caller holds the lock.
func (s *Server) takeFrom(t *ticket) {
	t.agent, t.offered = "", ""
	t.status = memory.TicketStatus{ID: t.id, Closed: t.closed, At: s.now()}
}

func (s *Server) unassign(r *http.Request) (any, error) {
	req, err := read[memory.AssignRequest](r)
	if err != nil {
		return nil, err
	}
	return onTicket(s, r, req.Key, duplicateResult, func(t *ticket) (memory.Result, error) {
		if !t.closed && (req.Agent == "" || req.Agent == t.agent) {
			s.happened("ticket:"+t.id, "handoff", "unassigned", t.agent)
			s.takeFrom(t)
		}
		return memory.Result{OK: true}, nil
	})
}

func (s *Server) closeTicket(r *http.Request) (any, error) {
	req, err := read[memory.CloseRequest](r)
	if err != nil {
		return nil, err
	}
	return onTicket(s, r, req.Key, duplicateResult, func(t *ticket) (memory.Result, error) {
		if !t.closed {
			t.closed = true
			t.status = memory.TicketStatus{ID: t.id, Closed: true, At: s.now()}
			s.happened("ticket:"+t.id, "handoff", "closed", req.Reason)
		}
		return memory.Result{OK: true}, nil
	})
}

func (s *Server) availability(r *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	group := r.URL.Query().Get("group")
	var there memory.Availability
	for _, a := range s.agents {
		if group != "" && a.Group != group {
			continue
		}
		a.Active = 0
		for _, t := range s.tickets {
			if !t.closed && t.agent == a.ID {
				a.Active++
			}
		}
		there.Agents = append(there.Agents, a)
		there.Online = there.Online || a.Online
	}
	for _, t := range s.tickets {
		if t.waits() {
			there.Waiting++
		}
	}
	return there, nil
}
