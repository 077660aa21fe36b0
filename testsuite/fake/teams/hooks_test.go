package teams_test

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/testsuite/fake/teams"
)

// endpoint is the bot's messaging endpoint.
type endpoint struct {
	mu         sync.Mutex
	activities []map[string]any
	tokens     []string
	answer     func(n int, w http.ResponseWriter)
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var a map[string]any
	_ = json.Unmarshal(body, &a)
	e.mu.Lock()
	e.activities = append(e.activities, a)
	e.tokens = append(e.tokens, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	n := len(e.activities)
	e.mu.Unlock()
	if e.answer != nil {
		e.answer(n, w)
	}
}

func (e *endpoint) got(b *bot) []map[string]any {
	require.NoError(b.t, b.Hooks.Drain(b.t.Context()))
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.activities
}

func listening(t *testing.T, options teams.Options, answer func(n int, w http.ResponseWriter)) (*bot, *endpoint, string) {
	t.Helper()
	e := &endpoint{answer: answer}
	web := httptest.NewServer(e)
	b := newBot(t, options)
	t.Cleanup(web.Close)
	b.SetHook(web.URL)
	return b, e, b.opened()
}

// published are the keys of the tenant, by their ids.
func (b *bot) published() map[string]*rsa.PublicKey {
	b.t.Helper()
	status, document := b.send(http.MethodGet, "/v1/.well-known/openidconfiguration", "", "")
	require.Equal(b.t, http.StatusOK, status)
	_, set := b.send(http.MethodGet, strings.TrimPrefix(document["jwks_uri"].(string), b.web.URL), "", "")
	keys := map[string]*rsa.PublicKey{}
	for _, entry := range set["keys"].([]any) {
		k := entry.(map[string]any)
		n, err := base64.RawURLEncoding.DecodeString(k["n"].(string))
		require.NoError(b.t, err)
		e, err := base64.RawURLEncoding.DecodeString(k["e"].(string))
		require.NoError(b.t, err)
		keys[k["kid"].(string)] = &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
	}
	return keys
}

func TestActivitiesAreSignedWithAPublishedKey(t *testing.T) {
	b, e, thread := listening(t, teams.Options{}, nil)
	check := func(token string) {
		t.Helper()
		parsed, err := jwt.Parse(token, func(t *jwt.Token) (any, error) { return b.published()[t.Header["kid"].(string)], nil },
			jwt.WithAudience(teams.DefaultAppID), jwt.WithIssuer("https://api.botframework.com"), jwt.WithTimeFunc(func() time.Time { return b.now }))
		require.NoError(t, err)
		require.Equal(t, b.web.URL+"/emea/", parsed.Claims.(jwt.MapClaims)["serviceurl"])
	}
	_, err := b.AgentSays(thread, teams.Sam, "hello")
	require.NoError(t, err)
	require.Len(t, e.got(b), 1)
	check(e.tokens[0])
	b.Rotate(teams.Key("k2"))
	_, err = b.AgentSays(thread, teams.Sam, "hello")
	require.NoError(t, err)
	require.Len(t, e.got(b), 2)
	check(e.tokens[1])
	require.NotContains(t, b.published(), "k1")
}

func TestAnActivityComesAgainWithTheSameID(t *testing.T) {
	b, e, thread := listening(t, teams.Options{HookTimeout: 50 * time.Millisecond}, func(n int, w http.ResponseWriter) {
		switch n {
		case 1:
			time.Sleep(100 * time.Millisecond)
		case 2:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 4:
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	_, err := b.AgentSays(thread, teams.Sam, "hello")
	require.NoError(t, err)
	got := e.got(b)
	require.Len(t, got, 3, "unanswered, refused, taken")
	require.Equal(t, got[0]["id"], got[2]["id"])
	_, err = b.AgentSays(thread, teams.Sam, "again")
	require.NoError(t, err)
	require.Len(t, e.got(b), 4, "a 4xx is the end of it")
}

func TestWhetherARefusalIsRepeatedIsASwitch(t *testing.T) {
	b, e, thread := listening(t, teams.Options{}, func(_ int, w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) })
	b.Switch(func(s *teams.Switches) { s.NoRepeat = true })
	_, err := b.AgentSays(thread, teams.Sam, "hello")
	require.NoError(t, err)
	require.Len(t, e.got(b), 1)
}

func TestEditsHaveTheIDOfTheMessage(t *testing.T) {
	b, e, thread := listening(t, teams.Options{}, nil)
	id, err := b.AgentSays(thread, teams.Sam, "one")
	require.NoError(t, err)
	require.NoError(t, b.AgentEdits(thread, id, "two"))
	require.NoError(t, b.AgentDeletes(thread, id))
	require.NoError(t, b.AgentUndeletes(thread, id))
	require.Error(t, b.AgentEdits(thread, "1", "nothing"))
	var told []any
	for _, a := range e.got(b) {
		require.Equal(t, id, a["id"])
		told = append(told, a["type"], a["channelData"].(map[string]any)["eventType"])
	}
	require.Equal(t, []any{"message", nil, "messageUpdate", "editMessage", "messageDelete", "softDeleteMessage", "messageUpdate", "undeleteMessage"}, told)
}

func TestWithoutConsentOnlyMentionsAreDelivered(t *testing.T) {
	b, e, thread := listening(t, teams.Options{}, nil)
	b.Switch(func(s *teams.Switches) { s.MentionsOnly = true })
	_, err := b.AgentSays(thread, teams.Sam, "hello")
	require.NoError(t, err)
	require.Empty(t, e.got(b))
	_, err = b.AgentMentions(thread, teams.Sam, "hello")
	require.NoError(t, err)
	require.NoError(t, b.AgentSubmits(thread, teams.Sam, "claim", ""))
	got := e.got(b)
	require.Len(t, got, 2, "a mention, and a button")
	require.Equal(t, "<at>Handoff</at> hello", got[0]["text"])
	require.Len(t, got[0]["entities"], 1)
	require.Equal(t, "text/html", got[0]["attachments"].([]any)[0].(map[string]any)["contentType"], "the text comes twice")
}

func TestAClicksAnswerIsRead(t *testing.T) {
	answers := []string{
		`{"statusCode":200,"type":"application/vnd.microsoft.activity.message","value":"Got it"}`,
		"", `{"status":"accepted"}`, `{"statusCode":200,"type":"x","value":"y"}`, `{"statusCode":200,"type":"application/vnd.microsoft.activity.message","value":{}}`,
	}
	b, e, thread := listening(t, teams.Options{}, func(n int, w http.ResponseWriter) { _, _ = io.WriteString(w, answers[n-1]) })
	require.NoError(t, b.AgentClicks(thread, teams.Sam, "claim", "mira Mira"))
	for range answers[1:] {
		require.Error(t, b.AgentClicks(thread, teams.Sam, "claim", ""))
	}
	require.Error(t, b.AgentClicks(thread, teams.Sam, "no such button", ""))
	require.Error(t, b.AgentClicks(thread, teams.Sam, "claim", "somebody else"))
	action := e.got(b)[0]["value"].(map[string]any)["action"].(map[string]any)
	require.Equal(t, map[string]any{"ticket": "t", "agent": "mira Mira"}, action["data"], "the input joins what the button carries")
}

func TestPostsOfTheirOwnAreNoReplies(t *testing.T) {
	b, e, _ := listening(t, teams.Options{}, nil)
	own, err := b.AgentPosts(teams.DefaultChannel, teams.Mira, "Lunch?")
	require.NoError(t, err)
	_, err = b.AgentTellsColleague(own, teams.Sam, teams.Mira, "yes")
	require.NoError(t, err)
	got := e.got(b)
	require.Equal(t, teams.DefaultChannel, got[0]["conversation"].(map[string]any)["id"])
	require.Equal(t, own, got[1]["conversation"].(map[string]any)["id"])
	_, err = b.AgentPosts("19:x", teams.Mira, "Lunch?")
	require.Error(t, err)
	_, err = b.AgentSays(own, "nobody", "hello")
	require.Error(t, err)
}

func TestPicturesWantTheToken(t *testing.T) {
	b, e, thread := listening(t, teams.Options{}, nil)
	_, err := b.AgentSendsPicture(thread, teams.Sam, "look", "a.png", "image/png", []byte("bytes"))
	require.NoError(t, err)
	attachments := e.got(b)[0]["attachments"].([]any)
	address := attachments[1].(map[string]any)["contentUrl"].(string)
	get := func(token string) (int, string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		defer func() { _ = resp.Body.Close() }()
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return resp.StatusCode, string(body)
	}
	status, body := get(b.token)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "bytes", body)
	status, _ = get("x")
	require.Equal(t, http.StatusUnauthorized, status)
}
