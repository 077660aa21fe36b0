package conversation

import "time"

// Decide lets tests put an effect into the outbox that no event of the story has decided.
func (c *Conversation) Decide(now time.Time, e Effect) Key { return c.decide(now, e) }

// The bounds, for the tests of what happens beyond them.
const (
	MaxSeen     = maxSeen
	MaxLines    = maxLines
	MaxTrouble  = maxTrouble
	MaxHistory  = maxHistory
	MaxReopened = maxReopened
)
