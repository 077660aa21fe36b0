package httpx

import (
	"context"
	"time"

	"github.com/handoff-engine/handoff/connector"
)

// Wait waits before a call. If the context ends first the call was not made: Unavailable.
func Wait(ctx context.Context, vendor, op string, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return &connector.Error{Connector: vendor, Op: op, Kind: connector.Unavailable, Err: ctx.Err()}
	}
}
