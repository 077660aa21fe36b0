package httpbot_test

import (
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpbot"
	"github.com/handoff-engine/handoff/connector/sign"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
	fakehttpbot "github.com/handoff-engine/handoff/testsuite/fake/httpbot"
)

// signing are the headers that differ from call to call.
var signing = regexp.MustCompile(`(Webhook-(?:Timestamp|Signature)): .*`)

var subject = connectortest.Subject{
	Vendor: func(t connectortest.T) *connectortest.Vendor {
		s := fakehttpbot.New(fakehttpbot.Options{})
		t.Cleanup(s.Close)
		return &connectortest.Vendor{
			Handler: s, Faults: &s.Faults,
			Ops: map[string]string{"Reply": fakehttpbot.OpMessage, "Check": fakehttpbot.OpPing},
		}
	},
	Open: func(_ connectortest.T, o connectortest.Options) (connector.Connector, error) {
		return httpbot.Factory().Open(func(target any) error {
			c := target.(*httpbot.Config)
			c.URL = o.URL + "/bot"
			for _, s := range o.WebhookSecrets {
				c.Secret = append(c.Secret, connector.Secret(s))
			}
			return nil
		}, o.Deps)
	},
	Auth: connectortest.Auth{
		Secret: fakehttpbot.DefaultSecret, Body: true, Tolerance: 5 * time.Minute,
		Headers: []string{sign.HeaderID, sign.HeaderTimestamp, sign.HeaderSignature},
		Sign: func(fixture string, d *connector.Delivery, secret string) {
			id := "msg_" + fixture
			timestamp, signature := sign.MakeStandard(connector.Secret(secret), id, d.ReceivedAt, d.Body)
			d.Header = http.Header{}
			d.Header.Set(sign.HeaderID, id)
			d.Header.Set(sign.HeaderTimestamp, timestamp)
			d.Header.Set(sign.HeaderSignature, signature)
		},
	},
	Secrets: []string{fakehttpbot.DefaultSecret},
	Scrub:   func(request string) string { return signing.ReplaceAllString(request, "$1: ***") },
}

func TestConformance(t *testing.T) { connectortest.Run(t, subject) }

func FuzzDecode(f *testing.F) { connectortest.FuzzDecode(f, subject) }
