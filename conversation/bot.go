package conversation

import "time"

// askBot asks the bot that we call what it answers to the customer's words.
func (c *Conversation) askBot(now time.Time, ev Event, line int) {
	if c.Route.Bot != nil {
		c.decide(now, Effect{Kind: AskBot, Text: ev.Text, Attachment: ev.Attachment, Line: line})
	}
}

// botAnswered says what a bot that we call answered, or shows it as withheld if the bot lost the conversation meanwhile.
func (c *Conversation) botAnswered(now time.Time, e Effect, ev Event) {
	if ev.Answer == nil {
		return
	}
	c.BotVendor = merged(c.BotVendor, ev.Answer.Vendor)
	c.learn(Event{Kind: BotAnswered, Customer: ev.Answer.Customer})
	late := c.Stale(e)
	if !late {
		c.Offered = nil
	}
	epoch := c.Epoch
	if ev.Answer.Handoff || ev.Answer.End {
		// The bot's parting words belong to what follows them.
		epoch++
	}
	for _, m := range joined(ev.Answer.Messages) {
		said := Effect{Kind: Say, Text: m.Text, Attachment: m.Attachment, Author: Author{Name: "bot"}, Epoch: epoch}
		if late {
			said.Status, said.Reason = Withheld, OwnerChanged
			c.decide(now, said)
			continue
		}
		c.offer(&said, m.Text, m.Buttons, true)
		said.Line = c.Transcript.add(Line{Role: RoleBot, At: now, Text: said.Text, Attachment: m.Attachment, Buttons: said.Buttons})
		c.decide(now, said)
	}
	if late {
		return
	}
	c.BotSeen = c.Transcript.Last
	switch {
	case ev.Answer.Handoff:
		c.handoff(now, ByBot, Wanted{Agent: ev.Answer.Agent, Group: ev.Answer.Group, Priority: ev.Answer.Priority})
	case ev.Answer.End:
		c.end(now, BotFinished, "")
	default:
		c.mirror(now)
	}
}

// botSaid records what a hosted bot said. It is what the customer saw, whoever owned the conversation.
func (c *Conversation) botSaid(now time.Time, ev Event) Reason {
	buttons := usable(ev.Buttons)
	c.Transcript.add(Line{
		Role: RoleBot, Name: ev.Author.Name, At: ev.At, Text: ev.Text, Attachment: ev.Attachment, Buttons: buttons, MessageID: ev.MessageID,
	})
	switch {
	case c.State == InBot:
		c.setDeadline(BotIdleAt, now.Add(time.Duration(c.Route.Policy.BotIdle)))
		c.mirror(now)
	case c.Rules >= RulesFlows:
		c.tellOfBot(now, inWords(ev.Text, buttons, 0), ev.Attachment)
	}
	return ""
}

// tellOfBot tells the agents what the bot said after the handoff: privately where the desk can, else in words that name
// the bot. The ticket was opened with what was said before.
func (c *Conversation) tellOfBot(now time.Time, words string, file *Attachment) {
	if c.openTicket() == nil || words == "" && file == nil {
		return
	}
	said := Effect{Kind: Post, Text: "The bot said: " + words, Attachment: file}
	if words == "" {
		said.Text = "The bot sent this:"
	}
	if c.desk().Able(canNote) {
		said.Kind = Note
	}
	c.decide(now, said)
}

// botRequested gives the customer back to the bot, who would rather have it than a human.
func (c *Conversation) botRequested(now time.Time, node string) Reason {
	if c.State == InBot || c.State == Ended || !c.Route.hasBot() {
		return IgnoredNoMeaning
	}
	c.handBack(now, ByCustomer, TextBackToBot, node)
	return ""
}

// pauseBot takes the conversation from the bot that the channel hosts, once.
func (c *Conversation) pauseBot(now time.Time) {
	if c.Route.Channel.Able(canPauseBot) && !c.Paused {
		c.Paused = true
		c.decide(now, Effect{Kind: PauseBot})
	}
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
