package gateway

import (
	"sync"

	"golang.org/x/time/rate"

	"github.com/handoff-engine/handoff/conversation"
)

const (
	// One conversation may bring this many events a second, and this many at once: far more than people write, and far
	// fewer than would wear a workflow out.
	floodRate  = 50
	floodBurst = 500
	// floodTracked bounds the conversations that are watched.
	floodTracked = 20_000
)

// flood keeps one conversation, or whatever else has a key, from drowning the others.
type flood struct {
	rate     rate.Limit
	burst    int
	mu       sync.Mutex
	limiters map[string]*rate.Limiter
}

func newFlood(perSecond rate.Limit, burst int) *flood {
	return &flood{rate: perSecond, burst: burst, limiters: map[string]*rate.Limiter{}}
}

// subject names the conversation that an arrival is about.
func subject(a conversation.Arrival) string {
	if a.ID != "" {
		return a.ID
	}
	return a.Connection + "/" + a.Ticket + a.TicketPrefix
}

// allow reports whether there may be one more of this key now.
func (f *flood) allow(key string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	l, ok := f.limiters[key]
	if !ok {
		if len(f.limiters) >= floodTracked {
			// Who was watched longest is forgotten with the rest: a flood is noticed again at once.
			f.limiters = map[string]*rate.Limiter{}
		}
		l = rate.NewLimiter(f.rate, f.burst)
		f.limiters[key] = l
	}
	return l.Allow()
}
