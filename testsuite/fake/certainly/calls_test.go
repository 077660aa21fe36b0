package certainly_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/testsuite/fake"
	"github.com/handoff-engine/handoff/testsuite/fake/certainly"
)

func TestFakeRefusesWhatTheVendorWouldRefuse(t *testing.T) {
	a := newAccount(t, certainly.Options{})
	user := a.NewUser("Ana", "Doe", nil)
	for _, tc := range []struct {
		name, method, path, body string
		header                   []string
		status                   int
	}{
		{"no slash", "GET", strings.TrimSuffix(path("handover", user), "/"), "", nil, 404},
		{"no token", "GET", path("handover", user), "", []string{"Authorization", ""}, 401},
		{"another token", "GET", path("handover", user), "", []string{"Authorization", "Bearer x"}, 401},
		{"another word than Bearer", "GET", path("handover", user), "", []string{"Authorization", "JWT " + certainly.DefaultToken}, 401},
		{"unknown user", "GET", path("handover", "webbot:nobody"), "", nil, 404},
		{"another deployment", "GET", "/webbot/api/webchat/other/handover/" + user + "/", "", nil, 404},
		{"another path", "GET", "/api/webchat/" + user + "/", "", nil, 404},
		{"takeover by POST", "POST", path("takeover", user), "{}", nil, 405},
		{"no such route", "GET", path("takeovers", user), "", nil, 404},
		{"no JSON", "POST", path("handover", user), "message=hi", nil, 400},
		{"another type", "POST", path("handover", user), `{"message":"hi"}`, []string{"Content-Type", "text/plain"}, 415},
		{"no message", "POST", path("handover", user), `{}`, nil, 400},
		{"an empty message", "POST", path("handover", user), `{"message":" "}`, nil, 400},
		{"a number", "POST", path("handover", user), `{"message":7}`, nil, 400},
		{"an unknown key", "POST", path("handover", user), `{"message":"hi","id":"1"}`, nil, 400},
		{"too large", "POST", path("handover", user), `{"message":"` + strings.Repeat("x", 2<<20) + `"}`, nil, 413},
	} {
		t.Run(tc.name, func(t *testing.T) {
			status, _ := a.call(tc.method, tc.path, tc.body, tc.header...)
			require.Equal(t, tc.status, status)
		})
	}
	require.Empty(t, a.AgentTexts(user), "what was refused was not said")
	require.False(t, a.Listening(user))
}

func TestHandoverSilencesTheBotUntilTakeover(t *testing.T) {
	a := newAccount(t, certainly.Options{})
	user := a.NewUser("Ana", "", nil)
	require.NoError(t, a.UserSays(user, "one"))
	for range 2 {
		a.ok("GET", path("handover", user), "")
	}
	require.NoError(t, a.UserSays(user, "two"))
	a.ok("POST", path("handover", user), `{"message":"Hello from Agent!"}`)
	a.ok("GET", path("takeover", user), "")
	require.NoError(t, a.UserSays(user, "three"))
	require.Equal(t, []string{certainly.SaysHello, "Hello from Agent!", certainly.SaysHello}, a.UserSees(user))
	require.Equal(t, []string{"Hello from Agent!"}, a.AgentTexts(user))
}

func TestARepeatedTakeoverRunsItsModuleAgain(t *testing.T) {
	a := newAccount(t, certainly.Options{})
	user := a.NewUser("Ana", "", nil)
	for range 2 {
		a.ok("GET", path("takeover", user)+"?ClaimEnd=solved", "")
	}
	a.ok("GET", path("takeover", user)+"?ClaimEnd=unrouted", "")
	require.Equal(t, []string{"Glad that we could help.", "Glad that we could help."}, a.UserSees(user))
	require.Equal(t, []string{"solved", "solved", "unrouted"}, a.ClaimEnds(user))
}

func TestWordsWhileTheBotIsInChargeAreASwitch(t *testing.T) {
	a := newAccount(t, certainly.Options{Unknown: certainly.Unknown{BotModeStatus: http.StatusConflict}})
	user := a.NewUser("Ana", "", nil)
	status, _ := a.call("POST", path("handover", user), `{"message":"hi"}`)
	require.Equal(t, http.StatusConflict, status)
	a.ok("GET", path("handover", user), "")
	a.ok("POST", path("handover", user), `{"message":"hi"}`)
	require.Equal(t, []string{"hi"}, a.AgentTexts(user))
}

func TestTheTokenIsASwitch(t *testing.T) {
	a := newAccount(t, certainly.Options{Unknown: certainly.Unknown{NoToken: true, SuccessBody: "{}"}})
	user := a.NewUser("Ana", "", nil)
	status, answer := a.call("GET", path("handover", user), "", "Authorization", "")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "{}", answer)
}

func TestTheLookOfTheWidgetNeedsNoToken(t *testing.T) {
	a := newAccount(t, certainly.Options{})
	status, answer := a.call("GET", "/webbot/api/webchat/"+certainly.DefaultDeployment+"/config/", "", "Authorization", "")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, answer, certainly.DefaultDeployment)
}

func TestAMessageMayArriveAlthoughTheAnswerIsLost(t *testing.T) {
	a := newAccount(t, certainly.Options{})
	user := a.NewUser("Ana", "", nil)
	a.Faults.Set(certainly.OpSay, fake.AcceptThenStatus(http.StatusBadGateway).For(1))
	status, _ := a.call("POST", path("handover", user), `{"message":"hi"}`)
	require.Equal(t, http.StatusBadGateway, status)
	a.ok("POST", path("handover", user), `{"message":"hi"}`)
	require.Equal(t, []string{"hi", "hi"}, a.AgentTexts(user), "the vendor recognises no repeat")
}

func TestTheDriverIsThereForOtherProcesses(t *testing.T) {
	a := newAccount(t, certainly.Options{})
	status, answer := a.call("POST", "/_fake/users", `{"first":"Ana","last":"Doe","variables":{"order":"A-1"}}`)
	require.Equal(t, http.StatusOK, status)
	require.JSONEq(t, `{"id":"webbot:1f0e7c52-0000-4000-8000-000000000001"}`, answer)
	user := "/_fake/users/webbot:1f0e7c52-0000-4000-8000-000000000001"
	for _, act := range []struct{ path, body string }{
		{"/says", `{"text":"hello"}`}, {"/bot_says", `{"data":{"type":"text","text":"By the way"}}`}, {"/asks_for_human", `{}`},
	} {
		status, answer = a.call("POST", user+act.path, act.body)
		require.Equal(t, http.StatusNoContent, status, answer)
	}
	a.settle()
	_, answer = a.call("GET", user, "")
	require.JSONEq(t, `{"listening":false,"agent_texts":[],"claim_ends":[],
		"sees":["`+certainly.SaysHello+`","By the way","`+certainly.SaysWait+`"]}`, answer)
	for _, wrong := range []string{"/says2", "/says/more"} {
		status, _ = a.call("POST", user+wrong, "{}")
		require.Equal(t, http.StatusNotFound, status)
	}
	status, _ = a.call("POST", "/_fake/users/nobody/says", `{"text":"x"}`)
	require.Equal(t, http.StatusNotFound, status)
	status, _ = a.call("PUT", "/_fake/hooks", `{"claim":"","messages":""}`)
	require.Equal(t, http.StatusNoContent, status)
}

func TestATriggerRunsAModuleAndSetsVariables(t *testing.T) {
	a := newAccount(t, certainly.Options{})
	user := a.NewUser("Ana", "", nil)
	const url = "/actionsvc/trigger-response/"
	jwt := []string{"Authorization", "JWT " + certainly.DefaultPublicToken}
	good := `{"user_id":"` + user + `","module_id":3300200,"wait_time":0,"custom_vars":{"result":"solved"},"is_async":true}`
	for _, tc := range []struct {
		name, method, body string
		header             []string
		status             int
	}{
		{"the bot's token", "POST", good, nil, 401},
		{"by GET", "GET", "", jwt, 405},
		{"not asynchronous", "POST", strings.Replace(good, "true", "false", 1), jwt, 400},
		{"an unknown key", "POST", strings.Replace(good, "wait_time", "wait", 1), jwt, 400},
		{"a variable that begins with a digit", "POST", strings.Replace(good, `"result"`, `"1st"`, 1), jwt, 400},
		{"an unknown user", "POST", strings.Replace(good, user, "webbot:nobody", 1), jwt, 404},
		{"an unknown module", "POST", strings.Replace(good, "3300200", "1", 1), jwt, 404},
	} {
		status, _ := a.call(tc.method, url, tc.body, tc.header...)
		require.Equal(t, tc.status, status, tc.name)
	}
	a.ok("GET", path("handover", user), "")
	status, _ := a.call("POST", url, good, jwt...)
	require.Equal(t, http.StatusConflict, status, "the bot listens")
	a.ok("GET", path("takeover", user), "")
	status, _ = a.call("POST", url, good, jwt...)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, []string{"3300200"}, a.Modules(user))
	require.Equal(t, "solved", a.Variable(user, "result"))
	require.Equal(t, []string{"How was it?"}, a.UserSees(user))
}
