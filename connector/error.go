package connector

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Kind says what kind of trouble it is; programs act on it, never on the text. The strings are kept in histories and
// metrics: add, never rename.
type Kind string

// The closed set of kinds.
const (
	// Unauthenticated: the credentials, ours or the vendor's, are missing or wrong.
	Unauthenticated Kind = "unauthenticated"
	// Forbidden: the credentials are right and do not allow it.
	Forbidden Kind = "forbidden"
	// Invalid: the request or the body makes no sense and never will.
	Invalid Kind = "invalid"
	// NotFound: the conversation, ticket, agent or group is not there.
	NotFound Kind = "not_found"
	// Conflict: its state forbids it: a closed ticket, a conversation held by another agent, nobody there.
	Conflict Kind = "conflict"
	// RateLimited: too many calls; nothing was done.
	RateLimited Kind = "rate_limited"
	// Unavailable: the vendor is down or did not get the call; nothing was done.
	Unavailable Kind = "unavailable"
	// Unsupported: the vendor cannot do this.
	Unsupported Kind = "unsupported"
	// UncertainOutcome: the call may have taken place: the answer was lost, or was a 5xx.
	UncertainOutcome Kind = "uncertain"
)

// Kinds lists every kind.
func Kinds() []Kind {
	return []Kind{
		Unauthenticated, Forbidden, Invalid, NotFound, Conflict, RateLimited, Unavailable, Unsupported, UncertainOutcome,
	}
}

// Permanent reports whether repeating the call cannot help.
func (k Kind) Permanent() bool {
	switch k {
	case Unauthenticated, Forbidden, Invalid, NotFound, Conflict, Unsupported:
		return true
	case RateLimited, Unavailable, UncertainOutcome:
		return false
	}
	return false
}

// Error is the one error type of connectors. Its text holds no secret, no message text and no customer's name; what a
// vendor said stays out of it unless it is one of the vendor's own error codes.
type Error struct {
	// Connector is the vendor's name, Op the method, such as "Open".
	Connector, Op string
	Kind          Kind
	// Status is the HTTP status, if there was an answer.
	Status int
	// Code is the vendor's own machine-readable error code, such as LiveChat's error.type.
	Code string
	// RetryAfter is how long the vendor asked us to wait; 0 means it did not say.
	RetryAfter time.Duration
	// Err is the cause, already free of secrets.
	Err error
}

// Error says who, what and which kind.
func (e *Error) Error() string {
	s := string(e.Kind)
	if e.Status != 0 {
		s += fmt.Sprintf(" (HTTP %d)", e.Status)
	}
	if e.Code != "" {
		s += " " + e.Code
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if e.Op != "" {
		s = e.Op + ": " + s
	}
	if e.Connector != "" {
		s = e.Connector + " " + s
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf says of which kind err is. An error of another type, a context's end among them, is
// UncertainOutcome: what nobody classified must not be repeated blindly.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return UncertainOutcome
}

// CodeOf is the vendor's own code in err; "" if there is none.
func CodeOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}

// KindOfStatus says what an HTTP status of a vendor means where the vendor defines nothing else.
func KindOfStatus(status int) Kind {
	switch {
	case status == http.StatusUnauthorized:
		return Unauthenticated
	case status == http.StatusForbidden || status == http.StatusPaymentRequired:
		return Forbidden
	case status == http.StatusNotFound || status == http.StatusGone:
		return NotFound
	case status == http.StatusConflict || status == http.StatusPreconditionFailed || status == http.StatusLocked:
		return Conflict
	case status == http.StatusTooManyRequests:
		return RateLimited
	case status == http.StatusRequestTimeout || status == http.StatusTooEarly || status == http.StatusServiceUnavailable:
		return Unavailable
	case status >= 500:
		return UncertainOutcome
	case status >= 400:
		return Invalid
	}
	return UncertainOutcome
}

// Errorf makes an Error without a status, for trouble that we find ourselves.
func Errorf(vendor, op string, kind Kind, format string, args ...any) *Error {
	return &Error{Connector: vendor, Op: op, Kind: kind, Err: fmt.Errorf(format, args...)}
}
