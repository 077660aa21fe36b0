package teams

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"path"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
	"github.com/handoff-engine/handoff/conversation"
)

// FetchAttachment opens a file that an agent sent. A picture in the text lies at the service address and wants the bot's
// token, which goes nowhere else; a file with the right to it in its address is read like any other file.
func (c *Client) FetchAttachment(ctx context.Context, a conversation.Attachment) (connector.File, error) {
	const op = "FetchAttachment"
	if !c.config.serves(a.URL) {
		f, err := c.links.Fetch(ctx, c.connection, a)
		if e, ok := errors.AsType[*connector.Error](err); ok {
			e.Connector, e.Op = name, op
		}
		return f, err
	}
	for again := false; ; again = true {
		token, err := c.tokens.Get(ctx, op)
		if err != nil {
			return connector.File{}, err
		}
		f, err := c.fetch(ctx, op, a, token)
		if connector.KindOf(err) != connector.Unauthenticated || again {
			return f, err
		}
		c.tokens.Forget(token)
	}
}

// fetch gives a file that the caller closes.
func (c *Client) fetch(ctx context.Context, op string, a conversation.Attachment, token string) (connector.File, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.URL, nil)
	if err != nil {
		return connector.File{}, connector.Errorf(name, op, connector.Invalid, "address cannot be used")
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := c.files.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return connector.File{}, &connector.Error{Connector: name, Op: op, Kind: connector.Unavailable, Err: ctx.Err()}
		}
		return connector.File{}, connector.Errorf(name, op, connector.Unavailable, "file server cannot be reached")
	}
	if resp.StatusCode != http.StatusOK {
		_ = resp.Body.Close()
		return connector.File{}, &connector.Error{
			Connector: name, Op: op, Kind: connector.KindOfStatus(resp.StatusCode), Status: resp.StatusCode,
			RetryAfter: httpx.RetryAfter(resp.Header, time.Now()),
		}
	}
	f := connector.File{
		ReadCloser: http.MaxBytesReader(nil, resp.Body, httpx.MaxFile), Name: a.Name, ContentType: resp.Header.Get("Content-Type"), Size: resp.ContentLength,
	}
	if u, err := url.Parse(a.URL); f.Name == "" && err == nil {
		f.Name = path.Base(u.Path)
	}
	return f, nil
}
