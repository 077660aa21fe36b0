package app_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/sign"
	"github.com/handoff-engine/handoff/testsuite/fake"
	fakeapp "github.com/handoff-engine/handoff/testsuite/fake/app"
)

var now = time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC)

const message = `{"type":"message.created","data":{"conversation":"c1","id":"k1","author":{"role":"agent","id":"mira"},"text":"hello"}}`

// post sends a webhook, signed for the given time, and gives the answer's status.
func post(s *fakeapp.Server, secret connector.Secret, id, body string, at time.Time) int {
	r := httptest.NewRequest(http.MethodPost, "/handoff", strings.NewReader(body))
	timestamp, signature := sign.MakeStandard(secret, id, at, []byte(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(sign.HeaderID, id)
	r.Header.Set(sign.HeaderTimestamp, timestamp)
	r.Header.Set(sign.HeaderSignature, "v1,AAAA "+signature)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Code
}

func newBackend(t *testing.T, options fakeapp.Options) *fakeapp.Server {
	t.Helper()
	options.Now = func() time.Time { return now }
	s := fakeapp.New(options)
	t.Cleanup(s.Close)
	return s
}

func TestAWebhookIsTakenOnce(t *testing.T) {
	s := newBackend(t, fakeapp.Options{})
	for range 3 {
		require.Equal(t, http.StatusNoContent, post(s, fakeapp.DefaultSecret, "k1", message, now))
	}
	require.Equal(t, []string{"hello"}, s.CustomerSees("c1"))
	require.Empty(t, s.CustomerSees("c2"))
	require.Equal(t, "agent:mira", s.Journal.Entries("c1")[0].Who)
}

func TestWhatTheContractForbidsIsRefused(t *testing.T) {
	for _, x := range []struct {
		name, body string
		secret     connector.Secret
		at         time.Time
		status     int
	}{
		{"forged", message, "guess", now, http.StatusUnauthorized},
		{"stale", message, fakeapp.DefaultSecret, now.Add(-6 * time.Minute), http.StatusUnauthorized},
		{"not JSON", "hello", fakeapp.DefaultSecret, now, http.StatusBadRequest},
		{"an unknown key", `{"type":"ping","data":{},"x":1}`, fakeapp.DefaultSecret, now, http.StatusBadRequest},
		{"an unknown type", strings.Replace(message, "message.created", "message.made", 1), fakeapp.DefaultSecret, now, http.StatusBadRequest},
		{"no author", `{"type":"message.created","data":{"conversation":"c1","id":"k1","text":"hello"}}`, fakeapp.DefaultSecret, now, http.StatusBadRequest},
		{"no conversation", `{"type":"agent.joined","data":{"agent":{"id":"mira"}}}`, fakeapp.DefaultSecret, now, http.StatusBadRequest},
		{"an end that is none", `{"type":"conversation.ended","data":{"conversation":"c1","state":"bot","previous_state":"waiting"}}`, fakeapp.DefaultSecret, now, http.StatusBadRequest},
	} {
		s := newBackend(t, fakeapp.Options{})
		require.Equal(t, x.status, post(s, x.secret, "k1", x.body, x.at), x.name)
		require.Empty(t, s.Told(), x.name)
	}
}

func TestAnotherBodyUnderTheSameIDIsAConflict(t *testing.T) {
	s := newBackend(t, fakeapp.Options{})
	require.Equal(t, http.StatusNoContent, post(s, fakeapp.DefaultSecret, "k1", message, now))
	other := strings.Replace(message, "hello", "good bye", 1)
	require.Equal(t, http.StatusConflict, post(s, fakeapp.DefaultSecret, "k1", other, now))
}

func TestABackendThatIsGoneSaysSo(t *testing.T) {
	s := newBackend(t, fakeapp.Options{Gone: true})
	require.Equal(t, http.StatusGone, post(s, fakeapp.DefaultSecret, "k1", message, now))
}

func TestFaultsAreSetForATypeOfWebhook(t *testing.T) {
	s := newBackend(t, fakeapp.Options{})
	s.Faults.Set("message.created", fake.AcceptThenStatus(http.StatusInternalServerError).For(1))
	require.Equal(t, http.StatusInternalServerError, post(s, fakeapp.DefaultSecret, "k1", message, now))
	require.Equal(t, http.StatusNoContent, post(s, fakeapp.DefaultSecret, "k1", message, now))
	require.Len(t, s.CustomerSees("c1"), 1, "it was taken although the answer was lost")
}

func TestEventsAreRepeatedUntilTheyAreTaken(t *testing.T) {
	var mu sync.Mutex
	var bodies []string
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		bodies = append(bodies, r.URL.Path+" "+r.Header.Get("Authorization")+" "+string(body))
		if len(bodies) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(gateway.Close)
	s := newBackend(t, fakeapp.Options{ChannelURL: gateway.URL + "/v1/channels/app-shop", TimeScale: 0.01})
	require.Equal(t, "evt-1", s.Send("c1", "customer.message", map[string]any{"text": "hello"}))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	require.NoError(t, s.Events().Drain(ctx))
	want := `/v1/channels/app-shop/conversations/c1/events Bearer ` + fakeapp.DefaultToken + ` {"id":"evt-1","text":"hello","type":"customer.message"}`
	require.Equal(t, []string{want, want}, bodies)
}

func TestTheDriverAnswersOverHTTP(t *testing.T) {
	s := newBackend(t, fakeapp.Options{})
	do := func(method, path, body string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(method, path, bytes.NewReader([]byte(body))))
		return w
	}
	require.Equal(t, http.StatusNoContent, do(http.MethodPut, "/_fake/channel", `{"url":"http://127.0.0.1:9/v1/channels/app-shop"}`).Code)
	require.Equal(t, http.StatusNoContent, do(http.MethodPost, "/_fake/events", `{"conversation":"c1","type":"customer.left"}`).Code)
	require.Equal(t, http.StatusBadRequest, do(http.MethodPost, "/_fake/events", `no`).Code)
	require.Equal(t, http.StatusNotFound, do(http.MethodPost, "/_fake/dance", `{}`).Code)
	post(s, fakeapp.DefaultSecret, "k1", message, now)
	require.Contains(t, do(http.MethodGet, "/_fake/told", "").Body.String(), `"hello"`)
	require.Contains(t, do(http.MethodGet, "/_fake/journal", "").Body.String(), `"hello"`)
}
