package teams_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/teams"
	"github.com/handoff-engine/handoff/conversation"
	vendor "github.com/handoff-engine/handoff/testsuite/fake/teams"
	"github.com/handoff-engine/handoff/testsuite/subjects"
)

// at is the clock of the fixtures.
var at = time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC)

// desk is a fake tenant and the test that looks at it.
type desk struct {
	*subjects.TeamsDesk
}

func newDesk(t *testing.T, options vendor.Options) *desk {
	return &desk{subjects.NewTeamsDesk(t, options)}
}

// open connects to the tenant.
func (d *desk) open(change ...func(*teams.Config)) *teams.Client {
	cfg := subjects.TeamsConfig(d.Web.URL)
	for _, f := range change {
		f(&cfg)
	}
	c, err := teams.NewWithKeys(cfg, connector.Deps{Connection: "under-test", Unpaced: true}, time.Now(),
		vendor.KeySet([]string{"msteams"}, vendor.Key("k1")))
	require.NoError(d.T, err)
	return c
}

// openReader is open with the right to read threads.
func (d *desk) openReader(change ...func(*teams.Config)) *teams.Reader {
	return teams.WithGraph(d.open(change...), connector.Deps{Connection: "under-test", Unpaced: true})
}

// told gives what all activities so far tell, once each.
func (d *desk) told(c *teams.Client) []conversation.Event {
	var events []conversation.Event
	for _, delivery := range d.Deliveries() {
		require.NoError(d.T, c.Verify(delivery))
		in, err := c.Decode(delivery)
		require.NoError(d.T, err)
		for _, i := range in {
			events = append(events, i.Event)
		}
	}
	return events
}

// last is the event of the last activity.
func (d *desk) last(c *teams.Client) conversation.Event {
	events := d.told(c)
	require.NotEmpty(d.T, events)
	return events[len(events)-1]
}

func ana() connector.OpenRequest {
	return connector.OpenRequest{
		Key: "shop:c1/e1-2", Conversation: "shop:c1", Customer: conversation.Customer{Name: "Ana Example", Email: "ana@example.test"},
		Transcript: []conversation.Line{
			{N: 1, Role: conversation.RoleCustomer, Name: "Ana Example", At: at, Text: "My parcel has not come."},
			{N: 2, Role: conversation.RoleBot, At: at, Text: "I ask a colleague."},
		},
	}
}

func mustOpen(t *testing.T, c *teams.Client, req connector.OpenRequest) conversation.Ticket {
	t.Helper()
	ticket, err := c.Open(t.Context(), req)
	require.NoError(t, err)
	return ticket
}
