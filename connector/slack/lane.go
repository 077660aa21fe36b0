package slack

import (
	"context"
	"net/url"
	"sync"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
)

// maxWait is how long a call waits for its turn; for a longer one the worker does other things meanwhile.
const maxWait = 20 * time.Second

// pace is how often calls may follow one another, and how many may go at once after a silence.
type pace struct {
	every time.Duration
	burst int
}

// paceOf gives the pace of a method [docs: rate limits; "short bursts are tolerated" gives no number].
func paceOf(method string) pace {
	switch method {
	case "chat.postMessage", "files.completeUploadExternal":
		return pace{time.Second, 3}
	case "users.info", "files.getUploadURLExternal":
		return pace{time.Minute / 100, 20} // tier 4
	case "usergroups.users.list":
		return pace{time.Minute / 20, 5} // tier 2
	}
	return pace{time.Minute / 50, 10} // tier 3
}

// lanes are the queues of one process. Slack counts calls by method and workspace, and messages by channel besides: all
// threads of a channel share one queue.
type lanes struct {
	paced bool
	mu    sync.Mutex
	byKey map[string]*lane
}

func newLanes(paced bool) *lanes { return &lanes{paced: paced, byKey: map[string]*lane{}} }

// of gives the queue of a call.
func (l *lanes) of(method string, form url.Values) *lane {
	key := method
	switch method {
	case "chat.postMessage":
		key = "message " + form.Get("channel")
	case "files.completeUploadExternal":
		key = "message " + form.Get("channel_id")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.byKey[key] == nil {
		one := &lane{turn: make(chan struct{}, 1)}
		if l.paced {
			one.pace = paceOf(method)
		}
		l.byKey[key] = one
	}
	return l.byKey[key]
}

// lane is one queue: first come, first served, at a pace, and still while the vendor wants it.
type lane struct {
	// turn is held by the call at the head.
	turn chan struct{}
	pace pace

	mu      sync.Mutex
	waiting int
	// due is when the next call would be in step; calls may be ahead of it by the burst.
	due time.Time
}

// wait returns when it is the call's turn. It fails at once where that would take too long.
func (l *lane) wait(ctx context.Context, op string) error {
	if d := l.join(); d > maxWait {
		l.leave()
		return &connector.Error{Connector: Name, Op: op, Kind: connector.RateLimited, RetryAfter: d}
	}
	defer l.leave()
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return &connector.Error{Connector: Name, Op: op, Kind: connector.Unavailable, Err: ctx.Err()}
	}
	defer func() { <-l.turn }()
	for {
		d := l.take(time.Now())
		switch {
		case d <= 0:
			return nil
		case d > maxWait:
			return &connector.Error{Connector: Name, Op: op, Kind: connector.RateLimited, RetryAfter: d}
		}
		if err := httpx.Wait(ctx, Name, op, d); err != nil {
			return err
		}
	}
}

// join counts a call in, and says how long it has to wait as things are.
func (l *lane) join() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	ahead := time.Duration(l.waiting) * l.pace.every
	l.waiting++
	return l.ready(time.Now()) + ahead
}

func (l *lane) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting--
}

// ahead is how far ahead of the step a call may be.
func (p pace) ahead() time.Duration { return time.Duration(max(p.burst-1, 0)) * p.every }

// ready says how long the head of the queue has to wait: less than nothing for as many calls as may go at once, and no
// longer a silence allows more.
func (l *lane) ready(now time.Time) time.Duration {
	due := l.due
	if due.Before(now) {
		due = now
	}
	return due.Add(-l.pace.ahead()).Sub(now)
}

// take lets the head go, or says how long it has to wait.
func (l *lane) take(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if d := l.ready(now); d > 0 {
		return d
	}
	if l.due.Before(now) {
		l.due = now
	}
	l.due = l.due.Add(l.pace.every)
	return 0
}

// block stills the queue for as long as the vendor asks; a second if it does not say. After that there is no burst.
func (l *lane) block(d time.Duration) {
	if d <= 0 {
		d = time.Second
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if due := time.Now().Add(d + l.pace.ahead()); due.After(l.due) {
		l.due = due
	}
}
