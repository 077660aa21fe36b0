package landbot_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/testsuite/fake"
	"github.com/handoff-engine/handoff/testsuite/fake/landbot"
)

func TestFakeRefusesWhatTheVendorRefuses(t *testing.T) {
	a := newAccount(t, landbot.Options{})
	id := a.customer()
	for _, tc := range []struct {
		name, method, path, body string
		header                   []string
		status                   int
		answer                   string
	}{
		{"no slash", "POST", a.path(id, "send_text"), `{"message":"x"}`, nil, 404, `{"errors":{"detail":["Not Found"]}}`},
		{"no word Token", "POST", a.path(id, "send_text/"), `{"message":"x"}`, []string{"Authorization", landbot.DefaultToken}, 401, `{"detail":"Authentication credentials were not provided."}`},
		{"Bearer", "POST", a.path(id, "send_text/"), `{"message":"x"}`, []string{"Authorization", "Bearer " + landbot.DefaultToken}, 401, `{"detail":"Authentication credentials were not provided."}`},
		{"wrong token", "POST", a.path(id, "send_text/"), `{"message":"x"}`, []string{"Authorization", "Token nope"}, 401, `{"detail":"Invalid token."}`},
		{"unknown customer", "POST", "/v1/customers/1/send_text/", `{"message":"x"}`, nil, 404, `{"errors":{"customer_id":["Not found"]}}`},
		{"wrong method", "GET", a.path(id, "send_text/"), "", nil, 405, `{"errors":{"detail":["Method Not Allowed"]}}`},
		{"not JSON", "POST", a.path(id, "send_text/"), `message=x`, nil, 400, `{"errors":{"detail":["Malformed JSON"]}}`},
		{"unknown key", "POST", a.path(id, "send_text/"), `{"message":"x","id":"7"}`, nil, 422, `{"errors":{"id":["Unknown field"]}}`},
		{"wrong type", "POST", a.path(id, "send_text/"), `{"message":7}`, nil, 422, `{"errors":{"message":["Invalid type"]}}`},
		{"empty text", "POST", a.path(id, "send_text/"), `{"message":""}`, nil, 422, `{"errors":{"message":["This field may not be blank"]}}`},
		{"image without address", "POST", a.path(id, "send_image/"), `{"caption":"x"}`, nil, 422, `{"errors":{"url":["Enter a valid URL"]}}`},
		{"no documents", "POST", a.path(id, "send_document/"), `{"url":"https://files.example/a.pdf"}`, nil, 404, `{"errors":{"detail":["Not Found"]}}`},
		{"unknown agent", "PUT", a.path(id, "assign/1/"), "", nil, 404, `{"errors":{"agent_id":["Not found"]}}`},
		{"unknown bot", "PUT", a.path(id, "assign_bot/1/"), `{}`, nil, 404, `{"errors":{"bot_id":["Not found"]}}`},
		{"unknown node", "PUT", a.path(id, "assign_bot/2200456/"), `{"node":"nowhere"}`, nil, 422, `{"errors":{"node":["Invalid node"]}}`},
		{"bad field name", "POST", a.path(id, "fields/Handoff-ID/"), `{"type":"string","extra":{},"value":"x"}`, nil, 422, `{"errors":{"name":["Invalid name"]}}`},
		{"page too large", "GET", "/v1/channels/?limit=101", "", nil, 422, `{"errors":{"limit":["Out of range"]}}`},
		{"too large", "POST", a.path(id, "send_text/"), `{"message":"` + strings.Repeat("x", 2<<20) + `"}`, nil, 413, `{"errors":{"detail":["Request Entity Too Large"]}}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			status, answer := a.call(tc.method, tc.path, tc.body, tc.header...)
			require.Equal(t, tc.status, status)
			require.JSONEq(t, tc.answer, answer)
		})
	}
	require.Empty(t, a.AgentTexts(id), "what was refused was not said")
}

func TestSendsAnswerWithoutABodyAndEveryRepeatIsSeen(t *testing.T) {
	a := newAccount(t, landbot.Options{})
	id := a.customer()
	for range 2 {
		require.Empty(t, a.ok("POST", a.path(id, "send_text/"), `{"message":"Hi"}`))
	}
	require.Equal(t, []string{"Hi", "Hi"}, a.AgentTexts(id))
	snap, err := a.Customer(id)
	require.NoError(t, err)
	require.Zero(t, snap.Bot, "the first send ends the bot's control")
}

func TestASendMayTakePlaceAlthoughTheAnswerIsLost(t *testing.T) {
	a := newAccount(t, landbot.Options{})
	id := a.customer()
	a.subscribe()
	a.Faults.Set("send_text", fake.AcceptThenReset().For(1))
	req, err := http.NewRequestWithContext(t.Context(), "POST", a.url+a.path(id, "send_text/"), strings.NewReader(`{"message":"Hi"}`))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Token "+landbot.DefaultToken)
	resp, err := http.DefaultClient.Do(req)
	if err == nil {
		require.NoError(t, resp.Body.Close())
	}
	require.Error(t, err)
	require.Equal(t, []string{"Hi"}, a.AgentTexts(id))
	require.Equal(t, []string{"agent text: Hi"}, a.lines())
	require.Equal(t, 1, strings.Count(a.ok("GET", a.path(id, "messages/"), ""), `"message":"Hi"`))
}

func TestAnotherAgentsCustomerCannotBeTaken(t *testing.T) {
	a := newAccount(t, landbot.Options{})
	id := a.customer()
	require.NoError(t, a.HumanTakes(id, landbot.DefaultHumanID))
	for _, op := range []string{"assign/", "assign/4107/", "unassign/", "archive/"} {
		status, answer := a.call("PUT", a.path(id, op), "")
		require.Equal(t, 412, status, op)
		require.JSONEq(t, `{"errors":{"customer_id":["Customer belongs to another agent"]}}`, answer)
	}
	a.ok("PUT", a.path(id, "assign/4108/"), "")
	require.Contains(t, a.ok("GET", a.path(id, ""), ""), `"agent_id":4108`)
}

func TestMoreThanTenCallsInASecondAreRefused(t *testing.T) {
	a := newAccount(t, landbot.Options{RatePerSecond: 10})
	id := a.customer()
	refused := 0
	for range 15 {
		status, answer := a.call("GET", a.path(id, ""), "")
		if status == 429 {
			refused++
			require.JSONEq(t, `{"errors":{"rate":["Too many requests"]}}`, answer)
		}
	}
	require.Positive(t, refused)
	require.LessOrEqual(t, refused, 5)
}

func TestTheTranscriptHasNoIdsAndNoOrder(t *testing.T) {
	a := newAccount(t, landbot.Options{Now: func() time.Time { return time.Unix(1791200417, 512043000) }})
	id := a.customer()
	for i := range 6 {
		a.ok("POST", a.path(id, "send_text/"), fmt.Sprintf(`{"message":"m%d"}`, i))
	}
	var body struct {
		Messages []map[string]any `json:"messages"`
	}
	require.NoError(t, json.Unmarshal([]byte(a.ok("GET", a.path(id, "messages/"), "")), &body))
	var texts []string
	for _, m := range body.Messages {
		texts = append(texts, m["message"].(string))
		require.NotContains(t, m, "id")
		require.Equal(t, "2026-10-05 11:40:17", m["message_datetime"])
	}
	require.ElementsMatch(t, []string{"Hello, I am the bot.", "m0", "m1", "m2", "m3", "m4", "m5"}, texts)
	require.NotEqual(t, []string{"Hello, I am the bot.", "m0", "m1", "m2", "m3", "m4", "m5"}, texts)
}

func TestHooksAreMadeListedAndDeleted(t *testing.T) {
	a := newAccount(t, landbot.Options{})
	a.subscribe()
	form := url.Values{"url": {"https://gw.example/webhooks/x"}, "token": {"t"}, "name": {"n"}}
	status, _ := a.call("POST", "/v1/channels/812/message_hooks/", form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	require.Equal(t, 200, status, "a form works as well")
	require.Equal(t, []string{a.inbox.url, "https://gw.example/webhooks/x"}, a.HookURLs(812))

	var list struct {
		Hooks []struct {
			ID    int64  `json:"id"`
			Token string `json:"token"`
		} `json:"hooks"`
	}
	require.NoError(t, json.Unmarshal([]byte(a.ok("GET", "/v1/channels/812/message_hooks/", "")), &list))
	require.Equal(t, "hook-token", list.Hooks[0].Token)
	one := fmt.Sprintf("/v1/channels/812/message_hooks/%d/", list.Hooks[0].ID)
	require.Contains(t, a.ok("GET", one, ""), a.inbox.url)
	require.Empty(t, a.ok("DELETE", one, ""))
	status, _ = a.call("GET", one, "")
	require.Equal(t, 404, status)
	require.Equal(t, []string{"https://gw.example/webhooks/x"}, a.HookURLs(812))
}

func TestFieldsAreCreatedBeforeTheyAreUpdated(t *testing.T) {
	a := newAccount(t, landbot.Options{})
	id := a.customer()
	path, body := a.path(id, "fields/handoff_id/"), `{"type":"string","extra":{},"value":"h-01"}`
	status, _ := a.call("PUT", path, body)
	require.Equal(t, 404, status)
	a.ok("POST", path, body)
	require.Contains(t, a.ok("GET", a.path(id, ""), ""), `"handoff_id":"h-01"`)
	a.ok("PUT", path, strings.Replace(body, "h-01", "h-02", 1))
	require.Contains(t, a.ok("GET", path, ""), `"value":"h-02"`)
	a.ok("DELETE", path, "")
	status, _ = a.call("GET", path, "")
	require.Equal(t, 404, status)
}

func TestAgentsChannelsAndCustomersAreListed(t *testing.T) {
	a := newAccount(t, landbot.Options{})
	id := a.customer()
	require.Contains(t, a.ok("GET", "/v1/agents/", ""), `"id":4107`)
	require.Contains(t, a.ok("GET", "/v1/channels/?offset=0&limit=100", ""), `"id":812`)
	require.Contains(t, a.ok("GET", "/v1/customers/?channel_id=812&archived=false&search_by=email&search=ana@example.com", ""), fmt.Sprintf(`"id":%d`, id))
	require.Contains(t, a.ok("GET", "/v1/customers/?channel_id=813", ""), `"total":0`)
}

func TestWhatsAppTakesWordsOnlyWithinADay(t *testing.T) {
	var mu sync.Mutex
	now := time.Unix(1791200417, 0)
	a := newAccount(t, landbot.Options{
		Channels: []landbot.Channel{{ID: 812, Name: "WA", Type: "whatsapp"}},
		Now: func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			return now
		},
	})
	id := a.customer()
	a.ok("POST", a.path(id, "send_text/"), `{"message":"Hi"}`)
	mu.Lock()
	now = now.Add(25 * time.Hour)
	mu.Unlock()
	status, _ := a.call("POST", a.path(id, "send_text/"), `{"message":"Hi"}`)
	require.Equal(t, 412, status)
}

func TestWhatIsUnknownIsASwitch(t *testing.T) {
	a := newAccount(t, landbot.Options{Unknown: landbot.Unknown{
		NoSlashStatus: 301, DroppedSendStatus: 403, HeldSendStatus: 412, SendAssigns: true,
		UnassignAction: "release", ActionInRaw: true, SuccessBody: `{"success":true}`, NoAgentsList: true,
	}})
	a.subscribe()
	id := a.customer()
	status, _ := a.call("GET", "/v1/agents", "")
	require.Equal(t, 301, status)
	status, _ = a.call("GET", "/v1/agents/", "")
	require.Equal(t, 404, status)
	require.Equal(t, `{"success":true}`, a.ok("POST", a.path(id, "send_text/"), `{"message":"Hi"}`))
	snap, err := a.Customer(id)
	require.NoError(t, err)
	require.EqualValues(t, landbot.DefaultAgentID, snap.Agent)
	require.NoError(t, a.AutoUnassign(id))
	status, _ = a.call("POST", a.path(id, "send_text/"), `{"message":"Hi"}`)
	require.Equal(t, 403, status)
	for _, h := range a.hooks() {
		if h.Type == "event" {
			require.Empty(t, h.Data, "the action is in _raw")
		}
	}
	require.Contains(t, a.Hooks().Attempts()[1].Body+a.Hooks().Attempts()[2].Body, `"action":"release"`)
	require.NoError(t, a.HumanTakes(id, landbot.DefaultHumanID))
	status, _ = a.call("POST", a.path(id, "send_text/"), `{"message":"Hi"}`)
	require.Equal(t, 412, status)
}

func TestACustomerWhoOptedOutGetsNothing(t *testing.T) {
	a := newAccount(t, landbot.Options{Channels: []landbot.Channel{{ID: 812, Name: "WhatsApp", Type: "whatsapp"}, {ID: 813, Name: "Web", Type: "landbot"}}})
	id := a.customer()
	a.ok("POST", a.path(id, "send_text/"), `{"message":"Hi"}`)
	status, _ := a.call("DELETE", a.path(id, "opt_out/"), "")
	require.Equal(t, http.StatusNoContent, status)
	status, body := a.call("POST", a.path(id, "send_text/"), `{"message":"Hi"}`)
	require.Equal(t, http.StatusPreconditionFailed, status)
	require.Contains(t, body, "opt-in")
	require.Equal(t, []string{"Hi"}, a.AgentTexts(id))

	web, err := a.NewCustomer(813, "Ana", nil)
	require.NoError(t, err)
	status, _ = a.call("DELETE", a.path(web, "opt_out/"), "")
	require.Equal(t, http.StatusPreconditionFailed, status, "the web knows no opt-in")
}
