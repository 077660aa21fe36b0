package teams

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
)

// A bot may send 7 messages to a channel in 1 s, 8 in 2 s, 60 in 30 s and 1,800 in 3,600 s, all threads of the channel
// together (learn: rate-limit). Two buckets, both of which must have room, keep within all four: the first lets 5.8 out
// in a second, 7.6 in two and 58 in thirty; the second 1,800 in an hour.
const (
	burstSize   = 4
	burstRate   = 1.8
	hourlySize  = 900
	hourlyEvery = 4 * time.Second
)

// pace spreads this process's sends over a channel's limits.
type pace struct {
	mu       sync.Mutex
	channels map[string]*limits
}

// limits are those of one channel.
type limits struct {
	buckets [2]*rate.Limiter
	// until is when the vendor wants to hear from us again.
	until time.Time
}

func newPace() *pace { return &pace{channels: map[string]*limits{}} }

// of gives a channel's limits. The caller holds the lock.
func (p *pace) of(channel string) *limits {
	l, ok := p.channels[channel]
	if !ok {
		l = &limits{buckets: [2]*rate.Limiter{rate.NewLimiter(burstRate, burstSize), rate.NewLimiter(rate.Every(hourlyEvery), hourlySize)}}
		p.channels[channel] = l
	}
	return l
}

// hold keeps everything from a channel for a while, because the vendor asked for it.
func (p *pace) hold(channel string, d time.Duration) {
	if p == nil || d <= 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.of(channel).until = time.Now().Add(d)
}

// wait lets a send to a channel go on when the limits allow it. A wait that would outlive the context is RateLimited at
// once, and says after which time to come back. A nil pace never waits.
func (p *pace) wait(ctx context.Context, op, channel string) error {
	if p == nil {
		return nil
	}
	now := time.Now()
	p.mu.Lock()
	l := p.of(channel)
	delay := max(l.until.Sub(now), 0)
	p.mu.Unlock()
	var reserved []*rate.Reservation
	for _, bucket := range l.buckets {
		r := bucket.ReserveN(now, 1)
		reserved = append(reserved, r)
		delay = max(delay, r.DelayFrom(now))
	}
	giveBack := func() {
		for _, r := range reserved {
			r.CancelAt(now)
		}
	}
	if until, ok := ctx.Deadline(); ok && now.Add(delay).After(until) {
		giveBack()
		return &connector.Error{Connector: Name, Op: op, Kind: connector.RateLimited, RetryAfter: delay, Err: errors.New("own rate limit")}
	}
	err := httpx.Wait(ctx, Name, op, delay)
	if err != nil {
		giveBack()
	}
	return err
}
