package livechat

import (
	"context"
	"net/http"
	"net/url"
	"path"
	"slices"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
	"github.com/handoff-engine/handoff/conversation"
)

// FetchAttachment opens a file that an agent sent. Whether its address needs a token is documented nowhere: it is asked
// for without one first, so that no token goes out for nothing.
func (c *Client) FetchAttachment(ctx context.Context, a conversation.Attachment) (connector.File, error) {
	const op = "FetchAttachment"
	u, err := url.Parse(a.URL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || !slices.Contains(c.fileHosts, u.Host) {
		return connector.File{}, connector.Errorf(name, op, connector.Invalid, "file is not at a host of the vendor")
	}
	resp, err := c.fetch(ctx, op, a.URL, "") //nolint:bodyclose // the body is the file that the caller closes
	if connector.KindOf(err) == connector.Unauthenticated || connector.KindOf(err) == connector.Forbidden {
		token, tokenErr := c.tokens.agent(ctx, op)
		if tokenErr != nil {
			return connector.File{}, tokenErr
		}
		resp, err = c.fetch(ctx, op, a.URL, "Bearer "+token) //nolint:bodyclose // the same
	}
	if err != nil {
		return connector.File{}, err
	}
	f := connector.File{ReadCloser: resp.Body, Name: a.Name, ContentType: resp.Header.Get("Content-Type"), Size: resp.ContentLength}
	if f.Name == "" {
		f.Name = path.Base(u.Path)
	}
	return f, nil
}

// fetch gives an answer whose body the caller closes.
func (c *Client) fetch(ctx context.Context, op, address, authorization string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, connector.Errorf(name, op, connector.Invalid, "address cannot be used")
	}
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	resp, err := c.files.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, &connector.Error{Connector: name, Op: op, Kind: connector.Unavailable, Err: ctx.Err()}
		}
		return nil, connector.Errorf(name, op, connector.Unavailable, "file server cannot be reached")
	}
	if resp.StatusCode != http.StatusOK {
		_ = resp.Body.Close()
		return nil, &connector.Error{
			Connector: name, Op: op, Kind: connector.KindOfStatus(resp.StatusCode), Status: resp.StatusCode,
			RetryAfter: httpx.RetryAfter(resp.Header, c.tokens.now()),
		}
	}
	return resp, nil
}
