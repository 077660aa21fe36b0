package conversation

import "time"

// agentEdited gives the customer an agent's new words: in place of the old ones where the channel can, else as a
// correction.
func (c *Conversation) agentEdited(now time.Time, ev Event) Reason {
	line := c.Transcript.find(ev.Target)
	if line == nil || line.Text == ev.Text || ev.Text == "" || line.Role != RoleAgent {
		return IgnoredNoMeaning
	}
	if ev.Author == (Author{}) {
		ev.Author.Name = line.Name
	}
	c.Transcript.reword(line, ev.Text)
	if c.Route.Channel.Able(canEdit) {
		c.decide(now, Effect{Kind: EditSaid, Text: ev.Text, Author: ev.Author, Line: line.N})
		return ""
	}
	c.correct(now, line.N, ev.Text, ev.Author)
	return ""
}

// correct says the new words of an earlier message.
func (c *Conversation) correct(now time.Time, line int, words string, author Author) {
	text, _ := c.Route.Policy.text(c.Customer.Language, TextCorrection, "{text}", words)
	if text != "" {
		c.decide(now, Effect{Kind: Say, Human: true, Text: text, Author: author, Line: line})
	}
}

// agentDeleted removes what an agent said where the channel can. Elsewhere what the customer has read cannot be unsaid, and
// the agent is told so.
func (c *Conversation) agentDeleted(now time.Time, ev Event) Reason {
	line := c.Transcript.find(ev.Target)
	if line == nil || line.Deleted || line.Role != RoleAgent {
		return IgnoredNoMeaning
	}
	line.Deleted = true
	c.Transcript.edited(line)
	switch {
	case c.Route.Channel.Able(canEdit):
		c.decide(now, Effect{Kind: EditSaid, Delete: true, Author: ev.Author, Line: line.N})
	case c.Rules >= RulesFlows:
		c.tellOfDeletion(now)
	}
	return ""
}

func (c *Conversation) tellOfDeletion(now time.Time) {
	if c.openTicket() != nil && c.desk().Able(canNote) {
		c.decide(now, Effect{Kind: Note, Text: "The customer still sees the message that was deleted here."})
	}
}

// customerEdited gives the agents the customer's new words: in place of the old ones where the desk can, else as a note.
// Words that are still to be posted with the opening of the ticket are simply new.
func (c *Conversation) customerEdited(now time.Time, ev Event) Reason {
	line := c.Transcript.find(ev.Target)
	if line == nil || line.Text == ev.Text || ev.Text == "" || line.Role != RoleCustomer {
		return IgnoredNoMeaning
	}
	c.Transcript.reword(line, ev.Text)
	t := c.openTicket()
	switch {
	case t == nil:
	case c.able(t, canEdit):
		c.decide(now, Effect{Kind: EditPosted, Text: ev.Text, Line: line.N})
	default:
		c.tellOfEdit(now, Effect{Line: line.N, Text: ev.Text})
	}
	return ""
}

// customerDeleted removes what the customer said where the desk can, else the agents are told.
func (c *Conversation) customerDeleted(now time.Time, ev Event) Reason {
	line := c.Transcript.find(ev.Target)
	if line == nil || line.Deleted || line.Role != RoleCustomer {
		return IgnoredNoMeaning
	}
	line.Deleted = true
	c.Transcript.edited(line)
	t := c.openTicket()
	switch {
	case t == nil:
	case c.able(t, canEdit):
		c.decide(now, Effect{Kind: EditPosted, Delete: true, Line: line.N})
	default:
		c.tellOfEdit(now, Effect{Line: line.N, Delete: true})
	}
	return ""
}

// tellOfEdit tells the agents of an edit that the desk cannot make: privately if it can, else as words of the customer,
// because new words must not be lost.
func (c *Conversation) tellOfEdit(now time.Time, e Effect) {
	if c.openTicket() == nil {
		return
	}
	switch note := c.desk().Able(canNote); {
	case e.Delete && note:
		c.decide(now, Effect{Kind: Note, Text: "The customer deleted a message that stands above."})
	case e.Delete:
	case note:
		c.decide(now, Effect{Kind: Note, Text: "The customer changed a message that stands above. It now reads: " + e.Text})
	default:
		text, _ := c.Route.Policy.text("", TextCorrection, "{text}", e.Text)
		c.decide(now, Effect{Kind: Post, Text: text, Line: e.Line})
	}
}

// editFailed falls back where a message could not be changed.
func (c *Conversation) editFailed(now time.Time, e Effect) {
	switch {
	case e.Kind == EditPosted:
		c.tellOfEdit(now, e)
	case e.Delete:
		c.tellOfDeletion(now)
	default:
		c.correct(now, e.Line, e.Text, e.Author)
	}
}
