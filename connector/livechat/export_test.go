package livechat

import (
	"time"

	"github.com/handoff-engine/handoff/conversation"
)

// Entry is one entry of a thread.
type Entry = event

// SetClock replaces the clock.
func (c *Client) SetClock(now func() time.Time) { c.tokens.now = now }

// Said gives what an entry means: the words that webhooks and lists share.
func (c *Client) Said(ticket string, e Entry) []conversation.Event { return c.said(ticket, e) }
