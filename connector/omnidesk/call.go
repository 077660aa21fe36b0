package omnidesk

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"sync/atomic"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
)

// headerAPIKey carries the key where it does not stand in the query (API specification, chat).
const headerAPIKey = "apiKey"

// field is one field of a form. Their order is kept, for people who read along.
type field struct{ name, value string }

// classify goes by the body where the status says success: it must say so too. Any other is one that nobody can tell,
// such as a proxy's page.
func classify(status int, _ http.Header, body []byte) (connector.Kind, string) {
	if status < 200 || status > 299 {
		return "", ""
	}
	switch a := readAnswer(body); {
	case a.failed():
		return connector.Invalid, ""
	case !a.succeeded():
		return connector.UncertainOutcome, ""
	}
	return "", ""
}

// post sends a form to the account, with a file if there is one.
func (c *Client) post(ctx context.Context, op, path string, fields []field, file *connector.File) (answer, error) {
	body, contentType, err := form(fields, file)
	if err != nil {
		return answer{}, connector.Errorf(Name, op, connector.Unavailable, "reading the file: %w", err)
	}
	return c.call(ctx, httpx.Request{
		Op: op, Method: http.MethodPost, URL: c.config.BaseURL + path, Body: body, ContentType: contentType,
	})
}

// call makes a call of the account, with the API key if there is one.
func (c *Client) call(ctx context.Context, r httpx.Request) (answer, error) {
	if key := c.config.APIKey.First().Reveal(); key != "" {
		u, err := url.Parse(r.URL)
		if err != nil {
			return answer{}, connector.Errorf(Name, r.Op, connector.Invalid, "the address cannot be used")
		}
		if c.config.APIKeyHeader {
			// As the vendor spells it: its servers may tell the case.
			r.Header = http.Header{headerAPIKey: {key}}
		} else {
			q := u.Query()
			q.Set(headerAPIKey, key)
			u.RawQuery = q.Encode()
		}
		r.URL = u.String()
	}
	return c.do(ctx, r)
}

// do makes a call.
func (c *Client) do(ctx context.Context, r httpx.Request) (answer, error) {
	got, err := c.http.Do(ctx, r, nil)
	if err != nil {
		return answer{}, err
	}
	return readAnswer(got.Body), nil
}

// form writes a multipart form, the encoding that the API specification has for all chat calls.
func form(fields []field, file *connector.File) (body io.Reader, contentType string, err error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, f := range fields {
		if err := w.WriteField(f.name, f.value); err != nil {
			return nil, "", err
		}
	}
	if file != nil {
		if err := httpx.WriteFile(w, "file", *file, maxFile); err != nil {
			return nil, "", err
		}
	}
	if err := w.Close(); err != nil {
		return nil, "", err
	}
	return &b, w.FormDataContentType(), nil
}

// either makes a call that the vendor documents in two ways: the one that worked last, and the other if the vendor does
// not know that one.
func either[A any](last *atomic.Int32, ways ...func() (A, error)) (A, error) {
	first := int(last.Load()) % len(ways)
	got, err := ways[first]()
	if !isUnknownPath(err) || len(ways) == 1 {
		return got, err
	}
	other := (first + 1) % len(ways)
	again, otherErr := ways[other]()
	if isUnknownPath(otherErr) {
		return got, err
	}
	if otherErr == nil {
		last.Store(int32(other))
	}
	return again, otherErr
}

// isUnknownPath reports whether the vendor has no such path or method.
func isUnknownPath(err error) bool {
	e, ok := errors.AsType[*connector.Error](err)
	return ok && (e.Status == http.StatusNotFound || e.Status == http.StatusMethodNotAllowed)
}
