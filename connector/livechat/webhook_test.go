package livechat_test

import (
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/livechat"
	"github.com/handoff-engine/handoff/conversation"
	vendor "github.com/handoff-engine/handoff/testsuite/fake/livechat"
	"github.com/handoff-engine/handoff/testsuite/subjects"
)

// fixture is a captured webhook that arrives at a time.
func fixture(t *testing.T, name string, received time.Time) *connector.Delivery {
	body, err := os.ReadFile("testdata/webhooks/" + name + ".json")
	require.NoError(t, err)
	return &connector.Delivery{Body: bytes.Replace(body, []byte("SECRET"), []byte(hookSecret), 1), ReceivedAt: received}
}

// told gives the kinds of events of all webhooks so far that are about kinds.
func told(t *testing.T, d *subjects.LiveChatDesk, c *livechat.Client, kinds ...conversation.Kind) []conversation.Event {
	var events []conversation.Event
	for _, delivery := range d.Deliveries() {
		require.NoError(t, c.Verify(delivery))
		in, err := c.Decode(delivery)
		require.NoError(t, err)
		for _, i := range in {
			for _, kind := range kinds {
				if i.Event.Kind == kind {
					events = append(events, i.Event)
				}
			}
		}
	}
	return events
}

func TestOnlyRoutingLosesItsIDs(t *testing.T) {
	c := openConnection(t, "http://127.0.0.1:9")
	for name, keeps := range map[string]bool{
		"incoming-event-message": true, "incoming-chat-assigned": true, "event-updated": true, "event-deleted": true,
		"chat-deactivated-by-agent": true, "chat-transferred-assigned": false, "user-added": false, "user-removed": false,
	} {
		first, err := c.Decode(fixture(t, name, at))
		require.NoError(t, err)
		later, err := c.Decode(fixture(t, name, at.Add(20*time.Second)))
		require.NoError(t, err)
		require.Equal(t, keeps, first[0].Event.ID == later[0].Event.ID, name)
		require.Equal(t, !keeps, first[0].Event.Weak, name)
	}
}

func TestAChatThatIsQueuedIsToldOnceHoweverLateItIsToldAgain(t *testing.T) {
	d := newDesk(t)
	c := openConnection(t, d.Web.URL)
	id := chatID(mustOpen(t, c, openRequest(t, c, "shop:c1/e1-2")))
	require.NoError(t, d.VendorUnassigns(id))
	require.NoError(t, d.AgentTakes(id, vendor.Mira))
	require.NoError(t, d.VendorUnassigns(id))
	var ids []string
	for _, delivery := range d.Deliveries() {
		events, err := c.Decode(delivery)
		require.NoError(t, err)
		if !bytes.Contains(delivery.Body, []byte("chat_transferred")) || events[0].Event.Kind != conversation.AgentUnassigned {
			continue
		}
		delivery.ReceivedAt = delivery.ReceivedAt.Add(50 * time.Second)
		again, err := c.Decode(delivery)
		require.NoError(t, err)
		require.Equal(t, events[0].Event.ID, again[0].Event.ID, "told again after most of a minute")
		ids = append(ids, again[0].Event.ID)
	}
	require.Len(t, ids, 2)
	require.NotEqual(t, ids[0], ids[1], "queued a second time")
}

func TestWebhooksOfAnotherOrganizationAreForbidden(t *testing.T) {
	c := openConnection(t, "http://127.0.0.1:9", func(c *livechat.Config) { c.OrganizationID = "another" })
	require.Equal(t, connector.Forbidden, connector.KindOf(c.Verify(fixture(t, "user-added", at))))
}

func TestConfiguredNamesGoBeforeLiveChats(t *testing.T) {
	c := openConnection(t, "http://127.0.0.1:9", func(c *livechat.Config) { c.AgentNames = map[string]string{vendor.Mira: "Mira from Billing"} })
	events, err := c.Decode(fixture(t, "incoming-event-message", at))
	require.NoError(t, err)
	require.Equal(t, conversation.Author{ID: vendor.Mira, Name: "Mira from Billing"}, events[0].Event.Author)
}

func TestTransferTellsTheNewOwnerAndNobodyElse(t *testing.T) {
	d := newDesk(t)
	c := openConnection(t, d.Web.URL)
	id := chatID(mustOpen(t, c, openRequest(t, c, "shop:c1/e1-2")))
	require.NoError(t, d.AgentTransfers(id, vendor.Mira, vendor.Leo))
	require.NoError(t, d.VendorReassignsInactive(id, vendor.Mira))
	require.NoError(t, d.VendorUnassigns(id))
	events := told(t, d, c, conversation.AgentAssigned, conversation.AgentUnassigned)
	var states []string
	for _, ev := range events {
		states = append(states, string(ev.Kind)+" "+ev.Agent)
	}
	const mira, leo, nobody = "agent_assigned " + vendor.Mira, "agent_assigned " + vendor.Leo, "agent_unassigned "
	// The begin, then each change as told by chat_transferred and by who came or went.
	require.Equal(t, []string{mira, leo, leo, mira, mira, nobody, nobody}, states)
}

func TestFakesWebhooksCarryOurReference(t *testing.T) {
	d := newDesk(t)
	c := openConnection(t, d.Web.URL)
	ticket := mustOpen(t, c, openRequest(t, c, "shop:c1/e1-2"))
	_, err := d.AgentSays(chatID(ticket), vendor.Mira, "Hello")
	require.NoError(t, err)
	deliveries := d.Deliveries()
	events, err := c.Decode(deliveries[len(deliveries)-1])
	require.NoError(t, err)
	require.Equal(t, connector.Ref{ID: "shop:c1"}, events[0].Ref)
	require.Equal(t, ticket.ID, events[0].Event.TicketID)

	other, err := livechat.New(subjects.LiveChatConfig(d.Web.URL, hookSecret), connector.Deps{Connection: "another"})
	require.NoError(t, err)
	events, err = other.Decode(deliveries[len(deliveries)-1])
	require.NoError(t, err)
	require.Empty(t, events, "a chat of another connection")
}

func TestThreadThatAnAgentOpensIsANewTicket(t *testing.T) {
	d := newDesk(t)
	c := openConnection(t, d.Web.URL)
	ticket := mustOpen(t, c, openRequest(t, c, "shop:c1/e1-2"))
	require.NoError(t, d.AgentCloses(chatID(ticket), vendor.Mira))
	thread, err := d.AgentStartsThread(chatID(ticket), vendor.Leo, "One more thing")
	require.NoError(t, err)
	want := &conversation.Ticket{ID: chatID(ticket) + ":" + thread, Vendor: ticket.Vendor}

	deliveries := d.Deliveries()
	events, err := c.Decode(deliveries[len(deliveries)-1])
	require.NoError(t, err)
	require.Len(t, events, 2)
	require.Equal(t, []conversation.Kind{conversation.AgentAssigned, conversation.AgentSaid}, []conversation.Kind{events[0].Event.Kind, events[1].Event.Kind})
	require.Equal(t, want, events[0].Event.Ticket)
	require.Equal(t, want, events[1].Event.Ticket)

	listed, err := c.ListMessages(t.Context(), connector.ListRequest{Ticket: ticket, State: conversation.Ended})
	require.NoError(t, err)
	last := listed[len(listed)-1].Event
	require.Equal(t, events[1].Event.ID, last.ID, "what the webhook told is what the list heals")
	require.Equal(t, want, last.Ticket)
}

func TestListTellsHowThingsStandOnlyWhereWeErr(t *testing.T) {
	d := newDesk(t)
	c := openConnection(t, d.Web.URL)
	ticket := mustOpen(t, c, openRequest(t, c, "shop:c1/e1-2"))
	states := func(state conversation.State, agent string) []conversation.Event {
		list, err := c.ListMessages(t.Context(), connector.ListRequest{Ticket: ticket, State: state, Agent: agent})
		require.NoError(t, err)
		var events []conversation.Event
		for _, in := range list {
			if in.Event.Kind.TellsState() || in.Event.Kind == conversation.TicketClosed {
				require.True(t, in.Event.At.IsZero())
				events = append(events, in.Event)
			}
		}
		return events
	}
	require.Empty(t, states(conversation.Assigned, vendor.Mira))
	believedNobody := states(conversation.Waiting, "")
	require.Len(t, believedNobody, 1)
	require.Equal(t, conversation.Author{ID: vendor.Mira, Name: "Mira"}, believedNobody[0].Author)
	require.Equal(t, vendor.Mira, states(conversation.Assigned, vendor.Leo)[0].Agent)

	require.NoError(t, d.VendorUnassigns(chatID(ticket)))
	require.Equal(t, conversation.AgentUnassigned, states(conversation.Assigned, vendor.Mira)[0].Kind)
	require.Empty(t, states(conversation.Waiting, ""))

	require.NoError(t, d.AgentTakes(chatID(ticket), vendor.Mira))
	_, err := d.AgentSays(chatID(ticket), vendor.Mira, "back again")
	require.NoError(t, err)
	require.NotEqual(t, believedNobody[0].ID, states(conversation.Waiting, "")[0].ID, "the same change, a second time")

	require.NoError(t, d.RouterCloses(chatID(ticket)))
	closed := states(conversation.Assigned, vendor.Mira)
	require.Len(t, closed, 1)
	require.Equal(t, told(t, d, c, conversation.TicketClosed)[0].ID, closed[0].ID)
}

func TestListLeavesOurOwnSendsOut(t *testing.T) {
	d := newDesk(t)
	c := openConnection(t, d.Web.URL)
	ticket := mustOpen(t, c, openRequest(t, c, "shop:c1/e1-2"))
	_, err := c.Post(t.Context(), connector.PostRequest{Key: "shop:c1/e1-3", Ticket: ticket, Text: "hello"})
	require.NoError(t, err)
	list, err := c.ListMessages(t.Context(), connector.ListRequest{Ticket: ticket, State: conversation.Assigned, Agent: vendor.Mira})
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, conversation.AgentOnline, list[0].Event.Kind, "how things stand is all that it tells")
	proofs := told(t, d, c, conversation.SendProven)
	require.Len(t, proofs, 1, "the webhook's echo is a proof")
	require.Equal(t, conversation.Key("shop:c1/e1-3"), proofs[0].Key)
}
