package conversation

import "time"

// outcome applies what came of an effect. Outcomes of effects that are not in the outbox any more change nothing.
func (c *Conversation) outcome(now time.Time, ev Event) Reason {
	if ev.Kind == CaughtUp {
		return c.caughtUp(now, ev)
	}
	if ev.Kind == SendProven {
		return c.proven(ev)
	}
	e := c.effect(ev.Key)
	if e == nil || e.Status != Pending {
		return IgnoredNoMeaning
	}
	done := *e
	switch ev.Kind {
	case EffectDoubted:
		if !e.Doubtful {
			e.Doubtful, e.TriedAt = true, ev.At
		}
		return ""
	case EffectWithdrawn:
		if c.Stale(*e) {
			c.withhold(e, c.forbids(*e))
			c.lookFor(now, done)
		}
		return ""
	case EffectUncertain:
		e.Status, e.Reason = Uncertain, ev.Reason
		if e.TriedAt.IsZero() {
			e.TriedAt = ev.At
		}
		c.Counts.Uncertain++
		c.unknown(now, done)
		c.trimTrouble()
		return ""
	case EffectFailed:
		e.Status, e.Reason = Failed, ev.Reason
		c.Counts.Failed++
		c.failed(now, done, ev)
		c.trimTrouble()
		return ""
	default: // Delivered and the answers of those effects that have one.
		c.delivered(done, ev)
		c.tookPlace(now, done, ev)
		return ""
	}
}

func (c *Conversation) delivered(e Effect, ev Event) {
	c.remove(e.Key)
	c.Counts.Delivered++
	if ev.Retried {
		c.Counts.Retried++
	}
	lost := ev.Degraded
	if lost == "" {
		lost = e.Degraded
	}
	if lost != "" {
		c.Counts.Degraded = counted(c.Counts.Degraded, lost)
	}
}

// tookPlace continues where an effect's success has a consequence.
func (c *Conversation) tookPlace(now time.Time, e Effect, ev Event) {
	switch e.Kind {
	case PauseBot:
		if e.Key == c.Claiming {
			c.restored(now)
		}
	case AskBot:
		c.botAnswered(now, e, ev)
	case OpenTicket:
		if ev.Kind == NobodyAvailable {
			c.nobodyAvailable(now, e)
			return
		}
		c.ticketOpened(now, e, ev)
	case CloseTicket:
		if t := c.ticketByKey(e.TicketKey); t != nil && t.Status == TicketClosing {
			t.Status = TicketDone
		}
	case FindTicket:
		c.found(now, e, ev)
	case Mirror:
		c.mirrored(now, e, ev)
	case ReadQueue:
		c.queueTold(now, ev.Queue)
	case Say, Post:
		c.sentAs(e, ev.MessageID)
	case ResumeBot, Notify, EditSaid, AskRating, PrepareTicket, EditPosted, Note, Assign, UpdateTicket, ReportRating, CatchUp:
	}
}

// sentAs keeps the vendor's id of what was sent, where it can be changed later.
func (c *Conversation) sentAs(e Effect, id string) {
	x, _ := c.Route.connection(e.Desk)
	if e.Kind == Say {
		x = c.Route.Channel
	}
	if line := c.Transcript.line(e.Line); line != nil && x.Able(canEdit) && id != "" {
		line.Sent = id
	}
}

// failed continues where an effect's failure has a consequence.
func (c *Conversation) failed(now time.Time, e Effect, ev Event) {
	switch e.Kind {
	case PauseBot:
		if e.Key == c.Claiming {
			c.Claiming = ""
			c.tryRung(now)
		}
	case AskBot:
		if !c.Stale(e) {
			c.handoff(now, BotDown, Wanted{})
		}
	case PrepareTicket, OpenTicket:
		c.openingFailed(now, e, ev.Reason)
	case Post:
		if ev.Reason == "conflict" || ev.Reason == "not_found" {
			c.ticketGone(now, e)
			return
		}
		c.tellAgent(now, e)
	case Assign:
		if c.State == Reassigning && !c.assigning() {
			c.tryRung(now)
		}
	case CatchUp:
		if t := c.ticket(); t != nil && t.Key == e.TicketKey {
			c.finishClosing(now)
		}
	case Say:
		c.tellAgent(now, e)
	case Mirror:
		c.notMirrored(e)
	case EditSaid, EditPosted:
		c.editFailed(now, e)
	case ReadQueue:
		c.queueTold(now, Queue{})
	case AskRating:
		c.RatableUntil = time.Time{}
	case UpdateTicket:
		if t := c.openTicket(); ev.Reason == "not_found" && t != nil && t.Key == e.TicketKey && c.Closing == "" {
			c.ticketGone(now, e)
		}
	case ResumeBot, Notify, Note, ReportRating, CloseTicket, FindTicket:
	}
}

// unknown continues where nobody can tell whether an effect took place. Words are shown as uncertain; nobody waits for
// the rest: it counts as failed.
func (c *Conversation) unknown(now time.Time, e Effect) {
	switch e.Kind {
	case Say, Post:
		c.tellAgent(now, e)
	case PauseBot, AskBot, PrepareTicket, Mirror, OpenTicket, EditSaid, EditPosted, ReadQueue, CatchUp:
		c.failed(now, e, Event{})
	case ResumeBot, Notify, AskRating, Note, Assign, UpdateTicket, ReportRating, CloseTicket, FindTicket:
	}
}

// assigning reports whether a later assignment is on its way.
func (c *Conversation) assigning() bool {
	for i := range c.Outbox {
		if c.Outbox[i].Kind == Assign && c.Outbox[i].Status == Pending {
			return true
		}
	}
	return false
}

// tellAgent tells the agent, privately, that a human's words did not arrive for sure.
func (c *Conversation) tellAgent(now time.Time, e Effect) {
	if !e.Human || c.openTicket() == nil || !c.desk().Able(canNote) {
		return
	}
	text := "Your last message may not have reached the customer."
	if e.Kind == Post {
		text = "A message of the customer may be missing here."
	}
	c.decide(now, Effect{Kind: Note, Text: text})
}

func (c *Conversation) ticketOpened(now time.Time, e Effect, ev Event) {
	t := c.ticketByKey(e.TicketKey)
	if t == nil {
		return
	}
	if ev.Ticket == nil || ev.Ticket.ID == "" {
		c.openingFailed(now, e, ev.Reason)
		return
	}
	overtaken := t.Ticket.Vendor
	t.Ticket = *ev.Ticket
	t.Ticket.Vendor = merged(overtaken, t.Ticket.Vendor)
	if t.Status == TicketDone || t.Status == TicketOpen {
		// The desk closed it, or told about it, before its opening was known.
		return
	}
	if t.Status != TicketOpening {
		// The customer is not waiting any more: an open ticket would bother an agent for nothing.
		t.Status = TicketClosing
		if c.able(t, canClose) {
			c.decide(now, Effect{Kind: CloseTicket, TicketKey: t.Key, Desk: t.Desk, Left: t.Left})
		}
		return
	}
	t.Status = TicketOpen
	switch {
	case ev.Reason != NobodyThere || c.Parked != "":
	case c.Route.Policy.OnUnavailable == ToTicket && (c.State == Waiting || c.State == Reassigning):
		c.park(now, NobodyThere, Wanted{})
	default:
		c.notice(now, TextUnavailable)
	}
}

// nobodyAvailable follows the policy where no ticket was opened because nobody is there.
func (c *Conversation) nobodyAvailable(now time.Time, e Effect) {
	choice := c.Route.Policy.OnUnavailable
	if choice == ToQueue || choice == ToTicket {
		choice = c.Route.Policy.OnExhausted
	}
	c.notOpened(now, e, NobodyThere, choice)
}

// openingFailed follows the policy where the desk opens no ticket.
func (c *Conversation) openingFailed(now time.Time, e Effect, why Reason) {
	t := c.ticketByKey(e.TicketKey)
	named := e.Kind == OpenTicket && (e.Agent != "" || e.Group != c.desk().Group)
	if named && (why == "invalid" || why == "not_found") && t != nil && t == c.ticket() && t.Status == TicketOpening &&
		t.Ticket.ID == "" && (c.State == Waiting || c.State == Reassigning) {
		// The desk does not know whom the bot named: the customer still gets a human.
		t.Status = TicketFailed
		c.open(now, Wanted{Priority: e.Priority})
		c.rest()
		return
	}
	if doubtful(why) {
		c.lookFor(now, e)
	}
	c.notOpened(now, e, DeskDown, c.Route.Policy.OnExhausted)
}

// doubtful reports whether an effect that failed for this reason may have taken place: unlike one that was refused.
func doubtful(why Reason) bool {
	return why == "" || why == TimedOut || why == "uncertain" || why == "unavailable" || why == "rate_limited"
}

func (c *Conversation) notOpened(now time.Time, e Effect, reason Reason, choice Choice) {
	t := c.ticketByKey(e.TicketKey)
	if t == nil || t.Status != TicketOpening && t.Status != TicketClosing {
		return
	}
	if t.Ticket.ID != "" {
		// The desk has told about it: it is open, whatever the call's answer was.
		opening := t.Status == TicketOpening
		t.Status = TicketOpen
		if !opening {
			c.closeTicketOf(now, t, false)
		}
		return
	}
	wanted := t.Status == TicketOpening && t == c.ticket()
	t.Status = TicketFailed
	switch {
	case !wanted:
	case c.State == Assigned:
		// An agent was named although there is no ticket: the customer's words need one.
		c.openAgain(now, reason)
	case c.State != Waiting && c.State != Reassigning:
	case c.nextDesk() >= 0:
		c.useDesk(c.nextDesk())
		c.open(now, Wanted{})
		c.rest()
	case c.opensLater():
		// The desk is asked again at the next opening.
	default:
		c.exhausted(now, reason, choice)
	}
}

// ticketGone opens a new ticket when the desk does not know the old one any more, with what was said so far. Nothing
// is lost: the words that failed are in the transcript.
func (c *Conversation) ticketGone(now time.Time, e Effect) {
	t := c.ticketByKey(e.TicketKey)
	if t == nil || t != c.ticket() {
		return
	}
	// The customer wrote while the agent closed: the end comes first, then the return.
	c.finishClosing(now)
	said := Event{Text: e.Text, Attachment: e.Attachment}
	switch {
	case c.Reason == DeskClosed && c.State == InBot:
		c.askBot(now, said, e.Line)
	case c.Reason == DeskClosed && c.State == Ended:
		c.reopen(now, said, e.Line)
	case t.Status == TicketOpen:
		t.Status = TicketDone
		c.openAgain(now, TicketGone)
	}
}

// openAgain opens a new ticket in place of the current one, a few times.
func (c *Conversation) openAgain(now time.Time, reason Reason) {
	c.Reopened++
	if c.Reopened > maxReopened {
		c.exhausted(now, reason, c.Route.Policy.OnExhausted)
		return
	}
	parked := c.Parked
	c.enter(now, Waiting, reason)
	if parked != "" && c.rests(now) {
		c.park(now, parked, Wanted{})
		return
	}
	c.open(now, Wanted{Agent: c.LastAgent.ID})
}

// proven settles a send of unknown outcome that the vendor shows to have arrived.
func (c *Conversation) proven(ev Event) Reason {
	for i := range c.Outbox {
		e := &c.Outbox[i]
		unknown := e.Status == Uncertain || e.Status == Pending && e.Doubtful
		matches := ev.Key != "" && ev.Key == e.Key || ev.Key == "" && e.Kind == Say && ev.Text != "" && ev.Text == e.Text
		if !unknown || !matches || e.Kind != Say && e.Kind != Post {
			continue
		}
		if !ev.At.IsZero() && !e.TriedAt.IsZero() && ev.At.Before(e.TriedAt.Add(-echoSkew)) {
			// The late echo of equal words that were said before.
			continue
		}
		if e.Status == Uncertain {
			c.Counts.Uncertain--
		}
		c.Counts.Delivered++
		c.sentAs(*e, ev.MessageID)
		c.remove(e.Key)
		return ""
	}
	return IgnoredNoMeaning
}

// caughtUp applies what the desk held and did not tell, and then finishes what waited for it.
func (c *Conversation) caughtUp(now time.Time, ev Event) Reason {
	e := c.effect(ev.Key)
	if e == nil || e.Status != Pending || e.Kind != CatchUp {
		return IgnoredNoMeaning
	}
	ticket := e.TicketKey
	c.delivered(*e, ev)
	c.late = true
	for _, missed := range ev.Missed {
		c.take(now, missed)
	}
	c.late = false
	if t := c.ticket(); t != nil && t.Key == ticket {
		c.finishClosing(now)
	}
	if _, away := c.deadline(AgentBackBy); away && c.Looked {
		c.agentStaysAway(now)
	}
	if c.State == InBot || c.State == Ended {
		// Late words may have silenced the bot.
		c.resumeBot(now, "", true)
	}
	return ""
}
