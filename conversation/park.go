package conversation

import (
	"strings"
	"time"
)

// closed reports whether it is outside the hours in which agents are there.
func (c *Conversation) closed(now time.Time) bool {
	h := c.Route.Policy.Hours
	return h != nil && !h.IsOpen(now)
}

// rests reports whether the ladder rests until the next opening.
func (c *Conversation) rests(now time.Time) bool {
	on := c.Route.Policy.OnClosed
	return c.closed(now) && (on == ToTicket || on == ToWait)
}

// park makes the customer wait without any agent being expected: until the next opening, or until somebody answers the
// ticket that is left. The customer is told so, once.
func (c *Conversation) park(now time.Time, why Reason, wanted Wanted) {
	if c.State != Waiting {
		c.enter(now, Waiting, why)
	}
	c.Parked, c.Wanted = why, wanted
	c.clearDeadline(AcceptBy, WaitUntil, NoticeAt)
	opens, known := c.nextOpening(now)
	if known {
		c.setDeadline(OpensAt, opens)
		c.notice(now, TextClosed, "{opens}", c.opensInWords(now, opens))
	} else {
		c.setDeadline(TicketBy, now.Add(time.Duration(c.Route.Policy.TicketFor)))
		c.notice(now, TextLeftTicket)
	}
	if c.Route.Policy.AskAddress && c.Customer.Email == "" && c.Customer.Phone == "" {
		c.notice(now, TextAskAddress)
	}
	if c.openTicket() == nil && (why != OutOfHours || c.Route.Policy.OnClosed == ToTicket) {
		c.open(now, wanted)
		c.clearDeadline(AcceptBy)
	}
}

// nextOpening gives when agents come back; known is false while they are there, or if that is never.
func (c *Conversation) nextOpening(now time.Time) (opens time.Time, known bool) {
	if !c.closed(now) {
		return time.Time{}, false
	}
	return c.Route.Policy.Hours.NextOpening(now)
}

// hoursBegin asks for an agent now that they are back. The wait begins anew, and so does the ladder.
func (c *Conversation) hoursBegin(now time.Time) {
	wanted := c.Wanted
	c.WaitingSince = now
	c.enter(now, Waiting, HoursBegin)
	c.Rung, c.Requeued = 0, false
	c.notice(now, TextOpenAgain)
	if c.openTicket() == nil {
		c.open(now, wanted)
		return
	}
	c.setDeadline(AcceptBy, now.Add(time.Duration(c.Route.Policy.AcceptWithin)))
}

// ticketTimedOut gives up a ticket that was left and that nobody answered.
func (c *Conversation) ticketTimedOut(now time.Time) {
	c.Parked = ""
	c.exhausted(now, WaitedTooLong, c.lastResort())
}

// lastResort is what follows where no ticket can be left: the bot if there is one.
func (c *Conversation) lastResort() Choice {
	if choice := c.Route.Policy.OnExhausted; choice != ToTicket {
		return choice
	}
	if c.Route.hasBot() {
		return ToBot
	}
	return ToEnd
}

// opensInWords writes when agents come back, in their own time: the day of the week if it is near.
func (c *Conversation) opensInWords(now, opens time.Time) string {
	h := c.Route.Policy.Hours
	here, there := h.Local(now), h.Local(opens)
	clock := there.Format("15:04")
	language := c.Route.Policy.language(c.Customer.Language)
	days := int(there.Truncate(day).Sub(here.Truncate(day)) / day)
	switch name := int(there.Weekday()+6) % 7; {
	case days >= 7:
		return there.Format(time.DateOnly) + " " + clock
	case len(language.Weekdays) == 7:
		return language.Weekdays[name] + " " + clock
	case language.Texts != nil:
		return there.Format(time.DateOnly) + " " + clock
	}
	return there.Format("Monday") + " " + clock
}

// learnAddress keeps the mail address or phone number that a parked customer leaves.
func (c *Conversation) learnAddress(now time.Time, text string) {
	if c.Parked == "" || !c.Route.Policy.AskAddress || c.Customer.Email != "" || c.Customer.Phone != "" {
		return
	}
	c.Customer.Email, c.Customer.Phone = addressIn(text)
	if c.Customer.Email != "" || c.Customer.Phone != "" {
		c.notice(now, TextAddressNoted)
	}
}

// addressIn finds a mail address, or else a phone number, in a text.
func addressIn(text string) (email, phone string) {
	for word := range strings.FieldsSeq(text) {
		word = strings.Trim(word, ".,;:!?<>()[]\"'")
		if user, host, ok := strings.Cut(word, "@"); ok && user != "" && strings.Contains(host, ".") && !strings.Contains(host, "@") {
			return word, ""
		}
	}
	digits := 0
	for _, r := range text {
		switch {
		case '0' <= r && r <= '9':
			digits++
		case strings.ContainsRune(" +-()/.", r):
		default:
			return "", ""
		}
	}
	if digits < 6 || digits > 15 {
		return "", ""
	}
	return "", strings.TrimSpace(text)
}

// rest keeps the ladder at rest while a parked customer's ticket is opened once more.
func (c *Conversation) rest() {
	if c.Parked != "" {
		c.clearDeadline(AcceptBy)
	}
}

// opensLater reports whether a parked customer waits for the next opening.
func (c *Conversation) opensLater() bool {
	_, later := c.deadline(OpensAt)
	return c.Parked != "" && later
}
