package slack

import (
	"cmp"
	"context"
	"net/url"
	"strconv"
	"sync"
)

const (
	// pageSize is how many messages are asked for at once: Slack advises against more than 200 [docs: pagination].
	pageSize = 200
	// maxPages bounds a search: what is older than thousands of messages is not what was sent a moment ago.
	maxPages = 20
)

// read lists messages of a channel: one thread, or, without a thread, its first messages, newest first. It stops when each
// says so. The calls are not slack-go's: there one block of a kind that it does not know spoils the whole page.
func (c *Client) read(ctx context.Context, op, channel, thread, oldest string, each func(message) (done bool)) error {
	method := "conversations.history"
	form := url.Values{"channel": {channel}, "limit": {strconv.Itoa(pageSize)}, "include_all_metadata": {"true"}}
	if thread != "" {
		method = "conversations.replies"
		form.Set("ts", thread)
	}
	if oldest != "" {
		form.Set("oldest", oldest)
	}
	for range maxPages {
		answer, err := c.door.call(ctx, op, c.config.BaseURL+"/"+method, form)
		if err != nil {
			return err
		}
		var p page
		if err := c.http.Decode(op, answer, &p); err != nil {
			return err
		}
		for _, m := range p.Messages {
			m.Channel = channel
			if each(m) {
				return nil
			}
		}
		if p.Metadata.NextCursor == "" {
			return nil
		}
		form.Set("cursor", p.Metadata.NextCursor)
	}
	return nil
}

// thread lists the replies of a thread, oldest first. The card comes on every page and is left out [docs:
// conversations.replies; inferred].
func (c *Client) thread(ctx context.Context, op, channel, thread, oldest string) ([]message, error) {
	var list []message
	err := c.read(ctx, op, channel, thread, oldest, func(m message) bool {
		if m.TS != thread {
			m.ThreadTS = cmp.Or(m.ThreadTS, thread)
			list = append(list, m)
		}
		return false
	})
	return list, err
}

// identity is who we are in Slack. It never changes for a token, so it is asked for once.
type identity struct {
	mu    sync.Mutex
	botID string
	user  string
}

// whoAmI gives our bot's id and its user.
func (c *Client) whoAmI(ctx context.Context, op string) (botID, user string, err error) {
	c.self.mu.Lock()
	defer c.self.mu.Unlock()
	if c.self.user == "" {
		who, err := c.api.AuthTestContext(within(ctx, op))
		if err != nil {
			return "", "", failed(op, err)
		}
		c.self.botID, c.self.user = who.BotID, who.UserID
	}
	return c.self.botID, c.self.user, nil
}
