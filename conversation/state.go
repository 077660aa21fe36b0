package conversation

import "time"

// State says who owns the conversation. The five strings are the states everywhere: in histories, search attributes,
// the API and the documentation. Never rename them.
type State string

// The states.
const (
	// InBot: the bot owns the conversation.
	InBot State = "bot"
	// Waiting: nobody owns it; a ticket is open or being opened.
	Waiting State = "waiting"
	// Assigned: one agent owns it.
	Assigned State = "agent-assigned"
	// Reassigning: nobody owns it; the next rung of the ladder is being tried.
	Reassigning State = "timed-out-reassign"
	// Ended: nobody owns it. The conversation lingers to recognise late redeliveries.
	Ended State = "ended"
)

// States lists the states in the order in which a conversation usually passes through them.
func States() []State { return []State{InBot, Waiting, Assigned, Reassigning, Ended} }

// Reason says why something happened. The strings are kept in histories, search attributes and metrics: add, never
// rename. Error kinds of connectors appear as reasons too.
type Reason string

// The reasons of transitions, of ignored events and of withheld effects.
const (
	ByBot          Reason = "bot_asked"
	ByCustomer     Reason = "customer_asked"
	ByOperator     Reason = "operator"
	ByAgent        Reason = "agent"
	BotDown        Reason = "bot_failed"
	AgentTook      Reason = "agent_took_it"
	AgentSpoke     Reason = "agent_spoke"
	AcceptTimeout  Reason = "not_accepted_in_time"
	FirstReplyLate Reason = "no_first_reply_in_time"
	AgentSilent    Reason = "agent_silent"
	AgentAway      Reason = "agent_offline"
	AgentLost      Reason = "agent_unassigned"
	VendorDropped  Reason = "channel_dropped_assignment"
	VendorRestored Reason = "channel_assignment_restored"
	CustomerSilent Reason = "customer_idle"
	CustomerGone   Reason = "customer_left"
	CustomerBack   Reason = "customer_returned"
	DeskClosed     Reason = "closed_by_desk"
	DeskDown       Reason = "desk_failed"
	NobodyThere    Reason = "nobody_available"
	WaitedTooLong  Reason = "waited_too_long"
	BotSilent      Reason = "bot_idle"
	BotFinished    Reason = "bot_finished"
	TicketGone     Reason = "ticket_gone"
	AgentOpened    Reason = "opened_by_agent"
	AgentBarged    Reason = "agent_joined_the_bot"
	// Claimed, told with AgentAssigned, is of an agent who wants what nobody has: it takes nothing from another agent.
	Claimed      Reason = "claimed"
	OutOfHours   Reason = "out_of_hours"
	HoursBegin   Reason = "hours_begin"
	LeftAsTicket Reason = "left_as_ticket"

	IgnoredDuplicate Reason = "duplicate"
	IgnoredStale     Reason = "stale"
	IgnoredNoMeaning Reason = "no_meaning_in_state"
	IgnoredOldTicket Reason = "ticket_is_over"
	// IgnoredForeign: told by a connection that has no part in the conversation's route.
	IgnoredForeign Reason = "foreign_connection"
	OwnerChanged   Reason = "owner_changed"
	// Moved: the ticket was left for one at another desk, which has all that was said.
	Moved    Reason = "moved_to_another_desk"
	NoTicket Reason = "no_ticket"
	TimedOut Reason = "timed_out"
	// WindowClosed: the channel takes no words to a customer who has not written for so long.
	WindowClosed Reason = "reply_window_closed"
	// ButtonsAsText, FileAsLink and FileRefused say what a message lost on its way, and what stands there instead: lines, a
	// link, or why there is nothing.
	ButtonsAsText Reason = "buttons_as_text"
	FileAsLink    Reason = "file_as_link"
	FileRefused   Reason = "file_refused"

	OutcomeUnknown Reason = "uncertain"
)

// DeadlineName names a deadline. A conversation has at most one of each.
type DeadlineName string

// The deadlines.
const (
	AcceptBy       DeadlineName = "accept"
	FirstReplyBy   DeadlineName = "first_reply"
	AgentReplyBy   DeadlineName = "agent_idle"
	AgentBackBy    DeadlineName = "agent_away"
	CustomerWarnAt DeadlineName = "customer_idle_warning"
	CustomerBy     DeadlineName = "customer_idle"
	WaitUntil      DeadlineName = "max_wait"
	NoticeAt       DeadlineName = "wait_notice"
	OpensAt        DeadlineName = "opening"
	WindowUntil    DeadlineName = "reply_window"
	TicketBy       DeadlineName = "ticket_for"
	BotIdleAt      DeadlineName = "bot_idle"
	CatchUpBy      DeadlineName = "catch_up"
	LingerUntil    DeadlineName = "linger"
)

// DeadlineNames lists the deadlines.
func DeadlineNames() []DeadlineName {
	return []DeadlineName{
		AcceptBy, FirstReplyBy, AgentReplyBy, AgentBackBy, CustomerWarnAt, CustomerBy, WaitUntil, NoticeAt, OpensAt, TicketBy,
		WindowUntil, BotIdleAt, CatchUpBy, LingerUntil,
	}
}

// Deadline is an instant at which something happens if nothing else did. It is state: it survives restarts and
// continue-as-new with its original instant.
type Deadline struct {
	Name DeadlineName `json:"name"`
	At   time.Time    `json:"at"`
}

// NextDeadline gives the earliest deadline.
func (c *Conversation) NextDeadline() (Deadline, bool) {
	var next Deadline
	for _, d := range c.Deadlines {
		if next.Name == "" || d.At.Before(next.At) {
			next = d
		}
	}
	return next, next.Name != ""
}

// deadline gives the instant of the deadline name.
func (c *Conversation) deadline(name DeadlineName) (time.Time, bool) {
	for _, d := range c.Deadlines {
		if d.Name == name {
			return d.At, true
		}
	}
	return time.Time{}, false
}

func (c *Conversation) setDeadline(name DeadlineName, at time.Time) {
	c.clearDeadline(name)
	c.Deadlines = append(c.Deadlines, Deadline{name, at})
}

func (c *Conversation) clearDeadline(names ...DeadlineName) {
	kept := c.Deadlines[:0:0]
	for _, d := range c.Deadlines {
		drop := false
		for _, name := range names {
			drop = drop || d.Name == name
		}
		if !drop {
			kept = append(kept, d)
		}
	}
	c.Deadlines = kept
}

// Change is a change of state as a channel is told of it.
type Change struct {
	From   State  `json:"from"`
	To     State  `json:"to"`
	Reason Reason `json:"reason"`
	// Agent has the conversation from now on, and Previous had it until now; empty means no agent.
	Agent    Author `json:"agent,omitzero"`
	Previous Author `json:"previous,omitzero"`
}

// Transition is one change of state.
type Transition struct {
	From   State     `json:"from"`
	To     State     `json:"to"`
	Reason Reason    `json:"reason"`
	At     time.Time `json:"at"`
	Epoch  int       `json:"epoch"`
}
