package conversation_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	. "github.com/handoff-engine/handoff/conversation" //nolint:revive // as the other tests of the model
)

// announced gives the changes of state that the channel was told of, in order.
func announced(effects []Effect) []Change {
	var told []Change
	for _, e := range effects {
		if e.Kind == Notify {
			told = append(told, *e.Change)
		}
	}
	return told
}

func TestAChannelThatShowsWhoHasTheConversationIsToldOfEachChange(t *testing.T) {
	now := time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC)
	c := New("app:c1", Route{
		Name:    "app",
		Channel: Connection{Name: "app", Can: []string{"notify_state"}, HostsBot: true},
		Desks:   []Connection{{Name: "desk", Can: []string{"close_ticket"}}},
	})
	c.Begin(now, "e1")
	tell := func(id string, ev Event) []Change {
		ev.ID, ev.At = id, now
		now = now.Add(time.Second)
		ev.Source = "desk"
		return announced(c.Apply(now, ev))
	}
	mira, tom := Author{ID: "mira", Name: "Mira"}, Author{ID: "tom", Name: "Tom"}
	require.Empty(t, tell("1", Event{Kind: CustomerSaid, Text: "hello"}))
	require.Equal(t, []Change{{From: InBot, To: Waiting, Reason: ByBot}}, tell("2", Event{Kind: HandoffRequested}))
	require.Equal(t, []Change{{From: Waiting, To: Assigned, Reason: AgentTook, Agent: mira}},
		tell("3", Event{Kind: AgentAssigned, Author: mira}))
	require.Equal(t, []Change{{From: Assigned, To: Assigned, Reason: AgentTook, Agent: tom, Previous: mira}},
		tell("4", Event{Kind: AgentAssigned, Author: tom}))
	require.Equal(t, []Change{{From: Assigned, To: Ended, Reason: DeskClosed, Previous: tom}}, tell("5", Event{Kind: TicketClosed}))
}

func TestAnAgentIsAnnouncedBeforeTheAgentsWords(t *testing.T) {
	now := time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC)
	c := New("app:c1", Route{
		Name: "app", Channel: Connection{Name: "app", Can: []string{"notify_state"}}, Desks: []Connection{{Name: "desk"}},
	})
	c.Begin(now, "e1")
	c.Apply(now, Event{ID: "1", Source: "desk", Kind: CustomerSaid, Text: "a human please"})
	var order []EffectKind
	for _, e := range c.Apply(now, Event{ID: "2", Source: "desk", Kind: AgentSaid, Text: "here I am", Author: Author{ID: "mira"}}) {
		order = append(order, e.Kind)
	}
	require.Equal(t, []EffectKind{Notify, Say, Say}, order)
}

func TestAChangeOfOwnerWithholdsNoAnnouncement(t *testing.T) {
	now := time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC)
	c := New("app:c1", Route{
		Name: "app", Channel: Connection{Name: "app", Can: []string{"notify_state"}, HostsBot: true}, Desks: []Connection{{Name: "desk"}},
	})
	c.Begin(now, "e1")
	c.Apply(now, Event{ID: "1", Source: "desk", Kind: HandoffRequested})
	c.Apply(now, Event{ID: "2", Source: "desk", Kind: AgentAssigned, Author: Author{ID: "mira"}})
	c.Apply(now, Event{ID: "3", Source: "desk", Kind: CustomerLeft})
	var states []State
	for range 10 {
		task, ok := c.Take(ChannelSide)
		if !ok {
			break
		}
		if task.Effects[0].Kind == Notify {
			states = append(states, task.Effects[0].Change.To)
		}
		c.Apply(now, Event{Kind: Delivered, Key: task.Effects[0].Key})
	}
	require.Equal(t, []State{Waiting, Assigned, Ended}, states)
}

func TestOtherChannelsAreToldNothing(t *testing.T) {
	now := time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC)
	c := New("chat:c1", Route{Name: "chat", Channel: Connection{Name: "chat"}, Desks: []Connection{{Name: "desk"}}})
	c.Begin(now, "e1")
	require.Empty(t, announced(c.Apply(now, Event{ID: "1", Source: "desk", Kind: CustomerSaid, Text: "hello"})))
}
