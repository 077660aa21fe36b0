package conversation

import (
	"maps"
	"time"
)

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
	for i := range c.Counts.IgnoredFor {
		if c.Counts.IgnoredFor[i].Reason == ignored {
			c.Counts.IgnoredFor[i].N++
			return
		}
	}
	c.Counts.IgnoredFor = append(c.Counts.IgnoredFor, ReasonCount{ignored, 1})
}

// step gives the reason for which ev changes nothing, or "".
func (c *Conversation) step(now time.Time, ev Event) Reason {
	c.learn(ev)
	switch ev.Kind {
	case CustomerSaid:
		return c.customerSaid(now, ev)
	case CustomerLeft:
		return c.customerLeft(now)
	case BotSaid:
		return c.botSaid(now, ev)
	case HandoffRequested:
		return c.handoffRequested(now, ev)
	case ChannelDropped:
		return c.channelDropped(now, ev)
	case AgentAssigned, AgentUnassigned, AgentSaid, AgentNoted, AgentEdited, AgentDeleted, AgentOffline, HandedBack, TicketClosed:
		return c.fromDesk(now, ev)
	case TicketOpened, NobodyAvailable, BotAnswered, Delivered, EffectUncertain, EffectDoubted, EffectFailed,
		EffectWithdrawn, SendProven, CaughtUp:
		return c.outcome(now, ev)
	case DeadlinePassed:
		return c.deadlinePassed(now, ev)
	case CommandHandoff, CommandAssign, CommandHandBack, CommandEnd, CommandResend, CommandNote:
		return c.command(now, ev)
	}
	return IgnoredNoMeaning
}

// learn keeps what an event tells besides what happened.
func (c *Conversation) learn(ev Event) {
	k := &c.Customer
	for _, f := range []struct {
		have *string
		told string
	}{{&k.Name, ev.Customer.Name}, {&k.Email, ev.Customer.Email}, {&k.Phone, ev.Customer.Phone}, {&k.Language, ev.Customer.Language}} {
		if f.told != "" {
			*f.have = f.told
		}
	}
	k.Fields = merged(k.Fields, ev.Customer.Fields)
	switch ev.Kind {
	case CustomerSaid, CustomerLeft, BotSaid, HandoffRequested, ChannelDropped:
		if ev.Ref != "" {
			c.Ref = ev.Ref
		}
		c.ChannelVendor = merged(c.ChannelVendor, ev.Vendor)
	case Delivered, TicketOpened:
		if e := c.effect(ev.Key); e != nil && e.Kind.Side() == DeskSide {
			c.learnDesk(e.Desk, ev.Vendor)
		}
	default:
	}
}

// learnDesk keeps what a desk's connector wants to be given back.
func (c *Conversation) learnDesk(desk string, vendor map[string]string) {
	if len(vendor) == 0 {
		return
	}
	if c.DeskVendors == nil {
		c.DeskVendors = map[string]map[string]string{}
	}
	c.DeskVendors[desk] = merged(c.DeskVendors[desk], vendor)
}

// merged gives a with the entries of b. It makes a new map: an older copy of the state keeps its own.
func merged(a, b map[string]string) map[string]string {
	if len(b) == 0 {
		return a
	}
	m := make(map[string]string, len(a)+len(b))
	//workflowcheck:ignore the order of insertion does not matter
	maps.Copy(m, a)
	//workflowcheck:ignore the order of insertion does not matter
	maps.Copy(m, b)
	return m
}

// customerSaid passes the customer's words to whoever owns the conversation.
func (c *Conversation) customerSaid(now time.Time, ev Event) Reason {
	if c.Closing != "" {
		// The customer writes after the desk closed: the end comes first, then the return.
		c.finishClosing(now)
	}
	line := c.Transcript.add(Line{
		Role: RoleCustomer, Name: c.Customer.Name, At: ev.At, Text: ev.Text, Attachment: ev.Attachment, MessageID: ev.MessageID,
	})
	switch c.State {
	case InBot:
		c.setDeadline(BotIdleAt, now.Add(time.Duration(c.Route.Policy.BotIdle)))
		if !c.Route.hasBot() || c.Route.Policy.asksForHuman(ev.Text) {
			c.handoff(now, ByCustomer, "", "")
			return ""
		}
		c.askBot(now, ev, line)
	case Waiting, Reassigning:
		c.post(now, ev, line)
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
		c.reopen(now, ev, line)
	}
	return ""
}

func (c *Conversation) askBot(now time.Time, ev Event, line int) {
	if c.Route.Bot != nil {
		c.decide(now, Effect{Kind: AskBot, Text: ev.Text, Attachment: ev.Attachment, Line: line})
	}
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
	case p.asksForHuman(ev.Text):
		c.handoff(now, ByCustomer, "", "")
	case p.Reopen == ToBot && c.Route.hasBot():
		c.enter(now, InBot, CustomerBack)
		c.askBot(now, ev, line)
	case p.Reopen == SameAgent:
		c.handoff(now, CustomerBack, c.LastAgent.ID, "")
	default:
		c.handoff(now, CustomerBack, "", "")
	}
}

func (c *Conversation) customerLeft(now time.Time) Reason {
	if c.State == Ended {
		return IgnoredNoMeaning
	}
	c.end(now, CustomerGone, "")
	return ""
}

// botSaid records what a hosted bot said. It is what the customer saw, whoever owned the conversation.
func (c *Conversation) botSaid(now time.Time, ev Event) Reason {
	c.Transcript.add(Line{Role: RoleBot, Name: ev.Author.Name, At: ev.At, Text: ev.Text, Attachment: ev.Attachment, MessageID: ev.MessageID})
	if c.State == InBot {
		c.setDeadline(BotIdleAt, now.Add(time.Duration(c.Route.Policy.BotIdle)))
	}
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
	c.handoff(now, reason, ev.Agent, ev.Group)
	return ""
}

// handoff makes the customer wait for a human.
func (c *Conversation) handoff(now time.Time, reason Reason, agent, group string) {
	c.enter(now, Waiting, reason)
	c.Reopened = 0
	if agent == "" || agent != c.LastAgent.ID {
		c.Desk = 0
	}
	text := TextWaiting
	if reason == BotDown {
		text = TextBotFailed
	}
	if !c.Route.Channel.SendingTakesOver {
		c.pauseBot(now)
	}
	c.notice(now, text)
	c.open(now, agent, group)
}

// open asks the desk for an agent, with what was said so far. Where another desk comes next, this one is passed over if
// nobody is there.
func (c *Conversation) open(now time.Time, agent, group string) {
	if group == "" {
		group = c.desk().Group
	}
	// The ticket is named after the first effect that is about it.
	c.addTicket(TicketRecord{Key: c.keyNumber(c.LastKey + 1), Desk: c.desk().Name, Status: TicketOpening})
	upto := c.Transcript.Last
	if c.desk().Able(canPrepare) && len(c.DeskVendors[c.desk().Name]) == 0 {
		c.decide(now, Effect{Kind: PrepareTicket, Upto: upto})
	}
	c.decide(now, Effect{
		Kind: OpenTicket, Agent: agent, Group: group, Upto: upto,
		IfAvailable: c.desk().Able(canAvailability) && (c.Route.Policy.OnUnavailable != ToQueue || c.Desk+1 < len(c.Route.Desks)),
	})
	c.setDeadline(AcceptBy, now.Add(time.Duration(c.Route.Policy.AcceptWithin)))
}

// pauseBot takes the conversation from the bot that the channel hosts, once.
func (c *Conversation) pauseBot(now time.Time) {
	if c.Route.Channel.Able(canPauseBot) && !c.Paused {
		c.Paused = true
		c.decide(now, Effect{Kind: PauseBot})
	}
}

// notice says one of the policy's texts to the customer, and to the transcript. Where saying anything silences the
// hosted bot, only an explicit text is said while the bot is not paused, and it is paused first, so that it is resumed
// later. A customer who waited for a human in vain is told so in any case.
func (c *Conversation) notice(now time.Time, name TextName, variables ...string) {
	text, explicit := c.Route.Policy.text(name, variables...)
	if text == "" {
		return
	}
	if c.Route.Channel.SendingTakesOver {
		inVain := c.State == Ended && c.History[len(c.History)-1].From != InBot
		if !c.Paused && !explicit && !inVain {
			return
		}
		c.pauseBot(now)
	}
	line := c.Transcript.add(Line{Role: RoleNotice, At: now, Text: text})
	c.decide(now, Effect{Kind: Say, Text: text, Line: line})
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
	previous := c.Agent
	c.State, c.Reason, c.Since = state, reason, now
	c.Deadlines = nil
	c.Closing, c.Claiming, c.Held = "", "", nil
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
	case Assigned:
		c.setDeadline(FirstReplyBy, now.Add(time.Duration(p.FirstReplyWithin)))
	case Ended:
		c.WaitingSince = time.Time{}
		c.setDeadline(LingerUntil, now.Add(time.Duration(p.Linger)))
	}
	if state == InBot || state == Ended {
		c.Rung, c.Requeued = 0, false
	}
	if state != Assigned {
		c.announce(now, previous)
	}
}

// announce tells a channel that shows who has the conversation of the last change of state. Previous is the agent who
// had it.
func (c *Conversation) announce(now time.Time, previous Author) {
	if !c.Route.Channel.Able(canNotify) {
		return
	}
	last := c.History[len(c.History)-1]
	c.decide(now, Effect{Kind: Notify, Change: &Change{
		From: last.From, To: last.To, Reason: last.Reason, Agent: c.Agent, Previous: previous,
	}})
}

// handBack gives the customer back to the bot.
func (c *Conversation) handBack(now time.Time, reason Reason, text TextName, node string) {
	c.enter(now, InBot, reason)
	c.closeTicket(now, false)
	c.notice(now, text)
	c.resumeBot(now, node, false)
}

// end ends the conversation, says text, and never leaves the customer with a mute bot.
func (c *Conversation) end(now time.Time, reason Reason, text TextName) {
	c.enter(now, Ended, reason)
	c.closeTicket(now, reason == CustomerGone)
	if text != "" {
		c.notice(now, text)
	}
	c.resumeBot(now, "", true)
}

// resumeBot gives the conversation back to the bot that the channel hosts. After a hand-back the bot speaks at once, even
// one that was not paused: its flow may have stopped where it asked for a human.
func (c *Conversation) resumeBot(now time.Time, node string, end bool) {
	if end && !c.Paused || !c.Route.Channel.Able(canResumeBot) {
		return
	}
	c.Paused = false
	c.decide(now, Effect{Kind: ResumeBot, Node: node, End: end})
}

// closeTicket closes the open ticket. One that is being opened is closed when it is open.
func (c *Conversation) closeTicket(now time.Time, byCustomer bool) {
	if t := c.openTicket(); t != nil {
		c.closeTicketOf(now, t, byCustomer)
	}
}

func (c *Conversation) closeTicketOf(now time.Time, t *TicketRecord, byCustomer bool) {
	opening := t.Status == TicketOpening
	t.Status = TicketClosing
	if !opening && c.able(t, canClose) {
		c.decide(now, Effect{Kind: CloseTicket, TicketKey: t.Key, Desk: t.Desk, ByCustomer: byCustomer})
	}
}

// Over reports whether the conversation has lingered long enough and has nothing left to do.
func (c *Conversation) Over() bool {
	return c.State == Ended && len(c.Deadlines) == 0 && c.Pending() == 0
}
