package connector_test

import (
	"errors"
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

func TestASendOfWhichPartsArrivedIsUncertain(t *testing.T) {
	limited := &connector.Error{Kind: connector.RateLimited}
	require.Equal(t, connector.RateLimited, connector.KindOf(connector.Partly(limited, 0)), "nothing arrived")
	require.Equal(t, connector.UncertainOutcome, connector.KindOf(connector.Partly(limited, 2)))
	require.Equal(t, connector.RateLimited, limited.Kind, "the error itself stays as it is")
	refused := &connector.Error{Kind: connector.Invalid}
	require.Equal(t, connector.Invalid, connector.KindOf(connector.Partly(refused, 2)), "repeating cannot help")
	other := errors.New("another")
	require.Equal(t, other, connector.Partly(other, 2))
	require.NoError(t, connector.Partly(nil, 2))
}
