// Package httpdesk connects any third-party system in which people answer: a desk of a team's own, or a product that no
// connector knows. It is told what happens by signed webhooks, and tells what its agents do by webhooks that are signed
// the same way. README.md is the whole contract; types.go has it as types, docs/httpdesk.openapi.yaml as a document for
// tools.
//
// Both directions follow the Standard Webhooks document. The limits are the contract's own.
package httpdesk

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
)

// Name is the vendor's name in configurations.
const Name = "httpdesk"

// redelivery is how long the contract lets a desk send an event again.
const redelivery = 24 * time.Hour

// Client is one connection.
type Client struct {
	config     Config
	connection string
	http       *httpx.Client
	logger     *slog.Logger
	// gone is set once the desk has answered 410: it wants no more webhooks.
	gone atomic.Bool
	// heldUntil is the instant, in nanoseconds since 1970, before which the desk wants no call, as it said with a 429.
	heldUntil atomic.Int64
}

var (
	_ connector.Desk               = (*Client)(nil)
	_ connector.AgentAssigner      = (*Client)(nil)
	_ connector.TicketCloser       = (*Client)(nil)
	_ connector.TicketUpdater      = (*Client)(nil)
	_ connector.NoteWriter         = (*Client)(nil)
	_ connector.AvailabilityReader = (*Client)(nil)
	_ connector.QueueReader        = (*Client)(nil)
	_ connector.TypingSender       = (*Client)(nil)
	_ connector.ReadMarker         = (*Client)(nil)
	_ connector.AttachmentSender   = (*Client)(nil)
	_ connector.MessageEditor      = (*Client)(nil)
	_ connector.RatingWriter       = (*Client)(nil)
	_ connector.Checker            = (*Client)(nil)
	_ connector.TicketMirror       = mirroring{}
)

// mirroring is a connection to a desk that shows agents what the customer and the bot say. Not every desk wants that, so
// it is an ability of the connections that are configured so.
type mirroring struct{ *Client }

// Factory makes connections from configurations.
func Factory() connector.Factory {
	return connector.NewFactory(Name, "HTTP desk: a desk of your own or any third-party system, over a small signed JSON contract", New)
}

// New makes a connection.
func New(config Config, deps connector.Deps) (connector.Connector, error) {
	c := &Client{
		config: config, connection: deps.Connection, logger: deps.Logger,
		http: httpx.New(Name, deps.HTTP, deps.Pace(config.CallsPerSecond)),
	}
	if c.logger == nil {
		c.logger = slog.New(slog.DiscardHandler)
	}
	c.http.Classify = classify
	if config.Mirror {
		return mirroring{c}, nil
	}
	return c, nil
}

// Name is "httpdesk".
func (c *Client) Name() string { return Name }

// Traits are the contract's. A ticket has the name that we give it, so opening it twice is opening it once; of messages it
// is the desk that must not take one twice.
func (c *Client) Traits() connector.Traits {
	traits := connector.Traits{
		Open: connector.ByKey, Redelivery: redelivery, CallsPerSecond: c.config.CallsPerSecond, ExplainsRefusals: true,
		MirrorsBot: c.config.Mirror,
	}
	if c.config.Deduplicates {
		traits.Post = connector.ByKey
	}
	return traits
}

// Check sends a webhook of type ping. One that succeeds ends the silence after a 410.
func (c *Client) Check(ctx context.Context) error {
	if _, err := c.post(ctx, "Check", "ping-"+c.connection, Webhook{Type: TypePing}); err != nil {
		return err
	}
	c.gone.Store(false)
	return nil
}
