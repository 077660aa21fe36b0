package workflows

// What the tests of this package look at from inside.
var (
	Details = details
	Failure = failure
)

// Limits of a run.
const (
	ContinueAfterEvents     = continueAfterEvents
	MustContinueAfterEvents = mustContinueAfterEvents
)
