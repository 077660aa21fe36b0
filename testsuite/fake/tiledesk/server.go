// Package tiledesk is a strict double of a Tiledesk server (2.19.16) with its chat engine, chat21: sign-in, the
// conversations that it calls requests, their messages, routing, webhook subscriptions and files. It is one http.Handler,
// and answers with and without the cloud's prefix /v3.
//
// What agents do in their console is done by methods of Server (AgentSays, AgentJoins, AgentCloses ...), or below /_fake/
// when the fake is another process; what they see is in Messages and in the Journal. Where the server can be set up in more than one way, Switches say how.
//
// Faults are set in Faults by operation, one for each call of the API (the Op… constants), and "hook" for webhooks.
package tiledesk

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/handoff-engine/handoff/testsuite/fake"
)

// The operations that faults are set for.
const (
	OpSignIn      = "signin"
	OpAnonymous   = "signin_anonymously"
	OpCustomToken = "signin_with_custom_token"
	OpLead        = "lead"
	OpSend        = "send_message"
	OpMessages    = "list_messages"
	OpRequest     = "get_request"
	OpAssign      = "assign"
	OpAgent       = "agent"
	OpDepartments = "departments"
	OpSetPeople   = "participants"
	OpClose       = "close"
	OpAttributes  = "attributes"
	OpNote        = "note"
	OpPatch       = "patch"
	OpUsers       = "project_users"
	OpDepartment  = "department"
	OpAvailable   = "availables"
	OpSubscribe   = "subscribe"
	OpListHooks   = "list_subscriptions"
	OpUnsubscribe = "unsubscribe"
	OpFile        = "file"
	OpHook        = "hook"
)

// What the fake plays, for tests to use.
const (
	DefaultProject    = "6b0068bb07e32a2764eeb62c"
	DefaultEmail      = "mw@example.com"
	DefaultPassword   = "pw-4d1f77"
	DefaultJWTSecret  = "21d96094-6f0e-4b52-9a4e-5a1c0e7f2b11"
	DefaultDepartment = "6b0068bb07e32a2764eeb630"
	// Billing is a second department; Pool is one whose agents take what they want.
	Billing = "6b0068bb07e32a2764eeb631"
	Pool    = "6b0068bb07e32a2764eeb632"
	// Alice and Bob are agents of all departments, in this order; Integration is the user of DefaultEmail.
	Alice       = "6b0068e807e32a2764eeb67f"
	Bob         = "6b0068e807e32a2764eeb680"
	Integration = "6b006c6807e32a2764eebf76"
)

// Options describe the server. Zero fields have defaults.
type Options struct {
	Project, Email, Password, JWTSecret string
	// Role is that of the integration user; default admin.
	Role string
	// Labels are the project's: a text with ${NAME} gives way to one.
	Labels map[string]string
	// Now is the clock; default time.Now.
	Now func() time.Time
	// HookScale multiplies the pauses between repeats of a webhook; default 1.
	HookScale float64
}

// Switches are ways in which servers differ, and states that they come into.
type Switches struct {
	// NoChat21 leaves messages at status 0, and text commands without effect.
	NoChat21 bool
	// NoHooks is a server without RESTHOOK_ENABLED.
	NoHooks bool
	// QuotaReached refuses conversations beyond status 50.
	QuotaReached bool
	// OutsideHours makes nobody available.
	OutsideHours bool
	// FilesWantToken serves files to who is signed in only, as other versions do.
	FilesWantToken bool
	// OtherHook shows the last subscription of an event in each delivery, as repeats do.
	OtherHook bool
	// BareAttributes leaves the conversation's attributes out of webhooks.
	BareAttributes bool
	// SlowCreation lets first messages of one conversation overlap.
	SlowCreation bool
}

// Server is one Tiledesk server with one project.
type Server struct {
	// Faults spoil calls and webhooks.
	Faults *fake.Faults
	// Journal records what agents see.
	Journal *fake.Journal
	// Hooks sends the webhooks.
	Hooks *fake.Outbox

	options  Options
	mux      *http.ServeMux
	secret   string // of all subscriptions: one for each process
	mu       sync.Mutex
	switches Switches
	lastID   int
	lastNow  time.Time
	crashes  int

	users         []*user
	departments   []*department
	tokens        map[string]caller
	members       map[string]*member // customers, by their id
	leads         map[string]*lead   // by the customer's id
	requests      map[string]*request
	order         []*request
	creating      map[string]bool
	subscriptions []*subscription
	files         map[string]*file
}

// New makes a server with a project, two available agents and no conversations. Close it when done.
func New(options Options) *Server {
	for field, value := range map[*string]string{
		&options.Project: DefaultProject, &options.Email: DefaultEmail, &options.Password: DefaultPassword,
		&options.JWTSecret: DefaultJWTSecret, &options.Role: "admin",
	} {
		if *field == "" {
			*field = value
		}
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	s := &Server{
		Faults: &fake.Faults{}, Journal: &fake.Journal{}, options: options, secret: "6023e176-124b-4f0a-9c0f-04cc3bba4a31",
		tokens: map[string]caller{}, members: map[string]*member{}, leads: map[string]*lead{}, requests: map[string]*request{}, creating: map[string]bool{},
		files: map[string]*file{},
		users: []*user{
			{ID: Integration, First: "Handoff", Last: "Middleware", Email: options.Email, Phone: "39000001", Role: options.Role},
			{ID: Alice, First: "Alice", Last: "Agent", Email: "alice@example.com", Role: "agent", Available: true},
			{ID: Bob, First: "Bob", Last: "Agent", Email: "bob@example.com", Role: "agent", Available: true},
		},
		departments: []*department{
			{ID: DefaultDepartment, Name: "Default Department", Routing: "assigned", Default: true},
			{ID: Billing, Name: "Billing", Routing: "assigned"},
			{ID: Pool, Name: "Pool", Routing: "unassigned"},
		},
	}
	s.Hooks = &fake.Outbox{
		Retries: []time.Duration{2500 * time.Millisecond, 4500 * time.Millisecond}, Scale: options.HookScale, Faults: s.Faults,
		// Only 429, 5xx, 1xx and lost connections are repeated; a 4xx loses the event.
		Repeat: func(status int, _ http.Header) bool {
			return status == http.StatusTooManyRequests || status >= 500 || status < 200
		},
	}
	s.mux = s.routes()
	return s
}

// Close stops the sending of webhooks and lets go of hanging calls.
func (s *Server) Close() {
	s.Faults.Clear(fake.AnyOp)
	s.Hooks.Close()
}

// Switch changes how the server is set up.
func (s *Server) Switch(change func(*Switches)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.switches)
}

// ServeHTTP answers calls, and serves the driver.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.driver().Serve(w, r) {
		return
	}
	s.mux.ServeHTTP(w, unprefixed(r))
}

// unprefixed takes the cloud's prefix from a request's path.
func unprefixed(r *http.Request) *http.Request {
	rest, ok := strings.CutPrefix(r.URL.Path, "/v3/")
	if !ok {
		return r
	}
	again := r.Clone(r.Context())
	again.URL.Path, again.URL.RawPath = "/"+rest, ""
	return again
}

// call is one request to the API.
type call struct {
	*http.Request
	body []byte
	who  caller
}

// decode reads the JSON body.
func (c call) decode(into any) bool { return json.Unmarshal(c.body, into) == nil }

// reply is an answer. Hang never answers, as a handler that threw.
type reply struct {
	status int
	body   any
	text   string
	header http.Header
	hang   bool
}

func answer(body any) reply { return reply{status: http.StatusOK, body: body} }

func refuse(status int, msg string) reply {
	return reply{status: status, body: map[string]any{"success": false, "msg": msg}}
}

// roles, from the least to the greatest. A customer is a guest or a user.
func rank(role string) int {
	for i, r := range []string{"", "guest", "user", "teammate", "agent", "supervisor", "admin", "owner"} {
		if r == role {
			return i
		}
	}
	return 0
}

// routes lists every call that is known.
func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	open := func(pattern, op string, do func(call) reply) { s.handle(mux, pattern, op, "", do) }
	within := func(pattern, op, role string, do func(call) reply) { s.handle(mux, pattern, op, role, do) }
	open("POST /auth/signin", OpSignIn, s.signIn)
	open("POST /auth/signinAnonymously", OpAnonymous, s.signInAnonymously)
	open("POST /auth/signinWithCustomToken", OpCustomToken, s.signInWithCustomToken)
	open("GET /projects/{P}/users/availables", OpAvailable, s.availables)
	open("GET /files", OpFile, s.getFile)
	open("GET /files/download", OpFile, s.getFile)
	within("POST /{P}/requests/{R}/messages", OpSend, "guest", s.sendMessage)
	within("GET /{P}/requests/{R}/messages", OpMessages, "guest", s.listMessages)
	within("GET /{P}/requests/{R}", OpRequest, "agent", s.getRequest)
	within("PUT /{P}/requests/{R}/assign", OpAssign, "agent", s.assign)
	within("PUT /{P}/requests/{R}/agent", OpAgent, "agent", s.nextAgent)
	within("PUT /{P}/requests/{R}/departments", OpDepartments, "agent", s.changeDepartment)
	within("PUT /{P}/requests/{R}/participants", OpSetPeople, "agent", s.setParticipants)
	within("PUT /{P}/requests/{R}/close", OpClose, "agent", s.close)
	within("PATCH /{P}/requests/{R}/attributes", OpAttributes, "agent", s.patchAttributes)
	within("PATCH /{P}/requests/{R}", OpPatch, "agent", s.patch)
	within("POST /{P}/requests/{R}/notes", OpNote, "agent", s.addNote)
	within("GET /{P}/project_users", OpUsers, "agent", s.projectUsers)
	open("GET /{P}/departments/{D}", OpDepartment, s.getDepartment)
	within("POST /{P}/leads", OpLead, "agent", s.addLead)
	within("POST /{P}/subscriptions", OpSubscribe, "admin", s.subscribe)
	within("GET /{P}/subscriptions", OpListHooks, "admin", s.listSubscriptions)
	within("DELETE /{P}/subscriptions/{S}", OpUnsubscribe, "admin", s.unsubscribe)
	return mux
}

// maxBody is the limit of a body: 500 KB (observed).
const maxBody = 512_000

// handle makes a call of the API: with the role that it wants, if it wants any.
func (s *Server) handle(mux *http.ServeMux, pattern, op, role string, do func(call) reply) {
	serve := func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
		if err != nil {
			return
		}
		c := call{Request: r, body: body}
		if bad := s.admit(&c, role); bad.status != 0 {
			write(w, r, bad)
			return
		}
		write(w, r, do(c))
	}
	mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.Faults.Serve(w, r, op, refuser, serve) })
}

// refuser writes the vendor's body of a status, for faults.
func refuser(w http.ResponseWriter, status int) {
	r := refuse(status, "refused")
	switch status {
	case http.StatusUnauthorized:
		r = reply{status: status, text: "Unauthorized"}
	case http.StatusInternalServerError:
		r = reply{status: status, body: map[string]any{"success": false, "msg": "Error creating request", "err": map[string]any{}}}
	}
	write(w, nil, r)
}

func write(w http.ResponseWriter, r *http.Request, a reply) {
	if a.hang {
		<-r.Context().Done()
		return
	}
	maps.Copy(w.Header(), a.header)
	if content, ok := a.body.([]byte); ok {
		w.WriteHeader(a.status)
		_, _ = w.Write(content)
		return
	}
	if a.text != "" {
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, a.text)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(a.status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(a.body)
}

// newID makes an ObjectId.
func (s *Server) newID() string {
	s.lastID++
	var random [4]byte
	_, _ = rand.Read(random[:])
	return "6b00" + hex.EncodeToString([]byte{byte(s.lastID >> 40), byte(s.lastID >> 32), byte(s.lastID >> 24), byte(s.lastID >> 16), byte(s.lastID >> 8), byte(s.lastID)}) + hex.EncodeToString(random[:])
}

// now is the server's time, in milliseconds; each is later than the one before.
func (s *Server) now() time.Time {
	t := s.options.Now().UTC().Truncate(time.Millisecond)
	if !t.After(s.lastNow) {
		t = s.lastNow.Add(time.Millisecond)
	}
	s.lastNow = t
	return t
}

func stamp(t time.Time) string { return t.Format("2006-01-02T15:04:05.000Z") }
