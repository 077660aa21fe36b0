// Package app is a fake of a team's own backend that speaks the contract of
// connector/app, written anew from its README: it shares no type and no
// signature code with the connector.
//
// The fake is strict. It refuses a webhook that is not signed, is stale, has an
// unknown key or type, lacks what its type needs, or has another body than the
// first webhook with its id. A webhook that comes again is taken once.
//
// A Server is an http.Handler. It gets the webhooks at /handoff, sends the
// team's events to a gateway with Send, and is driven under /_fake/ by tests in
// another process.
package app

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/handoff-engine/handoff/testsuite/fake"
)

// OpEvent is the operation that faults of the team's own events are set for;
// those of a webhook are set for its type.
const OpEvent = "event"

// The secrets of both sides where Options names none.
const (
	DefaultSecret = "backend-webhook-secret"
	DefaultToken  = "backend-api-token"
)

// Options sets up a Server.
type Options struct {
	// Secret is what webhooks are signed with; APIToken is what events carry.
	Secret, APIToken string
	// ChannelURL is the connection's address at the gateway, such as
	// http://127.0.0.1:8080/v1/channels/app-shop; SetChannel changes it.
	ChannelURL string
	// Gone makes the backend answer 410: it wants no more webhooks.
	Gone bool
	// Now is the backend's clock. Default time.Now.
	Now func() time.Time
	// Retries are the pauses before repeats of an event. Default: one second,
	// then ten. TimeScale multiplies them; 0 means 1.
	Retries   []time.Duration
	TimeScale float64
}

// Server is one fake backend.
type Server struct {
	Faults  fake.Faults
	Journal fake.Journal

	opts     Options
	standard fake.Standard
	outbox   *fake.Outbox

	mu      sync.Mutex
	channel string
	taken   map[string][sha256.Size]byte
	told    []Webhook
	lastID  int
}

// New returns a fake backend. Close it to stop its events.
func New(opts Options) *Server {
	if opts.Secret == "" {
		opts.Secret = DefaultSecret
	}
	if opts.APIToken == "" {
		opts.APIToken = DefaultToken
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Retries == nil {
		opts.Retries = []time.Duration{time.Second, 10 * time.Second}
	}
	s := &Server{opts: opts, standard: fake.Standard{Secret: opts.Secret, Now: opts.Now}, channel: opts.ChannelURL, taken: map[string][sha256.Size]byte{}}
	s.outbox = &fake.Outbox{Retries: opts.Retries, Scale: opts.TimeScale, Faults: &s.Faults}
	return s
}

// Close stops the events and lets go of calls that hang.
func (s *Server) Close() {
	s.Faults.Clear(fake.AnyOp)
	s.outbox.Close()
}

// ServeHTTP takes webhooks, and serves the driver.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	driver := fake.Driver{Faults: &s.Faults, Journal: &s.Journal, Attempts: s.outbox, Own: s.serveDriver}
	switch {
	case driver.Serve(w, r):
		return
	case r.URL.Path != "/handoff":
		fake.RefuseJSON(w, http.StatusNotFound)
		return
	case r.Method != http.MethodPost:
		fake.RefuseJSON(w, http.StatusMethodNotAllowed)
		return
	}
	body, ok := fake.ReadBody(w, r, fake.RefuseJSON)
	if !ok {
		return
	}
	var is struct{ Type string }
	_ = json.Unmarshal(body, &is)
	s.Faults.Serve(w, r, is.Type, fake.RefuseJSON, func(w http.ResponseWriter, r *http.Request) {
		if status := s.take(r.Header, body); status != http.StatusNoContent {
			fake.RefuseJSON(w, status)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
}

// take checks a webhook and takes it once.
func (s *Server) take(h http.Header, body []byte) int {
	id := h.Get("Webhook-Id")
	if !s.standard.Signed(h, body) {
		return http.StatusUnauthorized
	}
	if s.opts.Gone {
		return http.StatusGone
	}
	if !strings.HasPrefix(h.Get("Content-Type"), "application/json") {
		return http.StatusUnsupportedMediaType
	}
	var hook Webhook
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if d.Decode(&hook) != nil || !hook.sound() {
		return http.StatusBadRequest
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := sha256.Sum256(body)
	if before, there := s.taken[id]; there {
		if before != sum {
			return http.StatusConflict
		}
		return http.StatusNoContent
	}
	s.taken[id] = sum
	hook.ID = id
	s.told = append(s.told, hook)
	s.Journal.Add(fake.Entry{
		Conversation: hook.Data.Conversation, Who: hook.who(), Kind: hook.Type, Text: hook.Data.Text, At: s.opts.Now(),
	})
	return http.StatusNoContent
}
