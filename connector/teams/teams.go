// Package teams connects Microsoft Teams as a desk through the Bot Connector API, version 3: a bot opens one thread in a
// team's channel for each ticket, and the people of the team answer there.
//
// A ticket is a thread, named by the conversation id that Teams gives it, "19:…@thread.tacv2;messageid=<root>". Its first
// message is an Adaptive Card that shows how things stand and has the buttons; claim, release, transfer, back to the bot
// and close are ours, because Teams knows nothing of the kind. What agents write in the thread goes to the customer,
// unless it begins with "//". Webhooks are activities with a JSON Web Token signed by Microsoft.
//
// Limits: a channel takes 7 messages in a second, 8 in 2 s, 60 in 30 s and 1,800 in an hour from one bot, all threads of
// the channel together; an app and tenant make 30 calls a second; a message holds about 100 KB as UTF-16, on older pages
// 40 KB. Nothing recognises a repeated message. Teams delivers an activity again that was not answered within 15 s; how
// often, and after which statuses, is unknown.
//
// Sources: Microsoft Learn (Bot Framework REST, Teams platform: channel conversations, resource-specific consent, rate
// limits, universal actions), the Connector's published API description, and the vendor's SDKs teams.py and botbuilder,
// as of July 2026. That a message lands in a thread by its conversation id alone: teams-sdk blog of May 2026.
package teams

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
)

// Name is the vendor's name in configurations.
const Name = "teams"

const (
	// maxText keeps a message of nothing but markup, at six units of UTF-16 a rune, within the 40 KB of the older pages.
	maxText = 3000
	// redelivery is an assumption: neither number nor interval of the repeats is documented.
	redelivery = 10 * time.Minute
	// callsPerSecond is the limit of an app and tenant (learn: rate-limit). Channels have narrower ones, see pace.go.
	callsPerSecond = 30
	// invokeAnswer is what a click on a button must be answered with (learn: universal actions). Other activities are
	// answered with the status alone; what else is in the answer is not read.
	invokeAnswer = `{"statusCode":200,"type":"application/vnd.microsoft.activity.message","value":"Got it"}`
)

// Client is one connection to a bot.
type Client struct {
	config     Config
	connection string
	log        *slog.Logger
	http       *httpx.Client
	files      *httpx.Downloader
	links      *httpx.Fetcher
	tokens     *httpx.Tokens
	keys       *keys
	pace       *pace

	// roots are the threads that were opened and have not all of their transcript yet, arrived counts its messages.
	roots   connector.Memo[root]
	arrived connector.Tally

	mu     sync.Mutex
	roster map[string]roster
}

var (
	_ connector.Desk              = (*Client)(nil)
	_ connector.TicketUpdater     = (*Client)(nil)
	_ connector.TicketCloser      = (*Client)(nil)
	_ connector.AgentAssigner     = (*Client)(nil)
	_ connector.NoteWriter        = (*Client)(nil)
	_ connector.MessageEditor     = (*Client)(nil)
	_ connector.AttachmentSender  = (*Client)(nil)
	_ connector.AttachmentFetcher = (*Client)(nil)
	_ connector.Checker           = (*Client)(nil)
)

// Factory makes connections from configurations.
func Factory() connector.Factory {
	return connector.NewFactory(Name, "Microsoft Teams: agents answer in threads of a team's channel", New)
}

// New makes a connection, and begins to load the keys that webhooks are signed with. One that may read its threads, by
// team_group_id, is a Reader, any other a Client.
func New(config Config, deps connector.Deps) (connector.Connector, error) {
	c, err := newClient(config, deps)
	if err != nil {
		return nil, err
	}
	c.keys.load()
	if config.TeamGroupID != "" {
		return newReader(c, deps), nil
	}
	return c, nil
}

func newClient(config Config, deps connector.Deps) (*Client, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	config.BaseURL, config.GraphURL = strings.TrimRight(config.BaseURL, "/"), strings.TrimRight(config.GraphURL, "/")
	c := &Client{
		config: config, connection: deps.Connection, log: deps.Log(Name), files: httpx.NewDownloader(Name, deps.HTTP),
		http:   httpx.New(Name, deps.HTTP, deps.Pace(callsPerSecond)),
		links:  httpx.NewFetcher(map[string][]string{deps.Connection: deps.AllowHosts}),
		roster: map[string]roster{},
	}
	c.http.Classify = classify
	if !deps.Unpaced {
		c.pace = newPace()
	}
	c.tokens = httpx.NewTokens(Name, deps.HTTP, func(ctx context.Context) (*oauth2.Token, error) {
		return config.credentials(config.Scope).Token(ctx)
	})
	c.keys = newKeys(httpx.New(Name, deps.HTTP, 0), config.OpenIDURL, c.log)
	return c, nil
}

// Name is "teams".
func (c *Client) Name() string { return Name }

// Traits are what Teams accepts and promises: no call takes an idempotency key, and a bot reads no message back, unless
// Graph lets it (Reader).
func (c *Client) Traits() connector.Traits {
	return connector.Traits{
		MaxText: maxText, Redelivery: redelivery, CallsPerSecond: callsPerSecond, AnswerBody: invokeAnswer,
	}
}
