package conversation_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	. "github.com/handoff-engine/handoff/conversation" //nolint:revive // as the other tests of the model
)

func TestEditsAreNumberedSoThatAReaderKnowsWhichOnesWereMissed(t *testing.T) {
	now := time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC)
	c := New("chat:c1", Route{Name: "chat", Channel: Connection{Name: "chat"}, Desks: []Connection{{Name: "desk"}}})
	c.Begin(now, "e1")
	mira := Author{ID: "mira", Name: "Mira"}
	c.Apply(now, Event{ID: "1", Source: "chat", Kind: CustomerSaid, Text: "hello"})
	c.Apply(now, Event{ID: "2", Source: "desk", Kind: AgentSaid, Text: "one", MessageID: "m1", Author: mira})
	c.Apply(now, Event{ID: "3", Source: "desk", Kind: AgentSaid, Text: "two", MessageID: "m2", Author: mira})
	c.Apply(now, Event{ID: "4", Source: "desk", Kind: AgentDeleted, Target: "m2", Author: mira})
	c.Apply(now, Event{ID: "5", Source: "desk", Kind: AgentEdited, Target: "m1", Text: "one, corrected", Author: mira})
	c.Apply(now, Event{ID: "6", Source: "desk", Kind: AgentEdited, Target: "m1", Text: "one, corrected", Author: mira})
	edits := map[string]int{}
	for _, l := range c.Transcript.Lines {
		edits[l.MessageID] = l.Edit
	}
	require.Equal(t, 2, edits["m1"])
	require.Equal(t, 1, edits["m2"])
	require.Equal(t, 2, c.Transcript.Edits, "the same words again are no edit")
}

func TestOnlyEditsAndDeletionsThatChangeALineAreMissing(t *testing.T) {
	now := time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC)
	c := New("chat:c1", Route{Name: "chat", Channel: Connection{Name: "chat"}, Desks: []Connection{{Name: "desk"}}})
	c.Begin(now, "e1")
	mira := Author{ID: "mira", Name: "Mira"}
	c.Apply(now, Event{ID: "1", Source: "chat", Kind: CustomerSaid, Text: "hello"})
	for _, m := range []string{"m1", "m2", "m3"} {
		c.Apply(now, Event{ID: m, Source: "desk", Kind: AgentSaid, Text: "text of " + m, MessageID: m, Author: mira})
	}
	c.Apply(now, Event{ID: "deleted", Source: "desk", Kind: AgentDeleted, Target: "m3", Author: mira})

	edited := Event{ID: "5", Source: "desk", Kind: AgentEdited, Target: "m1", Text: "other words"}
	deleted := Event{ID: "6", Source: "desk", Kind: AgentDeleted, Target: "m2"}
	require.Equal(t, []Event{edited, deleted}, c.Missing([]Event{
		edited,
		deleted,
		{ID: "7", Source: "desk", Kind: AgentEdited, Target: "m2", Text: "text of m2"},
		{ID: "8", Source: "desk", Kind: AgentEdited, Target: "m3", Text: "other words"},
		{ID: "9", Source: "desk", Kind: AgentEdited, Target: "unknown", Text: "other words"},
		{ID: "10", Source: "desk", Kind: AgentDeleted, Target: "m3"},
		{ID: "11", Source: "desk", Kind: AgentDeleted, Target: "unknown"},
	}), "what a list shows and no line holds otherwise is no news")
}
