// Package crisp connects the Crisp desk (crisp.chat) through its REST API, version 1, and its web hooks.
//
// Each ticket is a Crisp conversation of its own, named by its session_id: what the customer says is posted as
// from:"user", what operators answer is told by web hooks. An operator's private note never leaves the desk; one that
// begins with "!bot" gives the customer back to the bot.
//
// Limits: a plugin token has 5,000 calls a day unless Crisp raises it, a website token 10,000 (guide rate-limits); over
// it, or over limits of a route or an address whose numbers are not published, Crisp answers 429 or 420, with no
// Retry-After that is documented. The longest text and the largest file are not published: texts are cut at 10,000
// characters, and the file's limit comes with its upload address. How often and for how long a web hook is repeated is
// not published either; ListMessages heals what is lost.
//
// Sources: the vendor's REST, web hook and RTM references (January and February 2026), its guides on authentication,
// rate limits and web hooks, and its own clients node-crisp-api 11 and go-crisp-api 3.73.
package crisp

import (
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
)

// Name is the vendor's name in configurations.
const Name = "crisp"

const (
	// maxText is where we cut texts, in characters: the vendor publishes no limit.
	maxText = 10_000
	// redelivery is an assumption: the vendor says how often a web hook is repeated in a header only, and never how long.
	redelivery = time.Hour
	// callsPerSecond is an assumption: the vendor limits calls of one address and publishes no number.
	callsPerSecond = 5
)

// Client is one connection to a Crisp workspace.
type Client struct {
	config  Config
	origin  string
	http    *httpx.Client
	storage *httpx.Client
	log     *slog.Logger

	limit     limit
	day       day
	spare     *rate.Limiter
	operators cached[[]operator]
	available cached[connector.Availability]
	uploads   uploads
	typing    typing
	looks     looks
	closed    connector.Tally
	// plainOrigin says that the vendor refused an origin of our own.
	plainOrigin atomic.Bool

	// opening are the conversations that were made and not all written into.
	opening connector.Memo[string]
}

var (
	_ connector.Desk               = (*Client)(nil)
	_ connector.TicketMirror       = (*Client)(nil)
	_ connector.TicketFinder       = (*Client)(nil)
	_ connector.TicketCloser       = (*Client)(nil)
	_ connector.AgentAssigner      = (*Client)(nil)
	_ connector.NoteWriter         = (*Client)(nil)
	_ connector.AvailabilityReader = (*Client)(nil)
	_ connector.TypingSender       = (*Client)(nil)
	_ connector.ReadMarker         = (*Client)(nil)
	_ connector.AttachmentSender   = (*Client)(nil)
	_ connector.MessageEditor      = (*Client)(nil)
	_ connector.SentFinder         = (*Client)(nil)
	_ connector.MessageLister      = (*Client)(nil)
	_ connector.Checker            = (*Client)(nil)
)

// Factory makes connections from configurations.
func Factory() connector.Factory {
	return connector.NewFactory(Name, "Crisp: operators answer in the Crisp inbox", New)
}

// New makes a connection.
func New(config Config, deps connector.Deps) (*Client, error) {
	config.BaseURL = strings.TrimRight(config.BaseURL, "/")
	config.AppURL = strings.TrimRight(config.AppURL, "/")
	if err := config.Validate(); err != nil {
		return nil, err
	}
	c := &Client{config: config, origin: config.Origin, log: deps.Log(Name)}
	if c.origin == "" {
		c.origin = "urn:handoff:" + deps.Connection + ":0"
	}
	c.http = httpx.New(Name, deps.HTTP, deps.Pace(callsPerSecond))
	c.http.Classify = classify
	c.storage = httpx.New(Name, deps.HTTP, 0)
	c.spare = newSpare(config.quota())
	return c, nil
}

// Name is "crisp".
func (c *Client) Name() string { return Name }

// Traits are what Crisp accepts and promises. What a second message with the same fingerprint does is not published, so
// a fingerprint is only looked for; a conversation is found among the newest by our key in its data.
func (c *Client) Traits() connector.Traits {
	return connector.Traits{
		MaxText: maxText, Post: connector.ByLookup, Open: connector.ByLookup,
		Redelivery: redelivery, CallsPerSecond: callsPerSecond,
	}
}
