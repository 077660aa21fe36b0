package connector_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

func TestAMemoRemembersForgetsAndIsBounded(t *testing.T) {
	var tally connector.Tally
	require.Zero(t, tally.Of("a"))
	tally.Set("a", 1)
	tally.Set("a", 2)
	require.Equal(t, 2, tally.Of("a"))
	tally.Forget("a")
	require.Zero(t, tally.Of("a"))
	tally.Set("first", 7)
	for i := range 2000 {
		tally.Set(conversation.Key(strconv.Itoa(i)), 1)
	}
	require.Zero(t, tally.Of("first"), "the oldest is forgotten")
	require.Equal(t, 1, tally.Of("1999"))
}
