package landbot_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/landbot"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
	fakelandbot "github.com/handoff-engine/handoff/testsuite/fake/landbot"
)

var subject = connectortest.Subject{
	Vendor: newVendor,
	Open: func(_ connectortest.T, o connectortest.Options) (connector.Connector, error) {
		return landbot.Factory().Open(func(target any) error {
			c := target.(*landbot.Config)
			*c = config(o.URL + "/v1")
			c.HookToken = nil
			for _, s := range o.WebhookSecrets {
				c.HookToken = append(c.HookToken, connector.Secret(s))
			}
			return nil
		}, o.Deps)
	},
	Auth: connectortest.Auth{
		Secret: hookToken,
		Sign: func(fixture string, d *connector.Delivery, secret string) {
			d.Header.Set("Authorization", "Token "+secret)
			if strings.Contains(fixture, "handoff") {
				d.Hookpoint = landbot.HandoffHookpoint
			}
		},
		Headers: []string{"Authorization"},
	},
	Secrets: []string{fakelandbot.DefaultToken, hookToken},
	Except: map[string]string{
		"DecodeRetryKeepsID": "The request of the flow's Webhook block has no id; a later equal one is another request, " +
			"and changes nothing while a handoff is under way. TestRedeliveredHooksKeepTheirIDs holds for the hooks.",
	},
}

func newVendor(t connectortest.T) *connectortest.Vendor {
	at := time.Date(2026, time.March, 2, 9, 31, 0, 0, time.UTC)
	s := fakelandbot.New(fakelandbot.Options{RatePerSecond: -1, TimeScale: 0.001, Now: func() time.Time { return at }})
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
			n, err := s.NewCustomer(fakelandbot.DefaultChannelID, "Ana", nil)
			require.NoError(t, err)
			require.NoError(t, s.CustomerSays(n, "human"))
			return strconv.FormatInt(n, 10), map[string]string{"bot_id": "2200456", "resume_node": "resume00"}
		},
		CustomerSees:  func(to string) []string { return s.AgentTexts(id(to)) },
		Subscriptions: func() int { return len(s.HookURLs(fakelandbot.DefaultChannelID)) },
	}
}

func TestConformance(t *testing.T) { connectortest.Run(t, subject) }

func FuzzDecode(f *testing.F) { connectortest.FuzzDecode(f, subject) }

func TestRedeliveredHooksKeepTheirIDs(t *testing.T) {
	c := open(t, config("https://api.example/v1"))
	for _, fixture := range []string{"customer_text", "customer_without_uuid", "bot_dialog", "echo_text", "unassigned"} {
		first, again := delivery(t, fixture), delivery(t, fixture)
		again.ReceivedAt = again.ReceivedAt.Add(75 * time.Second)
		require.Equal(t, decode(t, c, first), decode(t, c, again), fixture)
	}
	require.Equal(t, conversation.HandoffRequested, decode(t, c, delivery(t, "handoff"))[0].Kind)
}
