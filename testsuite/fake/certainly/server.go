// Package certainly is a fake of Certainly: the handover and takeover calls of
// its Chat API, its claim and message webhooks, a small hosted bot, and a driver
// with which a test makes the user or the bot speak.
//
// The fake is strict. It refuses what the vendor would refuse: a path without its
// trailing slash, another deployment, an unknown user, a body that is not exactly
// a message. The vendor documents neither statuses nor answers; what the public
// material leaves open is a switch in Unknown.
//
// A Server is an http.Handler. It answers the vendor's API under
// /webbot/api/webchat/ and /actionsvc/trigger-response/ and, for tests in another process, the driver under
// /_fake/.
package certainly

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/handoff-engine/handoff/testsuite/fake"
)

// The operations that faults are set for: the calls, and the two webhooks.
const (
	OpHandover = "handover" // GET, the bot falls silent
	OpSay      = "say"      // POST, an agent's words
	OpTakeover = "takeover" // GET, the bot is back
	OpConfig   = "config"   // GET, the look of the widget
	OpTrigger  = "trigger"  // POST, a module is run and variables are set

	OpClaim   = "claim"
	OpMessage = "message"
)

// Server is one fake account.
type Server struct {
	Faults  fake.Faults
	Journal fake.Journal

	opts     Options
	claims   *fake.Outbox
	messages *fake.Outbox

	mu                    sync.Mutex
	users                 map[string]*user
	lastUser              int
	lastMessage           int
	claimURL, messagesURL string
}

// New returns a fake account. Close it to stop its webhooks.
func New(opts Options) *Server {
	opts = opts.withDefaults()
	s := &Server{opts: opts, users: map[string]*user{}, claimURL: opts.ClaimURL, messagesURL: opts.MessagesURL}
	s.claims = &fake.Outbox{
		Client: &http.Client{Timeout: opts.ClaimTimeout, Transport: claimTransport{s}}, Faults: &s.Faults,
	}
	s.messages = &fake.Outbox{Client: opts.Client, Retries: opts.Unknown.Retries, Faults: &s.Faults}
	return s
}

// Claims is the sender of the claims: its attempts tell what was sent.
func (s *Server) Claims() *fake.Outbox { return s.claims }

// Messages is the sender of the messages of the conversations.
func (s *Server) Messages() *fake.Outbox { return s.messages }

// Close stops the webhooks and lets go of calls that hang.
func (s *Server) Close() {
	s.Faults.Clear(fake.AnyOp)
	s.claims.Close()
	s.messages.Close()
}

// reply is the answer to a call.
type reply struct {
	status int
	body   string
}

// ServeHTTP answers the vendor's API and the driver.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	driver := fake.Driver{Faults: &s.Faults, Journal: &s.Journal, Attempts: s.messages, Own: s.serveDriver}
	if driver.Serve(w, r) {
		return
	}
	op, id, status := s.route(r)
	if op == "" {
		refuse(w, status)
		return
	}
	if !s.authorized(op, r.Header.Get("Authorization")) {
		refuse(w, http.StatusUnauthorized)
		return
	}
	s.Faults.Serve(w, r, op, refuse, func(w http.ResponseWriter, r *http.Request) {
		body, ok := fake.ReadBody(w, r, refuse)
		if !ok {
			return
		}
		answer := s.handle(op, id, r, body)
		if answer.status != http.StatusOK {
			refuse(w, answer.status)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, answer.body)
	})
}

// authorized says whether a call shows the credential that its operation wants:
// the bot's token or, for a trigger response, a user's.
func (s *Server) authorized(op, header string) bool {
	switch op {
	case OpConfig:
		return true
	case OpTrigger:
		return header == "JWT "+s.opts.PublicToken
	}
	return s.opts.Unknown.NoToken || header == "Bearer "+s.opts.Token
}

// route names the operation of a request and the user in its path, or gives the
// status of the refusal.
func (s *Server) route(r *http.Request) (op, id string, status int) {
	if r.URL.Path == triggerPath {
		if r.Method != http.MethodPost {
			return "", "", http.StatusMethodNotAllowed
		}
		return OpTrigger, "", 0
	}
	rest, ok := strings.CutPrefix(r.URL.Path, "/webbot/api/webchat/")
	if !ok {
		return "", "", http.StatusNotFound
	}
	if !strings.HasSuffix(rest, "/") {
		return "", "", s.opts.Unknown.NoSlashStatus
	}
	path := strings.Split(strings.TrimSuffix(rest, "/"), "/")
	if len(path) < 2 || path[0] != s.opts.Deployment {
		return "", "", http.StatusNotFound
	}
	what := r.Method + " " + strings.Join(path[1:], "/")
	if len(path) == 3 {
		what, id = r.Method+" "+path[1], path[2]
	}
	for known, op := range map[string]string{
		"GET handover": OpHandover, "POST handover": OpSay, "GET takeover": OpTakeover, "GET config": OpConfig,
	} {
		if what == known && (op == OpConfig) == (id == "") {
			return op, id, 0
		}
		if strings.HasSuffix(known, what[len(r.Method):]) {
			status = http.StatusMethodNotAllowed
		}
	}
	return "", "", max(status, http.StatusNotFound)
}

// handle does what a call asks for.
func (s *Server) handle(op, id string, r *http.Request, body []byte) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	if op == OpConfig {
		return reply{http.StatusOK, `{"id":"` + s.opts.Deployment + `","title":"Shop assistant","theme":{}}`}
	}
	if op == OpTrigger {
		return reply{s.trigger(r, body), s.opts.Unknown.SuccessBody}
	}
	u, known := s.users[id]
	if !known {
		return reply{status: http.StatusNotFound}
	}
	switch op {
	case OpHandover:
		s.listen(u)
	case OpTakeover:
		s.takeover(u, r.URL.Query().Get("ClaimEnd"))
	case OpSay:
		if status := s.say(u, r, body); status != http.StatusOK {
			return reply{status: status}
		}
	}
	return reply{http.StatusOK, s.opts.Unknown.SuccessBody}
}

// say shows an agent's words to the user. The body is exactly a message.
func (s *Server) say(u *user, r *http.Request, body []byte) int {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		return http.StatusUnsupportedMediaType
	}
	var said map[string]any
	if json.Unmarshal(body, &said) != nil {
		return http.StatusBadRequest
	}
	text, ok := said["message"].(string)
	if !ok || len(said) != 1 || strings.TrimSpace(text) == "" {
		return http.StatusBadRequest
	}
	if !u.listening && s.opts.Unknown.BotModeStatus != 0 {
		return s.opts.Unknown.BotModeStatus
	}
	s.see(u, "agent", "text", text)
	if s.Faults.EchoOn(OpSay, false) {
		s.tell(s.userMessage(u, s.opts.Unknown.EchoAs, text, nil))
	}
	return http.StatusOK
}

// refuse writes a body for a status. The vendor's own is not documented.
func refuse(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"detail": http.StatusText(status)})
}
