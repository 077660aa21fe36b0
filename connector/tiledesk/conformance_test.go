package tiledesk_test

import (
	"regexp"
	"testing"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/tiledesk"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
	vendor "github.com/handoff-engine/handoff/testsuite/fake/tiledesk"
)

const hookSecret = "hook-secret-4b1d77c0"

func subject() connectortest.Subject {
	// base is where the connection of the case finds the fake, its files too.
	var base string
	return connectortest.Subject{
		Vendor: func(t connectortest.T) *connectortest.Vendor { return newDesk(t).vendor(&base) },
		Open: func(_ connectortest.T, o connectortest.Options) (connector.Connector, error) {
			base = o.URL
			return tiledesk.New(config(o.URL, o.WebhookSecrets...), o.Deps)
		},
		Auth: connectortest.Auth{
			Secret:    hookSecret,
			Sign:      func(_ string, d *connector.Delivery, secret string) { d.Hookpoint = secret },
			Hookpoint: true,
			Spoil: map[string]func(*connector.Delivery){
				"something behind the secret": func(d *connector.Delivery) { d.Hookpoint += "/more" },
				"something before the secret": func(d *connector.Delivery) { d.Hookpoint = "more/" + d.Hookpoint },
			},
		},
		Secrets: []string{hookSecret, vendor.DefaultPassword, vendor.DefaultJWTSecret},
		Scrub: func(request string) string {
			request = regexp.MustCompile(`JWT eyJ[\w.-]+`).ReplaceAllString(request, "JWT <token>")
			return regexp.MustCompile(`"sender":"[0-9a-f]{8}-[0-9a-f-]{27}"`).ReplaceAllString(request, `"sender":"<customer>"`)
		},
	}
}

func TestConformance(t *testing.T) { connectortest.Run(t, subject()) }

func FuzzDecode(f *testing.F) { connectortest.FuzzDecode(f, subject()) }
