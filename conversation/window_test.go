package conversation_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	. "github.com/handoff-engine/handoff/conversation" //nolint:revive // as the other tests of the model
)

// windowed is a conversation with an agent whose customer wrote two hours ago, where the channel takes words for one.
func windowed(t *testing.T) (*Conversation, time.Time) {
	t.Helper()
	r := Route{Name: "chat", Channel: Connection{Name: "chat"}, Desks: []Connection{{Name: "desk", Can: []string{"note"}}}}
	r.Policy.ReplyWindow, r.Policy.AgentIdle = Duration(time.Hour), Duration(9*time.Hour)
	c := New("chat:c1", r)
	now := time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC)
	c.Begin(now, "e1")
	c.Apply(now, Event{ID: "1", Source: "chat", Kind: CustomerSaid, Text: "hello", At: now})
	c.Apply(now, Event{ID: "2", Source: "desk", Kind: AgentAssigned, Agent: "mira", At: now})
	for _, e := range c.Outbox {
		c.Apply(now, Event{Kind: Delivered, Key: e.Key})
	}
	return &c, now.Add(2 * time.Hour)
}

func says(c *Conversation, now time.Time, id, text string) Effect {
	for _, e := range c.Apply(now, Event{ID: id, Source: "desk", Kind: AgentSaid, Text: text, Author: Author{ID: "mira"}}) {
		if e.Kind == Say && e.Human {
			return e
		}
	}
	return Effect{}
}

func TestAnAgentWhoTakesACustomerThatCannotBeReachedIsTold(t *testing.T) {
	c, now := windowed(t)
	decided := c.Apply(now, Event{ID: "3", Source: "desk", Kind: AgentAssigned, Agent: "bob", At: now})
	require.Equal(t, Note, decided[len(decided)-1].Kind)
	require.Equal(t, []Reason{WindowClosed}, []Reason{decided[0].Reason}, "that Bob is there now is not said into the void")
	require.Equal(t, Withheld, decided[0].Status)
}

func TestWordsThatWereLongOnTheirWayOpenNoWindow(t *testing.T) {
	c, now := windowed(t)
	require.True(t, says(c, now, "3", "one").Kept)
	c.Apply(now, Event{ID: "4", Source: "chat", Kind: CustomerSaid, Text: "late", At: now.Add(-90 * time.Minute)})
	require.True(t, says(c, now, "5", "two").Kept)
	_, sends := c.Take(ChannelSide)
	require.False(t, sends)
	require.False(t, c.HasWork(ChannelSide))
	c.Apply(now, Event{ID: "6", Source: "chat", Kind: CustomerSaid, Text: "now", At: now})
	require.True(t, c.HasWork(ChannelSide))
	require.False(t, says(c, now, "7", "three").Kept)
	task, _ := c.Take(ChannelSide)
	require.Equal(t, "one", task.Effects[0].Text)
}

func TestALongerWindowReleasesWhatWasKept(t *testing.T) {
	c, now := windowed(t)
	require.True(t, says(c, now, "3", "one").Kept)
	_, err := c.Command(now, Event{ID: "k1", Kind: CommandPolicy, Policy: &Policy{ReplyWindow: Duration(3 * time.Hour)}})
	require.NoError(t, err)
	task, sends := c.Take(ChannelSide)
	require.True(t, sends)
	require.Equal(t, "one", task.Effects[0].Text)
}

func TestAMessageThatIsSentAgainWaitsForTheCustomerToo(t *testing.T) {
	c, now := windowed(t)
	said := says(c, now.Add(-90*time.Minute), "3", "one")
	require.False(t, said.Kept)
	for {
		task, sends := c.Take(ChannelSide)
		if !sends {
			break
		}
		for _, e := range task.Effects {
			c.Apply(now, Event{Kind: EffectFailed, Key: e.Key, Reason: "conflict"})
		}
	}
	_, err := c.Command(now, Event{ID: "k1", Kind: CommandResend, Key: said.Key})
	require.NoError(t, err)
	require.Equal(t, Pending, c.Outbox[len(c.Outbox)-1].Status)
	require.False(t, c.HasWork(ChannelSide))
}

func TestWhatIsWithheldIsNothingThatWasSaid(t *testing.T) {
	c, now := windowed(t)
	c.Route.Policy.SurveyWithin = Duration(time.Hour)
	lines := len(c.Transcript.Lines)
	c.Apply(now, Event{ID: "3", Source: "desk", Kind: AgentAssigned, Agent: "bob", At: now})
	require.Len(t, c.Transcript.Lines, lines)
	says(c, now, "4", "one")
	c.Apply(now, Event{ID: "5", Source: "desk", Kind: TicketClosed})
	require.Equal(t, Ended, c.State)
	require.Zero(t, c.RatableUntil, "nobody was asked how it was")
}
