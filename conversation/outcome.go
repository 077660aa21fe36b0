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
			c.withhold(e, OwnerChanged)
		}
		return ""
	case EffectUncertain:
		e.Status, e.Reason = Uncertain, ev.Reason
		c.Counts.Uncertain++
		c.tellAgent(now, done)
		return ""
	case EffectFailed:
		e.Status, e.Reason = Failed, ev.Reason
		c.Counts.Failed++
		c.failed(now, done, ev)
		return ""
	case NobodyAvailable:
		c.delivered(done, ev)
		c.nobodyAvailable(now, done)
		return ""
	case TicketOpened:
		c.delivered(done, ev)
		c.ticketOpened(now, done, ev)
		return ""
	case BotAnswered:
		c.delivered(done, ev)
		c.botAnswered(now, done, ev)
		return ""
	case Delivered:
		c.delivered(done, ev)
		c.tookPlace(now, done)
		return ""
	default:
		return IgnoredNoMeaning
	}
}

func (c *Conversation) delivered(e Effect, ev Event) {
	c.remove(e.Key)
	c.Counts.Delivered++
	if ev.Retried {
		c.Counts.Retried++
	}
}

// tookPlace continues where an effect's success has a consequence.
func (c *Conversation) tookPlace(now time.Time, e Effect) {
	switch {
	case e.Key == c.Claiming:
		c.restored(now)
	case e.Kind == CloseTicket:
		if t := c.ticketByKey(e.TicketKey); t != nil && t.Status == TicketClosing {
			t.Status = TicketDone
		}
	}
}

// failed continues where an effect's failure has a consequence.
func (c *Conversation) failed(now time.Time, e Effect, ev Event) {
	switch e.Kind {
	case Say:
		c.tellAgent(now, e)
	case PauseBot:
		if e.Key == c.Claiming {
			c.Claiming = ""
			c.tryRung(now)
		}
	case AskBot:
		if !c.Stale(e) {
			c.botFailed(now)
		}
	case PrepareTicket, OpenTicket:
		c.openingFailed(now, e)
	case Post:
		if ev.Reason == "conflict" || ev.Reason == "not_found" {
			c.ticketGone(now, e)
		}
	case Assign:
		if c.State == Reassigning {
			c.tryRung(now)
		}
	case CatchUp:
		c.finishClosing(now)
	case ResumeBot, Note, CloseTicket:
	}
}

// tellAgent tells the agent, privately, that the customer did not get a human's words for sure.
func (c *Conversation) tellAgent(now time.Time, e Effect) {
	if e.Kind != Say || !e.Human {
		return
	}
	if t := c.openTicket(); t != nil && c.desk().Able(canNote) {
		c.decide(now, Effect{Kind: Note, Text: "Your last message may not have reached the customer."})
	}
}

func (c *Conversation) ticketOpened(now time.Time, e Effect, ev Event) {
	t := c.ticketByKey(e.TicketKey)
	if t == nil || ev.Ticket == nil {
		return
	}
	t.Ticket = *ev.Ticket
	if t.Status != TicketOpening || t != c.ticket() || c.State == InBot || c.State == Ended {
		// The customer is not waiting any more: an open ticket would bother an agent for nothing.
		t.Status = TicketClosing
		if c.desk().Able(canClose) {
			c.decide(now, Effect{Kind: CloseTicket, TicketKey: t.Key, Desk: t.Desk})
		}
		return
	}
	t.Status = TicketOpen
	if ev.Reason == NobodyThere {
		c.notice(now, TextUnavailable)
	}
}

// nobodyAvailable follows the policy where no ticket was opened because nobody is there.
func (c *Conversation) nobodyAvailable(now time.Time, e Effect) {
	if t := c.ticketByKey(e.TicketKey); t != nil {
		t.Status = TicketFailed
	}
	if c.State == Waiting || c.State == Reassigning {
		c.exhausted(now, NobodyThere, c.Route.Policy.OnUnavailable)
	}
}

func (c *Conversation) openingFailed(now time.Time, e Effect) {
	t := c.ticketByKey(e.TicketKey)
	if t == nil || t.Status == TicketFailed {
		return
	}
	t.Status = TicketFailed
	if t == c.ticket() && (c.State == Waiting || c.State == Reassigning) {
		c.exhausted(now, DeskDown, c.Route.Policy.OnExhausted)
	}
}

// ticketGone opens a new ticket when the desk does not know the old one any more, with what was said so far. Nothing
// is lost: the words that failed are in the transcript.
func (c *Conversation) ticketGone(now time.Time, e Effect) {
	t := c.ticketByKey(e.TicketKey)
	if t == nil || t != c.ticket() || t.Status != TicketOpen {
		return
	}
	if c.Closing != "" {
		return
	}
	t.Status = TicketDone
	if c.State != Waiting && c.State != Reassigning && c.State != Assigned {
		return
	}
	c.Reopened++
	if c.Reopened > maxReopened {
		c.exhausted(now, TicketGone, c.Route.Policy.OnExhausted)
		return
	}
	c.enter(now, Waiting, TicketGone)
	c.open(now, c.LastAgent.ID, "")
}

// botAnswered says what a bot that we call answered, or shows it as withheld if the bot lost the conversation meanwhile.
func (c *Conversation) botAnswered(now time.Time, e Effect, ev Event) {
	if ev.Answer == nil {
		return
	}
	c.BotVendor = merged(c.BotVendor, ev.Answer.Vendor)
	late := c.Stale(e)
	for _, m := range ev.Answer.Messages {
		said := Effect{Kind: Say, Text: m.Text, Attachment: m.Attachment, Author: Author{Name: "bot"}}
		if late {
			said.Status, said.Reason = Withheld, OwnerChanged
			c.decide(now, said)
			continue
		}
		said.Line = c.Transcript.add(Line{Role: RoleBot, At: now, Text: m.Text, Attachment: m.Attachment})
		c.decide(now, said)
	}
	if late || c.State != InBot {
		return
	}
	c.BotSeen = c.Transcript.Last
	switch {
	case ev.Answer.Handoff:
		c.handoff(now, ByBot, ev.Answer.Agent, ev.Answer.Group)
	case ev.Answer.End:
		c.end(now, BotFinished, "")
	}
}

// botFailed hands the customer to a human when the bot cannot answer.
func (c *Conversation) botFailed(now time.Time) {
	c.notice(now, TextBotFailed)
	c.handoff(now, BotDown, "", "")
}

// proven settles a send of unknown outcome that the vendor shows to have arrived.
func (c *Conversation) proven(ev Event) Reason {
	for i := range c.Outbox {
		e := &c.Outbox[i]
		unknown := e.Status == Uncertain || e.Status == Pending && e.Doubtful
		matches := ev.Key != "" && ev.Key == e.Key || ev.Key == "" && e.Kind == Say && ev.Text != "" && ev.Text == e.Text
		if !unknown || !matches {
			continue
		}
		if e.Status == Uncertain {
			c.Counts.Uncertain--
		}
		c.Counts.Delivered++
		c.remove(e.Key)
		return ""
	}
	return IgnoredNoMeaning
}

// caughtUp applies what the desk held and did not tell, and then finishes what waited for it.
func (c *Conversation) caughtUp(now time.Time, ev Event) Reason {
	if e := c.effect(ev.Key); e != nil {
		c.remove(e.Key)
		c.Counts.Delivered++
	}
	for _, missed := range ev.Missed {
		c.take(now, missed)
	}
	c.finishClosing(now)
	return ""
}
