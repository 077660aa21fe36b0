package livechat

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// The methods of this file are what people and the vendor's router do in a chat.
// Each returns an error for what the agent app would not offer.

var errNoChat = errors.New("livechat fake: no such active chat")

// inChat runs do for a chat with an active thread.
func (s *Server) inChat(chatID string, do func(*chat, *thread) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.chat(chatID)
	if c == nil || c.active() == nil {
		return fmt.Errorf("%w: %q", errNoChat, chatID)
	}
	return do(c, c.active())
}

func (s *Server) person(id string) (*Agent, error) {
	if a := s.agent(id); a != nil {
		return a, nil
	}
	return nil, fmt.Errorf("livechat fake: no agent %q", id)
}

// AgentTakes gives a queued chat to an agent, as picking it from the queue does.
func (s *Server) AgentTakes(chatID, agentID string) error {
	return s.inChat(chatID, func(c *chat, t *thread) error {
		a, err := s.person(agentID)
		if err != nil {
			return err
		}
		s.move(c, t, a, "assigned", "", system)
		return nil
	})
}

// AgentSays writes what everybody sees. An agent who is not in the chat is
// added to it without being present.
func (s *Server) AgentSays(chatID, agentID, text string) (eventID string, err error) {
	return s.agentWrites(chatID, agentID, &Event{Type: "message", Text: text, Visibility: "all"})
}

// AgentNotes writes what agents alone see.
func (s *Server) AgentNotes(chatID, agentID, text string) (eventID string, err error) {
	return s.agentWrites(chatID, agentID, &Event{Type: "message", Text: text, Visibility: "agents"})
}

// AgentGreets is an automatic greeting in an agent's name.
func (s *Server) AgentGreets(chatID, agentID, text string) (eventID string, err error) {
	return s.agentWrites(chatID, agentID, &Event{
		Type: "message", Text: text, Visibility: "all", Properties: map[string]map[string]any{"lc2": {"welcome_message": true}},
	})
}

// AgentSendsRich sends a rich message: cards, quick_replies or sticker.
func (s *Server) AgentSendsRich(chatID, agentID, template string, elements json.RawMessage) (eventID string, err error) {
	return s.agentWrites(chatID, agentID, &Event{Type: "rich_message", TemplateID: template, Elements: elements, Visibility: "all"})
}

// AgentSendsType sends an event of any type, known or not.
func (s *Server) AgentSendsType(chatID, agentID, eventType string) (eventID string, err error) {
	return s.agentWrites(chatID, agentID, &Event{Type: eventType, Visibility: "all"})
}

func (s *Server) agentWrites(chatID, agentID string, e *Event) (eventID string, err error) {
	err = s.inChat(chatID, func(c *chat, t *thread) error {
		a, err := s.person(agentID)
		if err != nil {
			return err
		}
		if c.agent(agentID) == nil {
			s.tellAdded(c, t, s.join(c, t, a, false, "all"), "manual", agentID, otherClients)
		}
		e.AuthorID = agentID
		eventID = s.append(c, t, e).ID
		s.tellEvent(c, t, e, otherClients)
		return nil
	})
	return eventID, err
}

// AgentSendsFile sends a file that everybody sees. base is the address under
// which the file can be fetched, such as http://127.0.0.1:8080.
func (s *Server) AgentSendsFile(chatID, agentID, base, name, contentType string, data []byte) (eventID string, err error) {
	r, err := http.NewRequest(http.MethodPost, base, nil)
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	address := s.store(r, name, contentType, data)
	e := &Event{Type: "file", Visibility: "all"}
	s.useFile(e, address)
	s.mu.Unlock()
	return s.agentWrites(chatID, agentID, e)
}

// AgentEdits changes the text of a message.
func (s *Server) AgentEdits(chatID, eventID, text string) error {
	return s.inChat(chatID, func(c *chat, t *thread) error {
		e, _ := t.event(eventID)
		if e == nil {
			return fmt.Errorf("livechat fake: no event %q", eventID)
		}
		e.Text = text
		s.note(c, s.authorOf(c, e.AuthorID), "edited", text)
		s.tell(c, happening{
			action: "event_updated", source: otherClients, author: s.authorType(c, e),
			payload: map[string]any{"chat_id": c.id, "thread_id": t.id, "event": *e},
		})
		return nil
	})
}

// AgentDeletes takes a message away.
func (s *Server) AgentDeletes(chatID, eventID string) error {
	return s.inChat(chatID, func(c *chat, t *thread) error {
		e, i := t.event(eventID)
		if e == nil {
			return fmt.Errorf("livechat fake: no event %q", eventID)
		}
		t.events = slices.Delete(t.events, i, i+1)
		s.note(c, s.authorOf(c, e.AuthorID), "deleted", "")
		s.tell(c, happening{
			action: "event_deleted", source: otherClients,
			payload: map[string]any{"chat_id": c.id, "thread_id": t.id, "event_id": eventID},
		})
		return nil
	})
}

// AgentReads marks all that was written so far as seen by an agent.
func (s *Server) AgentReads(chatID, agentID string) error {
	return s.inChat(chatID, func(c *chat, _ *thread) error {
		if _, err := s.person(agentID); err != nil {
			return err
		}
		s.tellSeen(c, agentID, stamp(s.now()), "agent", otherClients)
		return nil
	})
}

// AgentCloses archives the chat.
func (s *Server) AgentCloses(chatID, agentID string) error {
	return s.inChat(chatID, func(c *chat, t *thread) error {
		s.closeThread(c, t, agentID, "manual_archived_agent", otherClients)
		return nil
	})
}

// RouterCloses archives the chat for nobody in particular: inactivity, nobody there.
func (s *Server) RouterCloses(chatID string) error {
	return s.inChat(chatID, func(c *chat, t *thread) error {
		s.closeThread(c, t, "", "routing.archived_inactive", system)
		return nil
	})
}

// AgentTransfers moves the chat from one person to another.
func (s *Server) AgentTransfers(chatID, from, to string) error {
	return s.inChat(chatID, func(c *chat, t *thread) error {
		a, err := s.person(to)
		if err != nil {
			return err
		}
		s.move(c, t, a, "manual", from, otherClients)
		return nil
	})
}

// VendorReassignsInactive gives the chat of a silent agent to another one.
func (s *Server) VendorReassignsInactive(chatID, to string) error {
	return s.inChat(chatID, func(c *chat, t *thread) error {
		a, err := s.person(to)
		if err != nil {
			return err
		}
		s.move(c, t, a, "inactive", "", system)
		return nil
	})
}

// VendorUnassigns puts the chat back into the queue because its agent was lost.
func (s *Server) VendorUnassigns(chatID string) error {
	return s.inChat(chatID, func(c *chat, t *thread) error {
		s.move(c, t, nil, "unassigned", "", system)
		return nil
	})
}

// AgentStartsThread is an agent who resumes an inactive chat by himself.
func (s *Server) AgentStartsThread(chatID, agentID, text string) (threadID string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.chat(chatID)
	if c == nil || c.active() != nil {
		return "", fmt.Errorf("livechat fake: no such inactive chat %q", chatID)
	}
	a, err := s.person(agentID)
	if err != nil {
		return "", err
	}
	c.agents = nil
	t := &thread{id: s.nextID(), active: true, createdAt: s.now(), properties: map[string]map[string]any{}, userIDs: []string{c.customer.id}}
	c.threads = append(c.threads, t)
	s.join(c, t, a, true, "all")
	s.append(c, t, &Event{Type: "message", Text: text, AuthorID: agentID, Visibility: "all"})
	s.tell(c, happening{action: "incoming_chat", source: otherClients, author: "agent", payload: map[string]any{"chat": s.viewChat(c, t)}})
	return t.id, nil
}

// AgentGoesOffline and AgentComesBack change whether a person takes chats.
func (s *Server) AgentGoesOffline(agentID string) error {
	if err := s.setStatus(agentID, offline, "offline"); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.switches.UnassignOffline {
		return nil
	}
	for _, c := range s.chats {
		if t := c.active(); t != nil && c.agent(agentID) != nil {
			s.move(c, t, nil, "unassigned", "", system)
		}
	}
	return nil
}

// AgentPauses stops new chats for an agent who stays signed in.
func (s *Server) AgentPauses(agentID string) error {
	return s.setStatus(agentID, notAccepting, "not accepting chats")
}

// AgentComesBack lets an agent take chats again.
func (s *Server) AgentComesBack(agentID string) error {
	return s.setStatus(agentID, accepting, "accepting chats")
}

// setStatus changes a status. The webhook writes it with spaces, the API with underscores.
func (s *Server) setStatus(agentID, status, told string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.person(agentID)
	if err != nil {
		return err
	}
	a.Status = status
	s.tell(nil, happening{action: "routing_status_set", source: otherClients, payload: map[string]any{"agent_id": agentID, "status": told}})
	return nil
}

// Ban makes LiveChat refuse new threads of a chat's customer.
func (s *Server) Ban(chatID string) error {
	return s.inChat(chatID, func(c *chat, t *thread) error {
		c.customer.banned = true
		s.closeThread(c, t, "", "customer_banned", system)
		return nil
	})
}
