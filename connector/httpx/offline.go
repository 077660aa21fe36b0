package httpx

import (
	"net/http"

	"github.com/handoff-engine/handoff/connector"
)

// Offline gives a client that reaches nobody, for connections that are only looked at: what is opened with it makes no call.
func Offline() *http.Client { return &http.Client{Transport: refusing{}} }

type refusing struct{}

// RoundTrip refuses.
func (refusing) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
	return nil, connector.Errorf("handoff", "RoundTrip", connector.Unavailable, "this connection is only looked at")
}
