package slack

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

const (
	// clockSkew is how far Slack's clock may be behind ours, and equalSkew the same where only equal words prove a send.
	clockSkew, equalSkew = 2 * time.Minute, 2 * time.Second
	// idSeparator joins the ts of the messages of one send.
	idSeparator = "+"
)

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
	switch code := codeOf(err); {
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
		return "", connector.Errorf(name, op, connector.UncertainOutcome, "the answer names no message")
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
	return connector.Errorf(name, op, connector.NotFound, "the thread's first message was deleted")
}

// findPosted finds a message that Slack says it has.
func (c *Client) findPosted(ctx context.Context, op string, o outgoing) (ts string, err error) {
	err = c.read(ctx, op, o.channel, o.thread, "", func(m message) bool {
		if found, ok := markOf(m); ok && found == o.mark {
			ts = m.TS
		}
		return ts != ""
	})
	if err == nil && ts == "" {
		return "", connector.Errorf(name, op, connector.UncertainOutcome, "the message was sent before and is not shown")
	}
	return ts, err
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
		return connector.Receipt{}, connector.Errorf(name, op, connector.Invalid, "the text is empty")
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

// FindSent looks for the mark of an earlier send, or of an earlier upload. Where Slack keeps the metadata to itself, words
// of ours that are equal and have none count.
func (c *Client) FindSent(ctx context.Context, req connector.FindRequest) (connector.Receipt, bool, error) {
	const op = "FindSent"
	channel, thread, err := parseTicket(op, req.Ticket)
	if err != nil {
		return connector.Receipt{}, false, err
	}
	botID, user, err := c.whoAmI(ctx, op)
	if err != nil {
		return connector.Receipt{}, false, err
	}
	if req.Attachment != nil {
		found, err := c.findUploaded(ctx, op, channel, thread, req, user)
		if err != nil || found {
			return connector.Receipt{}, found, err
		}
		// Where the file was refused, a text with its address was sent.
	}
	messages, err := c.thread(ctx, op, channel, thread, tsOf(req.Since.Add(-clockSkew)))
	if err != nil {
		return connector.Receipt{}, false, err
	}
	ours := slices.DeleteFunc(messages, func(m message) bool { return m.BotID != botID && (m.User == "" || m.User != user) })
	if id, found := sentByKey(ours, req.Key); found {
		return connector.Receipt{ID: id}, true, nil
	}
	id, found := sentByWords(ours, req)
	return connector.Receipt{ID: id}, found, nil
}

// sentByKey finds all messages of one send by their marks.
func sentByKey(messages []message, key conversation.Key) (id string, found bool) {
	ids := map[int]string{}
	parts := 0
	for _, m := range messages {
		if found, ok := markOf(m); ok && found.kind == markMessage && found.Key == key {
			ids[found.Part], parts = m.TS, found.Parts
		}
	}
	if parts < 1 || len(ids) < parts {
		return "", false
	}
	var list []string
	for n := 1; n <= parts; n++ {
		list = append(list, ids[n])
	}
	return strings.Join(list, idSeparator), !slices.Contains(list, "")
}

// sentByWords finds a send among messages without metadata. Equal words that were confirmed do not count.
func sentByWords(messages []message, req connector.FindRequest) (id string, found bool) {
	parts := connector.SplitText(req.Text, maxText)
	var ids []string
	skip := req.Skip
	for _, m := range messages {
		if m.Metadata != nil || len(parts) == 0 || timeOf(m.TS).Before(req.Since.Add(-equalSkew)) {
			continue
		}
		if unescape(m.Text) != parts[len(ids)] {
			continue
		}
		if ids = append(ids, m.TS); len(ids) < len(parts) {
			continue
		}
		if skip == 0 {
			return strings.Join(ids, idSeparator), true
		}
		ids, skip = nil, skip-1
	}
	return "", false
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
		return connector.Errorf(name, op, connector.Unsupported, "not a message that can be changed")
	case req.Delete:
		return c.takeBack(ctx, op, channel, ids)
	case len(parts) == 0:
		return connector.Errorf(name, op, connector.Invalid, "the text is empty")
	case len(parts) != len(ids):
		return connector.Errorf(name, op, connector.Unsupported, "the new text takes %s messages", strconv.Itoa(len(parts)))
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
		switch codeOf(err) {
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
