// Package httpbot connects a chatbot of a team's own: it is asked about each message of the customer, over a small JSON
// contract that README.md and types.go write down.
//
// Requests and webhooks are signed as the Standard Webhooks document says. Each request has a key, the same for every
// repeat, so that an answer that was lost is asked for again and never given twice. The limits are the contract's own.
package httpbot

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
	"github.com/handoff-engine/handoff/connector/sign"
	"github.com/handoff-engine/handoff/conversation"
)

// Name is the vendor's name in configurations.
const Name = "httpbot"

// redelivery is how long the contract lets a bot repeat a webhook.
const redelivery = 24 * time.Hour

// Client is one connection.
type Client struct {
	config Config
	http   *httpx.Client
}

var (
	_ connector.Bot     = (*Client)(nil)
	_ connector.Checker = (*Client)(nil)
)

// Factory makes connections from configurations.
func Factory() connector.Factory {
	return connector.NewFactory(Name, "HTTP bot: a chatbot of your own, over a small signed JSON contract", New)
}

// New makes a connection.
func New(config Config, deps connector.Deps) (connector.Connector, error) {
	return &Client{config: config, http: httpx.New(Name, deps.HTTP, 0)}, nil
}

// Name is "httpbot".
func (c *Client) Name() string { return Name }

// Traits are the contract's.
func (c *Client) Traits() connector.Traits {
	return connector.Traits{Redelivery: redelivery, ExplainsRefusals: true}
}

// Reply asks the bot. The same Key is asked in the same words, and gets the same answer.
func (c *Client) Reply(ctx context.Context, req connector.ReplyRequest) (conversation.Answer, error) {
	const op = "Reply"
	ask := Request{
		Type: TypeMessage, Key: string(req.Key), Conversation: req.Conversation, Text: req.Text,
		Attachment: outward(req.Attachment), Customer: customer(req.Customer), Context: history(req.Context),
	}
	if session := req.Vendor[vendorSession]; session != "" {
		ask.Session = json.RawMessage(session)
	}
	body, err := c.ask(ctx, op, ask)
	if err != nil {
		return conversation.Answer{}, err
	}
	return read(op, body)
}

// Check asks the bot whether it is there and the secret is right.
func (c *Client) Check(ctx context.Context) error {
	const op = "Check"
	body, err := c.ask(ctx, op, Request{Type: TypePing, Key: TypePing})
	if err != nil {
		return err
	}
	_, err = read(op, body)
	return err
}

// ask makes a signed request and gives the answer's JSON; nil if there is no content.
func (c *Client) ask(ctx context.Context, op string, ask Request) (json.RawMessage, error) {
	var body bytes.Buffer
	e := json.NewEncoder(&body)
	// Markup must arrive as it was written.
	e.SetEscapeHTML(false)
	if err := e.Encode(ask); err != nil {
		return nil, connector.Errorf(Name, op, connector.Invalid, "the request cannot be written as JSON")
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(c.config.Timeout))
	defer cancel()
	answer, err := c.http.Do(ctx, httpx.Request{
		Op: op, Method: http.MethodPost, URL: c.config.URL, Body: bytes.NewReader(body.Bytes()), ContentType: "application/json",
		Header: c.headers(ask.Key, time.Now(), body.Bytes()),
	}, nil)
	switch {
	case err != nil:
		return nil, err
	case answer.Status == http.StatusNoContent:
		return nil, nil
	case len(answer.Body) > MaxAnswer:
		return nil, connector.Errorf(Name, op, connector.Invalid, "the answer is longer than %d KiB", MaxAnswer>>10)
	case !json.Valid(answer.Body):
		// A page of a proxy's, most likely: the bot may be asked again.
		return nil, &connector.Error{
			Connector: Name, Op: op, Kind: connector.UncertainOutcome, Status: answer.Status,
			Err: errNotJSON,
		}
	}
	return answer.Body, nil
}

// headers signs a request, with each of the secrets while they are being replaced.
func (c *Client) headers(key string, at time.Time, body []byte) http.Header {
	header := sign.StandardHeader(c.config.Secret, key, at, body)
	header.Set(HeaderIdempotencyKey, key)
	return header
}
