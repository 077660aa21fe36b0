package gateway_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/gateway"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// local makes a request as a program on this machine would.
func local(method, path, body string) *http.Request {
	r := httptest.NewRequest(method, "http://127.0.0.1:8080"+path, strings.NewReader(body))
	r.RemoteAddr = "127.0.0.1:51000"
	return r
}

func TestWithoutATokenTheAPIAnswersThisMachineOnly(t *testing.T) {
	s := newSite(t, nil)
	s.memory.view = conversation.View{ID: "shop-eu:c1", State: conversation.Assigned}
	require.Equal(t, http.StatusOK, s.do(local(http.MethodGet, "/v1/conversations/shop-eu:c1", "")).Code)

	elsewhere := local(http.MethodGet, "/v1/conversations/shop-eu:c1", "")
	elsewhere.RemoteAddr = "192.0.2.7:51000"
	require.Equal(t, http.StatusForbidden, s.do(elsewhere).Code)

	pretended := local(http.MethodGet, "/v1/conversations/shop-eu:c1", "")
	pretended.RemoteAddr = "192.0.2.7:51000"
	pretended.Header.Set("X-Forwarded-For", "127.0.0.1")
	require.Equal(t, http.StatusForbidden, s.do(pretended).Code, "X-Forwarded-For is not believed")

	rebound := local(http.MethodGet, "/v1/conversations/shop-eu:c1", "")
	rebound.Host = "evil.example"
	require.Equal(t, http.StatusForbidden, s.do(rebound).Code, "a page of another site, opened in a browser here")
}

func TestWithATokenTheAPIWantsIt(t *testing.T) {
	s := newSite(t, func(c *gateway.Config) { c.APIToken = connector.Secrets{"new-token", "old-token"} })
	s.memory.view = conversation.View{ID: "shop-eu:c1", State: conversation.Assigned}
	for token, status := range map[string]int{"": 401, "Bearer wrong": 401, "Bearer ": 401, "new-token": 401, "Bearer new-token": 200, "Bearer old-token": 200} {
		r := local(http.MethodGet, "/v1/conversations/shop-eu:c1", "")
		r.Header.Set("Authorization", token)
		require.Equal(t, status, s.do(r).Code, token)
	}
}

func TestAConversationIsShownOrSaidToBeMissing(t *testing.T) {
	s := newSite(t, nil)
	s.memory.view = conversation.View{ID: "shop-eu:c1", State: conversation.Assigned}
	w := s.do(local(http.MethodGet, "/v1/conversations/shop-eu:c1", ""))
	var view conversation.View
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &view))
	require.Equal(t, conversation.Assigned, view.State)
	require.Equal(t, http.StatusNotFound, s.do(local(http.MethodGet, "/v1/conversations/shop-eu:none", "")).Code)
}

func TestListsTakeAFilterAndGiveTheNextPage(t *testing.T) {
	s := newSite(t, nil)
	w := s.do(local(http.MethodGet, "/v1/conversations?state=waiting", ""))
	require.Equal(t, http.StatusOK, w.Code)
	require.Contains(t, w.Body.String(), `"next":"next-page"`)
	require.Equal(t, http.StatusBadRequest, s.do(local(http.MethodGet, "/v1/conversations?state=asleep", "")).Code)
	require.Equal(t, http.StatusBadRequest, s.do(local(http.MethodGet, "/v1/conversations?size=0", "")).Code)
}

func TestCommands(t *testing.T) {
	for _, x := range []struct {
		name, id, key, body string
		status              int
	}{
		{"done", "shop-eu:c1", "k1", `{"command":"end"}`, 200},
		{"without a key", "shop-eu:c1", "", `{"command":"end"}`, 400},
		{"with a key that is none", "shop-eu:c1", "a b", `{"command":"end"}`, 400},
		{"unknown", "shop-eu:c1", "k1", `{"command":"dance"}`, 400},
		{"with a misspelt key", "shop-eu:c1", "k1", `{"command":"assign","agnet":"mira"}`, 400},
		{"not JSON", "shop-eu:c1", "k1", `end`, 400},
		{"too large", "shop-eu:c1", "k1", `{"command":"note","text":"` + strings.Repeat("x", 70<<10) + `"}`, 400},
		{"forbidden by the state", "refused", "k1", `{"command":"end"}`, 409},
		{"to nobody", "gone", "k1", `{"command":"end"}`, 404},
		{"too many", "busy", "k1", `{"command":"end"}`, 429},
		{"while Temporal is down", "down", "k1", `{"command":"end"}`, 503},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := newSite(t, nil)
			r := local(http.MethodPost, "/v1/conversations/"+x.id+"/commands", x.body)
			r.Header.Set("Idempotency-Key", x.key)
			w := s.do(r)
			require.Equal(t, x.status, w.Code, w.Body.String())
			if x.status == http.StatusOK {
				require.Equal(t, conversation.CommandEnd, s.memory.command.Kind)
				require.JSONEq(t, `{"command":"end","state":"ended","epoch":4}`, w.Body.String())
			}
			if x.status == http.StatusTooManyRequests || x.status == http.StatusServiceUnavailable {
				require.NotEmpty(t, w.Header().Get("Retry-After"))
			}
		})
	}
}

func TestATakenPortIsNamedWithTheSettingThatChoosesAnother(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	s := newSite(t, func(c *gateway.Config) { c.Listen = l.Addr().String() })
	err = s.Run(t.Context(), nil)
	require.ErrorContains(t, err, l.Addr().String())
	require.ErrorContains(t, err, "HANDOFF_LISTEN")
}

func TestAStopLetsRequestsUnderWayFinish(t *testing.T) {
	s := newSite(t, func(c *gateway.Config) { c.Listen = "127.0.0.1:0" })
	s.memory.slow, s.memory.entered = 300*time.Millisecond, make(chan struct{})
	ctx, stop := context.WithCancel(t.Context())
	address := make(chan string, 1)
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx, func(a string) { address <- a }) }()
	url := "http://" + <-address + "/webhooks/shop-eu"
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	status := make(chan int, 1)
	go func() {
		r, _ := http.NewRequest(http.MethodPost, url, strings.NewReader(said("e1", "hello")))
		r.Header.Set("X-Secret", canary)
		resp, err := client.Do(r)
		if err != nil {
			status <- 0
			return
		}
		_ = resp.Body.Close()
		status <- resp.StatusCode
	}()
	// The request is in the middle of being stored when the stop comes.
	<-s.memory.entered
	stop()
	require.Equal(t, http.StatusOK, <-status)
	require.NoError(t, <-ended)
	require.Len(t, s.memory.arrivals(), 1)
}
