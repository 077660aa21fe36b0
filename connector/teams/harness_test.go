package teams_test

import (
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
	"github.com/handoff-engine/handoff/connector/teams"
	"github.com/handoff-engine/handoff/conversation"
	vendor "github.com/handoff-engine/handoff/testsuite/fake/teams"
)

// at is the clock of the fixtures.
var at = time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC)

// cleaner is what testing.T and the suite's T have in common.
type cleaner interface {
	Cleanup(f func())
	Errorf(format string, args ...any)
	FailNow()
}

// contextOf gives a test's context.
func contextOf(t cleaner) context.Context {
	if c, ok := t.(interface{ Context() context.Context }); ok {
		return c.Context()
	}
	return context.Background()
}

// config is a connection to a fake.
func config(url string) teams.Config {
	var c teams.Config
	c.SetDefaults()
	c.AppID, c.AppSecret, c.TenantID = vendor.DefaultAppID, connector.Secrets{vendor.DefaultAppSecret}, vendor.DefaultTenant
	c.ChannelID, c.Groups = vendor.DefaultChannel, map[string]string{"billing": vendor.BillingChannel}
	c.BaseURL, c.ServiceHosts = url+"/teams", []string{strings.TrimPrefix(url, "http://")}
	c.TeamGroupID, c.GraphURL = vendor.DefaultGroup, url
	c.TokenURL, c.OpenIDURL = url+"/"+vendor.DefaultTenant+"/oauth2/v2.0/token", url+"/v1/.well-known/openidconfiguration"
	return c
}

// desk is a fake tenant whose activities are collected, and answered as the gateway does.
type desk struct {
	*vendor.Server
	t   cleaner
	web *httptest.Server

	mu    sync.Mutex
	hooks []*connector.Delivery
}

func newDesk(t cleaner, options vendor.Options) *desk {
	options.HookScale = 0.001
	d := &desk{Server: vendor.New(options), t: t}
	d.web = httptest.NewServer(d)
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		d.mu.Lock()
		defer d.mu.Unlock()
		d.hooks = append(d.hooks, &connector.Delivery{Method: r.Method, Header: r.Header, Body: body, ReceivedAt: time.Now()})
		_, _ = io.WriteString(w, (&teams.Client{}).Traits().AnswerBody)
	}))
	d.SetHook(collector.URL)
	t.Cleanup(func() {
		d.Close()
		d.web.CloseClientConnections()
		d.web.Close()
		collector.Close()
	})
	return d
}

// deliveries are the activities so far.
func (d *desk) deliveries() []*connector.Delivery {
	require.NoError(d.t, d.Hooks.Drain(contextOf(d.t)))
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]*connector.Delivery(nil), d.hooks...)
}

// open connects to the tenant.
func (d *desk) open(change ...func(*teams.Config)) *teams.Client {
	cfg := config(d.web.URL)
	for _, f := range change {
		f(&cfg)
	}
	c, err := teams.NewWithKeys(cfg, connector.Deps{Connection: "under-test", Unpaced: true}, time.Now(),
		vendor.KeySet([]string{"msteams"}, vendor.Key("k1")))
	require.NoError(d.t, err)
	return c
}

// openReader is open with the right to read threads.
func (d *desk) openReader(change ...func(*teams.Config)) *teams.Reader {
	return teams.WithGraph(d.open(change...), connector.Deps{Connection: "under-test", Unpaced: true})
}

// thread is a ticket as people see it.
func (d *desk) thread(ticket conversation.Ticket) vendor.Thread {
	t, ok := d.Thread(ticket.ID)
	require.True(d.t, ok, "there is no thread of the ticket")
	return t
}

// told gives what all activities so far tell, once each.
func (d *desk) told(c *teams.Client) []conversation.Event {
	var events []conversation.Event
	for _, delivery := range d.deliveries() {
		require.NoError(d.t, c.Verify(delivery))
		in, err := c.Decode(delivery)
		require.NoError(d.t, err)
		for _, i := range in {
			events = append(events, i.Event)
		}
	}
	return events
}

// last is the event of the last activity.
func (d *desk) last(c *teams.Client) conversation.Event {
	events := d.told(c)
	require.NotEmpty(d.t, events)
	return events[len(events)-1]
}

func ana() connector.OpenRequest {
	return connector.OpenRequest{
		Key: "shop:c1/e1-2", Conversation: "shop:c1", Customer: conversation.Customer{Name: "Ana Example", Email: "ana@example.test"},
		Transcript: []conversation.Line{
			{N: 1, Role: conversation.RoleCustomer, Name: "Ana Example", At: at, Text: "My parcel has not come."},
			{N: 2, Role: conversation.RoleBot, At: at, Text: "I ask a colleague."},
		},
	}
}

func mustOpen(t *testing.T, c *teams.Client, req connector.OpenRequest) conversation.Ticket {
	t.Helper()
	ticket, err := c.Open(t.Context(), req)
	require.NoError(t, err)
	return ticket
}
