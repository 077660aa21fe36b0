package slack

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// idSeparator joins the ts of the messages of one send.
const idSeparator = "+"

// outgoing is one message to be posted.
type outgoing struct {
	// thread is the ts of the card; empty posts a card.
	channel, thread string
	// text is escaped already.
	text   string
	blocks []slack.Block
	// literal shows * and _ as they are.
	literal bool
	// author is shown as the author's name, where the app may do that.
	author string
	mark   mark
}

// post posts one message and gives its ts.
func (c *Client) post(ctx context.Context, op string, o outgoing) (ts string, err error) {
	options := []slack.MsgOption{
		slack.MsgOptionText(o.text, false), slack.MsgOptionMetadata(o.mark.metadata()),
		slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl(),
	}
	if o.thread != "" {
		options = append(options, slack.MsgOptionTS(o.thread))
	}
	if len(o.blocks) > 0 {
		options = append(options, slack.MsgOptionBlocks(o.blocks...))
	}
	if o.literal {
		options = append(options, slack.MsgOptionDisableMarkdown())
	}
	named := o.author != "" && !c.plain.Load()
	if named {
		options = append(options, slack.MsgOptionUsername(connector.CutText(o.author, maxName)+" (customer)"))
	}
	// The last option: it has no name in slack-go.
	options = append(options, slack.UnsafeMsgOptionEndpoint(c.config.BaseURL+"/chat.postMessage", func(form url.Values) {
		form.Set("client_msg_id", o.mark.clientID())
	}))
	_, ts, shown, err := c.api.PostMessageWithResponseContext(within(ctx, op), o.channel, options...)
	switch code := connector.CodeOf(err); {
	case named && code == "missing_scope":
		// The scope chat:write.customize is missing: the words come under the app's name.
		c.plain.Store(true)
		return c.post(ctx, op, o)
	case strings.HasPrefix(code, "duplicate_"):
		// Slack knows client_msg_id: it was sent before.
		return c.findPosted(ctx, op, o)
	case err != nil:
		return "", failed(op, err)
	case !isTS(ts):
		return "", connector.Errorf(Name, op, connector.UncertainOutcome, "the answer names no message")
	case o.thread != "" && shown.Timestamp != "" && shown.ThreadTimestamp == "":
		return "", c.unthreaded(ctx, op, o.channel, ts)
	}
	return ts, nil
}

// unthreaded takes a reply back that Slack put into the channel itself, as it does in silence when the first message of
// the thread was deleted [code: slack-go/slack issue 1571]. The ticket is gone.
func (c *Client) unthreaded(ctx context.Context, op, channel, ts string) error {
	if _, _, err := c.api.DeleteMessageContext(within(ctx, op), channel, ts); err != nil {
		c.log.Warn("a reply without a thread could not be taken back", "op", op, "kind", connector.KindOf(failed(op, err)))
	}
	return connector.Errorf(Name, op, connector.NotFound, "the thread's first message was deleted")
}

// Post adds the customer's words to the thread, under the customer's name. A long text goes out in several messages; a
// repeat sends only those that are not there.
func (c *Client) Post(ctx context.Context, req connector.PostRequest) (connector.Receipt, error) {
	const op = "Post"
	channel, thread, err := parseTicket(op, req.Ticket)
	if err != nil {
		return connector.Receipt{}, err
	}
	parts := connector.SplitText(req.Text, maxText)
	if len(parts) == 0 {
		return connector.Receipt{}, connector.Errorf(Name, op, connector.Invalid, "the text is empty")
	}
	if err := c.admit(ctx, op, channel); err != nil {
		return connector.Receipt{}, err
	}
	there := map[mark]string{}
	if len(parts) > 1 {
		messages, err := c.thread(ctx, op, channel, thread, "")
		if err != nil {
			return connector.Receipt{}, err
		}
		for _, m := range messages {
			if found, ok := markOf(m); ok {
				there[found] = m.TS
			}
		}
	}
	ids := make([]string, len(parts))
	for i, part := range parts {
		m := mark{kind: markMessage, Key: req.Key, Part: i + 1, Parts: len(parts)}
		if ids[i] = there[m]; ids[i] != "" {
			continue
		}
		ids[i], err = c.post(ctx, op, outgoing{
			channel: channel, thread: thread, text: escape(part), literal: true, author: req.Ticket.Vendor[customerKey], mark: m,
		})
		if err != nil {
			return connector.Receipt{}, err
		}
	}
	return connector.Receipt{ID: strings.Join(ids, idSeparator)}, nil
}

// once posts a line for agents unless it is there: what pings or explains must not come twice.
func (c *Client) once(ctx context.Context, op string, ticket conversation.Ticket, key conversation.Key, lines ...string) error {
	channel, thread, err := parseTicket(op, ticket)
	if err != nil {
		return err
	}
	there, err := c.marks(ctx, op, channel, thread, "")
	if err != nil {
		return err
	}
	for i, line := range lines {
		m := mark{kind: markNote, Key: key, Part: i + 1, Parts: len(lines)}
		if slices.Contains(there, m) {
			continue
		}
		if _, err := c.post(ctx, op, outgoing{channel: channel, thread: thread, text: notePrefix + " " + line, literal: true, mark: m}); err != nil {
			return err
		}
	}
	return nil
}
