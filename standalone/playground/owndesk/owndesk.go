// Package owndesk is a third-party desk of the playground: agents, tickets and notes, and nothing of handoff's but the
// contract of the connector httpdesk. It gets signed webhooks, answers two questions, sends signed webhooks, and keeps all
// it knows in a journal on disk.
//
// It is an example of how a desk does it: each webhook-id once, each event again until it is stored.
package owndesk

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpdesk"
	"github.com/handoff-engine/handoff/standalone/playground/journal"
)

// Config says where the desk keeps its data and whom it tells.
type Config struct {
	// Dir is an existing directory for the journal.
	Dir string
	// Secret is shared with the connection; it must not be empty.
	Secret string
	// HookURL is where events go: /webhooks/<connection>.
	HookURL string
	// TicketURL, with a ticket's name behind it, is where agents see the ticket.
	TicketURL string
	Logger    *slog.Logger
}

// Desk is the desk. Its methods are what agents do; Handler is what handoff calls.
type Desk struct {
	cfg     Config
	secrets connector.Secrets
	journal *journal.Journal[record]

	mu      sync.Mutex
	state   state
	wire    []Wire
	changed chan struct{} // closed and replaced at each change
}

// Errors of what agents do.
var (
	ErrUnknown = errors.New("there is no such ticket, message or agent")
	ErrClosed  = errors.New("the ticket is closed")
	ErrEmpty   = errors.New("there is nothing to send")
	ErrAway    = errors.New("that agent is away")
)

// Open opens the desk with all that it knew before.
func Open(cfg Config) (*Desk, error) {
	if cfg.Secret == "" {
		return nil, errors.New("the playground's own desk needs a secret")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	d := &Desk{cfg: cfg, secrets: connector.Secrets{connector.Secret(cfg.Secret)}, state: newState(), changed: make(chan struct{})}
	j, err := journal.Open(filepath.Join(cfg.Dir, "own-desk.jsonl"), d.state.apply)
	if err != nil {
		return nil, err
	}
	d.journal = j
	return d, nil
}

// Close closes the journal. Nothing may be called after it.
func (d *Desk) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.journal.Close()
}

// Changed gives a channel that is closed at the next change.
func (d *Desk) Changed() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.changed
}

// commit writes records down and carries them out. The caller holds the lock.
func (d *Desk) commit(records ...record) error {
	if err := d.journal.Append(records, true); err != nil {
		return err
	}
	for _, r := range records {
		d.state.apply(r)
	}
	d.notify()
	return nil
}

func (d *Desk) notify() {
	close(d.changed)
	d.changed = make(chan struct{})
}

// act has an agent do something to a ticket, and queues the event that tells of it. Check may forbid it.
func (d *Desk) act(ticket, agent string, check func(t *Ticket) error, e httpdesk.Event) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	t, who := d.state.ticket(ticket), d.state.agent(agent)
	switch {
	case t == nil || who == nil:
		return ErrUnknown
	case t.Closed:
		return ErrClosed
	}
	if check != nil {
		if err := check(t); err != nil {
			return err
		}
	}
	e.Timestamp, e.Data.Ticket = time.Now().UTC().Truncate(time.Millisecond), ticket
	if e.Data.Agent == nil {
		e.Data.Agent = who.person()
	}
	return d.commit(record{ID: "evt-" + rand.Text(), At: e.Timestamp, Did: &e})
}

// Take gives a ticket to the agent.
func (d *Desk) Take(ticket, agent string) error {
	return d.act(ticket, agent, d.present(agent), httpdesk.Event{Type: httpdesk.TypeAgentJoined})
}

// present refuses what an agent who is away cannot do.
func (d *Desk) present(agent string) func(*Ticket) error {
	return func(*Ticket) error {
		if who := d.state.agent(agent); who == nil || !who.Online {
			return ErrAway
		}
		return nil
	}
}

// Answer says something to the customer. The id is the page's own, so that a repeat of the page's is one message.
func (d *Desk) Answer(ticket, agent, id, text string, file *httpdesk.Attachment) error {
	if text == "" && file == nil {
		return ErrEmpty
	}
	if d.has(ticket, id) {
		return nil
	}
	return d.act(ticket, agent, nil, httpdesk.Event{
		Type: httpdesk.TypeAgentMessage, Data: httpdesk.EventData{ID: id, Text: text, Attachment: file},
	})
}

// has reports whether a message is there already.
func (d *Desk) has(ticket, id string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.state.ticket(ticket)
	return t != nil && id != "" && t.message(id) != nil
}

// Edit changes a message, or deletes it if the text is empty.
func (d *Desk) Edit(ticket, agent, id, text string) error {
	e := httpdesk.Event{Type: httpdesk.TypeAgentEdited, Data: httpdesk.EventData{Target: id, Text: text}}
	if text == "" {
		e.Type = httpdesk.TypeAgentDeleted
	}
	return d.act(ticket, agent, func(t *Ticket) error {
		if m := t.message(id); m == nil || m.Role != roleAgent || m.Note || m.Deleted {
			return ErrUnknown
		}
		return nil
	}, e)
}

// Note writes what only agents see.
func (d *Desk) Note(ticket, agent, id, text string) error {
	if text == "" {
		return ErrEmpty
	}
	if d.has(ticket, id) {
		return nil
	}
	return d.act(ticket, agent, nil, httpdesk.Event{Type: httpdesk.TypeAgentNote, Data: httpdesk.EventData{ID: id, Text: text}})
}

// Release puts a ticket back into the queue.
func (d *Desk) Release(ticket, agent string) error {
	return d.act(ticket, agent, nil, httpdesk.Event{Type: httpdesk.TypeAgentLeft})
}

// Transfer gives a ticket to a colleague.
func (d *Desk) Transfer(ticket, agent, to string) error {
	colleague, err := d.named(to)
	if err != nil {
		return err
	}
	return d.act(ticket, agent, d.present(to), httpdesk.Event{
		Type: httpdesk.TypeTicketTransferred, Data: httpdesk.EventData{Agent: colleague},
	})
}

// named gives an agent as events name him.
func (d *Desk) named(agent string) (*httpdesk.Person, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	a := d.state.agent(agent)
	if a == nil {
		return nil, ErrUnknown
	}
	return a.person(), nil
}

// HandBack gives the customer back to the bot.
func (d *Desk) HandBack(ticket, agent string) error {
	return d.act(ticket, agent, nil, httpdesk.Event{Type: httpdesk.TypeTicketBackToBot})
}

// CloseTicket closes a ticket.
func (d *Desk) CloseTicket(ticket, agent string) error {
	return d.act(ticket, agent, nil, httpdesk.Event{Type: httpdesk.TypeTicketClosed})
}

// Read tells that the agent has read the ticket so far.
func (d *Desk) Read(ticket, agent string) error {
	return d.act(ticket, agent, nil, httpdesk.Event{Type: httpdesk.TypeAgentRead})
}

// Types tells that the agent types. It is told once or not at all.
func (d *Desk) Types(ticket, agent string, on bool) error {
	who, err := d.named(agent)
	if err != nil {
		return err
	}
	e := httpdesk.Event{Type: httpdesk.TypeAgentTyping, Data: httpdesk.EventData{Ticket: ticket, Agent: who, Typing: &on}}
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		_, _ = d.post(ctx, delivery{id: "typing-" + rand.Text(), event: e}) // it is shown or it is not
	}()
	return nil
}

// SetOnline says whether an agent is there. Who goes away leaves his tickets to others.
func (d *Desk) SetOnline(agent string, online bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	who := d.state.agent(agent)
	if who == nil {
		return ErrUnknown
	}
	now := time.Now().UTC().Truncate(time.Millisecond)
	records := []record{{At: now, Agent: agent, Online: online}}
	for _, t := range d.state.tickets {
		if !online && !t.Closed && t.Agent != nil && t.Agent.ID == agent {
			records = append(records, record{ID: "evt-" + rand.Text(), At: now, Did: &httpdesk.Event{
				Type: httpdesk.TypeAgentOffline, Timestamp: now, Data: httpdesk.EventData{Ticket: t.ID, Agent: who.person()},
			}})
		}
	}
	return d.commit(records...)
}

// View shows all tickets, newest first, with all that was said in the selected one, and what went over the wire.
func (d *Desk) View(selected string) View {
	d.mu.Lock()
	defer d.mu.Unlock()
	v := View{Agents: slices.Clone(d.state.agents), Queued: len(d.state.pending)}
	for _, t := range slices.Backward(d.state.tickets) {
		shown := t.Ticket
		shown.Typing = shown.Typing && time.Since(t.typedAt) < typingFor
		if t.ID == selected {
			shown.Messages = slices.Clone(t.messages)
		}
		v.Tickets = append(v.Tickets, shown)
	}
	for _, w := range d.wire {
		if selected == "" || w.Ticket == selected {
			v.Wire = append(v.Wire, w)
		}
	}
	return v
}
