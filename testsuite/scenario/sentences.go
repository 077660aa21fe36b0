package scenario

import "time"

// CustomerSays has the customer write a text.
func (s *Story) CustomerSays(text string) *Story { return s.sentence("customer says", quoted(text)) }

// CustomerSendsFile has the customer send a file.
func (s *Story) CustomerSendsFile(name string) *Story {
	return s.sentence("customer sends file", quoted(name))
}

// CustomerLeaves has the customer end the chat.
func (s *Story) CustomerLeaves() *Story { return s.sentence("customer leaves") }

// BotSays has the bot write to the customer, or answer the customer's last words where it is called for each message.
func (s *Story) BotSays(text string) *Story { return s.sentence("bot says", quoted(text)) }

// BotAsksForAHuman has the bot ask for a human.
func (s *Story) BotAsksForAHuman() *Story { return s.sentence("bot asks for a human") }

// AgentTakes has the agent take the conversation.
func (s *Story) AgentTakes(name string) *Story {
	return s.sentence("agent", quoted(name), "takes it")
}

// AgentSays has the agent write to the customer.
func (s *Story) AgentSays(name, text string) *Story {
	return s.sentence("agent", quoted(name), "says", quoted(text))
}

// AgentNotes has the agent write a private note.
func (s *Story) AgentNotes(name, text string) *Story {
	return s.sentence("agent", quoted(name), "notes", quoted(text))
}

// AgentHandsBack has the agent give the customer back to the bot.
func (s *Story) AgentHandsBack(name string) *Story {
	return s.sentence("agent", quoted(name), "hands back")
}

// AgentCloses has the agent close the ticket.
func (s *Story) AgentCloses(name string) *Story {
	return s.sentence("agent", quoted(name), "closes it")
}

// Pass lets time pass.
func (s *Story) Pass(d time.Duration) *Story { return s.sentence(d, "pass") }

// StateIs expects a state, and a reason unless it is empty.
func (s *Story) StateIs(state, reason string) *Story {
	if reason == "" {
		return s.sentence("state is", state)
	}
	return s.sentence("state is", state, "because", reason)
}

// CustomerSees expects the customer to see a text next, besides handoff's own notices.
func (s *Story) CustomerSees(text string) *Story { return s.sentence("customer sees", quoted(text)) }

// AgentSees expects the agents to see a text next.
func (s *Story) AgentSees(text string) *Story { return s.sentence("agent sees", quoted(text)) }

// NothingMoreReachesTheCustomer expects that the customer has seen nothing since.
func (s *Story) NothingMoreReachesTheCustomer() *Story {
	return s.sentence("nothing more reaches the customer")
}
