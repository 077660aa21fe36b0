package scenario

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/conversation"
)

// stateVerbs are the expectations about how things stand.
func stateVerbs() []verb {
	return []verb{
		{form: "state is <state> because <reason>", does: "The state, and why it was entered: one of the reasons of package conversation.", tell: stateIs},
		{form: "state is <state>", does: "The state: `bot`, `waiting`, `agent-assigned`, `timed-out-reassign` or `ended`.", tell: stateIs},
		{form: "owner is <owner>", does: "Who owns the conversation: `bot`, `nobody` or an agent.", tell: func(story *Story, a args) ([]step, error) {
			want := strings.TrimPrefix(a["owner"], "agent ")
			return expect(func(s *stage) error {
				v := s.look()
				have := v.Owner
				if v.Agent != nil {
					have = v.Agent.ID
				}
				if want != have && story.agent(want).ID != have {
					return fmt.Errorf("the owner is %s", have)
				}
				return nil
			})
		}},
		{form: "ticket is at the first|second desk", does: "Which desk has the newest ticket.", tell: func(_ *Story, a args) ([]step, error) {
			return expect(func(s *stage) error {
				s.mu.Lock()
				defer s.mu.Unlock()
				t, want := s.desk.current(), 0
				if strings.Contains(s.story.steps[s.next-1].line, "second") {
					want = 1
				}
				if t == nil || want >= len(s.desks) || t.desk != s.desks[want].name {
					return errors.New("it is not")
				}
				return nil
			})
		}},
		{form: "ticket is <status>", does: "The newest ticket, as handoff knows it: `opening`, `open`, `closing`, `closed` or `failed`.", tell: func(_ *Story, a args) ([]step, error) {
			return expect(func(s *stage) error { return s.ticketIs(a["status"]) })
		}},
		{form: "desk opens (a) (the) ticket", does: "The desk has an open ticket.", tell: func(*Story, args) ([]step, error) {
			return expect(func(s *stage) error { return s.ticketIs(string(conversation.TicketOpen)) })
		}},
		{form: "desk has <n> ticket|tickets", does: "How many tickets were opened at the desk so far.", tell: func(_ *Story, a args) ([]step, error) {
			return counted(a["n"], func(s *stage) int {
				s.mu.Lock()
				defer s.mu.Unlock()
				return len(s.desk.tickets)
			})
		}},
		{form: "nobody is asked at the first desk", does: "The first of two desks has no open ticket.", tell: func(*Story, args) ([]step, error) {
			return expect(func(s *stage) error {
				s.mu.Lock()
				defer s.mu.Unlock()
				for _, t := range s.desk.tickets {
					if t.desk == s.desks[0].name && !t.closed {
						return fmt.Errorf("%s is open there", t.id)
					}
				}
				return nil
			})
		}},
		{form: "bot is paused", does: "The hosted bot does not answer the customer.", tell: func(*Story, args) ([]step, error) { return botIs(true) }},
		{form: "bot is running", does: "The hosted bot answers the customer.", tell: func(*Story, args) ([]step, error) { return botIs(false) }},
		{form: "bot was launched at <node>", does: "The last hand-back launched the hosted bot at the node.", tell: func(_ *Story, a args) ([]step, error) {
			return expect(func(s *stage) error {
				s.mu.Lock()
				defer s.mu.Unlock()
				if s.channel.launches == 0 || s.channel.node != a["node"] {
					return fmt.Errorf("it was launched %d times, last at %q", s.channel.launches, s.channel.node)
				}
				return nil
			})
		}},
		{form: "bot was launched <n> time|times", does: "How often a hand-back launched the hosted bot.", tell: func(_ *Story, a args) ([]step, error) {
			return counted(a["n"], func(s *stage) int {
				s.mu.Lock()
				defer s.mu.Unlock()
				return s.channel.launches
			})
		}},
		{form: "bot was asked <n> time|times", does: "How often a called bot was asked.", tell: func(story *Story, a args) ([]step, error) {
			if !story.calledBot() {
				return nil, errors.New("the channel hosts this bot: handoff does not ask it")
			}
			return counted(a["n"], func(s *stage) int {
				s.mu.Lock()
				defer s.mu.Unlock()
				return len(s.bot.asked)
			})
		}},
		{form: "bot was told <text>", does: "What a called bot was asked last.", tell: func(_ *Story, a args) ([]step, error) {
			return expect(func(s *stage) error {
				s.mu.Lock()
				defer s.mu.Unlock()
				if n := len(s.bot.asked); n == 0 || s.bot.asked[n-1].Text != a["text"] {
					return errors.New("its last question was another")
				}
				return nil
			})
		}},
		{form: "<n> message|messages lost <what>", does: "How many delivered messages lost something because a side cannot show it: `buttons_as_text`, `file_as_link` or `file_refused`.", tell: func(_ *Story, a args) ([]step, error) {
			return counted(a["n"], func(s *stage) int {
				for _, lost := range s.look().Counts.Degraded {
					if string(lost.Reason) == a["what"] {
						return lost.N
					}
				}
				return 0
			})
		}},
		{form: "channel was told that <who> has it", does: "A channel that shows who has the conversation (ability `notify_state`) was last told of `bot`, `nobody` or an agent.", tell: shows},
		{form: "deadline <deadline> is in <duration>", does: "A deadline and how far away it is: `accept`, `first_reply`, `agent_idle`, `customer_idle_warning`, `customer_idle`, `max_wait`, `bot_idle`, `linger`.", tell: deadlineIs},
		{form: "there is no deadline <deadline>", does: "The deadline is not set.", tell: func(_ *Story, a args) ([]step, error) {
			return expect(func(s *stage) error {
				if d := s.deadline(a["deadline"]); d != nil {
					return fmt.Errorf("it is in %s", d.At.Sub(s.now()).Round(time.Second))
				}
				return nil
			})
		}},
		{form: "<n> send|sends is|are|was|were <status>", does: "How many sends are `uncertain`, `withheld`, `failed` or `pending`.", tell: sendsAre},
		{form: "<n> event|events is|are|was|were <result>", does: "How many events were `ignored` or `duplicates`, besides those that the way of playing adds.", tell: eventsAre},
		{form: "conversation is over", does: "The conversation has ended and remembers nothing any more: its workflow is complete.", tell: func(*Story, args) ([]step, error) {
			return expect(func(s *stage) error {
				if s.playing {
					return fmt.Errorf("it is %s and still running", s.look().State)
				}
				return nil
			})
		}},
	}
}

// expect makes the step of an expectation.
func expect(check func(s *stage) error) ([]step, error) { return action(check) }

func counted(want string, count func(s *stage) int) ([]step, error) {
	n, err := number(want)
	if err != nil {
		return nil, err
	}
	return expect(func(s *stage) error {
		if have := count(s); have != n {
			return fmt.Errorf("expected %d, there are %d", n, have)
		}
		return nil
	})
}

// number reads "2", "two" or "no".
func number(s string) (int, error) {
	if i := slices.Index([]string{"no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"}, strings.ToLower(s)); i >= 0 {
		return i, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, fmt.Errorf("%q is no number", s)
	}
	return n, nil
}

func stateIs(_ *Story, a args) ([]step, error) {
	state := conversation.State(a["state"])
	if !slices.Contains(conversation.States(), state) {
		return nil, fmt.Errorf("there is no state %q; write one of: %s", state, join(conversation.States()))
	}
	return expect(func(s *stage) error {
		v := s.look()
		if v.State != state || a["reason"] != "" && string(v.Reason) != a["reason"] {
			return fmt.Errorf("the state is %s because %s", v.State, v.Reason)
		}
		return nil
	})
}

func (s *stage) ticketIs(status string) error {
	v := s.look()
	if len(v.Tickets) == 0 {
		return errors.New("there is no ticket")
	}
	if have := v.Tickets[len(v.Tickets)-1].Status; string(have) != status {
		return fmt.Errorf("the ticket is %s", have)
	}
	return nil
}

func botIs(muted bool) ([]step, error) {
	return expect(func(s *stage) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.channel.muted != muted {
			return errors.New("it is not")
		}
		return nil
	})
}

func shows(story *Story, a args) ([]step, error) {
	who := strings.TrimPrefix(a["who"], "agent ")
	return expect(func(s *stage) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.channel.shows != who && s.channel.shows != story.agent(who).ID {
			return fmt.Errorf("it was told of %q", s.channel.shows)
		}
		return nil
	})
}

func (s *stage) deadline(name string) *conversation.Deadline {
	for _, d := range s.look().Deadlines {
		if string(d.Name) == name {
			return &d
		}
	}
	return nil
}

func deadlineIs(_ *Story, a args) ([]step, error) {
	want, err := duration(a["duration"])
	if err != nil {
		return nil, err
	}
	return expect(func(s *stage) error {
		d := s.deadline(a["deadline"])
		if d == nil {
			return errors.New("it is not set")
		}
		have := d.At.Sub(s.now())
		if late := want - have; late < -beat || late > 5*time.Second {
			return fmt.Errorf("it is in %s", have.Round(time.Second))
		}
		return nil
	})
}

func sendsAre(_ *Story, a args) ([]step, error) {
	of := map[string]func(v conversation.View) int{
		"uncertain": func(v conversation.View) int { return v.Counts.Uncertain },
		"withheld":  func(v conversation.View) int { return v.Counts.Withheld },
		"failed":    func(v conversation.View) int { return v.Counts.Failed },
		"pending":   func(v conversation.View) int { return len(v.Pending) },
	}
	count, ok := of[a["status"]]
	if !ok {
		return nil, errors.New("write uncertain, withheld, failed or pending")
	}
	return counted(a["n"], func(s *stage) int { return count(s.look()) })
}

func eventsAre(_ *Story, a args) ([]step, error) {
	of := map[string]func(v conversation.View) int{
		"ignored":    func(v conversation.View) int { return v.Counts.Ignored },
		"duplicates": func(v conversation.View) int { return v.Counts.Duplicates },
	}
	count, ok := of[a["result"]]
	if !ok {
		return nil, errors.New("write ignored or duplicates")
	}
	steps, err := counted(a["n"], func(s *stage) int { return count(s.look()) })
	if err != nil || a["result"] == "ignored" {
		return steps, err
	}
	check := steps[0].do
	return expect(func(s *stage) error {
		if s.mode == twice {
			return nil
		}
		return check(s)
	})
}
