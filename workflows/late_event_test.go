package workflows_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/handoff-engine/handoff/activities"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/worker"
	"github.com/handoff-engine/handoff/workflows"
)

// environment is a test environment with all workflows and activities.
func environment(t *testing.T) *testsuite.TestWorkflowEnvironment {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(30 * time.Second)
	env.SetStartTime(monday)
	worker.Register(env, &activities.Activities{})
	return env
}

// late is an event of a ticket that nobody knows yet.
var late = conversation.Arrival{
	Connection: "office", Ticket: "T1", Event: conversation.Event{ID: "e1", Source: "office", Kind: conversation.AgentSaid, Text: "hello"},
}

var errNobodyHasIt = temporal.NewApplicationError("no conversation has this ticket yet", "not_found")

func TestALateEventIsPassedOnOnceItsConversationIsFound(t *testing.T) {
	env := environment(t)
	tries := 0
	env.OnActivity("PassOn", mock.Anything, late).Return(func(context.Context, conversation.Arrival) error {
		if tries++; tries < 8 {
			return errNobodyHasIt
		}
		return nil
	})
	env.ExecuteWorkflow(workflows.LateEventType, late)
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, 8, tries)
	require.Less(t, env.Now().Sub(monday), time.Minute, "what was only overtaken is found soon")
}

func TestALateEventThatNobodyWantsFailsForPeopleToSee(t *testing.T) {
	env := environment(t)
	var within time.Duration
	env.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, _ converter.EncodedValues) {
		within = info.ScheduleToCloseTimeout
	})
	env.OnActivity("PassOn", mock.Anything, late).Return(errNobodyHasIt)
	env.ExecuteWorkflow(workflows.LateEventType, late)
	var dead *temporal.ApplicationError
	require.ErrorAs(t, env.GetWorkflowError(), &dead)
	require.Equal(t, "not_found", dead.Type())
	require.Equal(t, time.Hour, within, "it is looked for during an hour")
}

func TestOneEventIsOneLateEventWorkflow(t *testing.T) {
	require.NotEqual(t, workflows.LateEventID("office", "e1"), workflows.LateEventID("office", "e2"))
	require.NotEqual(t, workflows.LateEventID("office", "e1"), workflows.LateEventID("other", "e1"))
	require.Regexp(t, `^late:office:[0-9a-f]{16}$`, workflows.LateEventID("office", "an id with mira@example.com"))
}
