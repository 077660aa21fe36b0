package certainly_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/certainly"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
	fakecertainly "github.com/handoff-engine/handoff/testsuite/fake/certainly"
)

const webhookSecret = "a-secret-in-the-path-7f3c"

var subject = connectortest.Subject{
	Vendor: newVendor,
	Open: func(_ connectortest.T, o connectortest.Options) (connector.Connector, error) {
		return certainly.Factory().Open(func(target any) error {
			c := target.(*certainly.Config)
			*c = config(o.URL)
			c.WebhookSecret = nil
			for _, s := range o.WebhookSecrets {
				c.WebhookSecret = append(c.WebhookSecret, connector.Secret(s))
			}
			return nil
		}, o.Deps)
	},
	Auth: connectortest.Auth{
		Secret:    webhookSecret,
		Hookpoint: true,
		Sign: func(fixture string, d *connector.Delivery, secret string) {
			d.Hookpoint = secret + "/" + hookpoint(fixture)
		},
	},
	Secrets: []string{fakecertainly.DefaultToken, webhookSecret},
	Except: map[string]string{
		"DecodeRetryKeepsID": "Claims have neither id nor time; a later equal one is another claim, and changes nothing " +
			"while a handoff is under way. TestRedeliveredMessagesKeepTheirIDs holds for what users say.",
	},
}

// hookpoint is where a fixture arrives, by its name.
func hookpoint(fixture string) string {
	if strings.Contains(fixture, "claim") {
		return certainly.ClaimHookpoint
	}
	return certainly.MessagesHookpoint
}

func newVendor(t connectortest.T) *connectortest.Vendor {
	at := time.Date(2026, time.March, 2, 9, 31, 0, 0, time.UTC)
	s := fakecertainly.New(fakecertainly.Options{Now: func() time.Time { return at }})
	t.Cleanup(s.Close)
	return &connectortest.Vendor{
		Handler: s,
		Faults:  &s.Faults,
		Ops: map[string]string{
			"Deliver": fakecertainly.OpSay, "PauseBot": fakecertainly.OpHandover, "ResumeBot": fakecertainly.OpTakeover,
			"Check": fakecertainly.OpConfig,
		},
		Conversation: func() (string, map[string]string) {
			user := s.NewUser("Zerlina", "Quux", nil)
			require.NoError(t, s.UserSays(user, "human"))
			return user, map[string]string{"claim_end": "solved & more"}
		},
		CustomerSees: s.AgentTexts,
	}
}

func TestConformance(t *testing.T) { connectortest.Run(t, subject) }

func FuzzDecode(f *testing.F) { connectortest.FuzzDecode(f, subject) }
