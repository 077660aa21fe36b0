package certainly_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/testsuite/fake/certainly"
)

// account is a fake on the loopback, with somebody who gets its webhooks.
type account struct {
	t *testing.T
	*certainly.Server
	url   string
	inbox *inbox
}

func newAccount(t *testing.T, opts certainly.Options) *account {
	t.Helper()
	in := &inbox{answer: `{"status":"accepted"}`}
	s := certainly.New(opts)
	srv, receiver := httptest.NewServer(s), httptest.NewServer(in)
	t.Cleanup(func() {
		s.Close()
		in.letGo()
		srv.Close()
		receiver.Close()
	})
	s.SetHooks(receiver.URL+"/claim", receiver.URL+"/messages")
	return &account{t, s, srv.URL, in}
}

// call makes a call with the bot's token.
func (a *account) call(method, path, body string, header ...string) (int, string) {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.url+path, strings.NewReader(body))
	require.NoError(a.t, err)
	req.Header.Set("Authorization", "Bearer "+certainly.DefaultToken)
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
func (a *account) ok(method, path, body string) {
	a.t.Helper()
	status, answer := a.call(method, path, body)
	require.Equal(a.t, http.StatusOK, status, answer)
}

func path(what, user string) string {
	return "/webbot/api/webchat/" + certainly.DefaultDeployment + "/" + what + "/" + user + "/"
}

// settle waits until no webhook is on its way.
func (a *account) settle() {
	a.t.Helper()
	require.NoError(a.t, a.Claims().Drain(a.t.Context()))
	require.NoError(a.t, a.Messages().Drain(a.t.Context()))
}

// hook is one webhook as it arrived.
type hook struct {
	path, authorization string
	body                map[string]any
}

// inbox gets webhooks.
type inbox struct {
	mu     sync.Mutex
	answer string
	status int
	hold   chan struct{} // claims are answered when it is closed
	got    []hook
}

func (in *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := hook{path: r.URL.Path, authorization: r.Header.Get("Authorization")}
	_ = json.NewDecoder(r.Body).Decode(&h.body)
	in.mu.Lock()
	in.got = append(in.got, h)
	hold, status, answer := in.hold, in.status, in.answer
	in.mu.Unlock()
	if hold != nil && h.path == "/claim" {
		select {
		case <-hold:
		case <-r.Context().Done():
		}
	}
	if status != 0 {
		w.WriteHeader(status)
	}
	_, _ = io.WriteString(w, answer)
}

func (in *inbox) letGo() {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.hold != nil {
		close(in.hold)
		in.hold = nil
	}
}

// at gives the webhooks that arrived at a path.
func (in *inbox) at(path string) []hook {
	in.mu.Lock()
	defer in.mu.Unlock()
	var list []hook
	for _, h := range in.got {
		if h.path == path {
			list = append(list, h)
		}
	}
	return list
}
