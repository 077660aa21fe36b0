package conversation

import (
	"slices"
	"time"
)

const (
	// maxBatch and maxBatchBytes bound what one task carries.
	maxBatch      = 20
	maxBatchBytes = 64 << 10
)

// The capabilities that the model asks for, as package connector names them.
const (
	canPauseBot     = "pause_bot"
	canResumeBot    = "resume_bot"
	canAssign       = "assign"
	canPrepare      = "prepare_ticket"
	canClose        = "close_ticket"
	canNote         = "note"
	canAvailability = "availability"
	canListMessages = "list_messages"
	canNotify       = "notify_state"
	canMirror       = "mirror_ticket"
	canUpdate       = "update_ticket"
	canEdit         = "edit_messages"
	canSurvey       = "survey"
	canButtons      = "show_buttons"
	canFindTicket   = "find_ticket"
)

// decide puts an effect into the outbox.
func (c *Conversation) decide(now time.Time, e Effect) Key {
	e.Key, e.Epoch, e.At = c.nextKey(), max(c.Epoch, e.Epoch), now
	if t := c.ticket(); e.Kind.Side() == DeskSide && e.TicketKey == "" && t != nil {
		e.TicketKey, e.Desk = t.Key, t.Desk
	}
	if e.Kind != Say && e.Kind != AskBot {
		e.Human = true
	}
	c.throughWindow(now, &e)
	c.Counts.Decided++
	if e.Status == Withheld {
		c.Counts.Withheld++
	}
	c.Outbox = append(c.Outbox, e)
	c.decided = append(c.decided, e)
	c.trimTrouble()
	return e.Key
}

// HasWork reports whether effects of the side are pending.
func (c *Conversation) HasWork(side Side) bool {
	for i := range c.Outbox {
		if c.Outbox[i].Status == Pending && !c.Outbox[i].Kept && c.Outbox[i].Side() == side {
			return true
		}
	}
	return false
}

// Quiet reports whether nothing is pending that can be done now.
func (c *Conversation) Quiet() bool {
	return !slices.ContainsFunc(Sides(), c.HasWork)
}

// Pending counts the effects that are yet to be done.
func (c *Conversation) Pending() int {
	n := 0
	for i := range c.Outbox {
		if c.Outbox[i].Status == Pending {
			n++
		}
	}
	return n
}

// Stale reports whether an effect that was decided and not yet done must be withheld now: because the owner changed, or
// because its ticket was left for one at another desk.
func (c *Conversation) Stale(e Effect) bool {
	return !e.Human && e.Epoch != c.Epoch || c.abandoned(e)
}

// Take gives the next task of a side, and withholds what must not be sent any more. The effects stay in the outbox
// until their outcome is applied, so that a task that is lost is taken again.
func (c *Conversation) Take(side Side) (Task, bool) {
	var task Task
	bytes := 0
	for i := range c.Outbox {
		e := &c.Outbox[i]
		if e.Status != Pending || e.Kept || e.Side() != side {
			continue
		}
		// What does not join the task waits its turn unjudged: what it needs may come of the task.
		if len(task.Effects) > 0 && !joins(task.Effects[0], *e) {
			break
		}
		if reason := c.forbids(*e); reason != "" {
			c.withhold(e, reason)
			continue
		}
		bytes += len(e.Text)
		if len(task.Effects) > 0 && bytes > maxBatchBytes {
			break
		}
		task.Effects = append(task.Effects, *e)
		if len(task.Effects) == maxBatch || !c.batches(*e) {
			break
		}
	}
	c.trimTrouble()
	if len(task.Effects) == 0 {
		return Task{}, false
	}
	c.equip(side, &task)
	return task, true
}

// forbids gives the reason for which a pending effect must not be done any more, or "".
func (c *Conversation) forbids(e Effect) Reason {
	if c.abandoned(e) {
		return Moved
	}
	if c.Stale(e) {
		return OwnerChanged
	}
	if e.Kind.Side() != DeskSide {
		return ""
	}
	t := c.ticketByKey(e.TicketKey)
	if e.Kind == Mirror {
		// Agents are shown what the bot does for as long as nobody has ended it.
		if t == nil || t.Ticket.ID == "" && t.Status != TicketMirrored && t.Status != TicketOpening {
			return NoTicket
		}
		return ""
	}
	if e.Kind == OpenTicket || e.Kind == PrepareTicket {
		// A ticket that may be open already is looked for all the same, so that it can be closed.
		if t == nil || t.Status == TicketOpening || t.Status == TicketMirrored || e.Doubtful {
			return ""
		}
		return OwnerChanged
	}
	if e.Kind == FindTicket {
		if t == nil || t.Ticket.ID != "" {
			return NoTicket
		}
		return ""
	}
	if t == nil || t.Ticket.ID == "" {
		return NoTicket
	}
	return ""
}

// joins reports whether e may go out in one task with first: texts of one kind, of one ticket, none of them in doubt.
func joins(first, e Effect) bool {
	if e.Kind == Mirror && first.Kind == Mirror {
		return e.TicketKey == first.TicketKey
	}
	return (e.Kind == Say || e.Kind == Post) && e.Kind == first.Kind &&
		e.Attachment == nil && first.Attachment == nil && len(e.Buttons) == 0 && len(first.Buttons) == 0 && e.Human == first.Human &&
		e.TicketKey == first.TicketKey && !e.Doubtful && !first.Doubtful
}

func (c *Conversation) batches(e Effect) bool {
	if e.Kind == Mirror {
		return true
	}
	switch e.Side() {
	case ChannelSide:
		return c.Route.Channel.Batch
	case DeskSide:
		x, _ := c.Route.connection(e.Desk)
		return x.Batch
	case BotSide, LeftSide:
		return false
	}
	return false
}

// equip adds to a task what is needed to do it.
func (c *Conversation) equip(side Side, task *Task) {
	task.Conversation, task.Route = c.ID, c.Route.Name
	task.Hold = c.Route.Policy.OnUnknownSend == Hold
	first := task.Effects[0]
	switch side {
	case ChannelSide:
		task.Connection, task.Ref, task.Vendor = c.Route.Channel.Name, c.Ref, c.ChannelVendor
		task.Source = c.desk().Name
		if first.Kind == ResumeBot && !first.End {
			task.Transcript = c.Transcript.Between(c.BotLeft, c.Transcript.Last)
		}
		c.aim(task)
	case BotSide:
		if c.Route.Bot != nil {
			task.Connection = c.Route.Bot.Name
		}
		task.Vendor, task.Customer = c.BotVendor, &c.Customer
		task.Transcript = c.Transcript.Between(c.BotSeen, first.Line-1)
		task.Source = c.Route.Channel.Name
	case DeskSide, LeftSide:
		task.Connection, task.Vendor, task.Source = first.Desk, c.DeskVendors[first.Desk], c.Route.Channel.Name
		task.Ref = c.Ref
		shown := 0
		if t := c.ticketByKey(first.TicketKey); t != nil && t.Ticket.ID != "" {
			ticket := t.Ticket
			task.Ticket, shown = &ticket, t.Shown
		}
		switch first.Kind {
		case OpenTicket, PrepareTicket, Mirror, FindTicket:
			task.Customer = &c.Customer
			task.Transcript = c.Transcript.Between(shown, task.Effects[len(task.Effects)-1].Upto)
			task.Previous = c.previousTicket(first)
		case UpdateTicket:
			task.Customer = &c.Customer
		default:
			c.aim(task)
		}
	}
}

// aim fills in which message an edit is about: it is known once that message was sent.
func (c *Conversation) aim(task *Task) {
	for i := range task.Effects {
		e := &task.Effects[i]
		if e.Kind != EditSaid && e.Kind != EditPosted {
			continue
		}
		if line := c.Transcript.line(e.Line); line != nil {
			e.Target = line.Sent
		}
	}
}

// previousTicket gives the last ticket of the same desk before the one that e is about, or nil.
func (c *Conversation) previousTicket(e Effect) *Ticket {
	var previous *Ticket
	for i := range c.Tickets {
		if c.Tickets[i].Key == e.TicketKey {
			break
		}
		if c.Tickets[i].Ticket.ID != "" && c.Tickets[i].Desk == e.Desk {
			ticket := c.Tickets[i].Ticket
			previous = &ticket
		}
	}
	return previous
}

// connection finds a connection of the route by its name.
func (r Route) connection(name string) (Connection, bool) {
	if r.Channel.Name == name {
		return r.Channel, true
	}
	if r.Bot != nil && r.Bot.Name == name {
		return *r.Bot, true
	}
	for _, d := range r.Desks {
		if d.Name == name {
			return d, true
		}
	}
	return Connection{}, false
}

// Operator is the source of the commands of people and programs that may command every conversation.
const Operator = "operator"

// has reports whether events of the source may be about the route's conversations: whoever may sign for one connection
// has no say in the conversations of others.
func (r Route) has(source string) bool {
	_, ok := r.connection(source)
	return ok || source == Operator
}

// Queue gives the task queue for a connection's tasks; empty means the workflow's own.
func (r Route) Queue(connection string) string {
	x, _ := r.connection(connection)
	return x.Queue
}

// Once reports whether a send through the connection, once repeated, cannot be told from the first.
func (r Route) Once(connection string) bool {
	x, _ := r.connection(connection)
	return !x.Batch
}

// ReorderWindow gives how long the connection's events are held for earlier ones to arrive.
func (r Route) ReorderWindow(connection string) time.Duration {
	x, _ := r.connection(connection)
	return time.Duration(x.ReorderWindow)
}

// effect finds an effect of the outbox, or gives nil.
func (c *Conversation) effect(key Key) *Effect {
	for i := range c.Outbox {
		if c.Outbox[i].Key == key {
			return &c.Outbox[i]
		}
	}
	return nil
}

// remove takes an effect out of the outbox.
func (c *Conversation) remove(key Key) {
	kept := c.Outbox[:0:0]
	for i := range c.Outbox {
		if c.Outbox[i].Key != key {
			kept = append(kept, c.Outbox[i])
		}
	}
	c.Outbox = kept
}

func (c *Conversation) withhold(e *Effect, reason Reason) {
	e.Status, e.Reason = Withheld, reason
	c.Counts.Withheld++
	if t := c.ticketByKey(e.TicketKey); (e.Kind == OpenTicket || e.Kind == Mirror && t.Ticket.ID == "") && t != nil && t.Status == TicketClosing {
		t.Status = TicketDone
	}
}

// trimTrouble forgets the oldest effects in trouble beyond the bound; the counts keep them.
func (c *Conversation) trimTrouble() {
	trouble := 0
	for i := range c.Outbox {
		if c.Outbox[i].Status != Pending {
			trouble++
		}
	}
	if trouble <= maxTrouble {
		return
	}
	kept := c.Outbox[:0:0]
	for i := range c.Outbox {
		if c.Outbox[i].Status != Pending && trouble > maxTrouble {
			trouble--
			continue
		}
		kept = append(kept, c.Outbox[i])
	}
	c.Outbox = kept
}

// Trouble gives the effects that failed, are uncertain or were withheld, oldest first.
func (c *Conversation) Trouble() []Effect {
	var trouble []Effect
	for i := range c.Outbox {
		if c.Outbox[i].Status != Pending {
			trouble = append(trouble, c.Outbox[i])
		}
	}
	return trouble
}
