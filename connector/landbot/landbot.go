// Package landbot connects Landbot: the customer stays in its web widget or on WhatsApp, its bot answers first, and the
// agents sit at another vendor's desk.
//
// It speaks the Platform API v1 (vendor reference, platform, as of October 2026) in the name of one agent, whose token
// it holds, and gets message hooks. The limits below are the vendor's: ten calls a second for one token (guide to rate
// limiting); 4,000 characters for one text are ours, because the vendor states none and WhatsApp takes no more. There is
// no idempotency key and no message id: whether an earlier send arrived is seen in the transcript, by counting.
//
// Two habits of the vendor shape the rest. Saying anything to the customer takes the conversation from the bot until it
// is given back. And after some minutes of silence the vendor unassigns the agent; then neither side can say anything
// until the customer is assigned again.
package landbot

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
	"github.com/handoff-engine/handoff/conversation"
)

// Name is the vendor's name in configurations.
const Name = "landbot"

const (
	maxText        = 4000
	callsPerSecond = 10
	// redelivery is how long after an event the vendor may tell of it again: it tries at least six times within about
	// 75 seconds; the rest is a margin for "at least".
	redelivery = 10 * time.Minute
)

// Client is one connection.
type Client struct {
	config     Config
	connection string
	zone       *time.Location
	http       *httpx.Client
	log        *slog.Logger
	progress   connector.Tally // parts of a long text that surely arrived
}

var (
	_ connector.Channel          = (*Client)(nil)
	_ connector.BotPauser        = (*Client)(nil)
	_ connector.BotResumer       = (*Client)(nil)
	_ connector.AttachmentSender = (*Client)(nil)
	_ connector.SentFinder       = (*Client)(nil)
	_ connector.MessageLister    = (*Client)(nil)
	_ connector.Subscriber       = (*Client)(nil)
	_ connector.Checker          = (*Client)(nil)
)

// Factory makes connections from configurations.
func Factory() connector.Factory {
	return connector.NewFactory(Name, "Landbot: web widget and WhatsApp with a hosted bot (Platform API v1)", New)
}

// New makes a connection.
func New(config Config, deps connector.Deps) (connector.Connector, error) {
	zone, err := time.LoadLocation(config.TranscriptTimezone)
	if err != nil {
		return nil, errors.New("transcript_timezone: unknown time zone")
	}
	c := &Client{
		config: config, connection: deps.Connection, zone: zone,
		http: httpx.New(Name, deps.HTTP, deps.Pace(callsPerSecond)), log: deps.Logger,
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	c.http.Classify = classify
	if config.WriteFields {
		return fieldWriter{c}, nil
	}
	return c, nil
}

// Name is "landbot".
func (c *Client) Name() string { return Name }

// Traits are the vendor's.
func (c *Client) Traits() connector.Traits {
	return connector.Traits{
		MaxText: maxText, Deliver: connector.ByLookup, Redelivery: redelivery, CallsPerSecond: callsPerSecond,
		HostsBot: true, SendingTakesOver: true, RepeatsOnRefusal: true,
	}
}

// errorKey is the shape of the keys that name the field at fault in the vendor's errors.
var errorKey = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// classify reads the vendor's error body: {"errors":{"customer_id":["…"]}}. A success has no body, or a JSON object
// without errors; anything else did not come from the API.
func classify(status int, _ http.Header, body []byte) (connector.Kind, string) {
	var answer struct {
		Success *bool                      `json:"success"`
		Errors  map[string]json.RawMessage `json:"errors"`
		Detail  *string                    `json:"detail"`
	}
	text := strings.TrimSpace(string(body))
	readable := text == "" || text[0] == '{' && json.Unmarshal(body, &answer) == nil
	code := ""
	for _, key := range slices.Sorted(maps.Keys(answer.Errors)) {
		if errorKey.MatchString(key) {
			code = key
			break
		}
	}
	switch {
	case status < 200 || status > 299:
		return connector.KindOfStatus(status), code
	case !readable:
		return connector.UncertainOutcome, ""
	case len(answer.Errors) > 0 || answer.Detail != nil || answer.Success != nil && !*answer.Success:
		return connector.Invalid, code
	}
	return "", ""
}

// call makes one call. Each path ends in a slash, which is part of the route.
func (c *Client) call(ctx context.Context, op, method, path string, body, into any) error {
	_, err := c.http.Do(ctx, httpx.Request{
		Op: op, Method: method, URL: c.config.BaseURL + path, Body: body, ContentType: "application/json",
		Header: http.Header{"Authorization": {"Token " + c.config.APIToken.First().Reveal()}},
	}, into)
	return err
}

// customerPath gives the path of a customer's calls. The key is checked because it becomes part of an address.
func customerPath(op, to string) (string, error) {
	if id, err := strconv.ParseInt(to, 10, 64); err != nil || id <= 0 {
		return "", connector.Errorf(Name, op, connector.Invalid, "the conversation's key is no customer id")
	}
	return "/customers/" + to + "/", nil
}

// Deliver says a text as the token's agent. Parts of a long text that surely arrived are not said again with the same Key.
func (c *Client) Deliver(ctx context.Context, req connector.DeliverRequest) (connector.Receipt, error) {
	const op = "Deliver"
	if strings.TrimSpace(req.Text) == "" {
		return connector.Receipt{}, connector.Errorf(Name, op, connector.Invalid, "the text is empty")
	}
	path, err := customerPath(op, req.To)
	if err != nil {
		return connector.Receipt{}, err
	}
	parts := connector.SplitText(req.Text, maxText)
	for i := c.progress.Of(req.Key); i < len(parts); i++ {
		if err := c.say(ctx, op, path, "send_text/", textBody{Message: parts[i]}); err != nil {
			return connector.Receipt{}, connector.Partly(err, i)
		}
		c.progress.Set(req.Key, i+1)
	}
	c.progress.Forget(req.Key)
	return connector.Receipt{}, nil
}

// SendAttachment sends pictures by their address and places by their position. The API takes no other files.
func (c *Client) SendAttachment(ctx context.Context, req connector.AttachmentRequest) (connector.Receipt, error) {
	const op = "SendAttachment"
	path, err := customerPath(op, req.To)
	if err != nil {
		return connector.Receipt{}, err
	}
	a := req.Attachment
	switch {
	case a.Latitude != 0 || a.Longitude != 0:
		return connector.Receipt{}, c.say(ctx, op, path, "send_location/", locationBody{a.Latitude, a.Longitude})
	case isPicture(a) && strings.HasPrefix(a.URL, "http"):
		return connector.Receipt{}, c.say(ctx, op, path, "send_image/", imageBody{URL: a.URL, Caption: req.Text})
	}
	return connector.Receipt{}, connector.Errorf(Name, op, connector.Unsupported, "the vendor takes pictures and places only")
}

// say makes a call that says something. A refusal for the customer's state is looked into: if the vendor has unassigned
// us, the customer is taken again, and the words go out.
func (c *Client) say(ctx context.Context, op, path, call string, body any) error {
	err := c.call(ctx, op, http.MethodPost, path+call, body, nil)
	if kind := connector.KindOf(err); kind != connector.Conflict && kind != connector.Forbidden {
		return err
	}
	who, readErr := c.owner(ctx, op, path)
	switch {
	case readErr != nil:
		return readErr
	case c.isOther(who.agent):
		return anotherAgent(op)
	case who.agent != 0:
		return err // ours: blocked, an inactive channel, or WhatsApp's 24 hours are over
	}
	if err := c.assign(ctx, op, path); err != nil {
		return err
	}
	return c.call(ctx, op, http.MethodPost, path+call, body, nil)
}

func anotherAgent(op string) error {
	return connector.Errorf(Name, op, connector.Conflict, "another agent of the vendor's own inbox has the customer")
}

// isPicture goes by the content type and, where there is none, by the name.
func isPicture(a conversation.Attachment) bool {
	if a.ContentType != "" {
		return strings.HasPrefix(a.ContentType, "image/")
	}
	for _, name := range []string{a.Name, strings.SplitN(a.URL, "?", 2)[0]} {
		name = strings.ToLower(name)
		for _, ext := range []string{".png", ".jpg", ".jpeg", ".gif", ".webp"} {
			if strings.HasSuffix(name, ext) {
				return true
			}
		}
	}
	return false
}
