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
