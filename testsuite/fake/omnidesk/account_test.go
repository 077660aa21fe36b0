package omnidesk_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/testsuite/fake/omnidesk"
)

const (
	id     = "h-01-7f3a"
	server = "https://gw.example/omnidesk/t-9f2c"
)

// account is a fake on the loopback, with somebody who gets its webhooks.
type account struct {
	t *testing.T
	*omnidesk.Server
	url   string
	inbox *inbox
	base  string // of the inbox
}

func newAccount(t *testing.T, opts omnidesk.Options) *account {
	t.Helper()
	in := &inbox{}
	s := omnidesk.New(opts)
	srv, receiver := httptest.NewServer(s), httptest.NewServer(in)
	t.Cleanup(func() {
		s.Close()
		srv.CloseClientConnections()
		srv.Close()
		receiver.Close()
	})
	return &account{t, s, srv.URL, in, receiver.URL}
}

// form writes a multipart form; a field whose value begins with @ is a file.
func form(fields map[string]string) (io.Reader, string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, value := range fields {
		if content, ok := strings.CutPrefix(value, "@"); ok {
			part, _ := w.CreateFormFile(name, "a.png")
			_, _ = io.WriteString(part, content)
			continue
		}
		_ = w.WriteField(name, value)
	}
	_ = w.Close()
	return &b, w.FormDataContentType()
}

// call posts a form and gives the status and what was answered.
func (a *account) call(path string, fields map[string]string) (int, map[string]any) {
	a.t.Helper()
	body, contentType := form(fields)
	return a.do(http.MethodPost, path, body, contentType)
}

func (a *account) do(method, path string, body io.Reader, contentType string) (int, map[string]any) {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.url+path, body)
	require.NoError(a.t, err)
	req.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil
	}
	defer func() { _ = resp.Body.Close() }()
	var answer map[string]any
	_ = json.NewDecoder(resp.Body).Decode(&answer)
	return resp.StatusCode, answer
}

// message are the fields of a message, changed by pairs of names and values; an empty value leaves a field out.
func (a *account) message(change ...string) map[string]string {
	fields := map[string]string{
		"chatSessionID": id, "messageNumber": "1", "channelID": "8", "url": "https://shop.example/support", "message": "hello",
		"chatAccountToken": omnidesk.DefaultAccountToken, "chatServer": a.base + "/omnidesk/t-9f2c",
	}
	for i := 0; i < len(change); i += 2 {
		fields[change[i]] = change[i+1]
		if change[i+1] == "" {
			delete(fields, change[i])
		}
	}
	return fields
}

const messagePath = "/api/v2/chat/notifyUserNewChatMessage"

// says makes the customer say something.
func (a *account) says(change ...string) map[string]any {
	a.t.Helper()
	status, answer := a.call(messagePath, a.message(change...))
	require.Equal(a.t, http.StatusOK, status, answer)
	return answer
}

// settle waits until no webhook is on its way.
func (a *account) settle() {
	a.t.Helper()
	require.NoError(a.t, a.Hooks().Drain(a.t.Context()))
	require.NoError(a.t, a.Platform().Drain(a.t.Context()))
}

// hook is one webhook as it arrived.
type hook struct {
	path, contentType string
	header            http.Header
	query             url.Values
	body              []byte
}

// inbox gets webhooks.
type inbox struct {
	mu       sync.Mutex
	statuses []int // of the next answers; then 200
	allow    string
	got      []hook
}

func (in *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	in.mu.Lock()
	defer in.mu.Unlock()
	if r.Method == http.MethodOptions {
		w.Header().Set("Allow", in.allow)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	in.got = append(in.got, hook{r.URL.Path, r.Header.Get("Content-Type"), r.Header, r.URL.Query(), body})
	if len(in.statuses) > 0 {
		w.WriteHeader(in.statuses[0])
		in.statuses = in.statuses[1:]
	}
}

// all gives what arrived.
func (in *inbox) all() []hook {
	in.mu.Lock()
	defer in.mu.Unlock()
	return append([]hook{}, in.got...)
}
