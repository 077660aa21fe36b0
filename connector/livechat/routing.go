package livechat

import (
	"context"
	"sync"
	"time"

	"github.com/handoff-engine/handoff/connector"
)

const (
	// routingFor is how long the agents' statuses are believed: healing looks at one chat after the other.
	routingFor = 10 * time.Second
	// withoutRouting is how long they are done without once they are refused, as for want of a scope.
	withoutRouting = time.Hour
)

// routing is who is away, and until when that is believed.
type routing struct {
	mu    sync.Mutex
	until time.Time
	away  map[string]bool
}

// away reports whether LiveChat says that an agent is offline (vendor reference, list_routing_statuses), and which look
// told so: zero where nothing is known. One who takes no new chats still answers those at hand. What cannot be read is not
// known, and nobody is away.
//
// The webhook routing_status_set tells the same of an agent, but of no chat, so that nobody could be told.
func (c *Client) away(ctx context.Context, op, agent string) (away bool, looked time.Time) {
	r := &c.routing
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := c.tokens.now(); !now.Before(r.until) {
		var list []struct {
			Agent  string `json:"agent_id"`
			Status string `json:"status"`
		}
		err := c.call(ctx, request{op: op, api: agentAPI, action: "list_routing_statuses", body: struct{}{}}, &list)
		r.until, r.away = now.Add(routingFor), map[string]bool{}
		if err != nil {
			if connector.KindOf(err).Permanent() {
				r.until = now.Add(withoutRouting)
			}
			c.log.Warn("agents' statuses cannot be read", "op", op, "kind", connector.KindOf(err))
		}
		for _, a := range list {
			r.away[a.Agent] = a.Status == "offline"
		}
	}
	away, known := r.away[agent]
	if !known {
		return false, time.Time{}
	}
	return away, r.until
}
