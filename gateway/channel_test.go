package gateway_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/app"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/gateway"
)

const (
	appPath = "/v1/channels/app-shop/conversations/c1"
	hello   = `{"id":"m-1","type":"customer.message","text":"hello"}`
)

// newAppSite is a gateway with an app and a shop.
func newAppSite(t *testing.T, change ...func(*app.Config)) *site {
	t.Helper()
	config := app.Config{APIToken: connector.Secrets{canary}, AllowOrigins: []string{"https://shop.example"}}
	config.SetDefaults()
	for _, f := range change {
		f(&config)
	}
	channel, err := app.New(config, connector.Deps{Connection: "app-shop"})
	require.NoError(t, err)
	return newSite(t, func(c *gateway.Config) {
		c.Connections["app-shop"] = channel
		c.APIToken = connector.Secrets{"the-operators-token"}
	})
}

// ask makes a request with a bearer token; more are header lines.
func (s *site) ask(method, path, token, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return s.do(r)
}

// customerToken asks for one.
func (s *site) customerToken(t *testing.T) string {
	t.Helper()
	w := s.ask(http.MethodPost, appPath+"/tokens", canary, "")
	require.Equal(t, http.StatusCreated, w.Code, w.Body.String())
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	var minted struct {
		Token     string
		ExpiresAt time.Time `json:"expires_at"`
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &minted))
	require.WithinDuration(t, time.Now().Add(15*time.Minute), minted.ExpiresAt, time.Minute)
	return minted.Token
}

func TestAnAppsEventIsStoredBeforeItIsAnswered(t *testing.T) {
	s := newAppSite(t)
	for range 2 {
		require.Equal(t, http.StatusOK, s.ask(http.MethodPost, appPath+"/events", canary, hello).Code)
	}
	got := s.memory.arrivals()
	require.Len(t, got, 2)
	require.Equal(t, "app-shop:c1", got[0].ID)
	require.True(t, got[0].Starts)
	require.Equal(t, got[0].Event.ID, got[1].Event.ID, "the team's id tells a repeat")
	s.memory.fail = errors.New("temporal is down")
	w := s.ask(http.MethodPost, appPath+"/events", canary, hello)
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.NotEmpty(t, w.Header().Get("Retry-After"))
	require.NotContains(t, s.log.String(), canary)
}

func TestAnAppIsToldWhatIsWrong(t *testing.T) {
	for _, x := range []struct {
		name, path, token, body string
		status                  int
		says                    string
	}{
		{"a misspelt type", appPath, canary, `{"id":"m-1","type":"customer.mesage"}`, 400, "type is one of"},
		{"a misspelt key", appPath, canary, `{"id":"m-1","type":"customer.message","txt":"x"}`, 400, "a key that does not exist"},
		{"no token", appPath, "", hello, 401, "bearer token"},
		{"the operator's token", appPath, "the-operators-token", hello, 401, "bearer token"},
		{"a key that is none", "/v1/channels/app-shop/conversations/a%20b", canary, hello, 400, "key"},
		{"no such connection", "/v1/channels/other/conversations/c1", canary, hello, 404, "no channel"},
		{"a vendor's channel", "/v1/channels/shop-eu/conversations/c1", canary, hello, 404, "no channel"},
		{"too large", appPath, canary, `{"id":"m-1","type":"customer.message","text":"` + strings.Repeat("x", 70<<10) + `"}`, 413, "too large"},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := newAppSite(t)
			w := s.ask(http.MethodPost, x.path+"/events", x.token, x.body)
			require.Equal(t, x.status, w.Code, w.Body.String())
			require.Contains(t, w.Body.String(), x.says)
			require.Empty(t, s.memory.arrivals())
			require.Equal(t, x.status == http.StatusUnauthorized, w.Header().Get("WWW-Authenticate") == "Bearer")
		})
	}
}

func TestAnAppsTokenOpensNothingElse(t *testing.T) {
	s := newAppSite(t)
	require.Equal(t, http.StatusUnauthorized, s.ask(http.MethodGet, "/v1/conversations", canary, "").Code)
	require.Equal(t, http.StatusUnauthorized, s.ask(http.MethodGet, "/v1/channels", canary, "").Code)
}

func TestACustomersTokenIsForOneConversation(t *testing.T) {
	s := newAppSite(t)
	token := s.customerToken(t)
	require.Equal(t, http.StatusOK, s.ask(http.MethodPost, appPath+"/events", token, hello).Code)
	require.Equal(t, http.StatusForbidden, s.ask(http.MethodPost, appPath+"/events", token, `{"id":"b","type":"bot.message","text":"x"}`).Code)
	other := strings.Replace(appPath, "c1", "c2", 1)
	require.Equal(t, http.StatusUnauthorized, s.ask(http.MethodPost, other+"/events", token, hello).Code)
	require.Equal(t, http.StatusUnauthorized, s.ask(http.MethodGet, other+"/stream", token, "").Code)
	require.Equal(t, http.StatusUnauthorized, s.ask(http.MethodPost, appPath+"/tokens", token, "").Code)
}

func TestPagesOfAnAllowedOriginMayCall(t *testing.T) {
	s := newAppSite(t)
	for origin, allowed := range map[string]string{"https://shop.example": "https://shop.example", "https://evil.example": ""} {
		w := s.ask(http.MethodOptions, appPath+"/stream", "", "", "Origin", origin)
		require.Equal(t, http.StatusNoContent, w.Code)
		require.Equal(t, allowed, w.Header().Get("Access-Control-Allow-Origin"))
		require.Equal(t, allowed != "", strings.Contains(w.Header().Get("Access-Control-Allow-Headers"), "Authorization"))
		w = s.ask(http.MethodPost, appPath+"/events", "wrong", hello, "Origin", origin)
		require.Equal(t, http.StatusUnauthorized, w.Code)
		require.Equal(t, allowed, w.Header().Get("Access-Control-Allow-Origin"), "a page may read why it was refused")
	}
	require.Equal(t, http.StatusNotFound, s.ask(http.MethodOptions, "/v1/channels/shop-eu/conversations/c1/events", "", "").Code)
}

// say adds a line to the conversation that everybody sees.
func (m *memory) say(role conversation.Role, text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.view.ID = "app-shop:c1"
	if m.view.Started.IsZero() {
		m.view.Started = time.Now()
	}
	m.view.Transcript.Last++
	lines := append([]conversation.Line(nil), m.view.Transcript.Lines...)
	m.view.Transcript.Lines = append(lines, conversation.Line{N: m.view.Transcript.Last, Role: role, Text: text, At: time.Now()})
}

// listener is a device on a stream.
type listener struct {
	response *http.Response
	lines    *bufio.Scanner
	last     string
	cancel   context.CancelFunc
}

// listen opens a stream at a gateway that gives up reading a request after 100 ms.
func listen(t *testing.T, s *site, token, lastID string) *listener {
	t.Helper()
	server := httptest.NewUnstartedServer(s)
	server.Config.ReadTimeout = 100 * time.Millisecond
	server.Start()
	t.Cleanup(server.Close)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+appPath+"/stream", nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+token)
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	response, err := client.Do(r)
	require.NoError(t, err)
	t.Cleanup(func() { _ = response.Body.Close() })
	return &listener{response: response, lines: bufio.NewScanner(response.Body), cancel: cancel}
}

// hear waits for the next event's text or state; "" means that the stream ended.
func (l *listener) hear(t *testing.T) string {
	t.Helper()
	for l.lines.Scan() {
		line := l.lines.Text()
		if id, ok := strings.CutPrefix(line, "id: "); ok {
			l.last = id
		}
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			var event struct{ Text, State string }
			require.NoError(t, json.Unmarshal([]byte(data), &event))
			return event.Text + event.State
		}
	}
	return ""
}

func TestAStreamTellsWhatHappensAndGoesOnAtAnotherProcess(t *testing.T) {
	one, two := newAppSite(t), newAppSite(t)
	two.memory = one.memory
	two.Server = gateway.New(twin(t), one.memory, one.memory)
	token := one.customerToken(t)
	l := listen(t, one, token, "")
	require.Equal(t, http.StatusOK, l.response.StatusCode)
	require.Equal(t, "text/event-stream", l.response.Header.Get("Content-Type"))
	one.memory.say(conversation.RoleCustomer, "hello")
	require.Equal(t, "hello", l.hear(t), "it may be opened before anybody speaks")
	one.memory.say(conversation.RoleAgent, "here I am")
	require.Equal(t, "here I am", l.hear(t))
	l.cancel()
	one.memory.say(conversation.RoleAgent, "said while nobody listened")
	again := listen(t, two, token, l.last)
	require.Equal(t, "said while nobody listened", again.hear(t))
	one.memory.say(conversation.RoleAgent, "said later")
	require.Equal(t, "said later", again.hear(t))
}

// twin is the configuration of another process of the same app.
func twin(t *testing.T) gateway.Config {
	t.Helper()
	config := app.Config{APIToken: connector.Secrets{canary}}
	config.SetDefaults()
	channel, err := app.New(config, connector.Deps{Connection: "app-shop"})
	require.NoError(t, err)
	return gateway.Config{Connections: map[string]connector.Connector{"app-shop": channel}}
}

func TestAnEventWakesTheStreamsOfItsConversation(t *testing.T) {
	s := newAppSite(t)
	s.memory.say(conversation.RoleCustomer, "one")
	l := listen(t, s, canary, "")
	require.Equal(t, "one", l.hear(t))
	s.memory.say(conversation.RoleCustomer, "two")
	require.Equal(t, http.StatusOK, s.ask(http.MethodPost, appPath+"/events", canary, hello).Code)
	require.Equal(t, "two", l.hear(t))
}

func TestAStreamShowsThatAnAgentTypes(t *testing.T) {
	s := newAppSite(t)
	s.memory.say(conversation.RoleCustomer, "hello")
	s.memory.mu.Lock()
	s.memory.view.State, s.memory.view.Channel, s.memory.view.Desk = conversation.Assigned, "app-shop", "shop-eu"
	s.memory.mu.Unlock()
	l := listen(t, s, canary, "")
	require.Equal(t, "hello", l.hear(t))
	before := l.last
	body, err := json.Marshal([]shopEvent{{Ticket: "t1", Typing: true}})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, s.post("/webhooks/shop-eu", string(body)).Code)
	for l.lines.Scan() && l.lines.Text() != "event: agent.typing" {
		require.NotContains(t, l.lines.Text(), "id:", "what passes by has no place to come back to")
	}
	require.True(t, l.lines.Scan())
	require.Contains(t, l.lines.Text(), `"typing":true`)
	readOpenAPI(t).valid("StreamData", []byte(strings.TrimPrefix(l.lines.Text(), "data: ")), "agent.typing")
	s.memory.say(conversation.RoleAgent, "there")
	require.Equal(t, "there", l.hear(t))
	require.NotEqual(t, before, l.last)
}

func TestAStreamEndsWithItsToken(t *testing.T) {
	s := newAppSite(t, func(c *app.Config) { c.AccessLifetime = conversation.Duration(2 * time.Second) })
	w := s.ask(http.MethodPost, appPath+"/tokens", canary, "")
	var minted struct{ Token string }
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &minted))
	s.memory.say(conversation.RoleAgent, "hello")
	l := listen(t, s, minted.Token, "")
	require.Equal(t, "hello", l.hear(t))
	require.Empty(t, l.hear(t), "nothing comes after the token's end")
	require.NoError(t, l.lines.Err(), "it ends as a stream does, so that the device asks again")
	require.Equal(t, http.StatusUnauthorized, s.ask(http.MethodGet, appPath+"/stream", minted.Token, "").Code)
}

func TestAStreamIsRefusedWhileConversationsCannotBeReached(t *testing.T) {
	s := newAppSite(t)
	s.memory.fail = errors.New("temporal is down")
	w := s.ask(http.MethodGet, appPath+"/stream", canary, "")
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.NotEmpty(t, w.Header().Get("Retry-After"))
}

func TestOneConversationHasAFewStreamsOnly(t *testing.T) {
	s := newAppSite(t)
	for range 8 {
		require.Equal(t, http.StatusOK, listen(t, s, canary, "").response.StatusCode)
	}
	refused := listen(t, s, canary, "")
	require.Equal(t, http.StatusTooManyRequests, refused.response.StatusCode)
	require.NotEmpty(t, refused.response.Header.Get("Retry-After"))
}

func TestAStopEndsTheStreamsAtOnce(t *testing.T) {
	s := newAppSite(t)
	config := twin(t)
	config.Listen = "127.0.0.1:0"
	s.Server = gateway.New(config, s.memory, s.memory)
	ctx, stop := context.WithCancel(t.Context())
	address, ended := make(chan string, 1), make(chan error, 1)
	go func() { ended <- s.Run(ctx, func(a string) { address <- a }) }()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+<-address+appPath+"/stream", nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+canary)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(r)
	require.NoError(t, err)
	defer func() { require.NoError(t, response.Body.Close()) }()
	require.Equal(t, http.StatusOK, response.StatusCode)
	began := time.Now()
	stop()
	require.NoError(t, <-ended)
	require.Less(t, time.Since(began), 5*time.Second, "a stream does not hold a stop up")
}
