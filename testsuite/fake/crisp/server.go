// Package crisp is a strict double of Crisp: the REST API, version 1, as far as a
// help desk is concerned, its file store, and the sender of its web hooks.
//
// What operators do in the inbox is done by methods of Server (OperatorTakes,
// OperatorSays, OperatorResolves ...); what they see is in the Journal and in
// Conversations.
//
// Where the vendor's documentation is silent the fake does the likeliest thing
// and Switches change it. Faults are set in Faults by operation, as routes in
// api.go name them ("message.send", "meta.update", "storage" ...), and "hook" for
// web hooks.
package crisp

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/handoff-engine/handoff/testsuite/fake"
)

// Options describe the workspace that the fake plays. Zero fields have defaults.
type Options struct {
	WebsiteID string
	// Tier is the kind of the token: plugin or website. Only a plugin's hooks are signed.
	Tier            string
	Identifier, Key string
	PluginID        string
	// SigningSecret signs a plugin's hooks.
	SigningSecret string
	Operators     []Operator
	// Inboxes are the ids of the sub-inboxes.
	Inboxes []string
	// MaxText is the longest content in characters; default 10,000.
	MaxText int
	// MaxFile is the largest file in bytes; default 10,000,000.
	MaxFile int
	// HookScale multiplies the pauses between repeats of a hook; default 1.
	HookScale float64
}

// Operator is a person who answers.
type Operator struct {
	ID, Name string
	// Availability is online, away or offline.
	Availability string
}

// Defaults of Options, for tests to use.
const (
	DefaultWebsite       = "8c842203-7ed8-4e29-a608-7cf78a7d2fcc"
	DefaultIdentifier    = "5c0595b2-9381-4a76-a2e0-04aa00c1ede7"
	DefaultKey           = "key-3bdb0812d0f5352bf68901dd"
	DefaultPlugin        = "d79b1a2f-7c3c-44d2-a1f7-17d2b6e1f4a9"
	DefaultSigningSecret = "sign-c73f41d2a908"
	Sam                  = "aaaaaaaa-0000-4000-8000-000000000001"
	Kim                  = "aaaaaaaa-0000-4000-8000-000000000002"
	DefaultInbox         = "bbbbbbbb-0000-4000-8000-000000000001"
)

// The kinds of tokens.
const (
	TierPlugin  = "plugin"
	TierWebsite = "website"
)

func (o Options) withDefaults() Options {
	o.WebsiteID = cmp.Or(o.WebsiteID, DefaultWebsite)
	o.Tier = cmp.Or(o.Tier, TierPlugin)
	o.Identifier = cmp.Or(o.Identifier, DefaultIdentifier)
	o.Key = cmp.Or(o.Key, DefaultKey)
	o.PluginID = cmp.Or(o.PluginID, DefaultPlugin)
	o.SigningSecret = cmp.Or(o.SigningSecret, DefaultSigningSecret)
	if o.Operators == nil {
		o.Operators = []Operator{{ID: Sam, Name: "Sam", Availability: "online"}, {ID: Kim, Name: "Kim", Availability: "online"}}
	}
	o.Operators = slices.Clone(o.Operators)
	if o.Inboxes == nil {
		o.Inboxes = []string{DefaultInbox}
	}
	if o.MaxText == 0 {
		o.MaxText = 10_000
	}
	if o.MaxFile == 0 {
		o.MaxFile = 10_000_000
	}
	return o
}

// Switches settle what the vendor's documentation leaves open, and put the
// workspace into states that are rare. The zero value is the likeliest vendor.
type Switches struct {
	// NotInstalled: the plugin is not installed on the workspace.
	NotInstalled bool
	// NoEcho: what is posted over the API comes back as no hook.
	NoEcho bool
	// NoProperties: messages are shown without their properties.
	NoProperties bool
	// RefuseOrigin: an origin of our own is refused.
	RefuseOrigin bool
	// DoubleFingerprint: a second message with the same fingerprint is a second
	// message, instead of being dropped.
	DoubleFingerprint bool
	// RefuseForeignFiles: a file must be kept at Crisp.
	RefuseForeignFiles bool
	// ReadNeedsFingerprints: read marks must name messages.
	ReadNeedsFingerprints bool
	// Reopen: a message of the visitor reopens a resolved conversation.
	Reopen bool
	// AssignAnybody: a conversation can be assigned to somebody unknown.
	AssignAnybody bool
	// AssignOnReply: who writes first gets an unassigned conversation.
	AssignOnReply bool
	// NoListMeta: the list of conversations shows no meta.
	NoListMeta bool
	// MergeData: data and segments are added to those that are there.
	MergeData bool
	// Stale is how long a read does not show a message yet.
	Stale time.Duration
	// SecondsHeader: the header's timestamp is in seconds.
	SecondsHeader bool
	// NoBucketWebsite: upload addresses come without a website_id of the hook's.
	NoBucketWebsite bool
	// NoBucketFrom: from and identifier are unknown to the call for an address.
	NoBucketFrom bool
	// NoInbox: hooks tell no inbox.
	NoInbox bool
	// PageSize is how many messages a page of the list has; 0 is 30.
	PageSize int
	// BeforeIsInclusive: timestamp_before shows the message of that time, too.
	BeforeIsInclusive bool
	// Quota is how many calls are taken; 0 means no limit. The rest is answered 429, or 420.
	Quota   int
	Over420 bool
}

// Server is one workspace.
type Server struct {
	// Faults spoil calls and hooks.
	Faults *fake.Faults
	// Journal records what operators see and do.
	Journal *fake.Journal
	// Hooks sends the web hooks.
	Hooks *fake.Outbox

	options  Options
	mux      *http.ServeMux
	mu       sync.Mutex
	switches Switches
	hook     string
	tries    map[[sha256.Size]byte]int
	sessions []*talk
	files    map[string]*file
	last     time.Time
	ids      int
	calls    int
}

// New makes a workspace without conversations. Close it when done.
func New(options Options) *Server {
	options = options.withDefaults()
	s := &Server{
		Faults: &fake.Faults{}, Journal: &fake.Journal{}, options: options, mux: http.NewServeMux(),
		tries: map[[sha256.Size]byte]int{}, files: map[string]*file{},
	}
	s.Hooks = &fake.Outbox{
		// How often and when the vendor repeats is not published.
		Retries: []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute},
		Scale:   options.HookScale, Faults: s.Faults, Sign: s.headers,
	}
	s.mount()
	fake.Driver{Faults: s.Faults, Journal: s.Journal, Attempts: s.Hooks}.Mount(s.mux)
	return s
}

// Close stops the sending of hooks and lets go of hanging calls.
func (s *Server) Close() {
	s.Faults.Clear(fake.AnyOp)
	s.Hooks.Close()
}

// ServeHTTP answers a call of the API or of the file store.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Switch changes the switches.
func (s *Server) Switch(change func(*Switches)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.switches)
}

// now is the workspace's clock, which never shows a time twice.
func (s *Server) now() time.Time {
	now := time.Now().Truncate(time.Millisecond)
	if !now.After(s.last) {
		now = s.last.Add(time.Millisecond)
	}
	s.last = now
	return now
}

// failure is an answer that is no success.
type failure struct {
	status          int
	reason, message string
}

func badRequest(message string) *failure {
	return &failure{http.StatusBadRequest, "invalid_data", message}
}

func notFound(reason string) *failure { return &failure{http.StatusNotFound, reason, "not there"} }

// Refuse writes the vendor's error envelope for a status.
func (s *Server) Refuse(w http.ResponseWriter, status int) {
	reason := map[int]string{http.StatusBadRequest: "invalid_data", http.StatusUnauthorized: "invalid_session", http.StatusNotFound: "not_here"}[status]
	if reason == "" {
		reason = "asked_for_by_a_test"
	}
	write(w, status, true, reason, map[string]any{"namespace": "response", "message": "asked for by a test"})
}

func write(w http.ResponseWriter, status int, failed bool, reason string, data any) {
	if data == nil {
		data = map[string]any{}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": failed, "reason": reason, "data": data})
}

// call is one request to the API.
type call struct {
	*http.Request
	body    []byte
	session *talk
}

// read decodes the body. A field that the call does not have is a mistake.
func (c *call) read(v any) *failure {
	if !strings.HasPrefix(c.Header.Get("Content-Type"), "application/json") {
		return badRequest("Content-Type must be application/json")
	}
	d := json.NewDecoder(strings.NewReader(string(c.body)))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return badRequest("data should have another form: " + err.Error())
	}
	return nil
}

// serve answers calls of one operation.
func (s *Server) serve(op string, handle func(*call) (any, *failure)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.Faults.Serve(w, r, op, s.Refuse, func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
			if err != nil {
				return
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			c := &call{Request: r, body: body}
			f := s.admit(c)
			var data any
			if f == nil {
				data, f = handle(c)
			}
			if f != nil {
				write(w, f.status, true, f.reason, map[string]any{"namespace": "response", "message": f.message})
				return
			}
			status := http.StatusOK
			switch r.Method {
			case http.MethodPost:
				status = http.StatusCreated
			case http.MethodPatch, http.MethodDelete:
				status = http.StatusAccepted
			}
			write(w, status, false, "done", data)
		})
	}
}

// admit checks who calls, and whether there is what is called about.
func (s *Server) admit(c *call) *failure {
	if s.calls++; s.switches.Quota > 0 && s.calls > s.switches.Quota {
		if s.switches.Over420 {
			return &failure{420, "limited", "too many calls"}
		}
		return &failure{http.StatusTooManyRequests, "limited", "too many calls"}
	}
	identifier, key, ok := c.BasicAuth()
	if !ok || identifier != s.options.Identifier || key != s.options.Key {
		return &failure{http.StatusUnauthorized, "invalid_session", "who are you"}
	}
	if c.Header.Get("X-Crisp-Tier") != s.options.Tier {
		return &failure{http.StatusUnauthorized, "invalid_session", "the token is of another tier"}
	}
	website := c.PathValue("website")
	if website != "" && (website != s.options.WebsiteID || s.switches.NotInstalled) {
		return notFound("not_subscribed")
	}
	if id := c.PathValue("session"); id != "" {
		if c.session = s.find(id); c.session == nil {
			return notFound("session_not_found")
		}
	}
	return nil
}

// id makes a number that was never used.
func (s *Server) id() string {
	s.ids++
	return strconv.Itoa(s.ids)
}
