package connectortest_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/memory"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
)

// mutant is the memory connector with one fault, and the cases that must notice it: these and no others.
type mutant struct {
	name  string
	spoil func(c *memory.Client, o *connectortest.Options) connector.Connector
	want  []string
	// more allows further cases to fail, for faults that show in many places.
	more bool
}

func TestTheSuiteFindsNothingWrongWithTheModel(t *testing.T) {
	require.Empty(t, connectortest.Failures(t, subject(nil)))
}

func TestEachPlantedFaultIsFoundByTheCaseMeantForIt(t *testing.T) {
	for _, m := range slices.Concat(webhookMutants(), callMutants(), abilityMutants()) {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			got := failures(t, m.spoil)
			if m.more {
				require.Subset(t, got, m.want)
				return
			}
			slices.Sort(m.want)
			require.Equal(t, m.want, got)
		})
	}
}

// failures runs the suite and gives the names of the cases that fail, sorted.
func failures(t *testing.T, spoil func(c *memory.Client, o *connectortest.Options) connector.Connector) []string {
	t.Helper()
	var names []string
	for _, f := range connectortest.Failures(t, subject(spoil), slow()...) {
		require.NotEmpty(t, f.Why, f.Case)
		names = append(names, f.Case)
	}
	slices.Sort(names)
	return names
}

// slow are the longest cases of methods that no mutant spoils.
func slow() []string {
	var names []string
	for _, method := range []string{
		"Reply", "PauseBot", "ResumeBot", "Availability", "SendTyping", "SendAttachment", "FindSent", "ListMessages", "WriteNote", "Check",
		"UpdateTicket", "Queue", "MarkRead", "AskRating", "WriteRating",
	} {
		names = append(names, "StatusTable/"+method)
	}
	return names
}

// plant makes a mutant's spoil of a type that needs nothing but the client.
func plant[C connector.Connector](wrap func(*memory.Client) C) func(*memory.Client, *connectortest.Options) connector.Connector {
	return func(c *memory.Client, _ *connectortest.Options) connector.Connector { return wrap(c) }
}
