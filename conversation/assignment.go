package conversation

import (
	"slices"
	"time"
)

// fromDesk applies what the desk tells about a ticket.
func (c *Conversation) fromDesk(now time.Time, ev Event) Reason {
	if reason, done := c.onMirrored(now, ev); done {
		return reason
	}
	if c.adopts(ev) {
		c.closeTicket(now, false)
		c.Desk = c.deskIndex(ev)
		c.addTicket(TicketRecord{Key: c.nextKey(), Desk: c.desk().Name, Ticket: *ev.Ticket, Status: TicketOpen})
		c.enter(now, Waiting, AgentOpened)
		c.setDeadline(AcceptBy, now.Add(time.Duration(c.Route.Policy.AcceptWithin)))
	}
	if c.atNoDesk() || c.isOldTicket(ev) {
		return c.onOldTicket(now, ev)
	}
	c.learnTicket(ev)
	if c.Closing != "" && (ev.Kind == AgentAssigned || ev.Kind == AgentUnassigned || ev.Kind == AgentOffline || ev.Kind == AgentOnline) {
		// The desk has closed the ticket: who had it does not matter any more.
		return IgnoredNoMeaning
	}
	switch ev.Kind {
	case AgentAssigned:
		return c.agentAssigned(now, ev)
	case AgentUnassigned:
		return c.agentUnassigned(now, ev)
	case AgentSaid:
		c.agentSaid(now, ev)
		return ""
	case AgentEdited:
		if i := slices.Index(c.Notes, ev.Target); i >= 0 && ev.Text != "" {
			// A note became public: nobody has said it to the customer yet.
			c.Notes = slices.Delete(slices.Clone(c.Notes), i, i+1)
			ev.MessageID = ev.Target
			c.agentSaid(now, ev)
			return ""
		}
		return c.agentEdited(now, ev)
	case AgentDeleted:
		return c.agentDeleted(now, ev)
	case AgentOffline:
		return c.agentOffline(now, ev)
	case AgentOnline:
		return c.agentOnline(ev)
	case HandedBack:
		if !c.Route.hasBot() {
			c.end(now, ByAgent, TextEnded)
			return ""
		}
		c.handBack(now, ByAgent, TextBackToBot, ev.Node)
		return ""
	case TicketClosed:
		c.ticketClosed(now)
		return ""
	default: // AgentNoted: agents talk among themselves.
		if id := ev.MessageID; id != "" {
			c.Notes = append(c.Notes[max(0, len(c.Notes)+1-maxNotes):], id)
		}
		if c.Transcript.find(ev.Target) != nil && c.openTicket() != nil && c.desk().Able(canNote) {
			c.decide(now, Effect{Kind: Note, Text: "The customer has the message that was made a note of."})
		}
		return ""
	}
}

// adopts reports whether ev shows a ticket that an agent opened by himself for a customer whom nobody is with.
func (c *Conversation) adopts(ev Event) bool {
	if !c.atNoDesk() || ev.Ticket == nil || ev.Ticket.ID == "" {
		return false
	}
	if c.late || ev.TicketID != "" && ev.TicketID != ev.Ticket.ID {
		return false
	}
	if ev.Kind != AgentSaid && (ev.Kind != AgentAssigned || agentOf(ev).ID == "" || !ev.At.IsZero() && ev.At.Before(c.RoutedAt)) {
		return false
	}
	return c.ticketCalled(ev.Ticket.ID) == nil
}

// atNoDesk reports whether no desk has the customer: nobody was asked, or nobody is to be asked before the next opening.
func (c *Conversation) atNoDesk() bool {
	return c.State == InBot || c.State == Ended || c.Parked != "" && c.openTicket() == nil
}

// agentAssigned makes the agent the owner, if the event is not older than what is known.
func (c *Conversation) agentAssigned(now time.Time, ev Event) Reason {
	agent := agentOf(ev)
	if agent.ID == "" {
		return IgnoredNoMeaning
	}
	if c.staleRouting(ev) {
		return IgnoredStale
	}
	if c.State == Assigned && agent.ID == c.Agent.ID || c.Claiming != "" && agent.ID == c.LastAgent.ID {
		c.learnName(agent)
		c.clearDeadline(AgentBackBy)
		return ""
	}
	if ev.Reason == Claimed && c.State == Assigned {
		if c.openTicket() != nil && c.desk().Able(canNote) {
			c.decide(now, Effect{Kind: Note, Text: "Somebody else was faster: the conversation is taken."})
		}
		return IgnoredNoMeaning
	}
	if c.State == Reassigning && ev.At.IsZero() && agent.ID == c.LastAgent.ID {
		// What the desk shows is the assignment that timed out, not a new one.
		return IgnoredStale
	}
	c.assign(now, c.named(agent), AgentTook)
	return ""
}

// agentOf gives the agent whom a routing event names.
func agentOf(ev Event) Author {
	if ev.Agent == "" {
		return ev.Author
	}
	return Author{ID: ev.Agent, Name: ev.Author.Name}
}

func (c *Conversation) agentUnassigned(now time.Time, ev Event) Reason {
	if c.staleRouting(ev) {
		return IgnoredStale
	}
	// Who had it when the channel dropped it does not get it back.
	c.Claiming, c.Held = "", nil
	if c.State != Assigned {
		return ""
	}
	// The desk put the ticket back into its own queue: it is given time before the ladder begins.
	c.declined(c.Agent.ID)
	c.enter(now, Reassigning, AgentLost)
	c.setDeadline(AcceptBy, now.Add(time.Duration(c.Route.Policy.AcceptWithin)))
	return ""
}

// agentOffline takes the conversation from an agent who went away.
func (c *Conversation) agentOffline(now time.Time, ev Event) Reason {
	if c.Claiming != "" && (ev.Agent == "" || ev.Agent == c.LastAgent.ID) {
		// Who had it when the channel dropped it does not get it back.
		c.Claiming, c.Held = "", nil
		c.tryRung(now)
		return ""
	}
	if c.State != Assigned || ev.Agent != "" && ev.Agent != c.Agent.ID {
		return IgnoredNoMeaning
	}
	if c.Rules < RulesFlows {
		c.reassign(now, AgentAway)
		return ""
	}
	// Who only reloads a page is back in a moment.
	if _, running := c.deadline(AgentBackBy); !running {
		c.Looked = false
		c.setDeadline(AgentBackBy, now.Add(time.Duration(c.Route.Policy.AgentAway)))
	}
	return ""
}

// agentStaysAway takes the conversation from an agent who did not come back. A desk that tells such things only when it is
// asked is asked once more before.
func (c *Conversation) agentStaysAway(now time.Time) {
	if t := c.openTicket(); !c.Looked && t != nil && t.Ticket.ID != "" && c.desk().Able(canListMessages) {
		c.Looked = true
		c.decide(now, Effect{Kind: CatchUp})
		c.setDeadline(AgentBackBy, now.Add(catchUpWithin))
		return
	}
	c.declined(c.Agent.ID)
	c.reassign(now, AgentAway)
}

// agentOnline notes that the agent who went away is back.
func (c *Conversation) agentOnline(ev Event) Reason {
	_, away := c.deadline(AgentBackBy)
	if !away || ev.Agent != "" && ev.Agent != c.Agent.ID {
		return IgnoredNoMeaning
	}
	c.clearDeadline(AgentBackBy)
	c.Looked = false
	return ""
}

// staleRouting reports whether ev tells an older state than the last applied one.
func (c *Conversation) staleRouting(ev Event) bool {
	if ev.At.IsZero() {
		return false
	}
	if ev.At.Before(c.RoutedAt) {
		return true
	}
	c.RoutedAt = ev.At
	return false
}

// assign makes agent the owner.
func (c *Conversation) assign(now time.Time, agent Author, reason Reason) {
	again := agent.ID == c.LastAgent.ID && c.State == Reassigning && c.hadAgent()
	previous := c.Agent
	c.enter(now, Assigned, reason)
	c.Agent, c.LastAgent, c.Spoke = agent, agent, false
	c.announce(now, previous)
	c.pauseBot(now)
	if !again {
		name := agent.Name
		if name == "" {
			name = "our team"
		}
		c.notice(now, TextAssigned, "{agent}", name)
	}
	c.watchWindow(now)
}

// hadAgent reports whether the customer had an agent since the bot's last turn or the end before.
func (c *Conversation) hadAgent() bool {
	for _, v := range slices.Backward(c.History) {
		switch v.From {
		case Assigned:
			return true
		case InBot, Ended:
			return false
		case Waiting, Reassigning:
		}
	}
	return true
}

// agentSaid passes an agent's words on. Whoever speaks while nobody owns the conversation becomes its owner.
func (c *Conversation) agentSaid(now time.Time, ev Event) {
	if c.Closing != "" {
		c.say(now, ev)
		return
	}
	if c.State != Assigned {
		c.assign(now, c.named(ev.Author), AgentSpoke)
	}
	c.learnName(ev.Author)
	c.say(now, ev)
	c.Spoke, c.Rung, c.Requeued = true, 0, false
	c.WaitingSince = time.Time{}
	c.Helped = c.Agent
	c.clearDeadline(FirstReplyBy, AgentReplyBy, AgentBackBy)
	p := c.Route.Policy
	if c.windowClosed(now) {
		// The words have not arrived yet: the customer is not silent.
		c.setDeadline(CustomerBy, now.Add(time.Duration(p.TicketFor)))
		return
	}
	c.setDeadline(CustomerWarnAt, now.Add(time.Duration(p.CustomerIdle-p.WarnBefore)))
	c.setDeadline(CustomerBy, now.Add(time.Duration(p.CustomerIdle)))
}

// say says an agent's words to the customer. Where that silences the hosted bot, the bot is paused first, so that it is
// resumed later.
func (c *Conversation) say(now time.Time, ev Event) {
	ev.Author = c.named(ev.Author)
	if c.Route.Channel.SendingTakesOver {
		c.pauseBot(now)
	}
	said := Effect{Kind: Say, Human: true, Attachment: ev.Attachment, Author: ev.Author}
	c.offer(&said, ev.Text, usable(ev.Buttons), false)
	said.Line = c.Transcript.add(Line{
		Role: RoleAgent, Name: ev.Author.Name, At: ev.At, Text: said.Text, Attachment: ev.Attachment, Buttons: said.Buttons, MessageID: ev.MessageID,
	})
	c.decide(now, said)
}

// named gives an agent's name where the desk's messages carry only the id and the name is known from the assignment.
func (c *Conversation) named(agent Author) Author {
	if agent.Name == "" && agent.ID == c.LastAgent.ID {
		agent.Name = c.LastAgent.Name
	}
	return agent
}

// learnName keeps the name of the agent who has the conversation, once it is told.
func (c *Conversation) learnName(agent Author) {
	if agent.Name == "" || agent.ID != c.Agent.ID {
		return
	}
	c.Agent.Name, c.LastAgent.Name = agent.Name, agent.Name
}

// ticketClosed ends the conversation, after one more look at what the desk may not have told.
func (c *Conversation) ticketClosed(now time.Time) {
	if t := c.ticket(); t != nil {
		t.Status = TicketDone
	}
	if c.Closing != "" {
		return
	}
	c.Closing = DeskClosed
	c.Claiming, c.Held, c.Parked = "", nil, ""
	if t := c.ticket(); t == nil || t.Ticket.ID == "" || !c.desk().Able(canListMessages) {
		c.finishClosing(now)
		return
	}
	c.decide(now, Effect{Kind: CatchUp})
	c.Deadlines = nil
	c.setDeadline(CatchUpBy, now.Add(catchUpWithin))
}

// finishClosing does what the policy wants after the desk closed.
func (c *Conversation) finishClosing(now time.Time) {
	if c.Closing == "" {
		return
	}
	reason := c.Closing
	c.Closing = ""
	if c.Route.Policy.OnClose == ToBot && c.Route.hasBot() {
		c.handBack(now, reason, TextBackToBot, "")
		return
	}
	c.end(now, reason, TextEnded)
}

// channelDropped takes the conversation again after the channel's vendor took it from our agent.
func (c *Conversation) channelDropped(now time.Time, ev Event) Reason {
	if !ev.At.IsZero() && ev.At.Before(c.DroppedAt) {
		return IgnoredStale
	}
	if !c.Paused || c.Claiming != "" {
		return IgnoredNoMeaning
	}
	if !ev.At.IsZero() {
		c.DroppedAt = ev.At
	}
	if c.State != Assigned || c.Closing != "" {
		c.decide(now, Effect{Kind: PauseBot})
		return ""
	}
	agent, spoke, held := c.Agent, c.Spoke, c.Deadlines
	c.enter(now, Reassigning, VendorDropped)
	// The desk's agent still has the ticket: only the channel's side is taken again.
	c.LastAgent, c.Spoke, c.Held = agent, spoke, held
	c.setDeadline(AcceptBy, now.Add(time.Duration(c.Route.Policy.AcceptWithin)))
	c.Claiming = c.decide(now, Effect{Kind: PauseBot})
	return ""
}

// restored gives the conversation back to the agent who had it when the channel's vendor dropped it, with the deadlines
// that the agent and the customer had: a vendor that drops it again and again does not put them off.
func (c *Conversation) restored(now time.Time) {
	spoke, held := c.Spoke, c.Held
	c.enter(now, Assigned, VendorRestored)
	c.Agent, c.Spoke, c.Deadlines = c.LastAgent, spoke, held
	c.announce(now, Author{})
	if !spoke {
		return
	}
	if !c.customerWaits() {
		c.WaitingSince = time.Time{}
		return
	}
	c.clearDeadline(CustomerWarnAt, CustomerBy)
	if _, running := c.deadline(AgentReplyBy); !running {
		c.setDeadline(AgentReplyBy, c.WaitingSince.Add(time.Duration(c.Route.Policy.AgentIdle)))
	}
}

// customerWaits reports whether the last words of customer and agent were the customer's.
func (c *Conversation) customerWaits() bool {
	for _, v := range slices.Backward(c.Transcript.Lines) {
		switch v.Role {
		case RoleCustomer:
			return true
		case RoleAgent:
			return false
		case RoleBot, RoleNotice:
		}
	}
	return false
}
