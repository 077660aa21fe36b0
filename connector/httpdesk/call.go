package httpdesk

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
	"github.com/handoff-engine/handoff/connector/sign"
)

// classify refuses pages, and lets a desk say of a type of webhook that it has no use for it.
func classify(status int, header http.Header, body []byte) (connector.Kind, string) {
	if status == http.StatusNotImplemented {
		return connector.Unsupported, ""
	}
	return httpx.NoPage(status, header, body)
}

// tell sends a webhook, unless the desk wants no more. The id is the same for each attempt.
func (c *Client) tell(ctx context.Context, op, id string, w Webhook) (httpx.Answer, error) {
	if c.gone.Load() {
		return httpx.Answer{}, connector.Errorf(Name, op, connector.NotFound, "the desk answered 410 Gone: no more webhooks until a restart")
	}
	return c.post(ctx, op, id, w)
}

// post sends one webhook.
func (c *Client) post(ctx context.Context, op, id string, w Webhook) (httpx.Answer, error) {
	var body bytes.Buffer
	e := json.NewEncoder(&body)
	// Markup must arrive as it was written.
	e.SetEscapeHTML(false)
	if err := e.Encode(w); err != nil {
		return httpx.Answer{}, connector.Errorf(Name, op, connector.Invalid, "the webhook cannot be written")
	}
	return c.call(ctx, httpx.Request{
		Op: op, Method: http.MethodPost, URL: c.config.URL, Body: bytes.NewReader(body.Bytes()), ContentType: "application/json",
		Header: sign.StandardHeader(c.config.Secret, id, time.Now(), body.Bytes()),
	})
}

// ask makes a GET below the desk's address. What is signed is its query, in the place of a body. A desk that has nothing
// there is not asked in vain: into stays as it is.
func (c *Client) ask(ctx context.Context, op, path string, query url.Values, into any) error {
	u, err := url.Parse(c.config.URL)
	if err != nil {
		return connector.Errorf(Name, op, connector.Invalid, "the address cannot be used")
	}
	u = u.JoinPath(path)
	maps.Copy(query, u.Query())
	u.RawQuery = query.Encode()
	answer, err := c.call(ctx, httpx.Request{
		Op: op, Method: http.MethodGet, URL: u.String(),
		Header: sign.StandardHeader(c.config.Secret, passing(path), time.Now(), []byte(u.RawQuery)),
	})
	nothing := []int{http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented, http.StatusNoContent}
	switch {
	case slices.Contains(nothing, answer.Status):
		return nil
	case err != nil:
		return err
	case json.Unmarshal(answer.Body, into) != nil:
		return &connector.Error{
			Connector: Name, Op: op, Kind: connector.UncertainOutcome, Status: answer.Status,
		}
	}
	return nil
}

// call makes a call, unless the desk has asked to wait for longer, and remembers what it answers to all.
func (c *Client) call(ctx context.Context, r httpx.Request) (httpx.Answer, error) {
	if wait := time.Until(time.Unix(0, c.heldUntil.Load())); wait > 0 {
		return httpx.Answer{}, &connector.Error{Connector: Name, Op: r.Op, Kind: connector.RateLimited, RetryAfter: wait}
	}
	answer, err := c.http.Do(ctx, r, nil)
	switch answer.Status {
	case http.StatusTooManyRequests:
		now := time.Now()
		c.heldUntil.Store(max(c.heldUntil.Load(), now.Add(httpx.RetryAfter(answer.Header, now)).UnixNano()))
	case http.StatusGone:
		if r.Method == http.MethodPost && !c.gone.Swap(true) {
			c.logger.Warn("the desk answered 410 Gone: no more webhooks until a restart", "connection", c.connection)
		}
	}
	return answer, err
}

// shown forgives a desk that has no use for what it is only to show: nothing is to be done instead.
func shown(_ httpx.Answer, err error) error {
	if connector.KindOf(err) == connector.Unsupported {
		return nil
	}
	return err
}

// passing names what is never repeated.
func passing(what string) string { return what + "-" + rand.Text() }
