package conversation

import (
	"strings"
	"time"
)

// survey asks the customer, once for each time that an agent helped, how it was.
func (c *Conversation) survey(now time.Time, reason Reason) {
	within := time.Duration(c.Route.Policy.SurveyWithin)
	helped := c.Helped
	c.Helped = Author{}
	if within == 0 || helped == (Author{}) || reason == CustomerGone {
		return
	}
	text, _ := c.Route.Policy.text(c.Customer.Language, TextSurvey, "{agent}", helped.Name)
	switch {
	case text == "" || c.windowClosed(now):
		return
	case c.Route.Channel.Able(canSurvey):
		// It is a line too: a channel without a backend of its own shows the lines.
		line := c.Transcript.add(Line{Role: RoleNotice, At: now, Text: text})
		c.decide(now, Effect{Kind: AskRating, Text: text, Line: line})
	case c.State == InBot && c.Route.Bot == nil:
		// A bot that the channel hosts would take the number for an answer to itself.
		return
	default:
		c.notice(now, TextSurvey, "{agent}", helped.Name)
	}
	c.RatableUntil = now.Add(within)
}

// rates reports whether the customer's words are the answer to the survey, and which.
func (c *Conversation) rates(now time.Time, text string) (rating int, ok bool) {
	if c.RatableUntil.IsZero() || now.After(c.RatableUntil) || c.State != InBot && c.State != Ended {
		return 0, false
	}
	if t := c.ticket(); t == nil || t.Ticket.ID == "" {
		return 0, false
	}
	text = strings.TrimSpace(text)
	if len(text) != 1 || text < "1" || text > "5" {
		return 0, false
	}
	return int(text[0] - '0'), true
}

// rated keeps how the customer liked the help, and tells the desk.
func (c *Conversation) rated(now time.Time, ev Event) Reason {
	t := c.ticket()
	if ev.Rating < 1 || ev.Rating > 5 || t == nil || t.Ticket.ID == "" {
		return IgnoredNoMeaning
	}
	c.Rating, c.RatableUntil = ev.Rating, time.Time{}
	if c.State == InBot || c.State == Ended {
		c.notice(now, TextRated)
		// Saying so may have silenced the bot.
		c.resumeBot(now, "", true)
	}
	c.decide(now, Effect{Kind: ReportRating, Rating: ev.Rating, Text: ev.Text})
	return ""
}
