package livechat_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/livechat"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
	"github.com/handoff-engine/handoff/testsuite/subjects"
)

const hookSecret = subjects.LiveChatSecret

func TestConformance(t *testing.T) { connectortest.Run(t, subjects.LiveChat()) }

func FuzzDecode(f *testing.F) { connectortest.FuzzDecode(f, subjects.LiveChat()) }

func newDesk(t *testing.T) *subjects.LiveChatDesk { return subjects.NewLiveChatDesk(t) }

func openConnection(t *testing.T, url string, change ...func(*livechat.Config)) *livechat.Client {
	cfg := subjects.LiveChatConfig(url, hookSecret)
	for _, f := range change {
		f(&cfg)
	}
	c, err := livechat.New(cfg, connector.Deps{Connection: "under-test", Unpaced: true})
	require.NoError(t, err)
	return c
}

// openTicket prepares and opens a ticket.
func openTicket(t *testing.T, c *livechat.Client, key conversation.Key, id string) conversation.Ticket {
	req := connector.OpenRequest{Key: key, Conversation: id, Customer: conversation.Customer{Name: "Ada Byron"}}
	prepared, err := c.PrepareTicket(t.Context(), req)
	require.NoError(t, err)
	req.Vendor = prepared
	ticket, err := c.Open(t.Context(), req)
	require.NoError(t, err)
	return ticket
}
