package gateway_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/gateway"
)

// canary stands in every text, name and secret of these tests: it may appear in no log line and no answer.
const canary = "CANARY-7f3a"

// shop is a channel whose webhooks are JSON and whose secret stands in a header.
type shop struct {
	traits connector.Traits
	mu     sync.Mutex
	typing []connector.TypingRequest
	reads  []connector.ReadRequest
}

type shopEvent struct {
	ID, Conversation, Ticket, Text string
	Typing                         bool
	Read                           time.Time
}

func (s *shop) Name() string             { return "shop" }
func (s *shop) Traits() connector.Traits { return s.traits }

func (s *shop) Verify(d *connector.Delivery) error {
	switch d.Header.Get("X-Secret") {
	case canary:
		return nil
	case "other-account":
		return connector.Errorf("shop", "Verify", connector.Forbidden, "another account")
	case "keys-are-loading":
		return &connector.Error{Connector: "shop", Op: "Verify", Kind: connector.Unavailable, RetryAfter: time.Second}
	}
	return connector.Errorf("shop", "Verify", connector.Unauthenticated, "wrong secret")
}

func (s *shop) Decode(d *connector.Delivery) ([]connector.Inbound, error) {
	var events []shopEvent
	if err := json.Unmarshal(d.Body, &events); err != nil {
		return nil, connector.Errorf("shop", "Decode", connector.Invalid, "not JSON")
	}
	var in []connector.Inbound
	for _, e := range events {
		x := connector.Inbound{
			Ref:   connector.Ref{Conversation: e.Conversation, Ticket: e.Ticket},
			Event: conversation.Event{ID: e.ID, Kind: conversation.CustomerSaid, Text: e.Text},
		}
		if e.Typing {
			x.Typing = &connector.Typing{On: true}
		}
		if !e.Read.IsZero() {
			x.Read = &connector.Read{At: e.Read, Author: conversation.Author{ID: "mira"}}
		}
		in = append(in, x)
	}
	return in, nil
}

func (s *shop) Challenge(d *connector.Delivery) ([]byte, string, bool) {
	return []byte("pong"), "text/plain", d.Query == "challenge=ping"
}

func (s *shop) SendTyping(_ context.Context, r connector.TypingRequest) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.typing = append(s.typing, r)
	return nil
}

func (s *shop) MarkRead(_ context.Context, r connector.ReadRequest) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads = append(s.reads, r)
	return nil
}

// memory keeps what the gateway stores.
type memory struct {
	mu      sync.Mutex
	stored  []conversation.Arrival
	fail    error
	slow    time.Duration
	entered chan struct{}
	view    conversation.View
	command conversation.Event
}

func (m *memory) Signal(ctx context.Context, a conversation.Arrival) (conversation.Result, error) {
	if m.slow > 0 {
		close(m.entered)
		select {
		case <-time.After(m.slow):
		case <-ctx.Done():
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return "", m.fail
	}
	m.stored = append(m.stored, a)
	return conversation.Accepted, nil
}

func (m *memory) View(_ context.Context, id string) (conversation.View, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return conversation.View{}, m.fail
	}
	if id != m.view.ID {
		return conversation.View{}, conversation.ErrNotFound
	}
	return m.view, nil
}

func (m *memory) List(context.Context, conversation.Filter) ([]conversation.Summary, string, error) {
	if m.fail != nil {
		return nil, "", m.fail
	}
	return []conversation.Summary{{ID: m.view.ID, State: cmp.Or(m.view.State, conversation.InBot)}}, "next-page", nil
}

func (m *memory) Command(_ context.Context, id string, ev conversation.Event) (conversation.CommandOutcome, error) {
	m.command = ev
	switch id {
	case "busy":
		return conversation.CommandOutcome{}, conversation.ErrBusy
	case "refused":
		return conversation.CommandOutcome{}, errors.Join(conversation.ErrRefused, errors.New("it has ended"))
	case "gone":
		return conversation.CommandOutcome{}, conversation.ErrNotFound
	case "down":
		return conversation.CommandOutcome{}, errors.New("connection refused")
	}
	return conversation.CommandOutcome{State: conversation.Ended, Epoch: 4}, nil
}

func (m *memory) Locate(_ context.Context, a conversation.Arrival) (string, error) {
	if a.ID == "" {
		return m.view.ID, nil
	}
	return a.ID, nil
}

func (m *memory) Ready(context.Context) error { return m.fail }

func (m *memory) arrivals() []conversation.Arrival {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]conversation.Arrival(nil), m.stored...)
}

// site is a gateway with one connection, and what it logged.
type site struct {
	*gateway.Server
	memory  *memory
	shop    *shop
	log     *bytes.Buffer
	metrics *prometheus.Registry
}

func newSite(t *testing.T, change func(*gateway.Config)) *site {
	t.Helper()
	s := &site{memory: &memory{}, shop: &shop{}, log: &bytes.Buffer{}, metrics: prometheus.NewRegistry()}
	config := gateway.Config{
		Metrics:     s.metrics,
		Connections: map[string]connector.Connector{"shop-eu": s.shop},
		Logger:      slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&config)
	}
	s.Server = gateway.New(config, s.memory, s.memory)
	return s
}

func (s *site) do(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func (s *site) post(path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("X-Secret", canary)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return s.do(r)
}

func said(id, text string) string {
	b, _ := json.Marshal([]shopEvent{{ID: id, Conversation: "c1", Text: text}})
	return string(b)
}

func TestAnEventIsStoredBeforeTheVendorIsAnswered(t *testing.T) {
	s := newSite(t, nil)
	w := s.post("/webhooks/shop-eu", said("e1", "hello"))
	require.Equal(t, http.StatusOK, w.Code)
	got := s.memory.arrivals()
	require.Len(t, got, 1)
	require.Equal(t, "shop-eu:c1", got[0].ID)
	require.True(t, got[0].Starts)
	require.Equal(t, "shop-eu", got[0].Event.Source)
	require.Equal(t, "c1", got[0].Event.Ref)
	require.False(t, got[0].Event.At.IsZero())
}

func TestWhatIsNotStoredIsNotAcknowledged(t *testing.T) {
	s := newSite(t, nil)
	s.memory.fail = errors.New("temporal is down")
	w := s.post("/webhooks/shop-eu", said("e1", canary))
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.NotEmpty(t, w.Header().Get("Retry-After"))
	require.NotContains(t, s.log.String(), canary)
}

func TestEveryEventOfADeliveryIsStoredOrTheDeliveryIsRefused(t *testing.T) {
	s := newSite(t, nil)
	body, err := json.Marshal([]shopEvent{{ID: "e1", Conversation: "c1"}, {ID: "e2", Conversation: ""}})
	require.NoError(t, err)
	require.Equal(t, http.StatusBadRequest, s.post("/webhooks/shop-eu", string(body)).Code)
}

func TestBadRequestsGetTheRightStatusAndChangeNothing(t *testing.T) {
	deep := strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000)
	for _, x := range []struct {
		name, path, body string
		header           []string
		status           int
	}{
		{"forged", "/webhooks/shop-eu", said("e", canary), []string{"X-Secret", "guess"}, 401},
		{"without a secret", "/webhooks/shop-eu", said("e", canary), []string{"X-Secret", ""}, 401},
		{"another account's", "/webhooks/shop-eu", said("e", canary), []string{"X-Secret", "other-account"}, 403},
		{"while keys are loading", "/webhooks/shop-eu", said("e", canary), []string{"X-Secret", "keys-are-loading"}, 503},
		{"unknown connection", "/webhooks/elsewhere", said("e", canary), nil, 404},
		{"truncated", "/webhooks/shop-eu", `[{"ID":"` + canary, nil, 400},
		{"empty", "/webhooks/shop-eu", "", nil, 400},
		{"not JSON", "/webhooks/shop-eu", canary, nil, 400},
		{"deeply nested", "/webhooks/shop-eu", deep, nil, 400},
		{"not UTF-8", "/webhooks/shop-eu", "[{\"ID\":\"\xff\xfe\",\"Conversation\":\"c1\"}]", nil, 400},
		{"oversized body", "/webhooks/shop-eu", said("e", strings.Repeat("x", 600<<10)), nil, 413},
		{"oversized event", "/webhooks/shop-eu", said("e", strings.Repeat("x", 70<<10)), nil, 413},
		{"compressed", "/webhooks/shop-eu", said("e", "x"), []string{"Content-Encoding", "gzip"}, 415},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := newSite(t, nil)
			w := s.post(x.path, x.body, x.header...)
			require.Equal(t, x.status, w.Code)
			require.Empty(t, s.memory.arrivals())
			require.NotContains(t, s.log.String(), canary)
			require.NotContains(t, w.Body.String(), canary)
			require.Equal(t, 1, strings.Count(s.log.String(), `"webhook refused"`))
		})
	}
}

func TestAVendorThatRepeatsEveryRefusalIsToldThatAllIsWell(t *testing.T) {
	s := newSite(t, nil)
	s.shop.traits.RepeatsOnRefusal = true
	require.Equal(t, http.StatusOK, s.post("/webhooks/shop-eu", "not JSON").Code)
	require.Equal(t, http.StatusUnauthorized, s.post("/webhooks/shop-eu", "[]", "X-Secret", "guess").Code)
	require.Empty(t, s.memory.arrivals())
}

func TestTheVendorGetsTheStatusItWantsForSuccess(t *testing.T) {
	s := newSite(t, nil)
	s.shop.traits.AnswerStatus, s.shop.traits.AnswerBody = http.StatusAccepted, `{"messages":[]}`
	w := s.post("/webhooks/shop-eu", said("e1", "hello"))
	require.Equal(t, http.StatusAccepted, w.Code)
	require.JSONEq(t, `{"messages":[]}`, w.Body.String())

	s.shop.traits.AnswerEmpty = true
	w = s.post("/webhooks/shop-eu", said("e2", "hello"))
	require.Equal(t, http.StatusAccepted, w.Code)
	require.Empty(t, w.Body.String())
}

func TestOneConversationCannotDrownTheOthers(t *testing.T) {
	// With virtual time all of it comes at once, however slow the machine is.
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, nil)
		statuses := map[int]int{}
		for range 700 {
			statuses[s.post("/webhooks/shop-eu", said("e", "x")).Code]++
		}
		require.Equal(t, map[int]int{http.StatusOK: 500, http.StatusTooManyRequests: 200}, statuses)
		other, err := json.Marshal([]shopEvent{{ID: "e", Conversation: "c2"}})
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, s.post("/webhooks/shop-eu", string(other)).Code)
	})
}

func TestSecretsInAddressesAreNotLogged(t *testing.T) {
	s := newSite(t, nil)
	s.post("/webhooks/shop-eu/"+canary+"/hook?key="+canary, said("e1", "hello"))
	require.Contains(t, s.log.String(), "/webhooks/:connection/*")
	require.NotContains(t, s.log.String(), canary)
}

func TestHandshakesAndOtherMethods(t *testing.T) {
	s := newSite(t, nil)
	w := s.do(httptest.NewRequest(http.MethodGet, "/webhooks/shop-eu?challenge=ping", nil))
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, "pong", w.Body.String())
	require.Equal(t, http.StatusNotFound, s.do(httptest.NewRequest(http.MethodGet, "/webhooks/shop-eu", nil)).Code)
	w = s.do(httptest.NewRequest(http.MethodOptions, "/webhooks/shop-eu", nil))
	require.Equal(t, http.StatusNoContent, w.Code)
	require.Equal(t, http.MethodPost, w.Header().Get("Allow"))
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodHead, http.MethodTrace} {
		code := s.do(httptest.NewRequest(method, "/webhooks/shop-eu", nil)).Code
		require.Contains(t, []int{http.StatusMethodNotAllowed, http.StatusNotFound}, code, method)
	}
}

func TestTypingPassesByWithoutBeingStored(t *testing.T) {
	s := newSite(t, nil)
	s.memory.view = conversation.View{
		ID: "shop-eu:c1", State: conversation.Assigned, Channel: "shop-eu", Desk: "shop-eu",
		Tickets: []conversation.TicketRecord{{Ticket: conversation.Ticket{ID: "t1"}}},
	}
	body, err := json.Marshal([]shopEvent{{Conversation: "c1", Typing: true}})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, s.post("/webhooks/shop-eu", string(body)).Code)
	require.Eventually(t, func() bool {
		s.shop.mu.Lock()
		defer s.shop.mu.Unlock()
		return len(s.shop.typing) == 1 && s.shop.typing[0].Ticket.ID == "t1"
	}, 3*time.Second, 5*time.Millisecond)
	require.Empty(t, s.memory.arrivals())
}

func TestThatSomebodyHasReadPassesByToTheOtherSide(t *testing.T) {
	s := newSite(t, nil)
	ticket := conversation.Ticket{ID: "t1"}
	s.memory.view = conversation.View{
		ID: "shop-eu:c1", State: conversation.Assigned, Channel: "shop-eu", Desk: "shop-eu", Ref: "c1",
		Tickets: []conversation.TicketRecord{{Ticket: ticket}},
	}
	at, mira := time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC), conversation.Author{ID: "mira"}
	for i, tc := range []struct {
		event shopEvent
		want  connector.ReadRequest
	}{
		{shopEvent{Conversation: "c1", Read: at}, connector.ReadRequest{Ticket: ticket, At: at, Author: mira}},
		{shopEvent{Ticket: "t1", Read: at}, connector.ReadRequest{To: "c1", At: at, Author: mira}},
	} {
		body, err := json.Marshal([]shopEvent{tc.event})
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, s.post("/webhooks/shop-eu", string(body)).Code)
		require.Eventually(t, func() bool {
			s.shop.mu.Lock()
			defer s.shop.mu.Unlock()
			return len(s.shop.reads) == i+1
		}, 3*time.Second, 5*time.Millisecond)
		require.Equal(t, tc.want, s.shop.reads[i])
	}
	require.Empty(t, s.memory.arrivals())
}

func TestHealthIsGreenAndReadinessTellsTheTruth(t *testing.T) {
	s := newSite(t, nil)
	require.Equal(t, http.StatusOK, s.do(httptest.NewRequest(http.MethodGet, "/readyz", nil)).Code)
	s.memory.fail = errors.New("temporal is down")
	require.Equal(t, http.StatusServiceUnavailable, s.do(httptest.NewRequest(http.MethodGet, "/readyz", nil)).Code)
	require.Equal(t, http.StatusOK, s.do(httptest.NewRequest(http.MethodGet, "/healthz", nil)).Code)
}

// counted reads a metric: its values by the labels that are named.
func (s *site) counted(t *testing.T, metric string, labels ...string) map[string]float64 {
	t.Helper()
	families, err := s.metrics.Gather()
	require.NoError(t, err)
	values := map[string]float64{}
	for _, family := range families {
		if family.GetName() != metric {
			continue
		}
		for _, m := range family.GetMetric() {
			var key []string
			for _, name := range labels {
				for _, label := range m.GetLabel() {
					if label.GetName() == name {
						key = append(key, label.GetValue())
					}
				}
			}
			values[strings.Join(key, " ")] += m.GetCounter().GetValue()
		}
	}
	return values
}
