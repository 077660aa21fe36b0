package crisp_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/crisp"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
	vendor "github.com/handoff-engine/handoff/testsuite/fake/crisp"
)

// cleaner is what testing.T and the suite's T have in common.
type cleaner interface {
	Cleanup(f func())
	Errorf(format string, args ...any)
	FailNow()
	Context() context.Context
}

// config is a connection to a fake.
func config(url string) crisp.Config {
	var c crisp.Config
	c.SetDefaults()
	c.WebsiteID, c.Identifier, c.Key, c.PluginID = vendor.DefaultWebsite, vendor.DefaultIdentifier, vendor.DefaultKey, vendor.DefaultPlugin
	c.HookSecret = connector.Secrets{vendor.DefaultSigningSecret}
	c.AgentNames = map[string]string{vendor.Kim: "Kimberly"}
	c.Typing, c.ReadMarks, c.HealEvery = true, true, 0
	c.BaseURL = url + "/v1"
	return c
}

// desk is a fake workspace whose hooks are collected.
type desk struct {
	*vendor.Server
	t   cleaner
	web *httptest.Server

	mu    sync.Mutex
	hooks []*connector.Delivery
	// also is given each hook as it comes; it may be nil.
	also func(d *connector.Delivery)
}

func newDesk(t cleaner) *desk {
	d := &desk{Server: vendor.New(vendor.Options{HookScale: 0.001}), t: t}
	d.web = httptest.NewServer(d)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		delivery := &connector.Delivery{Method: r.Method, Query: r.URL.RawQuery, Header: r.Header, Body: body, ReceivedAt: time.Now()}
		d.mu.Lock()
		d.hooks = append(d.hooks, delivery)
		also := d.also
		d.mu.Unlock()
		if also != nil {
			also(delivery)
		}
	}))
	d.SetHook(collector.URL)
	t.Cleanup(func() {
		d.Close()
		d.web.Close()
		collector.Close()
	})
	return d
}

// deliveries are the hooks so far.
func (d *desk) deliveries() []*connector.Delivery {
	require.NoError(d.t, d.Hooks.Drain(d.t.Context()))
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.hooks)
}

// events are what the hooks tell.
func (d *desk) events(c *crisp.Client) []conversation.Event {
	var events []conversation.Event
	for _, delivery := range d.deliveries() {
		require.NoError(d.t, c.Verify(delivery))
		list, err := c.Decode(delivery)
		require.NoError(d.t, err)
		for _, in := range list {
			if in.Event.Kind != "" {
				events = append(events, in.Event)
			}
		}
	}
	return events
}

// texts are the texts of a conversation's messages that match.
func (d *desk) texts(ticket conversation.Ticket, match func(vendor.Message) bool) []string {
	texts := []string{}
	for _, m := range d.Conversation(ticket.ID).Messages {
		if match(m) {
			texts = append(texts, m.Text())
		}
	}
	return texts
}

// said reports whether a message is the customer's, and none that a ticket begins with.
func said(m vendor.Message) bool {
	return m.From == "user" && m.Properties["handoff_part"] != "opening"
}

// vendor is what the conformance suite sees of the desk.
func (d *desk) vendor() *connectortest.Vendor {
	return &connectortest.Vendor{
		Handler: d, Faults: d.Faults,
		Ops: map[string]string{
			"Open": "meta.update", "Post": "message.send", "Assign": "routing.update", "CloseTicket": "state.update",
			"WriteNote": "message.send", "Availability": "availability", "SendTyping": "compose", "SendAttachment": "message.send",
			"FindSent": "message.get", "ListMessages": "message.list", "Check": "operators", "Mirror": "message.send", "EditMessage": "message.update", "MarkRead": "read",
		},
		AgentSees: func(t conversation.Ticket) []string { return d.texts(t, said) },
		Notes: func(t conversation.Ticket) []string {
			return d.texts(t, func(m vendor.Message) bool { return m.Type == "note" })
		},
		// A conversation that was made and left empty is shown to nobody: what counts is who asks for help.
		Tickets: func() int {
			n := 0
			for _, c := range d.Conversations() {
				if c.Data["handoff_key"] != nil {
					n++
				}
			}
			return n
		},
		Closed: func(t conversation.Ticket) bool { return d.Conversation(t.ID).State == vendor.StateResolved },
		Agent:  vendor.Kim,
		Nobody: func() {
			require.NoError(d.t, d.OperatorIs(vendor.Sam, "offline"))
			require.NoError(d.t, d.OperatorIs(vendor.Kim, "offline"))
		},
		AgentSays: func(t conversation.Ticket, text string) {
			_, err := d.OperatorSays(t.ID, vendor.Sam, text)
			require.NoError(d.t, err)
		},
		Webhooks: d.deliveries,
	}
}

// connect opens a connection to the desk.
func (d *desk) connect(change ...func(*crisp.Config)) *crisp.Client {
	return d.connectOver(nil, change...)
}

// connectOver opens a connection that calls over a transport.
func (d *desk) connectOver(over http.RoundTripper, change ...func(*crisp.Config)) *crisp.Client {
	cfg := config(d.web.URL)
	for _, f := range change {
		f(&cfg)
	}
	deps := connector.Deps{Connection: "under-test", Unpaced: true}
	if over != nil {
		deps.HTTP = &http.Client{Transport: over}
	}
	c, err := crisp.New(cfg, deps)
	require.NoError(d.t, err)
	return c
}

// lossy loses one call, counted from 1: before it is made, or its answer.
type lossy struct {
	lose   int
	before bool
	calls  int
}

func (l *lossy) RoundTrip(req *http.Request) (*http.Response, error) {
	l.calls++
	if l.calls == l.lose && l.before {
		return nil, io.ErrUnexpectedEOF
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil || l.calls != l.lose {
		return resp, err
	}
	_ = resp.Body.Close()
	return nil, io.ErrUnexpectedEOF
}

var at = time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)

// request is what a first handoff asks for.
func request(key conversation.Key) connector.OpenRequest {
	return connector.OpenRequest{
		Key: key, Conversation: "shop:c1",
		Customer: conversation.Customer{
			Name: "Ada Byron", Email: "ada@customer.example", Phone: "+15550100", Language: "en", Fields: map[string]string{"order": "991"},
		},
		Transcript: []conversation.Line{
			{N: 1, Role: conversation.RoleCustomer, Name: "Ada Byron", At: at, Text: "Hello"},
			{N: 2, Role: conversation.RoleBot, At: at, Text: "What is it about?"},
			{N: 3, Role: conversation.RoleCustomer, Name: "Ada Byron", At: at, Text: "Where is my parcel?"},
			{N: 4, Role: conversation.RoleBot, At: at, Text: "I ask a colleague."},
		},
	}
}

// open opens a ticket.
func open(t *testing.T, c *crisp.Client, key conversation.Key) conversation.Ticket {
	t.Helper()
	ticket, err := c.Open(t.Context(), request(key))
	require.NoError(t, err)
	return ticket
}

// kinds are the kinds of events.
func kinds(events []conversation.Event) string {
	var list []string
	for _, ev := range events {
		list = append(list, string(ev.Kind))
	}
	return strings.Join(list, " ")
}
