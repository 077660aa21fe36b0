package livechat_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/livechat"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
	vendor "github.com/handoff-engine/handoff/testsuite/fake/livechat"
)

// listed gives the events of some kinds in the list of a ticket that Mira is believed to have.
func listed(t *testing.T, c *livechat.Client, ticket conversation.Ticket, kinds ...conversation.Kind) []conversation.Event {
	list, err := c.ListMessages(t.Context(), connector.ListRequest{Ticket: ticket, State: conversation.Assigned, Agent: vendor.Mira})
	require.NoError(t, err)
	var events []conversation.Event
	for _, in := range list {
		for _, kind := range kinds {
			if in.Event.Kind == kind {
				events = append(events, in.Event)
			}
		}
	}
	return events
}

func TestLostEditsAndDeletionsAreHealedUnderTheIDsOfTheirWebhooks(t *testing.T) {
	d := newDesk(t)
	c := openConnection(t, d.Web.URL)
	ticket := mustOpen(t, c, openRequest(t, c, "shop:c1/e1-2"))
	var ids []string
	for _, text := range []string{"on May 2", "nonsense", "bye"} {
		id, err := d.AgentSays(chatID(ticket), vendor.Mira, text)
		require.NoError(t, err)
		ids = append(ids, id)
	}
	require.Empty(t, listed(t, c, ticket, conversation.AgentDeleted), "nothing is gone")
	require.NoError(t, d.AgentEdits(chatID(ticket), ids[0], "on May 3"))
	require.NoError(t, d.AgentDeletes(chatID(ticket), ids[1]))

	edits := listed(t, c, ticket, conversation.AgentEdited)
	require.Equal(t, []string{ids[0], ids[2]}, []string{edits[0].Target, edits[1].Target}, "which are new is for the conversation to know")
	require.Equal(t, "on May 3", edits[0].Text)
	gone := listed(t, c, ticket, conversation.AgentDeleted)
	require.Len(t, gone, 1)
	require.Equal(t, ids[1], gone[0].Target)
	webhooks := told(t, d, c, conversation.AgentEdited, conversation.AgentDeleted)
	require.Equal(t, []string{edits[0].ID, gone[0].ID}, []string{webhooks[0].ID, webhooks[1].ID})

	// The last message is gone: what LiveChat writes on closing shows it.
	require.NoError(t, d.AgentDeletes(chatID(ticket), ids[2]))
	require.Empty(t, listed(t, c, ticket, conversation.AgentDeleted), "nothing follows them")
	require.NoError(t, d.AgentCloses(chatID(ticket), vendor.Mira))
	gone = listed(t, c, ticket, conversation.AgentDeleted)
	require.Equal(t, []string{ids[1], ids[2]}, []string{gone[0].Target, gone[1].Target})
}

// The model and the list together: only what was lost is said again.
func TestAHealedEditIsSaidOnceAndNothingElseIs(t *testing.T) {
	d := newDesk(t)
	c := openConnection(t, d.Web.URL)
	ticket := mustOpen(t, c, openRequest(t, c, "shop:c1/e1-2"))
	model := conversation.New("shop:c1", conversation.Route{
		Name: "shop", Channel: conversation.Connection{Name: "shop"}, Desks: []conversation.Connection{{Name: "under-test"}},
	})
	model.Begin(at, "e1")
	for i, text := range []string{"one", "two"} {
		id, err := d.AgentSays(chatID(ticket), vendor.Mira, text)
		require.NoError(t, err)
		if i == 0 {
			require.NoError(t, d.AgentEdits(chatID(ticket), id, "one, corrected"))
		}
	}
	for _, said := range told(t, d, c, conversation.AgentSaid) {
		said.Source = "under-test"
		model.Transcript.Lines = append(model.Transcript.Lines, conversation.Line{MessageID: said.MessageID, Text: said.Text})
		model.Seen.Add(said.Source, said.ID)
	}
	var all []conversation.Event
	for _, ev := range listed(t, c, ticket, conversation.Kinds()...) {
		ev.Source = "under-test"
		all = append(all, ev)
	}
	missing := model.Missing(all)
	var kinds []string
	for _, ev := range missing {
		kinds = append(kinds, string(ev.Kind)+" "+ev.Text)
	}
	require.Contains(t, kinds, "agent_edited one, corrected")
	require.NotContains(t, kinds, "agent_edited two")
	require.NotContains(t, strings.Join(kinds, "\n"), "agent_said")
}

func TestAnAgentWhoIsAwayLosesTheChatsAtHand(t *testing.T) {
	d := newDesk(t)
	now := time.Now()
	c := openConnection(t, d.Web.URL)
	c.SetClock(func() time.Time { return now })
	ticket := mustOpen(t, c, openRequest(t, c, "shop:c1/e1-2"))
	require.Empty(t, listed(t, c, ticket, conversation.AgentOffline))
	require.NoError(t, d.AgentPauses(vendor.Mira))
	now = now.Add(10 * time.Second)
	require.Empty(t, listed(t, c, ticket, conversation.AgentOffline), "she takes no new chats and answers this one")
	require.NoError(t, d.AgentGoesOffline(vendor.Mira))
	require.Empty(t, listed(t, c, ticket, conversation.AgentOffline), "the statuses are asked for once for many chats")
	now = now.Add(10 * time.Second)
	away := listed(t, c, ticket, conversation.AgentOffline)
	require.Len(t, away, 1)
	require.Equal(t, vendor.Mira, away[0].Agent)
	require.Equal(t, away[0].ID, listed(t, c, ticket, conversation.AgentOffline)[0].ID)
	require.Equal(t, 3, d.Faults.Calls("agent/list_routing_statuses"))
}

func TestWhereStatusesMayNotBeReadTheRestIsHealed(t *testing.T) {
	d := newDesk(t)
	c := openConnection(t, d.Web.URL)
	ticket := mustOpen(t, c, openRequest(t, c, "shop:c1/e1-2"))
	_, err := d.AgentSays(chatID(ticket), vendor.Mira, "hello")
	require.NoError(t, err)
	require.NoError(t, d.AgentGoesOffline(vendor.Mira))
	d.Faults.Set("agent/list_routing_statuses", fake.RefuseStatus(http.StatusForbidden, ""))
	for range 2 {
		require.Len(t, listed(t, c, ticket, conversation.AgentSaid, conversation.AgentOffline), 1)
	}
	require.Equal(t, 1, d.Faults.Calls("agent/list_routing_statuses"), "asked again too soon")
}
