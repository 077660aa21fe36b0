package subjects

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/teams"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
	fake "github.com/handoff-engine/handoff/testsuite/fake/teams"
)

// teamsKey stands for what fixtures are signed with. Microsoft has the key, so the secret of the suite is a key's name.
const teamsKey = "k1-fixtures"

// TeamsKey gives the key of a name; what is before its dash is the key's id.
func TeamsKey(name string) fake.SigningKey {
	id, _, _ := strings.Cut(name, "-")
	return fake.SigningKey{ID: id, Private: fake.Key(name).Private}
}

// teamsTokens keeps tokens, because the suite asks for the same ones thousands of times and RSA is slow.
var teamsTokens sync.Map

func teamsToken(secret string, claims jwt.MapClaims) string {
	what := fmt.Sprint(secret, claims)
	if token, ok := teamsTokens.Load(what); ok {
		return token.(string)
	}
	token := fake.Token(TeamsKey(secret), claims)
	teamsTokens.Store(what, token)
	return token
}

// Teams is a team whose members answer in threads. Its connection loads Microsoft's keys from the fake.
func Teams() connectortest.Subject {
	return TeamsWith(func(c teams.Config, o connectortest.Options) (connector.Connector, error) {
		return teams.New(c, o.Deps)
	})
}

// TeamsWith is Teams with another way to make the connection.
func TeamsWith(open func(c teams.Config, o connectortest.Options) (connector.Connector, error)) connectortest.Subject {
	// filesHost is where the fake of the case serves agents' pictures.
	var filesHost string
	return connectortest.Subject{
		Vendor: func(t connectortest.T) *connectortest.Vendor {
			d := NewTeamsDesk(t, fake.Options{Key: TeamsKey(teamsKey)})
			filesHost = strings.TrimPrefix(d.Web.URL, "http://")
			return d.Vendor()
		},
		Open: func(_ connectortest.T, o connectortest.Options) (connector.Connector, error) {
			c := TeamsConfig(o.URL)
			c.ServiceHosts = append(c.ServiceHosts, filesHost)
			return open(c, o)
		},
		Auth: connectortest.Auth{
			Secret: teamsKey, Headers: []string{"Authorization"}, Tolerance: 5 * time.Minute,
			Sign: func(_ string, d *connector.Delivery, secret string) {
				claims := fake.Claims(fake.DefaultAppID, d.Body, d.ReceivedAt)
				claims["exp"] = d.ReceivedAt.Unix()
				d.Header.Set("Authorization", "Bearer "+teamsToken(secret, claims))
			},
			Spoil: map[string]func(*connector.Delivery){
				"another service address": func(d *connector.Delivery) {
					d.Body = bytes.Replace(d.Body, []byte("smba.trafficmanager.net"), []byte("smba.trafficmanager.example"), 1)
				},
				"body empty": func(d *connector.Delivery) { d.Body = nil },
			},
		},
		Secrets: []string{fake.DefaultAppSecret},
		Kind: func(method string, status int) (connector.Kind, bool) {
			switch {
			case method == "FetchAttachment" || method == "FindTicket" || method == "FindSent" || method == "ListMessages":
			case status == http.StatusPreconditionFailed:
				// A write that ran into another: nothing was done.
				return connector.Unavailable, true
			case status == http.StatusRequestTimeout || status == http.StatusServiceUnavailable:
				// Both have come after a message was delivered.
				return connector.UncertainOutcome, true
			}
			return "", false
		},
		Scrub: func(request string) string {
			request = regexp.MustCompile(`eyJ-access-[0-9]+`).ReplaceAllString(request, "<access token>")
			// Graph's scope is its address, and the fake's port differs from run to run.
			return regexp.MustCompile(`scope=http%3A%2F%2F127\.0\.0\.1%3A[0-9]+`).ReplaceAllString(request, "scope=https%3A%2F%2Fvendor.example")
		},
		Except: map[string]string{
			"PostIntoClosed/CloseTicket": "Teams has no closed threads: that a ticket is over is known to the conversation alone",
		},
	}
}

// TeamsConfig is a connection to a fake.
func TeamsConfig(url string) teams.Config {
	var c teams.Config
	c.SetDefaults()
	c.AppID, c.AppSecret, c.TenantID = fake.DefaultAppID, connector.Secrets{fake.DefaultAppSecret}, fake.DefaultTenant
	c.ChannelID, c.Groups = fake.DefaultChannel, map[string]string{"billing": fake.BillingChannel}
	c.BaseURL, c.ServiceHosts = url+"/teams", []string{strings.TrimPrefix(url, "http://")}
	c.TeamGroupID, c.GraphURL = fake.DefaultGroup, url
	c.TokenURL, c.OpenIDURL = url+"/"+fake.DefaultTenant+"/oauth2/v2.0/token", url+"/v1/.well-known/openidconfiguration"
	return c
}

// TeamsDesk is a fake tenant whose activities are collected, and answered as the gateway does.
type TeamsDesk struct {
	*fake.Server
	*Collector
	T   connectortest.T
	Web *httptest.Server
}

// NewTeamsDesk opens a tenant until the test ends.
func NewTeamsDesk(t connectortest.T, options fake.Options) *TeamsDesk {
	options.HookScale = 0.001
	s := fake.New(options)
	d := &TeamsDesk{
		Server: s, Collector: collect(t, (&teams.Client{}).Traits().AnswerBody, s.Hooks.Drain), T: t, Web: httptest.NewServer(s),
	}
	d.SetHook(d.URL)
	t.Cleanup(func() {
		d.Close()
		d.Web.CloseClientConnections()
		d.Web.Close()
	})
	return d
}

// ThreadOf is a ticket as people see it.
func (d *TeamsDesk) ThreadOf(ticket conversation.Ticket) fake.Thread {
	t, ok := d.Thread(ticket.ID)
	require.True(d.T, ok, "there is no thread of the ticket")
	return t
}

// Vendor is what the suites see of it.
func (d *TeamsDesk) Vendor() *connectortest.Vendor {
	const customer = "Zerlina Quux"
	return &connectortest.Vendor{
		Handler: d.Server, Faults: d.Faults,
		Ops: map[string]string{
			"Open": fake.OpCreate, "FindTicket": fake.OpReplies, "Post": fake.OpPost, "Assign": fake.OpPost, "WriteNote": fake.OpPost, "SendAttachment": fake.OpPost,
			"CloseTicket": fake.OpUpdate, "UpdateTicket": fake.OpUpdate, "EditMessage": fake.OpUpdate, "FetchAttachment": fake.OpAttachment,
			"Check": fake.OpMembers, "FindSent": fake.OpReplies, "ListMessages": fake.OpReplies,
		},
		AgentSees: func(t conversation.Ticket) []string { return d.ThreadOf(t).Heard(customer) },
		AgentReads: func(t conversation.Ticket) []string {
			var lines []string
			for _, l := range d.ThreadOf(t).Lines {
				lines = append(lines, l.Text)
				if l.Card != nil {
					lines = append(lines, fmt.Sprint(*l.Card))
				}
			}
			return lines
		},
		Notes:   func(t conversation.Ticket) []string { return d.ThreadOf(t).Heard("Note") },
		Tickets: func() int { return len(d.Threads()) },
		Closed:  func(t conversation.Ticket) bool { return d.ThreadOf(t).Over() },
		Agent:   fake.Sam,
		AgentSays: func(t conversation.Ticket, text string) {
			_, err := d.Server.AgentSays(t.ID, fake.Sam, text)
			require.NoError(d.T, err)
		},
		AgentSendsFile: func(t conversation.Ticket, f conversation.Attachment, content []byte) {
			_, err := d.AgentSendsPicture(t.ID, fake.Sam, "", f.Name, f.ContentType, content)
			require.NoError(d.T, err)
		},
		AgentHandsBack: func(t conversation.Ticket) { require.NoError(d.T, d.AgentClicks(t.ID, fake.Sam, "handoff_back", "")) },
		AgentCloses:    func(t conversation.Ticket) { require.NoError(d.T, d.AgentClicks(t.ID, fake.Sam, "handoff_close", "")) },
		Webhooks:       d.Deliveries,
		File: func(content []byte) conversation.Attachment {
			c, err := teams.New(TeamsConfig(d.Web.URL), connector.Deps{Connection: "under-test", Unpaced: true})
			require.NoError(d.T, err)
			ticket, err := c.(connector.Desk).Open(d.T.Context(), connector.OpenRequest{Key: "files:c1/e1-1", Conversation: "files:c1"})
			require.NoError(d.T, err)
			_, err = d.AgentSendsPicture(ticket.ID, fake.Sam, "", "parcel.png", "image/png", content)
			require.NoError(d.T, err)
			return lastFile(d.T, c, d.Deliveries())
		},
	}
}
