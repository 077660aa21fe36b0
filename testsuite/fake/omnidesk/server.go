// Package omnidesk is a fake of Omnidesk's live chat: the calls of its chat API,
// its hookpoints in every encoding that they may have, its tickets and its signed
// platform webhooks, and a driver with which a test plays the agents.
//
// The fake is strict. It refuses what the vendor's documents do not allow: another
// encoding than multipart forms, a missing or unknown field, a token or an address
// outside the documented patterns. What they leave open is a switch in Unknown.
//
// A Server is an http.Handler. It answers the account's API and the chat server's
// one path, and, for tests in another process, the driver under /_fake/.
package omnidesk

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/handoff-engine/handoff/testsuite/fake"
)

// The operations that faults are set for: the calls by their names, the
// hookpoints by theirs, and OpPlatform for the platform webhooks.
const (
	OpMessage    = "notifyUserNewChatMessage"
	OpAttachment = "addAttachment"
	OpEvent      = "notifyUserNewChatEvent"
	OpEnd        = "notifyUserEndChat"
	OpConfig     = "requestChatConfig"
	OpChatbot    = "message/chatbot"
	OpTicket     = "ticket"

	OpPlatform = "platform"
)

const (
	maxText = 4000
	maxFile = 10 << 20
)

// Server is one fake account.
type Server struct {
	Faults  fake.Faults
	Journal fake.Journal

	opts     Options
	hooks    *fake.Outbox
	platform *fake.Outbox

	mu         sync.Mutex
	sessions   map[string]*session
	tickets    []*ticket
	logs       []ChatbotLog
	kept       []keptHook
	nobody     bool
	lastID     int64
	webhookURL string
}

// New returns a fake account. Close it to stop its webhooks.
func New(opts Options) *Server {
	opts = opts.withDefaults()
	s := &Server{opts: opts, sessions: map[string]*session{}, webhookURL: opts.WebhookURL, lastID: 70000}
	s.hooks = &fake.Outbox{Client: opts.Client, Retries: opts.Unknown.HookRetries, Scale: opts.TimeScale, Faults: &s.Faults}
	s.platform = &fake.Outbox{Client: opts.Client, Retries: opts.Retries, Scale: opts.TimeScale, Faults: &s.Faults, Sign: s.sign}
	return s
}

// Hooks is the sender of the hookpoints' calls: its attempts tell what was sent.
func (s *Server) Hooks() *fake.Outbox { return s.hooks }

// Platform is the sender of the platform webhooks.
func (s *Server) Platform() *fake.Outbox { return s.platform }

// Close stops the webhooks and lets go of calls that hang.
func (s *Server) Close() {
	s.Faults.Clear(fake.AnyOp)
	s.hooks.Close()
	s.platform.Close()
}

// refusal is an answer that is no success.
type refusal struct {
	status int
	why    string
}

// ServeHTTP answers the API and the driver.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	driver := fake.Driver{Faults: &s.Faults, Journal: &s.Journal, Attempts: s.hooks, Own: s.serveDriver}
	if driver.Serve(w, r) {
		return
	}
	op, status := s.route(r)
	if op == "" {
		refuse(w, status)
		return
	}
	s.Faults.Serve(w, r, op, refuse, func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxFile+1<<20)
		if refused := s.authorize(op, r); refused != nil {
			_, _ = io.Copy(io.Discard, r.Body)
			answerError(w, *refused)
			return
		}
		answer, refused := s.handle(op, r)
		if refused != nil {
			answerError(w, *refused)
			return
		}
		s.answer(w, op, answer)
	})
}

// route names the operation of a request, or gives the status of the refusal.
func (s *Server) route(r *http.Request) (op string, status int) {
	u := s.opts.Unknown
	end := "/api/v2/message/notifyUserEndChat"
	if u.EndAtChat {
		end = "/api/v2/chat/notifyUserEndChat"
	}
	routes := map[string][2]string{
		"/api/v2/chat/notifyUserNewChatMessage": {http.MethodPost, OpMessage},
		"/api/v2/chat/addAttachment":            {http.MethodPost, OpAttachment},
		"/api/v2/chat/notifyUserNewChatEvent":   {http.MethodPost, OpEvent},
		end:                                     {http.MethodPost, OpEnd},
		"/api/v2/message/chatbot":               {http.MethodPost, OpChatbot},
	}
	if !u.NoAccountConfig {
		routes["/api/v2/chat/requestChatConfig"] = [2]string{http.MethodPost, OpConfig}
	}
	if !u.NoServerConfig {
		routes["/requestChatConfig"] = [2]string{http.MethodGet, OpConfig}
	}
	path := r.URL.Path
	if rest, ok := strings.CutPrefix(path, "/api/v2/ticket/"); ok && rest != "" && !strings.Contains(rest, "/") {
		routes[path] = [2]string{http.MethodGet, OpTicket}
	}
	route, known := routes[path]
	switch {
	case !known:
		return "", http.StatusNotFound
	case route[0] != r.Method:
		return "", http.StatusMethodNotAllowed
	}
	return route[1], 0
}

// authorize checks the API key. The calls of the older API pages want it; whether
// the chat calls do is a switch. A wrong one is refused in any case.
func (s *Server) authorize(op string, r *http.Request) *refusal {
	if r.URL.Path == "/requestChatConfig" {
		return nil
	}
	given, elsewhere := r.URL.Query().Get("apiKey"), r.Header.Get("apiKey")
	if s.opts.Unknown.KeyInHeader {
		given, elsewhere = elsewhere, given
	}
	wanted := op == OpTicket || op == OpChatbot || s.opts.Unknown.ChatNeedsKey
	if given == "" && elsewhere == "" && !wanted || given == s.opts.APIKey {
		return nil
	}
	return &refusal{http.StatusUnauthorized, "This API key is not valid."}
}

// handle does what a call asks for.
func (s *Server) handle(op string, r *http.Request) (any, *refusal) {
	switch op {
	case OpTicket:
		return s.showTicket(strings.TrimPrefix(r.URL.Path, "/api/v2/ticket/"), r.URL.Query().Get("getTicketHistory") == "true")
	case OpConfig:
		if r.Method == http.MethodGet {
			q := r.URL.Query()
			if q.Get("chatAccountToken") != s.opts.AccountToken || q.Get("chatServerToken") != s.opts.ServerToken {
				return nil, &refusal{http.StatusUnauthorized, "This token does not exist."}
			}
			return s.config(), nil
		}
	}
	f, refused := readForm(r, fieldsOf(op))
	if refused != nil {
		return nil, refused
	}
	if refused := s.checkForm(f); refused != nil {
		return nil, refused
	}
	switch op {
	case OpMessage:
		return s.newMessage(f)
	case OpAttachment:
		return s.newAttachment(f)
	case OpEvent:
		return s.newEvent(f)
	case OpEnd:
		return s.end(f)
	case OpChatbot:
		return s.fileLog(f), nil
	}
	return s.config(), nil
}

// answer writes a success.
func (s *Server) answer(w http.ResponseWriter, op string, body any) {
	w.Header().Set("Content-Type", "application/json")
	fields, ok := body.(map[string]any)
	if !ok || !s.opts.Unknown.LikePHP || !slices.Contains([]string{OpMessage, OpAttachment, OpEvent, OpEnd}, op) {
		_ = json.NewEncoder(w).Encode(body)
		return
	}
	// As the guide prints it, its missing quote included.
	_, _ = fmt.Fprintf(w, `{"type" => "result, "message" => "%v"`, fields["message"])
	for _, name := range []string{"ticketID", "messageID"} {
		if id, there := fields[name]; there {
			_, _ = fmt.Fprintf(w, `, "%s" => %v`, name, id)
		}
	}
	_, _ = io.WriteString(w, "}")
}

func answerError(w http.ResponseWriter, r refusal) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(r.status)
	_ = json.NewEncoder(w).Encode(map[string]string{"status": "error", "message": r.why})
}

// refuse writes the vendor's shape of an error for a status.
func refuse(w http.ResponseWriter, status int) {
	answerError(w, refusal{status, http.StatusText(status)})
}

// nextID numbers tickets, messages and events.
func (s *Server) nextID() int64 {
	s.lastID++
	return s.lastID
}

// id writes an id as the switch says.
func (s *Server) id(n int64) any {
	if s.opts.Unknown.TextIDs {
		return strconv.FormatInt(n, 10)
	}
	return n
}
