package conversation

import "time"

// Apply moves the conversation on by one event and gives the effects that it decided. It reads nothing but its
// arguments: no clock, no I/O, no map range. An event with no meaning in the present state changes nothing and is
// counted: vendors repeat and reorder webhooks, and an error here would wedge the workflow for good.
//
// The effects are in the outbox as well; they are done from there (Take).
func (c *Conversation) Apply(now time.Time, ev Event) []Effect {
	c.decided = nil
	c.take(now, ev)
	return c.decided
}

// take applies ev if it is new, and counts what became of it. Events without an id are our own and are not counted.
func (c *Conversation) take(now time.Time, ev Event) {
	if ev.ID == "" {
		c.step(now, ev)
		return
	}
	c.Counts.Received++
	if !c.Seen.Add(ev.Source, ev.ID) {
		c.Counts.Duplicates++
		return
	}
	ignored := IgnoredForeign
	if c.Route.has(ev.Source) {
		ignored = c.step(now, ev)
	}
	if ignored == "" {
		c.Counts.Applied++
		return
	}
	c.Counts.Ignored++
	c.Counts.IgnoredFor = counted(c.Counts.IgnoredFor, ignored)
}

// step gives the reason for which ev changes nothing, or "".
func (c *Conversation) step(now time.Time, ev Event) Reason {
	c.learn(ev)
	c.chooseRoute()
	switch ev.Kind {
	case CustomerSaid:
		return c.customerSaid(now, ev)
	case CustomerLeft:
		return c.customerLeft(now)
	case CustomerEdited:
		return c.customerEdited(now, ev)
	case CustomerDeleted:
		return c.customerDeleted(now, ev)
	case CustomerRated:
		return c.rated(now, ev)
	case BotRequested:
		return c.botRequested(now, ev.Node)
	case BotSaid:
		return c.botSaid(now, ev)
	case HandoffRequested:
		return c.handoffRequested(now, ev)
	case ChannelDropped:
		return c.channelDropped(now, ev)
	case AgentAssigned, AgentUnassigned, AgentSaid, AgentNoted, AgentEdited, AgentDeleted, AgentOffline, AgentOnline, HandedBack,
		TicketClosed:
		return c.fromDesk(now, ev)
	case TicketOpened, NobodyAvailable, BotAnswered, Delivered, EffectUncertain, EffectDoubted, EffectFailed,
		EffectWithdrawn, SendProven, QueueTold, CaughtUp:
		return c.outcome(now, ev)
	case DeadlinePassed:
		return c.deadlinePassed(now, ev)
	case CommandHandoff, CommandAssign, CommandHandBack, CommandEnd, CommandResend, CommandNote, CommandPolicy:
		return c.command(now, ev)
	}
	return IgnoredNoMeaning
}

// customerSaid passes the customer's words to whoever owns the conversation.
func (c *Conversation) customerSaid(now time.Time, ev Event) Reason {
	if c.Closing != "" {
		// The customer writes after the desk closed: the end comes first, then the return.
		c.finishClosing(now)
	}
	c.heard(now, ev.At)
	said, read, isButton := c.pressed(ev.Text)
	line := c.Transcript.add(Line{
		Role: RoleCustomer, Name: c.Customer.Name, At: ev.At, Text: read, Attachment: ev.Attachment, MessageID: ev.MessageID,
	})
	ev.Text = said
	if rating, ok := c.rates(now, ev.Text); ok && !isButton {
		return c.rated(now, Event{Rating: rating})
	}
	wish := c.Route.Policy.wishOf(c.Customer.Language, ev.Text)
	switch c.State {
	case InBot:
		c.setDeadline(BotIdleAt, now.Add(time.Duration(c.Route.Policy.BotIdle)))
		switch {
		case wish == theEnd:
			c.end(now, CustomerGone, TextEnded)
			return ""
		case !c.Route.hasBot() || wish == aHuman:
			c.handoff(now, ByCustomer, Wanted{})
			return ""
		}
		c.askBot(now, ev, line)
		c.mirror(now)
	case Waiting, Reassigning:
		c.post(now, ev, line)
		c.learnAddress(now, ev.Text)
	case Assigned:
		c.post(now, ev, line)
		c.clearDeadline(CustomerWarnAt, CustomerBy)
		if c.WaitingSince.IsZero() {
			c.WaitingSince = now
		}
		if _, running := c.deadline(AgentReplyBy); c.Spoke && !running {
			c.setDeadline(AgentReplyBy, now.Add(time.Duration(c.Route.Policy.AgentIdle)))
		}
	case Ended:
		if wish != theEnd {
			c.reopen(now, ev, line)
		}
		return ""
	}
	switch {
	case wish == theEnd:
		c.end(now, CustomerGone, TextEnded)
	case wish == theBot && c.State != InBot:
		c.botRequested(now, "")
	}
	return ""
}

func (c *Conversation) post(now time.Time, ev Event, line int) {
	if c.openTicket() != nil {
		c.decide(now, Effect{Kind: Post, Text: ev.Text, Attachment: ev.Attachment, Line: line})
	}
}

// reopen takes a customer back who writes after the end.
func (c *Conversation) reopen(now time.Time, ev Event, line int) {
	p := c.Route.Policy
	switch {
	case p.wishOf(c.Customer.Language, ev.Text) == aHuman:
		c.handoff(now, ByCustomer, Wanted{})
	case p.Reopen == ToBot && c.Route.hasBot():
		c.enter(now, InBot, CustomerBack)
		c.askBot(now, ev, line)
		c.mirror(now)
	case p.Reopen == SameAgent && (p.SameAgentFor == 0 || !now.After(c.Since.Add(time.Duration(p.SameAgentFor)))):
		c.handoff(now, CustomerBack, Wanted{Agent: c.LastAgent.ID})
	default:
		c.handoff(now, CustomerBack, Wanted{})
	}
	if c.State == InBot && c.Reason == OutOfHours {
		// The bot has the customer instead of a human.
		c.askBot(now, ev, line)
	}
}

func (c *Conversation) customerLeft(now time.Time) Reason {
	if c.State == Ended {
		return IgnoredNoMeaning
	}
	c.end(now, CustomerGone, "")
	return ""
}

// handoffRequested starts a handoff; the first trigger wins.
func (c *Conversation) handoffRequested(now time.Time, ev Event) Reason {
	if c.State != InBot && c.State != Ended {
		return IgnoredNoMeaning
	}
	reason := ev.Reason
	if reason == "" {
		reason = ByBot
	}
	c.handoff(now, reason, Wanted{Agent: ev.Agent, Group: ev.Group, Priority: ev.Priority})
	return ""
}

// handoff makes the customer wait for a human, or says that nobody is here.
func (c *Conversation) handoff(now time.Time, reason Reason, wanted Wanted) {
	if c.closed(now) && !c.rests(now) && reason != BotDown {
		c.refuse(now)
		return
	}
	c.enter(now, Waiting, reason)
	c.Reopened = 0
	if wanted.Agent == "" || wanted.Agent != c.LastAgent.ID {
		c.Desk = 0
	}
	if !c.Route.Channel.SendingTakesOver {
		c.pauseBot(now)
	}
	if c.closed(now) {
		c.park(now, OutOfHours, wanted)
		return
	}
	text := TextWaiting
	if reason == BotDown {
		text = TextBotFailed
	}
	c.notice(now, text)
	c.open(now, wanted)
}

// refuse tells a customer who asks for a human outside the hours that nobody is here, where the policy wants no ticket.
func (c *Conversation) refuse(now time.Time) {
	words := ""
	if opens, known := c.nextOpening(now); known {
		words = c.opensInWords(now, opens)
	}
	switch {
	case c.Route.Policy.OnClosed == ToBot && c.Route.hasBot():
		c.handBack(now, OutOfHours, TextClosedBot, "", "{opens}", words)
	case c.State == Ended:
		c.notice(now, TextClosed, "{opens}", words)
		// Saying so may have silenced the bot.
		c.resumeBot(now, "", true)
	default:
		c.end(now, OutOfHours, TextClosed, "{opens}", words)
	}
}

// open asks the desk for an agent, with what was said so far. Where another desk comes next, this one is passed over if
// nobody is there. A ticket that agents have read along becomes the one asked for.
func (c *Conversation) open(now time.Time, wanted Wanted) {
	group := wanted.Group
	if group == "" {
		group = c.desk().Group
	}
	var within Duration
	if c.Rules >= RulesFlows {
		within = c.patience()
	}
	upto := c.Transcript.Last
	mirrored := false
	if t := c.mirroredTicket(); t != nil && t.Desk == c.desk().Name {
		t.Status, mirrored = TicketOpening, true
	} else {
		c.closeTicket(now, false)
		// The ticket is named after the first effect that is about it.
		c.addTicket(TicketRecord{Key: c.keyNumber(c.LastKey + 1), Desk: c.desk().Name, Status: TicketOpening})
		c.prepare(now, upto, within)
	}
	more := c.nextDesk() >= 0
	queues := c.Route.Policy.OnUnavailable == ToQueue || c.Route.Policy.OnUnavailable == ToTicket
	e := Effect{
		Kind: OpenTicket, Agent: wanted.Agent, Group: group, Priority: wanted.Priority, Upto: upto, Mirrored: mirrored,
		Within: within, IfAvailable: c.desk().Able(canAvailability) && (!queues || more),
	}
	c.decide(now, e)
	c.setDeadline(AcceptBy, now.Add(time.Duration(c.Route.Policy.AcceptWithin)))
}

// patience is how long the desk is tried before the next one is asked; zero where there is none.
func (c *Conversation) patience() Duration {
	if c.nextDesk() < 0 {
		return 0
	}
	return c.Route.Policy.DeskDownAfter
}

// prepare does what the desk needs before its first ticket; it is tried for as long as any send unless within is set.
func (c *Conversation) prepare(now time.Time, upto int, within Duration) {
	if c.desk().Able(canPrepare) && len(c.DeskVendors[c.desk().Name]) == 0 {
		c.decide(now, Effect{Kind: PrepareTicket, Upto: upto, Within: within})
	}
}

// notice says one of the policy's texts to the customer, and to the transcript. Where saying anything silences the
// hosted bot, only an explicit text is said while the bot is not paused, and it is paused first, so that it is resumed
// later. A customer who waited for a human in vain is told so in any case.
func (c *Conversation) notice(now time.Time, name TextName, variables ...string) {
	text, explicit := c.Route.Policy.text(c.Customer.Language, name, variables...)
	if text == "" {
		return
	}
	if c.Route.Channel.SendingTakesOver {
		inVain := c.State == Ended && c.History[len(c.History)-1].From != InBot ||
			c.State != Waiting && (name == TextClosed || name == TextClosedBot)
		if !c.Paused && !explicit && !inVain {
			return
		}
		c.pauseBot(now)
	}
	said := Effect{Kind: Say, Text: text}
	if !c.windowClosed(now) {
		// What is withheld is nothing that was said.
		said.Line = c.Transcript.add(Line{Role: RoleNotice, At: now, Text: text})
	}
	c.decide(now, said)
}

// enter changes the state. The epoch rises whenever the owner may have changed.
func (c *Conversation) enter(now time.Time, state State, reason Reason) {
	if !(c.State == Waiting && state == Reassigning) {
		c.Epoch++
	}
	c.History = append(c.History, Transition{From: c.State, To: state, Reason: reason, At: now, Epoch: c.Epoch})
	if len(c.History) > maxHistory {
		c.History = c.History[1:]
		c.HistoryCut++
	}
	waitUntil, waiting := c.deadline(WaitUntil)
	noticeAt, noticed := c.deadline(NoticeAt)
	previous := c.Agent
	if c.State == InBot && state != InBot {
		c.BotLeft = c.Transcript.Last
	}
	c.State, c.Reason, c.Since = state, reason, now
	c.Deadlines = nil
	c.Closing, c.Claiming, c.Held = "", "", nil
	c.Parked, c.Wanted, c.Asked, c.Looked = "", Wanted{}, "", false
	c.Offered = nil
	if state != Assigned {
		c.Agent, c.Spoke = Author{}, false
	}
	p := c.Route.Policy
	switch state {
	case InBot:
		c.WaitingSince = time.Time{}
		c.setDeadline(BotIdleAt, now.Add(time.Duration(p.BotIdle)))
	case Waiting, Reassigning:
		if c.WaitingSince.IsZero() {
			c.WaitingSince = now
		}
		if !waiting {
			waitUntil = c.WaitingSince.Add(time.Duration(p.MaxWait))
		}
		c.setDeadline(WaitUntil, waitUntil)
		if every := time.Duration(p.WaitNotice); every > 0 {
			if !noticed {
				noticeAt = now.Add(every)
			}
			c.setDeadline(NoticeAt, noticeAt)
		}
	case Assigned:
		c.Position = 0
		c.setDeadline(FirstReplyBy, now.Add(time.Duration(p.FirstReplyWithin)))
	case Ended:
		c.WaitingSince = time.Time{}
		c.setDeadline(LingerUntil, now.Add(time.Duration(p.Linger)))
	}
	if state == InBot || state == Ended {
		c.Rung, c.Requeued, c.Position = 0, false, 0
		c.Left, c.Declined = nil, nil
	}
	if state != Assigned {
		c.announce(now, previous)
	}
}

// announce tells of the last change of state where it shows: at the channel, and on the ticket. Previous is the agent who
// had the conversation.
func (c *Conversation) announce(now time.Time, previous Author) {
	last := c.History[len(c.History)-1]
	change := Change{From: last.From, To: last.To, Reason: last.Reason, Agent: c.Agent, Previous: previous}
	if c.Route.Channel.Able(canNotify) {
		c.decide(now, Effect{Kind: Notify, Change: &change})
	}
	t := c.ticket()
	// A ticket that an agent closed shows the end too.
	over := t != nil && t.Status == TicketDone && t.Ticket.ID != "" && !c.atDesk(last.To) && c.atDesk(last.From)
	if t != nil && (t.live() || over) && c.able(t, canUpdate) {
		c.decide(now, Effect{Kind: UpdateTicket, Change: &change, WaitingSince: c.WaitingSince})
	}
}

// atDesk reports whether a human is asked for, or there, in the state.
func (c *Conversation) atDesk(s State) bool { return s == Waiting || s == Assigned || s == Reassigning }

// handBack gives the customer back to the bot.
func (c *Conversation) handBack(now time.Time, reason Reason, text TextName, node string, variables ...string) {
	c.enter(now, InBot, reason)
	c.closeTicket(now, false)
	c.notice(now, text, variables...)
	c.survey(now, reason)
	c.resumeBot(now, node, false)
}

// end ends the conversation, says text, and never leaves the customer with a mute bot.
func (c *Conversation) end(now time.Time, reason Reason, text TextName, variables ...string) {
	c.enter(now, Ended, reason)
	c.closeTicket(now, reason == CustomerGone)
	if text != "" {
		c.notice(now, text, variables...)
	}
	c.survey(now, reason)
	c.Unmirrored = false
	c.resumeBot(now, "", true)
}

// closeTicket closes the open ticket, or the one that agents have read along. One that is being opened is closed when it
// is open.
func (c *Conversation) closeTicket(now time.Time, byCustomer bool) {
	if t := c.ticket(); t != nil && (t.live() || t.Status == TicketMirrored) {
		c.closeTicketOf(now, t, byCustomer)
	}
}

func (c *Conversation) closeTicketOf(now time.Time, t *TicketRecord, byCustomer bool) {
	opening := t.Status == TicketOpening || t.Status == TicketMirrored && t.Ticket.ID == ""
	t.Status = TicketClosing
	if !opening && c.able(t, canClose) {
		c.decide(now, Effect{Kind: CloseTicket, TicketKey: t.Key, Desk: t.Desk, ByCustomer: byCustomer})
	}
}

// Over reports whether the conversation has lingered long enough and has nothing left to do.
func (c *Conversation) Over() bool {
	return c.State == Ended && len(c.Deadlines) == 0 && c.Pending() == 0
}
