// Package livechat is a strict double of LiveChat (Text platform, API 3.6): the
// account server that hands out tokens, the Customer Chat, Agent Chat and
// Configuration APIs, the file store, and the sender of webhooks. It is one
// http.Handler, so all of the vendor's hosts share its address.
//
// What people do in the agent app is done by methods of Server (AgentTakes,
// AgentSays, RouterCloses ...) or, when the fake is another process, by POST to
// /_fake/<action>; what agents see is in the Journal and in Transcript.
//
// Where the vendor's documentation is silent the fake does the likeliest thing
// and Switches change it. Faults are set in Faults by operation:
// "customer/start_chat", "agent/get_chat", "configuration/register_webhook",
// "token", "customer_token", "info", "cdn", and "hook" for webhooks.
package livechat

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/handoff-engine/handoff/testsuite/fake"
)

// Options describe the account that the fake plays. Zero fields have defaults.
type Options struct {
	OrganizationID string
	// ClientID, ClientSecret and RefreshToken belong to the installed app.
	ClientID, ClientSecret, RefreshToken string
	// AccountID and PAT are the personal access token of Requester.
	AccountID, PAT string
	// Requester is the agent in whose name the app and the token act.
	Requester string
	// Scopes are granted to both credentials; nil grants all.
	Scopes []string
	Agents []Agent
	Groups []Group
	// Now is the clock of tokens, files and events; default time.Now.
	Now func() time.Time
	// HookScale multiplies the pauses between repeats of a webhook; default 1.
	HookScale float64
	// HookTimeout is how long an answer to a webhook is awaited; default 10 s.
	HookTimeout time.Duration
}

// Server is one LiveChat account.
type Server struct {
	// Faults spoil calls and webhooks.
	Faults *fake.Faults
	// Journal records what agents see and do.
	Journal *fake.Journal
	// Hooks sends the webhooks.
	Hooks *fake.Outbox

	options  Options
	mux      *http.ServeMux
	mu       sync.Mutex
	switches Switches
	ids      int
	lastNow  time.Time

	tokens     map[string]*token
	issued     []*token
	customers  map[string]*customer
	chats      []*chat
	agents     []*Agent
	files      map[string]*file
	webhooks   []*webhook
	properties map[string]property
	disabled   bool // license webhooks were switched off
}

// Defaults of Options, for tests to use.
const (
	DefaultOrganization = "5a0c2d44-8f1e-4a3b-9c77-0d2b6e1f4a90"
	DefaultClientID     = "app77c1"
	DefaultClientSecret = "cs_9f0b6d"
	DefaultRefreshToken = "rt_0aa1c7"
	DefaultAccountID    = "2f6d0d8e-0b57-4b35-9a5e-6d2f0c6a1b11"
	DefaultPAT          = "dal:pat_77d0e1"
	DefaultRequester    = "owner@shop.example"
	Mira                = "mira@shop.example"
	Leo                 = "leo@shop.example"
	DefaultGroup        = 7
)

func (o Options) withDefaults() Options {
	o.OrganizationID = cmp.Or(o.OrganizationID, DefaultOrganization)
	o.ClientID = cmp.Or(o.ClientID, DefaultClientID)
	o.ClientSecret = cmp.Or(o.ClientSecret, DefaultClientSecret)
	o.RefreshToken = cmp.Or(o.RefreshToken, DefaultRefreshToken)
	o.AccountID = cmp.Or(o.AccountID, DefaultAccountID)
	o.PAT = cmp.Or(o.PAT, DefaultPAT)
	o.Requester = cmp.Or(o.Requester, DefaultRequester)
	if o.Agents == nil {
		o.Agents = []Agent{
			{ID: Mira, Name: "Mira", Groups: []int{DefaultGroup}, Status: accepting},
			{ID: Leo, Name: "Leo", Groups: []int{DefaultGroup, 8}, Status: accepting},
			{ID: o.Requester, Name: "Owner", Status: offline},
		}
	}
	if o.Groups == nil {
		o.Groups = []Group{{ID: DefaultGroup, Name: "Billing"}, {ID: 8, Name: "Shipping"}}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.HookTimeout == 0 {
		o.HookTimeout = 10 * time.Second
	}
	return o
}

// New makes an account without chats. Close it when done.
func New(options Options) *Server {
	options = options.withDefaults()
	s := &Server{
		Faults: &fake.Faults{}, Journal: &fake.Journal{}, options: options,
		tokens: map[string]*token{}, customers: map[string]*customer{},
		files: map[string]*file{}, properties: map[string]property{},
	}
	s.Hooks = &fake.Outbox{
		Timeout: options.HookTimeout,
		// Three repeats within about a minute, then the event is lost.
		Retries: []time.Duration{5 * time.Second, 15 * time.Second, 40 * time.Second},
		Scale:   options.HookScale,
		Faults:  s.Faults,
		Repeat:  func(status int, _ http.Header) bool { return status != http.StatusOK },
	}
	for i := range options.Agents {
		agent := options.Agents[i]
		s.agents = append(s.agents, &agent)
	}
	s.mux = http.NewServeMux()
	s.mux.HandleFunc("/v2/token", s.serve("token", s.oauthRefuser, s.serveToken))
	s.mux.HandleFunc("/v2/customer/token", s.serve("customer_token", s.oauthRefuser, s.serveCustomerToken))
	s.mux.HandleFunc("/v2/info", s.serve("info", s.oauthRefuser, s.serveInfo))
	s.mux.HandleFunc("/v3.6/{api}/action/{name}", s.serveAction)
	s.mux.HandleFunc("GET /api/file/lc/att/{id}/{name}", s.serve("cdn", s.Refuse, s.serveFile))
	s.mountControl()
	return s
}

// Close stops the sending of webhooks and lets go of hanging calls.
func (s *Server) Close() {
	s.Faults.Clear(fake.AnyOp)
	s.Hooks.Close()
}

// ServeHTTP answers a call of any of the vendor's hosts.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// serve reads the request whole, so that faults can tell when a client goes away.
func (s *Server) serve(op string, refuse fake.Refuser, handle func(http.ResponseWriter, *http.Request, []byte)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.Faults.Serve(w, r, op, refuse, func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(io.LimitReader(r.Body, maxFile+1<<20))
			if err != nil {
				return
			}
			handle(w, r, body)
		})
	}
}

// Refuse writes the error envelope of the chat APIs for a status. Statuses that
// stand for no error type come from something in front of the APIs, as text.
func (s *Server) Refuse(w http.ResponseWriter, status int) {
	kind := map[int]string{
		400: "validation", 401: "authentication", 403: "authorization", 404: "not_found", 413: "entity_too_large",
		421: "misdirected_request", 429: "too_many_requests", 500: "internal", 503: "service_unavailable", 504: "request_timeout",
	}[status]
	if kind == "" {
		http.Error(w, http.StatusText(status), status)
		return
	}
	writeJSON(w, status, map[string]any{"error": fail(kind, "asked for by a test")})
}

func (s *Server) oauthRefuser(w http.ResponseWriter, status int) {
	exception := map[int]string{400: "bad_request", 401: "invalid_request", 403: "forbidden", 404: "resource_not_found", 500: "server_error", 503: "temporarily_unavailable"}[status]
	if exception == "" {
		http.Error(w, http.StatusText(status), status)
		return
	}
	writeOAuthFailure(w, status, exception, "asked for by a test")
}

// serveAction answers a call of one of the three chat APIs.
func (s *Server) serveAction(w http.ResponseWriter, r *http.Request) {
	op := r.PathValue("api") + "/" + r.PathValue("name")
	s.serve(op, s.Refuse, func(w http.ResponseWriter, r *http.Request, body []byte) {
		s.mu.Lock()
		defer s.mu.Unlock()
		for name, date := range map[string]string{"Legacy": s.switches.Legacy, "Deprecation": s.switches.Deprecation} {
			if date != "" {
				w.Header().Set(name, date)
			}
		}
		answer, f := s.act(r, op, body)
		switch {
		case f != nil:
			s.writeFailure(w, f)
		case answer == nil && s.switches.EmptyBody:
			w.WriteHeader(http.StatusOK)
		case answer == nil:
			writeJSON(w, http.StatusOK, struct{}{})
		default:
			writeJSON(w, http.StatusOK, answer)
		}
	})(w, r)
}

// action is one method of an API.
type action struct {
	// scopes allow it, any of them; nil asks for no scope, public for no token.
	scopes []string
	public bool
	run    func(*call) (any, *failure)
}

// call is one request to an action, with who makes it.
type call struct {
	s       *Server
	request *http.Request
	who     principal
	body    []byte
}

func (s *Server) act(r *http.Request, op string, body []byte) (any, *failure) {
	a, ok := s.actions()[op]
	if !ok {
		return nil, fail("not_found", "no such action")
	}
	if r.Method != http.MethodPost {
		return nil, fail("validation", "only POST is allowed")
	}
	if f := s.checkRegion(r); f != nil {
		return nil, f
	}
	c := &call{s: s, request: r, body: body}
	customerSide := strings.HasPrefix(op, "customer/")
	if customerSide && r.URL.Query().Get("organization_id") == "" {
		return nil, fail("validation", "`organization_id` is required")
	}
	if !a.public {
		who, f := s.authenticate(r, customerSide)
		if f != nil {
			return nil, f
		}
		if !customerSide && a.scopes != nil && !slices.ContainsFunc(a.scopes, who.can) {
			return nil, fail("authorization", "missing scope "+a.scopes[0])
		}
		if customerSide && r.URL.Query().Get("organization_id") != s.options.OrganizationID {
			return nil, fail("license_not_found", "organization not found")
		}
		c.who = who
	}
	return a.run(c)
}

func (s *Server) checkRegion(r *http.Request) *failure {
	got := r.Header.Get("X-Region")
	if got == "" {
		got = "dal"
	}
	if s.switches.Region == "" || s.switches.Region == got {
		return nil
	}
	f := fail("misdirected_request", "Wrong region")
	f.Data = map[string]any{"region": s.switches.Region}
	return f
}

// read decodes the body. A field that the action does not have is a mistake.
func (c *call) read(v any) *failure {
	if !strings.HasPrefix(c.request.Header.Get("Content-Type"), "application/json") {
		return fail("validation", "Content-Type must be application/json")
	}
	d := json.NewDecoder(strings.NewReader(string(c.body)))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fail("validation", "wrong format of request: "+err.Error())
	}
	if d.More() {
		return fail("validation", "wrong format of request: more than one value")
	}
	return nil
}
