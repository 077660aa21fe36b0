package playground_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector/memory"
	"github.com/handoff-engine/handoff/standalone/playground"
)

// site is a playground that is served, beside a handoff that knows one state.
type site struct {
	*httptest.Server
	state string
}

func serve(t *testing.T) *site {
	t.Helper()
	s := &site{state: "waiting"}
	mux := http.NewServeMux()
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	p, err := playground.Open(playground.Config{
		Dir: t.TempDir(), Secret: "secret", DeskSecret: "desk-secret", BaseURL: s.URL, Channel: "shop-chat", Desk: "shop-desk",
		Lookup: func(_ context.Context, id string) (playground.Status, error) {
			if !strings.HasPrefix(id, "shop-chat:c-") {
				return playground.Status{}, nil
			}
			return playground.Status{State: s.state}, nil
		},
		Info: playground.Info{WorkflowURL: "http://ui/"},
	})
	require.NoError(t, err)
	mux.Handle(playground.Prefix, p.Handler())
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { p.Run(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done; _ = p.Close() })
	return s
}

func (s *site) do(t *testing.T, method, path string, body []byte, header ...string) *http.Response {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, method, s.URL+path, bytes.NewReader(body))
	require.NoError(t, err)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	t.Cleanup(func() { _ = res.Body.Close() })
	return res
}

func decode[T any](t *testing.T, res *http.Response) (v T) {
	t.Helper()
	require.NoError(t, json.NewDecoder(res.Body).Decode(&v))
	return v
}

func (s *site) arrive(t *testing.T) string {
	t.Helper()
	return decode[map[string]string](t, s.do(t, "POST", "/playground/api/chats", []byte(`{"name":"Ada"}`)))["id"]
}

type snapshot struct {
	Chat struct {
		Messages []memory.Message `json:"messages"`
	} `json:"chat"`
	Status   playground.Status `json:"status"`
	Workflow string            `json:"workflow"`
}

// until follows the chat's stream until a snapshot satisfies done.
func (s *site) until(t *testing.T, chat string, done func(snapshot) bool) snapshot {
	t.Helper()
	res := s.do(t, "GET", "/playground/api/chats/"+chat+"/stream", nil)
	require.Equal(t, http.StatusOK, res.StatusCode)
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var now snapshot
		require.NoError(t, json.Unmarshal([]byte(data), &now))
		if done(now) {
			return now
		}
	}
	require.Fail(t, "the stream ended before it showed what was waited for")
	return snapshot{}
}

func TestAPageSeesTheStateAndItsWorkflow(t *testing.T) {
	s := serve(t)
	chat := s.arrive(t)
	shown := s.until(t, chat, func(v snapshot) bool { return v.Status.State != "" })
	require.Equal(t, "waiting", shown.Status.State)
	require.Equal(t, "http://ui/shop-chat:"+chat, shown.Workflow)
}

func TestAPageThatComesBackSeesTheWholeConversation(t *testing.T) {
	s := serve(t)
	chat := s.arrive(t)
	for _, body := range []string{`{"id":"m1","text":"one"}`, `{"id":"m2","text":"two"}`, `{"id":"m2","text":"two"}`} {
		require.Equal(t, http.StatusOK, s.do(t, "POST", "/playground/api/chats/"+chat+"/messages", []byte(body)).StatusCode)
	}
	for range 2 {
		shown := s.until(t, chat, func(snapshot) bool { return true })
		require.Len(t, shown.Chat.Messages, 3)
		require.Equal(t, "two", shown.Chat.Messages[2].Text)
	}
}

func TestAnUnknownChatIsToldApartFromAServerThatIsAway(t *testing.T) {
	s := serve(t)
	require.Equal(t, http.StatusNotFound, s.do(t, "GET", "/playground/api/chats/c-gone/stream", nil).StatusCode)
}

func TestAnotherSitesPageCannotActHere(t *testing.T) {
	s := serve(t)
	for _, header := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://elsewhere.example"}} {
		res := s.do(t, "POST", "/playground/api/chats", []byte(`{"name":"x"}`), header...)
		require.Equal(t, http.StatusForbidden, res.StatusCode)
	}
}

func TestTheVendorBehindThePagesWantsItsSecret(t *testing.T) {
	s := serve(t)
	require.Equal(t, http.StatusUnauthorized, s.do(t, "GET", playground.VendorPath+"/ping", nil).StatusCode)
	require.Equal(t, http.StatusOK, s.do(t, "GET", playground.VendorPath+"/ping", nil, "Authorization", "Bearer secret").StatusCode)
}

func picture(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, 2, 2))))
	return b.Bytes()
}

func TestAPictureIsKeptAndServedHarmlessly(t *testing.T) {
	s := serve(t)
	res := s.do(t, "POST", "/playground/api/files?name=..%2F..%2Fmy+pot.html", picture(t))
	require.Equal(t, http.StatusOK, res.StatusCode)
	a := decode[memory.Attachment](t, res)
	require.Equal(t, "my-pot.png", a.Name)
	require.Equal(t, "image/png", a.ContentType)
	require.True(t, strings.HasPrefix(a.URL, s.URL+"/playground/files/"), a.URL)

	res = s.do(t, "GET", strings.TrimPrefix(a.URL, s.URL), nil)
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Equal(t, "image/png", res.Header.Get("Content-Type"))
	require.Equal(t, "nosniff", res.Header.Get("X-Content-Type-Options"))
	require.Contains(t, res.Header.Get("Content-Security-Policy"), "sandbox")
}

func TestFilesThatCouldActAreRefused(t *testing.T) {
	s := serve(t)
	for name, body := range map[string][]byte{
		"a page":     []byte("<!doctype html><script>alert(1)</script>"),
		"an svg":     []byte(`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>`),
		"a program":  {0x7f, 'E', 'L', 'F', 0, 0, 0, 0},
		"nothing":    {},
		"a big file": append(picture(t), make([]byte, 6<<20)...),
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, http.StatusBadRequest, s.do(t, "POST", "/playground/api/files?name=x.png", body).StatusCode)
		})
	}
}

func TestFilesOutsideTheFolderAreNotServed(t *testing.T) {
	s := serve(t)
	for _, path := range []string{"..%2Fplayground.jsonl/x", "..%2F..%2Fsecret/x", ".%2E/x", "%5C..%5Cplayground.jsonl/x"} {
		res := s.do(t, "GET", "/playground/files/"+path, nil)
		require.Equal(t, http.StatusNotFound, res.StatusCode, path)
	}
}

func TestPagesLoadNothingFromElsewhere(t *testing.T) {
	s := serve(t)
	for _, page := range []string{"", "customer", "agent", "app", "both", "own-desk", "own"} {
		res := s.do(t, "GET", "/playground/"+page, nil)
		require.Equal(t, http.StatusOK, res.StatusCode, page)
		require.Contains(t, res.Header.Get("Content-Security-Policy"), "default-src 'self'")
		var b bytes.Buffer
		_, err := b.ReadFrom(res.Body)
		require.NoError(t, err)
		require.NotContains(t, b.String(), "https://")
	}
}
