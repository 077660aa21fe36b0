package shop

import (
	"net/http"
	"time"

	"github.com/handoff-engine/handoff/connector/memory"
)

func (v *Vendor) open(r *http.Request) (any, error) {
	req, err := read[memory.OpenRequest](r)
	if err != nil {
		return nil, err
	}
	return v.once(req.Key, r.URL.Path, func(now time.Time) (any, []change, error) {
		id, taken := v.state.nextTicket(), false
		changes := []change{{Op: opOpened, At: now, Ticket: id, Open: &req}}
		if req.Mirrored != "" {
			t, err := v.mirrored(req)
			if err != nil {
				return nil, nil, err
			}
			id, taken, changes = t.ID, t.Agent != "", t.ask(req, now)
		}
		if isAgent(req.Agent) && !v.state.away[req.Agent] && !taken {
			changes = append(changes, change{Op: opOffered, At: now, Ticket: id, Agent: req.Agent})
		}
		return memory.OpenResult{ID: id, At: now}, changes, nil
	})
}

func (v *Vendor) deskSend(r *http.Request) (any, error) {
	req, err := read[memory.SendRequest](r)
	if err != nil {
		return nil, err
	}
	if err := (Words{Text: req.Text, Attachments: req.Attachments}).check(); err != nil {
		return nil, err
	}
	return v.onTicket(r, req.Key, func(t *Ticket, now time.Time) (any, []change, error) {
		if t.Closed {
			return nil, nil, ErrClosed
		}
		delete(v.typing, ticketTyping+t.ID)
		m := message(req, t.ID+"-s", t.nextSeq(), now)
		return memory.SendResult{ID: m.ID, At: now}, []change{{Op: opWritten, At: now, Ticket: t.ID, Message: &m}}, nil
	})
}

func (v *Vendor) deskNote(r *http.Request) (any, error) {
	req, err := read[memory.NoteRequest](r)
	if err != nil {
		return nil, err
	}
	if err := (Words{Text: req.Text}).check(); err != nil {
		return nil, err
	}
	return v.onTicket(r, req.Key, func(t *Ticket, now time.Time) (any, []change, error) {
		note := memory.SendRequest{Key: req.Key, Text: req.Text, Author: memory.Author{Role: memory.RoleSystem, Name: "handoff"}}
		m := message(note, t.ID+"-s", t.nextSeq(), now)
		m.Note = true
		return memory.SendResult{ID: m.ID, At: now}, []change{{Op: opWritten, At: now, Ticket: t.ID, Message: &m}}, nil
	})
}

// assign offers the ticket: an agent has it when they take it, and nobody has it
// until then.
func (v *Vendor) assign(r *http.Request) (any, error) {
	req, err := read[memory.AssignRequest](r)
	if err != nil {
		return nil, err
	}
	return v.onTicket(r, req.Key, func(t *Ticket, now time.Time) (any, []change, error) {
		switch {
		case t.Closed:
			return nil, nil, ErrClosed
		case req.Agent != "" && !isAgent(req.Agent):
			return nil, nil, refusal{404, "not_found", "there is no such agent"}
		case req.Agent != "" && v.state.away[req.Agent]:
			return nil, nil, ErrAway
		}
		return memory.Result{OK: true}, []change{{Op: opOffered, At: now, Ticket: t.ID, Agent: req.Agent}}, nil
	})
}

func (v *Vendor) unassign(r *http.Request) (any, error) {
	req, err := read[memory.AssignRequest](r)
	if err != nil {
		return nil, err
	}
	return v.onTicket(r, req.Key, func(t *Ticket, now time.Time) (any, []change, error) {
		if t.Closed || (req.Agent != "" && t.Agent != req.Agent) {
			return memory.Result{OK: true}, nil, nil
		}
		return memory.Result{OK: true}, []change{{Op: opOwned, At: now, Ticket: t.ID}}, nil
	})
}

func (v *Vendor) close(r *http.Request) (any, error) {
	req, err := read[memory.CloseRequest](r)
	if err != nil {
		return nil, err
	}
	return v.onTicket(r, req.Key, func(t *Ticket, now time.Time) (any, []change, error) {
		if t.Closed {
			return memory.Result{OK: true}, nil, nil
		}
		return memory.Result{OK: true}, []change{{Op: opClosed, At: now, Ticket: t.ID}}, nil
	})
}

// onTicket is once for calls about the ticket in the path.
func (v *Vendor) onTicket(r *http.Request, key string, f func(t *Ticket, now time.Time) (any, []change, error)) (any, error) {
	return v.once(key, r.URL.Path, func(now time.Time) (any, []change, error) {
		t := v.state.ticket(r.PathValue("id"))
		if t == nil {
			return nil, nil, ErrUnknown
		}
		return f(t, now)
	})
}

func (v *Vendor) deskList(r *http.Request) (any, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	t := v.state.ticket(r.PathValue("id"))
	if t == nil {
		return nil, ErrUnknown
	}
	status := &memory.TicketStatus{ID: t.ID, Closed: t.Closed, EventID: t.EventID, Event: t.Event, At: t.Since}
	if t.Agent != "" {
		who := author(t.Agent)
		status.Agent = &who
	}
	return memory.MessagePage{Messages: after(t.Messages, r), Ticket: status}, nil
}

func (v *Vendor) deskSent(r *http.Request) (any, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	t := v.state.ticket(r.PathValue("id"))
	if t == nil {
		return nil, ErrUnknown
	}
	return sent(t.Messages, r), nil
}

func (v *Vendor) availability(*http.Request) (any, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.available(), nil
}

// available counts who is there and how much waits. The caller holds the lock.
func (v *Vendor) available() memory.Availability {
	a := memory.Availability{Agents: roster()}
	for i := range a.Agents {
		agent := &a.Agents[i]
		agent.Online = !v.state.away[agent.ID]
		a.Online = a.Online || agent.Online
		for _, t := range v.state.tickets {
			if !t.Closed && t.Agent == agent.ID {
				agent.Active++
			}
		}
	}
	for _, t := range v.state.tickets {
		if t.waits() {
			a.Waiting++
		}
	}
	return a
}
