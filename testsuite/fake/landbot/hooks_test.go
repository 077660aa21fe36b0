package landbot_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/testsuite/fake"
	"github.com/handoff-engine/handoff/testsuite/fake/landbot"
)

func TestHooksTellOfEverybody(t *testing.T) {
	a := newAccount(t, landbot.Options{})
	a.subscribe()
	id := a.customer()
	require.NoError(t, a.CustomerSays(id, "hm"))
	a.ok("PUT", a.path(id, "assign/"), "")
	a.ok("POST", a.path(id, "send_text/"), `{"message":"Hi"}`)
	require.Equal(t, "agent text: Hi", a.lines()[len(a.hooks())-1])
	require.NoError(t, a.HumanInInboxSays(id, landbot.DefaultHumanID, "Ben here"))
	require.NoError(t, a.CustomerSays(id, "hello"))
	require.Equal(t, []string{
		"bot text: Hello, I am the bot.",
		"customer text: hm",
		"bot text: I am only a bot. Say human to talk to one.",
		"sys event: assign 4107",
		"agent text: Hi",
		"agent text: Ben here",
		"customer text: hello",
	}, a.lines())

	hooks := a.hooks()
	require.Equal(t, "Token hook-token", hooks[0].authorization)
	require.Equal(t, "landbot/webhooks", hooks[0].agent)
	require.EqualValues(t, 4107, hooks[3].Raw.Message, "a number where a text is expected")
	require.EqualValues(t, -landbot.DefaultBotID, *hooks[0].Raw.Samurai)
	require.Nil(t, hooks[1].Raw.Samurai)
	require.EqualValues(t, 4107, hooks[4].Customer["agent_id"])
	require.Equal(t, "ana@example.com", hooks[4].Customer["email"], "custom fields are extra keys")
	require.Equal(t, "True", hooks[4].Customer["is_external"])
}

func TestHooksAreRepeatedUntilTheyAreAccepted(t *testing.T) {
	a := newAccount(t, landbot.Options{})
	a.inbox.status = 500
	a.inbox.onHook = func() {
		if len(a.inbox.got) == 3 {
			a.inbox.status = 204
		}
	}
	a.subscribe()
	a.customer()
	hooks := a.hooks()
	require.Len(t, hooks, 3)
	for _, h := range hooks {
		require.Equal(t, hooks[0].trace, h.trace)
		require.Equal(t, hooks[0].Raw.UUID, h.Raw.UUID)
		require.Regexp(t, `^[0-9a-f]{32}-[0-9a-f]{16}-1$`, h.trace)
		require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$`, h.Raw.UUID)
	}
}

func TestHooksAreGivenUpAfterSixTries(t *testing.T) {
	a := newAccount(t, landbot.Options{})
	a.inbox.status = 400
	a.subscribe()
	a.customer()
	require.Len(t, a.hooks(), 6)
}

func TestHooksAreRedeliveredSwappedAndLostOnRequest(t *testing.T) {
	for _, tc := range []struct {
		name  string
		fault fake.Fault
		want  []string
	}{
		{"again after a 200", fake.Redeliver(1).For(1), []string{"one", "one", "two"}},
		{"swapped", fake.Shuffle(1), []string{"two", "one"}},
		{"lost", fake.Lose().For(1), []string{"two"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := newAccount(t, landbot.Options{Flow: landbot.Flow{BotID: 1, Start: "quiet000", Nodes: map[string]landbot.Node{"quiet000": {}}}})
			a.subscribe()
			id := a.customer()
			a.Faults.Set(landbot.OpHook, tc.fault)
			require.NoError(t, a.CustomerSays(id, "one"))
			require.NoError(t, a.CustomerSays(id, "two"))
			var got []string
			for _, m := range a.hooks() {
				got = append(got, m.Data["body"].(string))
			}
			require.Equal(t, tc.want, got)
		})
	}
}

func TestTheEchoMayComeBeforeTheAnswer(t *testing.T) {
	a := newAccount(t, landbot.Options{EchoBeforeAnswer: true})
	id := a.customer()
	a.subscribe()
	a.ok("POST", a.path(id, "send_text/"), `{"message":"Hi"}`)
	a.inbox.mu.Lock()
	defer a.inbox.mu.Unlock()
	require.Len(t, a.inbox.got, 1, "it is there as soon as the call returns")
	require.Equal(t, "agent text: Hi", a.inbox.got[0].line())
}

func TestTheVendorUnassignsByItself(t *testing.T) {
	a := newAccount(t, landbot.Options{AutoUnassignAfter: 20 * time.Millisecond})
	id := a.customer()
	a.subscribe()
	a.ok("PUT", a.path(id, "assign/"), "")
	require.NoError(t, a.CustomerSays(id, "hello"))
	_, err := a.Journal.Wait(t.Context(), fmt.Sprint(id), func(list []fake.Entry) bool {
		return list[len(list)-1].Kind == "unassigned"
	})
	require.NoError(t, err)
	require.ErrorIs(t, a.CustomerSays(id, "anybody?"), landbot.ErrNotDelivered)
	status, _ := a.call("POST", a.path(id, "send_text/"), `{"message":"Hi"}`)
	require.Equal(t, 412, status)
	require.Contains(t, a.ok("GET", a.path(id, ""), ""), `"agent_id":null`)
	require.Equal(t, []string{"sys event: assign 4107", "customer text: hello", "sys event: unassign <nil>"}, a.lines())

	a.ok("PUT", a.path(id, "assign/4107/"), "")
	a.ok("POST", a.path(id, "send_text/"), `{"message":"Hi"}`)
	require.Equal(t, []string{"Hi"}, a.AgentTexts(id))
}

func TestLaunchRunsTheNodeOnEachCall(t *testing.T) {
	a := newAccount(t, landbot.Options{})
	id := a.customer()
	ran := func() int {
		return a.Journal.Count(func(e fake.Entry) bool { return e.Kind == "node" && e.Text == "resume00" })
	}
	a.ok("PUT", a.path(id, "assign/"), "")
	a.ok("PUT", a.path(id, "assign_bot/2200456/"), `{"launch":false,"node":"resume00"}`)
	require.Zero(t, ran())
	for i := range 2 {
		a.ok("PUT", a.path(id, "assign_bot/2200456/"), `{"launch":true,"node":"resume00"}`)
		require.Equal(t, i+1, ran())
	}
	a.ok("PUT", a.path(id, "assign_bot/2200456/"), `{"launch":false,"node":"resume00"}`)
	require.NoError(t, a.CustomerSays(id, "hello again"))
	require.Equal(t, 3, ran(), "without launch the customer lands there with the next message")
}

func TestTheFlowAsksForAHumanAndKeepsTheCustomerInALoop(t *testing.T) {
	a := newAccount(t, landbot.Options{})
	var mu sync.Mutex
	var body, authorization string
	block := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		body, authorization = string(b), r.Header.Get("Authorization")
	}))
	defer block.Close()
	a.SetBlock(landbot.Block{URL: block.URL, Token: "hook-token"})
	id := a.customer()
	require.NoError(t, a.CustomerSays(id, "Human"))
	require.NoError(t, a.CustomerSays(id, "hello?"))
	require.NoError(t, a.Blocks().Drain(t.Context()))
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, "Token hook-token", authorization)
	require.JSONEq(t, fmt.Sprintf(`{"customer_id":%d,"channel_id":812,"bot_id":2200456,"name":"Ana",
		"email":"ana@example.com","reason":"asked","resume_node":"resume00"}`, id), body)
	snap, err := a.Customer(id)
	require.NoError(t, err)
	require.Equal(t, "waiting0", snap.Node)
}

func TestTheDriverWorksOverHTTP(t *testing.T) {
	a := newAccount(t, landbot.Options{})
	var made struct{ ID int64 }
	require.NoError(t, json.Unmarshal([]byte(a.ok("POST", "/_fake/customers", `{"name":"Ana"}`)), &made))
	a.subscribe()
	base := fmt.Sprintf("/_fake/customers/%d", made.ID)
	a.ok("POST", base+"/says", `{"text":"hello"}`)
	a.ok("POST", base+"/sends_image", `{"url":"https://storage.example/a.png"}`)
	a.ok("POST", base+"/sends", `{"type":"audio","data":{"url":"https://storage.example/a.ogg"}}`)
	a.ok("POST", base+"/human_takes", `{"agent_id":4108}`)
	a.ok("POST", base+"/human_says", `{"agent_id":4108,"text":"Ben here"}`)
	a.ok("POST", base+"/auto_unassign", ``)
	status, _ := a.call("POST", base+"/says", `{"text":"anybody?"}`)
	require.Equal(t, 409, status)
	status, _ = a.call("POST", base+"/sings", `{}`)
	require.Equal(t, 404, status)
	a.hooks()
	require.Contains(t, a.ok("GET", "/_fake/journal", ""), `"text":"Ben here"`)
	require.Contains(t, a.ok("GET", "/_fake/attempts", ""), `"status":200`)
	require.Contains(t, a.ok("GET", base, ""), `"dropped":true`)
	a.ok("PUT", "/_fake/block", `{"url":"http://127.0.0.1:1/","token":"t"}`)
	a.ok("POST", "/_fake/faults", `{"op":"customer_get","fault":"refuse_status","status":503,"times":1}`)
	status, _ = a.call("GET", a.path(made.ID, ""), "")
	require.Equal(t, 503, status)
}
