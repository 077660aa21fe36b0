package tiledesk_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/tiledesk"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
	vendor "github.com/handoff-engine/handoff/testsuite/fake/tiledesk"
)

// cleaner is what testing.T and the suite's T have in common.
type cleaner interface {
	Cleanup(f func())
	Errorf(format string, args ...any)
	FailNow()
	Context() context.Context
}

func config(url string, secrets ...string) tiledesk.Config {
	c := tiledesk.Config{
		BaseURL: url, ProjectID: vendor.DefaultProject, Email: vendor.DefaultEmail, Password: vendor.DefaultPassword, BotName: "Bot",
	}
	for _, s := range secrets {
		c.WebhookSecret = append(c.WebhookSecret, connector.Secret(s))
	}
	return c
}

// desk is a fake server whose webhooks are collected.
type desk struct {
	*vendor.Server
	t         cleaner
	web       *httptest.Server
	collector *httptest.Server
	mu        sync.Mutex
	hooks     []*connector.Delivery
}

func newDesk(t cleaner, change ...func(*vendor.Options)) *desk {
	o := vendor.Options{HookScale: 0.001}
	for _, f := range change {
		f(&o)
	}
	d := &desk{Server: vendor.New(o), t: t}
	d.web = httptest.NewServer(d)
	d.collector = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		d.mu.Lock()
		defer d.mu.Unlock()
		d.hooks = append(d.hooks, &connector.Delivery{
			Method: r.Method, Hookpoint: strings.TrimPrefix(r.URL.Path, "/"), Header: r.Header, Body: body, ReceivedAt: time.Now(),
		})
	}))
	d.Register(d.collector.URL + "/" + hookSecret)
	t.Cleanup(func() {
		d.Close()
		d.web.CloseClientConnections()
		d.web.Close()
		d.collector.Close()
	})
	return d
}

// deliveries are the webhooks so far.
func (d *desk) deliveries() []*connector.Delivery {
	require.NoError(d.t, d.Hooks.Drain(d.t.Context()))
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]*connector.Delivery{}, d.hooks...)
}

// inbound decodes all webhooks after the first n.
func (d *desk) inbound(c *tiledesk.Client, n int) []connector.Inbound {
	var list []connector.Inbound
	for _, delivery := range d.deliveries()[n:] {
		require.NoError(d.t, c.Verify(delivery))
		events, err := c.Decode(delivery)
		require.NoError(d.t, err)
		list = append(list, events...)
	}
	return list
}

// open makes a connection to the desk.
func (d *desk) open(change ...func(*tiledesk.Config)) *tiledesk.Client {
	c := config(d.web.URL, hookSecret)
	for _, f := range change {
		f(&c)
	}
	client, err := tiledesk.New(c, connector.Deps{Connection: "under-test", Unpaced: true})
	require.NoError(d.t, err)
	return client
}

// visible is a text as a person reads it: what disarms it takes no room.
func visible(text string) string { return strings.ReplaceAll(text, "\u200b", "") }

// vendor is what the conformance suite sees of the desk.
func (d *desk) vendor(base *string) *connectortest.Vendor {
	return &connectortest.Vendor{
		Handler: d,
		Faults:  d.Faults,
		Ops: map[string]string{
			"PrepareTicket": vendor.OpAnonymous, "Open": vendor.OpSend, "Post": vendor.OpSend, "Assign": vendor.OpSetPeople,
			"CloseTicket": vendor.OpClose, "WriteRating": vendor.OpPatch, "Mirror": vendor.OpSend, "WriteNote": vendor.OpNote, "Availability": vendor.OpAvailable,
			"SendAttachment": vendor.OpSend, "FetchAttachment": vendor.OpFile, "FindSent": vendor.OpMessages,
			"ListMessages": vendor.OpMessages, "Subscribe": vendor.OpListHooks, "Check": vendor.OpListHooks,
		},
		AgentSees: func(t conversation.Ticket) []string {
			texts := []string{}
			for _, m := range d.Messages(t.ID) {
				if _, last, _ := strings.Cut(m.Key, "/"); m.Key != "" && !strings.Contains(last, ":") {
					texts = append(texts, visible(m.Text))
				}
			}
			return texts
		},
		Notes:   func(t conversation.Ticket) []string { return d.Request(t.ID).Notes },
		Tickets: func() int { return len(d.Requests()) },
		Closed:  func(t conversation.Ticket) bool { return d.Request(t.ID).Status == vendor.Closed },
		Agent:   vendor.Bob, Group: vendor.Billing,
		Nobody: func() {
			d.SetAvailable(vendor.Alice, false)
			d.SetAvailable(vendor.Bob, false)
		},
		AgentSays: func(t conversation.Ticket, text string) {
			require.NoError(d.t, d.Server.AgentSays(t.ID, vendor.Alice, text))
		},
		Webhooks: d.deliveries,
		Subscriptions: func() int {
			n := 0
			for _, s := range d.Subscriptions() {
				if !strings.Contains(s, d.collector.URL) {
					n++
				}
			}
			return n
		},
		File: func(content []byte) conversation.Attachment {
			return conversation.Attachment{URL: d.file(*base, content), Name: "i.png"}
		},
	}
}

// file is one that an agent sent.
func (d *desk) file(base string, content []byte) (address string) {
	ticket, err := d.open().Open(d.t.Context(), connector.OpenRequest{Key: "files:1/e1-1", Conversation: "files:1"})
	require.NoError(d.t, err)
	address, err = d.AgentSendsFile(ticket.ID, vendor.Alice, base, "i.png", "image/png", content)
	require.NoError(d.t, err)
	return address
}
