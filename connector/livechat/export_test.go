package livechat

import "time"

// SetClock replaces the clock.
func (c *Client) SetClock(now func() time.Time) { c.tokens.now = now }
