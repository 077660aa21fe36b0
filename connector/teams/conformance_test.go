package teams_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/teams"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
	vendor "github.com/handoff-engine/handoff/testsuite/fake/teams"
)

// keyName stands for what fixtures are signed with. Microsoft has the key, so the secret of the suite is a key's name;
// what is before its dash is the key's id.
const keyName = "k1-fixtures"

// keyOf gives the key of a name.
func keyOf(name string) vendor.SigningKey {
	id, _, _ := bytes.Cut([]byte(name), []byte("-"))
	return vendor.SigningKey{ID: string(id), Private: vendor.Key(name).Private}
}

// signed keeps tokens, because the suite asks for the same ones thousands of times and RSA is slow.
var signed sync.Map

func tokenOf(secret string, claims jwt.MapClaims) string {
	what := fmt.Sprint(secret, claims)
	if token, ok := signed.Load(what); ok {
		return token.(string)
	}
	token := vendor.Token(keyOf(secret), claims)
	signed.Store(what, token)
	return token
}

func subject() connectortest.Subject {
	// filesHost is where the fake of the case serves agents' pictures.
	var filesHost string
	return connectortest.Subject{
		Vendor: func(t connectortest.T) *connectortest.Vendor {
			d := newDesk(t, vendor.Options{Key: keyOf(keyName)})
			filesHost = strings.TrimPrefix(d.web.URL, "http://")
			return d.vendor()
		},
		Open: func(_ connectortest.T, o connectortest.Options) (connector.Connector, error) {
			var sets [][]byte
			for _, s := range o.WebhookSecrets {
				if s != "" {
					sets = append(sets, vendor.KeySet([]string{"msteams"}, keyOf(s)))
				}
			}
			if len(sets) == 0 {
				return nil, errors.New("there is no setting to forget: the keys are Microsoft's")
			}
			c := config(o.URL)
			c.ServiceHosts = append(c.ServiceHosts, filesHost)
			client, err := teams.NewWithKeys(c, o.Deps, at, sets...)
			if err != nil {
				return nil, err
			}
			return teams.WithGraph(client, o.Deps), nil
		},
		Auth: connectortest.Auth{
			Secret: keyName, Headers: []string{"Authorization"}, Tolerance: 5 * time.Minute,
			Sign: func(_ string, d *connector.Delivery, secret string) {
				claims := vendor.Claims(vendor.DefaultAppID, d.Body, d.ReceivedAt)
				claims["exp"] = d.ReceivedAt.Unix()
				d.Header.Set("Authorization", "Bearer "+tokenOf(secret, claims))
			},
			Spoil: map[string]func(*connector.Delivery){
				"another service address": func(d *connector.Delivery) {
					d.Body = bytes.Replace(d.Body, []byte("smba.trafficmanager.net"), []byte("smba.trafficmanager.example"), 1)
				},
				"body empty": func(d *connector.Delivery) { d.Body = nil },
			},
		},
		Secrets: []string{vendor.DefaultAppSecret},
		Kind: func(method string, status int) (connector.Kind, bool) {
			switch {
			case method == "FetchAttachment" || method == "FindSent" || method == "ListMessages":
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

func TestConformance(t *testing.T) { connectortest.Run(t, subject()) }

// FuzzDecode does without signatures: Decode looks at none, and RSA would take all the time.
func FuzzDecode(f *testing.F) {
	s := subject()
	s.Auth.Sign = nil
	s.Open = func(_ connectortest.T, o connectortest.Options) (connector.Connector, error) {
		return teams.NewWithKeys(config(o.URL), o.Deps, at)
	}
	connectortest.FuzzDecode(f, s)
}

// vendor is what the conformance suite sees of the desk.
func (d *desk) vendor() *connectortest.Vendor {
	const customer = "Zerlina Quux"
	return &connectortest.Vendor{
		Handler: d, Faults: d.Faults,
		Ops: map[string]string{
			"Open": vendor.OpCreate, "Post": vendor.OpPost, "Assign": vendor.OpPost, "WriteNote": vendor.OpPost, "SendAttachment": vendor.OpPost,
			"CloseTicket": vendor.OpUpdate, "UpdateTicket": vendor.OpUpdate, "EditMessage": vendor.OpUpdate, "FetchAttachment": vendor.OpAttachment, "Check": vendor.OpMembers,
			"FindSent": vendor.OpReplies, "ListMessages": vendor.OpReplies,
		},
		AgentSees: func(t conversation.Ticket) []string { return d.thread(t).Heard(customer) },
		Notes:     func(t conversation.Ticket) []string { return d.thread(t).Heard("Note") },
		Tickets:   func() int { return len(d.Threads()) },
		Closed:    func(t conversation.Ticket) bool { return d.thread(t).Over() },
		Agent:     vendor.Sam,
		AgentSays: func(t conversation.Ticket, text string) {
			_, err := d.Server.AgentSays(t.ID, vendor.Sam, text)
			require.NoError(d.t, err)
		},
		Webhooks: d.deliveries,
		File:     d.file,
	}
}

// file is a picture that an agent sent.
func (d *desk) file(content []byte) conversation.Attachment {
	c := d.open()
	ticket, err := c.Open(contextOf(d.t), connector.OpenRequest{Key: "files:c1/e1-1", Conversation: "files:c1"})
	require.NoError(d.t, err)
	_, err = d.AgentSendsPicture(ticket.ID, vendor.Sam, "", "parcel.png", "image/png", content)
	require.NoError(d.t, err)
	var found []conversation.Attachment
	for _, delivery := range d.deliveries() {
		events, err := c.Decode(delivery)
		require.NoError(d.t, err)
		for _, in := range events {
			if in.Event.Attachment != nil {
				found = append(found, *in.Event.Attachment)
			}
		}
	}
	require.NotEmpty(d.t, found, "the agent's picture was not told")
	return slices.Clone(found)[len(found)-1]
}
