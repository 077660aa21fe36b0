package scenario

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"go.temporal.io/sdk/testsuite"

	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/workflows"
)

// troubleVerbs are the sentences about vendors in trouble.
func troubleVerbs() []verb {
	mooded := func(form, does string, change func(m *mood, s *stage, a args) error) verb {
		return verb{form: form, does: does, tell: func(story *Story, a args) ([]step, error) {
			if a[subject] == "bot" && !story.calledBot() {
				return nil, errors.New("the channel hosts this bot: handoff does not call it")
			}
			return action(func(s *stage) error {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.log(middle, fmt.Sprintf("%s: %s", a[subject], strings.TrimPrefix(s.story.steps[s.next-1].line, a[subject]+" ")))
				return change(s.mood(a[subject]), s, a)
			})
		}}
	}
	atDesk := func(form, does string, change func(d *desk, a args) error) verb {
		return mooded(form, does, func(_ *mood, s *stage, a args) error { return change(s.desk, a) })
	}
	return []verb{
		mooded("channel|desk|bot is down for <duration>", "Every call to the vendor fails, and nothing is done.", func(m *mood, s *stage, a args) error {
			d, err := duration(a["duration"])
			m.downUntil = s.now().Add(d)
			return err
		}),
		mooded("channel|desk|bot is down", "The same, until it is back.", func(m *mood, _ *stage, _ args) error {
			m.forever = true
			return nil
		}),
		mooded("channel|desk|bot is back", "Ends all trouble of the vendor.", func(m *mood, _ *stage, _ args) error {
			*m = mood{}
			return nil
		}),
		mooded("channel|desk|bot refuses the next message", "The vendor refuses one message for good.", func(m *mood, _ *stage, _ args) error {
			m.refuseNext++
			return nil
		}),
		mooded("channel|desk|bot refuses every message", "The vendor refuses all messages, until it is back.", func(m *mood, _ *stage, _ args) error {
			m.refuses = true
			return nil
		}),
		mooded("channel|desk takes the next message without an answer", "The message arrives, and nobody can tell.", func(m *mood, _ *stage, _ args) error {
			m.loseAnswers++
			return nil
		}),
		mooded("channel|desk swallows the next message", "The message does not arrive, and nobody can tell.", func(m *mood, _ *stage, _ args) error {
			m.swallow++
			return nil
		}),
		mooded("second desk is down for <duration>", "The same, of the second desk.", func(_ *mood, s *stage, a args) error {
			d, err := duration(a["duration"])
			return s.second(func(m *mood) { m.downUntil = s.now().Add(d) }, err)
		}),
		mooded("second desk is down", "The same, until it is back.", func(_ *mood, s *stage, _ args) error {
			return s.second(func(m *mood) { m.forever = true }, nil)
		}),
		mooded("second desk is back", "Ends all trouble of the second desk.", func(_ *mood, s *stage, _ args) error {
			return s.second(func(m *mood) { *m = mood{} }, nil)
		}),
		atDesk("desk loses the ticket", "The desk does not know the ticket any more.", func(d *desk, _ args) error {
			t := d.current()
			if t == nil {
				return errors.New("the desk has no ticket yet")
			}
			t.gone = true
			return nil
		}),
		atDesk("nobody is available at the first desk", "No agent is there, at the first of two desks.", func(d *desk, _ args) error {
			d.nobody = true
			return nil
		}),
		atDesk("nobody is available", "No agent is there, at no desk.", func(d *desk, _ args) error { return d.stage.available(false) }),
		atDesk("agents are available", "Agents are there again.", func(d *desk, _ args) error { return d.stage.available(true) }),
		{form: "agent <name> is away", does: "Asking the desk for the agent fails.", tell: func(story *Story, a args) ([]step, error) {
			id := strings.ToLower(story.agent(a["name"]).ID)
			return action(func(s *stage) error {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.desk.away[id] = true
				return nil
			})
		}},
		{form: "channel drops the assignment", does: "The channel's vendor takes the conversation from the agent, as Landbot does after some silence.", tell: func(*Story, args) ([]step, error) {
			return action(func(s *stage) error {
				s.mu.Lock()
				s.channel.muted = false
				s.log(customerSide, "(the channel drops the assignment)")
				s.mu.Unlock()
				s.tell(s.event(s.channel.name, conversation.ChannelDropped))
				return nil
			})
		}},
		{form: "channel shows <text>", does: "The channel's webhook shows a message of ours: it arrived.", tell: func(_ *Story, a args) ([]step, error) {
			return action(func(s *stage) error {
				ev := s.event(s.channel.name, conversation.SendProven)
				ev.Text = a["text"]
				s.tell(ev)
				return nil
			})
		}},
		{form: "the last event comes again", does: "The vendor delivers its last webhook once more.", tell: func(*Story, args) ([]step, error) {
			return action(func(s *stage) error {
				if len(s.told) == 0 {
					return errors.New("nothing has happened yet")
				}
				s.note(middle, "the last event comes again")
				s.signal(s.told[len(s.told)-1])
				return nil
			})
		}},
		{form: "all events come again", does: "The vendors deliver all webhooks once more.", tell: func(*Story, args) ([]step, error) {
			return action(func(s *stage) error {
				s.note(middle, "all events come again")
				for _, ev := range s.told {
					s.signal(ev)
				}
				return nil
			})
		}},
	}
}

// mood finds whose mood the sentence is about. Others than vendors have none that matters.
func (s *stage) mood(vendor string) *mood {
	switch {
	case vendor == "channel":
		return &s.channel.mood
	case vendor == "bot" && s.bot != nil:
		return &s.bot.mood
	}
	return &s.desk.mood
}

// available has agents there, or not, at all desks. The caller holds the lock.
func (s *stage) available(there bool) error {
	for _, d := range s.desks {
		d.nobody = !there
	}
	return nil
}

// second changes the mood of the second desk.
func (s *stage) second(change func(m *mood), err error) error {
	if len(s.desks) < 2 {
		return errors.New("the route has one desk")
	}
	change(&s.desks[1].mood)
	return err
}

// operatorVerbs are the sentences about operators.
func operatorVerbs() []verb {
	type making func(s *stage, story *Story, a args) (conversation.Event, error)
	does := func(form, what string, event making) []verb {
		tell := func(want bool) func(story *Story, a args) ([]step, error) {
			return func(story *Story, a args) ([]step, error) {
				var refused error
				var answered bool
				command := step{do: func(s *stage) error {
					ev, err := event(s, story, a)
					if err != nil {
						return err
					}
					refused, answered = nil, false
					return s.command(ev, func(err error) { answered, refused = true, err })
				}}
				result := step{do: func(*stage) error {
					switch {
					case !answered:
						return errors.New("the command was not answered")
					case want && refused != nil:
						return fmt.Errorf("the command was refused: %w", refused)
					case !want && refused == nil:
						return errors.New("the command was not refused")
					}
					return nil
				}}
				return []step{command, result}, nil
			}
		}
		base := strings.Fields(form)
		cannot := append([]string{"operator", "cannot"}, append([]string{infinitive(base[1])}, base[2:]...)...)
		return []verb{
			{form: form, does: what, tell: tell(true)},
			{form: strings.Join(cannot, " "), does: "The same command is refused.", tell: tell(false)},
		}
	}
	kind := func(k conversation.Kind) making {
		return func(_ *stage, story *Story, a args) (conversation.Event, error) {
			ev := conversation.Event{Kind: k, Group: a["group"], Text: a["text"], Node: a["node"]}
			if a["name"] != "" {
				ev.Agent = story.agent(a["name"]).ID
			}
			return ev, nil
		}
	}
	var verbs []verb
	for _, v := range [][]verb{
		does("operator hands (it) off", "The command `handoff`.", kind(conversation.CommandHandoff)),
		does("operator assigns (it) (to) group <group>", "The command `assign`, for a group.", kind(conversation.CommandAssign)),
		does("operator assigns (it) (to) (agent) <name>", "The command `assign`, for an agent.", kind(conversation.CommandAssign)),
		does("operator hands (it) back at <node>", "The command `hand_back`, with the bot's node.", kind(conversation.CommandHandBack)),
		does("operator hands (it) back", "The command `hand_back`.", kind(conversation.CommandHandBack)),
		does("operator ends it", "The command `end`.", kind(conversation.CommandEnd)),
		does("operator notes <text>", "The command `note`.", kind(conversation.CommandNote)),
		does("operator resends (it) (everything)", "The command `resend`.", kind(conversation.CommandResend)),
	} {
		verbs = append(verbs, v...)
	}
	return verbs
}

// infinitive turns "hands" into "hand".
func infinitive(verb string) string { return strings.TrimSuffix(verb, "s") }

// command has the conversation do a command, as the API would. Played twice it is a repeat with the same idempotency key.
func (s *stage) command(ev conversation.Event, answered func(error)) error {
	if !s.playing {
		return conversation.ErrNotFound
	}
	ev.ID = "command-" + strconv.Itoa(s.next)
	s.note(middle, s.story.steps[s.next-1].line)
	times := 1
	if s.mode == twice {
		times = 2
	}
	for n := range times {
		s.env.UpdateWorkflow(workflows.UpdateCommand, fmt.Sprintf("%s-%d", ev.ID, n), &testsuite.TestUpdateCallback{
			OnAccept: func() {}, OnReject: answered, OnComplete: func(_ any, err error) { answered(err) },
		}, ev)
	}
	return nil
}

// timeVerbs let time pass.
func timeVerbs() []verb {
	pass := func(_ *Story, a args) ([]step, error) {
		d, err := duration(a["duration"])
		return []step{{pause: d, do: func(*stage) error { return nil }}}, err
	}
	return []verb{
		{form: "<duration> pass|passes", does: "Time passes: `5m pass`, `1 day passes`, `1h30m pass`.", tell: pass},
		{form: "after <duration>", does: "The same.", tell: pass},
	}
}
