package tiledesk

import (
	"context"
	"strings"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

const (
	// began opens a conversation in which the bot spoke first: its first message must be the customer's (code:
	// routes/message.js).
	began = "The customer came to the chat."
	// maxLines is how many lines an Open without a mirror shows one by one. Older ones go along in one message, so that
	// nobody waits for a long history.
	maxLines = 20
	// historyName is who that message is from.
	historyName = "Conversation so far"
)

// Mirror shows agents what the bot and the customer say, each line as a message of its own, in a conversation that is in
// no queue. It reads what is there first, so that a repeat adds only what is missing. A mirror that somebody closed is a
// Conflict.
func (c *Client) Mirror(ctx context.Context, req connector.MirrorRequest) (conversation.Ticket, error) {
	const op = "Mirror"
	s := showing{Client: c, op: op, key: req.Key, conversation: req.Conversation, customer: req.Customer, id: req.Ticket.ID}
	if s.id == "" {
		s.id = c.ticketID(req.Key)
	}
	if s.as.id = c.customerIn(req.Ticket.Vendor); s.as.id == "" {
		s.as.id = c.customerIn(req.Vendor)
	}
	if err := s.look(ctx); err != nil {
		return conversation.Ticket{}, err
	}
	if err := s.show(ctx, s.lines(req.Lines)); err != nil {
		return conversation.Ticket{}, err
	}
	return s.ticket(), nil
}

// showing adds messages to one ticket, which it makes where there is none.
type showing struct {
	*Client
	op           string
	key          conversation.Key
	conversation string
	customer     conversation.Customer
	link, group  string

	id string
	as person
	// have are the messages of ours that are there, by their marks; exists says that any are.
	have   map[string]string
	exists bool
	// now is the conversation as the vendor showed it last.
	now request
}

// look reads what is there.
func (s *showing) look(ctx context.Context) error {
	messages, err := s.getMessages(ctx, s.op, s.id)
	if err != nil {
		return err
	}
	s.have, s.exists = marksOf(messages), len(messages) > 0
	s.as.name = s.customer.Name
	for _, m := range messages {
		if s.as.id == "" && m.Attributes.has(markAttribute) {
			// The first message of a conversation is the customer's.
			s.as.id = m.Sender
		}
	}
	return nil
}

// show sends the messages that are not there, in order.
func (s *showing) show(ctx context.Context, messages []outgoing) error {
	if s.as.id == "" {
		var err error
		if s.as.id, err = s.introduce(ctx, s.op, s.conversation, s.customer); err != nil {
			return err
		}
	}
	for i := range messages {
		if messages[i].Sender == "" {
			messages[i].Sender = s.as.id
		}
	}
	if !s.exists && (len(messages) == 0 || messages[0].Sender != s.as.id) {
		opening := compose(lineMark(s.key, 0), s.conversation, s.as, began)
		opening.Attributes[subtypeAttribute] = "info"
		messages = append([]outgoing{opening}, messages...)
	}
	for _, m := range messages {
		if _, there := s.have[m.mark]; there {
			continue
		}
		got, err := s.say(ctx, m)
		if err != nil {
			return err
		}
		s.exists, s.have[m.mark] = true, got.ID
		if got.Request != nil {
			s.now = *got.Request
		}
	}
	return nil
}

// say sends one message. The first one is the customer's own: with his token, where we can make one, because what Tiledesk
// is not told of him it takes from who is signed in (addLead).
func (s *showing) say(ctx context.Context, m outgoing) (message, error) {
	if s.exists {
		return s.post(ctx, s.op, s.id, m)
	}
	s.begin(&m)
	if s.config.CustomerJWTSecret == "" {
		return s.post(ctx, s.op, s.id, m)
	}
	token, err := s.tokenOf(s.op, s.as.id, s.customer)
	if err != nil {
		return message{}, err
	}
	return s.postAs(ctx, s.op, s.id, token, m)
}

// begin adds to the first message what Tiledesk reads from no other.
func (s *showing) begin(m *outgoing) {
	m.Department, m.Language, m.Email, m.SourcePage = s.group, s.customer.Language, s.customer.Email, s.link
	if m.Department == "" {
		m.Department = s.config.Department
	}
	for key, value := range map[string]string{"userFullname": s.customer.Name, "userEmail": s.customer.Email, "userPhone": s.customer.Phone} {
		if value != "" {
			m.Attributes[key] = value
		}
	}
}

// ticket is what is kept of it.
func (s *showing) ticket() conversation.Ticket {
	return conversation.Ticket{ID: s.id, Vendor: s.remember(s.as)}
}

// lines writes lines as messages. A sender that is left out is the customer.
func (s *showing) lines(lines []conversation.Line) []outgoing {
	var list []outgoing
	for _, l := range lines {
		mark, from := lineMark(s.key, l.N), s.speaker(l)
		switch a := l.Attachment; {
		case l.Deleted:
		case a != nil && (a.Latitude != 0 || a.Longitude != 0):
			list = append(list, texts(mark, s.conversation, from, strings.TrimSpace(l.Text+"\n"+place(*a)))...)
		case a != nil && a.URL != "":
			list = append(list, shownFile(mark, s.conversation, from, *a, l.Text))
		default:
			list = append(list, texts(mark, s.conversation, from, l.Text)...)
		}
	}
	return list
}

// folded writes lines as messages, all but the newest in one.
func (s *showing) folded(lines []conversation.Line) []outgoing {
	if len(lines) <= maxLines {
		return s.lines(lines)
	}
	older, newer := lines[:len(lines)-maxLines], lines[len(lines)-maxLines:]
	var said strings.Builder
	for _, l := range older {
		if words := connector.Words(l); words != "" {
			said.WriteString(connector.Speaker(l) + ": " + words + "\n")
		}
	}
	history := texts(lineMark(s.key, older[len(older)-1].N), s.conversation, person{botSender, historyName}, strings.TrimSpace(said.String()))
	return append(history, s.lines(newer)...)
}

// speaker is who agents see a line from.
func (s *showing) speaker(l conversation.Line) person {
	named := func(id, name, otherwise string) person {
		if name == "" {
			name = otherwise
		}
		return person{id, name}
	}
	switch l.Role {
	case conversation.RoleBot:
		return named(botSender, l.Name, s.config.BotName)
	case conversation.RoleNotice:
		return named(botSender, l.Name, "Notice")
	case conversation.RoleAgent:
		return named(agentSender, l.Name, "Agent")
	case conversation.RoleCustomer:
	}
	return named("", l.Name, s.customer.Name)
}
