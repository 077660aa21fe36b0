package memory

import "time"

// This file is the vendor's protocol, written down as types: what the connector
// says to the vendor and what the vendor posts back. Two programs speak the
// vendor's part: the playground of the standalone binary, which keeps its data
// on disk, and the fake of the test suite, which does not.
//
// # Calls to the vendor
//
// JSON over HTTP below one base_url. Every call carries
//
//	Authorization: Bearer <secret>
//
// and answers 401 without it. Bodies are at most MaxBody bytes. A call that
// changes something carries a Key of the caller's choice; the vendor remembers
// it for ever, and a repeat changes nothing and gets the first answer again with
// Duplicate set. The same Key with another path is a conflict (409).
//
//	POST /channel/{conversation}/messages               SendRequest     SendResult
//	GET  /channel/{conversation}/messages               ?after=<seq>    MessagePage
//	GET  /channel/{conversation}/sent                   ?key=<key>      SentResult
//	POST /channel/{conversation}/pause                  PauseRequest    Result
//	POST /channel/{conversation}/resume                 PauseRequest    Result
//	POST /channel/{conversation}/typing                 TypingRequest   Result
//	POST /channel/{conversation}/messages/{message}     EditRequest     Result
//	POST /channel/{conversation}/read                   ReadRequest     Result
//	POST /channel/{conversation}/survey                 SurveyRequest   SendResult
//	POST /bot/{conversation}/reply                      BotRequest      BotReply
//	POST /desk/tickets                                  OpenRequest     OpenResult
//	POST /desk/mirror                                   MirrorRequest   OpenResult
//	POST /desk/tickets/{ticket}/messages                SendRequest     SendResult
//	GET  /desk/tickets/{ticket}/messages                ?after=<seq>    MessagePage
//	GET  /desk/tickets/{ticket}/sent                    ?key=<key>      SentResult
//	POST /desk/tickets/{ticket}/notes                   NoteRequest     SendResult
//	POST /desk/tickets/{ticket}/assign                  AssignRequest   Result
//	POST /desk/tickets/{ticket}/unassign                AssignRequest   Result
//	POST /desk/tickets/{ticket}/close                   CloseRequest    Result
//	POST /desk/tickets/{ticket}/typing                  TypingRequest   Result
//	POST /desk/tickets/{ticket}/update                  UpdateRequest   Result
//	GET  /desk/tickets/{ticket}/queue                                   Queue
//	POST /desk/tickets/{ticket}/messages/{message}      EditRequest     Result
//	POST /desk/tickets/{ticket}/read                    ReadRequest     Result
//	POST /desk/tickets/{ticket}/rating                  RatingRequest   Result
//	GET  /desk/availability                             ?group=<group>  Availability
//	GET  /ping                                                          Result
//
// Refusals have status 4xx or 5xx and the body Failure: 400 for a body that
// makes no sense, 401, 404 for an unknown conversation, ticket or message, 409
// for what the state forbids (writing into a closed ticket), 413, 422 for a text
// over MaxText, 429 and 503 with Retry-After in seconds.
//
// # Webhooks
//
// The vendor posts one Envelope per event to the address it was given, for the
// gateway /webhooks/<connection>, and repeats it with growing pauses, for at
// least RedeliverFor, until it is answered 2xx. Events of one conversation or
// ticket are posted in order: the next one waits for the one before it. A
// webhook is signed as the Standard Webhooks document says, with the secret's
// bytes as the key (the secret itself is never sent along):
//
//	webhook-id:        <Envelope.ID>
//	webhook-timestamp: <unix seconds of this attempt>
//	webhook-signature: v1,<base64(HMAC-SHA256(secret, id + "." + timestamp + "." + body))>
//
// Each attempt is signed anew, so a timestamp more than five minutes away is
// stale. What the connector itself caused comes back as no event: a message it
// sent, a ticket it put back into the queue, a close it asked for. The exception
// is agent.assigned, which comes whenever an agent has got the ticket, whoever
// started it.

// Limits of the vendor, which the connector declares as its traits.
const (
	// MaxText is the longest text of one message, in runes.
	MaxText = 4000
	// MaxBody is the largest body of a call or a webhook, in bytes.
	MaxBody = 256 << 10
	// RedeliverFor is how long the vendor repeats a webhook that was not
	// answered 2xx.
	RedeliverFor = 24 * time.Hour
)

// Roles of an Author.
const (
	RoleCustomer = "customer"
	RoleBot      = "bot"
	RoleAgent    = "agent"
	// RoleSystem is the author of notices, such as that an agent will come shortly.
	RoleSystem = "system"
)

// Author is who wrote a message, as it is shown to the other side.
type Author struct {
	Role string `json:"role"`
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// Attachment is a file, by reference: bytes never travel inside a message.
type Attachment struct {
	URL         string `json:"url"`
	Name        string `json:"name,omitempty"`
	ContentType string `json:"content_type,omitempty"`
	Size        int64  `json:"size,omitempty"`
}

// Button is an answer that the customer can give by pressing it. Pressing it
// sends Value (or Label without one) as a customer.message.
type Button struct {
	Label string `json:"label"`
	Value string `json:"value,omitempty"`
}

// Message is one message as the vendor keeps and lists it, oldest first.
type Message struct {
	ID  string    `json:"id"`
	Seq int64     `json:"seq"`
	At  time.Time `json:"at"`
	// Key is the caller's key; empty on what was written at the vendor.
	Key         string       `json:"key,omitempty"`
	Author      Author       `json:"author"`
	Text        string       `json:"text,omitempty"`
	Attachments []Attachment `json:"attachments,omitempty"`
	Buttons     []Button     `json:"buttons,omitempty"`
	// Note marks words among agents, which no customer sees.
	Note bool `json:"note,omitempty"`
	// EventID is the Envelope.ID under which the webhook told of this message,
	// so that what a list heals and what a webhook brought are one event.
	EventID string `json:"event_id,omitempty"`
	// EditedAt is when the words were changed last, or the message deleted;
	// Text is as it reads now. EditEventID is the Envelope.ID that told so.
	EditedAt    time.Time `json:"edited_at,omitzero"`
	EditEventID string    `json:"edit_event_id,omitempty"`
	// Deleted marks what is gone: neither Text nor Attachments are left.
	Deleted bool `json:"deleted,omitempty"`
	// Survey marks a question that the customer answers with a number, and
	// Rating is that number, from 1, the worst, to 5.
	Survey bool `json:"survey,omitempty"`
	Rating int  `json:"rating,omitempty"`
}

// SendRequest adds a message to a conversation or a ticket.
type SendRequest struct {
	Key         string       `json:"key"`
	Author      Author       `json:"author"`
	Text        string       `json:"text,omitempty"`
	Attachments []Attachment `json:"attachments,omitempty"`
	Buttons     []Button     `json:"buttons,omitempty"`
}

// SendResult answers SendRequest and NoteRequest.
type SendResult struct {
	ID        string    `json:"id"`
	At        time.Time `json:"at"`
	Duplicate bool      `json:"duplicate,omitempty"`
}

// SentResult says whether a message with the key exists.
type SentResult struct {
	Found bool      `json:"found"`
	ID    string    `json:"id,omitempty"`
	At    time.Time `json:"at,omitzero"`
}

// MessagePage is a part of a list. More says that after=<last Seq> gives more.
type MessagePage struct {
	Messages []Message `json:"messages"`
	More     bool      `json:"more,omitempty"`
	// Ticket is how the ticket stands; missing in lists of the channel.
	Ticket *TicketStatus `json:"ticket,omitempty"`
}

// TicketStatus is who has a ticket and whether it is closed. EventID and Event
// are the Envelope.ID and Envelope.Type of the webhook that told so, At its
// time; both are empty where the caller itself brought it about.
type TicketStatus struct {
	ID      string    `json:"id"`
	Agent   *Author   `json:"agent,omitempty"`
	Closed  bool      `json:"closed,omitempty"`
	EventID string    `json:"event_id,omitempty"`
	Event   string    `json:"event,omitempty"`
	At      time.Time `json:"at"`
}

// PauseRequest stops the vendor's own bot in a conversation, or starts it again.
// Node, on resume, names the point in the bot's script to begin at.
type PauseRequest struct {
	Key  string `json:"key"`
	Node string `json:"node,omitempty"`
}

// Result answers a call that gives nothing back.
type Result struct {
	OK        bool `json:"ok"`
	Duplicate bool `json:"duplicate,omitempty"`
}

// TypingRequest shows or hides "is typing". It is never repeated and expires by
// itself after a few seconds, so it carries no key.
type TypingRequest struct {
	Author Author `json:"author"`
	Typing bool   `json:"typing"`
}

// EditRequest gives a message that the caller sent other words, or removes it.
// Files that went along stay. A message that is not there, that is gone, or that
// the caller did not send, is unknown (404); removing what is gone is no error.
type EditRequest struct {
	Key    string `json:"key"`
	Text   string `json:"text,omitempty"`
	Delete bool   `json:"delete,omitempty"`
}

// ReadRequest shows that the other side has read all that was said until At. It
// is never repeated, so it carries no key.
type ReadRequest struct {
	Author Author    `json:"author"`
	At     time.Time `json:"at"`
}

// SurveyRequest asks the customer how the help was. The vendor shows Text, if any,
// with a button for each number from 1 to 5; customer.rated tells what was pressed.
type SurveyRequest struct {
	Key  string `json:"key"`
	Text string `json:"text,omitempty"`
}

// BotRequest asks the vendor's bot for its answer to one message of the
// customer. The answer is given back, not sent to the customer.
type BotRequest struct {
	Key         string       `json:"key"`
	Text        string       `json:"text"`
	Attachments []Attachment `json:"attachments,omitempty"`
	// Node names the point in the bot's script to begin at, after a hand-back.
	Node string `json:"node,omitempty"`
}

// BotReply is what the bot says. Handoff asks for a human, after the messages
// were said; End says that the bot considers the conversation finished.
type BotReply struct {
	Messages  []BotMessage `json:"messages,omitempty"`
	Handoff   bool         `json:"handoff,omitempty"`
	Reason    string       `json:"reason,omitempty"`
	End       bool         `json:"end,omitempty"`
	Duplicate bool         `json:"duplicate,omitempty"`
}

// BotMessage is one message of the bot.
type BotMessage struct {
	Text        string       `json:"text,omitempty"`
	Attachments []Attachment `json:"attachments,omitempty"`
	Buttons     []Button     `json:"buttons,omitempty"`
}

// OpenRequest opens a ticket. Conversation is the caller's name for the
// conversation and comes back in every event of the ticket.
type OpenRequest struct {
	Key          string `json:"key"`
	Conversation string `json:"conversation"`
	Group        string `json:"group,omitempty"`
	// Agent asks for one agent from the start.
	Agent      string         `json:"agent,omitempty"`
	Customer   Author         `json:"customer"`
	Subject    string         `json:"subject,omitempty"`
	Reason     string         `json:"reason,omitempty"`
	Transcript []HistoryEntry `json:"transcript,omitempty"`
	// Previous is the closed ticket that this one continues.
	Previous string `json:"previous,omitempty"`
	// Mirrored is the ticket that agents have read along (MirrorRequest). It is
	// the one that is opened, once, and Transcript what it does not show yet.
	// Whoever took it meanwhile keeps it.
	Mirrored string `json:"mirrored,omitempty"`
}

// MirrorRequest shows agents what a customer and a bot say; no agent is asked.
// Without Ticket it makes one, once for each Key. An agent who takes that ticket
// or writes on it takes the customer from the bot.
type MirrorRequest struct {
	Key          string `json:"key"`
	Conversation string `json:"conversation"`
	Ticket       string `json:"ticket,omitempty"`
	Customer     Author `json:"customer"`
	// Lines are added unless one of their Number is there.
	Lines []HistoryEntry `json:"lines"`
}

// HistoryEntry is what was said before the ticket was opened. Number counts from
// 1 within the conversation.
type HistoryEntry struct {
	Number      int          `json:"number,omitempty"`
	At          time.Time    `json:"at"`
	Author      Author       `json:"author"`
	Text        string       `json:"text,omitempty"`
	Attachments []Attachment `json:"attachments,omitempty"`
}

// OpenResult answers OpenRequest and MirrorRequest.
type OpenResult struct {
	ID        string    `json:"id"`
	URL       string    `json:"url,omitempty"`
	At        time.Time `json:"at"`
	Duplicate bool      `json:"duplicate,omitempty"`
}

// AssignRequest gives a ticket to an agent, or to a group's queue when Agent is
// empty. Unassign takes it from Agent. An agent who is away is refused by 409.
// Whether the agent has the ticket at once or has to accept it first is the
// desk's affair: agent.assigned tells when an agent has it.
type AssignRequest struct {
	Key   string `json:"key"`
	Agent string `json:"agent,omitempty"`
	Group string `json:"group,omitempty"`
}

// CloseRequest closes a ticket. Closing a closed ticket is not an error.
type CloseRequest struct {
	Key    string `json:"key"`
	Reason string `json:"reason,omitempty"`
}

// UpdateRequest says how the conversation stands, for the ticket to show: State is
// bot, waiting, agent-assigned, timed-out-reassign or ended, and Reason why it came
// to that at At. A closed ticket is told its end too.
type UpdateRequest struct {
	Key    string    `json:"key"`
	State  string    `json:"state"`
	Reason string    `json:"reason,omitempty"`
	Agent  *Author   `json:"agent,omitempty"`
	At     time.Time `json:"at"`
	// WaitingSince is when the customer began to wait for an agent's words.
	WaitingSince time.Time `json:"waiting_since,omitzero"`
}

// Queue is how far ahead a ticket is. Position 1 is next; 0 means that it waits
// for nobody. WaitSeconds is what the vendor expects; 0 means that it does not know.
type Queue struct {
	Position    int `json:"position"`
	WaitSeconds int `json:"wait_seconds,omitempty"`
}

// RatingRequest keeps on a ticket, usually a closed one, how the customer liked
// the help: Rating is from 1, the worst, to 5.
type RatingRequest struct {
	Key     string `json:"key"`
	Rating  int    `json:"rating"`
	Comment string `json:"comment,omitempty"`
}

// NoteRequest adds a note that only agents see.
type NoteRequest struct {
	Key  string `json:"key"`
	Text string `json:"text"`
}

// Availability is who could take a ticket at this moment.
type Availability struct {
	Online bool    `json:"online"`
	Agents []Agent `json:"agents,omitempty"`
	// Waiting counts the open tickets that an agent is asked for and nobody owns.
	Waiting int `json:"waiting"`
}

// Agent is one person at the desk.
type Agent struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Group  string `json:"group,omitempty"`
	Online bool   `json:"online"`
	// Active counts the tickets the agent owns.
	Active int `json:"active"`
}

// Failure is the body of a refusal. Message never quotes the request.
type Failure struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Types of an Envelope. Those of the channel carry Conversation, those of the
// desk carry Ticket and, as Conversation, the name that OpenRequest gave.
const (
	TypeCustomerMessage = "customer.message" // Message
	TypeCustomerTyping  = "customer.typing"  // Typing
	TypeCustomerLeft    = "customer.left"
	// TypeCustomerEdited and TypeCustomerDeleted tell that an earlier message
	// reads differently now, or is gone. Message is that message.
	TypeCustomerEdited  = "customer.edited"
	TypeCustomerDeleted = "customer.deleted"
	// TypeCustomerRead tells that the customer has read all that was said until At.
	TypeCustomerRead = "customer.read"
	// TypeCustomerRated is the answer to SurveyRequest.
	TypeCustomerRated = "customer.rated" // Rating, Comment
	// TypeBotMessage tells of an answer of the vendor's own bot.
	TypeBotMessage = "bot.message" // Message
	// TypeHandoffRequested tells that the customer pressed the vendor's "talk to
	// a human", or that the vendor's own bot gave up. Reason says why.
	TypeHandoffRequested = "handoff.requested"

	// TypeAgentAssigned tells that Agent owns the ticket from At on; a transfer is
	// an assignment to another agent.
	TypeAgentAssigned = "agent.assigned"
	// TypeAgentUnassigned tells that nobody owns the ticket from At on; Agent is
	// who owned it.
	TypeAgentUnassigned = "agent.unassigned"
	TypeAgentMessage    = "agent.message" // Message, Agent
	// TypeAgentEdited, TypeAgentDeleted and TypeAgentRead are the agents' own.
	TypeAgentEdited  = "agent.edited"  // Message, Agent
	TypeAgentDeleted = "agent.deleted" // Message, Agent
	TypeAgentRead    = "agent.read"    // Agent
	// TypeAgentNote tells of words that must not reach the customer.
	TypeAgentNote    = "agent.note"    // Message, Agent
	TypeAgentTyping  = "agent.typing"  // Typing, Agent
	TypeTicketClosed = "ticket.closed" // Agent, Reason
	// TypeTicketBackToBot tells that the agent gave the conversation back to the
	// bot. The vendor has closed the ticket.
	TypeTicketBackToBot = "ticket.back_to_bot" // Agent, Node
)

// Envelope is the body of every webhook.
type Envelope struct {
	// ID names the event for ever: every repeat carries the same.
	ID   string    `json:"id"`
	Type string    `json:"type"`
	At   time.Time `json:"at"`
	// Seq grows by one with each event of the conversation or ticket. Typing and
	// reading have none.
	Seq          int64    `json:"seq,omitempty"`
	Conversation string   `json:"conversation,omitempty"`
	Ticket       string   `json:"ticket,omitempty"`
	Customer     *Author  `json:"customer,omitempty"`
	Agent        *Author  `json:"agent,omitempty"`
	Message      *Message `json:"message,omitempty"`
	Typing       bool     `json:"typing,omitempty"`
	Reason       string   `json:"reason,omitempty"`
	Node         string   `json:"node,omitempty"`
	Rating       int      `json:"rating,omitempty"`
	Comment      string   `json:"comment,omitempty"`
}

// Headers of a signed webhook.
const (
	HeaderID        = "webhook-id"
	HeaderTimestamp = "webhook-timestamp"
	HeaderSignature = "webhook-signature"
)
