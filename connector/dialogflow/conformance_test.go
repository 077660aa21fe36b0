package dialogflow_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/dialogflow"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
	fakedialogflow "github.com/handoff-engine/handoff/testsuite/fake/dialogflow"
)

// newSubject makes the subject of one edition. Its fixtures of CX are in this folder, as for every vendor, those of ES
// below testdata/es.
func newSubject(cx bool) connectortest.Subject {
	s := connectortest.Subject{
		Auth: connectortest.Auth{
			Secret: webhookSecret,
			Sign: func(fixture string, d *connector.Delivery, secret string) {
				d.Header.Set("X-Handoff-Secret", secret)
				if strings.HasPrefix(fixture, "hookpoint") {
					d.Hookpoint = "handoff"
				}
			},
			Headers: []string{"X-Handoff-Secret"},
		},
		Secrets: []string{webhookSecret, "ya29.fake-1", "ya29.fake-2"},
		Kind: func(_ string, status int) (connector.Kind, bool) {
			// Google's status for a call that was cancelled half-way.
			return connector.UncertainOutcome, status == 499
		},
		Scrub: func(request string) string { return assertion.ReplaceAllString(request, "assertion=***") },
	}
	ops := map[string]string{"Reply": fakedialogflow.OpDetect, "Check": fakedialogflow.OpContexts}
	if cx {
		ops["Check"] = fakedialogflow.OpMatch
	} else {
		s.Dir = "testdata/es"
		s.Except = map[string]string{"NameIsFolder": "the folder of these fixtures is named after the edition"}
	}
	// A case makes its fake first and then its connections, with the key that this fake knows.
	at := time.Date(2026, time.March, 2, 9, 31, 0, 0, time.UTC)
	var vendor *fakedialogflow.Server
	s.Vendor = func(connectortest.T) *connectortest.Vendor {
		vendor = fakedialogflow.New(fakedialogflow.Options{CX: cx, Now: func() time.Time { return at }})
		return &connectortest.Vendor{Handler: vendor, Faults: &vendor.Faults, Ops: ops}
	}
	s.Open = func(_ connectortest.T, o connectortest.Options) (connector.Connector, error) {
		return dialogflow.Factory().Open(func(target any) error {
			c := target.(*dialogflow.Config)
			*c = config(cx, o.URL, "")
			c.Credentials, c.Auth = nil, "none"
			if vendor != nil {
				c.Credentials, c.Auth = connector.Secrets{connector.Secret(vendor.Credentials(o.URL))}, ""
			}
			c.HandoffIntents, c.HandoffParameters = []string{"speak.to.agent"}, []string{"wants_human"}
			c.GroupParameter, c.Fields = "department", []string{"name", "email", "customer_tier"}
			c.WebhookSecret = nil
			for _, secret := range o.WebhookSecrets {
				c.WebhookSecret = append(c.WebhookSecret, connector.Secret(secret))
			}
			return nil
		}, o.Deps)
	}
	return s
}

// assertion is the signed request for a token, which differs each time.
var assertion = regexp.MustCompile(`assertion=[A-Za-z0-9_.-]+`)

func TestConformance(t *testing.T) { connectortest.Run(t, newSubject(true)) }

func TestConformanceES(t *testing.T) { connectortest.Run(t, newSubject(false)) }

func FuzzDecode(f *testing.F) { connectortest.FuzzDecode(f, newSubject(true)) }
