// Package app connects a team's own web or mobile app, with or without a chatbot of its own. The team calls us over a
// small JSON API, and is told what the customer is to see by signed webhooks, by a stream of server-sent events, or by
// both. README.md is the whole contract; types.go has it as types.
//
// The limits are the contract's own.
package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
	"github.com/handoff-engine/handoff/connector/sign"
	"github.com/handoff-engine/handoff/conversation"
)

// Name is the vendor's name in configurations.
const Name = "app"

// redelivery is how long the contract lets a team send an event again.
const redelivery = 24 * time.Hour

// Client is one connection.
type Client struct {
	config     Config
	connection string
	http       *httpx.Client
	log        *slog.Logger
	// gone is set once the backend has answered 410: it wants no more webhooks.
	gone atomic.Bool
}

var (
	_ connector.Channel          = (*Client)(nil)
	_ connector.ConversationAPI  = (*Client)(nil)
	_ connector.StateNotifier    = (*Client)(nil)
	_ connector.AttachmentSender = (*Client)(nil)
	_ connector.TypingSender     = (*Client)(nil)
	_ connector.MessageEditor    = (*Client)(nil)
	_ connector.ReadMarker       = (*Client)(nil)
	_ connector.Surveyor         = (*Client)(nil)
	_ connector.ButtonSender     = (*Client)(nil)
	_ connector.Checker          = (*Client)(nil)
)

// Factory makes connections from configurations.
func Factory() connector.Factory {
	return connector.NewFactory(Name, "App: your own web or mobile app, with or without your own chatbot", New)
}

// New makes a connection.
func New(config Config, deps connector.Deps) (connector.Connector, error) {
	c := &Client{config: config, connection: deps.Connection, http: httpx.New(Name, deps.HTTP, 0), log: deps.Log(Name)}
	c.http.Classify = httpx.NoPage
	return c, nil
}

// Name is "app".
func (c *Client) Name() string { return Name }

// Traits are the contract's. Without a webhook the customer reads the conversation's own lines, each of which exists
// once; with one, it is the team's backend that must not take a webhook twice.
func (c *Client) Traits() connector.Traits {
	traits := connector.Traits{Redelivery: redelivery, HostsBot: c.config.HostsBot}
	if c.config.WebhookURL == "" || c.config.Deduplicates {
		traits.Deliver = connector.ByKey
	}
	return traits
}

// Deliver tells the backend of a message. The Key is the webhook's id, the same for each attempt.
func (c *Client) Deliver(ctx context.Context, req connector.DeliverRequest) (connector.Receipt, error) {
	return c.say(ctx, "Deliver", req, nil)
}

// SendButtons tells the backend of a message with buttons.
func (c *Client) SendButtons(ctx context.Context, req connector.ButtonsRequest) (connector.Receipt, error) {
	return c.say(ctx, "SendButtons", req.DeliverRequest, outward(req.Buttons))
}

func (c *Client) say(ctx context.Context, op string, req connector.DeliverRequest, buttons []Button) (connector.Receipt, error) {
	if strings.TrimSpace(req.Text) == "" {
		return connector.Receipt{}, connector.Errorf(Name, op, connector.Invalid, "the text is empty")
	}
	err := c.tell(ctx, op, string(req.Key), Webhook{
		Type: TypeMessage, Timestamp: req.At,
		Data: Data{Conversation: req.To, ID: string(req.Key), Author: speaker(req.Author), Text: req.Text, Buttons: buttons},
	})
	return connector.Receipt{ID: string(req.Key)}, err
}

// EditMessage tells the backend that a message reads differently now, or is no more. Without a backend it is the stream
// that tells.
func (c *Client) EditMessage(ctx context.Context, req connector.EditRequest) error {
	w := Webhook{Type: TypeEdited, Data: Data{Conversation: req.To, ID: req.Message, Author: speaker(req.Author), Text: req.Text}}
	if req.Delete {
		w.Type = TypeDeleted
	}
	return c.tell(ctx, "EditMessage", string(req.Key), w)
}

// AskRating tells the backend to ask the customer how the help was.
func (c *Client) AskRating(ctx context.Context, req connector.RatingRequest) error {
	return c.tell(ctx, "AskRating", string(req.Key), Webhook{Type: TypeRating, Data: Data{
		Conversation: req.To, ID: string(req.Key), Text: req.Text,
	}})
}

// MarkRead tells the backend that the agent has read what the customer said.
func (c *Client) MarkRead(ctx context.Context, req connector.ReadRequest) error {
	var random [12]byte
	_, _ = rand.Read(random[:])
	return c.tell(ctx, "MarkRead", "read-"+hex.EncodeToString(random[:]), Webhook{
		Type: TypeAgentRead, Timestamp: req.At, Data: Data{Conversation: req.To, Agent: person(req.Author)},
	})
}

// SendAttachment tells the backend of a file by its address, or of a place.
func (c *Client) SendAttachment(ctx context.Context, req connector.AttachmentRequest) (connector.Receipt, error) {
	a := req.Attachment
	err := c.tell(ctx, "SendAttachment", string(req.Key), Webhook{Type: TypeAttachment, Data: Data{
		Conversation: req.To, ID: string(req.Key), Author: speaker(req.Author), Text: req.Text,
		Attachment: &Attachment{
			URL: a.URL, Name: a.Name, ContentType: a.ContentType, Size: a.Size, Latitude: a.Latitude, Longitude: a.Longitude,
		},
	}})
	return connector.Receipt{ID: string(req.Key)}, err
}

// NotifyState tells the backend who left, who joined, and how the conversation stands.
func (c *Client) NotifyState(ctx context.Context, req connector.StateRequest) error {
	const op = "NotifyState"
	change := req.Change
	about := func(id, kind string, data Data) error {
		data.Conversation = req.To
		return c.tell(ctx, op, id, Webhook{Type: kind, Data: data})
	}
	if change.From == conversation.Assigned {
		if err := about(string(req.Key)+"+left", TypeAgentLeft, Data{Agent: person(change.Previous)}); err != nil {
			return err
		}
	}
	stands := Data{State: string(change.To), PreviousState: string(change.From), Reason: string(change.Reason)}
	kind := TypeUpdated
	switch change.To {
	case conversation.Assigned:
		if err := about(string(req.Key)+"+joined", TypeAgentJoined, Data{Agent: person(change.Agent)}); err != nil {
			return err
		}
		stands.Agent = person(change.Agent)
	case conversation.Ended:
		kind = TypeEnded
	case conversation.InBot, conversation.Waiting, conversation.Reassigning:
	}
	return about(string(req.Key), kind, stands)
}

// SendTyping tells the backend that the agent types. Each notice has an id of its own: none is ever repeated.
func (c *Client) SendTyping(ctx context.Context, req connector.TypingRequest) error {
	var random [12]byte
	_, _ = rand.Read(random[:])
	return c.tell(ctx, "SendTyping", "typing-"+hex.EncodeToString(random[:]), Webhook{
		Type: TypeAgentTyping, Data: Data{Conversation: req.To, Agent: person(req.Author), Typing: &req.On},
	})
}

// Check sends a webhook of type ping. One that succeeds ends the silence after a 410.
func (c *Client) Check(ctx context.Context) error {
	if c.config.WebhookURL == "" {
		return nil
	}
	if err := c.post(ctx, "Check", "ping-"+c.connection, Webhook{Type: TypePing}); err != nil {
		return err
	}
	c.gone.Store(false)
	return nil
}

// tell sends a webhook, unless there is none to send, or the backend wants no more.
func (c *Client) tell(ctx context.Context, op, id string, w Webhook) error {
	if c.config.WebhookURL == "" {
		return nil
	}
	if c.gone.Load() {
		return connector.Errorf(Name, op, connector.NotFound, "the backend answered 410 Gone: no more webhooks until a restart")
	}
	return c.post(ctx, op, id, w)
}

// post sends one webhook, signed with every secret, so that the backend can change to the next at any moment.
func (c *Client) post(ctx context.Context, op, id string, w Webhook) error {
	body, err := encode(w)
	if err != nil {
		return connector.Errorf(Name, op, connector.Invalid, "the webhook cannot be written")
	}
	answer, err := c.http.Do(ctx, httpx.Request{
		Op: op, Method: http.MethodPost, URL: c.config.WebhookURL,
		Header: sign.StandardHeader(c.config.WebhookSecret, id, time.Now(), body),
		Body:   strings.NewReader(string(body)), ContentType: "application/json",
	}, nil)
	if answer.Status == http.StatusGone && !c.gone.Swap(true) {
		c.log.Warn("the app's backend answered 410 Gone: no more webhooks until a restart")
	}
	return err
}

// AllowOrigin reports whether pages of this origin may call from a browser.
func (c *Client) AllowOrigin(origin string) bool {
	return origin != "" && slices.Contains(c.config.AllowOrigins, origin)
}
