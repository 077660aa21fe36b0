// Package livechat connects the LiveChat desk (livechat.com, by Text) through its Customer Chat, Agent Chat and
// Configuration APIs, version 3.6, over HTTP alone.
//
// The customer's side of a chat is played through the Customer Chat API, with tokens minted for one LiveChat customer
// per conversation; what agents do is told by webhooks. A customer has one chat for ever, whose threads are the
// engagements: a ticket is "<chat_id>:<thread_id>", and only the last thread of a chat can be open.
//
// Limits: 16 KB (bytes) per message, 10 MB per file, one chat per customer, 3 webhooks per action, 25 access tokens per
// app and account, about 10 calls per second (assumed: the vendor publishes none). The vendor repeats an unanswered
// webhook three times within about a minute; then it is lost, and ListMessages heals it.
//
// Sources: the vendor's references of the three APIs, of webhooks, of customer authorization and OAuth, and its
// messaging overview, as published in June 2026.
package livechat

import (
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
)

// Name is the vendor's name in configurations.
const Name = "livechat"

const (
	// maxBytes is the longest text of a message, in bytes of UTF-8 (vendor reference, message), and maxText as many runes
	// as surely fit.
	maxBytes = 16 << 10
	maxText  = maxBytes / utf8.UTFMax
	// maxFile is the largest file (vendor reference, upload_file).
	maxFile = 10 << 20
	// redelivery covers the vendor's repeats, three within about a minute, each with up to 10 s for the answer.
	redelivery = 3 * time.Minute
	// callsPerSecond is an assumption: the vendor limits calls and publishes no number.
	callsPerSecond = 10
)

// Client is one connection to a LiveChat account.
type Client struct {
	config     Config
	connection string
	http       *httpx.Client
	files      *httpx.Downloader
	tokens     *tokens
	log        *slog.Logger

	region    atomic.Pointer[string]
	announced sync.Map
	routing   routing
	// noProperties is until when our properties are done without, because the vendor refused them.
	noProperties atomic.Int64
	fileHosts    []string
	// unprepared are the customers of tickets that nobody prepared.
	unprepared connector.Memo[string]
}

var (
	_ connector.Desk               = (*Client)(nil)
	_ connector.TicketPreparer     = (*Client)(nil)
	_ connector.TicketFinder       = (*Client)(nil)
	_ connector.TicketCloser       = (*Client)(nil)
	_ connector.AgentAssigner      = (*Client)(nil)
	_ connector.NoteWriter         = (*Client)(nil)
	_ connector.AvailabilityReader = (*Client)(nil)
	_ connector.TypingSender       = (*Client)(nil)
	_ connector.AttachmentSender   = (*Client)(nil)
	_ connector.AttachmentFetcher  = (*Client)(nil)
	_ connector.SentFinder         = (*Client)(nil)
	_ connector.MessageLister      = (*Client)(nil)
	_ connector.QueueReader        = (*Client)(nil)
	_ connector.ReadMarker         = (*Client)(nil)
	_ connector.RatingWriter       = (*Client)(nil)
	_ connector.Subscriber         = (*Client)(nil)
	_ connector.Checker            = (*Client)(nil)
)

// Factory makes connections from configurations.
func Factory() connector.Factory {
	return connector.NewFactory(Name, "LiveChat: agents answer in the LiveChat app", New)
}

// New makes a connection.
func New(config Config, deps connector.Deps) (*Client, error) {
	for _, address := range []*string{&config.BaseURL, &config.TokenURL, &config.FilesURL} {
		*address = strings.TrimRight(*address, "/")
	}
	if err := config.Validate(); err != nil {
		return nil, err
	}
	c := &Client{config: config, connection: deps.Connection, log: deps.Log(Name), files: httpx.NewDownloader(Name, deps.HTTP)}
	c.http = httpx.New(Name, deps.HTTP, deps.Pace(callsPerSecond))
	c.http.Classify = classify
	c.tokens = newTokens(c.http, config)
	c.region.Store(&config.Region)
	for _, address := range []string{config.FilesURL, config.BaseURL} {
		if u, err := url.Parse(address); err == nil {
			c.fileHosts = append(c.fileHosts, u.Host)
		}
	}
	c.fileHosts = append(c.fileHosts, deps.AllowHosts...)
	return c, nil
}

// Name is "livechat".
func (c *Client) Name() string { return Name }

// Traits are what LiveChat accepts and promises. It takes no idempotency key: custom_id is kept and shown, so an
// earlier send is found by it, and a customer's one chat is found by listing.
func (c *Client) Traits() connector.Traits {
	return connector.Traits{
		MaxText: maxText, Post: connector.ByLookup, Open: connector.ByLookup,
		Redelivery: redelivery, CallsPerSecond: callsPerSecond,
	}
}

// isPerson tells people from bots: people are named by their e-mail, bots by a hexadecimal id, customers by a UUID.
func isPerson(id string) bool { return strings.Contains(id, "@") }
