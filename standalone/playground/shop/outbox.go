package shop

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/handoff-engine/handoff/connector/memory"
)

const (
	postTimeout = 10 * time.Second
	firstPause  = 200 * time.Millisecond
	longPause   = 15 * time.Second
)

// outbox posts the pending events: those of one conversation or ticket one after
// the other, each until it is answered 2xx; those of different ones side by side.
// What was pending when the process ended is pending when it starts again.
type outbox struct {
	v    *Vendor
	mu   sync.Mutex
	busy map[string]bool
	wg   sync.WaitGroup
}

func newOutbox(v *Vendor) *outbox { return &outbox{v: v, busy: map[string]bool{}} }

// run posts until ctx ends, and returns when nothing is being posted any more.
func (o *outbox) run(ctx context.Context) {
	defer o.wg.Wait()
	for {
		changed := o.v.Changed()
		for _, d := range o.heads() {
			o.begin(ctx, d)
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}

// heads gives the first pending event of each conversation and ticket.
func (o *outbox) heads() []delivery {
	o.v.mu.Lock()
	defer o.v.mu.Unlock()
	var heads []delivery
	seen := map[string]bool{}
	for _, d := range o.v.state.pending {
		if s := subject(d.event); !seen[s] {
			seen[s] = true
			heads = append(heads, d)
		}
	}
	return heads
}

// begin posts d in the background, unless its conversation or ticket is busy.
func (o *outbox) begin(ctx context.Context, d delivery) {
	s := subject(d.event)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.busy[s] {
		return
	}
	o.busy[s] = true
	o.wg.Go(func() {
		o.post(ctx, d)
		o.mu.Lock()
		delete(o.busy, s)
		o.mu.Unlock()
		// The next event of s is looked for only after s is free again.
		o.v.mu.Lock()
		o.v.notify()
		o.v.mu.Unlock()
	})
}

// post repeats the event until it is taken, ctx ends, or the vendor gives up.
func (o *outbox) post(ctx context.Context, d delivery) {
	for pause := firstPause; ; pause = min(2*pause, longPause) {
		err := o.v.send(ctx, d.hook, &d.event)
		if ctx.Err() != nil {
			return
		}
		expired := time.Since(d.event.At) > memory.RedeliverFor
		if err == nil || expired {
			o.delivered(d, expired)
			return
		}
		o.v.cfg.Logger.Debug("posting a webhook again", "type", d.event.Type, "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// delivered notes that the event is done with. A kill before the note is on the
// disk only means that the event is posted once more.
func (o *outbox) delivered(d delivery, expired bool) {
	if expired {
		o.v.cfg.Logger.Warn("gave a webhook up", "type", d.event.Type, "event", d.event.ID)
	}
	o.v.mu.Lock()
	defer o.v.mu.Unlock()
	c := change{Op: opDelivered, At: time.Now().UTC(), Key: d.event.ID}
	if err := o.v.journal.Append([]change{c}, false); err != nil {
		o.v.cfg.Logger.Warn("writing the playground's journal", "error", err)
	}
	o.v.state.apply(c)
}

// passBy posts an event once and forgets it.
func (v *Vendor) passBy(hook Hook, event *memory.Envelope) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_ = v.send(ctx, hook, event) // typing is shown or it is not
}

// send posts the event once, signed for this attempt.
func (v *Vendor) send(ctx context.Context, hook Hook, event *memory.Envelope) error {
	url := v.cfg.ChannelURL
	if hook == DeskHook {
		url = v.cfg.DeskURL
	}
	body, err := json.Marshal(event)
	if err != nil {
		return fmt.Errorf("encoding a webhook: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, postTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("preparing a webhook: %w", err)
	}
	timestamp := strconv.FormatInt(time.Now().Unix(), 10)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(memory.HeaderID, event.ID)
	req.Header.Set(memory.HeaderTimestamp, timestamp)
	req.Header.Set(memory.HeaderSignature, signature(v.cfg.Secret, event.ID, timestamp, body))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("posting a webhook: %w", err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // so that the connection is used again
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("posting a webhook: answered %d", res.StatusCode)
	}
	return nil
}

func signature(secret, id, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
