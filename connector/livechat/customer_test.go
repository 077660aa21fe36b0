package livechat_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
	vendor "github.com/handoff-engine/handoff/testsuite/fake/livechat"
)

func TestAConversationThatForgotItsCustomerFindsTheSameChat(t *testing.T) {
	d := newDesk(t)
	c := openConnection(t, d.Web.URL)
	first := mustOpen(t, c, openRequest(t, c, "shop:c1/e1-2"))
	require.NoError(t, d.AgentCloses(chatID(first), vendor.Mira))

	// The conversation lingered out, and began anew: nothing is kept.
	again := mustOpen(t, openConnection(t, d.Web.URL), openRequest(t, c, "shop:c1/e2-2"))
	require.Equal(t, chatID(first), chatID(again))
	require.Equal(t, first.Vendor, again.Vendor)
	require.Equal(t, 2, d.Chats()[0].Threads)
	other := mustOpen(t, c, openRequest(t, c, "shop:c2/e1-2"))
	require.NotEqual(t, chatID(first), chatID(other), "another conversation is another customer")
}

func TestACustomerWhomLiveChatForgotIsNew(t *testing.T) {
	d := newDesk(t)
	first := mustOpen(t, openConnection(t, d.Web.URL), openRequest(t, openConnection(t, d.Web.URL), "shop:c1/e1-2"))
	require.NoError(t, d.AgentCloses(chatID(first), vendor.Mira))
	c := openConnection(t, d.Web.URL)
	d.Faults.Set("customer_token", fake.RefuseStatus(http.StatusUnauthorized, `{"oauth_exception":"invalid_request"}`).For(2))
	again := mustOpen(t, c, openRequest(t, c, "shop:c1/e2-2"))
	require.NotEqual(t, chatID(first), chatID(again))

	d.Faults.Set("customer_token", fake.RefuseStatus(http.StatusServiceUnavailable, "").For(1))
	_, err := openConnection(t, d.Web.URL).PrepareTicket(t.Context(), connector.OpenRequest{Key: "shop:c1/e3-2", Conversation: "shop:c1"})
	require.Equal(t, connector.Unavailable, connector.KindOf(err), "nobody knows yet")
}

func TestTheTicketBeforeTellsTheCustomerWhereChatsCarryNoReference(t *testing.T) {
	d := newDesk(t)
	d.Switch(func(s *vendor.Switches) { s.PropertiesPending = true })
	c := openConnection(t, d.Web.URL)
	first := mustOpen(t, c, openRequest(t, c, "shop:c1/e1-2"))
	require.NoError(t, d.AgentCloses(chatID(first), vendor.Mira))
	calls := d.Faults.Calls("customer_token")
	prepared, err := c.PrepareTicket(t.Context(), connector.OpenRequest{Key: "shop:c1/e1-9", Conversation: "shop:c1", Previous: &first})
	require.NoError(t, err)
	require.Equal(t, first.Vendor, prepared)
	require.Equal(t, calls, d.Faults.Calls("customer_token"), "no new customer")

	elsewhere := conversation.Ticket{ID: "SAB1:SAB2", Vendor: map[string]string{"customer_id": "of-another-account", "customer_of": "another-desk"}}
	prepared, err = c.PrepareTicket(t.Context(), connector.OpenRequest{Key: "shop:c9/e1-9", Conversation: "shop:c9", Previous: &elsewhere})
	require.NoError(t, err)
	require.NotEqual(t, "of-another-account", prepared["customer_id"])
}

func TestACustomerWhoCannotBeLookedForIsNew(t *testing.T) {
	d := newDesk(t)
	c := openConnection(t, d.Web.URL)
	for _, status := range []int{http.StatusBadRequest, http.StatusForbidden} {
		d.Faults.Set("agent/list_chats", fake.RefuseStatus(status, "").For(1))
		prepared, err := c.PrepareTicket(t.Context(), connector.OpenRequest{Key: "shop:c1/e1-2", Conversation: "shop:c1"})
		require.NoError(t, err)
		require.NotEmpty(t, prepared["customer_id"])
	}
	d.Faults.Set("agent/list_chats", fake.RefuseStatus(http.StatusServiceUnavailable, "").For(1))
	_, err := c.PrepareTicket(t.Context(), connector.OpenRequest{Key: "shop:c1/e1-2", Conversation: "shop:c1"})
	require.Equal(t, connector.Unavailable, connector.KindOf(err), "there may be one: a second one would be a second chat")
}

func TestTextsAreSplitBetweenCharactersAndWordsWhateverTheirBytes(t *testing.T) {
	d := newDesk(t)
	c := openConnection(t, d.Web.URL)
	ticket := mustOpen(t, c, openRequest(t, c, "shop:c1/e1-2"))
	require.Equal(t, 4096, c.Traits().MaxText)
	for _, tc := range []struct {
		key   conversation.Key
		text  string
		parts int
	}{
		{"shop:c1/e1-3", strings.Repeat("😀", 4096), 1}, // 16 KB exactly
		{"shop:c1/e1-4", strings.Repeat("😀", 4097), 2},
		{"shop:c1/e1-5", strings.Repeat("four ", 1600), 2},
	} {
		before := len(d.Said(chatID(ticket)))
		_, err := c.Post(t.Context(), connector.PostRequest{Key: tc.key, Ticket: ticket, Text: tc.text})
		require.NoError(t, err)
		said := d.Said(chatID(ticket))[before:]
		require.Len(t, said, tc.parts)
		require.Equal(t, tc.text, strings.Join(said, ""))
	}
}
