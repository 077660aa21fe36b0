package omnidesk_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/omnidesk"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
	fakeomnidesk "github.com/handoff-engine/handoff/testsuite/fake/omnidesk"
	"github.com/handoff-engine/handoff/testsuite/subjects"
)

const (
	hookSecret = subjects.OmnideskSecret
	session    = subjects.OmnideskSession
	zone       = "Europe/Amsterdam"
)

// uploads is where the connections under test keep files.
var uploads = filepath.Join(os.TempDir(), "handoff-omnidesk-uploads-"+strconv.Itoa(os.Getpid()))

func TestMain(m *testing.M) {
	code := m.Run()
	_ = os.RemoveAll(uploads)
	os.Exit(code)
}

var (
	received = time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC)
	deps     = connector.Deps{Connection: "omnidesk-support", PublicURL: "https://handoff.example", Unpaced: true}
)

// config is the usual configuration, changed.
func config(url string, change ...func(*omnidesk.Config)) omnidesk.Config {
	c := subjects.OmnideskConfig(url, uploads)
	for _, f := range change {
		f(&c)
	}
	return c
}

// bare is a connection that was given what is required and no more.
func bare(c *omnidesk.Config) {
	c.APIKey, c.ChatServerToken, c.TimelineZone, c.UploadsDir = nil, nil, "", ""
}

// account is a fake account and a connection to it, with a gateway that takes what the webhooks bring.
type account struct {
	t *testing.T
	*fakeomnidesk.Server
	conn    *omnidesk.Client
	url     string
	gateway string
	keys    int

	hooks connectortest.Gateway
	down  atomic.Int32 // how many webhooks are answered 503
}

func newAccount(t *testing.T, opts fakeomnidesk.Options, change ...func(*omnidesk.Config)) *account {
	t.Helper()
	a := &account{t: t, Server: fakeomnidesk.New(opts)}
	vendor, gateway := httptest.NewServer(a.Server), httptest.NewServer(http.HandlerFunc(a.receive))
	t.Cleanup(func() {
		a.Close()
		vendor.CloseClientConnections()
		vendor.Close()
		gateway.Close()
	})
	a.url, a.gateway = vendor.URL, gateway.URL
	a.conn = a.open(change...)
	a.hooks.Connector = a.conn
	return a
}

// open makes another connection to the same account, as another process would.
func (a *account) open(change ...func(*omnidesk.Config)) *omnidesk.Client {
	a.t.Helper()
	c := config(a.url, change...)
	require.NoError(a.t, c.Validate())
	d := deps
	d.PublicURL = a.gateway
	conn, err := omnidesk.New(c, d)
	require.NoError(a.t, err)
	return conn.(*omnidesk.Client)
}

// receive answers the vendor's check of an address, refuses as often as it is told to, and leaves the rest to the gateway.
func (a *account) receive(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodOptions:
		w.Header().Set("Allow", http.MethodPost)
	case a.down.Add(-1) >= 0:
		w.WriteHeader(http.StatusServiceUnavailable)
	default:
		http.StripPrefix("/webhooks/omnidesk-support", &a.hooks).ServeHTTP(w, r)
	}
}

// settled waits until no webhook is on its way, and gives what they told.
func (a *account) settled() []connector.Inbound {
	a.t.Helper()
	require.NoError(a.t, a.Hooks().Drain(a.t.Context()))
	require.NoError(a.t, a.Platform().Drain(a.t.Context()))
	return a.hooks.Told()
}

// key makes a key that was never used.
func (a *account) key() conversation.Key {
	a.keys++
	return conversation.Key("app-shop:u-42/e1-" + string(rune('0'+a.keys/10)) + string(rune('0'+a.keys%10)))
}

var history = []conversation.Line{
	{N: 1, Role: conversation.RoleCustomer, Text: "My parcel has not come."},
	{N: 2, Role: conversation.RoleBot, Text: "I ask a colleague."},
}

// ticket opens a ticket.
func (a *account) ticket() conversation.Ticket {
	a.t.Helper()
	ticket, err := a.conn.Open(a.t.Context(), connector.OpenRequest{
		Key: a.key(), Conversation: "app-shop:u-42", Customer: conversation.Customer{Name: "Zerlina Quux"}, Transcript: history,
	})
	require.NoError(a.t, err)
	return ticket
}

func (a *account) post(ticket conversation.Ticket, key conversation.Key, text string) error {
	_, err := a.conn.Post(a.t.Context(), connector.PostRequest{Key: key, Ticket: ticket, Text: text})
	return err
}
