package tiledesk

import (
	"context"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
	"github.com/handoff-engine/handoff/conversation"
)

// FetchAttachment opens a file that an agent sent. One at the server itself is asked for without credentials first, as
// it was served in 2.19.16 (observed), then with ours, as other versions of the code want it. Files elsewhere are not
// ours: Invalid.
func (c *Client) FetchAttachment(ctx context.Context, a conversation.Attachment) (connector.File, error) {
	const op = "FetchAttachment"
	u, err := url.Parse(a.URL)
	if err != nil || !c.servesFile(u) {
		return connector.File{}, connector.Errorf(Name, op, connector.Invalid, "not a file of the server")
	}
	resp, err := c.fetch(ctx, op, a.URL, "") //nolint:bodyclose // the body is the file that the caller closes
	if connector.KindOf(err) == connector.Unauthenticated || connector.KindOf(err) == connector.Forbidden {
		token, tokenErr := c.tokens.Get(ctx, op)
		if tokenErr != nil {
			return connector.File{}, tokenErr
		}
		resp, err = c.fetch(ctx, op, a.URL, token) //nolint:bodyclose // the same
	}
	if err != nil {
		return connector.File{}, err
	}
	f := connector.File{
		ReadCloser: http.MaxBytesReader(nil, resp.Body, httpx.MaxFile),
		Name:       a.Name, ContentType: resp.Header.Get("Content-Type"), Size: resp.ContentLength,
	}
	if f.Name == "" {
		// The server's own files have their name in the query.
		f.Name = connector.FileNameIn(u.Query().Get("path"))
	}
	return f, nil
}

// servesFile reports whether an address is one of the server's files, and nothing else that our credentials would open.
func (c *Client) servesFile(u *url.URL) bool {
	under, ok := strings.CutPrefix(path.Clean(u.Path), c.base.Path)
	return ok && u.Scheme == c.base.Scheme && u.Host == c.base.Host && u.User == nil &&
		slices.Contains([]string{"/files", "/files/download", "/images"}, under)
}

// fetch gives an answer whose body the caller closes.
func (c *Client) fetch(ctx context.Context, op, address, authorization string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, connector.Errorf(Name, op, connector.Invalid, "address cannot be used")
	}
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	resp, err := c.files.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, &connector.Error{Connector: Name, Op: op, Kind: connector.Unavailable, Err: ctx.Err()}
		}
		return nil, connector.Errorf(Name, op, connector.Unavailable, "file server cannot be reached")
	}
	if resp.StatusCode != http.StatusOK {
		_ = resp.Body.Close()
		return nil, &connector.Error{
			Connector: Name, Op: op, Kind: connector.KindOfStatus(resp.StatusCode), Status: resp.StatusCode,
			RetryAfter: httpx.RetryAfter(resp.Header, time.Now()),
		}
	}
	return resp, nil
}
