package shop

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/handoff-engine/handoff/connector/memory"
)

// A change is one step in the journal. The state is what all changes, applied in
// order, make of an empty one. Exactly the fields that Op needs are set.
type change struct {
	Op           op                  `json:"op"`
	At           time.Time           `json:"at"`
	Conversation string              `json:"conversation,omitempty"`
	Ticket       string              `json:"ticket,omitempty"`
	Name         string              `json:"name,omitempty"`
	Agent        string              `json:"agent,omitempty"`
	On           bool                `json:"on,omitempty"`
	Message      *memory.Message     `json:"message,omitempty"`
	Open         *memory.OpenRequest `json:"open,omitempty"`
	Bot          *memory.BotReply    `json:"bot,omitempty"`
	Misses       int                 `json:"misses,omitempty"`
	Event        *memory.Envelope    `json:"event,omitempty"`
	Hook         Hook                `json:"hook,omitempty"`
	Key          string              `json:"key,omitempty"`
	Path         string              `json:"path,omitempty"`
	Answer       json.RawMessage     `json:"answer,omitempty"`

	Lines   []memory.HistoryEntry `json:"lines,omitempty"`
	Update  *memory.UpdateRequest `json:"update,omitempty"`
	Read    time.Time             `json:"read,omitzero"`
	Rating  int                   `json:"rating,omitempty"`
	Comment string                `json:"comment,omitempty"`
}

// op names a change. The strings are kept in journals: never rename.
type op string

const (
	opArrived   op = "arrived"   // a customer opened the chat: Conversation, Name
	opSaid      op = "said"      // Message was added to Conversation
	opLeft      op = "left"      // the customer ended the chat
	opPaused    op = "paused"    // the hosted bot was taken off (On) or put back
	opBotReply  op = "bot_reply" // the bot answered, and missed the meaning Misses times in a row
	opOpened    op = "opened"    // Ticket was opened by Open
	opWritten   op = "written"   // Message was added to Ticket
	opOwned     op = "owned"     // Agent has Ticket; nobody when empty
	opOffered   op = "offered"   // Ticket is offered to Agent and owned by nobody
	opClosed    op = "closed"    // Ticket was closed
	opOnline    op = "online"    // Agent came (On) or went
	opEvent     op = "event"     // Event waits to be posted to Hook
	opDelivered op = "delivered" // the event with the id Key was posted
	opKey       op = "key"       // Key was used at Path and got Answer
	opMirrored  op = "mirrored"  // Ticket was made by Open, for agents to read along
	opLines     op = "lines"     // Lines were added to what Ticket shows of the time before it
	opAsked     op = "asked"     // an agent is asked for with Ticket, which agents have read along, by Open
	opStands    op = "stands"    // Ticket stands as Update says
	opEdited    op = "edited"    // a message of Conversation or Ticket is now as Message
	opRead      op = "read"      // the other side of Conversation or Ticket read all until Read
	opRated     op = "rated"     // the customer answered the question with the id Key by Rating
	opReported  op = "reported"  // handoff told Rating and Comment to Ticket
)

// Hook is one of the two addresses that webhooks go to.
type Hook string

// The hooks.
const (
	ChannelHook Hook = "channel"
	DeskHook    Hook = "desk"
)

// Conversation is one customer's chat.
type Conversation struct {
	ID       string
	Customer memory.Author
	Opened   time.Time
	Messages []memory.Message
	Left     bool
	Paused   bool
	// Read is until when an agent has read.
	Read time.Time

	events   int64
	misses   int
	lastSeen map[string]bool // the customer's own ids of messages
}

// Ticket is one request for an agent.
type Ticket struct {
	memory.OpenRequest
	ID       string
	Opened   time.Time
	Messages []memory.Message
	Agent    string
	Offered  string
	Closed   bool
	// Since is when the owner or the closing changed last, and EventID and Event the
	// webhook that told so, empty where the caller itself brought it about.
	Since   time.Time
	EventID string
	Event   string
	// Mirrored says that agents only read along.
	Mirrored bool
	// Stands is how the conversation stands, as handoff said last.
	Stands *memory.UpdateRequest
	// Read is until when the customer has read.
	Read    time.Time
	Rating  int
	Comment string

	events int64
	// asked counts the tickets that an agent was asked for with, up to this one; 0
	// before that.
	asked int
}

// waits says whether an agent is asked for, and none has the ticket.
func (t *Ticket) waits() bool { return !t.Closed && !t.Mirrored && t.Agent == "" }

type usedKey struct {
	path   string
	answer json.RawMessage
}

type delivery struct {
	hook  Hook
	event memory.Envelope
}

type state struct {
	conversations map[string]*Conversation
	tickets       []*Ticket
	asked         int
	away          map[string]bool
	keys          map[string]usedKey
	pending       []delivery
}

func newState() *state {
	return &state{conversations: map[string]*Conversation{}, away: map[string]bool{}, keys: map[string]usedKey{}}
}

func (s *state) ticket(id string) *Ticket {
	for _, t := range s.tickets {
		if t.ID == id {
			return t
		}
	}
	return nil
}

func (s *state) nextTicket() string { return "T-" + strconv.Itoa(1001+len(s.tickets)) }

// apply carries a change out. It cannot fail: what cannot be done is refused
// before it is written.
func (s *state) apply(c change) {
	conversation, ticket := s.conversations[c.Conversation], s.ticket(c.Ticket)
	switch c.Op {
	case opArrived:
		s.conversations[c.Conversation] = &Conversation{
			ID: c.Conversation, Opened: c.At, lastSeen: map[string]bool{},
			Customer: memory.Author{Role: memory.RoleCustomer, ID: c.Conversation, Name: c.Name},
		}
	case opSaid:
		conversation.Messages = append(conversation.Messages, *c.Message)
		if c.Message.Author.Role == memory.RoleCustomer {
			conversation.lastSeen[c.Message.ID] = true
			conversation.Left = false
		}
	case opLeft:
		conversation.Left = true
	case opPaused:
		conversation.Paused = c.On
	case opBotReply:
		conversation.misses = c.Misses
	case opOpened, opMirrored:
		ticket = &Ticket{OpenRequest: *c.Open, ID: c.Ticket, Opened: c.At, Since: c.At, Mirrored: true}
		s.tickets = append(s.tickets, ticket)
		if c.Op == opOpened {
			s.ask(ticket, c)
		}
	case opLines:
		ticket.Transcript = append(ticket.Transcript, c.Lines...)
	case opAsked:
		s.ask(ticket, c)
	case opWritten:
		ticket.Messages = append(ticket.Messages, *c.Message)
	case opOwned:
		ticket.Agent, ticket.Offered, ticket.Mirrored = c.Agent, "", false
		ticket.quietly(c.At)
	case opOffered:
		ticket.Agent, ticket.Offered = "", c.Agent
		ticket.quietly(c.At)
	case opClosed:
		ticket.Closed, ticket.Offered = true, ""
		ticket.quietly(c.At)
	case opOnline:
		s.away[c.Agent] = !c.On
	case opEvent:
		s.announce(c)
	case opDelivered:
		s.pending = slices.DeleteFunc(s.pending, func(d delivery) bool { return d.event.ID == c.Key })
	case opKey:
		s.keys[c.Key] = usedKey{path: c.Path, answer: c.Answer}
	case opStands:
		ticket.Stands = c.Update
	case opEdited:
		c.edit(conversation, ticket)
	case opRead:
		c.read(conversation, ticket)
	case opRated:
		find(conversation.Messages, c.Key).Rating = c.Rating
	case opReported:
		ticket.Rating, ticket.Comment = c.Rating, c.Comment
	}
}

// ask opens a ticket. It shows what it showed before.
func (s *state) ask(t *Ticket, c change) {
	s.asked++
	shown := t.Transcript
	t.OpenRequest = *c.Open
	t.Transcript, t.Opened, t.asked, t.Mirrored = shown, c.At, s.asked, false
}

// edit puts a message in place of its older self, on the ticket if one is named.
func (c change) edit(conversation *Conversation, ticket *Ticket) {
	if ticket != nil {
		*find(ticket.Messages, c.Message.ID) = *c.Message
		return
	}
	*find(conversation.Messages, c.Message.ID) = *c.Message
}

// read notes until when the other side of the ticket, if one is named, has read.
func (c change) read(conversation *Conversation, ticket *Ticket) {
	switch {
	case ticket != nil && c.Read.After(ticket.Read):
		ticket.Read = c.Read
	case ticket == nil && c.Read.After(conversation.Read):
		conversation.Read = c.Read
	}
}

// find gives the message with the id, or nil.
func find(messages []memory.Message, id string) *memory.Message {
	for i := range messages {
		if messages[i].ID == id {
			return &messages[i]
		}
	}
	return nil
}

// quietly notes that the ticket stands differently. If a webhook tells of it, its
// event follows in the same transaction.
func (t *Ticket) quietly(at time.Time) { t.Since, t.EventID, t.Event = at, "", "" }

// announce puts an event at the end of those that wait.
func (s *state) announce(c change) {
	s.pending = append(s.pending, delivery{hook: c.Hook, event: *c.Event})
	if c.Hook == ChannelHook {
		s.conversations[c.Event.Conversation].events++
		return
	}
	t := s.ticket(c.Event.Ticket)
	t.events++
	switch c.Event.Type {
	case memory.TypeAgentAssigned, memory.TypeAgentUnassigned, memory.TypeTicketClosed, memory.TypeTicketBackToBot:
		t.EventID, t.Event = c.Event.ID, c.Event.Type
	}
}

// subject is what an event's order is kept in.
func subject(e memory.Envelope) string {
	if e.Ticket != "" {
		return e.Ticket
	}
	return e.Conversation
}
