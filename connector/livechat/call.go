package livechat

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
)

// version is the API version of all three APIs: stable since August 2025.
const version = "v3.6"

// The paths of the three APIs.
const (
	customerAPI      = "customer"
	agentAPI         = "agent"
	configurationAPI = "configuration"
)

// request is one call of an API.
type request struct {
	op     string // the connector's method
	api    string
	action string
	// customer is the customer in whose name the Customer Chat API is called.
	customer string
	body     any
	// file is sent instead of body.
	file *upload
}

// call makes a call and decodes its answer into the pointer into, unless that is nil. A credential that has expired is
// replaced once, and a call that went to the wrong data centre is repeated once at the right one.
func (c *Client) call(ctx context.Context, r request, into any) error {
	renewed, moved := false, false
	for {
		answer, token, err := c.attempt(ctx, r, into)
		if err == nil {
			c.noteEndOfLife(answer.Header)
			return nil
		}
		var e *connector.Error
		switch {
		case !errors.As(err, &e):
			return err
		case e.Code == "authentication" && token != "" && !renewed:
			renewed = true
			c.tokens.discard(r.customer, token)
		case e.Code == "misdirected_request" && !moved && c.learnRegion(answer.Body):
			moved = true
		default:
			return err
		}
	}
}

// attempt makes one call. It gives the access token that it used, if it was one that can be renewed.
func (c *Client) attempt(ctx context.Context, r request, into any) (httpx.Answer, string, error) {
	authorization, token, err := c.credential(ctx, r)
	if err != nil {
		return httpx.Answer{}, "", err
	}
	address := c.config.BaseURL + "/" + version + "/" + r.api + "/action/" + r.action
	if r.api == customerAPI {
		organization, err := c.tokens.organization(ctx, r.op)
		if err != nil {
			return httpx.Answer{}, "", err
		}
		address += "?organization_id=" + url.QueryEscape(organization)
	}
	out := httpx.Request{Op: r.op, Method: http.MethodPost, URL: address, Header: http.Header{"Authorization": {authorization}}, Body: r.body}
	if r.file != nil {
		out.Body, out.ContentType = r.file.reader(), r.file.contentType
	}
	if region := c.region.Load(); region != nil && *region != "" {
		out.Header.Set("X-Region", *region)
	}
	answer, err := c.http.Do(ctx, out, into)
	return answer, token, err
}

// credential chooses how a call is authorized: the Customer Chat API takes a customer's token only; the others take the
// personal access token, if there is one, or the app's.
func (c *Client) credential(ctx context.Context, r request) (authorization, token string, err error) {
	switch {
	case r.api == customerAPI:
		token, err = c.tokens.customer(ctx, r.op, r.customer)
	case c.config.PersonalAccessToken != "":
		pair := c.config.AccountID + ":" + c.config.PersonalAccessToken.Reveal()
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(pair)), "", nil
	default:
		token, err = c.tokens.agent(ctx, r.op)
	}
	return "Bearer " + token, token, err
}

// learnRegion remembers the data centre that the vendor named, and reports whether it named one.
func (c *Client) learnRegion(body []byte) bool {
	var f failure
	if json.Unmarshal(body, &f) != nil || f.Error.Data.Region == "" {
		return false
	}
	c.region.Store(&f.Error.Data.Region)
	return true
}

// noteEndOfLife logs, once each, that the vendor announces the end of this API version.
func (c *Client) noteEndOfLife(h http.Header) {
	for _, name := range []string{"Legacy", "Deprecation"} {
		date := h.Get(name)
		if date == "" {
			continue
		}
		if _, told := c.announced.LoadOrStore(name, true); !told {
			c.log.Warn("vendor announces the end of the api version", "api_version", version, "stage", name, "ends", date)
		}
	}
}

// classify reads the error types of the chat APIs and of the account server: the vendor documents no HTTP status for
// most of them (vendor reference, errors). A 200 that is not JSON comes from something in between.
func classify(status int, _ http.Header, body []byte) (connector.Kind, string) {
	var f failure
	var o oauthFailure
	valid := json.Valid(body)
	if valid && len(body) > 0 && body[0] == '{' {
		_ = json.Unmarshal(body, &f)
		_ = json.Unmarshal(body, &o)
	}
	code := f.Error.Type
	if code == "" {
		code = o.OAuth
	}
	if code == "" {
		code = o.Identity
	}
	if kind := kindOf(code); kind != "" {
		return kind, code
	}
	// What is not one of the vendor's own error types is judged by its status and quoted nowhere.
	if status < 300 && (code != "" || len(body) > 0 && !valid) {
		return connector.UncertainOutcome, ""
	}
	return "", ""
}

// kindOf says what an error type means for us; "" for one that we do not know.
func kindOf(code string) connector.Kind {
	switch code {
	case "validation", "entity_too_large", "bad_request":
		return connector.Invalid
	case "authentication", "invalid_request", "invalid_grant", "invalid_client", "unauthorized_client":
		return connector.Unauthenticated
	case "authorization", "missing_access", "access_denied", "forbidden", "limit_reached",
		"license_expired", "license_not_found", "wrong_product_version", "unsupported_version", "unsupported_grant_type":
		return connector.Forbidden
	case "not_found", "group_not_found", "resource_not_found":
		return connector.NotFound
	case "chat_inactive", "chat_limit_reached", "chat_already_active", "groups_offline", "group_offline",
		"group_unavailable", "agent_offline", "customer_banned", "chat_anonymized", "conflict":
		return connector.Conflict
	case "too_many_requests":
		return connector.RateLimited
	case "misdirected_request", "service_unavailable", "temporarily_unavailable":
		return connector.Unavailable
	case "internal", "request_timeout", "server_error":
		return connector.UncertainOutcome
	}
	return ""
}
