package embedded

import "go.temporal.io/server/common/config"

// StoreFaults makes the store's writes of workflows fail, in tests: with probability rate a write is not made and the
// server is told of a timeout, and with the same probability the write is made and the server is told of a timeout. The
// choices follow from the seed.
func StoreFaults(rate float64, seed int64) *config.FaultInjection {
	faults := &config.FaultInjection{}
	for _, method := range []string{"CreateWorkflowExecution", "UpdateWorkflowExecution", "AppendHistoryNodes"} {
		for _, fault := range []string{"Timeout", "ExecuteAndTimeout"} {
			faults = faults.WithError(config.ExecutionStoreName, method, fault, rate).WithMethodSeed(config.ExecutionStoreName, method, seed)
		}
	}
	return faults
}
