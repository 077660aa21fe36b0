package httpbot_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/testsuite/fake/httpbot"
)

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

// bot is a fake on the loopback.
type bot struct {
	t *testing.T
	*httpbot.Server
	url string
}

func newBot(t *testing.T, opts httpbot.Options) *bot {
	t.Helper()
	opts.Now, opts.TimeScale = func() time.Time { return noon }, 0.001
	s := httpbot.New(opts)
	srv := httptest.NewServer(s)
	t.Cleanup(func() {
		s.Close()
		srv.Close()
	})
	return &bot{t, s, srv.URL}
}

// signed gives the headers of a request, each followed by its value.
func signed(secret, key string, at time.Time, body string) []string {
	timestamp := fmt.Sprint(at.Unix())
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(key + "." + timestamp + "." + body))
	return []string{
		"Content-Type", "application/json", "Idempotency-Key", key, "Webhook-Id", key, "Webhook-Timestamp", timestamp,
		"Webhook-Signature", "v1,other v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)),
	}
}

func (b *bot) call(method, path, body string, header ...string) (int, string) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, strings.NewReader(body))
	require.NoError(b.t, err)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(b.t, err)
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(b.t, err)
	return resp.StatusCode, strings.TrimSpace(string(answer))
}

// ask makes a request as the contract says.
func (b *bot) ask(key, body string) (int, string) {
	b.t.Helper()
	return b.call("POST", "/bot", body, signed(httpbot.DefaultSecret, key, noon, body)...)
}

func message(key, more string) string {
	return `{"type":"message","key":"` + key + `","conversation":"app:u1"` + more + `}`
}

func TestFakeRefusesWhatIsNotInTheContract(t *testing.T) {
	b := newBot(t, httpbot.Options{})
	good := message("k1", `,"text":"hello"`)
	for _, tc := range []struct {
		name, body string
		header     []string
		status     int
	}{
		{"not signed", good, nil, 401},
		{"signed with another secret", good, signed("another", "k1", noon, good), 401},
		{"another body than was signed", message("k1", `,"text":"hullo"`), signed(httpbot.DefaultSecret, "k1", noon, good), 401},
		{"stale", good, signed(httpbot.DefaultSecret, "k1", noon.Add(-6*time.Minute), good), 401},
		{"from the future", good, signed(httpbot.DefaultSecret, "k1", noon.Add(6*time.Minute), good), 401},
		{"another key in the headers", good, signed(httpbot.DefaultSecret, "k2", noon, good), 400},
		{"no idempotency key", good, append(signed(httpbot.DefaultSecret, "k1", noon, good), "Idempotency-Key", ""), 400},
		{"another content type", good, append(signed(httpbot.DefaultSecret, "k1", noon, good), "Content-Type", "text/plain"), 415},
	} {
		t.Run(tc.name, func(t *testing.T) {
			status, _ := b.call("POST", "/bot", tc.body, tc.header...)
			require.Equal(t, tc.status, status)
		})
	}
	for name, body := range map[string]string{
		"no JSON": "hello", "an unknown key": message("k1", `,"text":"hello","mood":"fine"`), "neither text nor file": message("k1", ""),
		"an unknown type": `{"type":"typing","key":"k1","conversation":"app:u1","text":"x"}`, "no conversation": `{"type":"message","key":"k1","text":"x"}`,
	} {
		status, _ := b.ask("k1", body)
		require.Equal(t, http.StatusBadRequest, status, name)
	}
	status, _ := b.call("GET", "/bot", "")
	require.Equal(t, http.StatusMethodNotAllowed, status)
	status, _ = b.call("POST", "/", good)
	require.Equal(t, http.StatusNotFound, status)
	require.Empty(t, b.Asked(), "what was refused was not thought about")
}

func TestARepeatGetsTheFirstAnswer(t *testing.T) {
	b := newBot(t, httpbot.Options{})
	body := message("k1", `,"text":"hello","session":{"turns":4}`)
	for range 3 {
		status, answer := b.ask("k1", body)
		require.Equal(t, http.StatusOK, status)
		require.JSONEq(t, `{"messages":[{"text":"You said: hello (5)"}],"session":{"turns":5}}`, answer)
	}
	require.Equal(t, 3, b.Answered("k1"))
	require.Len(t, b.Asked(), 1)
	status, _ := b.ask("k1", message("k1", `,"text":"something else"`))
	require.Equal(t, http.StatusConflict, status, "one key, one request")
}

func TestTheScriptAsksForAHumanAndEnds(t *testing.T) {
	b := newBot(t, httpbot.Options{})
	_, answer := b.ask("k1", message("k1", `,"text":"Human"`))
	require.JSONEq(t, `{"messages":[{"text":"I get a colleague."}],"session":{"turns":1},
		"handoff":{"group":"returns","reason":"asked for a human"}}`, answer)
	_, answer = b.ask("k2", message("k2", `,"text":"bye"`))
	require.JSONEq(t, `{"messages":[{"text":"Goodbye."}],"end":true,"session":null}`, answer)
	status, answer := b.ask("ping", `{"type":"ping","key":"ping"}`)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "{}", answer)
}

func TestWebhooksAreSignedAnewAndRepeatedUntilTheyAreTaken(t *testing.T) {
	b := newBot(t, httpbot.Options{Secret: "whsec_" + base64.StdEncoding.EncodeToString([]byte("key"))})
	var mu sync.Mutex
	var got []http.Header
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		want := signed("key", r.Header.Get("Webhook-Id"), noon, string(body))
		mu.Lock()
		defer mu.Unlock()
		got = append(got, r.Header)
		if len(got) < 3 || "v1,other "+r.Header.Get("Webhook-Signature") != want[len(want)-1] {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer receiver.Close()
	b.SetHook(receiver.URL)
	b.AskForHuman("app:u1", map[string]any{"reason": "x"})
	require.NoError(t, b.Webhooks().Drain(t.Context()))
	attempts := b.Webhooks().Attempts()
	require.Len(t, attempts, 3)
	require.Equal(t, http.StatusOK, attempts[2].Status)
	require.JSONEq(t, `{"type":"handoff.requested","conversation":"app:u1","reason":"x"}`, attempts[2].Body)
	for _, h := range got {
		require.Equal(t, "msg_1", h.Get("Webhook-Id"))
	}
}

func TestTheDriverIsThereForOtherProcesses(t *testing.T) {
	b := newBot(t, httpbot.Options{})
	b.ask("k1", message("k1", `,"text":"hello"`))
	status, answer := b.call("GET", "/_fake/asked", "")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, answer, `"text":"hello"`)
	for _, tc := range []struct {
		method, path, body string
		status             int
	}{
		{"PUT", "/_fake/hook", `{"url":"` + b.url + `/bot"}`, 204},
		{"POST", "/_fake/handoff", `{"conversation":"app:u1","group":"returns"}`, 204},
		{"POST", "/_fake/handoff", `no`, 400},
		{"GET", "/_fake/hook", `{}`, 405},
		{"GET", "/_fake/nothing", ``, 404},
	} {
		status, _ = b.call(tc.method, tc.path, tc.body)
		require.Equal(t, tc.status, status, tc.path)
	}
	require.NoError(t, b.Webhooks().Drain(t.Context()))
	require.JSONEq(t, `{"type":"handoff.requested","conversation":"app:u1","group":"returns"}`, b.Webhooks().Attempts()[0].Body)
}
