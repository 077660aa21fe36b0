// Package teams is a strict double of what a bot meets in Microsoft Teams: the token endpoint of Entra ID, the document
// and the keys that activities are signed with, the Bot Connector API v3, the reading of a thread through Microsoft Graph,
// and the sender of activities. It is one
// http.Handler, so all of the vendor's hosts share its address; service addresses are <address>/teams and
// <address>/emea/.
//
// What people do in the channel is done by methods of Server (AgentSays, AgentEdits, AgentClicks ...); what they see is in
// the Journal and in Thread. Where the vendor's documentation is silent the fake does the likeliest thing and Switches
// change it. Faults are set in Faults by operation: "token", "openid", "keys", "create", "post", "update", "delete",
// "members", "attachment", "replies" (Graph), and "hook" for activities.
package teams

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/handoff-engine/handoff/testsuite/fake"
)

// The operations that faults are set for.
const (
	OpToken      = "token"
	OpOpenID     = "openid"
	OpKeys       = "keys"
	OpCreate     = "create"
	OpPost       = "post"
	OpUpdate     = "update"
	OpDelete     = "delete"
	OpMembers    = "members"
	OpAttachment = "attachment"
	OpReplies    = "replies"
	OpHook       = "hook"
)

// Defaults of Options, for tests to use.
const (
	DefaultAppID     = "00000000-0000-4000-8000-0000000000b0"
	DefaultAppSecret = "aad~secret-51c0"
	DefaultTenant    = "11111111-0000-4000-8000-000000000001"
	DefaultChannel   = "19:queue@thread.tacv2"
	DefaultGroup     = "33333333-0000-4000-8000-000000000003"
	BillingChannel   = "19:billing@thread.tacv2"
	BotName          = "Handoff"
	Sam              = "22222222-0000-4000-8000-000000000002"
	Mira             = "22222222-0000-4000-8000-000000000003"
)

// Member is a person of the team.
type Member struct {
	// Object is the id in Entra ID, Account the one that the bot knows.
	Object, Account, Name string
}

// Options describe the tenant that the fake plays. Zero fields have defaults.
type Options struct {
	AppID, AppSecret, Tenant string
	// Channels are those of the one team that the bot is installed in.
	Channels []string
	Members  []Member
	// Key signs the activities.
	Key SigningKey
	// Now is the clock of tokens and activities; default time.Now.
	Now func() time.Time
	// HookTimeout is how long an answer to an activity is awaited; default 15 s. HookScale multiplies the pauses between
	// its repeats; default 1.
	HookTimeout time.Duration
	HookScale   float64
	// PageSize bounds a page of the roster, default 500, and of messages in Graph, default 50.
	PageSize int
}

// Switches settle what the vendor's documentation leaves open, and put the tenant into states that are rare. The zero
// value is the likeliest vendor.
type Switches struct {
	// MentionsOnly plays an app without resource-specific consent: the bot hears only what mentions it.
	MentionsOnly bool `json:"mentions_only,omitempty"`
	// Limits refuses what goes beyond the documented limits of a channel; RetryAfter is the header then, if any.
	Limits     bool   `json:"limits,omitempty"`
	RetryAfter string `json:"retry_after,omitempty"`
	// Removed plays a bot that was removed from the team.
	Removed bool `json:"removed,omitempty"`
	// NoActivityID leaves activityId out of the answer that opens a thread.
	NoActivityID bool `json:"no_activity_id,omitempty"`
	// EmptyAnswers answers posts with a status and no body.
	EmptyAnswers bool `json:"empty_answers,omitempty"`
	// OwnPosts delivers the bot's own posts back to it.
	OwnPosts bool `json:"own_posts,omitempty"`
	// EscapedText writes the text of activities as markup writes it, with &lt; and &amp;. The documentation does not say.
	EscapedText bool `json:"escaped_text,omitempty"`
	// NoEndorsements leaves them out of the keys.
	NoEndorsements bool `json:"no_endorsements,omitempty"`
	// NoRepeat gives an activity up at any answer, instead of repeating it after a 5xx or 429.
	NoRepeat bool `json:"no_repeat,omitempty"`
	// GraphLag is how long a message takes to show in Graph, which is unknown.
	GraphLag time.Duration `json:"graph_lag,omitempty"`
	// NoGraph refuses to show messages: the consent was not granted.
	NoGraph bool `json:"no_graph,omitempty"`
	// SmallMessages plays the 40 KB of the older pages instead of about 100 KB.
	SmallMessages bool `json:"small_messages,omitempty"`
}

// Server is one tenant.
type Server struct {
	// Faults spoil calls and activities.
	Faults *fake.Faults
	// Journal records what people in the channel see and do.
	Journal *fake.Journal
	// Hooks sends the activities, but for clicks, whose answers are read.
	Hooks *fake.Outbox

	options Options
	mux     *http.ServeMux

	mu       sync.Mutex
	switches Switches
	key      SigningKey
	tokens   map[string]access
	issued   int
	threads  []*thread
	files    map[string]file
	lastID   int64
	clicks   int
	service  string
	hook     string
	sends    map[string][]time.Time
}

// New makes a tenant without threads. Close it when done.
func New(options Options) *Server {
	options = options.withDefaults()
	s := &Server{
		Faults: &fake.Faults{}, Journal: &fake.Journal{}, options: options, key: options.Key, lastID: 1767225600000,
		tokens: map[string]access{}, files: map[string]file{}, sends: map[string][]time.Time{}, mux: http.NewServeMux(),
	}
	s.Hooks = &fake.Outbox{
		// How often Teams repeats, and when, is unknown.
		Timeout: options.HookTimeout, Retries: []time.Duration{time.Second, 5 * time.Second, 15 * time.Second}, Scale: options.HookScale,
		Faults: s.Faults, Repeat: s.repeats,
		Sign: func(h fake.Hook) http.Header { return s.sign(h.Body) },
	}
	for pattern, x := range map[string]struct {
		op     string
		handle func(http.ResponseWriter, *http.Request, []byte)
	}{
		"POST /{tenant}/oauth2/v2.0/token":                                   {OpToken, s.serveToken},
		"GET /v1/.well-known/openidconfiguration":                            {OpOpenID, s.serveOpenID},
		"GET /v1/.well-known/keys":                                           {OpKeys, s.serveKeys},
		"POST /{region}/v3/conversations":                                    {OpCreate, s.authorized(s.serveCreate)},
		"POST /{region}/v3/conversations/{id}/activities":                    {OpPost, s.authorized(s.servePost)},
		"PUT /{region}/v3/conversations/{id}/activities/{message}":           {OpUpdate, s.authorized(s.serveUpdate)},
		"DELETE /{region}/v3/conversations/{id}/activities/{message}":        {OpDelete, s.authorized(s.serveDelete)},
		"GET /{region}/v3/conversations/{id}/pagedmembers":                   {OpMembers, s.authorized(s.serveMembers)},
		"GET /{region}/v3/conversations/{id}/pagedMembers":                   {OpMembers, s.authorized(s.serveMembers)},
		"GET /{region}/v3/attachments/{file}/views/original":                 {OpAttachment, s.authorized(s.serveFile)},
		"GET /v1.0/teams/{group}/channels/{channel}/messages":                {OpReplies, s.graph(s.serveRoots)},
		"GET /v1.0/teams/{group}/channels/{channel}/messages/{root}/replies": {OpReplies, s.graph(s.serveReplies)},
	} {
		s.mux.HandleFunc(pattern, s.serve(x.op, x.handle))
	}
	fake.Driver{Faults: s.Faults, Journal: s.Journal, Attempts: s.Hooks}.Mount(s.mux)
	return s
}

func (o Options) withDefaults() Options {
	o.AppID = cmp.Or(o.AppID, DefaultAppID)
	o.AppSecret = cmp.Or(o.AppSecret, DefaultAppSecret)
	o.Tenant = cmp.Or(o.Tenant, DefaultTenant)
	if o.Channels == nil {
		o.Channels = []string{DefaultChannel, BillingChannel}
	}
	if o.Members == nil {
		o.Members = []Member{{Object: Sam, Account: "29:1sam", Name: "Sam Example"}, {Object: Mira, Account: "29:1mira", Name: "Mira & Co."}}
	}
	if o.Key.Private == nil {
		o.Key = Key("k1")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.HookTimeout == 0 {
		o.HookTimeout = 15 * time.Second
	}
	if o.PageSize == 0 {
		o.PageSize = 500
	}
	return o
}

// Close stops the sending of activities and lets go of hanging calls.
func (s *Server) Close() {
	s.Faults.Clear(fake.AnyOp)
	s.Hooks.Close()
}

// ServeHTTP answers a call of any of the vendor's hosts.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// SetHook sets the messaging endpoint of the bot registration.
func (s *Server) SetHook(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hook = url
}

// Switch changes the switches.
func (s *Server) Switch(change func(*Switches)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.switches)
}

// serve reads the request whole, so that faults can tell when a client goes away.
func (s *Server) serve(op string, handle func(http.ResponseWriter, *http.Request, []byte)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.Faults.Serve(w, r, op, s.Refuse, func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
			if err != nil {
				return
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			s.service = "http://" + r.Host + "/emea/"
			handle(w, r, body)
		})
	}
}

// Refuse writes the Connector's error for a status.
func (s *Server) Refuse(w http.ResponseWriter, status int) {
	code := map[int]string{
		400: "BadSyntax", 401: "BotNotRegistered", 403: "BotNotInConversationRoster", 404: "ConversationNotFound",
		412: "PreconditionFailed", 413: "MessageSizeTooBig", 429: "Throttled", 500: "ServiceError",
	}[status]
	if code == "" {
		http.Error(w, http.StatusText(status), status)
		return
	}
	refuse(w, status, code, "asked for by a test")
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	writeJSON(w, status, map[string]any{"error": map[string]any{"code": code, "message": message}})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
