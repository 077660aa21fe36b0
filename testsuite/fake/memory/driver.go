package memory

import (
	"slices"
	"strconv"

	"github.com/handoff-engine/handoff/connector/memory"
)

// NewCustomer opens a chat and gives its key.
func (s *Server) NewCustomer(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.chatOf("c-"+strconv.Itoa(len(s.conversations)+1), name).id
}

// chatOf gives a conversation, a new one if need be. The caller holds the lock.
func (s *Server) chatOf(id, name string) *chat {
	c := s.conversations[id]
	if c == nil {
		c = &chat{id: id, customer: memory.Author{Role: memory.RoleCustomer, ID: id, Name: name}}
		s.conversations[id] = c
	}
	return c
}

// CustomerSays makes the customer write. An unknown conversation begins.
func (s *Server) CustomerSays(conversation, text string, files ...memory.Attachment) error {
	if err := check(text, files); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.chatOf(conversation, "")
	s.chatMessage(c, memory.TypeCustomerMessage, memory.Message{Author: c.customer, Text: text, Attachments: files})
	if s.opts.HostsBot && !c.paused {
		s.hostedBot(c, memory.BotRequest{Text: text, Attachments: files, Node: c.node})
	}
	return nil
}

// chatMessage adds a message to a conversation and tells of it. The caller
// holds the lock.
func (s *Server) chatMessage(c *chat, kind string, m memory.Message) {
	m.ID, m.Seq = c.nextID()
	m.At = s.now()
	e := c.event(kind, m.At)
	m.EventID = e.ID
	c.messages = append(c.messages, m)
	s.see("channel:"+c.id, m)
	e.Message = &m
	s.announce(e)
}

// hostedBot lets the vendor's own bot answer. The caller holds the lock.
func (s *Server) hostedBot(c *chat, req memory.BotRequest) {
	c.node = ""
	answer := s.opts.Bot(req)
	for _, m := range answer.Messages {
		s.chatMessage(c, memory.TypeBotMessage, memory.Message{
			Author: memory.Author{Role: memory.RoleBot, Name: "Fern"}, Text: m.Text, Attachments: m.Attachments, Buttons: m.Buttons,
		})
	}
	if answer.Handoff {
		e := c.event(memory.TypeHandoffRequested, s.now())
		e.Reason = answer.Reason
		s.announce(e)
	}
}

// BotSays makes the vendor's own bot write.
func (s *Server) BotSays(conversation, text string) error {
	return s.inChat(conversation, func(c *chat) {
		s.chatMessage(c, memory.TypeBotMessage, memory.Message{Author: memory.Author{Role: memory.RoleBot, Name: "Fern"}, Text: text})
	})
}

// CustomerAsksForHuman presses the vendor's own button.
func (s *Server) CustomerAsksForHuman(conversation string) error {
	return s.inChat(conversation, func(c *chat) {
		e := c.event(memory.TypeHandoffRequested, s.now())
		e.Reason = "customer_button"
		s.announce(e)
	})
}

// CustomerLeaves ends the chat on the customer's side.
func (s *Server) CustomerLeaves(conversation string) error {
	return s.inChat(conversation, func(c *chat) {
		s.happened("channel:"+c.id, "customer", "left", "")
		s.announce(c.event(memory.TypeCustomerLeft, s.now()))
	})
}

// CustomerTypes shows that the customer is typing.
func (s *Server) CustomerTypes(conversation string, on bool) error {
	return s.inChat(conversation, func(c *chat) {
		at := s.now()
		s.announce(memory.Envelope{
			ID: c.id + "-typing-" + strconv.FormatInt(at.UnixMilli(), 10), Type: memory.TypeCustomerTyping, At: at,
			Conversation: c.id, Customer: &c.customer, Typing: on,
		})
	})
}

// CustomerReads says that the customer has read all that was said until now.
func (s *Server) CustomerReads(conversation string) error {
	return s.inChat(conversation, func(c *chat) {
		at := s.now()
		s.announce(memory.Envelope{
			ID: c.id + "-read-" + strconv.FormatInt(at.UnixMilli(), 10), Type: memory.TypeCustomerRead, At: at,
			Conversation: c.id, Customer: &c.customer,
		})
	})
}

// CustomerRates presses a number below the last question for one.
func (s *Server) CustomerRates(conversation string, rating int, comment string) error {
	asked := false
	err := s.inChat(conversation, func(c *chat) {
		for i := range slices.Backward(c.messages) {
			m := &c.messages[i]
			if !m.Survey || m.Rating != 0 {
				continue
			}
			asked, m.Rating = true, rating
			e := c.event(memory.TypeCustomerRated, s.now())
			e.Rating, e.Comment = rating, comment
			s.announce(e)
			return
		}
	})
	if err == nil && !asked {
		return ErrUnknown
	}
	return err
}

func (s *Server) inChat(conversation string, f func(c *chat)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.conversations[conversation]
	if c == nil {
		return ErrUnknown
	}
	f(c)
	return nil
}

// AgentTakes gives the ticket to the agent, from the queue or from another.
func (s *Server) AgentTakes(ticketID, agent string) error {
	return s.inTicket(ticketID, agent, func(t *ticket) error {
		if t.agent != agent {
			s.give(t, agent)
		}
		return nil
	})
}

// give makes an agent the owner and tells of it. The caller holds the lock.
func (s *Server) give(t *ticket, agent string) {
	t.agent, t.offered, t.mirrored = agent, "", false
	s.happened("ticket:"+t.id, "agent:"+agent, "took", "")
	s.announceStatus(t, memory.TypeAgentAssigned, agent, "")
}

// announceStatus tells how the ticket stands. The caller holds the lock.
func (s *Server) announceStatus(t *ticket, kind, agent, reason string) {
	e := s.event(t, kind, agent)
	e.Reason = reason
	t.status = memory.TicketStatus{ID: t.id, Closed: t.closed, EventID: e.ID, Event: e.Type, At: e.At}
	if who, ok := s.person(t.agent); ok {
		t.status.Agent = &who
	}
	s.announce(e)
}

// AgentReleases puts the ticket back into the queue.
func (s *Server) AgentReleases(ticketID string) error {
	return s.inTicket(ticketID, "", func(t *ticket) error {
		s.release(t, "released")
		return nil
	})
}

func (s *Server) release(t *ticket, reason string) {
	who := t.agent
	if who == "" {
		return
	}
	t.agent = ""
	s.happened("ticket:"+t.id, "agent:"+who, "released", "")
	s.announceStatus(t, memory.TypeAgentUnassigned, who, reason)
}

// AgentSays makes an agent write to the customer. Who writes on a ticket that
// nobody has, takes it.
func (s *Server) AgentSays(ticketID, agent, text string, files ...memory.Attachment) error {
	if err := check(text, files); err != nil {
		return err
	}
	return s.inTicket(ticketID, agent, func(t *ticket) error {
		if t.agent == "" {
			s.give(t, agent)
		}
		s.ticketMessage(t, memory.TypeAgentMessage, agent, memory.Message{Text: text, Attachments: files})
		return nil
	})
}

// AgentNotes makes an agent write what no customer may see.
func (s *Server) AgentNotes(ticketID, agent, text string) error {
	return s.inTicket(ticketID, agent, func(t *ticket) error {
		s.ticketMessage(t, memory.TypeAgentNote, agent, memory.Message{Text: text, Note: true})
		return nil
	})
}

func (s *Server) ticketMessage(t *ticket, kind, agent string, m memory.Message) {
	e := s.event(t, kind, agent)
	m.ID, m.Seq = t.nextID()
	m.At, m.EventID = e.At, e.ID
	m.Author, _ = s.person(agent)
	t.messages = append(t.messages, m)
	s.see("ticket:"+t.id, m)
	e.Message = &m
	s.announce(e)
}

// AgentTypes shows that an agent is typing.
func (s *Server) AgentTypes(ticketID, agent string, on bool) error {
	return s.inTicket(ticketID, agent, func(t *ticket) error {
		who, _ := s.person(agent)
		at := s.now()
		s.announce(memory.Envelope{
			ID: t.id + "-typing-" + strconv.FormatInt(at.UnixMilli(), 10), Type: memory.TypeAgentTyping, At: at,
			Ticket: t.id, Conversation: t.Conversation, Agent: &who, Typing: on,
		})
		return nil
	})
}

// AgentReads says that an agent has read all that was said until now.
func (s *Server) AgentReads(ticketID, agent string) error {
	return s.inTicket(ticketID, agent, func(t *ticket) error {
		who, _ := s.person(agent)
		at := s.now()
		s.announce(memory.Envelope{
			ID: t.id + "-read-" + strconv.FormatInt(at.UnixMilli(), 10), Type: memory.TypeAgentRead, At: at,
			Ticket: t.id, Conversation: t.Conversation, Agent: &who,
		})
		return nil
	})
}

// AgentCloses closes the ticket: the matter is settled.
func (s *Server) AgentCloses(ticketID, agent string) error {
	return s.finish(ticketID, agent, memory.TypeTicketClosed, "")
}

// AgentReturnsToBot gives the conversation back to the bot and closes the ticket.
func (s *Server) AgentReturnsToBot(ticketID, agent, node string) error {
	return s.finish(ticketID, agent, memory.TypeTicketBackToBot, node)
}

func (s *Server) finish(ticketID, agent, kind, node string) error {
	return s.inTicket(ticketID, agent, func(t *ticket) error {
		t.closed = true
		s.happened("ticket:"+t.id, "agent:"+agent, "closed", "")
		e := s.event(t, kind, agent)
		e.Node = node
		t.status = memory.TicketStatus{ID: t.id, Agent: e.Agent, Closed: true, EventID: e.ID, Event: kind, At: e.At}
		s.announce(e)
		return nil
	})
}

// inTicket does what an agent can do with an open ticket; an empty agent is
// whoever has it.
func (s *Server) inTicket(id, agent string, f func(t *ticket) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.ticket(id)
	_, known := s.person(agent)
	switch {
	case t == nil, agent != "" && !known:
		return ErrUnknown
	case t.closed:
		return ErrClosed
	}
	return f(t)
}

// SetOnline says that an agent comes or goes. Who goes gives the tickets back.
func (s *Server) SetOnline(agent string, on bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.agents, func(a memory.Agent) bool { return a.ID == agent })
	if i < 0 {
		return ErrUnknown
	}
	s.agents[i].Online = on
	for _, t := range s.tickets {
		if !on && !t.closed && t.agent == agent {
			s.release(t, "offline")
		}
	}
	return nil
}
