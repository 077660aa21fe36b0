// Package connector is the contract between handoff and the vendors' products: where the customer is (a Channel), what
// answers first (a Bot), and where the agents work (a Desk).
//
// A vendor's package implements Connector and one or more of the three sides, and as many of the one-method interfaces
// of optional.go as the vendor's product allows. An ability is there because the method is there; limits and promises
// are data, in Traits. Nothing is declared twice. The package memory is the model to copy.
package connector

import (
	"context"
	"net/http"
	"time"

	"github.com/handoff-engine/handoff/conversation"
)

// Connector is what every vendor's package provides for one configured account, called a connection.
//
// All methods may be called from many goroutines at once. The optional companions are BotPauser, BotResumer,
// AgentAssigner, TicketPreparer, TicketFinder, TicketCloser, NoteWriter, AvailabilityReader, TypingSender,
// AttachmentSender, AttachmentFetcher, SentFinder, MessageLister, TicketMirror, TicketUpdater, QueueReader, MessageEditor,
// ReadMarker, Surveyor, ButtonSender, RatingWriter, Challenger, Subscriber, Checker, ConversationAPI and StateNotifier.
type Connector interface {
	// Name is the vendor's lower-case name, equal to the folder's. It never changes.
	Name() string

	// Traits says what the vendor accepts and promises. It is constant for the connection's life.
	Traits() Traits

	// Verify reports whether d comes from the vendor, by an error of kind Unauthenticated if it does not, or Forbidden
	// if it comes from the vendor but is meant for another account. It compares in constant time, does no I/O, and takes
	// the clock from d.ReceivedAt.
	Verify(d *Delivery) error

	// Decode says what happened, oldest first. It is called only after Verify passed. It does no I/O and is stable: the
	// same delivery always gives the same events with the same IDs, and so does the vendor's redelivery of it. A
	// delivery of no concern to a handoff gives no event and no error, so that the vendor does not repeat it for ever;
	// an echo of our own send gives no message, only SendProven where it carries proof. A body that cannot be understood
	// gives an error of kind Invalid.
	Decode(d *Delivery) ([]Inbound, error)
}

// Channel is where the customer is.
type Channel interface {
	Connector
	// Deliver says one text to the customer. An empty text is refused as Invalid before any call; a text longer than
	// Traits.MaxText is split between runes and sent in order. Called once at a time for a conversation, in order.
	// The caller retries errors that are not permanent, with the same Key.
	Deliver(ctx context.Context, req DeliverRequest) (Receipt, error)
}

// Bot is a bot that we call for each of the customer's messages.
type Bot interface {
	Connector
	// Reply says what the bot answers. It is called once at a time for a conversation.
	Reply(ctx context.Context, req ReplyRequest) (conversation.Answer, error)
}

// Desk is where human agents answer.
type Desk interface {
	Connector
	// Open asks for an agent. Opening twice with one Key gives one ticket where the vendor allows to find out.
	Open(ctx context.Context, req OpenRequest) (conversation.Ticket, error)
	// Post adds one text of the customer to the ticket. The rules of Deliver apply.
	Post(ctx context.Context, req PostRequest) (Receipt, error)
}

// Delivery is one webhook request, read once and kept whole.
type Delivery struct {
	Method string
	// Hookpoint is what stands behind /webhooks/<connection>/, without a leading slash; usually empty.
	Hookpoint string
	// Query is the raw query.
	Query  string
	Header http.Header
	Body   []byte
	// ReceivedAt is the clock: captured deliveries stay valid fixtures.
	ReceivedAt time.Time
}

// Inbound is one event and the vendor's name for what it is about.
type Inbound struct {
	Ref   Ref
	Event conversation.Event
	// Typing is set instead of Event where somebody began or stopped typing: it passes by, outside the history.
	Typing *Typing
	// Read is set instead of Event where somebody read what was sent: it passes by too.
	Read *Read
}

// Read says that the customer (told by a channel) or an agent (told by a desk) has read what was sent until At.
type Read struct {
	At     time.Time
	Author conversation.Author
}

// Typing says that the customer (told by a channel) or an agent (told by a desk) types, or stopped.
type Typing struct {
	On     bool
	Text   string
	Author conversation.Author
}

// Ref is how a vendor names the conversation that an event belongs to. One field is set, the others are empty.
type Ref struct {
	// Conversation is the channel vendor's key of the conversation, as it is; the gateway makes the conversation's id
	// of it. Set by channels.
	Conversation string
	// ID is our own conversation id, where the vendor carries our reference back.
	ID string
	// Ticket is the desk's ticket id.
	Ticket string
	// TicketPrefix is the beginning of the ticket ids that the event may be about; the newest ticket is meant.
	TicketPrefix string
}

// Traits are a vendor's limits and promises, as data.
type Traits struct {
	// MaxText is the longest text in runes; 0 means no limit is known.
	MaxText int
	// Deliver, Post and Open say what the vendor offers against doubled calls.
	Deliver, Post, Open Idempotency
	// Redelivery is how long after an event the vendor may still deliver it again.
	Redelivery time.Duration
	// CallsPerSecond is the vendor's limit for one set of credentials; 0 means none is known.
	CallsPerSecond float64
	// HostsBot says that the channel's vendor runs the bot that answers first.
	HostsBot bool
	// SendingTakesOver says that saying anything to the customer silences the hosted bot. Then nothing is said by
	// ourselves, and the bot is not paused, before an agent has the conversation.
	SendingTakesOver bool
	// HoldUnknown makes "hold" the default for sends of unknown outcome, where a repeat does harm.
	HoldUnknown bool
	// MirrorsBot says that the desk's agents are used to read along while the bot has the customer, so that a TicketMirror
	// is used unless the policy says otherwise.
	MirrorsBot bool
	// RepeatsOnRefusal says that the vendor repeats deliveries that get a 4xx, so that bad bodies are answered 200.
	RepeatsOnRefusal bool
	// ExplainsRefusals says that the webhooks follow a contract of our own, so that who sends one that is refused is told
	// what to mend. The errors of Verify and Decode quote nothing.
	ExplainsRefusals bool
	// AnswerStatus is the status that the vendor wants for success; 0 means 200.
	AnswerStatus int
	// AnswerEmpty says that the vendor wants no body.
	AnswerEmpty bool
	// AnswerBody is the JSON that the vendor wants for success, where it reads the answer; empty means that it does not.
	AnswerBody string
}

// Idempotency says what a vendor offers against doubled calls.
type Idempotency int

// From the weakest to the strongest.
const (
	// AtLeastOnce: a call repeated after an unknown outcome may take place twice.
	AtLeastOnce Idempotency = iota
	// ByLookup: SentFinder (for Open: Open itself) finds an earlier call before it is repeated.
	ByLookup
	// ByKey: the vendor takes the Key and does the call once.
	ByKey
)

// String names it as the documentation does.
func (i Idempotency) String() string {
	switch i {
	case ByLookup:
		return "by look-up"
	case ByKey:
		return "by key"
	case AtLeastOnce:
		return "at least once"
	}
	return "at least once"
}

// DeliverRequest says Text to the customer.
type DeliverRequest struct {
	Key conversation.Key
	// To is the channel vendor's key of the conversation.
	To   string
	Text string
	// Author is the agent, or empty for notices of our own.
	Author conversation.Author
	// At is when it was decided to say it.
	At time.Time
	// Vendor is what the connector asked to be given back.
	Vendor map[string]string
}

// PostRequest adds Text to Ticket.
type PostRequest struct {
	Key    conversation.Key
	Ticket conversation.Ticket
	Text   string
	// At is when the customer said it.
	At time.Time
	// Vendor is what the connector asked to be given back, as PrepareTicket did.
	Vendor map[string]string
}

// Receipt is the vendor's acknowledgment of a send. All fields may be empty.
type Receipt struct {
	// ID is the vendor's id of the message.
	ID string
}

// OpenRequest asks for an agent.
type OpenRequest struct {
	Key conversation.Key
	// Conversation is our conversation id, to be carried as a reference where the vendor can.
	Conversation string
	Customer     conversation.Customer
	// Agent and Group narrow who is asked; empty means the connection's default.
	Agent, Group string
	// Transcript is what was said before, oldest first. Cut counts older lines that were dropped.
	Transcript []conversation.Line
	// Previous is the ticket before this one, if there was one.
	Previous *conversation.Ticket
	// Mirrored is the ticket that agents have read along (TicketMirror): it becomes the one asked for. Transcript holds
	// only what it does not show yet. Only desks that mirror get it.
	Mirrored *conversation.Ticket
	// Priority is low, normal, high or urgent; empty means that nobody said.
	Priority string
	// Link opens the conversation in our own API or user interface; empty where no public address is known.
	Link string
	// Vendor is what PrepareTicket and earlier events asked to be given back.
	Vendor map[string]string
}

// ReplyRequest asks the bot about one message of the customer.
type ReplyRequest struct {
	Key          conversation.Key
	Conversation string
	Text         string
	Attachment   *conversation.Attachment
	Customer     conversation.Customer
	// Context is what a human and the customer said since the bot last spoke, after a hand-back.
	Context []conversation.Line
	// Vendor is the bot's session as it gave it back last time.
	Vendor map[string]string
}
