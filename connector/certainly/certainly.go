// Package certainly connects Certainly (formerly BotXO): the customer stays in its web widget, its bot answers first,
// and the agents sit at another vendor's desk.
//
// It speaks the third-party handover of the Chat API (vendor reference, "Chat API: list of endpoints", "Handover
// conversation flow", "Takeover conversation flow"). The vendor's words are the reverse of common use: handover puts the
// bot into listen mode, takeover gives the customer back to it. Neither statuses, nor answers, nor limits are documented:
// five calls a second and 2,000 characters for one text are ours.
//
// Three habits of the vendor shape the rest. In listen mode the bot stays silent until it is told otherwise, for ever.
// Both changes of mode are GETs, which no client may repeat by itself. And nothing can be looked up: there is no message
// id, no idempotency key and no list, so that a send of unknown outcome is held rather than said twice.
package certainly

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
)

// Name is the vendor's name in configurations.
const Name = "certainly"

const (
	maxText        = 2000
	callsPerSecond = 5
	// redelivery is a margin: whether the vendor delivers a webhook again is not documented.
	redelivery = 10 * time.Minute
	// maxClaimEnd bounds a value that becomes part of an address.
	maxClaimEnd = 200
)

// Client is one connection.
type Client struct {
	config     Config
	connection string
	http       *httpx.Client
	said       connector.Tally // parts of a text that surely arrived
	routed     connector.Tally // calls that run a module whose outcome is unknown
	log        *slog.Logger
}

var (
	_ connector.Channel    = (*Client)(nil)
	_ connector.BotPauser  = (*Client)(nil)
	_ connector.BotResumer = (*Client)(nil)
	_ connector.Checker    = (*Client)(nil)
)

// Factory makes connections from configurations.
func Factory() connector.Factory {
	return connector.NewFactory(Name, "Certainly (formerly BotXO): web widget with a hosted bot (Chat API, handover)", New)
}

// New makes a connection.
func New(config Config, deps connector.Deps) (connector.Connector, error) {
	c := &Client{
		config: config, connection: deps.Connection, http: httpx.New(Name, deps.HTTP, deps.Pace(callsPerSecond)), log: deps.Logger,
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	c.http.Classify = classify
	return c, nil
}

// Name is "certainly".
func (c *Client) Name() string { return Name }

// Traits are the vendor's, as far as it tells.
func (c *Client) Traits() connector.Traits {
	return connector.Traits{
		MaxText: maxText, Deliver: connector.AtLeastOnce, Redelivery: redelivery, CallsPerSecond: callsPerSecond,
		HostsBot: true, HoldUnknown: true,
	}
}

// classify takes any 2xx for success, because the answers are not documented, except for a page: that comes from a proxy,
// and nobody knows whether the call got through.
func classify(status int, _ http.Header, body []byte) (connector.Kind, string) {
	if status >= 200 && status <= 299 && bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) {
		return connector.UncertainOutcome, ""
	}
	return "", ""
}

// userID is the shape of the vendor's user ids. It is checked because they become part of an address.
var userID = regexp.MustCompile(`^webbot:[A-Za-z0-9._-]{1,120}$`)

// userPath gives the path of a user's calls; what is handover or takeover. The slash at the end is part of the route.
func (c *Client) userPath(op, what, to string) (string, error) {
	if !userID.MatchString(to) {
		return "", connector.Errorf(Name, op, connector.Invalid, "the conversation's key is no user id")
	}
	return "/webbot/api/webchat/" + url.PathEscape(c.config.DeploymentID) + "/" + what + "/" + url.PathEscape(to) + "/", nil
}

// call makes one call, with the bot's token unless it carries another credential.
func (c *Client) call(ctx context.Context, r httpx.Request, into any) error {
	r.URL = c.config.BaseURL + r.URL
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set("Cache-Control", "no-store")
	if token := c.config.APIToken.First(); token != "" && r.Header.Get("Authorization") == "" {
		r.Header.Set("Authorization", "Bearer "+token.Reveal())
	}
	_, err := c.http.Do(ctx, r, into)
	return err
}

// change makes a GET that changes the bot's mode. Its empty body is of a kind that cannot be sent again, so that net/http
// does not repeat the call when a connection breaks: a takeover would run the bot's module twice.
func (c *Client) change(ctx context.Context, op, path string) error {
	return c.call(ctx, httpx.Request{Op: op, Method: http.MethodGet, URL: path, Body: unrepeatable{}}, nil)
}

// unrepeatable is an empty body that is read once.
type unrepeatable struct{}

// Read gives nothing.
func (unrepeatable) Read([]byte) (int, error) { return 0, io.EOF }

// Deliver says a text. The widget shows it like the bot's words, without a name. Parts of a long text that surely arrived
// are not said again with the same Key.
func (c *Client) Deliver(ctx context.Context, req connector.DeliverRequest) (connector.Receipt, error) {
	const op = "Deliver"
	if strings.TrimSpace(req.Text) == "" {
		return connector.Receipt{}, connector.Errorf(Name, op, connector.Invalid, "the text is empty")
	}
	path, err := c.userPath(op, "handover", req.To)
	if err != nil {
		return connector.Receipt{}, err
	}
	parts := connector.SplitText(req.Text, maxText)
	for i := c.said.Of(req.Key); i < len(parts); i++ {
		say := httpx.Request{Op: op, Method: http.MethodPost, URL: path, Body: sayBody{Message: parts[i]}}
		if err := c.call(ctx, say, nil); err != nil {
			return connector.Receipt{}, connector.Partly(err, i)
		}
		c.said.Set(req.Key, i+1)
	}
	c.said.Forget(req.Key)
	return connector.Receipt{}, nil
}

// PauseBot puts the bot into listen mode, which the vendor calls handover. Doing so again changes nothing.
func (c *Client) PauseBot(ctx context.Context, req connector.PauseRequest) error {
	const op = "PauseBot"
	path, err := c.userPath(op, "handover", req.To)
	if err != nil {
		return err
	}
	return c.change(ctx, op, path)
}

// Check reads the look of the widget, which proves that the deployment is there. Nothing harmless proves the token.
func (c *Client) Check(ctx context.Context) error {
	path := "/webbot/api/webchat/" + url.PathEscape(c.config.DeploymentID) + "/config/"
	var look map[string]json.RawMessage
	return c.call(ctx, httpx.Request{Op: "Check", Method: http.MethodGet, URL: path}, &look)
}
