package connector_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
)

func TestMadeIDsTellPartsApart(t *testing.T) {
	seen := map[string]bool{}
	for _, parts := range [][]string{{"a", "bc"}, {"ab", "c"}, {"abc"}, {"a", "bc", ""}, {"a", "", "bc"}, {}} {
		id := connector.MadeID(parts...)
		require.Len(t, id, 32)
		require.False(t, seen[id], parts)
		require.Equal(t, id, connector.MadeID(parts...))
		seen[id] = true
	}
}
