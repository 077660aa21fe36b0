package system

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/handoff-engine/handoff/testsuite/oracle"
)

// Histories exports every run that the server has, oldest first.
func (s *System) Histories(t testing.TB) []oracle.Run {
	t.Helper()
	var runs []oracle.Run
	for _, e := range s.executions(t) {
		history := &historypb.History{}
		events := s.Temporal.GetWorkflowHistory(t.Context(), e.GetExecution().GetWorkflowId(), e.GetExecution().GetRunId(), false,
			enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for events.HasNext() {
			event, err := events.Next()
			require.NoError(t, err)
			history.Events = append(history.Events, event)
		}
		runs = append([]oracle.Run{{
			WorkflowID: e.GetExecution().GetWorkflowId(), RunID: e.GetExecution().GetRunId(), Type: e.GetType().GetName(),
			Status: e.GetStatus(), Attributes: attributes(e.GetSearchAttributes()), History: history,
		}}, runs...)
	}
	return runs
}

// Judge is the oracle's last word on a whole test: both sides saw everything once and in order, what was acknowledged is
// stored, the books balance, every history replays.
func (s *System) Judge(t testing.TB, duplicates oracle.Duplicates, customers ...*Customer) []oracle.Run {
	t.Helper()
	for _, c := range customers {
		c.UntilHeard(t)
		require.Empty(t, c.Findings(duplicates))
	}
	runs := s.Settled(t, customers...)
	require.Empty(t, oracle.Sound(runs))
	require.Empty(t, oracle.Stored(runs, slices.Concat(s.Landbot.Hooks().Attempts(), s.LiveChat.Hooks.Attempts())))
	return runs
}

// settledWithin is how long echoes and repeats may go on after all is said: the vendors' longest repeats, and some more.
const settledWithin = 60 * time.Second

// Settled waits until nothing is on its way any more, and exports every run. From then on only people and clocks change
// anything: no effect is left to be done, so no echo is to come; each webhook that the fakes sent was taken or given up;
// and the conversations' own books agree with what the histories hold, so that all of it is applied.
func (s *System) Settled(t testing.TB, customers ...*Customer) []oracle.Run {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), settledWithin)
	defer cancel()
	for {
		sent := s.sent(ctx, t)
		runs := s.Histories(t)
		var findings []string
		for _, c := range customers {
			view := c.View(t)
			findings = append(findings, oracle.Counted(oracle.Runs(runs, c.Conversation), view)...)
			if n := len(view.Pending); n > 0 {
				findings = append(findings, fmt.Sprintf("%s has %d effects to do", c.Conversation, n))
			}
		}
		// A hook that was sent after the look into the histories may be missing there.
		if len(findings) == 0 && s.sent(ctx, t) == sent {
			return runs
		}
		select {
		case <-ctx.Done():
			t.Fatalf("the books do not balance, or it never ends: %q", findings)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// sent waits until no fake has a webhook left to send or repeat, and counts the tries.
func (s *System) sent(ctx context.Context, t testing.TB) int {
	t.Helper()
	n := 0
	for _, o := range s.Outboxes {
		require.NoError(t, o.Drain(ctx), "a webhook is still on its way")
		n += len(o.Attempts())
	}
	return n
}

func (s *System) executions(t testing.TB) []*workflowpb.WorkflowExecutionInfo {
	t.Helper()
	var all []*workflowpb.WorkflowExecutionInfo
	var page []byte
	for {
		answer, err := s.Temporal.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{PageSize: 500, NextPageToken: page})
		require.NoError(t, err)
		all = append(all, answer.GetExecutions()...)
		page = answer.GetNextPageToken()
		if len(page) == 0 {
			return all
		}
	}
}

func attributes(fields *commonpb.SearchAttributes) map[string]string {
	values := map[string]string{}
	for name, payload := range fields.GetIndexedFields() {
		values[name] = string(payload.GetData())
	}
	return values
}
