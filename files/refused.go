package files

import (
	"errors"
	"fmt"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
)

// Reason says why a file is not let through. The strings are in metrics: add, never rename.
type Reason string

// The reasons.
const (
	// TooLarge: larger than the connection's rules allow.
	TooLarge Reason = "too_large"
	// TypeRefused: of a kind that the connection's rules do not allow.
	TypeRefused Reason = "type"
	// HostRefused: at an address that nothing is fetched from.
	HostRefused Reason = "host"
	// Infected: the scanner found something in it.
	Infected Reason = "infected"
	// NotScanned: the scanner did not answer.
	NotScanned Reason = "not_scanned"
	// Gone: its vendor has it no more.
	Gone Reason = "gone"
)

// Reasons lists every reason.
func Reasons() []Reason {
	return []Reason{TooLarge, TypeRefused, HostRefused, Infected, NotScanned, Gone}
}

// RefusedError says that a file is not let through. It wraps a *connector.Error of kind Invalid, or NotFound for Gone.
type RefusedError struct {
	Reason Reason
	err    *connector.Error
}

func (e *RefusedError) Error() string { return e.err.Error() }

// Unwrap gives the connector's error.
func (e *RefusedError) Unwrap() error { return e.err }

// ReasonOf gives the reason of a refusal, or "" if err is none.
func ReasonOf(err error) Reason {
	if e, ok := errors.AsType[*RefusedError](err); ok {
		return e.Reason
	}
	return ""
}

func refuse(source string, reason Reason) *RefusedError {
	kind := connector.Invalid
	if reason == Gone {
		kind = connector.NotFound
	}
	return &RefusedError{reason, &connector.Error{
		Connector: source, Op: op, Kind: kind, Err: fmt.Errorf("the file is not let through: %s", reason),
	}}
}

// asRefusal tells what went wrong at the vendor from what never can go right. Asking for a file changes nothing, so that
// nothing about it is uncertain.
func asRefusal(source string, err error) error {
	e, ok := errors.AsType[*connector.Error](err)
	switch {
	case !ok:
		return unavailable(source, errors.New("the file could not be asked for"))
	case e.Code == httpx.CodeHost:
		return refuse(source, HostRefused)
	case e.Kind == connector.NotFound:
		return refuse(source, Gone)
	case e.Kind == connector.UncertainOutcome:
		again := *e
		again.Kind = connector.Unavailable
		return &again
	}
	return err
}

func unavailable(source string, err error) *connector.Error {
	return &connector.Error{Connector: source, Op: op, Kind: connector.Unavailable, Err: err}
}
