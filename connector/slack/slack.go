// Package slack connects Slack as a desk: agents work in the channels that they have anyway. Slack has no notion of a
// support conversation, of a queue or of a claim; all of that is ours, and shown in Slack.
//
// Each ticket is one thread: its first message, the card, says who asks and how things stand, and carries the buttons
// Claim, Release, Transfer, Back to bot and Close. What is written in the thread is said to the customer, except for
// lines that begin with //, which stay among agents. A ticket's id is "<channel>:<ts of the card>".
//
// It speaks the Web API and the Events API over HTTP; the calls are made by github.com/slack-go/slack.
//
// Limits [docs: rate limits, block reference]: one message a second in each channel, which all its threads share; 50
// updates and 50 reads a minute; texts of 4,000 characters; blocks of 3,000. A webhook wants an answer within 3 seconds, is
// repeated three times within about six minutes, and hourly for a day where "delayed events" are switched on.
//
// Sources: [docs: …] are the vendor's pages below docs.slack.dev as of 2026, [code: …] public code, [inferred] our own
// conclusions. What none of them tells is settled by switches of the fake, and works either way.
package slack

import (
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slack-go/slack"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
)

// Name is the vendor's name in configurations.
const Name = "slack"

const (
	// maxText is the longest text of one message in characters: more is not refused, and shown badly [docs:
	// chat.postMessage]. Escaped it stays below the 40,000 at which Slack cuts.
	maxText = 4000
	// redelivery covers "delayed events", which come hourly for a day; without them it is about six minutes [docs: Events
	// API].
	redelivery = 25 * time.Hour
	// callsPerSecond is the whole of a workspace: several hundred messages a minute [docs: rate limits].
	callsPerSecond = 5
)

// Client is one connection: one app in one workspace.
type Client struct {
	config Config
	log    *slog.Logger
	// api makes the calls, through door; reads are made through http, see read.go.
	api  *slack.Client
	http *httpx.Client
	door *door
	// files carries uploads, whose answers are no JSON.
	files     *httpx.Client
	downloads *httpx.Downloader
	// host is that of base_url, and holds files besides the vendor's own hosts.
	host string

	// plain is set once the vendor refused to show the customer's name as the author's.
	plain atomic.Bool
	// admitted are the channels that were looked at, see admit.
	admitted sync.Map
	self     identity
}

var (
	_ connector.Desk               = (*Client)(nil)
	_ connector.AgentAssigner      = (*Client)(nil)
	_ connector.TicketFinder       = (*Client)(nil)
	_ connector.TicketCloser       = (*Client)(nil)
	_ connector.NoteWriter         = (*Client)(nil)
	_ connector.AvailabilityReader = (*Client)(nil)
	_ connector.AttachmentSender   = (*Client)(nil)
	_ connector.AttachmentFetcher  = (*Client)(nil)
	_ connector.SentFinder         = (*Client)(nil)
	_ connector.MessageLister      = (*Client)(nil)
	_ connector.TicketUpdater      = (*Client)(nil)
	_ connector.MessageEditor      = (*Client)(nil)
	_ connector.Challenger         = (*Client)(nil)
	_ connector.Checker            = (*Client)(nil)
)

// Factory makes connections from configurations.
func Factory() connector.Factory {
	return connector.NewFactory(Name, "Slack: agents answer in a thread of their channel", New)
}

// New makes a connection.
func New(config Config, deps connector.Deps) (*Client, error) {
	config.BaseURL = strings.TrimRight(config.BaseURL, "/")
	if err := config.Validate(); err != nil {
		return nil, err
	}
	c := &Client{config: config, log: deps.Log(Name), downloads: httpx.NewDownloader(Name, deps.HTTP)}
	c.http = httpx.New(Name, deps.HTTP, deps.Pace(callsPerSecond))
	c.http.Classify = classify
	c.files = httpx.New(Name, deps.HTTP, 0)
	c.door = &door{http: c.http, token: config.BotToken, lanes: newLanes(deps.Pace(1) > 0)}
	c.api = slack.New("", slack.OptionAPIURL(config.BaseURL+"/"), slack.OptionHTTPClient(c.door))
	if u, err := url.Parse(config.BaseURL); err == nil {
		c.host = u.Host
	}
	return c, nil
}

// Name is "slack".
func (c *Client) Name() string { return Name }

// Traits are what Slack accepts and promises. It documents no idempotency key: what was sent carries our key as
// metadata, by which it is found again.
func (c *Client) Traits() connector.Traits {
	return connector.Traits{
		MaxText: maxText, Post: connector.ByLookup, Open: connector.ByLookup,
		Redelivery: redelivery, CallsPerSecond: callsPerSecond,
		// Anything but a 2xx is repeated, and too many of them switch the subscription off [docs: Events API].
		RepeatsOnRefusal: true,
		// A body may be taken for a message in place of the one that was clicked [docs: Handling user interaction].
		AnswerEmpty: true,
	}
}
