// Package slack is a strict double of Slack: one workspace with its channels and people, the methods of the Web API that a
// desk needs, the file store, and the sender of events and clicks. It is one http.Handler, so all of the vendor's hosts
// share its address; the Web API is below /api/.
//
// What people do in the Slack client is done by methods of Server (AgentSays, AgentClicks, AgentEdits …); what they see
// is in Thread, Card and the Journal.
//
// Where the vendor's documentation is silent the fake does the likeliest thing and Switches change it. Faults are set in
// Faults by operation: the method's name such as "chat.postMessage", "upload" and "file" for the file store, and "hook" for
// webhooks.
package slack

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/handoff-engine/handoff/testsuite/fake"
)

// Options describe the workspace. Zero fields have defaults.
type Options struct {
	// Token is the bot token, SigningSecret signs webhooks.
	Token, SigningSecret string
	// Scopes are what the app was granted; nil grants all that it may ask for.
	Scopes []string
	// HookScale multiplies the pauses between repeats of a webhook; default 1.
	HookScale float64
	// HookTimeout is how long an answer to a webhook is awaited; default 3 s, as the vendor does.
	HookTimeout time.Duration
}

// Defaults of Options, and the names of the workspace, for tests to use.
const (
	DefaultToken         = "xoxb-1-c4n4ry-77d0e1"
	DefaultSigningSecret = "8f742231b10e8888abcd99yyyzzz85a5"
	Team                 = "T0001ABCD"
	App                  = "A0001ABCD"
	Bot                  = "B0001ABCD"
	BotUser              = "U0BOT0001"
	Support              = "C0001ABCD"
	Billing              = "C0002ABCD"
	Helpers              = "S0001ABCD"
	Sam                  = "U0SAM0001"
	Mira                 = "U0MIRA001"
	// Guest belongs to another company.
	Guest = "U0GUEST01"
)

// Server is one workspace.
type Server struct {
	// Faults spoil calls and webhooks.
	Faults *fake.Faults
	// Journal records what people see in channels, under the channel and the thread: "<channel>:<ts>".
	Journal *fake.Journal
	// Hooks sends the webhooks.
	Hooks *fake.Outbox

	options  Options
	mux      *http.ServeMux
	mu       sync.Mutex
	switches Switches
	hook     string
	base     string
	lastTS   int64
	ids      int
	channels map[string]*channel
	users    map[string]*person
	files    map[string]*file
	tries    map[string]int
	late     []lateShare
}

type channel struct {
	id                         string
	external, archived, member bool
	messages                   []*Message
	// limited is until when posts are refused.
	limited time.Time
}

type person struct {
	id, name     string
	deleted, bot bool
	active       bool
	team         string
}

// New makes a workspace with two channels and two agents. Close it when done.
func New(options Options) *Server {
	if options.Token == "" {
		options.Token = DefaultToken
	}
	if options.SigningSecret == "" {
		options.SigningSecret = DefaultSigningSecret
	}
	if options.HookTimeout == 0 {
		options.HookTimeout = 3 * time.Second
	}
	if options.Scopes == nil {
		options.Scopes = []string{
			"chat:write", "chat:write.customize", "channels:history", "groups:history", "channels:read", "groups:read", "users:read",
			"files:read", "files:write", "usergroups:read",
		}
	}
	s := &Server{
		Faults: &fake.Faults{}, Journal: &fake.Journal{}, options: options, files: map[string]*file{}, tries: map[string]int{},
		channels: map[string]*channel{Support: {id: Support, member: true}, Billing: {id: Billing, member: true}},
		users: map[string]*person{
			Sam: {id: Sam, name: "sam", active: true, team: Team}, Mira: {id: Mira, name: "mira", active: true, team: Team},
			BotUser: {id: BotUser, name: "handoff", bot: true, active: true, team: Team},
			Guest:   {id: Guest, name: "guest", active: true, team: "T0009WXYZ"},
		},
	}
	s.Hooks = &fake.Outbox{
		Timeout: options.HookTimeout,
		// At once, after about a minute, after about five [docs: Events API].
		Retries: []time.Duration{time.Millisecond, time.Minute, 5 * time.Minute},
		Scale:   options.HookScale,
		Faults:  s.Faults,
		Sign:    s.sign,
	}
	s.mux = http.NewServeMux()
	s.mux.HandleFunc("/api/{method}", s.serveMethod)
	s.mux.HandleFunc("/upload/v1/{id}", s.serveUpload)
	s.mux.HandleFunc("GET /files-pri/{id}/{name}", s.serveFile)
	fake.Driver{Faults: s.Faults, Journal: s.Journal, Attempts: s.Hooks}.Mount(s.mux)
	return s
}

// Close stops the sending of webhooks and lets go of hanging calls.
func (s *Server) Close() {
	s.Faults.Clear(fake.AnyOp)
	s.Hooks.Close()
}

// SetHook sets the request URL of events and clicks.
func (s *Server) SetHook(address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hook = address
}

// ServeHTTP answers a call of any of the vendor's hosts.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// call is one request to a method: its arguments, from a form or from JSON.
type call struct {
	*Server
	args map[string]string
	base string
}

// method is what answers a call: the fields of its answer, or an error code.
type method struct {
	scopes []string // any of them
	run    func(*call) (map[string]any, string)
}

func (s *Server) methods() map[string]method {
	history := []string{"channels:history", "groups:history"}
	return map[string]method{
		"auth.test":                    {nil, (*call).authTest},
		"conversations.info":           {[]string{"channels:read", "groups:read"}, (*call).channelInfo},
		"conversations.history":        {history, (*call).history},
		"conversations.replies":        {history, (*call).replies},
		"chat.postMessage":             {[]string{"chat:write"}, (*call).postMessage},
		"chat.update":                  {[]string{"chat:write"}, (*call).updateMessage},
		"chat.delete":                  {[]string{"chat:write"}, (*call).deleteMessage},
		"chat.getPermalink":            {nil, (*call).permalink},
		"users.info":                   {[]string{"users:read"}, (*call).userInfo},
		"users.getPresence":            {[]string{"users:read"}, (*call).presence},
		"usergroups.users.list":        {[]string{"usergroups:read"}, (*call).members},
		"files.getUploadURLExternal":   {[]string{"files:write"}, (*call).uploadURL},
		"files.completeUploadExternal": {[]string{"files:write"}, (*call).completeUpload},
	}
}

func (s *Server) serveMethod(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("method")
	s.Faults.Serve(w, r, name, s.Refuse, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 4<<20))
		if err != nil {
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.shareLate()
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.Header().Set("X-OAuth-Scopes", strings.Join(s.options.Scopes, ","))
		answer, code := s.answer(w, r, name, body)
		if code == limited {
			return
		}
		if code != "" {
			answer = map[string]any{"error": code}
			if needed, lacks := strings.CutPrefix(code, "missing_scope:"); lacks {
				answer = map[string]any{"error": "missing_scope", "needed": needed, "provided": strings.Join(s.options.Scopes, ",")}
			}
		}
		if answer == nil {
			answer = map[string]any{}
		}
		answer["ok"] = code == ""
		_ = json.NewEncoder(w).Encode(answer)
	})
}

// limited stands for an answer that was written already: 429.
const limited = "429"

func (s *Server) answer(w http.ResponseWriter, r *http.Request, name string, body []byte) (map[string]any, string) {
	m, known := s.methods()[name]
	if !known {
		return nil, "unknown_method"
	}
	args, code := arguments(r, body)
	if code != "" {
		return nil, code
	}
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer {
		token = args["token"]
	}
	switch {
	case token == "":
		return nil, "not_authed"
	case token != s.options.Token:
		return nil, "invalid_auth"
	case s.switches.TokenRevoked:
		return nil, "token_revoked"
	}
	if m.scopes != nil && !slices.ContainsFunc(m.scopes, s.granted) {
		return nil, "missing_scope:" + m.scopes[0]
	}
	c := &call{Server: s, args: args, base: "http://" + r.Host}
	if name == "chat.postMessage" || name == "files.completeUploadExternal" {
		if wait := s.limit(args["channel"] + args["channel_id"]); wait > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(wait.Seconds()+1)))
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = io.WriteString(w, `{"ok":false,"error":"ratelimited"}`)
			return nil, limited
		}
	}
	return m.run(c)
}

func (s *Server) granted(scope string) bool { return slices.Contains(s.options.Scopes, scope) }

// limit says how long a channel takes no more messages.
func (s *Server) limit(channel string) time.Duration {
	ch := s.channels[channel]
	if ch == nil {
		return 0
	}
	return time.Until(ch.limited)
}

// arguments reads a form, or JSON, whose token must be in the header.
func arguments(r *http.Request, body []byte) (map[string]string, string) {
	args := map[string]string{}
	switch kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); kind {
	case "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, "invalid_form_data"
		}
		for key := range form {
			args[key] = form.Get(key)
		}
	case "application/json":
		var fields map[string]any
		if json.Unmarshal(body, &fields) != nil {
			return nil, "invalid_json"
		}
		for key, value := range fields {
			if text, ok := value.(string); ok {
				args[key] = text
				continue
			}
			b, _ := json.Marshal(value)
			args[key] = string(b)
		}
		delete(args, "token")
	case "":
	default:
		return nil, "invalid_post_type"
	}
	return args, ""
}

// Refuse writes what the vendor says with a status.
func (s *Server) Refuse(w http.ResponseWriter, status int) {
	code := map[int]string{429: "ratelimited", 500: "internal_error", 503: "service_unavailable"}[status]
	if code == "" {
		http.Error(w, http.StatusText(status), status)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"ok":false,"error":%q}`, code)
}

// nextTS numbers a message: growing and unique, in microseconds.
func (s *Server) nextTS() string {
	s.lastTS = max(s.lastTS+100, time.Now().UnixMicro())
	return fmt.Sprintf("%d.%06d", s.lastTS/1_000_000, s.lastTS%1_000_000)
}

func (s *Server) nextID(prefix string) string {
	s.ids++
	return fmt.Sprintf("%s%07d", prefix, s.ids)
}

// truthy reads a boolean argument.
func truthy(v string) bool { return v == "1" || v == "true" }
