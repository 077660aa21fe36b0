package fake

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Hook is one webhook to be sent. Op is what faults are set for. Of is what it
// is about, at a vendor that keeps the hooks of one chat in order: each waits
// until the one before it was taken or given up. Hooks without Of wait for none.
type Hook struct {
	Op     string
	URL    string
	Header http.Header
	Body   []byte
	Of     string
}

// Attempt is one try to deliver a hook.
type Attempt struct {
	Op     string    `json:"op"`
	URL    string    `json:"url"`
	Try    int       `json:"try"`    // from 1
	Status int       `json:"status"` // 0: no answer
	At     time.Time `json:"at"`     // when the try began
	Done   time.Time `json:"done"`   // when its answer was there, or none was to come
	Body   string    `json:"body"`
}

// shuffleWindow is how long hooks are held back to be sent in another order.
const shuffleWindow = 50 * time.Millisecond

// Outbox sends a fake's webhooks as its vendor would: the first tries in order,
// the repeats on the vendor's schedule, spoilt by the faults that are set. Its
// fields may not change once it is in use.
type Outbox struct {
	Client  *http.Client                              // default: one with Timeout
	Timeout time.Duration                             // how long the vendor waits for an answer; default 5 s
	Retries []time.Duration                           // the pauses before the repeats
	Scale   float64                                   // multiplies the pauses, so that tests run fast; 0 means 1
	Faults  *Faults                                   // may be nil
	Repeat  func(status int, header http.Header) bool // whether an answer makes the vendor repeat; default: each that is not 2xx
	Sign    func(h Hook) http.Header                  // the headers of one try, where the vendor signs each anew; may be nil

	mu       sync.Mutex
	start    sync.Once
	ctx      context.Context
	cancel   context.CancelFunc
	wake     chan struct{}
	due      []dueHook // by time, then in the order of sending
	held     []Hook
	behind   map[string][]Hook // what waits behind the hook under way, by Of
	attempts []Attempt
	open     int           // hooks not delivered and not given up
	idle     chan struct{} // closed when open falls to 0
}

type dueHook struct {
	Hook
	at time.Time
}

// Send delivers h after a pause, which Scale multiplies. It returns at once.
func (o *Outbox) Send(h Hook, after time.Duration) {
	o.begin()
	copies := 1
	if o.Faults != nil {
		if _, lost := o.Faults.take(h.Op, FaultLose); lost {
			return
		}
		if f, again := o.Faults.take(h.Op, FaultRedeliver); again {
			copies += f.N
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	at := time.Now().Add(o.scaled(after))
	for range copies {
		o.open++
		i := len(o.due)
		for i > 0 && o.due[i-1].at.After(at) {
			i--
		}
		o.due = slices.Insert(o.due, i, dueHook{h, at})
	}
	o.nudge()
}

// SendNow delivers h before it returns, ahead of whatever is queued, and leaves
// repeats to the schedule.
func (o *Outbox) SendNow(h Hook) {
	o.begin()
	if o.Faults != nil {
		if _, lost := o.Faults.take(h.Op, FaultLose); lost {
			return
		}
	}
	o.mu.Lock()
	o.open++
	o.mu.Unlock()
	o.deliver(h)
}

// Attempts returns every try so far, in order.
func (o *Outbox) Attempts() []Attempt {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]Attempt{}, o.attempts...)
}

// Drain waits until nothing is left to send or repeat.
func (o *Outbox) Drain(ctx context.Context) error {
	for {
		o.mu.Lock()
		if o.open == 0 {
			o.mu.Unlock()
			return nil
		}
		if o.idle == nil {
			o.idle = make(chan struct{})
		}
		idle := o.idle
		o.mu.Unlock()
		select {
		case <-idle:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// done notes that a hook was delivered or given up.
func (o *Outbox) done() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.open--
	if o.open == 0 && o.idle != nil {
		close(o.idle)
		o.idle = nil
	}
}

// Close stops sending and forgets what was not delivered.
func (o *Outbox) Close() {
	o.begin()
	o.cancel()
}

// ServeHTTP shows the attempts to a test in another process. Mount it at
// /_fake/attempts.
func (o *Outbox) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	WriteJSON(w, map[string]any{"attempts": o.Attempts()})
}

func (o *Outbox) begin() {
	o.start.Do(func() {
		if o.Timeout == 0 {
			o.Timeout = 5 * time.Second
		}
		if o.Client == nil {
			o.Client = &http.Client{Timeout: o.Timeout}
		}
		if o.Scale == 0 {
			o.Scale = 1
		}
		o.ctx, o.cancel = context.WithCancel(context.Background())
		o.wake = make(chan struct{}, 1)
		o.behind = map[string][]Hook{}
		go o.run()
	})
}

// nudge tells the runner that the queue has changed.
func (o *Outbox) nudge() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

func (o *Outbox) run() {
	for {
		h, wait, ok := o.next()
		if ok && wait <= 0 {
			o.enqueue(h)
			continue
		}
		if !ok {
			wait = time.Hour
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-o.wake:
		case <-o.ctx.Done():
			timer.Stop()
			return
		}
		timer.Stop()
	}
}

// next takes the first hook if it is due, else says how long it has to wait.
func (o *Outbox) next() (h Hook, wait time.Duration, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.due) == 0 {
		return Hook{}, 0, false
	}
	first := o.due[0]
	if wait = time.Until(first.at); wait <= 0 {
		o.due = o.due[1:]
	}
	return first.Hook, wait, true
}

// enqueue delivers h, or holds it back for a while if the order is to be
// shuffled.
func (o *Outbox) enqueue(h Hook) {
	if o.Faults != nil {
		if f, ok := o.Faults.take(h.Op, FaultShuffle); ok {
			o.hold(h, f.Seed)
			return
		}
	}
	o.deliver(h)
}

func (o *Outbox) hold(h Hook, seed uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.held = append(o.held, h)
	if len(o.held) > 1 {
		return
	}
	time.AfterFunc(shuffleWindow, func() {
		o.mu.Lock()
		held := o.held
		o.held = nil
		o.mu.Unlock()
		if len(held) == 2 { // a random order might be the old one

			held[0], held[1] = held[1], held[0]
		} else {
			r := rand.New(rand.NewPCG(seed, uint64(len(held))))
			r.Shuffle(len(held), func(i, k int) { held[i], held[k] = held[k], held[i] })
		}
		for _, h := range held {
			o.deliver(h)
		}
	})
}

// deliver makes the first try and leaves repeats to a schedule of their own, so
// that later hooks of other chats are not held up.
func (o *Outbox) deliver(h Hook) {
	if !o.turn(h) {
		return
	}
	if o.try(h, 1) {
		go o.repeat(h)
		return
	}
	o.advance(h)
}

// repeat tries h again, as often as the vendor does.
func (o *Outbox) repeat(h Hook) {
	for i, d := range o.Retries {
		if !o.pause(d) || !o.try(h, i+2) {
			break
		}
	}
	o.advance(h)
}

// turn says whether h may go out. If not, it goes out after the one before it.
func (o *Outbox) turn(h Hook) bool {
	if h.Of == "" {
		return true
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	waiting, busy := o.behind[h.Of]
	if busy {
		o.behind[h.Of] = append(waiting, h)
		return false
	}
	o.behind[h.Of] = nil
	return true
}

// advance notes that h was delivered or given up, and sends what waited for it.
func (o *Outbox) advance(h Hook) {
	o.done()
	for h.Of != "" {
		o.mu.Lock()
		waiting := o.behind[h.Of]
		if len(waiting) == 0 {
			delete(o.behind, h.Of)
			o.mu.Unlock()
			return
		}
		next := waiting[0]
		o.behind[h.Of] = waiting[1:]
		o.mu.Unlock()
		if o.try(next, 1) {
			go o.repeat(next)
			return
		}
		o.done()
	}
}

// try sends h once and says whether the vendor would repeat it.
func (o *Outbox) try(h Hook, n int) (again bool) {
	a := Attempt{Op: h.Op, URL: h.URL, Try: n, At: time.Now(), Body: string(h.Body)}
	again = true
	req, err := http.NewRequestWithContext(o.ctx, http.MethodPost, h.URL, bytes.NewReader(h.Body))
	if err == nil {
		req.Header = h.Header.Clone()
		if o.Sign != nil {
			req.Header = o.Sign(h)
		}
		var resp *http.Response
		if resp, err = o.Client.Do(req); err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
			a.Status = resp.StatusCode
			again = a.Status < 200 || a.Status > 299
			if o.Repeat != nil {
				again = o.Repeat(a.Status, resp.Header)
			}
		}
	}
	a.Done = time.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.attempts = append(o.attempts, a)
	return again
}

// pause waits for d, scaled, and says whether sending goes on.
func (o *Outbox) pause(d time.Duration) bool {
	timer := time.NewTimer(o.scaled(d))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-o.ctx.Done():
		return false
	}
}

func (o *Outbox) scaled(d time.Duration) time.Duration {
	return time.Duration(float64(d) * o.Scale)
}
