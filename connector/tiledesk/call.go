package tiledesk

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"golang.org/x/oauth2"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
)

// codeRouting is our word for the answer that no department could be routed to: there is none such, or the project's
// quota of conversations is used up.
const codeRouting = "department_or_quota"

// call is one call within the project.
type call struct {
	op, method, path string
	body             any
}

// call makes a call as our user and decodes its answer into the pointer into, unless that is nil. A token that is not
// taken any more is replaced once.
func (c *Client) call(ctx context.Context, r call, into any) error {
	for again := false; ; again = true {
		token, err := c.tokens.Get(ctx, r.op)
		if err != nil {
			return err
		}
		err = c.send(ctx, r, c.address(r.path), token, into)
		if again || connector.KindOf(err) != connector.Unauthenticated {
			return err
		}
		c.tokens.Forget(token)
	}
}

// address is where a path within the project is.
func (c *Client) address(path string) string {
	return c.config.BaseURL + "/" + c.config.ProjectID + path
}

// send makes one call anywhere. Authorization may be empty.
func (c *Client) send(ctx context.Context, r call, address, authorization string, into any) error {
	out := httpx.Request{Op: r.op, Method: r.method, URL: address, Body: r.body}
	if authorization != "" {
		out.Header = http.Header{"Authorization": {authorization}}
	}
	_, err := c.http.Do(ctx, out, into)
	return err
}

// requestPath is the path of a conversation.
func requestPath(id string, more string) string { return "/requests/" + url.PathEscape(id) + more }

// getRequest reads a conversation. One that is not there is NotFound.
func (c *Client) getRequest(ctx context.Context, op, id string) (request, error) {
	var got request
	err := c.call(ctx, call{op: op, method: http.MethodGet, path: requestPath(id, "")}, &got)
	if err == nil && got.Status == 0 {
		err = connector.Errorf(Name, op, connector.UncertainOutcome, "the conversation has no status")
	}
	return got, err
}

// getMessages lists the messages of a conversation, oldest first; none if it is not there.
func (c *Client) getMessages(ctx context.Context, op, id string) ([]message, error) {
	var got []message
	err := c.call(ctx, call{op: op, method: http.MethodGet, path: requestPath(id, "/messages")}, &got)
	return got, err
}

// classify names the answers that mean more than their status. A 200 that is no JSON comes from something in between.
func classify(status int, _ http.Header, body []byte) (connector.Kind, string) {
	var f failure
	valid := json.Valid(body)
	if valid {
		_ = json.Unmarshal(body, &f)
	}
	switch {
	case status < 300 && (!valid || f.Success != nil && !*f.Success):
		return connector.UncertainOutcome, ""
	case status == http.StatusInternalServerError && f.Msg == "Error changing the department.":
		// The handler's own refusal: it changed nothing.
		return connector.Unavailable, codeRouting
	}
	return "", ""
}

// identity is who was signed in. The token begins with "JWT " and is sent as it is.
type identity struct {
	Token string `json:"token"`
	User  entity `json:"user"`
}

// signIn signs our user in. His token has no end (code: routes/auth.js), but the server may forget its key.
func (c *Client) signIn(ctx context.Context) (*oauth2.Token, error) {
	const op = "SignIn"
	body := map[string]string{"email": c.config.Email, "password": c.config.Password.Reveal()}
	got, err := c.identify(ctx, call{op: op, method: http.MethodPost, path: "/auth/signin", body: body}, "")
	switch {
	case err != nil:
		return nil, err
	case got.Token == "":
		return nil, connector.Errorf(Name, op, connector.UncertainOutcome, "the sign-in has no token")
	}
	return &oauth2.Token{AccessToken: got.Token}, nil
}

// identify makes one of the sign-in calls, which stand outside the project.
func (c *Client) identify(ctx context.Context, r call, authorization string) (identity, error) {
	var got identity
	err := c.send(ctx, r, c.config.BaseURL+r.path, authorization, &got)
	return got, err
}
