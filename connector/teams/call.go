package teams

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
	"github.com/handoff-engine/handoff/conversation"
)

// request is one call of the Connector.
type request struct {
	op     string // the connector's method
	method string
	// service is the address that the ticket's calls go to.
	service string
	// path are the segments behind /v3/, each to be escaped as one.
	path  []string
	query url.Values
	body  any
	// channel is the channel whose limits the call counts against; empty means none.
	channel string
}

// call makes a call and decodes its answer into the pointer into. A token that was refused is replaced once. An answer
// without a body is a success that tells nothing: the Connector gives one where it has no id (code: teams.py).
func (c *Client) call(ctx context.Context, r request, into any) error {
	if !c.config.serves(r.service) {
		return connector.Errorf(Name, r.op, connector.Invalid, "the service address is at a host that service_hosts does not name")
	}
	if r.channel != "" {
		if err := c.pace.wait(ctx, r.op, r.channel); err != nil {
			return err
		}
	}
	var segments []string
	for _, segment := range r.path {
		segments = append(segments, url.PathEscape(segment))
	}
	address := r.service + "/v3/" + strings.Join(segments, "/")
	if len(r.query) > 0 {
		address += "?" + r.query.Encode()
	}
	for again := false; ; again = true {
		token, err := c.tokens.Get(ctx, r.op)
		if err != nil {
			return err
		}
		answer, err := c.http.Do(ctx, httpx.Request{
			Op: r.op, Method: r.method, URL: address, Header: http.Header{"Authorization": {"Bearer " + token}}, Body: r.body,
		}, nil)
		if connector.KindOf(err) == connector.Unauthenticated && !again {
			c.tokens.Forget(token)
			continue
		}
		if e, ok := errors.AsType[*connector.Error](err); ok && e.Kind == connector.RateLimited && r.channel != "" {
			c.pace.hold(r.channel, e.RetryAfter)
		}
		if err != nil || into == nil || len(answer.Body) == 0 {
			return err
		}
		return c.http.Decode(r.op, answer, into)
	}
}

// classify tells what a status means where the Connector defines it otherwise than HTTP, and its error code. 412 is a
// write that ran into another and did nothing; 408 and 503 have come after a message was delivered (code: reports of
// doubled messages), as any 5xx has. Only codes that are documented are quoted.
func classify(status int, _ http.Header, body []byte) (connector.Kind, string) {
	if status >= 200 && status < 300 {
		return "", ""
	}
	kind := connector.KindOfStatus(status)
	switch status {
	case http.StatusPreconditionFailed:
		kind = connector.Unavailable
	case http.StatusRequestTimeout, http.StatusServiceUnavailable:
		kind = connector.UncertainOutcome
	}
	var f apiFailure
	if json.Unmarshal(body, &f) != nil || !slices.Contains(codes(), f.Error.Code) {
		return kind, ""
	}
	return kind, f.Error.Code
}

// codes are the documented error codes (Connector API v3; learn: build-conversational-capability).
func codes() []string {
	return []string{
		"BadArgument", "BadSyntax", "BotNotRegistered", "BotNotInConversationRoster", "BotDisabledByAdmin", "ConversationBlockedByUser",
		"ConversationNotFound", "MessageWritesBlocked", "MessageSizeTooBig", "PreconditionFailed", "ServiceError", "Throttled",
	}
}

// place is a ticket's thread, taken apart.
type place struct {
	thread, channel, root, service string
}

// place finds where a ticket is.
func (c *Client) place(op string, t conversation.Ticket) (place, error) {
	channel, root, ok := strings.Cut(t.ID, ";messageid=")
	if !ok || root == "" || !c.config.ours(channel) {
		return place{}, connector.Errorf(Name, op, connector.Invalid, "the ticket is no thread of a channel of this connection")
	}
	return place{thread: t.ID, channel: channel, root: root, service: c.service(t.Vendor)}, nil
}

// service is the address that calls go to: the newest that Teams told, if it is one that our token may go to.
func (c *Client) service(vendor map[string]string) string {
	if told := vendor[serviceKey]; told != "" && c.config.serves(told) {
		return told
	}
	return c.config.BaseURL
}

// post adds a message to a thread and gives its id.
func (c *Client) post(ctx context.Context, op string, p place, m message) (id string, err error) {
	var got created
	err = c.call(ctx, request{
		op: op, method: http.MethodPost, service: p.service, path: []string{"conversations", p.thread, "activities"}, body: m, channel: p.channel,
	}, &got)
	return got.ID, err
}

// put replaces a message of ours.
func (c *Client) put(ctx context.Context, op string, p place, id string, m message) error {
	return c.call(ctx, request{
		op: op, method: http.MethodPut, service: p.service, path: []string{"conversations", p.thread, "activities", id}, body: m, channel: p.channel,
	}, &created{})
}

// remove deletes a message of ours. One that is gone is no error.
func (c *Client) remove(ctx context.Context, op string, p place, id string) error {
	err := c.call(ctx, request{
		op: op, method: http.MethodDelete, service: p.service, path: []string{"conversations", p.thread, "activities", id}, channel: p.channel,
	}, nil)
	if connector.KindOf(err) == connector.NotFound {
		return nil
	}
	return err
}
