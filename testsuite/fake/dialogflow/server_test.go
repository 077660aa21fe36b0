package dialogflow_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2/google"

	"github.com/handoff-engine/handoff/testsuite/fake"
	"github.com/handoff-engine/handoff/testsuite/fake/dialogflow"
)

const (
	sessionES = "projects/acme-bot/agent/sessions/s1"
	sessionCX = "projects/acme-bot/locations/europe-west1/agents/" + dialogflow.DefaultAgent + "/sessions/s1"
)

// account is a fake with a clock and somebody who calls it.
type account struct {
	t *testing.T
	*dialogflow.Server
	cx    bool
	url   string
	token string
	now   time.Time
}

func newAccount(t *testing.T, opts dialogflow.Options) *account {
	t.Helper()
	a := &account{t: t, cx: opts.CX, now: time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)}
	opts.Now = func() time.Time { return a.now }
	a.Server = dialogflow.New(opts)
	server := httptest.NewServer(a.Server)
	t.Cleanup(server.Close)
	a.url = server.URL
	account, err := google.JWTConfigFromJSON([]byte(a.Credentials(a.url)), "https://www.googleapis.com/auth/dialogflow")
	require.NoError(t, err)
	token, err := account.TokenSource(t.Context()).Token()
	require.NoError(t, err)
	a.token = token.AccessToken
	return a
}

// post calls the API and gives the status and the answer.
func (a *account) post(path, body string) (int, map[string]any) {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), http.MethodPost, a.url+path, strings.NewReader(body))
	require.NoError(a.t, err)
	req.Header.Set("Authorization", "Bearer "+a.token)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(a.t, err)
	defer func() { _ = resp.Body.Close() }()
	var answer map[string]any
	require.NoError(a.t, json.NewDecoder(resp.Body).Decode(&answer))
	return resp.StatusCode, answer
}

// says takes a turn with more query parameters, and gives the first text.
func (a *account) says(text, params string) string {
	a.t.Helper()
	status, answer := a.detect(text, params)
	require.Equal(a.t, http.StatusOK, status, "%v", answer)
	var result struct {
		FulfillmentText  string
		ResponseMessages []struct{ Text struct{ Text []string } }
	}
	b, err := json.Marshal(answer["queryResult"])
	require.NoError(a.t, err)
	require.NoError(a.t, json.Unmarshal(b, &result))
	if !a.cx {
		return result.FulfillmentText
	}
	for _, m := range result.ResponseMessages {
		if len(m.Text.Text) > 0 {
			return m.Text.Text[0]
		}
	}
	return ""
}

func (a *account) detect(text, params string) (int, map[string]any) {
	a.t.Helper()
	quoted, err := json.Marshal(text)
	require.NoError(a.t, err)
	if a.cx {
		return a.post("/v3/"+sessionCX+":detectIntent",
			fmt.Sprintf(`{"queryParams":{%s},"queryInput":{"text":{"text":%s},"languageCode":"en"}}`, params, quoted))
	}
	return a.post("/v2/"+sessionES+":detectIntent",
		fmt.Sprintf(`{"queryParams":{%s},"queryInput":{"text":{"text":%s,"languageCode":"en"}}}`, params, quoted))
}

func both(t *testing.T, test func(t *testing.T, opts dialogflow.Options)) {
	t.Helper()
	t.Run("ES", func(t *testing.T) { test(t, dialogflow.Options{}) })
	t.Run("CX", func(t *testing.T) { test(t, dialogflow.Options{CX: true}) })
}

func TestASessionIsForgottenWithoutAWord(t *testing.T) {
	both(t, func(t *testing.T, opts dialogflow.Options) {
		a := newAccount(t, opts)
		require.Equal(t, "Noted.", a.says("order a-1", ""))
		a.now = a.now.Add(19 * time.Minute)
		require.Equal(t, "Order a-1 is on its way.", a.says("where", ""))
		a.now = a.now.Add(30 * time.Minute)
		require.Equal(t, "Which order?", a.says("where", ""))
		require.Equal(t, 1, a.Turns("s1"))
	})
}

func TestTheLifeOfASessionOfCXCanBeSet(t *testing.T) {
	a := newAccount(t, dialogflow.Options{CX: true, TokenLife: 48 * time.Hour})
	a.says("order a-1", `"sessionTtl":"86400s"`)
	a.now = a.now.Add(23 * time.Hour)
	require.Equal(t, "Order a-1 is on its way.", a.says("where", ""))
	status, _ := a.detect("where", `"sessionTtl":"86401s"`)
	require.Equal(t, http.StatusBadRequest, status)
}

func TestContextsLiveForSomeTurnsAndCanBeReplaced(t *testing.T) {
	a := newAccount(t, dialogflow.Options{})
	a.says("order a-1", "")
	for range 4 {
		a.says("hello", "")
	}
	require.Equal(t, "Order a-1 is on its way.", a.says("where", ""))
	require.Equal(t, "Which order?", a.says("where", ""))
	restore := `"resetContexts":true,"contexts":[{"name":"` + sessionES + `/contexts/order-open","lifespanCount":2,"parameters":{"order_id":"b-2"}}]`
	require.Equal(t, "Order b-2 is on its way.", a.says("where", restore))
	require.Equal(t, "Which order?", a.says("where", `"resetContexts":true`))
}

func TestAPageReplacesTheWholeSessionAndParametersAreMerged(t *testing.T) {
	a := newAccount(t, dialogflow.Options{CX: true})
	a.says("order a-1", "")
	page := "projects/acme-bot/locations/europe-west1/agents/" + dialogflow.DefaultAgent + "/flows/f/pages/order"
	require.Equal(t, "Order b-2 is on its way.", a.says("where", `"parameters":{"order_id":"b-2"}`))
	require.Equal(t, "Which order?", a.says("where", `"currentPage":"`+page+`"`), "without parameters they are gone")
	require.Equal(t, "Order c-3 is on its way.", a.says("where", `"currentPage":"`+page+`","parameters":{"order_id":"c-3"}`))
	require.Equal(t, "Which order?", a.says("where", `"parameters":{"order_id":null}`))
	status, _ := a.detect("where", `"currentPage":"`+strings.Replace(page, "order", "END_SESSION", 1)+`"`)
	require.Equal(t, http.StatusBadRequest, status)

	a.says("order a-1", "")
	a.says("bye", "")
	require.Equal(t, "Which order?", a.says("where", ""), "a session that ended begins anew")
}

func TestARepeatedTurnIsAnotherTurnAndAHandoffMutesNobody(t *testing.T) {
	both(t, func(t *testing.T, opts dialogflow.Options) {
		a := newAccount(t, opts)
		a.says("human", "")
		require.Equal(t, "Turn 2: hello", a.says("hello", ""))
		require.Equal(t, "Turn 3: hello", a.says("hello", ""))
		a.Faults.Set(dialogflow.OpDetect, fake.AcceptThenStatus(503).For(1))
		status, answer := a.detect("hello", "")
		require.Equal(t, http.StatusServiceUnavailable, status)
		require.Equal(t, map[string]any{"code": 503.0, "status": "UNAVAILABLE", "message": "The call was refused."}, answer["error"])
		require.Equal(t, "Turn 5: hello", a.says("hello", ""))
		require.Len(t, a.Journal.Entries("s1"), 6)
	})
}

func TestTheSignalsAreTheEditions(t *testing.T) {
	es := newAccount(t, dialogflow.Options{})
	_, answer := es.detect("human", "")
	intent := answer["queryResult"].(map[string]any)["intent"].(map[string]any)
	require.Equal(t, true, intent["liveAgentHandoff"])
	require.NotContains(t, intent, "endInteraction", "what is false is left out")

	cx := newAccount(t, dialogflow.Options{CX: true})
	_, answer = cx.detect("human", "")
	messages := answer["queryResult"].(map[string]any)["responseMessages"].([]any)
	require.Len(t, messages, 3)
	require.Contains(t, messages[1], "liveAgentHandoff", "the signal stands between texts")
}

func TestWhatTheVendorRefuses(t *testing.T) {
	es, cx := newAccount(t, dialogflow.Options{}), newAccount(t, dialogflow.Options{CX: true})
	text := func(s string) string { return `{"queryInput":{"text":{"text":"` + s + `","languageCode":"en"}}}` }
	textCX := `{"queryInput":{"text":{"text":"hello"},"languageCode":"en"}}`
	for _, tt := range []struct {
		name, path, body string
		a                *account
		want             int
	}{
		{"an empty text", "/v2/" + sessionES, text(""), es, 400},
		{"a long text", "/v2/" + sessionES, text(strings.Repeat("ü", 257)), es, 400},
		{"no language", "/v2/" + sessionES, `{"queryInput":{"text":{"text":"x"}}}`, es, 400},
		{"the language of CX", "/v2/" + sessionES, textCX, es, 400},
		{"the language of ES", "/v3/" + sessionCX, text("hello"), cx, 400},
		{"the page of CX", "/v2/" + sessionES, `{"queryParams":{"currentPage":"x"},` + text("x")[1:], es, 400},
		{"the event of CX", "/v2/" + sessionES, `{"queryInput":{"event":{"event":"x","languageCode":"en"}}}`, es, 400},
		{"the event of ES", "/v3/" + sessionCX, `{"queryInput":{"event":{"name":"x"},"languageCode":"en"}}`, cx, 400},
		{"a reserved event", "/v3/" + sessionCX, `{"queryInput":{"event":{"event":"sys.x"},"languageCode":"en"}}`, cx, 400},
		{"two inputs", "/v3/" + sessionCX, `{"queryInput":{"text":{"text":"x"},"event":{"event":"x"},"languageCode":"en"}}`, cx, 400},
		{"a context of another session", "/v2/" + sessionES, `{"queryParams":{"contexts":[{"name":"projects/acme-bot/agent/sessions/s2/contexts/x"}]},` + text("x")[1:], es, 400},
		{"a reserved context", "/v2/" + sessionES, `{"queryParams":{"contexts":[{"name":"` + sessionES + `/contexts/__system_counters__"}]},` + text("x")[1:], es, 400},
		{"a long session id", "/v2/" + sessionES + strings.Repeat("x", 35), text("x"), es, 400},
		{"another project", "/v2/" + strings.Replace(sessionES, "acme-bot", "other", 1), text("x"), es, 403},
		{"another region", "/v3/" + strings.Replace(sessionCX, "europe-west1", "us-central1", 1), textCX, cx, 400},
		{"another agent", "/v3/" + strings.Replace(sessionCX, "3f2a", "4f2a", 1), textCX, cx, 404},
		{"an unknown environment", "/v3/" + strings.Replace(sessionCX, "/sessions", "/environments/prod/sessions", 1), textCX, cx, 404},
		{"the other version", "/v3/" + sessionES, text("x"), es, 404},
	} {
		status, answer := tt.a.post(tt.path+":detectIntent", tt.body)
		require.Equal(t, tt.want, status, "%s: %v", tt.name, answer)
	}
	require.Empty(t, es.Calls())
	require.Empty(t, cx.Calls())
}

func TestOnlyTokensOfItsOwnPassAndTheyExpire(t *testing.T) {
	a := newAccount(t, dialogflow.Options{})
	a.says("hello", "")
	a.now = a.now.Add(time.Hour)
	status, _ := a.detect("hello", "")
	require.Equal(t, http.StatusUnauthorized, status)
	a.token = "ya29.invented"
	status, _ = a.detect("hello", "")
	require.Equal(t, http.StatusUnauthorized, status)

	other, err := google.JWTConfigFromJSON([]byte(dialogflow.New(dialogflow.Options{}).Credentials(a.url)), "https://www.googleapis.com/auth/dialogflow")
	require.NoError(t, err)
	_, err = other.TokenSource(t.Context()).Token()
	require.ErrorContains(t, err, "invalid_grant", "a key that it does not know")
	resp, err := http.PostForm(a.url+"/token", url.Values{"grant_type": {"client_credentials"}})
	require.NoError(t, err)
	_ = resp.Body.Close()
	require.Equal(t, http.StatusBadRequest, resp.StatusCode)
}

func TestTheWebhookIsCalledDuringTheTurnAndItsAnswerIsReadStrictly(t *testing.T) {
	both(t, func(t *testing.T, opts dialogflow.Options) {
		var seen []map[string]any
		reply, status := "{}", http.StatusOK
		hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			var request map[string]any
			if r.Header.Get("X-Secret") == "s" && json.NewDecoder(bytes.NewReader(body)).Decode(&request) == nil {
				seen = append(seen, request)
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, reply)
		}))
		t.Cleanup(hook.Close)
		opts.Fulfillment = dialogflow.Fulfillment{URL: hook.URL, Header: http.Header{"X-Secret": {"s"}}}
		a := newAccount(t, opts)
		code := func() any {
			_, answer := a.detect("webhook", `"payload":{"conversation_id":"c"}`)
			if !a.cx {
				status, _ := answer["webhookStatus"].(map[string]any)
				return status["code"]
			}
			return answer["queryResult"].(map[string]any)["webhookStatuses"].([]any)[0].(map[string]any)["code"]
		}
		require.Nil(t, code())
		reply = `{"status":"accepted"}`
		require.InDelta(t, 3, code(), 0, "a field that it does not know")
		reply, status = "{}", http.StatusServiceUnavailable
		require.InDelta(t, 14, code(), 0)
		require.Len(t, seen, 3)
		payload := seen[0]["payload"]
		if !a.cx {
			payload = seen[0]["originalDetectIntentRequest"].(map[string]any)["payload"]
		}
		require.Equal(t, map[string]any{"conversation_id": "c"}, payload)
	})
}
