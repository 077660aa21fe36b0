package subjects

import (
	"strconv"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/landbot"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
	fake "github.com/handoff-engine/handoff/testsuite/fake/landbot"
)

// LandbotToken is what Landbot's hooks carry.
const LandbotToken = "hook-token-of-our-own-choice"

// Landbot is a web widget with its hosted bot.
func Landbot() connectortest.Subject {
	return connectortest.Subject{
		Vendor: newLandbot,
		Open: func(_ connectortest.T, o connectortest.Options) (connector.Connector, error) {
			return landbot.Factory().Open(func(target any) error {
				c := target.(*landbot.Config)
				*c = LandbotConfig(o.URL + "/v1")
				c.HookToken = secretsOf(o.WebhookSecrets)
				return nil
			}, o.Deps)
		},
		Auth: connectortest.Auth{
			Secret: LandbotToken,
			Sign: func(fixture string, d *connector.Delivery, secret string) {
				d.Header.Set("Authorization", "Token "+secret)
				if strings.Contains(fixture, "handoff") {
					d.Hookpoint = landbot.HandoffHookpoint
				}
			},
			Headers: []string{"Authorization"},
		},
		Secrets: []string{fake.DefaultToken, LandbotToken},
		Except: map[string]string{
			"DecodeRetryKeepsID": "The request of the flow's Webhook block has no id; a later equal one is another request, " +
				"and changes nothing while a handoff is under way. TestRedeliveredHooksKeepTheirIDs holds for the hooks.",
		},
	}
}

// LandbotConfig is the usual configuration.
func LandbotConfig(url string) landbot.Config {
	var c landbot.Config
	c.SetDefaults()
	c.BaseURL, c.AgentID = url, fake.DefaultAgentID
	c.APIToken, c.HookToken = connector.Secrets{fake.DefaultToken}, connector.Secrets{LandbotToken}
	c.ChannelIDs = []int64{fake.DefaultChannelID}
	return c
}

func newLandbot(t connectortest.T) *connectortest.Vendor {
	at := time.Date(2026, time.March, 2, 9, 31, 0, 0, time.UTC)
	s := fake.New(fake.Options{RatePerSecond: -1, TimeScale: 0.001, Now: func() time.Time { return at }})
	t.Cleanup(s.Close)
	id := func(to string) int64 {
		n, err := strconv.ParseInt(to, 10, 64)
		require.NoError(t, err)
		return n
	}
	return &connectortest.Vendor{
		Handler: s,
		Faults:  &s.Faults,
		Conversation: func() (string, map[string]string) {
			n, err := s.NewCustomer(fake.DefaultChannelID, "Ana", nil)
			require.NoError(t, err)
			require.NoError(t, s.CustomerSays(n, "human"))
			return strconv.FormatInt(n, 10), map[string]string{"bot_id": "2200456", "resume_node": "resume00"}
		},
		CustomerSees: func(to string) []string { return s.AgentTexts(id(to)) },
		CustomerFiles: func(to string) []string {
			var files []string
			for _, e := range s.Journal.Entries(to) {
				if e.Kind != "text" && strings.HasPrefix(e.Who, "agent:") {
					files = append(files, e.Text)
				}
			}
			return files
		},
		Subscriptions: func() int { return len(s.HookURLs(fake.DefaultChannelID)) },
	}
}
