package conversation

import (
	"slices"
	"time"
)

// ticketCalled finds a ticket by the desk's name of it, or gives nil.
func (c *Conversation) ticketCalled(id string) *TicketRecord {
	for i := len(c.Tickets) - 1; i >= 0 && id != ""; i-- {
		if c.Tickets[i].Ticket.ID == id {
			return &c.Tickets[i]
		}
	}
	return nil
}

// learnTicket keeps what an event tells about the current ticket: its name, if the event overtook TicketOpened, and what
// the connector wants to be given back.
func (c *Conversation) learnTicket(ev Event) {
	t := c.ticket()
	if t == nil {
		return
	}
	if t.Ticket.ID == "" && t.Status == TicketOpening {
		t.Ticket.ID = ev.TicketID
	}
	t.Ticket.Vendor = merged(t.Ticket.Vendor, ev.Vendor)
}

// isOldTicket reports whether ev is about another ticket than the current one. While a ticket is being opened its name
// is not known, and what the desk tells may overtake it: that desk, not one which was asked before.
func (c *Conversation) isOldTicket(ev Event) bool {
	if t := c.ticket(); c.Rules >= RulesFlows && t != nil && c.isOtherDesk(ev, t) {
		return true
	}
	if ev.TicketID == "" {
		return false
	}
	t := c.ticket()
	if t == nil || t.Ticket.ID != "" {
		return t == nil || t.Ticket.ID != ev.TicketID
	}
	return c.ticketCalled(ev.TicketID) != nil
}

// onOldTicket applies what the desk tells about a ticket that is over. An agent who writes into it is told, once, that
// nobody reads it; but words that were said before it was closed still reach the customer.
func (c *Conversation) onOldTicket(now time.Time, ev Event) Reason {
	t := c.ticketOf(ev)
	if t == nil && c.Rules >= RulesFlows {
		t = c.shows(ev)
	}
	if t == nil && ev.TicketID != "" && ev.Kind == AgentSaid && len(c.Tickets) < maxHistory {
		// A ticket that an agent opened besides the current one, or that a repeated opening left behind.
		desk := c.Route.Desks[c.deskIndex(ev)].Name
		known := TicketRecord{Key: c.nextKey(), Desk: desk, Ticket: Ticket{ID: ev.TicketID, Vendor: ev.Vendor}, Status: TicketDone}
		c.Tickets = append([]TicketRecord{known}, c.Tickets...)
		t = &c.Tickets[0]
	}
	switch {
	case ev.Kind == AgentSaid && c.late:
		c.say(now, ev)
		return ""
	case t == nil:
		return IgnoredOldTicket
	case ev.Kind == TicketClosed && (t.Status == TicketClosing || t.Status == TicketFailed):
		t.Status = TicketDone
		return ""
	case ev.Kind == AgentSaid && !t.Told && c.able(t, canNote) && t.Ticket.ID != "":
		t.Told = true
		left := c.Rules >= RulesFlows && t.Desk != c.desk().Name
		c.decide(now, Effect{Kind: Note, TicketKey: t.Key, Desk: t.Desk, Left: left, Text: ticketIsOver})
	}
	if t.Status == TicketFailed && t.Ticket.ID != "" {
		// It was opened, and nobody was told.
		t.Status = TicketClosing
		c.leave(now, t, ticketIsOver)
	}
	return IgnoredOldTicket
}

// ticketOf gives the ticket that the desk tells about, or nil if it is not known: where ev does not name it, the desk's
// newest.
func (c *Conversation) ticketOf(ev Event) *TicketRecord {
	if ev.TicketID != "" {
		return c.ticketCalled(ev.TicketID)
	}
	t := c.ticket()
	if c.Rules < RulesFlows || t == nil || !c.isOtherDesk(ev, t) {
		return t
	}
	for i := range slices.Backward(c.Tickets) {
		if c.Tickets[i].Desk == ev.Source {
			return &c.Tickets[i]
		}
	}
	return nil
}

// shows gives the ticket that ev shows to be there although its opening counts as failed: the answer was lost, and
// nobody waited for it any longer. One that an agent opened by himself is another.
func (c *Conversation) shows(ev Event) *TicketRecord {
	if ev.TicketID == "" || ev.Ticket != nil {
		return nil
	}
	for i := range slices.Backward(c.Tickets) {
		if t := &c.Tickets[i]; t.Status == TicketFailed && t.Ticket.ID == "" && t.Desk == ev.Source {
			t.Ticket = Ticket{ID: ev.TicketID, Vendor: ev.Vendor}
			return t
		}
	}
	return nil
}
