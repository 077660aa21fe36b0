package system

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// balance spreads requests over the gateways as a load balancer before them does: in turn, and past those that take no
// connection. What a gateway had in hand when it died is answered 502: whether it was stored, nobody can tell.
func balance(t testing.TB, port int, gateways []int) {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(context.Background(), "tcp", address(port))
	require.NoError(t, err)
	server := &http.Server{Handler: &httputil.ReverseProxy{
		Rewrite:      func(r *httputil.ProxyRequest) { r.Out.URL.Scheme = "http" },
		Transport:    &rotation{ports: gateways},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
}

// rotation sends each request to the next of the ports.
type rotation struct {
	ports []int
	turn  atomic.Uint64
}

// RoundTrip tries each port once.
func (r *rotation) RoundTrip(in *http.Request) (*http.Response, error) {
	var body []byte
	if in.Body != nil {
		var err error
		if body, err = io.ReadAll(in.Body); err != nil {
			return nil, err
		}
	}
	var last error
	turn := r.turn.Add(1)
	for i := range r.ports {
		out := in.Clone(in.Context())
		out.Body = io.NopCloser(bytes.NewReader(body))
		out.URL.Host = address(r.ports[(turn+uint64(i))%uint64(len(r.ports))])
		answer, err := http.DefaultTransport.RoundTrip(out)
		var failed *net.OpError
		if err == nil || !errors.As(err, &failed) || failed.Op != "dial" {
			return answer, err
		}
		last = err
	}
	return nil, last
}
