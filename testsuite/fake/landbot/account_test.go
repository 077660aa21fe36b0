package landbot_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/testsuite/fake/landbot"
)

// account is a fake on the loopback, with somebody who gets its hooks.
type account struct {
	t *testing.T
	*landbot.Server
	url   string
	inbox *inbox
}

func newAccount(t *testing.T, opts landbot.Options) *account {
	t.Helper()
	if opts.TimeScale == 0 {
		opts.TimeScale = 0.001
	}
	if opts.RatePerSecond == 0 {
		opts.RatePerSecond = -1
	}
	s := landbot.New(opts)
	srv := httptest.NewServer(s)
	in := &inbox{status: 200}
	receiver := httptest.NewServer(in)
	t.Cleanup(func() {
		s.Close()
		srv.Close()
		receiver.Close()
	})
	in.url = receiver.URL
	return &account{t, s, srv.URL, in}
}

// call makes a call as the middleware's agent.
func (a *account) call(method, path, body string, header ...string) (int, string) {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.url+path, strings.NewReader(body))
	require.NoError(a.t, err)
	req.Header.Set("Authorization", "Token "+landbot.DefaultToken)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(a.t, err)
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	require.NoError(a.t, err)
	return resp.StatusCode, strings.TrimSpace(string(b))
}

// ok makes a call that must succeed.
func (a *account) ok(method, path, body string) string {
	a.t.Helper()
	status, answer := a.call(method, path, body)
	require.Less(a.t, status, 300, answer)
	return answer
}

func (a *account) subscribe() {
	a.t.Helper()
	a.ok("POST", "/v1/channels/812/message_hooks/", fmt.Sprintf(`{"url":%q,"token":"hook-token","name":"handoff"}`, a.inbox.url))
}

func (a *account) customer() int64 {
	a.t.Helper()
	id, err := a.NewCustomer(landbot.DefaultChannelID, "Ana", map[string]any{"email": "ana@example.com"})
	require.NoError(a.t, err)
	return id
}

func (a *account) path(id int64, rest string) string {
	return fmt.Sprintf("/v1/customers/%d/%s", id, rest)
}

// message is what a hook holds of interest to these tests.
type message struct {
	Type   string         `json:"type"`
	Data   map[string]any `json:"data"`
	Sender struct {
		ID   int64  `json:"id"`
		Type string `json:"type"`
	} `json:"sender"`
	Customer map[string]any `json:"customer"`
	Raw      struct {
		UUID    string `json:"uuid"`
		Seq     int    `json:"seq"`
		Message any    `json:"message"`
		Samurai *int64 `json:"samurai"`
	} `json:"_raw"`

	trace, authorization, agent string
}

// line is the message in short.
func (m message) line() string {
	what := m.Data["body"]
	if m.Type == "event" {
		what = fmt.Sprint(m.Data["action"], " ", m.Data["agent_id"])
	}
	return fmt.Sprintf("%s %s: %v", m.Sender.Type, m.Type, what)
}

// inbox gets hooks.
type inbox struct {
	url    string
	mu     sync.Mutex
	status int
	got    []message
	onHook func()
}

func (in *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body struct{ Messages []message }
	_ = json.NewDecoder(r.Body).Decode(&body)
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, m := range body.Messages {
		m.trace, m.authorization, m.agent = r.Header.Get("sentry-trace"), r.Header.Get("Authorization"), r.Header.Get("User-Agent")
		in.got = append(in.got, m)
	}
	if in.onHook != nil {
		in.onHook()
	}
	w.WriteHeader(in.status)
}

// hooks waits until nothing is on its way and returns what arrived.
func (a *account) hooks() []message {
	a.t.Helper()
	require.NoError(a.t, a.Hooks().Drain(a.t.Context()))
	a.inbox.mu.Lock()
	defer a.inbox.mu.Unlock()
	return a.inbox.got
}

func (a *account) lines() []string {
	a.t.Helper()
	var out []string
	for _, m := range a.hooks() {
		out = append(out, m.line())
	}
	return out
}
