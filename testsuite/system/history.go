package system

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/handoff-engine/handoff/conversation"
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

// settledWithin is how long echoes and repeats may go on after all is said.
const settledWithin = 20 * time.Second

// Settled exports every run once nothing happens any more, and requires that the conversations' own books agree with
// what the histories hold.
func (s *System) Settled(t testing.TB, customers ...*Customer) []oracle.Run {
	t.Helper()
	for deadline := time.Now().Add(settledWithin); ; {
		before := counts(t, customers)
		runs := s.Histories(t)
		var findings []string
		for _, c := range customers {
			findings = append(findings, oracle.Counted(oracle.Runs(runs, c.Conversation), c.View(t))...)
		}
		if len(findings) == 0 && reflect.DeepEqual(before, counts(t, customers)) {
			return runs
		}
		if time.Now().After(deadline) {
			t.Fatalf("the books do not balance, or it never ends: %q", findings)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

func counts(t testing.TB, customers []*Customer) []conversation.Counts {
	t.Helper()
	var all []conversation.Counts
	for _, c := range customers {
		all = append(all, c.View(t).Counts)
	}
	return all
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
