package conversation

import (
	"strconv"
	"time"
)

// Key names one effect: "<conversation>/<engagement>-<n>". It is the same for every retry and every replay, and
// different from every other effect that ever was, so vendors may use it as their idempotency key.
type Key string

// EffectKind says what is to be done. The strings are kept in histories and metrics: add, never rename.
type EffectKind string

// What is done on the channel's side.
const (
	// Say says Text or Attachment to the customer, in the name of Author.
	Say EffectKind = "say"
	// PauseBot takes the conversation from the bot that the channel hosts, or takes it again after the vendor dropped it.
	PauseBot EffectKind = "pause_bot"
	// ResumeBot gives the conversation back to the bot that the channel hosts: launched at Node after a hand-back, not
	// launched when End is set.
	ResumeBot EffectKind = "resume_bot"
	// Notify tells the channel of a Change of state, where it shows who has the conversation.
	Notify EffectKind = "notify"
	// EditSaid gives what was said as Line its new Text, or removes it if Delete is set.
	EditSaid EffectKind = "edit_said"
	// AskRating asks the customer how the help was, in the channel's own way.
	AskRating EffectKind = "ask_rating"
)

// AskBot asks the bot that we call what it answers to Text.
const AskBot EffectKind = "ask_bot"

// What is done on the desk's side.
const (
	// PrepareTicket does, once and for itself, what opening a ticket needs and cannot be repeated safely.
	PrepareTicket EffectKind = "prepare_ticket"
	// Mirror shows agents what was said up to line Upto, without asking anybody.
	Mirror EffectKind = "mirror"
	// OpenTicket asks the desk for an agent, with the transcript up to line Upto.
	OpenTicket EffectKind = "open_ticket"
	// Post adds the customer's Text or Attachment to the ticket.
	Post EffectKind = "post"
	// EditPosted gives what was posted as Line its new Text, or removes it if Delete is set.
	EditPosted EffectKind = "edit_posted"
	// Note adds a private Text for agents, and the address of an Attachment, to the ticket.
	Note EffectKind = "note"
	// Assign gives the ticket to Agent, or to Group, or, with neither, back to the desk's queue.
	Assign EffectKind = "assign"
	// UpdateTicket tells the desk of a Change of state, where the ticket shows how things stand.
	UpdateTicket EffectKind = "update_ticket"
	// ReadQueue asks how far ahead the waiting customer is.
	ReadQueue EffectKind = "read_queue"
	// ReportRating tells the desk how the customer liked the help.
	ReportRating EffectKind = "report_rating"
	// CatchUp reads what the desk's webhooks may not have told.
	CatchUp EffectKind = "catch_up"
	// CloseTicket closes the ticket. ByCustomer is set if it was the customer who left.
	CloseTicket EffectKind = "close_ticket"
	// FindTicket looks for the ticket that the effect Opening may have opened although no answer came, to close it.
	FindTicket EffectKind = "find_ticket"
)

// EffectKinds lists every kind, in the order of this file.
func EffectKinds() []EffectKind {
	return []EffectKind{
		Say, PauseBot, ResumeBot, Notify, EditSaid, AskRating, AskBot, PrepareTicket, Mirror, OpenTicket, Post, EditPosted, Note, Assign,
		UpdateTicket, ReadQueue, ReportRating, CatchUp, CloseTicket, FindTicket,
	}
}

// Side is one of the parties that effects go to. Effects to one side happen strictly in order; sides do not wait for
// each other.
type Side string

// The three sides.
const (
	ChannelSide Side = "channel"
	BotSide     Side = "bot"
	DeskSide    Side = "desk"
	// LeftSide are desks that the conversation was moved away from: what is still to be done there must not hold up the
	// desk in use.
	LeftSide Side = "left_desk"
)

// Sides lists the sides in the order in which lanes are made. Never reorder it: running workflows depend on it.
func Sides() []Side { return []Side{ChannelSide, BotSide, DeskSide, LeftSide} }

// Side says where effects of this kind go.
func (k EffectKind) Side() Side {
	switch k {
	case Say, PauseBot, ResumeBot, Notify, EditSaid, AskRating:
		return ChannelSide
	case AskBot:
		return BotSide
	case PrepareTicket, Mirror, OpenTicket, Post, EditPosted, Note, Assign, UpdateTicket, ReadQueue, ReportRating, CatchUp, CloseTicket,
		FindTicket:
		return DeskSide
	}
	return DeskSide
}

// Side says where the effect goes.
func (e Effect) Side() Side {
	if e.Left {
		return LeftSide
	}
	return e.Kind.Side()
}

// Effect is one thing to be done about an event. It is flat, because it must survive continue-as-new undone.
type Effect struct {
	Key  Key        `json:"key"`
	Kind EffectKind `json:"kind"`
	// Epoch is the conversation's epoch when the effect was decided.
	Epoch int `json:"epoch,omitempty"`
	// Human marks the words of a human, or what must happen for one: a change of owner does not withhold it. What is
	// about a ticket that never came to be is withheld all the same; the next ticket is opened with the transcript.
	Human bool `json:"human,omitempty"`
	// At is when it was decided.
	At time.Time `json:"at,omitzero"`

	Text       string      `json:"text,omitempty"`
	Attachment *Attachment `json:"attachment,omitempty"`
	// Buttons go along with Say where the channel shows them.
	Buttons []Button `json:"buttons,omitempty"`
	// Degraded says what the message has lost because the channel cannot show it.
	Degraded Reason `json:"degraded,omitempty"`
	Author   Author `json:"author,omitzero"`
	// Desk is the connection, and TicketKey the key, of the ticket that it is about.
	Desk       string `json:"desk,omitempty"`
	TicketKey  Key    `json:"ticket_key,omitempty"`
	Agent      string `json:"agent,omitempty"`
	Group      string `json:"group,omitempty"`
	Node       string `json:"node,omitempty"`
	End        bool   `json:"end,omitempty"`
	ByCustomer bool   `json:"by_customer,omitempty"`
	Priority   string `json:"priority,omitempty"`
	Delete     bool   `json:"delete,omitempty"`
	// Mirrored makes OpenTicket ask with the ticket that agents have read along.
	Mirrored bool `json:"mirrored,omitempty"`
	Rating   int  `json:"rating,omitempty"`
	// Left marks what is to be done at a desk that the conversation was moved away from.
	Left bool `json:"left,omitempty"`
	// Opening is the OpenTicket whose ticket FindTicket looks for.
	Opening Key `json:"opening,omitempty"`
	// Target is the vendor's id of the message that is edited; it is known when the effect is taken.
	Target string `json:"target,omitempty"`
	// WaitingSince is when the customer began to wait; it goes along with UpdateTicket and ReadQueue.
	WaitingSince time.Time `json:"waiting_since,omitzero"`
	// Within bounds how long PrepareTicket or OpenTicket is tried; zero means for as long as any send.
	Within Duration `json:"within,omitempty"`
	// IfAvailable opens the ticket only if somebody is there to take it.
	IfAvailable bool `json:"if_available,omitempty"`
	// Upto is the number of the last transcript line that goes along with OpenTicket; Line is the line that Say or
	// Post carries.
	Upto int `json:"upto,omitempty"`
	Line int `json:"line,omitempty"`
	// Change is what Notify and UpdateTicket tell.
	Change *Change `json:"change,omitempty"`

	// Status is what became of it.
	Status Status `json:"status,omitempty"`
	// Kept marks a pending effect that waits until the customer writes again.
	Kept bool `json:"kept,omitempty"`
	// Doubtful marks a pending effect of which an earlier attempt, begun at TriedAt, has an unknown outcome.
	Doubtful bool      `json:"doubtful,omitempty"`
	TriedAt  time.Time `json:"tried_at,omitzero"`
	// Reason says why it failed or was withheld: an error kind or a reason, never a vendor's text.
	Reason Reason `json:"reason,omitempty"`
}

// Status is what became of an effect.
type Status string

// The statuses. Delivered effects are counted and forgotten; those in trouble are kept for people to see.
const (
	Pending   Status = ""
	Uncertain Status = "uncertain"
	Failed    Status = "failed"
	Withheld  Status = "withheld"
)

func (c *Conversation) nextKey() Key {
	c.LastKey++
	return c.keyNumber(c.LastKey)
}

// keyNumber gives the key of the n-th effect.
func (c *Conversation) keyNumber(n int) Key {
	return Key(c.ID + "/" + c.Engagement + "-" + strconv.Itoa(n))
}

// Task is what a lane gives to an activity: effects of one side, and what is needed to do them. All effects of a task
// are of one kind; only Say, and Post of texts, come more than one at a time.
type Task struct {
	Conversation string `json:"conversation"`
	Route        string `json:"route"`
	// Connection is the name of the connection that does it.
	Connection string   `json:"connection"`
	Effects    []Effect `json:"effects"`
	// Ref is the channel vendor's name for the conversation.
	Ref string `json:"ref,omitempty"`
	// Vendor is what the side's connector asked to be given back.
	Vendor map[string]string `json:"vendor,omitempty"`
	// Ticket is the ticket that the effects are about, if it is open.
	Ticket *Ticket `json:"ticket,omitempty"`
	// Previous is the ticket before, for a desk that links them.
	Previous *Ticket `json:"previous,omitempty"`
	// Customer and Transcript go along where a ticket is prepared or opened, or a bot is asked, and Transcript where the
	// bot that the channel hosts is given the customer back.
	Customer   *Customer `json:"customer,omitempty"`
	Transcript []Line    `json:"transcript,omitempty"`
	// Hold says that an effect of unknown outcome is marked uncertain instead of being repeated.
	Hold bool `json:"hold,omitempty"`
	// Source is the connection that serves the attachments of the effects.
	Source string `json:"source,omitempty"`
}
