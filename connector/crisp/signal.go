package crisp

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/handoff-engine/handoff/connector"
)

const (
	// typingEvery is how often at most operators are shown that a customer types: each time is a call of the quota.
	typingEvery = 10 * time.Second
	// maxTyping bounds for how many tickets that is remembered.
	maxTyping = 1024
)

// typing is since when operators are shown that a customer types. The zero value is ready.
type typing struct {
	mu    sync.Mutex
	shown map[string]time.Time
}

// show reports whether typing is to be shown now: on at most once in a while, off only where it is on.
func (t *typing) show(id string, on bool, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	since, is := t.shown[id]
	if !on {
		delete(t.shown, id)
		return is
	}
	if is && now.Sub(since) < typingEvery {
		return false
	}
	if t.shown == nil || len(t.shown) >= maxTyping {
		t.shown = map[string]time.Time{}
	}
	t.shown[id] = now
	return true
}

// SendTyping shows operators that the customer types, and what, if the configuration wants that and calls can be spared
// for it: at most once in ten seconds for a ticket.
func (c *Client) SendTyping(ctx context.Context, req connector.TypingRequest) error {
	const op = "SendTyping"
	id, err := sessionOf(op, req.Ticket)
	if err != nil {
		return err
	}
	if !c.config.Typing || !c.typing.show(id, req.On, time.Now()) || !c.spare.Allow() {
		return nil
	}
	body := map[string]string{"type": "stop", "from": fromUser}
	if req.On {
		body["type"], body["excerpt"] = "start", connector.CutText(req.Text, maxText)
	}
	return c.call(ctx, op, http.MethodPatch, c.session(id, "/compose"), body, nil)
}

// MarkRead shows operators that the customer has read what they wrote, if the configuration wants that and a call can be
// spared for it. That a mark without fingerprints is for all messages is an assumption: where Crisp wants them, it is
// Invalid.
func (c *Client) MarkRead(ctx context.Context, req connector.ReadRequest) error {
	const op = "MarkRead"
	id, err := sessionOf(op, req.Ticket)
	if err != nil {
		return err
	}
	if !c.config.ReadMarks || !c.spare.Allow() {
		return nil
	}
	return c.call(ctx, op, http.MethodPatch, c.session(id, "/read"), map[string]string{"from": fromUser, "origin": plainOrigin}, nil)
}
