// Package omnidesk connects the Dutch omnichannel desk Omnidesk (omnidesk.com, omnidesk.io, omnidesk.nl): its live chat,
// with handoff in the place of a team's own app or chatbot. The Russian desk of the same name is another product.
//
// A chat is a ticket of channel 8 and a session whose id is ours. What the customer says goes out by API v2 in
// multipart forms; what agents do is posted to hookpoints below an address that each call names (chatServer). Nothing of
// that is signed, numbered or dated: a secret in the address proves where it comes from, and events are known by their
// words and the second of their arrival. Platform webhooks, which are signed, are taken too.
//
// Limits: 5 calls a second, 4,000 characters a message and 10 MB a file are ours, because the vendor publishes none. It
// takes no idempotency key, and whether it repeats an unanswered hookpoint is not documented.
//
// Sources: the vendor's guide "Livechat chatbot and app integration (backend)", its API specification (OpenAPI; pages
// chat, message, ticket, user), and its pages on authentication and webhooks, all as published in 2026. Where the two
// differ, in the path that ends a session and in how agents are asked after, one is tried after the other.
package omnidesk

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
	"github.com/handoff-engine/handoff/conversation"
)

// Name is the vendor's name in configurations.
const Name = "omnidesk"

const (
	maxText        = 4000
	maxFile        = 10 << 20
	callsPerSecond = 5
	// redelivery is a margin: the vendor repeats platform webhooks five times with growing pauses of a base that it does
	// not name (vendor reference, webhooks), and hookpoints perhaps never.
	redelivery = 10 * time.Minute
)

// Client is one connection.
type Client struct {
	config     Config
	connection string
	// chatServer is our address below which the vendor calls its hookpoints. It is the same for all sessions.
	chatServer string
	zone       *time.Location
	http       *httpx.Client
	log        *slog.Logger

	sent  connector.Tally // parts of a send that surely arrived
	ended connector.Tally // sessions that were ended
	// endPath and configPath are which of the two documented ways worked last.
	endPath, configPath atomic.Int32
	fetcher             *httpx.Fetcher
	swept               atomic.Int64 // when old uploads were looked for
}

var (
	_ connector.Desk               = (*Client)(nil)
	_ connector.TicketCloser       = (*Client)(nil)
	_ connector.AvailabilityReader = (*Client)(nil)
	_ connector.TypingSender       = (*Client)(nil)
	_ connector.AttachmentSender   = (*Client)(nil)
	_ connector.AttachmentFetcher  = (*Client)(nil)
	_ connector.FileKeeper         = (*Client)(nil)
	_ connector.SentFinder         = (*Client)(nil)
	_ connector.MessageLister      = (*Client)(nil)
	_ connector.ReadMarker         = (*Client)(nil)
	_ connector.Checker            = (*Client)(nil)
)

// Factory makes connections from configurations.
func Factory() connector.Factory {
	return connector.NewFactory(Name, "Omnidesk (omnidesk.com): agents answer in the ticket of a live chat", New)
}

// chatServerPattern is what the vendor takes as chatServer (API specification, chat).
var chatServerPattern = regexp.MustCompile(`^[a-zA-Z0-9.:/-]{5,}$`)

// New makes a connection. It needs Deps.PublicURL, because the vendor learns our address with each call.
func New(config Config, deps connector.Deps) (connector.Connector, error) {
	if deps.PublicURL == "" {
		return nil, errors.New("set HANDOFF_PUBLIC_URL: Omnidesk posts what agents say to an address below it")
	}
	c := &Client{
		config: config, connection: deps.Connection, log: deps.Log(Name), zone: time.UTC,
		chatServer: deps.PublicURL + "/webhooks/" + deps.Connection + "/" + config.HookSecret.First().Reveal(),
		http:       httpx.New(Name, deps.HTTP, deps.Pace(callsPerSecond)),
		fetcher:    newFetcher(deps),
	}
	if !chatServerPattern.MatchString(c.chatServer) {
		return nil, errors.New("HANDOFF_PUBLIC_URL: Omnidesk takes addresses of letters, digits, dots, colons, slashes and hyphens only")
	}
	if config.TimelineZone != "" {
		zone, err := time.LoadLocation(config.TimelineZone)
		if err != nil {
			return nil, errZone
		}
		c.zone = zone
	}
	c.http.Classify = classify
	return c, nil
}

// Name is "omnidesk".
func (c *Client) Name() string { return Name }

// Traits are what can be relied upon. One session id is one ticket, so opening is by key. A message has no key; it is
// found in the ticket's timeline only where the configuration says how to read that.
func (c *Client) Traits() connector.Traits {
	traits := connector.Traits{
		MaxText: maxText, Open: connector.ByKey, Post: connector.AtLeastOnce, Redelivery: redelivery,
		CallsPerSecond: callsPerSecond, AnswerBody: `{"message":"ok"}`,
	}
	if c.looksUp() {
		traits.Post = connector.ByLookup
	}
	return traits
}

// looksUp reports whether the timeline shows chat messages with times that we can read.
func (c *Client) looksUp() bool { return c.config.TimelineZone != "" }

// sessionMark begins our session ids.
const sessionMark = "h-"

// sessionPattern is the shape of our session ids: letters, digits and a hyphen, as the vendor surely takes them.
var sessionPattern = regexp.MustCompile(`^h-[a-z2-7]{26}$`)

// sessionID names the session that key opens. It follows from the key alone: a retry, in this process or another, opens
// the same session, and another handoff of the same conversation a new one, because the vendor documents nothing about
// writing into one that has ended.
func sessionID(key conversation.Key) string {
	sum := sha256.Sum256([]byte(key))
	return sessionMark + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:])[:26])
}

// Check asks whether agents are there, which proves the account's token, and the API key if there is one.
func (c *Client) Check(ctx context.Context) error {
	_, err := c.chatConfig(ctx, "Check")
	return err
}
