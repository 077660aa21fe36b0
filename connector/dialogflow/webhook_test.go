package dialogflow_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/dialogflow"
	"github.com/handoff-engine/handoff/conversation"
	fakedialogflow "github.com/handoff-engine/handoff/testsuite/fake/dialogflow"
)

// gateway verifies and decodes the fulfillment requests of one connection.
type gateway struct {
	mu      sync.Mutex
	conn    connector.Connector
	body    string
	refused int
	events  []connector.Inbound
}

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	g.mu.Lock()
	defer g.mu.Unlock()
	d := &connector.Delivery{Method: r.Method, Header: r.Header, Body: body, ReceivedAt: time.Now()}
	if g.conn.Verify(d) != nil {
		g.refused++
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	in, err := g.conn.Decode(d)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	g.events = append(g.events, in...)
	_, _ = io.WriteString(w, g.body)
}

// newFulfillment makes an agent whose webhook is a gateway that answers with body.
func newFulfillment(t *testing.T, opts fakedialogflow.Options, header http.Header, body string, change ...func(*dialogflow.Config)) (*agent, *gateway) {
	t.Helper()
	g := &gateway{body: body}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	opts.Fulfillment = fakedialogflow.Fulfillment{URL: server.URL, Header: header, Times: 2}
	a := newAgent(t, opts, change...)
	g.conn = a.conn
	return a, g
}

func TestTheFulfillmentWebhookAsksForAHumanOnce(t *testing.T) {
	both(t, func(t *testing.T, opts fakedialogflow.Options) {
		a, g := newFulfillment(t, opts, http.Header{"X-Handoff-Secret": {webhookSecret}}, "{}")
		answer := a.says("webhook")
		require.Equal(t, []string{"I ask around."}, texts(answer))
		require.Empty(t, a.logs.String())
		require.Len(t, g.events, 2, "the vendor repeated it")
		require.Equal(t, g.events[0].Event.ID, g.events[1].Event.ID)
		require.Equal(t, connector.Ref{ID: chat}, g.events[0].Ref)
		require.Equal(t, conversation.HandoffRequested, g.events[0].Event.Kind)
		a.says("webhook")
		require.NotEqual(t, g.events[0].Event.ID, g.events[2].Event.ID, "another turn is another request")
	})
}

func TestAFulfillmentAnswerThatTheVendorDoesNotKnowDoesNotHurt(t *testing.T) {
	both(t, func(t *testing.T, opts fakedialogflow.Options) {
		a, g := newFulfillment(t, opts, http.Header{"X-Handoff-Secret": {webhookSecret}}, `{"status":"accepted"}`)
		require.Equal(t, []string{"I ask around."}, texts(a.says("webhook")))
		require.Len(t, g.events, 2)
		require.Contains(t, a.logs.String(), "fulfillment webhook failed")
	})
}

func TestTheFulfillmentWebhookMayUseBasicAuthentication(t *testing.T) {
	for password, passes := range map[string]bool{webhookSecret: true, "wrong": false, "": false} {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.SetBasicAuth("dialogflow", password)
		a, g := newFulfillment(t, fakedialogflow.Options{CX: true}, http.Header{"Authorization": r.Header["Authorization"]}, "{}",
			func(c *dialogflow.Config) { c.WebhookUser = "dialogflow" })
		a.says("webhook")
		require.Equal(t, passes, len(g.events) > 0, password)
		require.Equal(t, !passes, g.refused > 0, password)
	}
	a := newAgent(t, fakedialogflow.Options{}, func(c *dialogflow.Config) { c.WebhookUser = "dialogflow" })
	for _, value := range []string{"", "Basic", "Basic !!", "Bearer " + webhookSecret, webhookSecret} {
		d := &connector.Delivery{Header: http.Header{"Authorization": {value}, "X-Handoff-Secret": {webhookSecret}}}
		require.Equal(t, connector.Unauthenticated, connector.KindOf(a.conn.Verify(d)), value)
	}
}

func TestWithoutASecretEveryWebhookIsRefused(t *testing.T) {
	a := newAgent(t, fakedialogflow.Options{}, func(c *dialogflow.Config) { c.WebhookSecret = nil })
	for _, secret := range []string{"", "x"} {
		err := a.conn.Verify(&connector.Delivery{Header: http.Header{"X-Handoff-Secret": {secret}}})
		require.Equal(t, connector.Unauthenticated, connector.KindOf(err))
	}
}
