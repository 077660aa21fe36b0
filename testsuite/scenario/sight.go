package scenario

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Who sees, in what is said about a failed expectation.
const (
	customerSees = "the customer sees"
	agentsSee    = "the agents see"
)

// sightVerbs are the expectations about what the customer and the agents see.
func sightVerbs() []verb {
	sees := func(form, does string, check func(s *stage, a args) error) verb {
		return verb{form: form, does: does, tell: func(_ *Story, a args) ([]step, error) {
			return expect(func(s *stage) error {
				s.mu.Lock()
				defer s.mu.Unlock()
				return check(s, a)
			})
		}}
	}
	nothing := func(s *stage, _ args) error { return nothingMore(customerSees, s.channel.seen[s.customerRead:]) }
	return []verb{
		sees("customer sees nothing more", "The customer has seen nothing since the last message that the story mentions.", nothing),
		sees("nothing more reaches the customer", "The same.", nothing),
		sees("customer sees (a) (the) file <file>", "The customer sees a file next.", func(s *stage, a args) error {
			return next(customerSees, s.channel.seen, &s.customerRead, message{file: a["file"]}, isNotice)
		}),
		sees("customer sees <text> with buttons <buttons>", "The customer sees this next, and can press the buttons: their labels, with commas between them.", func(s *stage, a args) error {
			if err := next(customerSees, s.channel.seen, &s.customerRead, message{text: a["text"]}, isNotice); err != nil {
				return err
			}
			if m := s.channel.seen[s.customerRead-1]; !slices.Equal(m.buttons, items(a["buttons"])) {
				return fmt.Errorf("the buttons are %q", m.buttons)
			}
			return nil
		}),
		sees("customer sees <text>", "The customer sees this next. What handoff says by itself may be left out; what an agent or the bot says may not. A text that ends in … stands for all that begin so.", func(s *stage, a args) error {
			return next(customerSees, s.channel.seen, &s.customerRead, message{text: a["text"]}, isNotice)
		}),
		sees("customer does not see <text>", "The customer has never seen it.", func(s *stage, a args) error {
			return s.never(customerSees, s.channel.seen, a["text"])
		}),
		sees("customer reads <text> in place of <old>", "What an agent said before reads so at the customer's now; `nothing` if it was removed.", func(s *stage, a args) error {
			return reads(s.channel.edits, a)
		}),
		sees("agent|agents reads|read <text> in place of <old>", "What the customer said before reads so at the agents' now; `nothing` if it was removed.", func(s *stage, a args) error {
			return reads(s.desk.edits, a)
		}),
		sees("customer is asked for a rating", "A channel that can (ability `survey`) asked the customer how the help was.", func(s *stage, _ args) error {
			if s.channel.surveys == 0 {
				return errors.New("it did not")
			}
			return nil
		}),
		sees("desk keeps the rating <n>", "The desk was told how the customer liked the help.", func(s *stage, a args) error {
			if want, err := number(a["n"]); err != nil || s.desk.rating != want {
				return fmt.Errorf("the desk has %d: %w", s.desk.rating, err)
			}
			return nil
		}),
		sees("ticket shows <state>", "A ticket that shows how things stand (ability `update_ticket`) was last told of this state.", func(s *stage, a args) error {
			if string(s.desk.shows) != a["state"] {
				return fmt.Errorf("it shows %q", s.desk.shows)
			}
			return nil
		}),
		sees("agent|agents sees|see nothing more", "The agents have seen nothing of the customer since.", func(s *stage, _ args) error {
			return nothingMore(agentsSee, unread(s.desk.seen[s.agentRead:]))
		}),
		sees("agent|agents sees|see (a) (the) note <text>", "The agents see a note of handoff's own next; others may be left out.", func(s *stage, a args) error {
			return next(agentsSee, s.desk.notes, &s.notesRead, message{text: a["text"]}, anything)
		}),
		sees("agent|agents sees|see no note", "The agents have seen no other note.", func(s *stage, _ args) error {
			return nothingMore(agentsSee, s.desk.notes[s.notesRead:])
		}),
		sees("agent|agents sees|see (a) (the) file <file>", "The agents see a file of the customer next.", func(s *stage, a args) error {
			return next(agentsSee, s.desk.seen, &s.agentRead, message{file: a["file"]}, isHistory)
		}),
		sees("agent|agents sees|see <text>", "The agents see this next, with a new ticket or in it. What came along with a new ticket may be left out.", func(s *stage, a args) error {
			return next(agentsSee, s.desk.seen, &s.agentRead, message{text: a["text"]}, isHistory)
		}),
		sees("agent|agents does|do not see <text>", "The agents have never seen it.", func(s *stage, a args) error {
			return s.never(agentsSee, s.desk.seen, a["text"])
		}),
		sees("desk is asked for nobody", "The desk was asked for nobody since, besides by a new ticket.", func(s *stage, _ args) error {
			for _, x := range s.desk.asks[s.asksRead:] {
				if !x.opening {
					return fmt.Errorf("it was asked for %s", x.whom)
				}
			}
			return nil
		}),
		sees("desk is asked for <whom>", "The desk is asked next for `agent NAME`, `group NAME` or `the queue`, by a new ticket or for the one it has.", func(s *stage, a args) error {
			return s.asked(a["whom"])
		}),
	}
}

// next finds the message that is to be seen next. Those that pass may be left out by the story.
func next(who string, seen []message, read *int, want message, passes func(m message) bool) error {
	var passed []string
	for i := *read; i < len(seen); i++ {
		m := seen[i]
		if want.file != "" && m.file == want.file || want.file == "" && like(m, want.text) {
			*read = i + 1
			return nil
		}
		if !passes(m) {
			return fmt.Errorf("what %s next is %q", who, m.said())
		}
		passed = append(passed, strconv.Quote(m.said()))
	}
	if len(passed) == 0 {
		return fmt.Errorf("there is nothing more that %s", who)
	}
	return fmt.Errorf("there is only, that %s: %s", who, strings.Join(passed, ", "))
}

// isNotice reports whether handoff said it by itself.
func isNotice(m message) bool { return m.who == "" }

// isHistory reports whether it came along with a ticket.
func isHistory(m message) bool { return m.history }

func anything(message) bool { return true }

// like reports whether a message has the text that the story expects: all of it, or its beginning before an ellipsis.
func like(m message, want string) bool {
	text := m.text
	if text == "" {
		text = m.file
	}
	text, want = oneLine(text), oneLine(want)
	for _, ellipsis := range []string{"…", "..."} {
		if begin, ok := strings.CutSuffix(want, ellipsis); ok {
			return strings.HasPrefix(text, strings.TrimSpace(begin))
		}
	}
	return text == want
}

// oneLine writes a text in one line, as stories do.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func nothingMore(who string, rest []message) error {
	if len(rest) == 0 {
		return nil
	}
	var said []string
	for _, m := range rest {
		said = append(said, m.said())
	}
	return fmt.Errorf("%s %q", who, said)
}

func (s *stage) never(who string, seen []message, text string) error {
	for _, m := range seen {
		if like(m, text) {
			return fmt.Errorf("%s it, since %s", who, s.since(m.at))
		}
	}
	return nil
}

// unread leaves out what came along with a ticket.
func unread(messages []message) []message {
	var live []message
	for _, m := range messages {
		if !m.history {
			live = append(live, m)
		}
	}
	return live
}

// asked finds whom the desk is asked for next. That a ticket was opened may be left out.
func (s *stage) asked(whom string) error {
	name := strings.TrimPrefix(whom, "agent ")
	for i, x := range s.desk.asks[s.asksRead:] {
		if x.whom == whom || x.whom == "agent "+s.story.agent(name).ID {
			s.asksRead += i + 1
			return nil
		}
		if !x.opening {
			return fmt.Errorf("it is asked for %s next", x.whom)
		}
	}
	return errors.New("it is asked for nobody more")
}

// reads finds an edit of an earlier message.
func reads(edits []edit, a args) error {
	want := a["text"]
	if want == "nothing" {
		want = ""
	}
	for _, e := range edits {
		if e.old == a["old"] && e.text == want {
			return nil
		}
	}
	return fmt.Errorf("there are these changes: %q", edits)
}
