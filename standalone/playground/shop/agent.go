package shop

import (
	"slices"
	"strconv"
	"time"

	"github.com/handoff-engine/handoff/connector/memory"
)

// roster are the people at the desk.
func roster() []memory.Agent {
	return []memory.Agent{
		{ID: "maya", Name: "Maya Lindqvist"},
		{ID: "tom", Name: "Tom Okafor"},
		{ID: "ines", Name: "Inés Duarte"},
	}
}

// author gives the agent as the author of words; unknown ids keep their id as name.
func author(agent string) memory.Author {
	for _, a := range roster() {
		if a.ID == agent {
			return memory.Author{Role: memory.RoleAgent, ID: a.ID, Name: a.Name}
		}
	}
	return memory.Author{Role: memory.RoleAgent, ID: agent, Name: agent}
}

func isAgent(id string) bool {
	return slices.ContainsFunc(roster(), func(a memory.Agent) bool { return a.ID == id })
}

// SetOnline says that an agent came or went. Who goes gives their tickets back.
func (v *Vendor) SetOnline(agent string, on bool) error {
	return v.do(func(now time.Time) ([]change, error) {
		if !isAgent(agent) {
			return nil, ErrUnknown
		}
		changes := []change{{Op: opOnline, At: now, Agent: agent, On: on}}
		for _, t := range v.state.tickets {
			if !on && !t.Closed && t.Agent == agent {
				changes = append(changes, t.release(now, "offline")...)
			}
		}
		return changes, nil
	})
}

// Take gives the ticket to the agent, from the queue or from another agent.
func (v *Vendor) Take(ticket, agent string) error {
	return v.doOpen(ticket, agent, func(t *Ticket, now time.Time) ([]change, error) {
		if t.Agent == agent {
			return nil, nil
		}
		return t.give(agent, now), nil
	})
}

// Transfer gives the ticket to another agent.
func (v *Vendor) Transfer(ticket, agent, to string) error {
	return v.doOpen(ticket, agent, func(t *Ticket, now time.Time) ([]change, error) {
		switch {
		case !isAgent(to):
			return nil, ErrUnknown
		case v.state.away[to]:
			return nil, ErrAway
		case t.Agent == to:
			return nil, nil
		}
		return t.give(to, now), nil
	})
}

// Release puts the ticket back into the queue.
func (v *Vendor) Release(ticket, agent string) error {
	return v.doOpen(ticket, agent, func(t *Ticket, now time.Time) ([]change, error) {
		if t.Agent == "" {
			return nil, nil
		}
		return t.release(now, "released"), nil
	})
}

// Answer says the agent's words to the customer. Who answers a ticket that nobody
// has, takes it.
func (v *Vendor) Answer(ticket, agent string, words Words) error {
	return v.doOpen(ticket, agent, func(t *Ticket, now time.Time) ([]change, error) {
		return v.write(t, agent, words, memory.TypeAgentMessage, now)
	})
}

// Note writes words that only agents see.
func (v *Vendor) Note(ticket, agent string, words Words) error {
	return v.doOpen(ticket, agent, func(t *Ticket, now time.Time) ([]change, error) {
		return v.write(t, agent, words, memory.TypeAgentNote, now)
	})
}

// HandBack gives the conversation back to the bot and closes the ticket.
func (v *Vendor) HandBack(ticket, agent string) error {
	return v.finish(ticket, agent, memory.TypeTicketBackToBot)
}

// CloseTicket closes the ticket: the matter is settled.
func (v *Vendor) CloseTicket(ticket, agent string) error {
	return v.finish(ticket, agent, memory.TypeTicketClosed)
}

func (v *Vendor) finish(ticket, agent, kind string) error {
	return v.doOpen(ticket, agent, func(t *Ticket, now time.Time) ([]change, error) {
		event := t.event(kind, agent, now, 0)
		return []change{{Op: opClosed, At: now, Ticket: t.ID}, {Op: opEvent, At: now, Hook: DeskHook, Event: event}}, nil
	})
}

// doOpen is do for what an agent does with an open ticket.
func (v *Vendor) doOpen(ticket, agent string, f func(t *Ticket, now time.Time) ([]change, error)) error {
	return v.do(func(now time.Time) ([]change, error) {
		t := v.state.ticket(ticket)
		switch {
		case t == nil, !isAgent(agent):
			return nil, ErrUnknown
		case t.Closed:
			return nil, ErrClosed
		}
		return f(t, now)
	})
}

func (v *Vendor) write(t *Ticket, agent string, words Words, kind string, now time.Time) ([]change, error) {
	if err := words.check(); err != nil {
		return nil, err
	}
	if words.ID == "" {
		words.ID = newID("m-")
	}
	if slices.ContainsFunc(t.Messages, func(m memory.Message) bool { return m.ID == words.ID }) {
		return nil, nil
	}
	var changes []change
	note := kind == memory.TypeAgentNote
	if t.Agent == "" && !note {
		changes = t.give(agent, now)
	}
	event := t.event(kind, agent, now, countEvents(changes))
	event.Message = &memory.Message{
		ID: words.ID, Seq: t.nextSeq(), At: now, Author: author(agent),
		Text: words.Text, Attachments: words.Attachments, Note: note, EventID: event.ID,
	}
	return append(changes,
		change{Op: opWritten, At: now, Ticket: t.ID, Message: event.Message},
		change{Op: opEvent, At: now, Hook: DeskHook, Event: event}), nil
}

func (t *Ticket) give(agent string, now time.Time) []change {
	return []change{
		{Op: opOwned, At: now, Ticket: t.ID, Agent: agent},
		{Op: opEvent, At: now, Hook: DeskHook, Event: t.event(memory.TypeAgentAssigned, agent, now, 0)},
	}
}

func (t *Ticket) release(now time.Time, reason string) []change {
	event := t.event(memory.TypeAgentUnassigned, t.Agent, now, 0)
	event.Reason = reason
	return []change{
		{Op: opOwned, At: now, Ticket: t.ID},
		{Op: opEvent, At: now, Hook: DeskHook, Event: event},
	}
}

func (t *Ticket) nextSeq() int64 { return int64(len(t.Messages) + 1) }

// event makes the ticket's next webhook; ahead counts those of the same
// transaction that come before it.
func (t *Ticket) event(kind, agent string, now time.Time, ahead int64) *memory.Envelope {
	seq := t.events + 1 + ahead
	who := author(agent)
	return &memory.Envelope{
		ID: t.ID + "-" + strconv.FormatInt(seq, 10), Type: kind, At: now, Seq: seq,
		Ticket: t.ID, Conversation: t.Conversation, Agent: &who,
	}
}

func countEvents(changes []change) (n int64) {
	for _, c := range changes {
		if c.Op == opEvent {
			n++
		}
	}
	return n
}
