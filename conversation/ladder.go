package conversation

import (
	"slices"
	"time"
)

// deadlinePassed does what was to happen if nothing else did. A deadline that was moved or cleared changes nothing.
func (c *Conversation) deadlinePassed(now time.Time, ev Event) Reason {
	if at, set := c.deadline(ev.Deadline); !set || !at.Equal(ev.Due) {
		return IgnoredStale
	}
	c.clearDeadline(ev.Deadline)
	switch ev.Deadline {
	case AcceptBy:
		c.acceptPassed(now)
	case FirstReplyBy:
		c.reassign(now, FirstReplyLate)
	case AgentReplyBy:
		c.reassign(now, AgentSilent)
	case AgentBackBy:
		c.agentStaysAway(now)
	case CustomerWarnAt:
		c.notice(now, TextIdleWarning)
	case CustomerBy:
		c.end(now, CustomerSilent, TextIdleEnd)
	case WaitUntil:
		c.exhausted(now, WaitedTooLong, c.Route.Policy.OnExhausted)
	case NoticeAt:
		c.waitNotice(now)
	case OpensAt:
		c.hoursBegin(now)
	case TicketBy:
		c.ticketTimedOut(now)
	case BotIdleAt:
		c.end(now, BotSilent, "")
	case CatchUpBy:
		c.finishClosing(now)
	case WindowUntil:
		c.tellOfWindow(now)
	case LingerUntil:
		c.dropKept()
	}
	return ""
}

// acceptPassed begins the ladder, or goes on with it. Without a ladder the desk's queue is the only rung: the ticket
// stays there until the longest wait is over.
func (c *Conversation) acceptPassed(now time.Time) {
	if c.rests(now) {
		c.park(now, OutOfHours, Wanted{})
		return
	}
	c.declined(c.Asked)
	if c.State == Waiting {
		c.enter(now, Reassigning, AcceptTimeout)
		// It is in the queue already.
		c.Requeued = true
	}
	c.tryRung(now)
}

// reassign takes the conversation from the agent and tries to find another.
func (c *Conversation) reassign(now time.Time, reason Reason) {
	c.enter(now, Reassigning, reason)
	if !c.rests(now) {
		c.notice(now, TextReassigning)
	}
	c.tryRung(now)
}

// declined notes that an agent did not come, or let go: nobody asks the same one again.
func (c *Conversation) declined(agent string) {
	if c.Rules >= RulesFlows && agent != "" && !slices.Contains(c.Declined, agent) {
		c.Declined = append(c.Declined, agent)
	}
}

// tryRung tries the next rung of the ladder, after the last the desk's queue, and then the route's other desks. A rung that
// was tried is not tried again until an agent has spoken.
func (c *Conversation) tryRung(now time.Time) {
	if c.State != Reassigning {
		return
	}
	if c.rests(now) {
		c.park(now, OutOfHours, Wanted{})
		return
	}
	for c.Rung < len(c.Route.Policy.Ladder) {
		c.Rung++
		if c.takeRung(now, c.Route.Policy.Ladder[c.Rung-1]) {
			return
		}
	}
	c.clearDeadline(AcceptBy)
	next := -1
	if c.Rules >= RulesFlows {
		next = c.nextDesk()
	}
	switch {
	case !c.Requeued && c.desk().Able(canAssign) && c.openTicket() != nil:
		c.Requeued, c.Asked = true, ""
		c.decide(now, Effect{Kind: Assign, Group: c.desk().Group})
		if next >= 0 {
			c.setDeadline(AcceptBy, now.Add(time.Duration(c.Route.Policy.AcceptWithin)))
		}
	case next >= 0:
		c.move(now, next)
	}
}

// takeRung takes one rung, and reports false if there is nobody on it to ask.
func (c *Conversation) takeRung(now time.Time, r Rung) bool {
	within := r.AcceptWithin
	if within == 0 {
		within = c.Route.Policy.AcceptWithin
	}
	switch {
	case r.Ticket:
		c.exhausted(now, LeftAsTicket, ToTicket)
		return true
	case r.Bot:
		c.exhausted(now, c.Reason, ToBot)
		return true
	case r.End:
		c.exhausted(now, c.Reason, ToEnd)
		return true
	case r.Desk != "":
		i := c.deskCalled(r.Desk)
		if i < 0 {
			return false
		}
		c.move(now, i)
		c.setDeadline(AcceptBy, now.Add(time.Duration(within)))
		return true
	}
	e := Effect{Kind: Assign, Agent: r.Agent, Group: r.Group}
	if r.SameAgent && c.Reason != AgentAway {
		e.Agent = c.LastAgent.ID
	}
	if slices.Contains(c.Declined, e.Agent) {
		e.Agent = ""
	}
	if e.Agent == "" && e.Group == "" || !c.desk().Able(canAssign) || c.openTicket() == nil {
		return false
	}
	c.setDeadline(AcceptBy, now.Add(time.Duration(within)))
	c.Requeued, c.Asked = false, e.Agent
	c.decide(now, e)
	return true
}

// exhausted is the last rung: nobody was found.
func (c *Conversation) exhausted(now time.Time, reason Reason, choice Choice) {
	queued := c.State == Waiting || c.State == Reassigning
	if queued && c.rests(now) && c.Parked == "" {
		c.park(now, OutOfHours, Wanted{})
		return
	}
	if choice == ToTicket && queued && c.openTicket() != nil {
		c.park(now, LeftAsTicket, Wanted{})
		return
	}
	if choice == ToTicket {
		choice = c.lastResort()
	}
	if choice == ToBot && c.botBroke() {
		c.end(now, reason, TextBotFailedEnd)
		return
	}
	if choice == ToBot && c.Route.hasBot() {
		c.handBack(now, reason, TextNobodyBot, "")
		return
	}
	c.end(now, reason, TextNobodyEnd)
}

// botBroke reports whether a human was asked because the bot could not answer.
func (c *Conversation) botBroke() bool {
	for _, v := range slices.Backward(c.History) {
		if v.From == InBot {
			return v.Reason == BotDown
		}
	}
	return false
}
