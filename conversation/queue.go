package conversation

import (
	"strconv"
	"time"
)

// waitNotice asks how far ahead the customer is, to tell so, and comes again after the policy's interval.
func (c *Conversation) waitNotice(now time.Time) {
	c.setDeadline(NoticeAt, now.Add(time.Duration(c.Route.Policy.WaitNotice)))
	for i := range c.Outbox {
		if c.Outbox[i].Kind == ReadQueue && c.Outbox[i].Status == Pending {
			return
		}
	}
	if t := c.openTicket(); t == nil || t.Ticket.ID == "" {
		c.notice(now, TextStillWaiting)
		return
	}
	c.decide(now, Effect{Kind: ReadQueue, WaitingSince: c.WaitingSince})
}

// queueTold tells the customer the place in the queue. A place that has not become better is not told: others may have
// been more urgent, but nobody wants to hear a number that rises.
func (c *Conversation) queueTold(now time.Time, q Queue) {
	if c.State != Waiting && c.State != Reassigning || c.Parked != "" {
		return
	}
	if q.Position <= 0 || c.Position > 0 && q.Position >= c.Position {
		c.notice(now, TextStillWaiting)
		return
	}
	c.Position = q.Position
	position := strconv.Itoa(q.Position)
	if q.Wait <= 0 {
		c.notice(now, TextPosition, "{position}", position)
		return
	}
	c.notice(now, TextPositionWait, "{position}", position, "{wait}", aboutMinutes(time.Duration(q.Wait)))
}

// aboutMinutes writes a duration in whole minutes, rounded up.
func aboutMinutes(d time.Duration) string {
	return strconv.Itoa(int((d+time.Minute-1)/time.Minute)) + " min"
}
