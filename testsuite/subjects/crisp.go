package subjects

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strconv"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/crisp"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
	fake "github.com/handoff-engine/handoff/testsuite/fake/crisp"
)

// Crisp is a workspace whose operators answer.
func Crisp() connectortest.Subject {
	return connectortest.Subject{
		Vendor: func(t connectortest.T) *connectortest.Vendor { return NewCrispDesk(t).Vendor() },
		Open: func(_ connectortest.T, o connectortest.Options) (connector.Connector, error) {
			c := CrispConfig(o.URL)
			c.HookSecret = secretsOf(o.WebhookSecrets)
			return crisp.New(c, o.Deps)
		},
		Auth: connectortest.Auth{
			Secret: fake.DefaultSigningSecret,
			Sign: func(_ string, d *connector.Delivery, secret string) {
				at := strconv.FormatInt(d.ReceivedAt.UnixMilli(), 10)
				d.Header.Set("X-Crisp-Request-Timestamp", at)
				d.Header.Set("X-Crisp-Signature", fake.Sign(secret, at, d.Body))
			},
			Headers: []string{"X-Crisp-Request-Timestamp", "X-Crisp-Signature"}, Body: true, Tolerance: time.Hour,
		},
		Secrets: []string{
			fake.DefaultSigningSecret, fake.DefaultKey,
			base64.StdEncoding.EncodeToString([]byte(fake.DefaultIdentifier + ":" + fake.DefaultKey)),
		},
		Kind: func(method string, status int) (connector.Kind, bool) {
			switch {
			case status == 420:
				// The vendor's other word for 429.
				return connector.RateLimited, true
			case method == "SendAttachment" && connector.KindOfStatus(status) == connector.Invalid:
				// Crisp takes no such file: it goes out as a link.
				return connector.Unsupported, true
			case method == "FindSent" && (status == http.StatusNotFound || status == http.StatusGone):
				// The message is not there: an answer, not an error.
				return "", true
			}
			return "", false
		},
	}
}

// CrispConfig is a connection to a fake.
func CrispConfig(url string) crisp.Config {
	var c crisp.Config
	c.SetDefaults()
	c.WebsiteID, c.Identifier, c.Key, c.PluginID = fake.DefaultWebsite, fake.DefaultIdentifier, fake.DefaultKey, fake.DefaultPlugin
	c.HookSecret = connector.Secrets{fake.DefaultSigningSecret}
	c.AgentNames = map[string]string{fake.Kim: "Kimberly"}
	c.Typing, c.ReadMarks, c.HealEvery = true, true, 0
	c.BaseURL = url + "/v1"
	return c
}

// CrispDesk is a fake workspace whose hooks are collected.
type CrispDesk struct {
	*fake.Server
	*Collector
	T   connectortest.T
	Web *httptest.Server
}

// NewCrispDesk opens a workspace until the test ends.
func NewCrispDesk(t connectortest.T) *CrispDesk {
	s := fake.New(fake.Options{HookScale: 0.001})
	d := &CrispDesk{Server: s, Collector: collect(t, "", s.Hooks.Drain), T: t, Web: httptest.NewServer(s)}
	d.SetHook(d.URL)
	t.Cleanup(func() {
		d.Close()
		d.Web.Close()
	})
	return d
}

// Texts are the texts of a conversation's messages that match.
func (d *CrispDesk) Texts(ticket conversation.Ticket, match func(fake.Message) bool) []string {
	texts := []string{}
	for _, m := range d.Conversation(ticket.ID).Messages {
		if match(m) {
			texts = append(texts, m.Text())
		}
	}
	return texts
}

// CrispSaid reports whether a message is the customer's, and none that a ticket begins with.
func CrispSaid(m fake.Message) bool {
	return m.From == "user" && m.Properties["handoff_part"] != "opening"
}

// Vendor is what the suites see of it.
func (d *CrispDesk) Vendor() *connectortest.Vendor {
	return &connectortest.Vendor{
		Handler: d.Server, Faults: d.Faults,
		Ops: map[string]string{
			"Open": "meta.update", "Post": "message.send", "Assign": "routing.update", "CloseTicket": "state.update",
			"WriteNote": "message.send", "Availability": "availability", "SendTyping": "compose", "SendAttachment": "message.send",
			"FindSent": "message.get", "ListMessages": "message.list", "Check": "operators", "Mirror": "message.send", "EditMessage": "message.update", "MarkRead": "read",
		},
		AgentSees:  func(t conversation.Ticket) []string { return d.Texts(t, CrispSaid) },
		AgentReads: func(t conversation.Ticket) []string { return d.Texts(t, func(fake.Message) bool { return true }) },
		Notes: func(t conversation.Ticket) []string {
			return d.Texts(t, func(m fake.Message) bool { return m.Type == "note" })
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
		Closed: func(t conversation.Ticket) bool { return d.Conversation(t.ID).State == fake.StateResolved },
		Agent:  fake.Kim,
		Nobody: func() {
			require.NoError(d.T, d.OperatorIs(fake.Sam, "offline"))
			require.NoError(d.T, d.OperatorIs(fake.Kim, "offline"))
		},
		AgentSays: func(t conversation.Ticket, text string) {
			_, err := d.OperatorSays(t.ID, fake.Sam, text)
			require.NoError(d.T, err)
		},
		AgentSendsFile: func(t conversation.Ticket, f conversation.Attachment, content []byte) {
			_, err := d.OperatorSendsFile(t.ID, fake.Sam, d.Web.URL, f.Name, f.ContentType, content)
			require.NoError(d.T, err)
		},
		AgentTypes: func(t conversation.Ticket) { require.NoError(d.T, d.OperatorTypes(t.ID, fake.Sam, true, "")) },
		AgentHandsBack: func(t conversation.Ticket) {
			_, err := d.OperatorNotes(t.ID, fake.Sam, "!bot")
			require.NoError(d.T, err)
		},
		AgentCloses: func(t conversation.Ticket) { require.NoError(d.T, d.OperatorSetsState(t.ID, fake.StateResolved)) },
		Webhooks:    d.Deliveries,
	}
}
