package certainly_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/testsuite/fake"
	"github.com/handoff-engine/handoff/testsuite/fake/certainly"
)

func clock() time.Time { return time.Unix(1772443790, 900e6) }

func TestAClaimNamesTheUserInTo(t *testing.T) {
	a := newAccount(t, certainly.Options{ClaimToken: "claim-token"})
	user := a.NewUser("Ana", "Doe", map[string]any{"order": "A-1"})
	require.NoError(t, a.AsksForHuman(user, map[string]any{"handoff_group": "returns"}))
	a.settle()
	claims := a.inbox.at("/claim")
	require.Len(t, claims, 1)
	require.Equal(t, "Bearer claim-token", claims[0].authorization)
	require.Equal(t, map[string]any{
		"attachedMedia": "", "reply": "VarWebhook", "botId": "4411", "direction": "out", "extractedData": map[string]any{},
		"lastName": "Doe", "firstName": "Ana", "sessionId": "s-701", "from": "token-of-the-channel", "to": user,
		"customVariables": map[string]any{"order": "A-1", "handoff_group": "returns"},
		"replyData":       "", "moduleId": "3300112", "botTrainedModelId": "12",
	}, claims[0].body)
}

func TestOnlyJSONInTimeLetsTheFlowGoOn(t *testing.T) {
	for _, tc := range []struct {
		name, answer string
		status       int
		sees         string
	}{
		{"JSON", `{"ok":true}`, 0, certainly.SaysWait},
		{"an empty body", "", 0, certainly.SaysFailed},
		{"plain text", "ok", 0, certainly.SaysFailed},
		{"an error", `{"error":"x"}`, 503, certainly.SaysFailed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := newAccount(t, certainly.Options{})
			a.inbox.answer, a.inbox.status = tc.answer, tc.status
			user := a.NewUser("Ana", "", nil)
			require.NoError(t, a.UserSays(user, "human"))
			a.settle()
			require.Equal(t, []string{tc.sees}, a.UserSees(user))
		})
	}
}

func TestTheConversationStandsStillUntilTheClaimIsAnswered(t *testing.T) {
	a := newAccount(t, certainly.Options{})
	a.inbox.hold = make(chan struct{})
	user := a.NewUser("Ana", "", nil)
	require.NoError(t, a.UserSays(user, "human"))
	require.NoError(t, a.UserSays(user, "hello?"))
	require.Empty(t, a.UserSees(user))
	a.inbox.letGo()
	a.settle()
	require.Equal(t, []string{certainly.SaysWait, certainly.SaysHello}, a.UserSees(user), "between claim and handover the bot answers")
	require.Len(t, a.inbox.at("/messages"), 4)
}

func TestAClaimThatIsNotAnsweredInTimeFails(t *testing.T) {
	a := newAccount(t, certainly.Options{ClaimTimeout: 20 * time.Millisecond})
	a.inbox.hold = make(chan struct{})
	user := a.NewUser("Ana", "", nil)
	require.NoError(t, a.UserSays(user, "human"))
	a.settle()
	require.Equal(t, []string{certainly.SaysFailed}, a.UserSees(user))
}

func TestMessagesHaveTheOlderShape(t *testing.T) {
	a := newAccount(t, certainly.Options{Now: clock})
	ana, ben := a.NewUser("Ana", "", nil), a.NewUser("Ben", "", nil)
	require.NoError(t, a.UserSays(ana, "Hello", "https://files.example/a.png"))
	require.NoError(t, a.UserSays(ben, "Hi"))
	a.settle()
	var bodies []map[string]any
	for _, h := range a.inbox.at("/messages") {
		bodies = append(bodies, h.body)
	}
	said := func(user, text string, files ...any) map[string]any {
		return map[string]any{"interlocutor": "user", "data": map[string]any{"error": nil, "message": map[string]any{
			"user_profile": map[string]any{}, "ref": nil, "user_id": user, "timestamp": float64(1772443790), "message": text,
			"attachments": append([]any{}, files...),
		}}}
	}
	bot := map[string]any{"interlocutor": "bot", "data": map[string]any{"type": "text", "text": certainly.SaysHello}}
	require.Equal(t, []map[string]any{said(ana, "Hello", "https://files.example/a.png"), bot, said(ben, "Hi"), bot}, bodies,
		"one address for all users, and the bot names none")
}

func TestMessagesMayHaveTheNewerShape(t *testing.T) {
	a := newAccount(t, certainly.Options{Now: clock, Unknown: certainly.Unknown{Actions: true, AttachmentObjects: true, BotNamesUser: true}})
	user := a.NewUser("Ana", "", nil)
	require.NoError(t, a.UserSays(user, "Hello", "https://files.example/a.png"))
	a.settle()
	hooks := a.inbox.at("/messages")
	message := hooks[0].body["data"].(map[string]any)["message"].(map[string]any)
	require.Equal(t, "1772443790901", message["id"])
	require.Equal(t, []any{map[string]any{"type": "text", "text": "Hello"}}, message["actions"])
	require.NotContains(t, message, "message")
	require.Equal(t, []any{map[string]any{"type": "file", "url": "https://files.example/a.png"}}, message["attachments"])
	require.Equal(t, user, hooks[1].body["data"].(map[string]any)["user_id"])
}

func TestWebhooksAreLostDoubledAndEchoedOnRequest(t *testing.T) {
	a := newAccount(t, certainly.Options{})
	user := a.NewUser("Ana", "", nil)
	a.ok("GET", path("handover", user), "")
	a.Faults.Set(certainly.OpMessage, fake.Lose().For(1))
	require.NoError(t, a.UserSays(user, "lost"))
	a.Faults.Set(certainly.OpMessage, fake.Redeliver(1).For(1))
	require.NoError(t, a.UserSays(user, "twice"))
	a.Faults.Set(certainly.OpSay, fake.Echo(true).For(1))
	a.ok("POST", path("handover", user), `{"message":"Hi"}`)
	a.ok("POST", path("handover", user), `{"message":"not echoed"}`)
	a.Faults.Set(certainly.OpClaim, fake.Redeliver(1).For(1))
	require.NoError(t, a.AsksForHuman(user, nil))
	a.settle()
	var told []string
	for _, h := range a.inbox.at("/messages") {
		message := h.body["data"].(map[string]any)["message"].(map[string]any)
		told = append(told, h.body["interlocutor"].(string)+": "+message["message"].(string))
	}
	require.Equal(t, []string{"user: twice", "user: twice", "agent: Hi"}, told)
	require.Len(t, a.inbox.at("/claim"), 2)
}
