package subjects

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/slack"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
	fake "github.com/handoff-engine/handoff/testsuite/fake/slack"
)

// Slack is a workspace whose members answer in threads.
func Slack() connectortest.Subject {
	// current is the workspace of the case; its files are at the address that the suite gives it.
	var current *SlackWorkspace
	return connectortest.Subject{
		Vendor: func(t connectortest.T) *connectortest.Vendor {
			current = NewSlackWorkspace(t, fake.Options{HookScale: 0.001})
			return current.Vendor()
		},
		Open: func(_ connectortest.T, o connectortest.Options) (connector.Connector, error) {
			if current != nil {
				current.SetFilesURL(o.URL)
			}
			return slack.New(SlackConfig(o.URL, o.WebhookSecrets...), o.Deps)
		},
		Auth: connectortest.Auth{
			Secret: fake.DefaultSigningSecret,
			Sign: func(fixture string, d *connector.Delivery, secret string) {
				d.Header = http.Header{"Content-Type": {"application/json"}}
				if strings.Contains(fixture, "click") {
					d.Header.Set("Content-Type", "application/x-www-form-urlencoded")
					d.Body = []byte(url.Values{"payload": {string(d.Body)}}.Encode())
				}
				fake.Sign(d.Header, secret, d.ReceivedAt, d.Body)
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
		Secrets: []string{fake.DefaultToken, fake.DefaultSigningSecret},
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

// SlackConfig is a connection to a fake with everything that can be configured.
func SlackConfig(base string, secrets ...string) slack.Config {
	return slack.Config{
		BotToken: fake.DefaultToken, Channel: fake.Support, Channels: map[string]string{"billing": fake.Billing},
		Usergroup: fake.Helpers, Usergroups: map[string]string{"billing": fake.Helpers}, AgentNames: map[string]string{fake.Mira: "Mira"},
		Presence: true, TeamID: fake.Team, AppID: fake.App, BaseURL: base + "/api", SigningSecret: secretsOf(secrets),
	}
}

// SlackWorkspace is a fake whose webhooks are collected.
type SlackWorkspace struct {
	*fake.Server
	*Collector
	T   connectortest.T
	Web *httptest.Server
}

// NewSlackWorkspace opens a workspace until the test ends.
func NewSlackWorkspace(t connectortest.T, options fake.Options) *SlackWorkspace {
	s := fake.New(options)
	w := &SlackWorkspace{Server: s, Collector: collect(t, "", s.Hooks.Drain), T: t, Web: httptest.NewServer(s)}
	w.SetFilesURL(w.Web.URL)
	w.SetHook(w.URL)
	t.Cleanup(func() {
		w.Close()
		w.Web.Close()
	})
	return w
}

// SlackThread gives a ticket's channel and thread.
func SlackThread(t conversation.Ticket) (channel, thread string) {
	channel, thread, _ = strings.Cut(t.ID, ":")
	return channel, thread
}

// Said are the texts of a ticket's thread that carry a kind of metadata, as people read them.
func (w *SlackWorkspace) Said(t conversation.Ticket, kind string) []string {
	list := []string{}
	for _, m := range w.Thread(SlackThread(t)) {
		if m.Metadata != nil && m.Metadata.EventType == kind {
			list = append(list, fake.Reads(m))
		}
	}
	return list
}

// Card gives the card of a ticket.
func (w *SlackWorkspace) Card(t conversation.Ticket) fake.Message {
	channel, thread := SlackThread(t)
	for _, m := range w.Cards(channel) {
		if m.TS == thread {
			return m
		}
	}
	require.Fail(w.T, "the ticket has no card")
	return fake.Message{}
}

// reads are the lines of a thread and the names of its files.
func (w *SlackWorkspace) reads(t conversation.Ticket) []string {
	var lines []string
	for _, m := range w.Thread(SlackThread(t)) {
		lines = append(lines, fake.Reads(m))
		for _, f := range m.Files {
			if name, ok := f["name"].(string); ok && name != m.Text {
				lines = append(lines, name)
			}
		}
	}
	return lines
}

// click presses a button of a ticket's card.
func (w *SlackWorkspace) click(t conversation.Ticket, action string) {
	channel, thread := SlackThread(t)
	require.NoError(w.T, w.AgentClicks(channel, thread, fake.Sam, action, ""))
}

// Vendor is what the suites see of it.
func (w *SlackWorkspace) Vendor() *connectortest.Vendor {
	return &connectortest.Vendor{
		Handler: w.Server, Faults: w.Faults,
		Ops: map[string]string{
			"Open": "chat.postMessage", "Post": "chat.postMessage", "Assign": "chat.postMessage", "CloseTicket": "chat.update",
			"WriteNote": "chat.postMessage", "Availability": "usergroups.users.list", "SendAttachment": "files.completeUploadExternal",
			"FetchAttachment": "file", "FindSent": "conversations.replies", "ListMessages": "conversations.replies", "Check": "auth.test",
		},
		AgentSees:  func(t conversation.Ticket) []string { return w.Said(t, "handoff_message") },
		AgentReads: w.reads,
		Notes: func(t conversation.Ticket) []string {
			notes := w.Said(t, "handoff_note")
			for i := range notes {
				notes[i] = strings.TrimPrefix(notes[i], "// ")
			}
			return notes
		},
		Tickets: func() int { return len(w.Cards(fake.Support)) },
		Closed:  func(t conversation.Ticket) bool { return len(fake.Buttons(w.Card(t))) == 0 },
		Agent:   fake.Sam, Group: "billing",
		Nobody: func() {
			w.SetActive(fake.Sam, false)
			w.SetActive(fake.Mira, false)
		},
		AgentSays: func(t conversation.Ticket, text string) {
			channel, thread := SlackThread(t)
			_, err := w.Server.AgentSays(channel, thread, fake.Sam, text)
			require.NoError(w.T, err)
		},
		AgentSendsFile: func(t conversation.Ticket, f conversation.Attachment, content []byte) {
			channel, thread := SlackThread(t)
			_, err := w.Server.AgentSendsFile(channel, thread, fake.Sam, f.Name, f.ContentType, "", content)
			require.NoError(w.T, err)
		},
		AgentHandsBack: func(t conversation.Ticket) { w.click(t, "handoff_back") },
		AgentCloses:    func(t conversation.Ticket) { w.click(t, "handoff_close") },
		Webhooks:       w.Deliveries,
		File: func(content []byte) conversation.Attachment {
			c, err := slack.New(SlackConfig(w.Web.URL, fake.DefaultSigningSecret), connector.Deps{Connection: "under-test", Unpaced: true})
			require.NoError(w.T, err)
			ticket, err := c.Open(w.T.Context(), connector.OpenRequest{Key: "files:c1/e1-1", Conversation: "files:c1"})
			require.NoError(w.T, err)
			channel, thread := SlackThread(ticket)
			_, err = w.AgentSendsFile(channel, thread, fake.Sam, "parcel.png", "image/png", "", content)
			require.NoError(w.T, err)
			return lastFile(w.T, c, w.Deliveries())
		},
	}
}
