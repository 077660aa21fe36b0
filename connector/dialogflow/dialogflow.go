// Package dialogflow connects Google's Dialogflow, editions ES and CX, as a bot that is asked about each message of the
// customer (vendor reference, sessions.detectIntent of v2 and v3).
//
// A turn is not idempotent and cannot be looked up afterwards. So the bot's state travels with each turn: a turn whose
// answer was lost is repeated from where it began, and only one answer is ever given to the conversation. Dialogflow has
// no way to speak by itself, and does not fall silent after it asked for a human: who owns the conversation is known to
// the conversation alone, and nobody is asked while an agent does.
package dialogflow

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
	"github.com/handoff-engine/handoff/conversation"
)

// Name is the vendor's name in configurations.
const Name = "dialogflow"

const (
	// maxText is the longest text of a turn, in characters.
	maxText = 256
	// redelivery is how long a fulfillment webhook may be repeated: it is part of a turn.
	redelivery = time.Minute
)

// Client is one connection.
type Client struct {
	config Config
	http   *httpx.Client
	tokens *httpx.Tokens
	logger *slog.Logger
}

var (
	_ connector.Bot     = (*Client)(nil)
	_ connector.Checker = (*Client)(nil)
)

// Factory makes connections from configurations.
func Factory() connector.Factory {
	return connector.NewFactory(Name, "Dialogflow ES and CX: the bot is asked about each message of the customer", New)
}

// New makes a connection.
func New(config Config, deps connector.Deps) (connector.Connector, error) {
	c := &Client{
		config: config, http: httpx.New(Name, deps.HTTP, deps.Pace(config.CallsPerSecond)), tokens: newTokens(config, deps.HTTP),
		logger: deps.Logger,
	}
	if c.logger == nil {
		c.logger = slog.New(slog.DiscardHandler)
	}
	c.http.Classify = classify
	return c, nil
}

// Name is "dialogflow".
func (c *Client) Name() string { return Name }

// Traits are those of both editions.
func (c *Client) Traits() connector.Traits {
	return connector.Traits{
		MaxText: maxText, Redelivery: redelivery, CallsPerSecond: c.config.CallsPerSecond,
		// An empty fulfillment: anything else would be shown as a webhook that failed.
		AnswerBody: "{}",
	}
}

// Reply asks the bot for its next turn. The same Key with the same Vendor asks from the same state.
func (c *Client) Reply(ctx context.Context, req connector.ReplyRequest) (conversation.Answer, error) {
	const op = "Reply"
	if strings.TrimSpace(req.Text) == "" && req.Attachment == nil {
		return conversation.Answer{}, connector.Errorf(Name, op, connector.Invalid, "there is nothing to ask")
	}
	t := c.newTurn(req, time.Now())
	var answer detectAnswer
	if err := c.call(ctx, op, http.MethodPost, t.session+":detectIntent", t.request, &answer); err != nil {
		return conversation.Answer{}, err
	}
	if answer.QueryResult == nil {
		return conversation.Answer{}, connector.Errorf(Name, op, connector.UncertainOutcome, "the answer has no result")
	}
	return c.read(ctx, t, answer), nil
}

// Check proves the credentials and the agent's name by a call that changes no session.
func (c *Client) Check(ctx context.Context) error {
	const op = "Check"
	session := c.config.session(sessionID("check"))
	if c.config.Edition == editionES {
		return c.call(ctx, op, http.MethodGet, session+"/contexts", nil, nil)
	}
	return c.call(ctx, op, http.MethodPost, session+":matchIntent", detectRequest{
		QueryInput: queryInput{Text: &textInput{Text: "check"}, LanguageCode: c.config.Language},
	}, nil)
}

// call makes one call. A token that is refused is replaced once: Google may have revoked it early.
func (c *Client) call(ctx context.Context, op, method, name string, body, into any) error {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(c.config.Timeout))
	defer cancel()
	for again := false; ; again = true {
		token, err := c.tokens.Get(ctx, op)
		if err != nil {
			return err
		}
		header := http.Header{}
		if token != "" {
			header.Set("Authorization", "Bearer "+token)
		}
		if c.config.QuotaProject != "" {
			header.Set("X-Goog-User-Project", c.config.QuotaProject)
		}
		_, err = c.http.Do(ctx, httpx.Request{Op: op, Method: method, URL: c.config.base() + name, Header: header, Body: body}, into)
		if connector.KindOf(err) != connector.Unauthenticated || token == "" || again {
			return err
		}
		c.tokens.Forget(token)
	}
}

// statusCode is the shape of Google's canonical error codes, such as RESOURCE_EXHAUSTED.
var statusCode = regexp.MustCompile(`^[A-Z_]{1,40}$`)

// statusCancelled is Google's HTTP status for a call that ended early.
const statusCancelled = 499

// classify reads Google's error envelope. Of what it says, only the code is kept.
func classify(status int, _ http.Header, body []byte) (connector.Kind, string) {
	if status >= http.StatusOK && status < http.StatusMultipleChoices {
		return "", ""
	}
	var envelope struct {
		Error struct {
			Status string `json:"status"`
		} `json:"error"`
	}
	_ = json.Unmarshal(body, &envelope)
	code := envelope.Error.Status
	if !statusCode.MatchString(code) {
		code = ""
	}
	if status == statusCancelled {
		return connector.UncertainOutcome, code
	}
	return connector.KindOfStatus(status), code
}
