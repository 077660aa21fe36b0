// Package httpbot is a fake of a team's own chatbot that speaks the contract of
// connector/httpbot, written anew from its README: it shares no type and no
// signature code with the connector.
//
// The fake is strict. It refuses a request that is not signed, is stale, has an
// unknown key, a key that its headers do not repeat, or another body than the
// first request with its key. It answers a repeat with the first answer.
//
// A Server is an http.Handler. It is asked at /bot and, for tests in another
// process, driven under /_fake/.
package httpbot

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

// The operations that faults are set for.
const (
	OpMessage = "message"
	OpPing    = "ping"
	OpWebhook = "webhook"
)

// DefaultSecret is the shared secret where Options names none.
const DefaultSecret = "bot-secret-of-our-own-choice"

// Options sets up a Server.
type Options struct {
	// Secret is shared with handoff. Default DefaultSecret.
	Secret string
	// WebhookURL is where the bot asks for a human by itself; SetHook changes it.
	WebhookURL string
	// Answer is the bot's brain. Default: Script.
	Answer func(Request) any
	// Now is the bot's clock. Default time.Now.
	Now func() time.Time
	// Retries are the pauses before repeats of a webhook. Default: one second,
	// then ten.
	Retries []time.Duration
	// TimeScale multiplies those pauses. 0 means 1.
	TimeScale float64
}

// Server is one fake bot.
type Server struct {
	Faults  fake.Faults
	Journal fake.Journal

	opts     Options
	standard fake.Standard
	outbox   *fake.Outbox

	mu       sync.Mutex
	hookURL  string
	lastHook int
	answers  map[string]given
	asked    []Request
}

// given is an answer that is given again for the same key.
type given struct {
	body   [sha256.Size]byte
	answer []byte
	times  int
}

// New returns a fake bot. Close it to stop its webhooks.
func New(opts Options) *Server {
	if opts.Secret == "" {
		opts.Secret = DefaultSecret
	}
	if opts.Answer == nil {
		opts.Answer = Script
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Retries == nil {
		opts.Retries = []time.Duration{time.Second, 10 * time.Second}
	}
	s := &Server{opts: opts, standard: fake.Standard{Secret: opts.Secret, Now: opts.Now}, hookURL: opts.WebhookURL, answers: map[string]given{}}
	s.outbox = &fake.Outbox{Retries: opts.Retries, Scale: opts.TimeScale, Faults: &s.Faults, Sign: s.sign}
	return s
}

// Webhooks is the sender of the webhooks: its attempts tell what was sent.
func (s *Server) Webhooks() *fake.Outbox { return s.outbox }

// Close stops the webhooks and lets go of calls that hang.
func (s *Server) Close() {
	s.Faults.Clear(fake.AnyOp)
	s.outbox.Close()
}

// ServeHTTP answers requests, and the driver.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	driver := fake.Driver{Faults: &s.Faults, Journal: &s.Journal, Attempts: s.outbox, Own: s.serveDriver}
	switch {
	case driver.Serve(w, r):
		return
	case r.URL.Path != "/bot":
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
	op := OpMessage
	if is.Type == OpPing {
		op = OpPing
	}
	s.Faults.Serve(w, r, op, fake.RefuseJSON, func(w http.ResponseWriter, r *http.Request) {
		answer, status := s.handle(r.Header, body)
		if status != http.StatusOK {
			fake.RefuseJSON(w, status)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(answer)
	})
}

// handle checks a request and gives its answer, or the status of the refusal.
func (s *Server) handle(h http.Header, body []byte) ([]byte, int) {
	key := h.Get("Webhook-Id")
	if !s.standard.Signed(h, body) {
		return nil, http.StatusUnauthorized
	}
	if !strings.HasPrefix(h.Get("Content-Type"), "application/json") {
		return nil, http.StatusUnsupportedMediaType
	}
	var ask Request
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	switch {
	case d.Decode(&ask) != nil, ask.Key == "", ask.Key != key, h.Get("Idempotency-Key") != key, !ask.sound():
		return nil, http.StatusBadRequest
	case ask.Type == OpPing:
		return []byte("{}"), http.StatusOK
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := sha256.Sum256(body)
	if before, there := s.answers[key]; there {
		if before.body != sum {
			return nil, http.StatusConflict
		}
		before.times++
		s.answers[key] = before
		return before.answer, http.StatusOK
	}
	s.asked = append(s.asked, ask)
	s.Journal.Add(fake.Entry{Conversation: ask.Conversation, Who: "customer", Kind: "asked", Text: ask.Text, At: s.opts.Now()})
	answer, err := json.Marshal(s.opts.Answer(ask))
	if err != nil {
		return nil, http.StatusInternalServerError
	}
	s.answers[key] = given{sum, answer, 1}
	s.Journal.Add(fake.Entry{Conversation: ask.Conversation, Who: "bot", Kind: "answered", Text: string(answer), At: s.opts.Now()})
	return answer, http.StatusOK
}
