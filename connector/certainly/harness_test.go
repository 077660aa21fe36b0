package certainly_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/certainly"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
	fakecertainly "github.com/handoff-engine/handoff/testsuite/fake/certainly"
	"github.com/handoff-engine/handoff/testsuite/subjects"
)

const webhookSecret = subjects.CertainlySecret

// account is a fake account and a connection to it, with a gateway that verifies and decodes what the webhooks bring.
type account struct {
	t *testing.T
	*fakecertainly.Server
	conn  *certainly.Client
	url   string
	hooks connectortest.Gateway
}

func newAccount(t *testing.T, opts fakecertainly.Options, change ...func(*certainly.Config)) *account {
	t.Helper()
	a := &account{t: t, Server: fakecertainly.New(opts)}
	vendor, gateway := httptest.NewServer(a.Server), httptest.NewServer(&a.hooks)
	t.Cleanup(func() {
		a.Close()
		vendor.Close()
		gateway.Close()
	})
	a.url = vendor.URL
	a.conn = open(t, config(a.url, change...))
	a.hooks.Connector = a.conn
	a.SetHooks(gateway.URL+"/"+webhookSecret+"/claim", gateway.URL+"/"+webhookSecret+"/messages")
	return a
}

// config is the usual configuration, changed.
func config(url string, change ...func(*certainly.Config)) certainly.Config {
	c := subjects.CertainlyConfig(url)
	for _, f := range change {
		f(&c)
	}
	return c
}

func open(t *testing.T, c certainly.Config) *certainly.Client {
	t.Helper()
	require.NoError(t, c.Validate())
	conn, err := certainly.New(c, connector.Deps{Connection: "certainly-shop", Unpaced: true})
	require.NoError(t, err)
	client, ok := conn.(*certainly.Client)
	require.True(t, ok)
	return client
}

// told waits until no webhook is on its way, and gives what they told.
func (a *account) told(kind conversation.Kind) []conversation.Event {
	a.t.Helper()
	require.NoError(a.t, a.Claims().Drain(a.t.Context()))
	require.NoError(a.t, a.Messages().Drain(a.t.Context()))
	return a.hooks.Events(kind)
}

func (a *account) deliver(to string, key conversation.Key, text string) error {
	a.t.Helper()
	_, err := a.conn.Deliver(a.t.Context(), connector.DeliverRequest{Key: key, To: to, Text: text})
	return err
}

func (a *account) pause(to string) error {
	a.t.Helper()
	return a.conn.PauseBot(a.t.Context(), connector.PauseRequest{To: to})
}

var received = time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC)

// delivery is a fixture as the vendor delivers it.
func delivery(t *testing.T, name string) *connector.Delivery {
	t.Helper()
	body, err := os.ReadFile("testdata/webhooks/" + name + ".json")
	require.NoError(t, err)
	return &connector.Delivery{
		Method: http.MethodPost, Body: body, ReceivedAt: received, Header: http.Header{},
		Hookpoint: webhookSecret + "/" + subjects.CertainlyHookpoint(name),
	}
}

func decode(t *testing.T, c *certainly.Client, d *connector.Delivery) []conversation.Event {
	t.Helper()
	in, err := c.Decode(d)
	require.NoError(t, err)
	var events []conversation.Event
	for _, i := range in {
		require.Equal(t, connector.Ref{Conversation: i.Event.Ref}, i.Ref)
		events = append(events, i.Event)
	}
	return events
}

// repeat gives a text of n runes.
func repeat(n int) string { return strings.Repeat("x", n) }
