// Package clock is a workflow with a fault: it reads the machine's clock, two calls deep. Workflowcheck must report it.
package clock

import (
	"time"

	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// Register makes the workflow visible to workflowcheck, which looks only at workflows that code registers.
func Register(w worker.WorkflowRegistry) {
	w.RegisterWorkflow(Conversation)
}

// Conversation gives another answer at each replay.
func Conversation(workflow.Context) (bool, error) {
	return late(), nil
}

func late() bool {
	return time.Now().Hour() > 20
}
