package livechat_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/testsuite/fake"
	"github.com/handoff-engine/handoff/testsuite/fake/livechat"
)

func TestWebhooksTellAChatFromQueueToClose(t *testing.T) {
	a := newAccount(t, livechat.Options{})
	in := a.subscribe("incoming_chat", "incoming_event", "chat_transferred", "user_added_to_chat", "user_removed_from_chat", "chat_deactivated")
	chat, thread, _ := a.start()
	require.NoError(t, a.AgentTakes(chat, livechat.Mira))
	_, err := a.AgentSays(chat, livechat.Mira, "Hello, Mira here")
	require.NoError(t, err)
	_, err = a.AgentNotes(chat, livechat.Mira, "difficult one")
	require.NoError(t, err)
	require.NoError(t, a.AgentTransfers(chat, livechat.Mira, livechat.Leo))
	require.NoError(t, a.VendorReassignsInactive(chat, livechat.Mira))
	require.NoError(t, a.VendorUnassigns(chat))
	require.NoError(t, a.RouterCloses(chat))
	hooks := a.got(in)

	first := only(hooks, "incoming_chat")[0]["chat"].(object)
	require.Equal(t, chat, first["id"])
	require.NotNil(t, first["thread"].(object)["queue"])
	var reasons []any
	for _, p := range only(hooks, "chat_transferred") {
		reasons = append(reasons, p["reason"])
	}
	require.ElementsMatch(t, []any{"assigned", "manual", "inactive", "unassigned"}, reasons)
	require.Len(t, only(hooks, "user_added_to_chat"), 3)
	require.Len(t, only(hooks, "user_removed_from_chat"), 3)
	closed := only(hooks, "chat_deactivated")[0]
	require.Equal(t, thread, closed["thread_id"])
	require.NotContains(t, closed, "user_id", "the router closed it")

	visible := map[any]any{}
	for _, p := range only(hooks, "incoming_event") {
		e := p["event"].(object)
		if e["type"] == "message" {
			visible[e["text"]] = e["visibility"]
		} else {
			require.NotContains(t, e, "author_id")
		}
	}
	require.Equal(t, map[any]any{"Hello, Mira here": "all", "difficult one": "agents"}, visible)
	for _, h := range hooks {
		require.Equal(t, "whsec-4b1d", h["secret_key"])
		require.Equal(t, livechat.DefaultOrganization, h["organization_id"])
		require.Contains(t, h["additional_data"], "chat_properties")
	}
}

func TestClosingNamesWhoClosed(t *testing.T) {
	a := newAccount(t, livechat.Options{})
	in := a.subscribe("chat_deactivated")
	chat, _, token := a.start()
	require.NoError(t, a.AgentTakes(chat, livechat.Mira))
	require.NoError(t, a.AgentCloses(chat, livechat.Mira))
	_, got := a.asCustomer(token, "resume_chat", object{"chat": object{"id": chat}, "continuous": true})
	require.Contains(t, got, "thread_id")
	a.asCustomer(token, "deactivate_chat", object{"id": chat})
	require.True(t, a.Chats()[0].Pinned, "closed by the customer while nobody had it")

	var by []any
	for _, p := range only(a.got(in), "chat_deactivated") {
		by = append(by, p["user_id"])
	}
	require.ElementsMatch(t, []any{livechat.Mira, a.Chats()[0].Customer}, by)
}

func TestUnansweredWebhooksAreRepeatedThreeTimesThenLost(t *testing.T) {
	a := newAccount(t, livechat.Options{})
	in := a.subscribe("incoming_chat")
	in.status = http.StatusNoContent // only 200 counts
	a.start()
	require.Len(t, a.got(in), 4)
}

func TestFiltersSuppressTheEcho(t *testing.T) {
	a := newAccount(t, livechat.Options{})
	in := a.subscribe("incoming_event")
	status, got := a.configure("register_webhook", object{
		"action": "incoming_event", "type": "license", "owner_client_id": livechat.DefaultClientID, "url": in.url, "secret_key": "filtered",
		"filters": object{"author_type": "agent", "only_my_chats": true, "source_type": []string{"other_clients", "system"}},
	})
	require.Equal(t, http.StatusOK, status, got)
	chat, _, token := a.start()
	a.asCustomer(token, "send_event", object{"chat_id": chat, "event": object{"type": "message", "text": "mine"}})
	_, err := a.AgentSays(chat, livechat.Mira, "theirs")
	require.NoError(t, err)
	count := map[any]int{}
	for _, h := range a.got(in) {
		count[h["secret_key"]]++
	}
	require.Equal(t, map[any]int{"whsec-4b1d": 2, "filtered": 1}, count)
}

func TestWebhooksCanBeLostDoubledAndSwitchedOff(t *testing.T) {
	a := newAccount(t, livechat.Options{})
	in := a.subscribe("incoming_chat", "chat_deactivated")
	a.Faults.Set("hook", fake.Lose().For(1))
	a.start()
	require.Empty(t, a.got(in))

	a.Faults.Set("hook", fake.Redeliver(1).For(1))
	chat, _, _ := a.start()
	require.Len(t, a.got(in), 2)

	a.Switch(func(s *livechat.Switches) { s.NotInstalled = true })
	require.NoError(t, a.RouterCloses(chat))
	require.Len(t, a.got(in), 2)
}

func TestFourthWebhookOfAnActionIsRefused(t *testing.T) {
	a := newAccount(t, livechat.Options{})
	a.subscribe("incoming_chat", "incoming_chat", "incoming_chat")
	_, got := a.configure("register_webhook", object{
		"action": "incoming_chat", "type": "license", "owner_client_id": livechat.DefaultClientID, "url": "https://x.example", "secret_key": "s",
	})
	require.Equal(t, "limit_reached", errorType(got))
	require.Len(t, a.Webhooks()["incoming_chat"], 3)
}

func TestRoutingStatusIsToldWithSpaces(t *testing.T) {
	a := newAccount(t, livechat.Options{})
	in := a.subscribe("routing_status_set")
	require.NoError(t, a.AgentPauses(livechat.Mira))
	require.Equal(t, []object{{"agent_id": livechat.Mira, "status": "not accepting chats"}}, only(a.got(in), "routing_status_set"))
}

func TestAgentsEditAndDelete(t *testing.T) {
	a := newAccount(t, livechat.Options{})
	in := a.subscribe("event_updated", "event_deleted")
	chat, thread, _ := a.start()
	id, err := a.AgentSays(chat, livechat.Mira, "helo")
	require.NoError(t, err)
	require.NoError(t, a.AgentEdits(chat, id, "hello"))
	require.NoError(t, a.AgentDeletes(chat, id))
	hooks := a.got(in)
	require.Equal(t, "hello", only(hooks, "event_updated")[0]["event"].(object)["text"])
	require.Equal(t, []object{{"chat_id": chat, "thread_id": thread, "event_id": id}}, only(hooks, "event_deleted"))
}

func TestAutoAssignPutsAnAgentIntoTheFirstWebhook(t *testing.T) {
	a := newAccount(t, livechat.Options{})
	a.Switch(func(s *livechat.Switches) { s.AutoAssign = true })
	in := a.subscribe("incoming_chat")
	a.start()
	chat := only(a.got(in), "incoming_chat")[0]["chat"].(object)
	require.Len(t, chat["users"], 2)
	require.NotContains(t, chat["thread"], "queue")
}

func TestPeopleCanBePlayedOverHTTP(t *testing.T) {
	a := newAccount(t, livechat.Options{})
	chat, _, _ := a.start()
	status, _ := a.post("/_fake/agent-takes", "", object{"chat": chat, "agent": livechat.Mira})
	require.Equal(t, http.StatusOK, status)
	status, got := a.post("/_fake/agent-says", "", object{"chat": chat, "agent": livechat.Mira, "text": "hi"})
	require.Equal(t, http.StatusOK, status)
	require.NotEmpty(t, got["id"])
	status, _ = a.post("/_fake/agent-closes", "", object{"chat": "nowhere", "agent": livechat.Mira})
	require.Equal(t, http.StatusConflict, status)

	resp, err := http.Get(a.url + "/_fake/chats/" + chat)
	require.NoError(t, err)
	defer resp.Body.Close()
	var view struct{ Lines []livechat.Line }
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&view))
	require.Equal(t, "hello", view.Lines[0].Text)
	require.Equal(t, "hi", view.Lines[1].Text)

	req, err := http.NewRequest(http.MethodPut, a.url+"/_fake/switches", strings.NewReader(`{"auto_asign":true}`))
	require.NoError(t, err)
	resp2, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, resp2.Body.Close())
	require.Equal(t, http.StatusBadRequest, resp2.StatusCode, "a misspelt switch is named")
}
