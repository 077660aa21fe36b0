package landbot_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
	"github.com/handoff-engine/handoff/testsuite/subjects"
)

func TestConformance(t *testing.T) { connectortest.Run(t, subjects.Landbot()) }

func FuzzDecode(f *testing.F) { connectortest.FuzzDecode(f, subjects.Landbot()) }

func TestRedeliveredHooksKeepTheirIDs(t *testing.T) {
	c := open(t, config("https://api.example/v1"))
	for _, fixture := range []string{"customer_text", "customer_without_uuid", "bot_dialog", "echo_text", "unassigned"} {
		first, again := delivery(t, fixture), delivery(t, fixture)
		again.ReceivedAt = again.ReceivedAt.Add(75 * time.Second)
		require.Equal(t, decode(t, c, first), decode(t, c, again), fixture)
	}
	require.Equal(t, conversation.HandoffRequested, decode(t, c, delivery(t, "handoff"))[0].Kind)
}
