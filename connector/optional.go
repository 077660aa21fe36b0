package connector

import (
	"context"
	"io"
	"time"

	"github.com/handoff-engine/handoff/conversation"
)

// BotPauser takes a conversation from the bot that the channel hosts. Pausing a paused bot is no error. It is called
// when an agent gets the conversation, and again after ChannelDropped.
type BotPauser interface {
	PauseBot(ctx context.Context, req PauseRequest) error
}

// PauseRequest names the conversation.
type PauseRequest struct {
	Key    conversation.Key
	To     string
	Vendor map[string]string
}

// BotResumer gives a conversation back to the bot that the channel hosts. Resuming a running bot is no error.
type BotResumer interface {
	ResumeBot(ctx context.Context, req ResumeRequest) error
}

// ResumeRequest says where the bot goes on.
type ResumeRequest struct {
	Key conversation.Key
	To  string
	// Node is where the flow goes on; empty means the connection's default.
	Node string
	// Launch makes the bot speak at once. It is false when the conversation ended.
	Launch bool
	// Context is what a human and the customer said while the bot was silent, after a hand-back: for the flow to know, never
	// to be answered.
	Context []conversation.Line
	// Again marks a repeat after an unknown outcome: where launching twice shows, look first.
	Again  bool
	Vendor map[string]string
}

// AgentAssigner gives a ticket to an agent, to a group, or, with neither, back to the desk's queue. Assigning what is
// already so is no error. Nobody there to take it is an error of kind Conflict.
type AgentAssigner interface {
	Assign(ctx context.Context, req AssignRequest) error
}

// AssignRequest names who is to have the ticket.
type AssignRequest struct {
	Key    conversation.Key
	Ticket conversation.Ticket
	// Agent and Group are the desk's own names; both empty means the queue.
	Agent, Group string
	Vendor       map[string]string
}

// TicketPreparer does what Open needs and what must not be done twice, such as making the customer known at the desk.
// Its result is stored before Open is called, and given to Open, Post and the rest as Vendor.
type TicketPreparer interface {
	PrepareTicket(ctx context.Context, req OpenRequest) (vendor map[string]string, err error)
}

// TicketFinder looks for the ticket that an earlier Open with the request's Key made although its answer was lost. It makes
// none, and finds one that was closed meanwhile too, if it can. It is for desks that the customer has been taken away from.
type TicketFinder interface {
	FindTicket(ctx context.Context, req OpenRequest) (ticket conversation.Ticket, found bool, err error)
}

// TicketCloser closes a ticket. Closing a closed ticket is no error.
type TicketCloser interface {
	CloseTicket(ctx context.Context, req CloseRequest) error
}

// CloseRequest names the ticket and who ended it.
type CloseRequest struct {
	Key    conversation.Key
	Ticket conversation.Ticket
	// ByCustomer says that the customer left, for desks that show the difference.
	ByCustomer bool
	Vendor     map[string]string
}

// NoteWriter writes a private note that agents see and the customer never does.
type NoteWriter interface {
	WriteNote(ctx context.Context, req NoteRequest) error
}

// NoteRequest is a note of ours. It is another type than DeliverRequest so that a note can never reach a customer.
type NoteRequest struct {
	Key    conversation.Key
	Ticket conversation.Ticket
	Text   string
	Vendor map[string]string
}

// AvailabilityReader says whether somebody is there to answer. Nobody there is an answer, not an error.
type AvailabilityReader interface {
	Availability(ctx context.Context, req AvailabilityRequest) (Availability, error)
}

// AvailabilityRequest names the group that is asked about; empty means the connection's default.
type AvailabilityRequest struct {
	Group  string
	Vendor map[string]string
}

// Availability is whether somebody is there to answer.
type Availability int

// The answers.
const (
	// AvailabilityUnknown means that the desk does not tell.
	AvailabilityUnknown Availability = iota
	// Online means that an agent can take a conversation now.
	Online
	// Queueing means that agents are there and busy.
	Queueing
	// Offline means that nobody is there.
	Offline
)

// TypingSender shows that the other side is typing, or that it stopped. It is best effort, and never recorded. The end
// comes within 10 seconds of the beginning, of itself if nobody tells it; it alone is told twice, if the first call fails.
type TypingSender interface {
	SendTyping(ctx context.Context, req TypingRequest) error
}

// TypingRequest names the conversation, for channels, or the ticket, for desks.
type TypingRequest struct {
	To     string
	Ticket conversation.Ticket
	On     bool
	// Text is what has been typed so far, where known.
	Text   string
	Author conversation.Author
	Vendor map[string]string
}

// AttachmentSender passes a file on, by its address or by its bytes, as the vendor wants. Where it is missing, or
// answers with kind Unsupported, the file is passed on as a link in a text.
type AttachmentSender interface {
	SendAttachment(ctx context.Context, req AttachmentRequest) (Receipt, error)
}

// AttachmentRequest is one file for the customer (To) or the agents (Ticket).
type AttachmentRequest struct {
	Key    conversation.Key
	To     string
	Ticket conversation.Ticket
	// Attachment's URL is one that people and other vendors can fetch without credentials: the vendor's own, or a link of
	// ours that works for some days.
	Attachment conversation.Attachment
	// Text is the caption, if any.
	Text   string
	Author conversation.Author
	// Open streams the bytes from the other vendor; the caller of Open closes the File. It can be called again for a
	// retry, and fails with kind Invalid for files that are too large or come from a host that is not allowed.
	Open   func(ctx context.Context) (File, error)
	Vendor map[string]string
}

// File is a file's bytes on their way.
type File struct {
	io.ReadCloser
	Name        string
	ContentType string
	// Size is in bytes; -1 means unknown.
	Size int64
}

// AttachmentFetcher opens a file that this vendor serves, where a plain GET without credentials does not do. Its files are
// shown to people by links of ours. A file that is somebody else's is an error of kind Invalid: it is fetched like any other.
type AttachmentFetcher interface {
	FetchAttachment(ctx context.Context, a conversation.Attachment) (File, error)
}

// SentFinder looks for an earlier send before it is repeated. It is called only when the outcome is unknown.
type SentFinder interface {
	FindSent(ctx context.Context, req FindRequest) (r Receipt, found bool, err error)
}

// FindRequest describes the send that is looked for.
type FindRequest struct {
	Key    conversation.Key
	To     string
	Ticket conversation.Ticket
	// Text is what was sent; for an attachment, the text with its address that stands for it where files cannot be sent.
	Text string
	// Attachment is set if a file was sent.
	Attachment *conversation.Attachment
	// Since is when the first attempt began, by our clock.
	Since time.Time
	// Skip is how many equal texts were sent, and confirmed, since then: that many do not count.
	Skip   int
	Vendor map[string]string
}

// MessageLister reads what the vendor holds of one conversation (To) or ticket, as the events that its webhooks would
// have given, with the same IDs, oldest first, and finally how things stand (who has the ticket, whether it is closed).
// It is what heals lost webhooks.
type MessageLister interface {
	ListMessages(ctx context.Context, req ListRequest) ([]Inbound, error)
}

// ListRequest names the conversation or the ticket.
type ListRequest struct {
	To     string
	Ticket conversation.Ticket
	// State and Agent are what we believe: a lister that only tells states may compare.
	State  conversation.State
	Agent  string
	Vendor map[string]string
}

// TicketMirror shows agents a conversation while the bot still has the customer, without asking anybody. The first call
// makes the ticket; Open with it as OpenRequest.Mirrored asks for an agent.
type TicketMirror interface {
	// Mirror adds Lines to the ticket, which it makes first where there is none, and gives the ticket. Lines that are
	// there already, told by the request's Conversation and their N, are not added again where the vendor can tell.
	Mirror(ctx context.Context, req MirrorRequest) (conversation.Ticket, error)
}

// MirrorRequest adds lines to the ticket that agents read along.
type MirrorRequest struct {
	Key          conversation.Key
	Conversation string
	Customer     conversation.Customer
	// Ticket is empty before the first call.
	Ticket conversation.Ticket
	// Lines are what was said since the last call, oldest first; at least one.
	Lines  []conversation.Line
	Vendor map[string]string
}

// TicketUpdater is told of every change of the conversation's state while its ticket is open, once each, in order with
// what is posted. It is for desks whose ticket shows how things stand.
type TicketUpdater interface {
	UpdateTicket(ctx context.Context, req UpdateRequest) error
}

// UpdateRequest says how things stand.
type UpdateRequest struct {
	Key    conversation.Key
	Ticket conversation.Ticket
	Change conversation.Change
	// At is when it changed. WaitingSince is when the customer began to wait for an agent's words; zero if nobody waits.
	At, WaitingSince time.Time
	Customer         conversation.Customer
	Vendor           map[string]string
}

// QueueReader says how far ahead a waiting ticket is.
type QueueReader interface {
	Queue(ctx context.Context, req QueueRequest) (conversation.Queue, error)
}

// QueueRequest names the ticket.
type QueueRequest struct {
	Ticket conversation.Ticket
	Vendor map[string]string
}

// MessageEditor changes or removes a message that was sent before. Where it is missing, or answers with kind Unsupported
// or NotFound, the new words are sent as a correction.
type MessageEditor interface {
	EditMessage(ctx context.Context, req EditRequest) error
}

// EditRequest names the message and its new words.
type EditRequest struct {
	Key conversation.Key
	// To is set for channels, Ticket for desks.
	To     string
	Ticket conversation.Ticket
	// Message is the Receipt.ID of the send; never empty.
	Message string
	Text    string
	// Delete removes the message; Text is empty then.
	Delete bool
	Author conversation.Author
	Vendor map[string]string
}

// ReadMarker shows that the other side has read what was sent. It is best effort, like typing.
type ReadMarker interface {
	MarkRead(ctx context.Context, req ReadRequest) error
}

// ReadRequest names the conversation, for channels, or the ticket, for desks.
type ReadRequest struct {
	To     string
	Ticket conversation.Ticket
	At     time.Time
	Author conversation.Author
	Vendor map[string]string
}

// Surveyor asks the customer, in the channel's own way, how the help was. Where it is missing the question is a text.
type Surveyor interface {
	AskRating(ctx context.Context, req RatingRequest) error
}

// RatingRequest asks for a number from 1 to 5.
type RatingRequest struct {
	Key    conversation.Key
	To     string
	Text   string
	Vendor map[string]string
}

// ButtonSender says a text with buttons to the customer; the rules of Deliver apply to the text. What is pressed comes back
// as words of the customer: the button's value, or its label. Where it is missing, or answers with kind Unsupported,
// the buttons are lines below the text.
type ButtonSender interface {
	SendButtons(ctx context.Context, req ButtonsRequest) (Receipt, error)
}

// ButtonsRequest is a text with one button or more.
type ButtonsRequest struct {
	DeliverRequest
	Buttons []conversation.Button
}

// RatingWriter keeps at the desk how the customer liked the help. The ticket is usually closed by then.
type RatingWriter interface {
	WriteRating(ctx context.Context, req RatingReport) error
}

// RatingReport is the customer's answer.
type RatingReport struct {
	Key    conversation.Key
	Ticket conversation.Ticket
	// Rating is from 1, the worst, to 5.
	Rating  int
	Comment string
	Vendor  map[string]string
}

// Challenger answers the vendor's handshake when the webhook's address is registered. It is asked before Verify.
type Challenger interface {
	Challenge(d *Delivery) (body []byte, contentType string, ok bool)
}

// Subscriber registers our webhook's address at the vendor. It looks first, and repairs what is there: calling it at
// each start leaves one subscription.
type Subscriber interface {
	Subscribe(ctx context.Context, webhookURL string) error
}

// Checker makes a harmless call that proves that the credentials work and the needed scopes are there.
type Checker interface {
	Check(ctx context.Context) error
}
