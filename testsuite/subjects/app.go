package subjects

import (
	"fmt"
	"net/http"
	"regexp"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/app"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
	fake "github.com/handoff-engine/handoff/testsuite/fake/app"
)

// appSigning is what differs from call to call.
var appSigning = regexp.MustCompile(`(Webhook-(?:Timestamp|Signature)): .*|(Webhook-Id: (?:typing|read)-)[0-9a-f]+`)

// App is a team's own app.
func App() connectortest.Subject {
	return connectortest.Subject{
		Vendor: newApp,
		Open: func(_ connectortest.T, o connectortest.Options) (connector.Connector, error) {
			return app.Factory().Open(func(target any) error {
				c := target.(*app.Config)
				c.WebhookURL, c.WebhookSecret, c.Deduplicates = o.URL+"/handoff", connector.Secrets{fake.DefaultSecret}, true
				c.APIToken = secretsOf(o.WebhookSecrets)
				return nil
			}, o.Deps)
		},
		Auth: connectortest.Auth{
			Secret: fake.DefaultToken, Headers: []string{"Authorization"},
			Sign: func(_ string, d *connector.Delivery, secret string) {
				d.Hookpoint = "conversations/u-42/events"
				d.Header = http.Header{"Authorization": {"Bearer " + secret}, "Content-Type": {"application/json"}}
			},
		},
		Secrets: []string{fake.DefaultToken, fake.DefaultSecret},
		Scrub:   func(request string) string { return appSigning.ReplaceAllString(request, "$1$2: ***") },
	}
}

func newApp(t connectortest.T) *connectortest.Vendor {
	s := fake.New(fake.Options{})
	t.Cleanup(s.Close)
	return &connectortest.Vendor{
		Handler: s, Faults: &s.Faults,
		Ops: map[string]string{
			"Deliver": app.TypeMessage, "SendButtons": app.TypeMessage, "SendAttachment": app.TypeAttachment, "SendTyping": app.TypeAgentTyping,
			"NotifyState": app.TypeAgentJoined, "Check": app.TypePing,
		},
		Conversation: func() (string, map[string]string) { return "u-42", nil },
		CustomerSees: s.CustomerSees,
		CustomerFiles: func(to string) []string {
			var files []string
			for _, w := range s.Told() {
				if w.Type == app.TypeAttachment && w.Data.Conversation == to {
					files = append(files, fmt.Sprint(w.Data.Attachment["name"]))
				}
			}
			return files
		},
	}
}
