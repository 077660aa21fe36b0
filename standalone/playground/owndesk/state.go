package owndesk

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector/httpdesk"
)

const (
	roleCustomer = "customer"
	roleAgent    = "agent"
	roleHandoff  = "handoff"
)

// typingFor is how long "is typing" is shown without being renewed.
const typingFor = 6 * time.Second

// maxTaken bounds the memory of webhook-ids. The oldest is long past its repeats.
const maxTaken = 10_000

// A record is one step in the journal. The state is what all of them, applied in order, make of nothing.
type record struct {
	ID string    `json:"id,omitempty"`
	At time.Time `json:"at,omitzero"`
	// Told is what handoff told under the webhook-id ID.
	Told *httpdesk.Webhook `json:"told,omitempty"`
	// Did is what an agent did, to be told under the webhook-id ID.
	Did *httpdesk.Event `json:"did,omitempty"`
	// Sent is the webhook-id of an event that handoff has stored, or refused.
	Sent string `json:"sent,omitempty"`
	// Agent came or went.
	Agent  string `json:"agent,omitempty"`
	Online bool   `json:"online,omitempty"`
}

// Agent is one agent of the desk.
type Agent struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Online bool   `json:"online"`
}

func (a *Agent) person() *httpdesk.Person { return &httpdesk.Person{ID: a.ID, Name: a.Name} }

// Ticket is one ticket as agents see it. Messages are those of the selected one.
type Ticket struct {
	ID           string             `json:"id"`
	Conversation string             `json:"conversation"`
	Customer     *httpdesk.Customer `json:"customer,omitempty"`
	Opened       time.Time          `json:"opened"`
	// Asked is false while agents only read along.
	Asked    bool             `json:"asked"`
	Closed   bool             `json:"closed"`
	ClosedBy string           `json:"closed_by,omitempty"`
	Agent    *httpdesk.Person `json:"agent,omitempty"`
	Group    string           `json:"group,omitempty"`
	Previous string           `json:"previous,omitempty"`
	Link     string           `json:"link,omitempty"`
	// State, Reason and WaitingSince are what the last ticket.updated told.
	State        string    `json:"state,omitempty"`
	Reason       string    `json:"reason,omitempty"`
	WaitingSince time.Time `json:"waiting_since,omitzero"`
	Typing       bool      `json:"typing"`
	Read         time.Time `json:"read,omitzero"`
	// Unread counts the customer's messages since an agent last read or answered.
	Unread   int       `json:"unread"`
	Last     string    `json:"last,omitempty"`
	LastAt   time.Time `json:"last_at"`
	Messages []Message `json:"messages,omitempty"`
}

// Message is one line of a ticket.
type Message struct {
	ID         string               `json:"id"`
	Role       string               `json:"role"`
	Name       string               `json:"name,omitempty"`
	At         time.Time            `json:"at"`
	Text       string               `json:"text,omitempty"`
	Attachment *httpdesk.Attachment `json:"attachment,omitempty"`
	Note       bool                 `json:"note,omitempty"`
	Edited     bool                 `json:"edited,omitempty"`
	Deleted    bool                 `json:"deleted,omitempty"`
	// Number is that of a line of the transcript; 0 for what was said in the ticket.
	Number int `json:"number,omitempty"`
}

// View is what the desk's page shows.
type View struct {
	Agents  []Agent  `json:"agents"`
	Tickets []Ticket `json:"tickets"`
	Wire    []Wire   `json:"wire"`
	// Queued counts the events that handoff has not stored yet.
	Queued int `json:"queued"`
}

// ticket is a ticket with what is not shown of each.
type ticket struct {
	Ticket
	messages []Message
	typedAt  time.Time
}

func (t *Ticket) message(id string) *Message {
	for i := range t.Messages {
		if t.Messages[i].ID == id {
			return &t.Messages[i]
		}
	}
	return nil
}

// delivery is one event on its way.
type delivery struct {
	id    string
	event httpdesk.Event
}

// state is all that the desk knows.
type state struct {
	agents  []Agent
	tickets []*ticket
	// taken are the webhook-ids that were taken, oldest first.
	taken   []string
	pending []delivery
}

func newState() state {
	return state{agents: []Agent{{ID: "robin", Name: "Robin", Online: true}, {ID: "sam", Name: "Sam", Online: true}}}
}

func (s *state) agent(id string) *Agent {
	for i := range s.agents {
		if s.agents[i].ID == id {
			return &s.agents[i]
		}
	}
	return nil
}

// find gives a ticket, or nil.
func (s *state) find(id string) *ticket {
	for _, t := range s.tickets {
		if t.ID == id {
			return t
		}
	}
	return nil
}

// ticket gives a ticket with its messages, or nil.
func (s *state) ticket(id string) *Ticket {
	t := s.find(id)
	if t == nil {
		return nil
	}
	shown := t.Ticket
	shown.Messages = t.messages
	return &shown
}

// apply carries a record out.
func (s *state) apply(r record) {
	switch {
	case r.Told != nil:
		if s.taken = append(s.taken, r.ID); len(s.taken) > maxTaken {
			s.taken = s.taken[1:]
		}
		s.told(r)
	case r.Did != nil:
		s.pending = append(s.pending, delivery{r.ID, *r.Did})
		s.did(*r.Did, r.ID)
	case r.Sent != "":
		s.pending = slices.DeleteFunc(s.pending, func(d delivery) bool { return d.id == r.Sent })
	case r.Agent != "":
		if a := s.agent(r.Agent); a != nil {
			a.Online = r.Online
		}
	}
}

// told carries out what handoff told.
func (s *state) told(r record) {
	data := r.Told.Data
	t := s.find(data.Ticket)
	if t == nil {
		t = &ticket{Ticket: Ticket{ID: data.Ticket, Conversation: data.Conversation, Opened: r.At, LastAt: r.At}}
		s.tickets = append(s.tickets, t)
	}
	if data.Customer != nil {
		t.Customer = data.Customer
	}
	switch r.Told.Type {
	case httpdesk.TypeTicketMirrored, httpdesk.TypeTicketOpened:
		s.opened(t, *r.Told)
	case httpdesk.TypeTicketAssigned:
		t.Agent, t.Group = s.known(data.Agent), data.Group
	case httpdesk.TypeTicketUpdated:
		t.State, t.Reason, t.WaitingSince = data.State, data.Reason, data.WaitingSince
	case httpdesk.TypeTicketClosed:
		if !t.Closed {
			t.Closed, t.ClosedBy = true, data.By
		}
	case httpdesk.TypeMessageCreated, httpdesk.TypeAttachmentCreated:
		t.say(Message{ID: data.ID, Role: roleCustomer, At: r.At, Text: data.Text, Attachment: data.Attachment})
		t.Typing, t.Unread = false, t.Unread+1
	case httpdesk.TypeMessageUpdated, httpdesk.TypeMessageDeleted:
		t.edit(data.ID, data.Text)
	case httpdesk.TypeNoteCreated:
		t.messages = append(t.messages, Message{ID: data.ID, Role: roleHandoff, At: r.At, Text: data.Text, Note: true})
	case httpdesk.TypeCustomerRated:
		t.messages = append(t.messages, Message{
			ID: r.ID, Role: roleHandoff, At: r.At, Note: true, Text: strings.TrimSpace(fmt.Sprintf("%d of 5. %s", data.Rating, data.Text)),
		})
	case httpdesk.TypeCustomerRead:
		t.Read = r.Told.Timestamp
	}
}

// opened adds what agents have not read yet, and asks for one.
func (s *state) opened(t *ticket, w httpdesk.Webhook) {
	for _, l := range w.Data.Transcript {
		if !slices.ContainsFunc(t.messages, func(m Message) bool { return m.Number == l.Number }) {
			t.say(Message{
				ID: "line-" + strconv.Itoa(l.Number), Number: l.Number, Role: l.Author.Role, Name: l.Author.Name, At: l.At, Text: l.Text, Attachment: l.Attachment,
			})
		}
	}
	if w.Type == httpdesk.TypeTicketOpened {
		t.Asked, t.Group, t.Previous, t.Link = true, w.Data.Group, w.Data.Previous, w.Data.Link
		t.Agent = s.known(w.Data.Agent)
	}
}

// known gives an agent that is asked for, if the desk has him and he is there.
func (s *state) known(p *httpdesk.Person) *httpdesk.Person {
	if p == nil {
		return nil
	}
	a := s.agent(p.ID)
	if a == nil || !a.Online {
		return nil
	}
	return a.person()
}

// did carries out what an agent did.
func (s *state) did(e httpdesk.Event, id string) {
	t := s.find(e.Data.Ticket)
	if t == nil {
		return
	}
	who := e.Data.Agent
	switch e.Type {
	case httpdesk.TypeAgentJoined, httpdesk.TypeTicketTransferred:
		t.Agent = who
	case httpdesk.TypeAgentLeft, httpdesk.TypeAgentOffline:
		t.Agent = nil
	case httpdesk.TypeAgentMessage:
		t.say(Message{ID: cmp.Or(e.Data.ID, id), Role: roleAgent, Name: who.Name, At: e.Timestamp, Text: e.Data.Text, Attachment: e.Data.Attachment})
		t.Unread = 0
		if t.Agent == nil {
			t.Agent = who
		}
	case httpdesk.TypeAgentEdited, httpdesk.TypeAgentDeleted:
		t.edit(e.Data.Target, e.Data.Text)
	case httpdesk.TypeAgentNote:
		t.messages = append(t.messages, Message{
			ID: cmp.Or(e.Data.ID, id), Role: roleAgent, Name: who.Name, At: e.Timestamp, Text: e.Data.Text, Note: true,
		})
	case httpdesk.TypeAgentRead:
		t.Unread = 0
	case httpdesk.TypeTicketClosed, httpdesk.TypeTicketBackToBot:
		t.Closed, t.ClosedBy = true, who.Name
	}
}

// say adds a message that was said in public.
func (t *ticket) say(m Message) {
	t.messages = append(t.messages, m)
	t.Last, t.LastAt = cmp.Or(m.Text, "a file"), m.At
}

// edit gives a message new words, or deletes it.
func (t *ticket) edit(id, text string) {
	for i := range t.messages {
		if m := &t.messages[i]; m.ID == id {
			m.Text, m.Edited, m.Deleted = text, text != "", text == ""
		}
	}
}
