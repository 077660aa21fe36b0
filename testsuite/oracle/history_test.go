package oracle_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/converter"

	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
	"github.com/handoff-engine/handoff/testsuite/oracle"
)

// history is a run that was told the events with these ids.
func history(t *testing.T, ids ...string) oracle.Run {
	t.Helper()
	h := &historypb.History{}
	for _, id := range ids {
		input, err := converter.GetDefaultDataConverter().ToPayloads(conversation.Event{ID: id, Kind: conversation.CustomerSaid})
		require.NoError(t, err)
		h.Events = append(h.Events, &historypb.HistoryEvent{
			EventType: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
			Attributes: &historypb.HistoryEvent_WorkflowExecutionSignaledEventAttributes{
				WorkflowExecutionSignaledEventAttributes: &historypb.WorkflowExecutionSignaledEventAttributes{SignalName: "event", Input: input},
			},
		})
	}
	return oracle.Run{WorkflowID: "chat:42", Type: "Conversation", History: h}
}

func TestTheOracleFindsAcknowledgedEventsThatAreNotStored(t *testing.T) {
	hook := func(id string, status int) fake.Attempt {
		return fake.Attempt{Status: status, Body: `{"messages":[{"sender":{"type":"customer"},"_raw":{"uuid":"` + id + `"}}]}`}
	}
	runs := []oracle.Run{history(t, "a"), history(t, "b")}
	require.Empty(t, oracle.Stored(runs, []fake.Attempt{hook("a", 200), hook("b", 200), hook("c", 503), hook("d", 0)}))
	require.Equal(t, []string{"accepted and not stored: c"}, oracle.Stored(runs, []fake.Attempt{hook("a", 200), hook("c", 200)}))
}

func TestTheOracleBalancesTheBooks(t *testing.T) {
	runs := []oracle.Run{history(t, "a", "a"), history(t, "b")}
	good := conversation.View{
		ID: "chat:42", State: conversation.Assigned,
		Counts: conversation.Counts{Received: 3, Applied: 2, Duplicates: 1, Decided: 2, Delivered: 2},
		History: []conversation.Transition{
			{From: conversation.InBot, To: conversation.Waiting, Epoch: 1}, {From: conversation.Waiting, To: conversation.Assigned, Epoch: 2},
		},
	}
	require.Empty(t, oracle.Counted(runs, good))
	for _, tc := range []struct {
		name  string
		spoil func(v *conversation.View)
	}{
		{"an event is not counted", func(v *conversation.View) { v.Counts.Received, v.Counts.Applied = 2, 1 }},
		{"an event is counted and nothing became of it", func(v *conversation.View) { v.Counts.Applied = 1 }},
		{"an effect vanished", func(v *conversation.View) { v.Counts.Delivered = 1 }},
		{"a state was left out", func(v *conversation.View) { v.History = v.History[1:]; v.History[0].From = conversation.InBot }},
		{"the chain is broken", func(v *conversation.View) { v.History = []conversation.Transition{v.History[1], v.History[1]} }},
		{"the epoch fell", func(v *conversation.View) { v.History[1].Epoch = 0 }},
		{"it ends elsewhere", func(v *conversation.View) { v.State = conversation.Ended }},
		{"a message was taken twice", func(v *conversation.View) {
			v.Transcript.Lines = []conversation.Line{{MessageID: "m"}, {MessageID: "m"}}
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bad := good
			bad.History = append([]conversation.Transition{}, good.History...)
			tc.spoil(&bad)
			require.NotEmpty(t, oracle.Counted(runs, bad))
		})
	}
}

func TestTheOracleRefusesHistoriesThatDoNotReplay(t *testing.T) {
	require.NotEmpty(t, oracle.Sound([]oracle.Run{history(t, "a")}))
}
