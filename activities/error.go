package activities

import (
	"go.temporal.io/sdk/temporal"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// translate turns a connector's error into Temporal's, once and for all activities: its type is the kind, permanent
// kinds are not retried, and the vendor's Retry-After is obeyed. The cause is left behind: it would be kept in the
// history for as long as the history is.
func translate(err error) error {
	if err == nil {
		return nil
	}
	kind := connector.KindOf(err)
	options := temporal.ApplicationErrorOptions{NonRetryable: kind.Permanent()}
	if e, ok := asError(err); ok {
		options.NextRetryDelay = e.RetryAfter
	}
	if kind == connector.RateLimited || kind == connector.Unavailable {
		options.Category = temporal.ApplicationErrorCategoryBenign
	}
	return temporal.NewApplicationErrorWithOptions(err.Error(), string(kind), options)
}

// Unknown reports whether an activity's error type means that nobody can tell whether the call took place.
func Unknown(reason conversation.Reason) bool {
	return reason == conversation.Reason(connector.UncertainOutcome)
}
