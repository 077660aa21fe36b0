package livechat_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/testsuite/fake"
	"github.com/handoff-engine/handoff/testsuite/fake/livechat"
)

func TestCustomerTokenMakesAnEntityOrKeepsIt(t *testing.T) {
	a := newAccount(t, livechat.Options{})
	_, first := a.customerToken("")
	_, second := a.customerToken("")
	_, again := a.customerToken(first)
	require.NotEqual(t, first, second)
	require.Equal(t, first, again)
}

func TestPersonalAccessTokenMintsNoCustomers(t *testing.T) {
	a := newAccount(t, livechat.Options{})
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(livechat.DefaultAccountID+":"+livechat.DefaultPAT))
	status, got := a.post("/v2/customer/token", basic, object{"grant_type": "agent_token", "client_id": livechat.DefaultClientID, "response_type": "token"})
	require.Equal(t, http.StatusUnauthorized, status)
	require.Equal(t, "invalid_request", got["oauth_exception"])

	status, got = a.post("/v3.6/agent/action/list_chats", basic, object{})
	require.Equal(t, http.StatusOK, status, got)
}

func TestEachAPITakesItsOwnKindOfTokenOnly(t *testing.T) {
	a := newAccount(t, livechat.Options{})
	token, _ := a.customerToken("")
	status, got := a.asCustomer(a.agent, "list_chats", object{})
	require.Equal(t, http.StatusUnauthorized, status)
	require.Equal(t, "authentication", errorType(got))
	status, _ = a.post("/v3.6/agent/action/list_chats", "Bearer "+token, object{})
	require.Equal(t, http.StatusUnauthorized, status)
}

func TestTokensExpire(t *testing.T) {
	now := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	a := newAccount(t, livechat.Options{Now: func() time.Time { return now }})
	token, _ := a.customerToken("")
	now = now.Add(8*time.Hour + time.Second)
	status, got := a.asCustomer(token, "list_chats", object{})
	require.Equal(t, http.StatusUnauthorized, status)
	require.Equal(t, "authentication", errorType(got))
}

func TestTwentySixthTokenRevokesTheOldest(t *testing.T) {
	a := newAccount(t, livechat.Options{})
	for range 24 {
		a.refresh()
	}
	status, _ := a.asAgent("list_chats", object{})
	require.Equal(t, http.StatusOK, status)
	a.refresh()
	status, _ = a.asAgent("list_chats", object{})
	require.Equal(t, http.StatusUnauthorized, status)
}

func TestMistakesInRequestsAreRefused(t *testing.T) {
	a := newAccount(t, livechat.Options{})
	chat, _, token := a.start()
	for _, tc := range []struct {
		name, action string
		body         object
	}{
		{"unknown field", "send_event", object{"chat_id": chat, "event": object{"type": "message", "text": "x", "recipients": "all"}}},
		{"visibility of a customer", "send_event", object{"chat_id": chat, "event": object{"type": "message", "text": "x", "visibility": "agents"}}},
		{"system event", "send_event", object{"chat_id": chat, "event": object{"type": "system"}}},
		{"empty text", "send_event", object{"chat_id": chat, "event": object{"type": "message", "text": " "}}},
		{"text of more than 16 KB", "send_event", object{"chat_id": chat, "event": object{"type": "message", "text": strings.Repeat("é", 8193)}}},
		{"file of another host", "send_event", object{"chat_id": chat, "event": object{"type": "file", "url": "https://elsewhere.example/x"}}},
		{"property that is not registered", "start_chat", object{"chat": object{"properties": object{"app77c1": object{"conversation_id": "c"}}}}},
		{"nothing to update", "update_customer", object{}},
		{"both ways to name groups", "list_group_statuses", object{"all": true, "group_ids": []int{7}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			status, got := a.asCustomer(token, tc.action, tc.body)
			require.Equal(t, http.StatusBadRequest, status)
			require.Equal(t, "validation", errorType(got))
		})
	}
	status, got := a.post("/v3.6/customer/action/list_chats", "Bearer "+token, object{})
	require.Equal(t, http.StatusBadRequest, status)
	require.Equal(t, "validation", errorType(got), "organization_id is mandatory")
}

func TestOneChatPerCustomer(t *testing.T) {
	a := newAccount(t, livechat.Options{})
	chat, first, token := a.start()

	_, got := a.asCustomer(token, "start_chat", object{})
	require.Equal(t, "chat_limit_reached", errorType(got))
	_, got = a.asCustomer(token, "resume_chat", object{"chat": object{"id": chat}})
	require.Equal(t, "chat_already_active", errorType(got))

	status, got := a.asCustomer(token, "deactivate_chat", object{"id": chat})
	require.Equal(t, http.StatusOK, status)
	require.Empty(t, got)
	_, got = a.asCustomer(token, "send_event", object{"chat_id": chat, "event": object{"type": "message", "text": "late"}})
	require.Equal(t, "chat_inactive", errorType(got))
	status, _ = a.asCustomer(token, "send_event", object{"chat_id": chat, "event": object{"type": "message", "text": "late"}, "attach_to_last_thread": true})
	require.Equal(t, http.StatusOK, status)

	status, got = a.asCustomer(token, "resume_chat", object{"chat": object{"id": chat}, "continuous": true})
	require.Equal(t, http.StatusOK, status)
	require.NotEqual(t, first, got["thread_id"])
	_, got = a.asCustomer(token, "list_chats", object{})
	summary := got["chats_summary"].([]any)[0].(object)
	require.Equal(t, chat, summary["id"])
	require.Equal(t, true, summary["active"])
}

func TestCustomIDIsKeptAndDuplicatesAreAccepted(t *testing.T) {
	a := newAccount(t, livechat.Options{})
	chat, thread, token := a.start()
	for range 2 {
		status, _ := a.asCustomer(token, "send_event", object{"chat_id": chat, "event": object{"type": "message", "text": "again", "custom_id": "k2"}})
		require.Equal(t, http.StatusOK, status)
	}
	_, got := a.asAgent("get_chat", object{"chat_id": chat})
	events := got["thread"].(object)["events"].([]any)
	require.Len(t, events, 3)
	require.Equal(t, thread+"_3", events[2].(object)["id"])
	require.Equal(t, "k2", events[1].(object)["custom_id"])
	require.Equal(t, "k2", events[2].(object)["custom_id"])

	a.Switch(func(s *livechat.Switches) { s.RejectDuplicateCustomID = true })
	_, got = a.asCustomer(token, "send_event", object{"chat_id": chat, "event": object{"type": "message", "text": "again", "custom_id": "k2"}})
	require.Equal(t, "validation", errorType(got))
}

func TestStartNeedsSomebodyUnlessContinuous(t *testing.T) {
	a := newAccount(t, livechat.Options{})
	require.NoError(t, a.AgentGoesOffline(livechat.Mira))
	require.NoError(t, a.AgentGoesOffline(livechat.Leo))
	token, _ := a.customerToken("")
	_, got := a.asCustomer(token, "start_chat", object{"chat": object{"access": object{"group_ids": []int{7}}}})
	require.Equal(t, "groups_offline", errorType(got))
	_, got = a.asCustomer(token, "list_group_statuses", object{"group_ids": []int{7, 99}})
	require.Equal(t, object{"7": "offline"}, got["groups_status"])
}

func TestTransferNeedsSomebodyUnlessIgnored(t *testing.T) {
	a := newAccount(t, livechat.Options{})
	chat, _, _ := a.start()
	require.NoError(t, a.AgentGoesOffline(livechat.Leo))
	to := object{"type": "agent", "ids": []string{livechat.Leo}}
	_, got := a.asAgent("transfer_chat", object{"id": chat, "target": to})
	require.Equal(t, "authorization", errorType(got), "the requester is not in the chat")
	_, got = a.asAgent("transfer_chat", object{"id": chat, "target": to, "ignore_requester_presence": true})
	require.Equal(t, "agent_offline", errorType(got))
	status, _ := a.asAgent("transfer_chat", object{"id": chat, "target": to, "ignore_requester_presence": true, "ignore_agents_availability": true})
	require.Equal(t, http.StatusOK, status)
	require.True(t, a.Chats()[0].Queued)

	to = object{"type": "agent", "ids": []string{livechat.Mira}}
	status, _ = a.asAgent("transfer_chat", object{"id": chat, "target": to, "ignore_requester_presence": true})
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, []string{livechat.Mira}, a.Chats()[0].Agents)

	_, got = a.asAgent("transfer_chat", object{"id": chat, "target": object{"type": "group", "ids": []string{"7"}}, "ignore_requester_presence": true})
	require.Equal(t, "validation", errorType(got), "ids of groups are integers")
}

func TestAgentSideWritesOnlyFromInsideTheChat(t *testing.T) {
	a := newAccount(t, livechat.Options{})
	chat, _, _ := a.start()
	note := object{"chat_id": chat, "event": object{"type": "system_message", "system_message_type": "handoff_info", "text": "n", "visibility": "agents"}}
	_, got := a.asAgent("send_event", note)
	require.Equal(t, "authorization", errorType(got))
	status, _ := a.asAgent("add_user_to_chat", object{"chat_id": chat, "user_id": livechat.DefaultRequester, "user_type": "agent", "visibility": "agents", "ignore_requester_presence": true})
	require.Equal(t, http.StatusOK, status)
	status, got = a.asAgent("send_event", note)
	require.Equal(t, http.StatusOK, status, got)
}

func TestFilesAreUploadedShownAndServed(t *testing.T) {
	now := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	a := newAccount(t, livechat.Options{Now: func() time.Time { return now }})
	chat, _, token := a.start()
	status, got := a.upload(token, "bill.txt", []byte("42 coins"))
	require.Equal(t, http.StatusOK, status)
	shown := got["url"].(string)
	status, _ = a.asCustomer(token, "send_event", object{"chat_id": chat, "event": object{"type": "file", "url": shown}})
	require.Equal(t, http.StatusOK, status)
	_, got = a.upload(token, "other.txt", []byte("unused"))
	unused := got["url"].(string)

	now = now.Add(25 * time.Hour)
	for address, want := range map[string]int{shown: http.StatusOK, unused: http.StatusNotFound} {
		resp, err := http.Get(address)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, want, resp.StatusCode)
	}
	token, _ = a.customerTokenAfterExpiry()
	_, got = a.upload(token, "big.bin", make([]byte, 10<<20+1))
	require.Equal(t, "entity_too_large", errorType(got))
	_, got = a.upload(token, "run.exe", []byte("x"))
	require.Equal(t, "validation", errorType(got))
}

func (a *account) customerTokenAfterExpiry() (token, id string) {
	a.agent = a.refresh()
	return a.customerToken("")
}

func TestWrongRegionIsNamed(t *testing.T) {
	a := newAccount(t, livechat.Options{})
	a.Switch(func(s *livechat.Switches) { s.Region = "fra" })
	_, got := a.asAgent("list_chats", object{})
	require.Equal(t, "misdirected_request", errorType(got))
	require.Equal(t, "fra", got["error"].(object)["data"].(object)["region"])
}

func TestAnswerLostAfterTheCallTookPlace(t *testing.T) {
	a := newAccount(t, livechat.Options{})
	chat, _, token := a.start()
	a.Faults.Set("customer/send_event", fake.AcceptThenStatus(http.StatusGatewayTimeout).For(1))
	_, got := a.asCustomer(token, "send_event", object{"chat_id": chat, "event": object{"type": "message", "text": "kept"}})
	require.Equal(t, "request_timeout", errorType(got))
	require.Equal(t, []string{"hello", "kept"}, a.Said(chat))

	a.Faults.Set("customer/send_event", fake.RateLimit(0, "").For(1))
	_, got = a.asCustomer(token, "send_event", object{"chat_id": chat, "event": object{"type": "message", "text": "refused"}})
	require.Equal(t, "too_many_requests", errorType(got))
}

func TestThreadsAreListedNewestFirstInPages(t *testing.T) {
	a := newAccount(t, livechat.Options{})
	chat, first, token := a.start()
	a.asCustomer(token, "deactivate_chat", object{"id": chat})
	_, got := a.asCustomer(token, "resume_chat", object{"chat": object{"id": chat}, "continuous": true})
	second := got["thread_id"]

	_, got = a.asAgent("list_threads", object{"chat_id": chat, "limit": 1})
	require.Equal(t, second, got["threads"].([]any)[0].(object)["id"])
	_, got = a.asAgent("list_threads", object{"chat_id": chat, "page_id": got["next_page_id"]})
	require.Equal(t, first, got["threads"].([]any)[0].(object)["id"])
	require.Nil(t, got["next_page_id"])

	_, got = a.asAgent("list_chats", object{"filters": object{"active": true, "group_ids": []int{8}}})
	require.Empty(t, got["chats_summary"])
	_, got = a.asAgent("list_chats", object{"filters": object{"active": true, "group_ids": []int{7}}})
	require.Len(t, got["chats_summary"], 1)
}

func TestMissingScopeIsRefused(t *testing.T) {
	a := newAccount(t, livechat.Options{Scopes: []string{"customers:own", "chats--all:rw"}})
	_, got := a.configure("list_webhooks", object{"owner_client_id": livechat.DefaultClientID})
	require.Equal(t, "authorization", errorType(got))
	status, _ := a.asAgent("list_chats", object{})
	require.Equal(t, http.StatusOK, status)
}

func TestReadingIsMarkedByThoseInTheChat(t *testing.T) {
	a := newAccount(t, livechat.Options{})
	in := a.subscribe("events_marked_as_seen")
	chat, _, token := a.start()
	_, got := a.asCustomer(token, "mark_events_as_seen", object{"chat_id": chat, "seen_up_to": "yesterday"})
	require.Equal(t, "validation", errorType(got))
	_, got = a.asCustomer(token, "mark_events_as_seen", object{"chat_id": "another", "seen_up_to": "2026-11-02T10:15:04.120000Z"})
	require.Equal(t, "not_found", errorType(got))
	status, _ := a.asCustomer(token, "mark_events_as_seen", object{"chat_id": chat, "seen_up_to": "2026-11-02T10:15:04.120000Z"})
	require.Equal(t, http.StatusOK, status)
	require.NoError(t, a.AgentReads(chat, livechat.Mira))
	hooks := only(a.got(in), "events_marked_as_seen")
	require.Len(t, hooks, 2)
	require.Equal(t, "2026-11-02T10:15:04.120000Z", hooks[0]["seen_up_to"])
	require.Equal(t, livechat.Mira, hooks[1]["user_id"])
}

func TestACustomerRatesAThreadWithThumbs(t *testing.T) {
	a := newAccount(t, livechat.Options{})
	chat, thread, token := a.start()
	a.asCustomer(token, "deactivate_chat", object{"id": chat})
	rate := func(chat, thread any, properties object) any {
		_, got := a.asCustomer(token, "update_thread_properties", object{"chat_id": chat, "thread_id": thread, "properties": properties})
		return errorType(got)
	}
	require.Equal(t, "validation", rate(chat, thread, object{"rating": object{"score": 5}}))
	require.Equal(t, "validation", rate(chat, thread, object{"rating": object{"stars": 1}}))
	require.Equal(t, "validation", rate(chat, thread, object{"routing": object{"unassigned": false}}))
	require.Equal(t, "validation", rate(chat, thread, object{}))
	require.Equal(t, "not_found", rate(chat, "another", object{"rating": object{"score": 1}}))
	require.Nil(t, rate(chat, thread, object{"rating": object{"score": 0, "comment": "slow"}}), "a closed thread too")
	score, comment := a.Rating(chat, thread)
	require.EqualValues(t, 0, score)
	require.Equal(t, "slow", comment)
}
