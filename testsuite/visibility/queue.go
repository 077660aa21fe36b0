// Package visibility asks a real Temporal server what only a real one can answer: its query language differs from store to
// store, and is not ours.
package visibility

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/handoff-engine/handoff/workflows"
)

// Queue has customers wait at a desk and wants those to be counted who are ahead of somebody. The conversations go on for
// ever, since nobody works on them: the namespace should be one of their own.
func Queue(t *testing.T, c client.Client) {
	t.Helper()
	now := time.Now().UTC().Truncate(time.Millisecond)
	for id, x := range map[string]struct {
		state, reason, desk string
		waited              time.Duration
	}{
		"ahead":                 {"waiting", "bot_asked", "desk", 3 * time.Minute},
		"ahead-and-reassigned":  {"timed-out-reassign", "agent_silent", "desk", 2 * time.Minute},
		"behind":                {"waiting", "bot_asked", "desk", time.Second},
		"at-another-desk":       {"waiting", "bot_asked", "other", 3 * time.Minute},
		"with-an-agent":         {"agent-assigned", "agent_took_it", "desk", 3 * time.Minute},
		"waits-for-the-opening": {"waiting", "out_of_hours", "desk", 3 * time.Hour},
		"left-a-ticket":         {"waiting", "left_as_ticket", "desk", 3 * time.Hour},
	} {
		_, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
			ID: "chat:" + id, TaskQueue: "nobody-works-here", TypedSearchAttributes: temporal.NewSearchAttributes(
				workflows.AttributeState.ValueSet(x.state), workflows.AttributeReason.ValueSet(x.reason),
				workflows.AttributeDesk.ValueSet(x.desk), workflows.AttributeSince.ValueSet(now.Add(-x.waited)),
			),
		}, workflows.ConversationType)
		require.NoError(t, err)
	}
	queue := workflows.NewClient(c, "", nil)
	require.Eventually(t, func() bool {
		n, err := queue.Ahead(t.Context(), "desk", now)
		return err == nil && n == 3
	}, 10*time.Second, 20*time.Millisecond, "all three are known")
	n, err := queue.Ahead(t.Context(), "desk", now.Add(-time.Minute))
	require.NoError(t, err)
	require.Equal(t, 2, n)
}
