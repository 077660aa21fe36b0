package conversation

import "time"

// Kind says what happened. The strings are kept in histories and metrics: add, never rename.
type Kind string

// What the customer's side tells.
const (
	// CustomerSaid carries the customer's words, an attachment, or both.
	CustomerSaid Kind = "customer_said"
	// CustomerLeft says that the customer ended the chat.
	CustomerLeft Kind = "customer_left"
	// CustomerEdited carries the new text of the customer's message Target.
	CustomerEdited Kind = "customer_edited"
	// CustomerDeleted says that the customer deleted the message Target.
	CustomerDeleted Kind = "customer_deleted"
	// CustomerRated carries, in Rating, how the customer liked the help, and perhaps a Text.
	CustomerRated Kind = "customer_rated"
	// BotRequested says that the customer wants the bot back instead of a human.
	BotRequested Kind = "bot_requested"
	// BotSaid is what a bot hosted by the channel's vendor said to the customer by itself.
	BotSaid Kind = "bot_said"
	// HandoffRequested asks for a human. Agent, Group and Fields may narrow the request.
	HandoffRequested Kind = "handoff_requested"
	// ChannelDropped says that the channel's vendor took the conversation from our agent, as Landbot does after some
	// minutes of silence. It tells a state: At orders it against other such events.
	ChannelDropped Kind = "channel_dropped"
)

// What the desk tells.
const (
	// AgentAssigned says which agent has the ticket now. It tells a state: At orders it against other such events.
	AgentAssigned Kind = "agent_assigned"
	// AgentUnassigned says that nobody has the ticket now: released, or back in the desk's queue. It tells a state.
	AgentUnassigned Kind = "agent_unassigned"
	// AgentSaid carries an agent's public words, an attachment, or both.
	AgentSaid Kind = "agent_said"
	// AgentNoted says that an agent wrote a private note. It never carries the note's text.
	AgentNoted Kind = "agent_noted"
	// AgentEdited carries the new text of the agent's message Target.
	AgentEdited Kind = "agent_edited"
	// AgentDeleted says that the agent deleted the message Target.
	AgentDeleted Kind = "agent_deleted"
	// AgentOffline says that the agent who has the ticket went away.
	AgentOffline Kind = "agent_offline"
	// AgentOnline says that an agent is back.
	AgentOnline Kind = "agent_online"
	// HandedBack says that the agent gives the customer back to the bot.
	HandedBack Kind = "handed_back"
	// TicketClosed says that the desk closed the ticket.
	TicketClosed Kind = "ticket_closed"
)

// What came of an effect. The workflow's lanes make these; no connector does, except SendProven.
const (
	// TicketOpened says that the effect Key opened Ticket.
	TicketOpened Kind = "ticket_opened"
	// NobodyAvailable says that the effect Key opened no ticket because nobody is there to take it.
	NobodyAvailable Kind = "nobody_available"
	// BotAnswered carries what a bot that we call answered to the effect Key.
	BotAnswered Kind = "bot_answered"
	// Delivered says that the effect Key was accepted by its vendor.
	Delivered Kind = "delivered"
	// EffectUncertain says that nobody can tell whether the effect Key took place.
	EffectUncertain Kind = "effect_uncertain"
	// EffectDoubted says that an attempt of the effect Key, begun at At, has an unknown outcome. It stays pending, and is
	// looked for before it is repeated.
	EffectDoubted Kind = "effect_doubted"
	// EffectFailed says that the effect Key was refused for good.
	EffectFailed Kind = "effect_failed"
	// EffectWithdrawn says that the effect Key was taken back before it was sent.
	EffectWithdrawn Kind = "effect_withdrawn"
	// SendProven is an echo of our own send: the vendor shows the message, so it arrived. Key names the send, or Text
	// its exact words where the vendor gives no reference back.
	SendProven Kind = "send_proven"
	// QueueTold carries, in Queue, the answer to the effect Key.
	QueueTold Kind = "queue_told"
	// CaughtUp carries, in Missed, what the vendor holds and did not tell.
	CaughtUp Kind = "caught_up"
)

// DeadlinePassed says that the deadline Deadline, set for Due, has come.
const DeadlinePassed Kind = "deadline_passed"

// What an operator commands.
const (
	CommandHandoff  Kind = "command_handoff"
	CommandAssign   Kind = "command_assign"
	CommandHandBack Kind = "command_hand_back"
	CommandEnd      Kind = "command_end"
	CommandResend   Kind = "command_resend"
	CommandNote     Kind = "command_note"
	// CommandPolicy changes those keys of the running conversation's policy that Policy sets.
	CommandPolicy Kind = "command_policy"
)

// Kinds lists every kind, in the order of this file.
func Kinds() []Kind {
	return []Kind{
		CustomerSaid, CustomerLeft, CustomerEdited, CustomerDeleted, CustomerRated, BotRequested, BotSaid, HandoffRequested, ChannelDropped,
		AgentAssigned, AgentUnassigned, AgentSaid, AgentNoted, AgentEdited, AgentDeleted, AgentOffline, AgentOnline, HandedBack, TicketClosed,
		TicketOpened, NobodyAvailable, BotAnswered, Delivered, EffectUncertain, EffectDoubted, EffectFailed, EffectWithdrawn, SendProven, QueueTold, CaughtUp,
		DeadlinePassed,
		CommandHandoff, CommandAssign, CommandHandBack, CommandEnd, CommandResend, CommandNote, CommandPolicy,
	}
}

// TellsState reports whether events of this kind tell a state rather than an occurrence, so that an older one than
// the last applied changes nothing, and the same one twice changes nothing. One without At tells how things stood when
// the vendor was asked.
func (k Kind) TellsState() bool {
	return k == AgentAssigned || k == AgentUnassigned || k == ChannelDropped
}

// Event is one thing that happened, whoever told it: the only struct that crosses into the workflow. It is flat, so
// that it survives JSON and versions: a field that a kind does not name is empty.
type Event struct {
	// ID is the vendor's name for the event: the same for every redelivery, different for every other event of the
	// connection. Empty only for events made inside the workflow.
	ID string `json:"id,omitempty"`
	// Source is the name of the connection that told it; the gateway fills it in. Empty inside the workflow.
	Source string `json:"source,omitempty"`
	Kind   Kind   `json:"kind"`
	// At is the vendor's time of the event, else the time of its arrival.
	At time.Time `json:"at,omitzero"`
	// Seq orders the events of one source where the vendor numbers them; 0 means unknown.
	Seq int64 `json:"seq,omitempty"`
	// Weak marks an ID that we made from the content because the vendor gives none.
	Weak bool `json:"weak,omitempty"`

	Text       string      `json:"text,omitempty"`
	Attachment *Attachment `json:"attachment,omitempty"`
	// Buttons are what the customer can press below what the bot or the agent said.
	Buttons []Button `json:"buttons,omitempty"`
	// Author is who spoke or acted: the agent, the bot, or the operator.
	Author Author `json:"author,omitzero"`
	// Customer tells what is newly known about the customer; empty fields change nothing.
	Customer Customer `json:"customer,omitzero"`
	// Ref is the channel vendor's own name for the conversation, as its calls want it.
	Ref string `json:"ref,omitempty"`
	// Vendor is what the connector wants to be given back with later calls of this conversation or ticket, such as a
	// bot id or a node to resume at. It is merged into what is already known.
	Vendor map[string]string `json:"vendor,omitempty"`
	// TicketID is the desk's name of the ticket that the event is about; empty means the current one.
	TicketID string `json:"ticket_id,omitempty"`
	// Target is the vendor's id of the message that was edited or deleted.
	Target string `json:"target,omitempty"`
	// MessageID is the vendor's id of the message said, for later edits of it.
	MessageID string `json:"message_id,omitempty"`
	Agent     string `json:"agent,omitempty"`
	Group     string `json:"group,omitempty"`
	Node      string `json:"node,omitempty"`
	// Priority is how urgent a request for a human is: low, normal, high or urgent; empty means that nobody said.
	Priority string `json:"priority,omitempty"`
	// Rating is from 1, the worst, to 5.
	Rating int `json:"rating,omitempty"`
	// Reason is one of the reasons for commands and requests, or an error kind for failures.
	Reason Reason `json:"reason,omitempty"`

	// Key is the effect that this event is the outcome of.
	Key Key `json:"key,omitempty"`
	// Ticket is what was opened.
	Ticket *Ticket `json:"ticket,omitempty"`
	// Retried marks an effect that was repeated although its first outcome was unknown: it may be there twice.
	Retried bool `json:"retried,omitempty"`
	// Degraded says what a delivered message lost because its side cannot show it.
	Degraded Reason `json:"degraded,omitempty"`
	// Answer is what a bot that we call answered.
	Answer *Answer `json:"answer,omitempty"`
	// Missed are events that the vendor holds and did not tell, oldest first.
	Missed []Event `json:"missed,omitempty"`
	// Queue is how far ahead the waiting customer is.
	Queue Queue `json:"queue,omitzero"`
	// Policy holds the keys that CommandPolicy changes.
	Policy *Policy `json:"policy,omitempty"`

	// Deadline and Due name the deadline that passed.
	Deadline DeadlineName `json:"deadline,omitempty"`
	Due      time.Time    `json:"due,omitzero"`
}

// Author is a person or program that speaks. Name is what the customer or agent may see.
type Author struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// Attachment is a file by reference. Its bytes never travel through the workflow.
type Attachment struct {
	// URL is where the source's vendor serves the file.
	URL  string `json:"url"`
	Name string `json:"name,omitempty"`
	// ContentType is the media type, such as image/png; empty means unknown.
	ContentType string `json:"content_type,omitempty"`
	// Size is in bytes; 0 means unknown.
	Size int64 `json:"size,omitempty"`
	// Latitude and Longitude make it a place instead of a file, when either is not zero.
	Latitude  float64 `json:"latitude,omitempty"`
	Longitude float64 `json:"longitude,omitempty"`
}

// Customer is what is known about the customer. None of it may appear in ids, logs or search attributes.
type Customer struct {
	Name     string `json:"name,omitempty"`
	Email    string `json:"email,omitempty"`
	Phone    string `json:"phone,omitempty"`
	Language string `json:"language,omitempty"`
	// Fields are what the bot collected.
	Fields map[string]string `json:"fields,omitempty"`
}

// Ticket is the desk's counterpart of the conversation.
type Ticket struct {
	// ID is the desk's name for it. It is searchable: no personal data.
	ID string `json:"id"`
	// URL opens it in the desk's own user interface, if there is such an address.
	URL string `json:"url,omitempty"`
	// Vendor is what the connector wants to be given back with later calls about the ticket.
	Vendor map[string]string `json:"vendor,omitempty"`
}

// Queue is how far ahead a waiting customer is.
type Queue struct {
	// Position counts from 1, the next to be served; 0 means unknown.
	Position int `json:"position,omitempty"`
	// Wait is how long it is expected to take; 0 means unknown.
	Wait Duration `json:"wait,omitempty"`
}

// Answer is what a bot that we call said and wants.
type Answer struct {
	Messages []Message `json:"messages,omitempty"`
	// Handoff asks for a human after the messages.
	Handoff bool   `json:"handoff,omitempty"`
	Agent   string `json:"agent,omitempty"`
	Group   string `json:"group,omitempty"`
	// Priority is how urgent it is: low, normal, high or urgent; empty means that the bot did not say.
	Priority string `json:"priority,omitempty"`
	// End says that the bot considers the conversation finished.
	End bool `json:"end,omitempty"`
	// Customer tells what the bot has learnt about the customer; empty fields change nothing.
	Customer Customer `json:"customer,omitzero"`
	// Vendor is the bot's session, given back with the next call.
	Vendor map[string]string `json:"vendor,omitempty"`
}

// Message is one text or attachment to say.
type Message struct {
	Text       string      `json:"text,omitempty"`
	Attachment *Attachment `json:"attachment,omitempty"`
	// Buttons are what the customer can press below the words. Without words they belong to the message before.
	Buttons []Button `json:"buttons,omitempty"`
}
