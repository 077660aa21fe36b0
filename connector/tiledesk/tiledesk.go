// Package tiledesk connects the Tiledesk desk (tiledesk.com and self-run servers) through its REST API and its webhook
// subscriptions, as of tiledesk-server 2.19.16.
//
// The customer's channel and the bot stay ours; Tiledesk holds a mirror of the conversation, which it calls a request and
// which is our ticket. It is made in status 50 (TEMP: in no queue, nobody is bothered) and grows while the bot has the
// customer; "assign" then asks for an agent. We choose its id, support-group-<project>-<32 hex digits>, so that opening
// twice with one key gives one ticket.
//
// Limits: 500 KB for a request's body, no known limit of text and rate; 5 calls a second are assumed at the cloud.
// Webhooks are repeated twice, after about 3 and 5 seconds and only after 429, 5xx or a lost connection; then they are
// lost, and ListMessages heals them. There is no idempotency key: our key travels in the message's attributes, and is
// looked for.
//
// Sources: the vendor's mail to a team with an app of its own, its pages for developers (Requests, Webhooks, Sending and
// receiving messages), the code of tiledesk-server 2.19.16, and what was observed on such a server with chat21, which
// testsuite/real/tiledesk runs.
package tiledesk

import (
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
	"github.com/handoff-engine/handoff/conversation"
)

// Name is the vendor's name in configurations.
const Name = "tiledesk"

const (
	// maxText keeps a message below the 500 KB of a request's body, escapes included (observed: 413 above).
	maxText = 50_000
	// redelivery covers the two repeats, at most 8 s after the event, and slow answers before them.
	redelivery = time.Minute
)

// Client is one connection to a Tiledesk project.
type Client struct {
	config     Config
	connection string
	// ours begins the ids of this connection's tickets.
	ours    string
	base    *url.URL
	http    *httpx.Client
	tokens  *httpx.Tokens
	files   *httpx.Downloader
	refused connector.Tally
	log     *slog.Logger
}

var (
	_ connector.Desk               = (*Client)(nil)
	_ connector.TicketPreparer     = (*Client)(nil)
	_ connector.TicketMirror       = (*Client)(nil)
	_ connector.TicketFinder       = (*Client)(nil)
	_ connector.TicketCloser       = (*Client)(nil)
	_ connector.AgentAssigner      = (*Client)(nil)
	_ connector.NoteWriter         = (*Client)(nil)
	_ connector.AvailabilityReader = (*Client)(nil)
	_ connector.AttachmentSender   = (*Client)(nil)
	_ connector.AttachmentFetcher  = (*Client)(nil)
	_ connector.RatingWriter       = (*Client)(nil)
	_ connector.SentFinder         = (*Client)(nil)
	_ connector.MessageLister      = (*Client)(nil)
	_ connector.Subscriber         = (*Client)(nil)
	_ connector.Checker            = (*Client)(nil)
)

// Factory makes connections from configurations.
func Factory() connector.Factory {
	return connector.NewFactory(Name, "Tiledesk: agents answer in Tiledesk and read along while the bot answers", New)
}

// New makes a connection.
func New(config Config, deps connector.Deps) (*Client, error) {
	config.BaseURL = strings.TrimRight(config.BaseURL, "/")
	if err := config.Validate(); err != nil {
		return nil, err
	}
	base, err := url.Parse(config.BaseURL)
	if err != nil {
		return nil, err
	}
	c := &Client{
		config: config, connection: deps.Connection, base: base, log: deps.Log(Name), files: httpx.NewDownloader(Name, deps.HTTP),
		ours: ticketPrefix + config.ProjectID + "-" + digest("connection", deps.Connection)[:8],
		http: httpx.New(Name, deps.HTTP, deps.Pace(config.pace())),
	}
	c.http.Classify = classify
	c.tokens = httpx.NewTokens(Name, deps.HTTP, c.signIn)
	return c, nil
}

// Name is "tiledesk".
func (c *Client) Name() string { return Name }

// Traits are what Tiledesk accepts and promises. We choose the ticket's id, and our keys are shown with the messages.
func (c *Client) Traits() connector.Traits {
	return connector.Traits{
		MaxText: maxText, Post: connector.ByLookup, Open: connector.ByKey,
		Redelivery: redelivery, CallsPerSecond: c.config.pace(), MirrorsBot: true,
	}
}

// ticketPrefix begins the id of every conversation: the chat engine refuses others, and reads what stands between it and
// the next dash as the project (code: utils/requestUtil.js).
const ticketPrefix = "support-group-"

// ticketID names the ticket of a key. The unique part is 32 hexadecimal digits, as the server's own: eight that tell this
// connection's tickets from all others of the project, and 24 of the key.
func (c *Client) ticketID(key conversation.Key) string {
	return c.ours + digest("ticket", c.connection, string(key))[:24]
}

// isOurs reports whether a request is a ticket of this connection: a project has others, of its own widget for one.
func (c *Client) isOurs(requestID string) bool {
	return strings.HasPrefix(requestID, c.ours) && len(requestID) == len(c.ours)+24
}

// digest gives hexadecimal digits that stand for some texts.
func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])
}
