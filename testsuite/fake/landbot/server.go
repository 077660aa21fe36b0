// Package landbot is a fake of Landbot: its Platform API v1, its message hooks,
// a small hosted bot, and a driver with which a test makes the customer, the bot
// or a human in the vendor's inbox speak.
//
// The fake is strict. It refuses what the vendor refuses: a path without its
// trailing slash, a header without the word Token, an unknown key in a body, an
// eleventh call within a second. What the public material leaves open is a
// switch in Unknown.
//
// A Server is an http.Handler. It answers the vendor's API under /v1/ and, for
// tests in another process, the driver under /_fake/.
package landbot

import (
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/handoff-engine/handoff/testsuite/fake"
)

// OpHook and OpBlock are the names that faults of webhooks are set for: those of
// the message hooks, and the one of the flow's Webhook block. The names of calls
// are those of the routes table.
const (
	OpHook  = "hook"
	OpBlock = "webhook_block"
)

// Server is one fake account.
type Server struct {
	Faults  fake.Faults
	Journal fake.Journal

	opts   Options
	hooks  *fake.Outbox
	blocks *fake.Outbox

	mu        sync.Mutex
	rand      *rand.Rand
	customers map[int64]*customer
	hooked    []*hook
	block     Block
	lastID    int64
	recent    map[string][]time.Time
	now       []fake.Hook // echoes to be delivered before the answer
}

// New returns a fake account. Close it to stop its webhooks.
func New(opts Options) *Server {
	opts = opts.withDefaults()
	s := &Server{
		opts:      opts,
		rand:      rand.New(rand.NewPCG(opts.Seed, 1)),
		customers: map[int64]*customer{},
		block:     opts.Block,
		lastID:    61200344,
		recent:    map[string][]time.Time{},
	}
	s.hooks = &fake.Outbox{
		Client: opts.Client, Retries: repeats, Scale: opts.TimeScale, Faults: &s.Faults,
	}
	if opts.Unknown.NoRepeatOn4xx {
		s.hooks.Repeat = func(status int, _ http.Header) bool { return status < 200 || status >= 500 }
	}
	s.blocks = &fake.Outbox{
		Client: opts.Client, Retries: opts.Unknown.BlockRetries, Scale: opts.TimeScale, Faults: &s.Faults,
	}
	return s
}

// Hooks is the sender of the message hooks: its attempts tell what was sent.
func (s *Server) Hooks() *fake.Outbox { return s.hooks }

// Blocks is the sender of the flow's Webhook block.
func (s *Server) Blocks() *fake.Outbox { return s.blocks }

// Close stops the webhooks and lets go of calls that hang.
func (s *Server) Close() {
	s.Faults.Clear(fake.AnyOp)
	s.hooks.Close()
	s.blocks.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.customers {
		c.stopTimer()
	}
}

// call is one request, read and recognised.
type call struct {
	agent Agent
	path  map[string]string
	query map[string]string
	form  bool
	body  []byte
}

// reply is the answer to a call; without a body nothing is written.
type reply struct {
	status int
	body   any
}

// ServeHTTP answers the vendor's API and the driver.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	driver := fake.Driver{Faults: &s.Faults, Journal: &s.Journal, Attempts: s.hooks, Own: s.serveDriver}
	if driver.Serve(w, r) {
		return
	}
	route, path, status := find(r.Method, r.URL.Path, s.opts.Unknown.NoSlashStatus)
	agent, known := s.authenticate(w, r)
	if !known {
		return
	}
	if status != 0 {
		refuse(w, status)
		return
	}
	if !s.withinRate(agent.Token) {
		s.Faults.Serve(w, r, route.op, refuse, func(w http.ResponseWriter, _ *http.Request) {
			refuse(w, http.StatusTooManyRequests)
		})
		return
	}
	s.Faults.Serve(w, r, route.op, refuse, func(w http.ResponseWriter, r *http.Request) {
		body, ok := fake.ReadBody(w, r, refuse)
		if !ok {
			return
		}
		c := call{agent: agent, path: path, query: map[string]string{}, body: body}
		for k, v := range r.URL.Query() {
			c.query[k] = v[0]
		}
		c.form = strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
		s.write(w, s.handle(route, c))
	})
}

// handle runs a route's handler, and delivers echoes that are due before the
// answer once the lock is given back.
func (s *Server) handle(route route, c call) reply {
	s.mu.Lock()
	answer := route.handle(s, c)
	due := s.now
	s.now = nil
	s.mu.Unlock()
	for _, h := range due {
		s.hooks.SendNow(h)
	}
	return answer
}

// authenticate finds the agent of the token, or answers 401.
func (s *Server) authenticate(w http.ResponseWriter, r *http.Request) (Agent, bool) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Token ")
	if !ok {
		writeJSON(w, http.StatusUnauthorized, map[string]string{"detail": "Authentication credentials were not provided."})
		return Agent{}, false
	}
	for _, a := range s.opts.Agents {
		if a.Token != "" && a.Token == token {
			return a, true
		}
	}
	refuse(w, http.StatusUnauthorized)
	return Agent{}, false
}

// withinRate notes a call of a token and says whether it is within the limit.
func (s *Server) withinRate(token string) bool {
	if s.opts.RatePerSecond < 0 {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	list := s.recent[token]
	for len(list) > 0 && now.Sub(list[0]) >= time.Second {
		list = list[1:]
	}
	within := len(list) < s.opts.RatePerSecond
	if within {
		list = append(list, now)
	}
	s.recent[token] = list
	return within
}

// write answers a call. Sends and changes have no body at this vendor, unless
// the switch says otherwise.
func (s *Server) write(w http.ResponseWriter, r reply) {
	if r.body != nil {
		writeJSON(w, r.status, r.body)
		return
	}
	w.WriteHeader(r.status)
	if r.status == http.StatusOK {
		_, _ = io.WriteString(w, s.opts.Unknown.SuccessBody)
	}
}

// refuse writes the vendor's body for a status.
func refuse(w http.ResponseWriter, status int) {
	switch {
	case status == http.StatusUnauthorized:
		writeJSON(w, status, map[string]string{"detail": "Invalid token."})
	case status == http.StatusTooManyRequests:
		writeJSON(w, status, errorBody("rate", "Too many requests"))
	case status >= 500:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "<h1>Server Error</h1>")
	default:
		writeJSON(w, status, errorBody("detail", http.StatusText(status)))
	}
}

func errorBody(field, text string) map[string]any {
	return map[string]any{"errors": map[string][]string{field: {text}}}
}

// failure is the reply for an error in one field.
func failure(status int, field, text string) reply { return reply{status, errorBody(field, text)} }

var done = reply{status: http.StatusOK}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
