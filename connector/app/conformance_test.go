package app_test

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/app"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
	fakeapp "github.com/handoff-engine/handoff/testsuite/fake/app"
)

// signing is what differs from call to call.
var signing = regexp.MustCompile(`(Webhook-(?:Timestamp|Signature)): .*|(Webhook-Id: (?:typing|read)-)[0-9a-f]+`)

var subject = connectortest.Subject{
	Vendor: func(t connectortest.T) *connectortest.Vendor {
		s := fakeapp.New(fakeapp.Options{})
		t.Cleanup(s.Close)
		return &connectortest.Vendor{
			Handler: s, Faults: &s.Faults,
			Ops: map[string]string{
				"Deliver": app.TypeMessage, "SendAttachment": app.TypeAttachment, "SendTyping": app.TypeAgentTyping,
				"NotifyState": app.TypeAgentJoined, "Check": app.TypePing,
			},
			Conversation: func() (string, map[string]string) { return "u-42", nil },
			CustomerSees: s.CustomerSees,
		}
	},
	Open: func(_ connectortest.T, o connectortest.Options) (connector.Connector, error) {
		return app.Factory().Open(func(target any) error {
			c := target.(*app.Config)
			c.WebhookURL, c.WebhookSecret, c.Deduplicates = o.URL+"/handoff", connector.Secrets{fakeapp.DefaultSecret}, true
			for _, s := range o.WebhookSecrets {
				c.APIToken = append(c.APIToken, connector.Secret(s))
			}
			return nil
		}, o.Deps)
	},
	Auth: connectortest.Auth{
		Secret: fakeapp.DefaultToken, Headers: []string{"Authorization"},
		Sign: func(_ string, d *connector.Delivery, secret string) {
			d.Hookpoint = "conversations/u-42/events"
			d.Header = http.Header{"Authorization": {"Bearer " + secret}, "Content-Type": {"application/json"}}
		},
	},
	Secrets: []string{fakeapp.DefaultToken, fakeapp.DefaultSecret},
	Scrub:   func(request string) string { return signing.ReplaceAllString(request, "$1$2: ***") },
}

func TestConformance(t *testing.T) { connectortest.Run(t, subject) }

func FuzzDecode(f *testing.F) { connectortest.FuzzDecode(f, subject) }
