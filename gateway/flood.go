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

// flood keeps one conversation from drowning the others.
type flood struct {
	mu       sync.Mutex
	limiters map[string]*rate.Limiter
}

func newFlood() *flood { return &flood{limiters: map[string]*rate.Limiter{}} }

// allow reports whether the arrival's conversation may bring another event now.
func (f *flood) allow(a conversation.Arrival) bool {
	key := a.ID
	if key == "" {
		key = a.Connection + "/" + a.Ticket + a.TicketPrefix
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	l, ok := f.limiters[key]
	if !ok {
		if len(f.limiters) >= floodTracked {
			// Who was watched longest is forgotten with the rest: a flood is noticed again at once.
			f.limiters = map[string]*rate.Limiter{}
		}
		l = rate.NewLimiter(floodRate, floodBurst)
		f.limiters[key] = l
	}
	return l.Allow()
}
