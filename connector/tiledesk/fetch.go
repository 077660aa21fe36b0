package tiledesk

import (
	"context"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// FetchAttachment opens a file that an agent sent. One at the server itself is asked for without credentials first, as
// it was served in 2.19.16 (observed), then with ours, as other versions of the code want it. Files elsewhere are not
// ours: Invalid.
func (c *Client) FetchAttachment(ctx context.Context, a conversation.Attachment) (connector.File, error) {
	const op = "FetchAttachment"
	u, err := url.Parse(a.URL)
	if err != nil || !c.servesFile(u) {
		return connector.File{}, connector.Errorf(Name, op, connector.Invalid, "the file is not at the server")
	}
	f, err := c.files.Open(ctx, op, a, "")
	if connector.KindOf(err) == connector.Unauthenticated || connector.KindOf(err) == connector.Forbidden {
		token, tokenErr := c.tokens.Get(ctx, op)
		if tokenErr != nil {
			return connector.File{}, tokenErr
		}
		f, err = c.files.Open(ctx, op, a, token)
	}
	if err == nil && a.Name == "" {
		// The server's own files have their name in the query.
		f.Name = connector.FileNameIn(u.Query().Get("path"))
	}
	return f, err
}

// servesFile reports whether an address is one of the server's files, and nothing else that our credentials would open.
func (c *Client) servesFile(u *url.URL) bool {
	under, ok := strings.CutPrefix(path.Clean(u.Path), c.base.Path)
	return ok && u.Scheme == c.base.Scheme && u.Host == c.base.Host && u.User == nil &&
		slices.Contains([]string{"/files", "/files/download", "/images"}, under)
}
