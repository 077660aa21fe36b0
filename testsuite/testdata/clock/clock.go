// Package clock is a workflow with a fault: it reads the machine's clock, two calls deep. Workflowcheck must report it.
package clock

import (
	"time"

	"go.temporal.io/sdk/workflow"
)

// Conversation gives another answer at each replay.
func Conversation(workflow.Context) (bool, error) {
	return late(), nil
}

func late() bool {
	return time.Now().Hour() > 20
}
