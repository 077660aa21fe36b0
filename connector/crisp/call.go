package crisp

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
	"github.com/handoff-engine/handoff/conversation"
)

// statusLimited means what 429 means (guide rate-limits).
const statusLimited = 420

// The reasons that were seen in public; all others mean nothing to us.
const (
	reasonInvalid       = "invalid_data"
	reasonNotSubscribed = "not_subscribed"
)

// call makes a call below the API's address and decodes the answer's data into the pointer into, unless that is nil.
// While the vendor refuses calls, none is made.
func (c *Client) call(ctx context.Context, op, method, path string, body, into any) error {
	if err := c.limit.check(op, time.Now()); err != nil {
		return err
	}
	if c.day.count(time.Now(), c.config.quota()) {
		c.log.Warn("this process alone has made 80 percent of the day's calls", "quota", c.config.quota())
	}
	pair := c.config.Identifier + ":" + c.config.Key.Reveal()
	answer, err := c.http.Do(ctx, httpx.Request{
		Op: op, Method: method, URL: c.config.BaseURL + path, Body: body,
		Header: http.Header{
			"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(pair))},
			"X-Crisp-Tier":  {c.config.Tier},
		},
	}, nil)
	if err = c.limit.learn(err, answer.Status, time.Now()); err != nil {
		return err
	}
	if into == nil {
		return nil
	}
	var e envelope
	if err := c.http.Decode(op, answer, &e); err != nil {
		return err
	}
	answer.Body = e.Data
	return c.http.Decode(op, answer, into)
}

// classify reads what the status does not tell. A 2xx that is not the vendor's JSON comes from something in between.
func classify(status int, _ http.Header, body []byte) (connector.Kind, string) {
	var e envelope
	readable := json.Unmarshal(body, &e) == nil
	code := ""
	if e.Reason == reasonInvalid || e.Reason == reasonNotSubscribed {
		code = e.Reason
	}
	switch {
	case status == statusLimited:
		return connector.RateLimited, code
	case status == http.StatusNotFound && code == reasonNotSubscribed:
		// The plugin is not installed: no conversation is missing.
		return connector.Forbidden, code
	case status < 300 && len(body) > 0 && (!readable || e.Error):
		return connector.UncertainOutcome, code
	case status >= 400 && code != "":
		return connector.KindOfStatus(status), code
	}
	return "", ""
}

// website is the path of something of the workspace.
func (c *Client) website(path string) string {
	return "/website/" + url.PathEscape(c.config.WebsiteID) + path
}

// session is the path of something of a conversation.
func (c *Client) session(id, path string) string {
	return c.website("/conversation/" + url.PathEscape(id) + path)
}

// sessionOf gives the conversation of a ticket.
func sessionOf(op string, t conversation.Ticket) (string, error) {
	if t.ID == "" {
		return "", connector.Errorf(Name, op, connector.Invalid, "the ticket has no session")
	}
	return t.ID, nil
}
