package landbot

import (
	"errors"
	"fmt"
	"strconv"
)

// ErrNotDelivered means that the vendor lost the customer's words: it does so
// after it has unassigned the agent for inactivity.
var ErrNotDelivered = errors.New("the vendor does not take the customer's words now")

// Snapshot is how a customer stands.
type Snapshot struct {
	ID       int64          `json:"id"`
	Agent    int64          `json:"agent"` // 0: none
	Bot      int64          `json:"bot"`   // the bot in control; 0: none
	Node     string         `json:"node"`
	Dropped  bool           `json:"dropped"`
	Archived bool           `json:"archived"`
	OptedOut bool           `json:"opted_out"`
	Fields   map[string]any `json:"fields"`
	Messages int            `json:"messages"`
}

// NewCustomer opens a chat on a channel: the bot takes it and runs its first
// node. Fields are custom fields, such as the email that the bot asked for.
func (s *Server) NewCustomer(channel int64, name string, fields map[string]any) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ch := range s.opts.Channels {
		if ch.ID != channel {
			continue
		}
		s.lastID++
		now := s.opts.Now()
		c := &customer{
			id: s.lastID, name: name, channel: ch, chat: 90000 + s.lastID%10000,
			bot: s.opts.Flow.BotID, node: s.opts.Flow.Start, fields: map[string]field{},
			registered: now, last: now, spoke: now,
		}
		for k, v := range fields {
			c.fields[k] = field{Type: "string", Value: v}
		}
		s.customers[c.id] = c
		s.runNode(c)
		return c.id, nil
	}
	return 0, fmt.Errorf("no channel %d", channel)
}

// act runs do for a customer.
func (s *Server) act(id int64, do func(*customer) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.customers[id]
	if !ok {
		return fmt.Errorf("no customer %d", id)
	}
	return do(c)
}

// CustomerSays makes the customer write a text; the bot answers if it is in control.
func (s *Server) CustomerSays(id int64, words string) error {
	return s.customerSends(id, text(words))
}

// CustomerSendsImage makes the customer send a picture.
func (s *Server) CustomerSendsImage(id int64, url string) error {
	return s.customerSends(id, image(url, ""))
}

// CustomerSends makes the customer send a message of any type, known or not.
func (s *Server) CustomerSends(id int64, kind string, data map[string]any) error {
	words, _ := data["body"].(string)
	return s.customerSends(id, said{kind: kind, data: data, raw: words, text: words})
}

func (s *Server) customerSends(id int64, m said) error {
	return s.act(id, func(c *customer) error {
		if c.dropped || c.blocked {
			return ErrNotDelivered
		}
		s.deliver(s.record(c, author{"customer", c.id, c.name}, m))
		s.hear(c, m.text)
		return nil
	})
}

// BotSays makes the bot say a line that no node holds.
func (s *Server) BotSays(id int64, words string) error {
	return s.act(id, func(c *customer) error {
		s.botSays(c, words)
		return nil
	})
}

// HumanInInboxSays makes an agent type in the vendor's own inbox.
func (s *Server) HumanInInboxSays(id, agent int64, words string) error {
	return s.act(id, func(c *customer) error {
		for _, a := range s.opts.Agents {
			if a.ID == agent {
				c.bot = 0
				s.see(c, agentName(a.ID), "text", words)
				s.deliver(s.record(c, author{"agent", a.ID, a.Name}, text(words)))
				return nil
			}
		}
		return fmt.Errorf("no agent %d", agent)
	})
}

// HumanTakes makes an agent of the vendor's own inbox take the customer, as the
// account's automatic assignment does too.
func (s *Server) HumanTakes(id, agent int64) error {
	return s.act(id, func(c *customer) error {
		if !s.isAgent(agent) {
			return fmt.Errorf("no agent %d", agent)
		}
		s.deliver(s.giveTo(c, agent))
		return nil
	})
}

// AutoUnassign does what the vendor does after inactivity.
func (s *Server) AutoUnassign(id int64) error {
	return s.act(id, func(c *customer) error {
		s.drop(c)
		return nil
	})
}

// AsksForHuman makes the flow's Webhook block call us, with these keys besides
// the usual ones.
func (s *Server) AsksForHuman(id int64, more map[string]any) error {
	return s.act(id, func(c *customer) error {
		s.askForHuman(c, more)
		return nil
	})
}

// SetBlock says where the flow's Webhook block asks for a human.
func (s *Server) SetBlock(b Block) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.block = b
}

// Customer tells how a customer stands.
func (s *Server) Customer(id int64) (Snapshot, error) {
	var snap Snapshot
	err := s.act(id, func(c *customer) error {
		snap = Snapshot{
			ID: c.id, Agent: c.agent, Bot: c.bot, Node: c.node, Dropped: c.dropped,
			Archived: c.archived, OptedOut: c.optedOut, Messages: len(c.messages), Fields: map[string]any{},
		}
		for k, f := range c.fields {
			snap.Fields[k] = f.Value
		}
		return nil
	})
	return snap, err
}

// HookURLs lists the addresses of a channel's hooks.
func (s *Server) HookURLs(channel int64) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var urls []string
	for _, h := range s.hooked {
		if h.ChannelID == channel {
			urls = append(urls, h.URL)
		}
	}
	return urls
}

// AgentTexts returns what agents said to a customer, in order.
func (s *Server) AgentTexts(id int64) []string {
	texts := []string{}
	for _, e := range s.Journal.Entries(strconv.FormatInt(id, 10)) {
		if e.Kind == "text" && e.Who != "bot" {
			texts = append(texts, e.Text)
		}
	}
	return texts
}
