// Package subjects has every channel and every desk as the suites of package connectortest want it: with a fake of its
// vendor, a connection to it, and people on the other side. A vendor's own tests run the conformance suite with it; the
// matrix in connector/all plays every channel against every desk.
//
// A new connector adds one file, and one line to All.
package subjects

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
)

// All gives the subjects by vendor. Each call of a function makes a subject that shares nothing with the others.
func All() map[string]func() connectortest.Subject {
	return map[string]func() connectortest.Subject{
		"app":       App,
		"certainly": Certainly,
		"crisp":     Crisp,
		"httpdesk":  HTTPDesk,
		"landbot":   Landbot,
		"livechat":  LiveChat,
		"memory":    Memory,
		"omnidesk":  Omnidesk,
		"slack":     Slack,
		"teams":     Teams,
		"tiledesk":  Tiledesk,
	}
}

// secretsOf are the texts as a configuration has them.
func secretsOf(texts []string) connector.Secrets {
	var secrets connector.Secrets
	for _, s := range texts {
		secrets = append(secrets, connector.Secret(s))
	}
	return secrets
}

// Collector takes the place of handoff's gateway: it keeps the webhooks that a fake sends, in the order of their arrival.
type Collector struct {
	// URL is where webhooks are sent, without a slash at the end.
	URL   string
	t     connectortest.T
	drain func(ctx context.Context) error

	mu   sync.Mutex
	kept []*connector.Delivery
	also func(d *connector.Delivery)
}

// collect listens until the test ends. The webhooks are answered 200 with the given body; drain waits until none is on
// its way.
func collect(t connectortest.T, answer string, drain func(ctx context.Context) error) *Collector {
	c := &Collector{t: t, drain: drain}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		d := &connector.Delivery{
			Method: r.Method, Hookpoint: strings.TrimPrefix(r.URL.Path, "/"), Query: r.URL.RawQuery, Header: r.Header, Body: body,
			ReceivedAt: time.Now(),
		}
		c.mu.Lock()
		c.kept = append(c.kept, d)
		also := c.also
		c.mu.Unlock()
		if also != nil {
			also(d)
		}
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(web.Close)
	c.URL = web.URL
	return c
}

// Deliveries are the webhooks so far. It waits for those that are on their way.
func (c *Collector) Deliveries() []*connector.Delivery {
	require.NoError(c.t, c.drain(c.t.Context()))
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.kept)
}

// Also has each webhook given to f as it comes.
func (c *Collector) Also(f func(d *connector.Delivery)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.also = f
}

// lastFile is the newest file that the webhooks tell.
func lastFile(t connectortest.T, c connector.Connector, webhooks []*connector.Delivery) conversation.Attachment {
	for _, d := range slices.Backward(webhooks) {
		events, err := c.Decode(d)
		require.NoError(t, err)
		for _, in := range events {
			if in.Event.Attachment != nil {
				return *in.Event.Attachment
			}
		}
	}
	require.Fail(t, "the agent's file was not told")
	return conversation.Attachment{}
}
