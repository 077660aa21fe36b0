package conversation

import "time"

// mirror shows the agents what was said while the bot has the customer, where the policy wants that. The ticket is made
// with the first line.
func (c *Conversation) mirror(now time.Time) {
	if c.State != InBot || c.Unmirrored || c.Route.Policy.Mirror != On || !c.Route.Desks[0].Able(canMirror) {
		return
	}
	if c.mirroredTicket() == nil {
		c.Desk = 0
		c.addTicket(TicketRecord{Key: c.keyNumber(c.LastKey + 1), Desk: c.desk().Name, Status: TicketMirrored})
		c.prepare(now, c.Transcript.Last, 0)
	}
	c.decide(now, Effect{Kind: Mirror, Upto: c.Transcript.Last})
}

// mirrored keeps what came of showing lines to the agents.
func (c *Conversation) mirrored(now time.Time, e Effect, ev Event) {
	t := c.ticketByKey(e.TicketKey)
	if t == nil || ev.Ticket == nil || ev.Ticket.ID == "" {
		return
	}
	isNew := t.Ticket.ID == ""
	overtaken := t.Ticket.Vendor
	t.Ticket = *ev.Ticket
	t.Ticket.Vendor = merged(overtaken, t.Ticket.Vendor)
	t.Shown = max(t.Shown, e.Upto)
	if isNew && t.Status == TicketClosing && c.able(t, canClose) {
		// The conversation ended before its ticket was there.
		c.decide(now, Effect{Kind: CloseTicket, TicketKey: t.Key, Desk: t.Desk})
	}
}

// notMirrored gives up a mirrored ticket that could not be made. The lines are shown with the next, or when a human is
// asked for.
func (c *Conversation) notMirrored(e Effect) {
	t := c.ticketByKey(e.TicketKey)
	if t == nil || t.Ticket.ID != "" {
		return
	}
	switch t.Status {
	case TicketMirrored:
		t.Status = TicketFailed
	case TicketClosing:
		t.Status = TicketDone
	case TicketOpening, TicketOpen, TicketDone, TicketFailed:
	}
}

// onMirrored applies what the desk tells about a ticket that agents only read along. An agent who takes it or writes into
// it takes the customer from the bot. The second result is false for anything else.
func (c *Conversation) onMirrored(now time.Time, ev Event) (Reason, bool) {
	t := c.mirroredTicket()
	if c.State != InBot && c.Parked == "" || t == nil || c.late || c.isOldTicket(ev) || c.isOtherDesk(ev, t) {
		return "", false
	}
	switch ev.Kind {
	case AgentSaid, AgentAssigned:
		if ev.Kind == AgentAssigned && (agentOf(ev).ID == "" || !ev.At.IsZero() && ev.At.Before(c.RoutedAt)) {
			return IgnoredNoMeaning, true
		}
		t.Status = TicketOpen
		c.enter(now, Waiting, AgentBarged)
		c.setDeadline(AcceptBy, now.Add(time.Duration(c.Route.Policy.AcceptWithin)))
		return "", false
	case TicketClosed:
		t.Status, c.Unmirrored = TicketDone, true
		return "", true
	case AgentNoted:
		return "", true
	default:
		return IgnoredNoMeaning, true
	}
}

// isOtherDesk reports whether another desk than the ticket's told ev.
func (c *Conversation) isOtherDesk(ev Event, t *TicketRecord) bool {
	for _, d := range c.Route.Desks {
		if d.Name == ev.Source {
			return d.Name != t.Desk
		}
	}
	return false
}
