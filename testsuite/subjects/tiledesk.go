package subjects

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/tiledesk"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
	fake "github.com/handoff-engine/handoff/testsuite/fake/tiledesk"
)

// TiledeskSecret is in the path of Tiledesk's webhooks.
const TiledeskSecret = "hook-secret-4b1d77c0"

// Tiledesk is a project whose agents answer.
func Tiledesk() connectortest.Subject {
	// base is where the connection of the case finds the fake, its files too.
	var base string
	return connectortest.Subject{
		Vendor: func(t connectortest.T) *connectortest.Vendor { return NewTiledeskDesk(t, fake.Options{}).Vendor(&base) },
		Open: func(_ connectortest.T, o connectortest.Options) (connector.Connector, error) {
			base = o.URL
			return tiledesk.New(TiledeskConfig(o.URL, o.WebhookSecrets...), o.Deps)
		},
		Auth: connectortest.Auth{
			Secret:    TiledeskSecret,
			Sign:      func(_ string, d *connector.Delivery, secret string) { d.Hookpoint = secret },
			Hookpoint: true,
			Spoil: map[string]func(*connector.Delivery){
				"something behind the secret": func(d *connector.Delivery) { d.Hookpoint += "/more" },
				"something before the secret": func(d *connector.Delivery) { d.Hookpoint = "more/" + d.Hookpoint },
			},
		},
		Secrets: []string{TiledeskSecret, fake.DefaultPassword, fake.DefaultJWTSecret},
		Kind: func(method string, status int) (connector.Kind, bool) {
			// What is not there was not opened: an answer, not an error.
			return "", method == "FindTicket" && (status == http.StatusNotFound || status == http.StatusGone)
		},
		Scrub: func(request string) string {
			request = regexp.MustCompile(`JWT eyJ[\w.-]+`).ReplaceAllString(request, "JWT <token>")
			return regexp.MustCompile(`"(sender|lead_id)":"[0-9a-f]{8}-[0-9a-f-]{27}"`).ReplaceAllString(request, `"$1":"<customer>"`)
		},
	}
}

// TiledeskConfig is a connection to a fake.
func TiledeskConfig(url string, secrets ...string) tiledesk.Config {
	return tiledesk.Config{
		BaseURL: url, ProjectID: fake.DefaultProject, Email: fake.DefaultEmail, Password: fake.DefaultPassword, BotName: "Bot",
		WebhookSecret: secretsOf(secrets),
	}
}

// TiledeskDesk is a fake server whose webhooks are collected.
type TiledeskDesk struct {
	*fake.Server
	*Collector
	T   connectortest.T
	Web *httptest.Server
}

// NewTiledeskDesk opens a project until the test ends.
func NewTiledeskDesk(t connectortest.T, options fake.Options) *TiledeskDesk {
	options.HookScale = 0.001
	s := fake.New(options)
	d := &TiledeskDesk{Server: s, Collector: collect(t, "", s.Hooks.Drain), T: t, Web: httptest.NewServer(s)}
	d.Register(d.URL + "/" + TiledeskSecret)
	t.Cleanup(func() {
		d.Close()
		d.Web.CloseClientConnections()
		d.Web.Close()
	})
	return d
}

// TiledeskReads is a text as a person reads it: what disarms it takes no room.
func TiledeskReads(text string) string { return strings.ReplaceAll(text, "\u200b", "") }

// Vendor is what the suites see of it.
func (d *TiledeskDesk) Vendor(base *string) *connectortest.Vendor {
	return &connectortest.Vendor{
		Handler: d.Server,
		Faults:  d.Faults,
		Ops: map[string]string{
			"PrepareTicket": fake.OpAnonymous, "Open": fake.OpSend, "FindTicket": fake.OpRequest, "Post": fake.OpSend, "Assign": fake.OpSetPeople,
			"CloseTicket": fake.OpClose, "WriteRating": fake.OpPatch, "Mirror": fake.OpSend, "WriteNote": fake.OpNote, "Availability": fake.OpAvailable,
			"SendAttachment": fake.OpSend, "FetchAttachment": fake.OpFile, "FindSent": fake.OpMessages,
			"ListMessages": fake.OpMessages, "Subscribe": fake.OpListHooks, "Check": fake.OpListHooks,
		},
		AgentSees: func(t conversation.Ticket) []string {
			texts := []string{}
			for _, m := range d.Messages(t.ID) {
				if _, last, _ := strings.Cut(m.Key, "/"); m.Key != "" && !strings.Contains(last, ":") {
					texts = append(texts, TiledeskReads(m.Text))
				}
			}
			return texts
		},
		AgentReads: func(t conversation.Ticket) []string {
			var lines []string
			for _, m := range d.Messages(t.ID) {
				if m.Sender != "system" {
					lines = append(lines, TiledeskReads(m.Text), m.Src)
				}
			}
			return lines
		},
		Notes:   func(t conversation.Ticket) []string { return d.Request(t.ID).Notes },
		Tickets: func() int { return len(d.Requests()) },
		Closed:  func(t conversation.Ticket) bool { return d.Request(t.ID).Status == fake.Closed },
		Agent:   fake.Bob, Group: fake.Billing,
		Nobody: func() {
			d.SetAvailable(fake.Alice, false)
			d.SetAvailable(fake.Bob, false)
		},
		AgentSays: func(t conversation.Ticket, text string) {
			require.NoError(d.T, d.Server.AgentSays(t.ID, fake.Alice, text))
		},
		AgentSendsFile: func(t conversation.Ticket, f conversation.Attachment, content []byte) {
			_, err := d.Server.AgentSendsFile(t.ID, fake.Alice, *base, f.Name, f.ContentType, content)
			require.NoError(d.T, err)
		},
		AgentTypes:  func(t conversation.Ticket) { require.NoError(d.T, d.Server.AgentTypes(t.ID, fake.Alice)) },
		AgentCloses: func(t conversation.Ticket) { require.NoError(d.T, d.Server.AgentCloses(t.ID, fake.Alice)) },
		Webhooks:    d.Deliveries,
		Subscriptions: func() int {
			n := 0
			for _, s := range d.Subscriptions() {
				if !strings.Contains(s, d.URL) {
					n++
				}
			}
			return n
		},
		File: func(content []byte) conversation.Attachment {
			c, err := tiledesk.New(TiledeskConfig(*base, TiledeskSecret), connector.Deps{Connection: "under-test", Unpaced: true})
			require.NoError(d.T, err)
			ticket, err := c.Open(d.T.Context(), connector.OpenRequest{Key: "files:1/e1-1", Conversation: "files:1"})
			require.NoError(d.T, err)
			address, err := d.Server.AgentSendsFile(ticket.ID, fake.Alice, *base, "i.png", "image/png", content)
			require.NoError(d.T, err)
			return conversation.Attachment{URL: address, Name: "i.png"}
		},
	}
}
