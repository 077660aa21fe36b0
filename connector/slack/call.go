package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"path"
	"regexp"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
)

// door is the HTTP client that slack-go is given. A call waits there for its turn, goes through httpx, and comes back as
// an answer that means success, or as a *connector.Error.
type door struct {
	http  *httpx.Client
	token connector.Secret
	lanes *lanes
}

type opKey struct{}

// within names the connector's method for the errors of the calls made with the context.
func within(ctx context.Context, op string) context.Context {
	return context.WithValue(ctx, opKey{}, op)
}

// Do makes a call of slack-go's.
func (d *door) Do(req *http.Request) (*http.Response, error) {
	op, _ := req.Context().Value(opKey{}).(string)
	var body []byte
	if req.Body != nil {
		var err error
		if body, err = io.ReadAll(req.Body); err != nil {
			return nil, connector.Errorf(Name, op, connector.Invalid, "the request cannot be made")
		}
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, connector.Errorf(Name, op, connector.Invalid, "the request cannot be made")
	}
	// Slack takes the arguments of every method as a form; some of slack-go's stand in the address.
	address := *req.URL
	maps.Copy(form, address.Query())
	address.RawQuery = ""
	answer, err := d.call(req.Context(), op, address.String(), form)
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: answer.Status, Header: answer.Header, Body: io.NopCloser(bytes.NewReader(answer.Body)), Request: req}, nil
}

// call makes one call of the Web API. The token goes into the header: slack-go would write it into the form.
func (d *door) call(ctx context.Context, op, address string, form url.Values) (httpx.Answer, error) {
	form.Del("token")
	lane := d.lanes.of(path.Base(address), form)
	if err := lane.wait(ctx, op); err != nil {
		return httpx.Answer{}, err
	}
	answer, err := d.http.Do(ctx, httpx.Request{
		Op: op, Method: http.MethodPost, URL: address, Body: form, Header: http.Header{"Authorization": {"Bearer " + d.token.Reveal()}},
	}, nil)
	if e, ok := errors.AsType[*connector.Error](err); ok && e.Kind == connector.RateLimited {
		lane.block(e.RetryAfter)
	}
	return answer, err
}

// failed gives the error of a call made through slack-go: our own, or that of an answer which slack-go cannot read.
func failed(op string, err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*connector.Error](err); ok {
		return e
	}
	return connector.Errorf(Name, op, connector.UncertainOutcome, "the answer makes no sense")
}

// codePattern is the shape of the vendor's error codes; anything else might be somebody's words.
var codePattern = regexp.MustCompile(`^[a-z][a-z_]{0,59}$`)

// classify reads the answer: errors come with status 200 and ok false [docs: Web API].
func classify(status int, _ http.Header, body []byte) (connector.Kind, string) {
	var a struct {
		OK    *bool  `json:"ok"`
		Error string `json:"error"`
	}
	readable := json.Unmarshal(body, &a) == nil && a.OK != nil
	code := a.Error
	if !codePattern.MatchString(code) {
		code = ""
	}
	switch {
	case status < 200 || status > 299:
		return connector.KindOfStatus(status), code
	case !readable:
		return connector.UncertainOutcome, ""
	case *a.OK:
		return "", ""
	}
	return kindOf(code), code
}

// kindOf says what an error code means for us [docs: chat.postMessage and the other methods' pages] [code:
// slack-api-specs]. A refusal that we do not know is a refusal.
func kindOf(code string) connector.Kind {
	switch code {
	case "not_authed", "invalid_auth", "account_inactive", "token_revoked", "token_expired":
		return connector.Unauthenticated
	case "missing_scope", "restricted_action", "restricted_action_read_only_channel", "restricted_action_thread_only_channel",
		"restricted_action_non_threadable_channel", "restricted_action_thread_locked",
		"team_access_not_granted", "access_denied", "ekm_access_denied", "not_allowed_token_type", "no_permission":
		return connector.Forbidden
	case "channel_not_found", "not_in_channel", "is_archived", "thread_not_found", "cannot_reply_to_message", "message_not_found", "user_not_found", "user_not_visible", "no_such_subteam",
		"file_not_found":
		return connector.NotFound
	case "rate_limited", "ratelimited", "message_limit_exceeded":
		return connector.RateLimited
	case "fatal_error", "internal_error", "service_unavailable", "request_timeout", "team_added_to_org",
		"duplicate_message_not_found", "duplicate_channel_not_found":
		return connector.UncertainOutcome
	case "cant_update_message", "cant_delete_message", "edit_window_closed", "is_inactive", "compliance_exports_prevent_deletion",
		"blocked_file_type", "file_uploads_disabled", "file_upload_size_restricted":
		return connector.Unsupported
	}
	return connector.Invalid
}
