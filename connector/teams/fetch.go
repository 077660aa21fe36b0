package teams

import (
	"context"
	"errors"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// FetchAttachment opens a file that an agent sent. A picture in the text lies at the service address and wants the bot's
// token, which goes nowhere else; a file with the right to it in its address is read like any other file.
func (c *Client) FetchAttachment(ctx context.Context, a conversation.Attachment) (connector.File, error) {
	const op = "FetchAttachment"
	if !c.config.serves(a.URL) {
		f, err := c.links.Fetch(ctx, c.connection, a)
		if e, ok := errors.AsType[*connector.Error](err); ok {
			e.Connector, e.Op = Name, op
		}
		return f, err
	}
	for again := false; ; again = true {
		token, err := c.tokens.Get(ctx, op)
		if err != nil {
			return connector.File{}, err
		}
		f, err := c.files.Open(ctx, op, a, "Bearer "+token)
		if connector.KindOf(err) != connector.Unauthenticated || again {
			return f, err
		}
		c.tokens.Forget(token)
	}
}
