package conversation

import (
	"slices"
	"time"
)

// seat names a desk of the route: one connection may be there with several groups.
func (c *Conversation) seat(i int) string {
	d := c.Route.Desks[i]
	return d.Name + "/" + d.Group
}

// nextDesk gives the index of the desk to try after the one in use, or -1. A desk that was left is not tried again.
func (c *Conversation) nextDesk() int {
	if c.Rules < RulesFlows {
		if c.Desk+1 < len(c.Route.Desks) {
			return c.Desk + 1
		}
		return -1
	}
	for i := range c.Route.Desks {
		if i != c.Desk && !slices.Contains(c.Left, c.seat(i)) {
			return i
		}
	}
	return -1
}

// deskCalled gives the index of the route's desk of that name which was not left, or -1.
func (c *Conversation) deskCalled(name string) int {
	for i, d := range c.Route.Desks {
		if d.Name == name && i != c.Desk && !slices.Contains(c.Left, c.seat(i)) {
			return i
		}
	}
	return -1
}

// useDesk takes another desk in place of the one in use.
func (c *Conversation) useDesk(i int) {
	c.Left = append(c.Left, c.seat(c.Desk))
	c.Desk = i
}

// move takes the conversation, with all that was said, to another desk. The ticket that is left is closed, or its agents
// are told; a desk that is down holds nothing up.
func (c *Conversation) move(now time.Time, i int) {
	if t := c.openTicket(); t != nil {
		opening := t.Status == TicketOpening
		t.Status, t.Left = TicketClosing, true
		if !opening {
			c.leave(now, t, "The customer was taken to another desk: what is written here does not get there.")
		}
	}
	c.useDesk(i)
	// The agents and the clock were the other desk's.
	c.LastAgent, c.RoutedAt, c.Asked = Author{}, time.Time{}, ""
	c.open(now, Wanted{})
	c.Requeued = true
}

// ticketIsOver tells an agent that nobody reads what he writes into a ticket.
const ticketIsOver = "This ticket is over: the customer does not get what is written here."

// leave closes a ticket where the customer is not any more, or tells its agents.
func (c *Conversation) leave(now time.Time, t *TicketRecord, note string) {
	switch {
	case c.able(t, canClose):
		c.decide(now, Effect{Kind: CloseTicket, TicketKey: t.Key, Desk: t.Desk, Left: true})
	case c.able(t, canNote) && !t.Told:
		c.decide(now, Effect{Kind: Note, TicketKey: t.Key, Desk: t.Desk, Left: true, Text: note})
		t.Told = c.Rules >= RulesFlows
	}
}

// lookFor looks for the ticket that an opening may have made all the same, where the desk can be asked. Opening is the
// effect of which no answer came.
func (c *Conversation) lookFor(now time.Time, opening Effect) {
	t := c.ticketByKey(opening.TicketKey)
	if opening.Kind != OpenTicket || opening.Mirrored || t == nil || t.Ticket.ID != "" || !c.able(t, canFindTicket) {
		return
	}
	c.decide(now, Effect{
		Kind: FindTicket, Opening: opening.Key, Group: opening.Group, Upto: opening.Upto, TicketKey: t.Key, Desk: t.Desk, Left: true,
	})
}

// found leaves the ticket that was looked for and is there.
func (c *Conversation) found(now time.Time, e Effect, ev Event) {
	t := c.ticketByKey(e.TicketKey)
	if t == nil || t.Ticket.ID != "" || ev.Ticket == nil || ev.Ticket.ID == "" {
		return
	}
	t.Ticket, t.Status = *ev.Ticket, TicketClosing
	c.leave(now, t, ticketIsOver)
}

// abandoned reports whether e is about a ticket that was left, and of no use any more: the ticket at the next desk has
// all that was said.
func (c *Conversation) abandoned(e Effect) bool {
	if e.Left || e.Kind.Side() != DeskSide || e.Kind == CloseTicket {
		return false
	}
	t := c.ticketByKey(e.TicketKey)
	return t != nil && t.Left
}
