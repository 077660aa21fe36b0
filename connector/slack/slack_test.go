package slack_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/slack"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
	vendor "github.com/handoff-engine/handoff/testsuite/fake/slack"
	"github.com/handoff-engine/handoff/testsuite/subjects"
)

func TestConformance(t *testing.T) { connectortest.Run(t, subjects.Slack()) }

func FuzzDecode(f *testing.F) { connectortest.FuzzDecode(f, subjects.Slack()) }

// workspace is a fake workspace and the test that looks at it.
type workspace struct {
	*subjects.SlackWorkspace
}

func newWorkspace(t *testing.T) *workspace {
	return newWorkspaceWith(t, vendor.Options{HookScale: 0.001})
}

func newWorkspaceWith(t *testing.T, options vendor.Options) *workspace {
	return &workspace{subjects.NewSlackWorkspace(t, options)}
}

// events decodes the webhooks so far, as they came.
func (w *workspace) events(c *slack.Client) []conversation.Event {
	var list []conversation.Event
	for _, d := range w.Deliveries() {
		require.NoError(w.T, c.Verify(d))
		in, err := c.Decode(d)
		require.NoError(w.T, err)
		for _, one := range in {
			list = append(list, one.Event)
		}
	}
	return list
}

// kinds are the kinds of events, without the proofs of our own sends.
func kinds(events []conversation.Event) []conversation.Kind {
	list := []conversation.Kind{}
	for _, ev := range events {
		if ev.Kind != conversation.SendProven {
			list = append(list, ev.Kind)
		}
	}
	return list
}

// open makes a connection to the workspace.
func (w *workspace) open(change ...func(*slack.Config)) *slack.Client {
	cfg := subjects.SlackConfig(w.Web.URL, vendor.DefaultSigningSecret)
	for _, f := range change {
		f(&cfg)
	}
	c, err := slack.New(cfg, connector.Deps{Connection: "under-test", Unpaced: true})
	require.NoError(w.T, err)
	return c
}

// asked is what a first handoff asks for.
func asked(key conversation.Key) connector.OpenRequest {
	return connector.OpenRequest{
		Key: key, Conversation: "shop:c1",
		Customer: conversation.Customer{Name: "Ada *Byron* <!channel>", Email: "ada@customer.example", Fields: map[string]string{"order": "991"}},
		Transcript: []conversation.Line{
			{N: 1, Role: conversation.RoleCustomer, Name: "Ada", At: time.Now(), Text: "Where is <it>?"},
			{N: 2, Role: conversation.RoleBot, At: time.Now(), Text: "I ask a colleague."},
		},
	}
}

// ticket opens one.
func (w *workspace) ticket(c *slack.Client) conversation.Ticket {
	ticket, err := c.Open(w.T.Context(), asked("shop:c1/e1-2"))
	require.NoError(w.T, err)
	return ticket
}
