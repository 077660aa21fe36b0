package omnidesk_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/omnidesk"
	"github.com/handoff-engine/handoff/conversation"
	fakeomnidesk "github.com/handoff-engine/handoff/testsuite/fake/omnidesk"
)

const session = "h-abcdefghijklmnopqrstuvwxyz"

var (
	received = time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC)
	deps     = connector.Deps{Connection: "omnidesk-support", PublicURL: "https://handoff.example", Unpaced: true}
)

// config is the usual configuration, changed.
func config(url string, change ...func(*omnidesk.Config)) omnidesk.Config {
	var c omnidesk.Config
	c.SetDefaults()
	c.BaseURL, c.ChatURL, c.PageURL = url, url, pageURL
	c.ChatAccountToken = connector.Secrets{fakeomnidesk.DefaultAccountToken}
	c.ChatServerToken = connector.Secrets{fakeomnidesk.DefaultServerToken}
	c.APIKey = connector.Secrets{fakeomnidesk.DefaultAPIKey}
	c.HookSecret = connector.Secrets{hookSecret}
	c.TimelineZone, c.UploadsDir = zone, uploads
	for _, f := range change {
		f(&c)
	}
	return c
}

// bare is a connection that was given what is required and no more.
func bare(c *omnidesk.Config) {
	c.APIKey, c.ChatServerToken, c.TimelineZone, c.UploadsDir = nil, nil, "", ""
}

// account is a fake account and a connection to it, with a gateway that verifies, keeps and decodes what comes in.
type account struct {
	t *testing.T
	*fakeomnidesk.Server
	conn    *omnidesk.Client
	url     string
	gateway string
	keys    int

	mu     sync.Mutex
	told   []connector.Inbound
	status int // answered, after it was taken; 0 is success
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

// receive is the gateway.
func (a *account) receive(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodOptions {
		w.Header().Set("Allow", http.MethodPost)
		return
	}
	body, _ := io.ReadAll(r.Body)
	hookpoint := strings.TrimPrefix(r.URL.Path, "/webhooks/omnidesk-support/")
	d := &connector.Delivery{
		Method: r.Method, Hookpoint: hookpoint, Query: r.URL.RawQuery, Header: r.Header, Body: body, ReceivedAt: time.Now(),
	}
	if a.conn.Verify(d) != nil {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if a.conn.KeepFiles(r.Context(), d) != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	in, err := a.conn.Decode(d)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.told = append(a.told, in...)
	if a.status != 0 {
		w.WriteHeader(a.status)
	}
}

// settled waits until no webhook is on its way, and gives what they told.
func (a *account) settled() []connector.Inbound {
	a.t.Helper()
	require.NoError(a.t, a.Hooks().Drain(a.t.Context()))
	require.NoError(a.t, a.Platform().Drain(a.t.Context()))
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]connector.Inbound{}, a.told...)
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
