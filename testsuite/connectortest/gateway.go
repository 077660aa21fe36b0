package connectortest

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// Gateway stands for handoff's own in a connector's tests: it verifies and decodes what a fake's webhooks bring, answers
// as the gateway does, and keeps what it was told. What stands behind the slash of the address is the hookpoint.
type Gateway struct {
	Connector connector.Connector

	mu   sync.Mutex
	told []connector.Inbound
}

// ServeHTTP takes one webhook.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	d := &connector.Delivery{
		Method: r.Method, Hookpoint: strings.TrimPrefix(r.URL.Path, "/"), Query: r.URL.RawQuery,
		Header: r.Header, Body: body, ReceivedAt: time.Now(),
	}
	if g.Connector.Verify(d) != nil {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if keeper, ok := g.Connector.(connector.FileKeeper); ok && keeper.KeepFiles(r.Context(), d) != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	told, err := g.Connector.Decode(d)
	if err != nil {
		if !g.Connector.Traits().RepeatsOnRefusal {
			w.WriteHeader(http.StatusBadRequest)
		}
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.told = append(g.told, told...)
	_, _ = io.WriteString(w, `{"status":"accepted"}`)
}

// Told gives all that was told so far, in order.
func (g *Gateway) Told() []connector.Inbound {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]connector.Inbound(nil), g.told...)
}

// Events gives the events of one kind that were told so far, in order.
func (g *Gateway) Events(kind conversation.Kind) []conversation.Event {
	var events []conversation.Event
	for _, in := range g.Told() {
		if in.Event.Kind == kind {
			events = append(events, in.Event)
		}
	}
	return events
}
