// Package dialogflow is Google's Dialogflow for tests: the token endpoint, and
// the sessions of one agent, ES (v2) or CX (v3).
//
// It is strict: it refuses names of other projects, regions and agents, ids and
// texts that are too long, empty texts, fields of the other edition, contexts
// that nobody may make, and tokens that it did not issue. Sessions expire by
// its clock without saying so, a turn that is repeated is another turn, and the
// bot goes on answering after it asked for a human. What it answered is in the
// Journal, under the session's id.
//
// Faults are set by operation: "token", "detect_intent", "match_intent",
// "list_contexts".
package dialogflow

import (
	"cmp"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/handoff-engine/handoff/testsuite/fake"
)

// The operations that faults are set for.
const (
	OpToken    = "token"
	OpDetect   = "detect_intent"
	OpMatch    = "match_intent"
	OpContexts = "list_contexts"
)

// The agent of Options that name none.
const (
	DefaultProject  = "acme-bot"
	DefaultLocation = "europe-west1"
	DefaultAgent    = "3f2a1b4c-1111-4222-8333-444455556666"
	Email           = "handoff@acme-bot.iam.gserviceaccount.com"
)

// How long a silent session is kept.
const (
	ttlES = 20 * time.Minute
	ttlCX = 30 * time.Minute
)

// Options describe the agent. Zero fields have defaults.
type Options struct {
	// CX makes it an agent of CX instead of ES.
	CX bool
	// Project, Location and Agent are in every name. Location "" is the global
	// one of ES; a CX agent without one is in DefaultLocation.
	Project, Location, Agent string
	// Environments are those that exist besides the draft.
	Environments []string
	// Bot decides what is answered; nil is Script.
	Bot func(t Turn) Answer
	// Now is the clock of sessions and tokens.
	Now func() time.Time
	// TokenLife is how long a token is good; default 1h.
	TokenLife time.Duration
	// OpenToAll makes it an emulator that asks for no token.
	OpenToAll bool
	// Fulfillment is the webhook that an answer may call.
	Fulfillment Fulfillment
}

// Server is one agent, and Google's token endpoint.
type Server struct {
	Faults  fake.Faults
	Journal fake.Journal

	opts Options
	key  *rsa.PrivateKey

	mu       sync.Mutex
	sessions map[string]*session
	tokens   map[string]time.Time // when they expire
	issued   int
	answers  int
	calls    []Call
}

// session is what the vendor remembers of one session.
type session struct {
	at         time.Time
	ttl        time.Duration
	turns      int
	page       string
	parameters map[string]any
	contexts   []Context
}

// Context is something that ES remembers for some turns, by its id.
type Context struct {
	ID         string
	Lifespan   int
	Parameters map[string]any
}

// Call is one detectIntent that was served, as a test may want to see it.
type Call struct {
	Session     string
	Environment string
	Text        string
	Event       string
	Language    string
	// Page and Contexts tell what was sent along, not what was remembered.
	Page       string
	Contexts   []Context
	Reset      bool
	Parameters map[string]any
	Payload    map[string]any
	Channel    string
}

// New makes an agent without sessions.
func New(opts Options) *Server {
	opts.Project = cmp.Or(opts.Project, DefaultProject)
	opts.TokenLife = cmp.Or(opts.TokenLife, time.Hour)
	if opts.CX {
		opts.Location, opts.Agent = cmp.Or(opts.Location, DefaultLocation), cmp.Or(opts.Agent, DefaultAgent)
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Bot == nil {
		opts.Bot = Script
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return &Server{opts: opts, key: key, sessions: map[string]*session{}, tokens: map[string]time.Time{}}
}

// Credentials gives the service account's key as Google's JSON file, for a
// server at the given address.
func (s *Server) Credentials(url string) string {
	der, err := x509.MarshalPKCS8PrivateKey(s.key)
	if err != nil {
		panic(err)
	}
	b, err := json.Marshal(map[string]string{
		"type": "service_account", "project_id": s.opts.Project, "private_key_id": "key-1", "client_email": Email,
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"client_id":   "1047", "token_uri": url + "/token",
	})
	if err != nil {
		panic(err)
	}
	return string(b)
}

// ExpireTokens makes every token that was issued worthless.
func (s *Server) ExpireTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// TokensIssued counts the tokens.
func (s *Server) TokensIssued() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.issued
}

// Turns counts the turns that a session took, repeated ones included, since it
// last began.
func (s *Server) Turns(session string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x := s.sessions[session]; x != nil {
		return x.turns
	}
	return 0
}

// Calls gives every turn that was served, oldest first.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Call{}, s.calls...)
}

// ServeHTTP answers the API, the token endpoint, and below /_fake/ the shared
// faults and journal.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/_fake/faults":
		s.Faults.ServeHTTP(w, r)
	case r.URL.Path == "/_fake/journal":
		s.Journal.ServeHTTP(w, r)
	case r.URL.Path == "/token":
		s.Faults.Serve(w, r, OpToken, refuse, s.token)
	case strings.HasSuffix(r.URL.Path, ":detectIntent"):
		s.Faults.Serve(w, r, OpDetect, refuse, s.serve(":detectIntent", http.MethodPost, s.detect))
	case s.opts.CX && strings.HasSuffix(r.URL.Path, ":matchIntent"):
		s.Faults.Serve(w, r, OpMatch, refuse, s.serve(":matchIntent", http.MethodPost, s.match))
	case !s.opts.CX && strings.HasSuffix(r.URL.Path, "/contexts"):
		s.Faults.Serve(w, r, OpContexts, refuse, s.serve("/contexts", http.MethodGet, s.contexts))
	default:
		refuse(w, http.StatusNotFound)
	}
}
