package livechat

import (
	"context"
	"slices"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// FetchAttachment opens a file that an agent sent. Whether its address needs a token is documented nowhere: it is asked
// for without one first, so that no token goes out for nothing.
func (c *Client) FetchAttachment(ctx context.Context, a conversation.Attachment) (connector.File, error) {
	const op = "FetchAttachment"
	u, ok := connector.ParseAddress(a.URL)
	if !ok || !slices.Contains(c.fileHosts, u.Host) {
		return connector.File{}, connector.Errorf(Name, op, connector.Invalid, "the file is not at a host of the vendor")
	}
	f, err := c.files.Open(ctx, op, a, "")
	if connector.KindOf(err) == connector.Unauthenticated || connector.KindOf(err) == connector.Forbidden {
		token, tokenErr := c.tokens.agent(ctx, op)
		if tokenErr != nil {
			return connector.File{}, tokenErr
		}
		return c.files.Open(ctx, op, a, "Bearer "+token)
	}
	return f, err
}
