package slack

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/slack-go/slack"

	"github.com/handoff-engine/handoff/connector"
)

// EditMessage changes or takes back what the customer said. What Slack does not let us change is Unsupported, so that the
// new words are sent as a correction.
func (c *Client) EditMessage(ctx context.Context, req connector.EditRequest) error {
	const op = "EditMessage"
	channel, _, err := parseTicket(op, req.Ticket)
	if err != nil {
		return err
	}
	ids := strings.Split(req.Message, idSeparator)
	parts := connector.SplitText(req.Text, maxText)
	switch {
	case slices.ContainsFunc(ids, func(id string) bool { return !isTS(id) }):
		return connector.Errorf(Name, op, connector.Unsupported, "not a message that can be changed")
	case req.Delete:
		return c.takeBack(ctx, op, channel, ids)
	case len(parts) == 0:
		return connector.Errorf(Name, op, connector.Invalid, "the text is empty")
	case len(parts) != len(ids):
		return connector.Errorf(Name, op, connector.Unsupported, "the new text takes %s messages", strconv.Itoa(len(parts)))
	}
	for i, part := range parts {
		if err := c.rewrite(ctx, op, channel, ids[i], part); err != nil {
			return err
		}
	}
	return nil
}

func (c *Client) rewrite(ctx context.Context, op, channel, ts, text string) error {
	_, _, _, err := c.api.UpdateMessageContext(within(ctx, op), channel, ts, slack.MsgOptionText(text, true), slack.MsgOptionDisableMarkdown())
	return failed(op, err)
}

// takeBack deletes messages. One under the customer's name may not be deletable [docs: chat.postMessage]: its words go.
func (c *Client) takeBack(ctx context.Context, op, channel string, ids []string) error {
	for _, ts := range ids {
		_, _, err := c.api.DeleteMessageContext(within(ctx, op), channel, ts)
		switch connector.CodeOf(err) {
		case "message_not_found":
			continue
		case "cant_delete_message":
			err = c.rewrite(ctx, op, channel, ts, "[deleted by the customer]")
		}
		if err := failed(op, err); err != nil {
			return err
		}
	}
	return nil
}
