package scenario

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// customerVerbs are the sentences about the customer.
func customerVerbs() []verb {
	return []verb{
		{form: "customer sends (a) (the) file <name>", does: "The customer sends a file.", tell: func(_ *Story, a args) ([]step, error) {
			words := ""
			return []step{{words: &words, do: func(s *stage) error {
				return s.customer(conversation.Event{Kind: conversation.CustomerSaid, Attachment: file(a["name"])})
			}}}, nil
		}},
		{form: "customer says|writes <text>", does: "The customer writes.", tell: func(_ *Story, a args) ([]step, error) {
			words := a["text"]
			return []step{{words: &words, do: func(s *stage) error {
				return s.customer(conversation.Event{Kind: conversation.CustomerSaid, Text: words})
			}}}, nil
		}},
		{form: "customer corrects <old> to <text>", does: "The customer edits an earlier message.", tell: func(_ *Story, a args) ([]step, error) {
			return action(func(s *stage) error {
				return s.customerEdits(a["old"], conversation.Event{Kind: conversation.CustomerEdited, Text: a["text"]})
			})
		}},
		{form: "customer deletes <old>", does: "The customer deletes an earlier message.", tell: func(_ *Story, a args) ([]step, error) {
			return action(func(s *stage) error {
				return s.customerEdits(a["old"], conversation.Event{Kind: conversation.CustomerDeleted})
			})
		}},
		{form: "customer rates it <n>", does: "The channel tells how the customer liked the help, from 1 to 5.", tell: func(_ *Story, a args) ([]step, error) {
			n, err := number(a["n"])
			if err != nil {
				return nil, err
			}
			return action(func(s *stage) error {
				return s.customer(conversation.Event{Kind: conversation.CustomerRated, Rating: n})
			})
		}},
		{form: "customer wants the bot", does: "The customer presses the channel's button that goes back to the bot.", tell: func(*Story, args) ([]step, error) {
			return action(func(s *stage) error { return s.customer(conversation.Event{Kind: conversation.BotRequested}) })
		}},
		{form: "<n> customers wait before", does: "So many others have been waiting at the desk for longer.", tell: func(_ *Story, a args) ([]step, error) {
			n, err := number(a["n"])
			if err != nil {
				return nil, err
			}
			return action(func(s *stage) error {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.ahead = n
				return nil
			})
		}},
		{form: "customer leaves", does: "The customer ends the chat.", tell: func(*Story, args) ([]step, error) {
			return action(func(s *stage) error { return s.customer(conversation.Event{Kind: conversation.CustomerLeft}) })
		}},
	}
}

// file is an attachment of that name.
func file(name string) *conversation.Attachment {
	return &conversation.Attachment{URL: "https://files.example.com/" + path.Base(name), Name: path.Base(name)}
}

// customer tells what the customer did.
func (s *stage) customer(ev conversation.Event) error {
	told := s.event(s.channel.name, ev.Kind)
	told.Text, told.Attachment, told.Rating, told.Target = ev.Text, ev.Attachment, ev.Rating, ev.Target
	switch {
	case ev.Kind == conversation.CustomerSaid && ev.Text != "":
		told.MessageID = "words-" + told.ID
		s.words = append(s.words, agentWords{id: told.MessageID, text: ev.Text})
		s.note(customerSide, "> "+ev.Text)
	case ev.Kind == conversation.CustomerLeft:
		s.note(customerSide, "(the customer leaves)")
	case ev.Kind == conversation.CustomerRated:
		s.note(customerSide, fmt.Sprintf("(the customer's rating is %d)", ev.Rating))
	case ev.Kind == conversation.BotRequested:
		s.note(customerSide, "(the customer wants the bot)")
	case ev.Target != "":
		s.note(customerSide, "(the customer changes a message to: "+ev.Text+")")
	case ev.Attachment != nil:
		s.note(customerSide, "> [file "+ev.Attachment.Name+"]")
	}
	s.tell(told)
	return nil
}

// customerEdits tells that the customer changed or removed what was said before.
func (s *stage) customerEdits(old string, ev conversation.Event) error {
	for _, w := range s.words {
		if w.text == old {
			ev.Target = w.id
			return s.customer(ev)
		}
	}
	return fmt.Errorf("the customer has not said %q", old)
}

// botVerbs are the sentences about the bot. A hosted bot acts by itself; what a bot that is called does is its answer.
func botVerbs() []verb {
	asks := func(_ *Story, a args) (agent, group string) { return a["agent"], a["group"] }
	says := func(s *Story, a args) ([]step, error) {
		if s.calledBot() {
			return botAnswers(a["words"], conversation.Answer{Messages: []conversation.Message{{Text: a["text"], Buttons: buttons(a["buttons"])}}})
		}
		return action(func(s *stage) error {
			ev := s.event(s.channel.name, conversation.BotSaid)
			ev.Text, ev.Buttons, ev.Author = a["text"], buttons(a["buttons"]), conversation.Author{Name: "bot"}
			s.note(customerSide, "bot: "+ev.Text)
			s.tell(ev)
			return nil
		})
	}
	asksFor := func(s *Story, a args) ([]step, error) {
		agent, group := asks(s, a)
		if agent != "" {
			agent = s.agent(agent).ID
		}
		if s.calledBot() {
			return botAnswers("", conversation.Answer{Handoff: true, Agent: agent, Group: group})
		}
		return action(func(s *stage) error {
			ev := s.event(s.channel.name, conversation.HandoffRequested)
			ev.Agent, ev.Group = agent, group
			s.note(customerSide, "(the bot asks for a human)")
			s.tell(ev)
			return nil
		})
	}
	return []verb{
		{form: "bot says|answers <text> to <words>", does: "A called bot answers these words of the customer.", tell: says},
		{form: "bot says|answers <text> with buttons <buttons>", does: "The bot writes, with buttons that the customer can press: `label`, `label = value` or `label = link`, with commas between them.", tell: says},
		{form: "bot says|answers <text>", does: "The bot writes. A called bot answers the customer's last words, as much later as the sentence stands behind them.", tell: says},
		{form: "bot asks for a|the human", does: "The bot asks for a human.", tell: asksFor},
		{form: "bot asks for (a) (the) (human) (in) group <group>", does: "The bot asks for a group, by the desk's own name.", tell: asksFor},
		{form: "bot asks for (agent) <agent>", does: "The bot asks for an agent.", tell: asksFor},
		{form: "bot is done", does: "A called bot ends the conversation.", tell: func(s *Story, _ args) ([]step, error) {
			if !s.calledBot() {
				return nil, errors.New("only a bot that is called can end a conversation")
			}
			return botAnswers("", conversation.Answer{End: true})
		}},
	}
}

// buttons reads a list of buttons.
func buttons(list string) []conversation.Button {
	var all []conversation.Button
	for _, item := range items(list) {
		label, target, _ := strings.Cut(item, "=")
		b := conversation.Button{Label: strings.TrimSpace(label), Value: strings.TrimSpace(target)}
		if connector.IsWebAddress(b.Value) {
			b.Value, b.URL = "", b.Value
		}
		all = append(all, b)
	}
	return all
}

// botAnswers is a part of a called bot's answer. When the sentence is played, the answer has been given.
func botAnswers(to string, answered conversation.Answer) ([]step, error) {
	return []step{{answer: &answer{Answer: answered, to: to}, do: func(s *stage) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !s.answered[s.next-1] {
			return errors.New("the bot was not asked")
		}
		return nil
	}}}, nil
}

// agentVerbs are the sentences about agents and their desk.
func agentVerbs() []verb {
	does := func(form, what string, do func(s *stage, who conversation.Author, a args) error) verb {
		return verb{form: form, does: what, tell: func(story *Story, a args) ([]step, error) {
			who := story.agent(a["name"])
			return action(func(s *stage) error { return do(s, who, a) })
		}}
	}
	return []verb{
		does("agent <name> opens a chat|ticket", "The agent writes to the customer unasked: a ticket that handoff did not open.", func(s *stage, who conversation.Author, _ args) error {
			s.mu.Lock()
			t := s.desk.add("")
			s.mu.Unlock()
			return s.agent(who, "opens "+t.id, conversation.Event{Kind: conversation.AgentAssigned, Agent: who.ID, Ticket: &conversation.Ticket{ID: t.id}})
		}),
		does("agent <name> takes|accepts (it) (the) (ticket) (conversation)", "The desk says that the agent has the ticket.", func(s *stage, who conversation.Author, _ args) error {
			return s.agent(who, "takes it", conversation.Event{Kind: conversation.AgentAssigned, Agent: who.ID})
		}),
		does("agent <name> says|writes <text> but the webhook is lost", "The agent writes, and the desk does not tell.", func(s *stage, who conversation.Author, a args) error {
			return s.agentSays(who, conversation.Event{Text: a["text"]}, true)
		}),
		does("agent <name> says|writes <text> in ticket <n>", "The agent writes in an earlier ticket, the first being 1.", func(s *stage, who conversation.Author, a args) error {
			ev := conversation.Event{Kind: conversation.AgentSaid, Text: a["text"], TicketID: "ticket-" + a["n"]}
			return s.agent(who, "in "+ev.TicketID+": "+ev.Text, ev)
		}),
		does("agent <name> says|writes <text> with buttons <buttons>", "The agent writes to the customer, who can press the buttons: `label`, or `label = link`, with commas between them.", func(s *stage, who conversation.Author, a args) error {
			return s.agentSays(who, conversation.Event{Text: a["text"], Buttons: buttons(a["buttons"])}, false)
		}),
		does("agent <name> says|writes <text>", "The agent writes to the customer.", func(s *stage, who conversation.Author, a args) error {
			return s.agentSays(who, conversation.Event{Text: a["text"]}, false)
		}),
		does("agent <name> sends (a) (the) file <file>", "The agent sends the customer a file.", func(s *stage, who conversation.Author, a args) error {
			return s.agentSays(who, conversation.Event{Attachment: file(a["file"])}, false)
		}),
		does("agent <name> notes <text>", "The agent writes a private note.", func(s *stage, who conversation.Author, a args) error {
			return s.agent(who, "notes: "+a["text"], conversation.Event{Kind: conversation.AgentNoted})
		}),
		does("agent <name> edits|corrects <old> to <text>", "The agent edits an earlier message.", func(s *stage, who conversation.Author, a args) error {
			id, err := s.wordsOf(who, a["old"])
			if err != nil {
				return err
			}
			return s.agent(who, "edits to: "+a["text"], conversation.Event{Kind: conversation.AgentEdited, Target: id, Text: a["text"]})
		}),
		does("agent <name> deletes <old>", "The agent deletes an earlier message.", func(s *stage, who conversation.Author, a args) error {
			id, err := s.wordsOf(who, a["old"])
			if err != nil {
				return err
			}
			return s.agent(who, "deletes: "+a["old"], conversation.Event{Kind: conversation.AgentDeleted, Target: id})
		}),
		does("agent <name> goes offline", "The desk says that the agent is away.", func(s *stage, who conversation.Author, _ args) error {
			return s.agent(who, "goes offline", conversation.Event{Kind: conversation.AgentOffline, Agent: who.ID})
		}),
		does("agent <name> comes back", "The desk says that the agent is there again.", func(s *stage, who conversation.Author, _ args) error {
			return s.agent(who, "comes back", conversation.Event{Kind: conversation.AgentOnline, Agent: who.ID})
		}),
		does("agent <name> releases (it) (the) (ticket) (conversation)", "The agent puts the ticket back into the desk's queue.", func(s *stage, who conversation.Author, _ args) error {
			return s.agent(who, "releases it", conversation.Event{Kind: conversation.AgentUnassigned, Agent: who.ID})
		}),
		does("agent <name> hands (it) back at <node>", "The agent gives the customer back to the bot, which goes on at the node.", func(s *stage, who conversation.Author, a args) error {
			return s.agent(who, "hands back", conversation.Event{Kind: conversation.HandedBack, Node: a["node"]})
		}),
		does("agent <name> hands (it) back", "The agent gives the customer back to the bot.", func(s *stage, who conversation.Author, _ args) error {
			return s.agent(who, "hands back", conversation.Event{Kind: conversation.HandedBack})
		}),
		does("agent <name> closes (it) (the) (ticket) (conversation)", "The agent closes the ticket.", func(s *stage, who conversation.Author, _ args) error {
			return s.closes(who)
		}),
		does("desk transfers (it) (the) (ticket) to (agent) <name>", "The desk gives the ticket to another agent.", func(s *stage, who conversation.Author, _ args) error {
			return s.agent(who, "gets the ticket", conversation.Event{Kind: conversation.AgentAssigned, Agent: who.ID})
		}),
		does("desk takes it from the agent", "The desk puts the ticket back into its queue.", func(s *stage, _ conversation.Author, _ args) error {
			return s.agent(conversation.Author{}, "(the desk takes it from the agent)", conversation.Event{Kind: conversation.AgentUnassigned})
		}),
		does("desk closes (it) (the) (ticket)", "The desk closes the ticket by itself.", func(s *stage, _ conversation.Author, _ args) error {
			return s.closes(conversation.Author{})
		}),
	}
}

// agent tells what happened at the desk. An event without a ticket is about the newest.
func (s *stage) agent(who conversation.Author, log string, ev conversation.Event) error {
	told, err := s.happens(who, log, ev)
	if err == nil {
		s.tell(told)
	}
	return err
}

// happens has something happen at the desk, told or not.
func (s *stage) happens(who conversation.Author, log string, ev conversation.Event) (conversation.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ev.TicketID == "" {
		t := s.desk.current()
		if t == nil {
			return ev, errors.New("the desk has no ticket yet")
		}
		ev.TicketID = t.id
	} else if s.desk.find(ev.TicketID) == nil {
		return ev, fmt.Errorf("the desk has no %s; it has %d tickets", ev.TicketID, len(s.desk.tickets))
	}
	told := s.event(s.desk.name, ev.Kind)
	ev.ID, ev.Source, ev.At, ev.Author = told.ID, s.desk.find(ev.TicketID).desk, told.At, who
	if who.Name != "" {
		log = who.Name + " " + log
	}
	s.log(agentSide, log)
	s.desk.happened = append(s.desk.happened, ev)
	return ev, nil
}

// agentSays has an agent speak.
func (s *stage) agentSays(who conversation.Author, ev conversation.Event, lost bool) error {
	ev.Kind, ev.MessageID = conversation.AgentSaid, fmt.Sprintf("message-%d", s.next)
	log := "says: " + ev.Text
	if ev.Attachment != nil {
		log = "sends [file " + ev.Attachment.Name + "]"
	}
	if lost {
		log += " (the webhook is lost)"
	}
	told, err := s.happens(who, log, ev)
	if err != nil {
		return err
	}
	s.desk.words = append(s.desk.words, agentWords{ev.MessageID, who.ID, ev.Text})
	if !lost {
		s.tell(told)
	}
	return nil
}

// closes has the newest ticket closed at the desk.
func (s *stage) closes(who conversation.Author) error {
	s.mu.Lock()
	if t := s.desk.current(); t != nil {
		t.closed = true
	}
	s.mu.Unlock()
	return s.agent(who, "(the ticket is closed)", conversation.Event{Kind: conversation.TicketClosed})
}

// wordsOf finds the message in which the agent said text.
func (s *stage) wordsOf(who conversation.Author, text string) (string, error) {
	for _, w := range s.desk.words {
		if w.agent == who.ID && strings.TrimSpace(w.text) == strings.TrimSpace(text) {
			return w.id, nil
		}
	}
	return "", fmt.Errorf("%s has not said %q", who.Name, text)
}
