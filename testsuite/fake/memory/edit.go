package memory

import (
	"net/http"
	"time"

	"github.com/handoff-engine/handoff/connector/memory"
)

func (s *Server) channelEdit(r *http.Request) (any, error) {
	return s.edit(r, func() (messages []memory.Message, where string, err error) {
		c := s.conversations[r.PathValue("id")]
		if c == nil {
			return nil, "", ErrUnknown
		}
		return c.messages, "channel:" + c.id, nil
	})
}

func (s *Server) deskEdit(r *http.Request) (any, error) {
	return s.edit(r, func() (messages []memory.Message, where string, err error) {
		t := s.ticket(r.PathValue("id"))
		switch {
		case t == nil:
			return nil, "", ErrUnknown
		case t.closed:
			return nil, "", ErrClosed
		}
		return t.messages, "ticket:" + t.id, nil
	})
}

// edit changes a message of the caller's own, among those that find gives.
func (s *Server) edit(r *http.Request, find func() (messages []memory.Message, where string, err error)) (any, error) {
	req, err := read[memory.EditRequest](r)
	if err != nil {
		return nil, err
	}
	if req.Delete && req.Text != "" {
		return nil, refusal{http.StatusBadRequest, "invalid"}
	}
	if !req.Delete {
		if err := check(req.Text, nil); err != nil {
			return nil, err
		}
	}
	return once(s, r, req.Key, duplicateResult, func() (memory.Result, error) {
		messages, where, err := find()
		if err != nil {
			return memory.Result{}, err
		}
		m := messageOf(messages, r.PathValue("message"))
		switch {
		case m == nil, m.Key == "", m.Deleted && !req.Delete:
			return memory.Result{}, ErrUnknown
		case !m.Deleted:
			change(m, req.Text, s.now())
			s.happened(where, "handoff", changeKind(m), m.Text)
		}
		return memory.Result{OK: true}, nil
	})
}

// messageOf finds a message, or gives nil.
func messageOf(messages []memory.Message, id string) *memory.Message {
	for i := range messages {
		if messages[i].ID == id {
			return &messages[i]
		}
	}
	return nil
}

// change gives a message other words; without any it is gone.
func change(m *memory.Message, text string, at time.Time) {
	m.Text, m.EditedAt = text, at
	if text == "" {
		m.Deleted, m.Attachments, m.Buttons = true, nil, nil
	}
}

func changeKind(m *memory.Message) string {
	if m.Deleted {
		return "deleted"
	}
	return "edited"
}

// CustomerEdits gives a message of the customer other words; without any it is
// gone.
func (s *Server) CustomerEdits(conversation, message, text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.conversations[conversation]
	if c == nil {
		return ErrUnknown
	}
	m := messageOf(c.messages, message)
	if m == nil || m.Author.Role != memory.RoleCustomer || m.Deleted {
		return ErrUnknown
	}
	at := s.now()
	kind := memory.TypeCustomerEdited
	if text == "" {
		kind = memory.TypeCustomerDeleted
	}
	s.changed(m, c.event(kind, at), text)
	s.happened("channel:"+c.id, memory.RoleCustomer, changeKind(m), text)
	return nil
}

// AgentEdits gives a message of an agent other words; without any it is gone.
func (s *Server) AgentEdits(ticketID, agent, message, text string) error {
	return s.inTicket(ticketID, agent, func(t *ticket) error {
		m := messageOf(t.messages, message)
		if m == nil || m.Author.ID != agent || m.Deleted {
			return ErrUnknown
		}
		kind := memory.TypeAgentEdited
		if text == "" {
			kind = memory.TypeAgentDeleted
		}
		s.changed(m, s.event(t, kind, agent), text)
		s.happened("ticket:"+t.id, "agent:"+agent, changeKind(m), text)
		return nil
	})
}

// changed changes a message and tells of it. The caller holds the lock.
func (s *Server) changed(m *memory.Message, e memory.Envelope, text string) {
	change(m, text, e.At)
	m.EditEventID = e.ID
	told := *m
	e.Message = &told
	s.announce(e)
}
