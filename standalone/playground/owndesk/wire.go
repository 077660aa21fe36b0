package owndesk

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpdesk"
	"github.com/handoff-engine/handoff/connector/sign"
)

const (
	postTimeout = 10 * time.Second
	firstPause  = 200 * time.Millisecond
	longPause   = 15 * time.Second
	// giveUpAfter is how long an event is sent again, as the contract says.
	giveUpAfter = 24 * time.Hour
	// maxBody bounds what is read of a webhook.
	maxBody = 1 << 20
	// maxWire bounds what is shown of the wire.
	maxWire = 200
)

// Wire is one webhook, of either direction, as it went over the wire. It is shown, and kept nowhere.
type Wire struct {
	At     time.Time       `json:"at"`
	Out    bool            `json:"out"`
	ID     string          `json:"id"`
	Type   string          `json:"type"`
	Ticket string          `json:"ticket"`
	Status int             `json:"status"`
	Body   json.RawMessage `json:"body"`
}

// note remembers what went over the wire.
func (d *Desk) note(w Wire) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.wire = append(d.wire, w); len(d.wire) > maxWire {
		d.wire = d.wire[1:]
	}
	d.notify()
}

// Handler takes webhooks at "", and answers questions below it.
func (d *Desk) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{$}", d.webhook)
	mux.HandleFunc("GET /availability", d.asked(d.availability))
	mux.HandleFunc("GET /queue", d.asked(d.queue))
	return mux
}

// signed reports whether handoff has signed what it sent.
func (d *Desk) signed(r *http.Request, body []byte) bool {
	return sign.Standard(d.secrets, &connector.Delivery{Header: r.Header, Body: body, ReceivedAt: time.Now()}) == ""
}

// webhook takes a webhook once, and answers what became of it.
func (d *Desk) webhook(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var hook httpdesk.Webhook
	switch {
	case err != nil:
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	case !d.signed(r, body):
		w.WriteHeader(http.StatusUnauthorized)
	case json.Unmarshal(body, &hook) != nil || hook.Type != httpdesk.TypePing && hook.Data.Ticket == "":
		w.WriteHeader(http.StatusBadRequest)
	default:
		id := r.Header.Get(sign.HeaderID)
		status := d.take(id, hook)
		d.note(Wire{At: time.Now().UTC(), ID: id, Type: hook.Type, Ticket: hook.Data.Ticket, Status: status, Body: body})
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(httpdesk.Opened{URL: d.cfg.TicketURL + hook.Data.Ticket})
	}
}

// take does what a webhook tells, once, and gives the status of the answer.
func (d *Desk) take(id string, hook httpdesk.Webhook) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.state.find(hook.Data.Ticket)
	switch hook.Type {
	case httpdesk.TypePing:
		return http.StatusOK
	case httpdesk.TypeCustomerTyping:
		if t != nil && hook.Data.Typing != nil {
			t.Typing, t.typedAt = *hook.Data.Typing, time.Now()
			d.notify()
		}
		return http.StatusOK
	case httpdesk.TypeTicketOpened, httpdesk.TypeTicketMirrored:
		if t != nil && t.Closed && !slices.Contains(d.state.taken, id) {
			return http.StatusConflict
		}
	case httpdesk.TypeTicketAssigned, httpdesk.TypeMessageCreated, httpdesk.TypeAttachmentCreated, httpdesk.TypeMessageUpdated,
		httpdesk.TypeMessageDeleted:
		if status := d.refusal(t, id, hook); status != 0 {
			return status
		}
	case httpdesk.TypeTicketUpdated, httpdesk.TypeTicketClosed, httpdesk.TypeNoteCreated, httpdesk.TypeCustomerRead,
		httpdesk.TypeCustomerRated:
		if t == nil {
			return http.StatusNotFound
		}
	default:
		return http.StatusNotImplemented
	}
	if slices.Contains(d.state.taken, id) {
		return http.StatusOK
	}
	if err := d.commit(record{ID: id, At: time.Now().UTC().Truncate(time.Millisecond), Told: &hook}); err != nil {
		d.cfg.Logger.Warn("a webhook could not be stored", "error", err)
		return http.StatusServiceUnavailable
	}
	return http.StatusOK
}

// refusal gives the status with which the desk refuses what an open ticket is needed for, or 0.
func (d *Desk) refusal(t *ticket, id string, hook httpdesk.Webhook) int {
	p := hook.Data.Agent
	switch {
	case t == nil, hook.Type == httpdesk.TypeTicketAssigned && p != nil && d.state.agent(p.ID) == nil:
		return http.StatusNotFound
	case slices.Contains(d.state.taken, id):
		return 0
	case t.Closed, hook.Type == httpdesk.TypeTicketAssigned && p != nil && d.state.known(p) == nil:
		return http.StatusConflict
	}
	return 0
}

// asked answers a question that is signed by its query.
func (d *Desk) asked(answer func(r *http.Request) (any, bool)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !d.signed(r, []byte(r.URL.RawQuery)) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		d.mu.Lock()
		v, ok := answer(r)
		d.mu.Unlock()
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v)
	}
}

func (d *Desk) availability(*http.Request) (any, bool) {
	status := "offline"
	if slices.ContainsFunc(d.state.agents, func(a Agent) bool { return a.Online }) {
		status = "online"
	}
	return httpdesk.Availability{Status: status}, true
}

// queue counts the tickets that wait before one.
func (d *Desk) queue(r *http.Request) (any, bool) {
	position := 0
	for _, t := range d.state.tickets {
		if t.Asked && !t.Closed && t.Agent == nil {
			position++
		}
		if t.ID == r.URL.Query().Get("ticket") {
			return httpdesk.Queue{Position: position}, true
		}
	}
	return nil, false
}

// Run sends events until ctx ends: one after the other, each until it is stored. What was pending when the process ended
// is pending when it starts again.
func (d *Desk) Run(ctx context.Context) {
	for {
		changed := d.Changed()
		next, ok := d.next()
		if ok {
			d.deliver(ctx, next)
		}
		select {
		case <-ctx.Done():
			return
		default:
		}
		if ok {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}

func (d *Desk) next() (delivery, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.state.pending) == 0 {
		return delivery{}, false
	}
	return d.state.pending[0], true
}

// deliver sends an event until it is stored, refused, too old, or ctx ends.
func (d *Desk) deliver(ctx context.Context, e delivery) {
	for pause := firstPause; ; pause = min(2*pause, longPause) {
		status, err := d.post(ctx, e)
		if ctx.Err() != nil {
			return
		}
		refused := status >= 400 && status <= 499 && status != http.StatusTooManyRequests
		if err == nil && status/100 == 2 || refused || time.Since(e.event.Timestamp) > giveUpAfter {
			if refused {
				d.cfg.Logger.Warn("an event of the playground's own desk was refused", "type", e.event.Type, "status", status)
			}
			d.sent(e)
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// sent notes that an event is done with. A kill before the note is on the disk only means that it is sent once more.
func (d *Desk) sent(e delivery) {
	d.mu.Lock()
	defer d.mu.Unlock()
	r := record{Sent: e.id}
	if err := d.journal.Append([]record{r}, false); err != nil {
		d.cfg.Logger.Warn("writing the playground's journal", "error", err)
	}
	d.state.apply(r)
	d.notify()
}

// post sends an event once, signed for this attempt.
func (d *Desk) post(ctx context.Context, e delivery) (status int, err error) {
	body, err := json.Marshal(e.event)
	if err != nil {
		return 0, fmt.Errorf("encoding an event: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, postTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.cfg.HookURL, bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("preparing an event: %w", err)
	}
	req.Header = sign.StandardHeader(d.secrets, e.id, time.Now(), body)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err == nil {
		status = res.StatusCode
		_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // so that the connection is used again
		_ = res.Body.Close()
	}
	d.note(Wire{At: time.Now().UTC(), Out: true, ID: e.id, Type: e.event.Type, Ticket: e.event.Data.Ticket, Status: status, Body: body})
	return status, err
}
