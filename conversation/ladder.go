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
	case CustomerWarnAt:
		c.notice(now, TextIdleWarning)
	case CustomerBy:
		c.end(now, CustomerSilent, TextIdleEnd)
	case WaitUntil:
		c.exhausted(now, WaitedTooLong, c.Route.Policy.OnExhausted)
	case BotIdleAt:
		c.end(now, BotSilent, "")
	case CatchUpBy:
		c.finishClosing(now)
	case LingerUntil:
	}
	return ""
}

// acceptPassed begins the ladder, or goes on with it. Without a ladder the desk's queue is the only rung: the ticket
// stays there until the longest wait is over.
func (c *Conversation) acceptPassed(now time.Time) {
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
	c.notice(now, TextReassigning)
	c.tryRung(now)
}

// tryRung tries the next rung of the ladder, and after the last the desk's queue. A rung that was tried is not tried
// again until an agent has spoken.
func (c *Conversation) tryRung(now time.Time) {
	if c.State != Reassigning {
		return
	}
	p := c.Route.Policy
	for c.Rung < len(p.Ladder) {
		r := p.Ladder[c.Rung]
		c.Rung++
		e := Effect{Kind: Assign, Agent: r.Agent, Group: r.Group}
		if r.SameAgent && c.Reason != AgentAway {
			e.Agent = c.LastAgent.ID
		}
		if e.Agent == "" && e.Group == "" || !c.desk().Able(canAssign) || c.openTicket() == nil {
			continue
		}
		within := r.AcceptWithin
		if within == 0 {
			within = p.AcceptWithin
		}
		c.setDeadline(AcceptBy, now.Add(time.Duration(within)))
		c.Requeued = false
		c.decide(now, e)
		return
	}
	c.clearDeadline(AcceptBy)
	if !c.Requeued && c.desk().Able(canAssign) && c.openTicket() != nil {
		c.Requeued = true
		c.decide(now, Effect{Kind: Assign, Group: c.desk().Group})
	}
}

// exhausted is the last rung: nobody was found.
func (c *Conversation) exhausted(now time.Time, reason Reason, choice Choice) {
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
