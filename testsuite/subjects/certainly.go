package subjects

import (
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/certainly"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
	fake "github.com/handoff-engine/handoff/testsuite/fake/certainly"
)

// CertainlySecret is in the path of Certainly's webhooks.
const CertainlySecret = "a-secret-in-the-path-7f3c"

// Certainly is a web widget with its hosted bot.
func Certainly() connectortest.Subject {
	return connectortest.Subject{
		Vendor: newCertainly,
		Open: func(_ connectortest.T, o connectortest.Options) (connector.Connector, error) {
			return certainly.Factory().Open(func(target any) error {
				c := target.(*certainly.Config)
				*c = CertainlyConfig(o.URL)
				c.WebhookSecret = secretsOf(o.WebhookSecrets)
				return nil
			}, o.Deps)
		},
		Auth: connectortest.Auth{
			Secret:    CertainlySecret,
			Hookpoint: true,
			Sign: func(fixture string, d *connector.Delivery, secret string) {
				d.Hookpoint = secret + "/" + CertainlyHookpoint(fixture)
			},
		},
		Secrets: []string{fake.DefaultToken, CertainlySecret},
		Except: map[string]string{
			"DecodeRetryKeepsID": "Claims have neither id nor time; a later equal one is another claim, and changes nothing " +
				"while a handoff is under way. TestRedeliveredMessagesKeepTheirIDs holds for what users say.",
		},
	}
}

// CertainlyConfig is the usual configuration.
func CertainlyConfig(url string) certainly.Config {
	var c certainly.Config
	c.SetDefaults()
	c.BaseURL, c.DeploymentID = url, fake.DefaultDeployment
	c.APIToken, c.WebhookSecret = connector.Secrets{fake.DefaultToken}, connector.Secrets{CertainlySecret}
	return c
}

// CertainlyHookpoint is where a fixture arrives, by its name.
func CertainlyHookpoint(fixture string) string {
	if strings.Contains(fixture, "claim") {
		return certainly.ClaimHookpoint
	}
	return certainly.MessagesHookpoint
}

func newCertainly(t connectortest.T) *connectortest.Vendor {
	at := time.Date(2026, time.March, 2, 9, 31, 0, 0, time.UTC)
	s := fake.New(fake.Options{Now: func() time.Time { return at }})
	t.Cleanup(s.Close)
	return &connectortest.Vendor{
		Handler: s,
		Faults:  &s.Faults,
		Ops: map[string]string{
			"Deliver": fake.OpSay, "PauseBot": fake.OpHandover, "ResumeBot": fake.OpTakeover, "Check": fake.OpConfig,
		},
		Conversation: func() (string, map[string]string) {
			user := s.NewUser("Zerlina", "Quux", nil)
			require.NoError(t, s.UserSays(user, "human"))
			return user, map[string]string{"claim_end": "solved & more"}
		},
		CustomerSees: s.AgentTexts,
	}
}
