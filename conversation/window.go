package conversation

import "time"

// windowClosed reports whether the channel takes no words to the customer any more, because their own last words are too
// old. Before their first words nobody knows.
func (c *Conversation) windowClosed(now time.Time) bool {
	window := time.Duration(c.Route.Policy.ReplyWindow)
	return window > 0 && !c.HeardAt.IsZero() && !now.Before(c.HeardAt.Add(window))
}

// heard opens the window again: the customer has written. What agents wrote meanwhile goes out before anything else.
func (c *Conversation) heard(now, at time.Time) {
	if c.Route.Policy.ReplyWindow == 0 {
		return
	}
	if at.IsZero() || at.After(now) {
		at = now
	}
	if at.After(c.HeardAt) {
		c.HeardAt = at
	}
	// Words that were long on their way may open nothing.
	c.release(now)
	if !c.windowClosed(now) {
		c.watchWindow(now)
	}
}

// release sends what was kept, if the window is open.
func (c *Conversation) release(now time.Time) {
	for i := range c.Outbox {
		c.Outbox[i].Kept = c.Outbox[i].Kept && c.windowClosed(now)
	}
}

// watchWindow tells the agent in time that the window closes.
func (c *Conversation) watchWindow(now time.Time) {
	if c.State != Assigned || c.Route.Policy.ReplyWindow == 0 || c.HeardAt.IsZero() {
		return
	}
	if c.windowClosed(now) {
		c.tellOfWindow(now)
		return
	}
	c.setDeadline(WindowUntil, c.HeardAt.Add(time.Duration(c.Route.Policy.ReplyWindow)))
}

// tellOfWindow tells the agent, before anything is written for nothing, that it would not arrive.
func (c *Conversation) tellOfWindow(now time.Time) {
	if c.openTicket() != nil && c.desk().Able(canNote) {
		c.decide(now, Effect{
			Kind: Note,
			Text: "The channel takes no more messages to the customer until the customer writes again. What you write now is kept until then.",
		})
	}
}

// throughWindow settles what becomes of words to the customer while the window is closed: those of a human wait until the
// customer writes again, and what handoff says by itself is withheld.
func (c *Conversation) throughWindow(now time.Time, e *Effect) {
	switch {
	case e.Kind != Say || e.Status != Pending || !c.windowClosed(now):
	case e.Human:
		e.Kept = c.mayHear()
	default:
		e.Status, e.Reason = Withheld, WindowClosed
	}
}

// mayHear reports whether the customer's next words would still belong to this conversation.
func (c *Conversation) mayHear() bool {
	_, lingers := c.deadline(LingerUntil)
	return c.State != Ended || lingers
}

// dropKept gives up the words that waited for a customer who never wrote again.
func (c *Conversation) dropKept() {
	for i := range c.Outbox {
		if e := &c.Outbox[i]; e.Kept {
			e.Kept, e.Status, e.Reason = false, Failed, WindowClosed
			c.Counts.Failed++
		}
	}
	c.trimTrouble()
}
