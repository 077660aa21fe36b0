package slack

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
	"github.com/handoff-engine/handoff/conversation"
)

const (
	// clockSkew is how far Slack's clock may be behind ours, and equalSkew the same where only equal words prove a send.
	clockSkew, equalSkew = 2 * time.Minute, 2 * time.Second
	// A shared file shows "a little later" [docs: working with files]: it is looked for so often, with such pauses, as long
	// as the upload is that young.
	uploadLooks, uploadPause, uploadYoung = 3, time.Second, 15 * time.Second
)

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

// findUploaded looks for a file that was shared under the key. Where Slack did not keep the ids of its caption's blocks, one
// of ours with that name and size counts. What was shared a moment ago may not show yet.
func (c *Client) findUploaded(ctx context.Context, op, channel, thread string, req connector.FindRequest, user string) (bool, error) {
	for look := 1; ; look++ {
		messages, err := c.thread(ctx, op, channel, thread, tsOf(req.Since.Add(-clockSkew)))
		if err != nil {
			return false, err
		}
		skip := req.Skip
		for _, m := range messages {
			switch {
			case m.User != user || len(m.Files) == 0:
			case slices.Contains(blockIDs(m), blockID(req.Key, 0)):
				return true, nil
			case !slices.ContainsFunc(blockIDs(m), func(id string) bool { return conversationOf(id) != "" }) && sameFile(m, req):
				if skip--; skip < 0 {
					return true, nil
				}
			}
		}
		if look == uploadLooks || time.Since(req.Since) > uploadYoung {
			return false, nil
		}
		if err := httpx.Wait(ctx, Name, op, uploadPause); err != nil {
			return false, err
		}
	}
}

func sameFile(m message, req connector.FindRequest) bool {
	f, a := m.Files[0], req.Attachment
	return f.Name == a.Name && (a.Size == 0 || f.Size == a.Size) && !timeOf(m.TS).Before(req.Since.Add(-equalSkew))
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
		return "", connector.Errorf(Name, op, connector.UncertainOutcome, "the message was sent before and is not shown")
	}
	return ts, err
}
