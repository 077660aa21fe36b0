package all_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/all"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
	"github.com/handoff-engine/handoff/testsuite/subjects"
)

// side lists the registered vendors that take a side, each opened as its README's example has it.
func side(t *testing.T, name string) []connector.Connector {
	t.Helper()
	var list []connector.Connector
	for _, f := range all.Vendors().Factories() {
		if c := open(t, f.Vendor); slices.Contains(connector.SidesOf(c), name) {
			list = append(list, c)
		}
	}
	require.NotEmpty(t, list)
	return list
}

func TestEveryChannelAndDeskHasASubject(t *testing.T) {
	have := subjects.All()
	for _, c := range slices.Concat(side(t, "channel"), side(t, "desk")) {
		require.Contains(t, have, c.Name(),
			"connector/%s is in the registry and not in the matrix of channels and desks: add testsuite/subjects/%[1]s.go, and its line in subjects.All", c.Name())
	}
}

// TestEveryChannelWithEveryDesk plays one full handoff for each pair of the registry's channels and desks. What a pair
// cannot do is in docs/connectors.md.
func TestEveryChannelWithEveryDesk(t *testing.T) {
	desks := side(t, "desk")
	for _, channel := range side(t, "channel") {
		for _, desk := range desks {
			t.Run(channel.Name()+"/"+desk.Name(), func(t *testing.T) {
				t.Parallel()
				have := subjects.All()
				connectortest.RunPair(t, have[channel.Name()](), have[desk.Name()]())
			})
		}
	}
}
