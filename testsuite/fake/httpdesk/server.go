// Package httpdesk is a fake of a third-party desk that speaks the contract of
// connector/httpdesk, written anew from its README: it shares no type and no
// signature code with the connector.
//
// The fake is strict. It refuses a webhook that is not signed, is stale, has an
// unknown key or type, lacks what its type needs, is about a ticket that is not
// there or is closed, or has another body than the first webhook with its id. A
// webhook that comes again is taken once, unless Options say otherwise.
//
// A Server is an http.Handler. It gets the webhooks at /handoff, is asked below
// it, sends the agents' events to a gateway, and is driven under /_fake/ by tests
// in another process.
package httpdesk

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/handoff-engine/handoff/testsuite/fake"
)

// The operations that faults are set for, besides the types of webhooks.
const (
	OpAvailability = "availability"
	OpQueue        = "queue"
	// OpEvent is for the desk's own webhooks.
	OpEvent = "event"
)

// DefaultSecret is the shared secret where Options name none.
const DefaultSecret = "desk-secret-of-our-own-choice"

// Agents of the desk.
const (
	Mira = "mira"
	Tom  = "tom"
)

// Group is the one group that there is.
const Group = "returns"

// tolerance is how old a webhook may be.
const tolerance = 5 * time.Minute

// Options sets up a Server.
type Options struct {
	// Secret is what both sides sign with.
	Secret string
	// HookURL is where events go, such as http://127.0.0.1:8080/webhooks/own-desk;
	// SetHook changes it.
	HookURL string
	// Lacks are the types of webhooks that the desk has no use for: they are
	// answered 501.
	Lacks []string
	// TakesTwice makes a desk that does not look at the webhook-id of messages.
	TakesTwice bool
	// Gone makes the desk answer 410: it wants no more webhooks.
	Gone bool
	// Mute makes a desk that says nothing about availability and queues.
	Mute bool
	// Now is the desk's clock. Default time.Now.
	Now func() time.Time
	// Retries are the pauses before repeats of an event. Default: one second,
	// then ten. TimeScale multiplies them; 0 means 1.
	Retries   []time.Duration
	TimeScale float64
}

// Server is one fake desk.
type Server struct {
	Faults  fake.Faults
	Journal fake.Journal

	opts   Options
	outbox *fake.Outbox

	mu      sync.Mutex
	hookURL string
	away    map[string]bool
	taken   map[string]taken
	told    []Webhook
	tickets []*Ticket
	sent    []fake.Hook
	lastID  int
}

// taken is what was answered to a webhook-id.
type taken struct {
	body   [sha256.Size]byte
	status int
}

// New returns a fake desk. Close it to stop its events.
func New(opts Options) *Server {
	if opts.Secret == "" {
		opts.Secret = DefaultSecret
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Retries == nil {
		opts.Retries = []time.Duration{time.Second, 10 * time.Second}
	}
	s := &Server{opts: opts, hookURL: opts.HookURL, taken: map[string]taken{}, away: map[string]bool{}}
	s.outbox = &fake.Outbox{Retries: opts.Retries, Scale: opts.TimeScale, Faults: &s.Faults, Sign: s.sign}
	return s
}

// Close stops the events and lets go of calls that hang.
func (s *Server) Close() {
	s.Faults.Clear(fake.AnyOp)
	s.outbox.Close()
}

// ServeHTTP takes webhooks, answers questions, and serves the driver.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		refuse(w, http.StatusRequestEntityTooLarge)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	switch path := r.Method + " " + r.URL.Path; {
	case strings.HasPrefix(r.URL.Path, "/_fake/"):
		s.serveDriver(w, r)
	case path == "POST /handoff":
		var is struct{ Type string }
		_ = json.Unmarshal(body, &is)
		s.Faults.Serve(w, r, is.Type, refuse, func(w http.ResponseWriter, r *http.Request) { s.webhook(w, r.Header, body) })
	case path == "GET /handoff/availability":
		s.Faults.Serve(w, r, OpAvailability, refuse, s.ask(s.availability))
	case path == "GET /handoff/queue":
		s.Faults.Serve(w, r, OpQueue, refuse, s.ask(s.queue))
	case strings.HasPrefix(r.URL.Path, "/handoff"):
		refuse(w, http.StatusMethodNotAllowed)
	default:
		refuse(w, http.StatusNotFound)
	}
}

// webhook checks a webhook and takes it.
func (s *Server) webhook(w http.ResponseWriter, h http.Header, body []byte) {
	var hook Webhook
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	switch {
	case !s.signed(h, body):
		refuse(w, http.StatusUnauthorized)
	case s.opts.Gone:
		refuse(w, http.StatusGone)
	case !strings.HasPrefix(h.Get("Content-Type"), "application/json"):
		refuse(w, http.StatusUnsupportedMediaType)
	case d.Decode(&hook) != nil:
		refuse(w, http.StatusBadRequest)
	case slices.Contains(s.opts.Lacks, hook.Type):
		refuse(w, http.StatusNotImplemented)
	case !hook.sound():
		refuse(w, http.StatusBadRequest)
	default:
		hook.ID = h.Get("Webhook-Id")
		s.answer(w, hook, s.take(hook, sha256.Sum256(body)))
	}
}

// answer answers a webhook with what became of it.
func (s *Server) answer(w http.ResponseWriter, hook Webhook, status int) {
	switch {
	case status != http.StatusOK:
		refuse(w, status)
	case hook.Type == "ticket.opened" || hook.Type == "ticket.mirrored":
		writeJSON(w, map[string]string{"url": "https://desk.example/tickets/" + hook.Data.Ticket})
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// take takes a webhook once.
func (s *Server) take(hook Webhook, sum [sha256.Size]byte) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if before, there := s.taken[hook.ID]; there && hook.Type != "ping" {
		if before.body != sum {
			return http.StatusConflict
		}
		if !s.opts.TakesTwice || hook.Type != "message.created" {
			return before.status
		}
	}
	status := s.apply(hook)
	if status == http.StatusOK {
		s.taken[hook.ID] = taken{sum, status}
		s.told = append(s.told, hook)
		s.Journal.Add(fake.Entry{
			Conversation: hook.Data.Conversation, Who: who(hook), Kind: hook.Type, Text: hook.Data.Text, At: s.opts.Now(),
		})
	}
	return status
}

func who(hook Webhook) string {
	if hook.Data.Author != nil || strings.HasPrefix(hook.Type, "customer.") {
		return "customer"
	}
	return "handoff"
}

// ask answers a signed question.
func (s *Server) ask(about func(r *http.Request) (any, int)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case s.opts.Mute:
			refuse(w, http.StatusNotFound)
			return
		case !s.signed(r.Header, []byte(r.URL.RawQuery)):
			refuse(w, http.StatusUnauthorized)
			return
		}
		answer, status := about(r)
		if status != http.StatusOK {
			refuse(w, status)
			return
		}
		writeJSON(w, answer)
	}
}

// signed checks the signature and the age of what handoff sends.
func (s *Server) signed(h http.Header, body []byte) bool {
	id, at := h.Get("Webhook-Id"), h.Get("Webhook-Timestamp")
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil || id == "" || s.opts.Now().Sub(time.Unix(seconds, 0)).Abs() > tolerance {
		return false
	}
	return slices.ContainsFunc(strings.Fields(h.Get("Webhook-Signature")), func(given string) bool {
		return hmac.Equal([]byte(given), []byte(signature(s.opts.Secret, id, at, body)))
	})
}

// signature is that of the Standard Webhooks document.
func signature(secret, id, at string, body []byte) string {
	key := []byte(secret)
	if encoded, ok := strings.CutPrefix(secret, "whsec_"); ok {
		key, _ = base64.StdEncoding.DecodeString(encoded)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + at + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func refuse(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": http.StatusText(status)})
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}
