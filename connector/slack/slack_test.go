package slack_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/slack"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
	vendor "github.com/handoff-engine/handoff/testsuite/fake/slack"
)

func subject() connectortest.Subject {
	// current is the workspace of the case; its files are at the address that the suite gives it.
	var current *workspace
	return connectortest.Subject{
		Vendor: func(t connectortest.T) *connectortest.Vendor {
			current = newWorkspace(t)
			return current.vendor()
		},
		Open: func(_ connectortest.T, o connectortest.Options) (connector.Connector, error) {
			if current != nil {
				current.SetFilesURL(o.URL)
			}
			return slack.New(config(o.URL, o.WebhookSecrets...), o.Deps)
		},
		Auth: connectortest.Auth{
			Secret: vendor.DefaultSigningSecret,
			Sign: func(fixture string, d *connector.Delivery, secret string) {
				d.Header = http.Header{"Content-Type": {"application/json"}}
				if strings.Contains(fixture, "click") {
					d.Header.Set("Content-Type", "application/x-www-form-urlencoded")
					d.Body = []byte(url.Values{"payload": {string(d.Body)}}.Encode())
				}
				vendor.Sign(d.Header, secret, d.ReceivedAt, d.Body)
			},
			Headers: []string{"X-Slack-Signature", "X-Slack-Request-Timestamp"},
			Body:    true, Tolerance: 5 * time.Minute,
			Spoil: map[string]func(*connector.Delivery){
				"another version": func(d *connector.Delivery) {
					d.Header.Set("X-Slack-Signature", "v1"+strings.TrimPrefix(d.Header.Get("X-Slack-Signature"), "v0"))
				},
				"the bare signature": func(d *connector.Delivery) {
					d.Header.Set("X-Slack-Signature", strings.TrimPrefix(d.Header.Get("X-Slack-Signature"), "v0="))
				},
				"a timestamp that is written otherwise": func(d *connector.Delivery) {
					d.Header.Set("X-Slack-Request-Timestamp", "+"+d.Header.Get("X-Slack-Request-Timestamp"))
				},
			},
		},
		Secrets: []string{vendor.DefaultToken, vendor.DefaultSigningSecret},
		Kind: func(method string, status int) (connector.Kind, bool) {
			// A file that is refused goes out as a link.
			return connector.Unsupported, method == "SendAttachment" && connector.KindOfStatus(status) == connector.Invalid
		},
		Scrub: func(request string) string {
			request = regexp.MustCompile(`1[0-9]{9}(\.|%2E)[0-9]{6}`).ReplaceAllString(request, "<ts>")
			request = regexp.MustCompile(`%3C%21date[^&]*?UTC%3E`).ReplaceAllString(request, "<date>")
			return regexp.MustCompile(`%5Cu003c%21date.*?UTC%5Cu003e`).ReplaceAllString(request, "<date>")
		},
		Except: map[string]string{
			"PostIntoClosed": "a Slack thread cannot be closed: what is posted there shows. The conversation posts nothing after it has closed its ticket",
		},
	}
}

func TestConformance(t *testing.T) { connectortest.Run(t, subject()) }

func FuzzDecode(f *testing.F) { connectortest.FuzzDecode(f, subject()) }

// config is a connection to a fake with everything that can be configured.
func config(base string, secrets ...string) slack.Config {
	c := slack.Config{
		BotToken: vendor.DefaultToken, Channel: vendor.Support, Channels: map[string]string{"billing": vendor.Billing},
		Usergroup: vendor.Helpers, Usergroups: map[string]string{"billing": vendor.Helpers}, AgentNames: map[string]string{vendor.Mira: "Mira"},
		Presence: true, TeamID: vendor.Team, AppID: vendor.App, BaseURL: base + "/api",
	}
	for _, s := range secrets {
		c.SigningSecret = append(c.SigningSecret, connector.Secret(s))
	}
	return c
}

// cleaner is what testing.T and the suite's T have in common.
type cleaner interface {
	Cleanup(f func())
	Errorf(format string, args ...any)
	FailNow()
	Context() context.Context
}

// workspace is a fake whose webhooks are collected.
type workspace struct {
	*vendor.Server
	t         cleaner
	web       *httptest.Server
	mu        sync.Mutex
	collected []*connector.Delivery
}

func newWorkspace(t cleaner) *workspace { return newWorkspaceWith(t, vendor.Options{HookScale: 0.001}) }

func newWorkspaceWith(t cleaner, options vendor.Options) *workspace {
	w := &workspace{Server: vendor.New(options), t: t}
	w.web = httptest.NewServer(w)
	w.SetFilesURL(w.web.URL)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.collected = append(w.collected, &connector.Delivery{Method: r.Method, Header: r.Header, Body: body, ReceivedAt: time.Now()})
	}))
	w.SetHook(collector.URL)
	t.Cleanup(func() {
		w.Close()
		w.web.Close()
		collector.Close()
	})
	return w
}

// deliveries are the webhooks so far.
func (w *workspace) deliveries() []*connector.Delivery {
	require.NoError(w.t, w.Hooks.Drain(w.t.Context()))
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]*connector.Delivery{}, w.collected...)
}

// events decodes the webhooks so far, as they came.
func (w *workspace) events(c *slack.Client) []conversation.Event {
	var list []conversation.Event
	for _, d := range w.deliveries() {
		require.NoError(w.t, c.Verify(d))
		in, err := c.Decode(d)
		require.NoError(w.t, err)
		for _, one := range in {
			list = append(list, one.Event)
		}
	}
	return list
}

// kinds are the kinds of events, without the proofs of our own sends.
func kinds(events []conversation.Event) []conversation.Kind {
	list := []conversation.Kind{}
	for _, ev := range events {
		if ev.Kind != conversation.SendProven {
			list = append(list, ev.Kind)
		}
	}
	return list
}

// of gives a ticket's channel and thread.
func of(t conversation.Ticket) (channel, thread string) {
	channel, thread, _ = strings.Cut(t.ID, ":")
	return channel, thread
}

// said are the texts of a thread that carry a kind of metadata, as people read them.
func (w *workspace) said(t conversation.Ticket, kind string) []string {
	list := []string{}
	for _, m := range w.Thread(of(t)) {
		if m.Metadata != nil && m.Metadata.EventType == kind {
			list = append(list, vendor.Reads(m))
		}
	}
	return list
}

// card gives the card of a ticket.
func (w *workspace) card(t conversation.Ticket) vendor.Message {
	channel, thread := of(t)
	for _, m := range w.Cards(channel) {
		if m.TS == thread {
			return m
		}
	}
	require.Fail(w.t, "the ticket has no card")
	return vendor.Message{}
}

// vendor is what the conformance suite sees of the workspace.
func (w *workspace) vendor() *connectortest.Vendor {
	return &connectortest.Vendor{
		Handler: w, Faults: w.Faults,
		Ops: map[string]string{
			"Open": "chat.postMessage", "Post": "chat.postMessage", "Assign": "chat.postMessage", "CloseTicket": "chat.update",
			"WriteNote": "chat.postMessage", "Availability": "usergroups.users.list", "SendAttachment": "files.completeUploadExternal",
			"FetchAttachment": "file", "FindSent": "conversations.replies", "ListMessages": "conversations.replies", "Check": "auth.test",
		},
		AgentSees: func(t conversation.Ticket) []string { return w.said(t, "handoff_message") },
		Notes: func(t conversation.Ticket) []string {
			notes := w.said(t, "handoff_note")
			for i := range notes {
				notes[i] = strings.TrimPrefix(notes[i], "// ")
			}
			return notes
		},
		Tickets: func() int { return len(w.Cards(vendor.Support)) },
		Closed:  func(t conversation.Ticket) bool { return len(vendor.Buttons(w.card(t))) == 0 },
		Agent:   vendor.Sam, Group: "billing",
		Nobody: func() {
			w.SetActive(vendor.Sam, false)
			w.SetActive(vendor.Mira, false)
		},
		AgentSays: func(t conversation.Ticket, text string) {
			channel, thread := of(t)
			_, err := w.Server.AgentSays(channel, thread, vendor.Sam, text)
			require.NoError(w.t, err)
		},
		Webhooks: w.deliveries,
		File: func(content []byte) conversation.Attachment {
			c := w.open()
			channel, thread := of(w.ticket(c))
			_, err := w.AgentSendsFile(channel, thread, vendor.Sam, "parcel.png", "image/png", "", content)
			require.NoError(w.t, err)
			for _, ev := range w.events(c) {
				if ev.Attachment != nil {
					return *ev.Attachment
				}
			}
			require.Fail(w.t, "the agent's file was not told")
			return conversation.Attachment{}
		},
	}
}

// open makes a connection to the workspace.
func (w *workspace) open(change ...func(*slack.Config)) *slack.Client {
	cfg := config(w.web.URL, vendor.DefaultSigningSecret)
	for _, f := range change {
		f(&cfg)
	}
	c, err := slack.New(cfg, connector.Deps{Connection: "under-test", Unpaced: true})
	require.NoError(w.t, err)
	return c
}

// asked is what a first handoff asks for.
func asked(key conversation.Key) connector.OpenRequest {
	return connector.OpenRequest{
		Key: key, Conversation: "shop:c1",
		Customer: conversation.Customer{Name: "Ada *Byron* <!channel>", Email: "ada@customer.example", Fields: map[string]string{"order": "991"}},
		Transcript: []conversation.Line{
			{N: 1, Role: conversation.RoleCustomer, Name: "Ada", At: time.Now(), Text: "Where is <it>?"},
			{N: 2, Role: conversation.RoleBot, At: time.Now(), Text: "I ask a colleague."},
		},
	}
}

// ticket opens one.
func (w *workspace) ticket(c *slack.Client) conversation.Ticket {
	ticket, err := c.Open(w.t.Context(), asked("shop:c1/e1-2"))
	require.NoError(w.t, err)
	return ticket
}
