package crisp

import (
	"errors"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/handoff-engine/handoff/connector"
)

const (
	// firstPause is how long no call is made after a refusal without Retry-After, which is not documented; it doubles
	// with each further one, up to longestPause.
	firstPause   = 10 * time.Second
	longestPause = 5 * time.Minute
	// quotaGone is how long calls are refused until we take the day's quota to be used up.
	quotaGone = 10 * time.Minute
	// spareShare is the part of the quota that may go into what can be done without, and spareBurst the part of it that
	// may be used at once.
	spareShare = 0.5
	spareBurst = 0.1
	// alarmShare is the part of the quota at which we say so.
	alarmShare = 0.8
)

// codeQuota is our code for calls that have been refused for so long that the day's quota must be used up.
const codeQuota = "quota"

// limit is how the vendor's limits stand, for all calls of the connection: since when it refuses them, and until when
// none is made. The zero value is ready.
type limit struct {
	mu    sync.Mutex
	since time.Time
	until time.Time
	pause time.Duration
}

// check gives the error of a call that must not be made yet.
func (l *limit) check(op string, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if wait := l.until.Sub(now); wait > 0 {
		return l.refused(&connector.Error{Connector: Name, Op: op, RetryAfter: wait, Err: errors.New("the vendor wants a pause")}, now)
	}
	return nil
}

// learn takes in what came of a call, and completes the error of one that was refused.
func (l *limit) learn(err error, status int, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, _ := errors.AsType[*connector.Error](err)
	if e == nil || e.Kind != connector.RateLimited || e.Status == 0 {
		if status != 0 {
			l.since, l.until, l.pause = time.Time{}, time.Time{}, 0
		}
		return err
	}
	if l.since.IsZero() {
		l.since = now
	}
	// Calls that were under way together are one refusal.
	if e.RetryAfter == 0 && !now.Before(l.until) {
		l.pause = min(max(2*l.pause, firstPause), longestPause)
	}
	if e.RetryAfter == 0 {
		e.RetryAfter = max(l.until.Sub(now), l.pause)
	}
	if until := now.Add(e.RetryAfter); until.After(l.until) {
		l.until = until
	}
	return l.refused(e, now)
}

// refused names the kind: a limit passes soon, a used-up quota does not.
func (l *limit) refused(e *connector.Error, now time.Time) *connector.Error {
	e.Kind = connector.RateLimited
	if now.Sub(l.since) > quotaGone {
		e.Kind, e.Code = connector.Unavailable, codeQuota
	}
	return e
}

// gone reports whether the day's quota must be used up.
func (l *limit) gone(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.since.IsZero() && now.Sub(l.since) > quotaGone
}

// newSpare limits the calls that can be done without (typing, read marks, availability, healing), so that most of the
// day's quota is left for what people say.
func newSpare(quota int) *rate.Limiter {
	spare := float64(quota) * spareShare
	return rate.NewLimiter(rate.Limit(spare/(24*time.Hour).Seconds()), max(2, int(spare*spareBurst)))
}

// day counts the calls of a day, UTC. The zero value is ready.
type day struct {
	mu     sync.Mutex
	date   string
	calls  int
	warned bool
}

// count counts a call and reports, once a day, that most of the quota is used.
func (d *day) count(now time.Time, quota int) (alarm bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if date := now.UTC().Format(time.DateOnly); date != d.date {
		d.date, d.calls, d.warned = date, 0, false
	}
	d.calls++
	alarm = !d.warned && float64(d.calls) >= alarmShare*float64(quota)
	d.warned = d.warned || alarm
	return alarm
}

// cached is an answer that is kept for a while, to spare calls. The zero value is ready.
type cached[T any] struct {
	mu    sync.Mutex
	value T
	at    time.Time
}

// keepAnswers is how long answers are kept.
const keepAnswers = time.Minute

// get gives the answer if it is fresh.
func (c *cached[T]) get(now time.Time) (value T, fresh bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.value, !c.at.IsZero() && now.Sub(c.at) < keepAnswers
}

// set keeps an answer.
func (c *cached[T]) set(value T, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.value, c.at = value, now
}
