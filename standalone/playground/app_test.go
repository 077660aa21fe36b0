package playground_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/standalone/playground"
)

const appKey = "u-0f8fad5b-d9cb-469f-a165-70867728950e"

// serveApp is a playground beside a gateway that answers status to who asks for a customer token.
func serveApp(t *testing.T, status int) (s *site, asked *[]*http.Request) {
	t.Helper()
	asked = new([]*http.Request)
	mux := http.NewServeMux()
	s = &site{Server: httptest.NewServer(mux)}
	t.Cleanup(s.Close)
	p, err := playground.Open(playground.Config{
		Dir: t.TempDir(), Secret: "secret", DeskSecret: "desk-secret", BaseURL: s.URL, App: "own-app", Site: "own-site", AppToken: "of-the-team",
		Lookup: func(context.Context, string) (playground.Status, error) { return playground.Status{}, nil },
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = p.Close() })
	mux.Handle(playground.Prefix, p.Handler())
	mux.HandleFunc("POST /v1/channels/{channel}/conversations/{key}/tokens", func(w http.ResponseWriter, r *http.Request) {
		*asked = append(*asked, r)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"token":"hct1.example","expires_at":"2026-03-02T09:45:00Z","more":"of-the-team"}`)
	})
	return s, asked
}

func TestTheAppsBackendMintsATokenForOneConversation(t *testing.T) {
	s, asked := serveApp(t, http.StatusCreated)
	res := s.do(t, "POST", "/playground/api/app/token", []byte(`{"id":"`+appKey+`"}`))
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Equal(t, "no-store", res.Header.Get("Cache-Control"))
	require.Equal(t, map[string]string{"token": "hct1.example", "expires_at": "2026-03-02T09:45:00Z"}, decode[map[string]string](t, res))
	require.Len(t, *asked, 1)
	require.Equal(t, appKey, (*asked)[0].PathValue("key"))
	require.Equal(t, "own-app", (*asked)[0].PathValue("channel"))
	require.Equal(t, "Bearer of-the-team", (*asked)[0].Header.Get("Authorization"))
}

func TestTheBackendMintsForTheTeamsOwnSiteTooAndForNoOtherConnection(t *testing.T) {
	s, asked := serveApp(t, http.StatusCreated)
	require.Equal(t, http.StatusOK, s.do(t, "POST", "/playground/api/app/token", []byte(`{"id":"`+appKey+`","to":"own-site"}`)).StatusCode)
	require.Equal(t, "own-site", (*asked)[0].PathValue("channel"))
	res := s.do(t, "POST", "/playground/api/app/token", []byte(`{"id":"`+appKey+`","to":"shop-chat"}`))
	require.Equal(t, http.StatusBadRequest, res.StatusCode)
	require.Len(t, *asked, 1)
}

func TestTheAppsBackendMintsNothingForAKeyThatCouldBeGuessed(t *testing.T) {
	s, asked := serveApp(t, http.StatusCreated)
	for _, body := range []string{`{}`, `{"id":""}`, `{"id":"u-42"}`, `{"id":"../../x"}`, `{"id":"` + appKey + `/.."}`, `nothing`} {
		require.Equal(t, http.StatusBadRequest, s.do(t, "POST", "/playground/api/app/token", []byte(body)).StatusCode, body)
	}
	require.Empty(t, *asked)
}

func TestTheAppsPageIsToldToComeAgainWhenTheGatewayGivesNoToken(t *testing.T) {
	s, _ := serveApp(t, http.StatusUnauthorized)
	res := s.do(t, "POST", "/playground/api/app/token", []byte(`{"id":"`+appKey+`"}`))
	require.Equal(t, http.StatusServiceUnavailable, res.StatusCode)
	require.NotContains(t, decode[map[string]string](t, res)["error"], "of-the-team")
}

func TestAnotherSitesPageGetsNoToken(t *testing.T) {
	s, asked := serveApp(t, http.StatusCreated)
	res := s.do(t, "POST", "/playground/api/app/token", []byte(`{"id":"`+appKey+`"}`), "Origin", "https://elsewhere.example")
	require.Equal(t, http.StatusForbidden, res.StatusCode)
	require.Empty(t, *asked)
}

func TestTheAppsPageRunsTheExampleAsItIs(t *testing.T) {
	s, _ := serveApp(t, http.StatusCreated)
	example, err := os.ReadFile(filepath.Join("..", "..", "docs", "examples", "app-client.js"))
	require.NoError(t, err)
	res := s.do(t, "GET", "/playground/app-client.js", nil)
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Contains(t, res.Header.Get("Content-Type"), "text/javascript")
	served, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, string(example), string(served))
}
