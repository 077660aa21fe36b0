package landbot_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/landbot"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
	"github.com/handoff-engine/handoff/testsuite/fake"
	fakelandbot "github.com/handoff-engine/handoff/testsuite/fake/landbot"
	"github.com/handoff-engine/handoff/testsuite/subjects"
)

const hookToken = subjects.LandbotToken

// account is a fake account and a connection to it, with a gateway that verifies and decodes what the hooks bring.
type account struct {
	t *testing.T
	*fakelandbot.Server
	conn    *landbot.Client
	url     string
	gateway string
	hooks   connectortest.Gateway
}

func newAccount(t *testing.T, opts fakelandbot.Options, change ...func(*landbot.Config)) *account {
	t.Helper()
	if opts.TimeScale == 0 {
		opts.TimeScale = 0.001
	}
	if opts.RatePerSecond == 0 {
		opts.RatePerSecond = -1
	}
	a := &account{t: t, Server: fakelandbot.New(opts)}
	vendor, gateway := httptest.NewServer(a.Server), httptest.NewServer(&a.hooks)
	t.Cleanup(func() {
		a.Close()
		vendor.Close()
		gateway.Close()
	})
	a.url, a.gateway = vendor.URL+"/v1", gateway.URL
	a.conn = open(t, config(a.url, change...))
	a.hooks.Connector = a.conn
	return a
}

// config is the usual configuration, changed.
func config(url string, change ...func(*landbot.Config)) landbot.Config {
	c := subjects.LandbotConfig(url)
	for _, f := range change {
		f(&c)
	}
	return c
}

func open(t *testing.T, c landbot.Config) *landbot.Client {
	t.Helper()
	require.NoError(t, c.Validate())
	conn, err := landbot.New(c, connector.Deps{Connection: "landbot-shop", Unpaced: true})
	require.NoError(t, err)
	client, ok := conn.(*landbot.Client)
	require.True(t, ok)
	return client
}

// told waits until no hook is on its way, and gives what the hooks told.
func (a *account) told(kind conversation.Kind) []conversation.Event {
	a.t.Helper()
	require.NoError(a.t, a.Hooks().Drain(a.t.Context()))
	require.NoError(a.t, a.Blocks().Drain(a.t.Context()))
	return a.hooks.Events(kind)
}

func (a *account) subscribe() {
	a.t.Helper()
	require.NoError(a.t, a.conn.Subscribe(a.t.Context(), a.gateway+"/"))
}

// customer opens a chat and gives its number and the key of its conversation.
func (a *account) customer() (id int64, to string) {
	a.t.Helper()
	id, err := a.NewCustomer(fakelandbot.DefaultChannelID, "Ana", nil)
	require.NoError(a.t, err)
	return id, strconv.FormatInt(id, 10)
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

func (a *account) snapshot(id int64) fakelandbot.Snapshot {
	a.t.Helper()
	snap, err := a.Customer(id)
	require.NoError(a.t, err)
	return snap
}

// otherProcess opens the same connection anew, as a process does that knows nothing of the first.
func (a *account) otherProcess(transport http.RoundTripper) *landbot.Client {
	a.t.Helper()
	conn, err := landbot.New(config(a.url), connector.Deps{
		Connection: "landbot-shop", HTTP: &http.Client{Transport: transport},
	})
	require.NoError(a.t, err)
	client, ok := conn.(*landbot.Client)
	require.True(a.t, ok)
	return client
}

// spoilSecond sets a fault when the second call is made.
func spoilSecond(a *account, fault fake.Fault) http.RoundTripper {
	calls := 0
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		if calls++; calls == 2 {
			a.Faults.Set(fake.AnyOp, fault.For(1))
		}
		return http.DefaultTransport.RoundTrip(r)
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
