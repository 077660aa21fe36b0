package shop

import (
	"net/http"
	"time"

	"github.com/handoff-engine/handoff/connector/memory"
)

// Edit gives an agent's own message other words; without any it is gone.
func (v *Vendor) Edit(ticket, agent, message, text string) error {
	return v.doOpen(ticket, agent, func(t *Ticket, now time.Time) ([]change, error) {
		m := find(t.Messages, message)
		switch {
		case m == nil, m.Author.ID != agent, m.Key != "", m.Note, m.Deleted:
			return nil, ErrUnknown
		case m.Text == text && text != "":
			return nil, nil
		}
		kind := memory.TypeAgentEdited
		if text == "" {
			kind = memory.TypeAgentDeleted
		} else if err := (Words{Text: text}).check(); err != nil {
			return nil, err
		}
		event := t.event(kind, agent, now, 0)
		event.Message = changed(*m, text, now)
		event.Message.EditEventID = event.ID
		return []change{
			{Op: opEdited, At: now, Ticket: t.ID, Message: event.Message},
			{Op: opEvent, At: now, Hook: DeskHook, Event: event},
		}, nil
	})
}

// changed gives a message with other words; without any it is gone.
func changed(m memory.Message, text string, now time.Time) *memory.Message {
	m.Text, m.EditedAt = text, now
	if text == "" {
		m.Deleted, m.Attachments, m.Buttons = true, nil, nil
	}
	return &m
}

func (v *Vendor) channelEdit(r *http.Request) (any, error) {
	return v.edit(r, func() (messages []memory.Message, to change, err error) {
		c, err := v.conversation(r.PathValue("id"))
		if err != nil {
			return nil, change{}, err
		}
		return c.Messages, change{Conversation: c.ID}, nil
	})
}

func (v *Vendor) deskEdit(r *http.Request) (any, error) {
	return v.edit(r, func() (messages []memory.Message, to change, err error) {
		t := v.state.ticket(r.PathValue("id"))
		switch {
		case t == nil:
			return nil, change{}, ErrUnknown
		case t.Closed:
			return nil, change{}, ErrClosed
		}
		return t.Messages, change{Ticket: t.ID}, nil
	})
}

// edit changes what handoff sent, among the messages that of gives.
func (v *Vendor) edit(r *http.Request, of func() (messages []memory.Message, to change, err error)) (any, error) {
	req, err := read[memory.EditRequest](r)
	if err != nil {
		return nil, err
	}
	switch {
	case req.Delete && req.Text != "":
		return nil, refusal{400, "invalid", "what is deleted has no text"}
	case !req.Delete:
		if err := (Words{Text: req.Text}).check(); err != nil {
			return nil, err
		}
	}
	return v.once(req.Key, r.URL.Path, func(now time.Time) (any, []change, error) {
		messages, to, err := of()
		if err != nil {
			return nil, nil, err
		}
		m := find(messages, r.PathValue("message"))
		switch {
		case m == nil, m.Key == "", m.Deleted && !req.Delete:
			return nil, nil, ErrUnknown
		case m.Deleted:
			return memory.Result{OK: true}, nil, nil
		}
		to.Op, to.At, to.Message = opEdited, now, changed(*m, req.Text, now)
		return memory.Result{OK: true}, []change{to}, nil
	})
}
