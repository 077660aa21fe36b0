package slack_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/testsuite/fake"
	"github.com/handoff-engine/handoff/testsuite/fake/slack"
)

type object = map[string]any

// workspace is a fake, whose webhooks are collected, and a client of its Web API.
type workspace struct {
	*slack.Server
	t   *testing.T
	web *httptest.Server

	mu     sync.Mutex
	hooks  []hook
	answer int
}

// hook is one attempt at a webhook.
type hook struct {
	header http.Header
	body   string
}

func newWorkspace(t *testing.T, options slack.Options) *workspace {
	if options.HookScale == 0 {
		options.HookScale = 0.0001
	}
	w := &workspace{Server: slack.New(options), t: t, answer: http.StatusOK}
	w.web = httptest.NewServer(w)
	w.SetFilesURL(w.web.URL)
	in := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.hooks = append(w.hooks, hook{r.Header, string(body)})
		rw.WriteHeader(w.answer)
	}))
	w.SetHook(in.URL)
	t.Cleanup(func() {
		w.Close()
		w.web.Close()
		in.Close()
	})
	return w
}

// got gives every attempt at a webhook so far.
func (w *workspace) got() []hook {
	require.NoError(w.t, w.Hooks.Drain(w.t.Context()))
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.hooks)
}

// events gives what the events so far tell.
func (w *workspace) events() []object {
	var list []object
	for _, h := range w.got() {
		var envelope object
		if json.Unmarshal([]byte(h.body), &envelope) == nil {
			list = append(list, envelope["event"].(object))
		}
	}
	return list
}

// ask calls a method with a form, and gives the status and the answer.
func (w *workspace) ask(method string, args map[string]string) (int, object) {
	form := url.Values{}
	for key, value := range args {
		form.Set(key, value)
	}
	return w.send(method, "application/x-www-form-urlencoded", "Bearer "+slack.DefaultToken, form.Encode())
}

func (w *workspace) send(method, contentType, authorization, body string) (int, object) {
	req, err := http.NewRequest(http.MethodPost, w.web.URL+"/api/"+method, strings.NewReader(body))
	require.NoError(w.t, err)
	req.Header.Set("Content-Type", contentType)
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(w.t, err)
	defer func() { _ = resp.Body.Close() }()
	content, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	var answer object
	_ = json.Unmarshal(content, &answer)
	return resp.StatusCode, answer
}

// post posts a message and gives its ts.
func (w *workspace) post(args map[string]string) string {
	args["channel"] = slack.Support
	_, answer := w.ask("chat.postMessage", args)
	require.Equal(w.t, true, answer["ok"], "%v", answer)
	return answer["ts"].(string)
}

func TestRefusalsComeWithStatus200(t *testing.T) {
	w := newWorkspace(t, slack.Options{Scopes: []string{"chat:write", "channels:history"}})
	card := w.post(map[string]string{"text": "card"})
	reply := w.post(map[string]string{"text": "reply", "thread_ts": card})
	said, err := w.AgentSays(slack.Support, card, slack.Sam, "mine")
	require.NoError(t, err)
	w.Removes(slack.Billing)
	button := func(id string) string {
		return `[{"type":"actions","block_id":"` + id + `","elements":[{"type":"button","action_id":"a","text":{"type":"plain_text","text":"A"}}]}]`
	}
	for _, tc := range []struct {
		name, method string
		args         map[string]string
		want         string
	}{
		{"unknown method", "chat.shout", nil, "unknown_method"},
		{"unknown channel", "chat.postMessage", map[string]string{"channel": "C9", "text": "x"}, "channel_not_found"},
		{"not invited", "chat.postMessage", map[string]string{"channel": slack.Billing, "text": "x"}, "not_in_channel"},
		{"nothing said", "chat.postMessage", map[string]string{"channel": slack.Support}, "no_text"},
		{"too long", "chat.postMessage", map[string]string{"channel": slack.Support, "text": strings.Repeat("x", 40001)}, "msg_too_long"},
		{"no scope for names", "chat.postMessage", map[string]string{"channel": slack.Support, "text": "x", "username": "Ana"}, "missing_scope"},
		{"no scope at all", "users.info", map[string]string{"user": slack.Sam}, "missing_scope"},
		{"a reply to a reply", "chat.postMessage", map[string]string{"channel": slack.Support, "text": "x", "thread_ts": reply}, "cannot_reply_to_message"},
		{"metadata", "chat.postMessage", map[string]string{"channel": slack.Support, "text": "x", "metadata": "{}"}, "invalid_metadata_format"},
		{"much metadata", "chat.postMessage", map[string]string{"channel": slack.Support, "text": "x", "metadata": `{"event_type":"x","event_payload":{"x":"` + strings.Repeat("x", 4000) + `"}}`}, "metadata_too_large"},
		{"no blocks", "chat.postMessage", map[string]string{"channel": slack.Support, "text": "x", "blocks": "{}"}, "invalid_blocks_format"},
		{"an unknown block", "chat.postMessage", map[string]string{"channel": slack.Support, "text": "x", "blocks": `[{"type":"mystery"}]`}, "invalid_blocks"},
		{"a long section", "chat.postMessage", map[string]string{"channel": slack.Support, "text": "x", "blocks": `[{"type":"section","text":{"type":"mrkdwn","text":"` + strings.Repeat("x", 3001) + `"}}]`}, "invalid_blocks"},
		{"the same block id twice", "chat.postMessage", map[string]string{"channel": slack.Support, "text": "x", "blocks": `[{"type":"divider","block_id":"a"},{"type":"divider","block_id":"a"}]`}, "invalid_blocks"},
		{"an update of nothing", "chat.update", map[string]string{"channel": slack.Support, "ts": "1.000001", "text": "x"}, "message_not_found"},
		{"an update of another's", "chat.update", map[string]string{"channel": slack.Support, "ts": said, "text": "x"}, "cant_update_message"},
		{"a deletion of another's", "chat.delete", map[string]string{"channel": slack.Support, "ts": said}, "cant_delete_message"},
		{"an unknown thread", "conversations.replies", map[string]string{"channel": slack.Support, "ts": "1.000001"}, "thread_not_found"},
		{"too large a page", "conversations.replies", map[string]string{"channel": slack.Support, "ts": card, "limit": "1001"}, "invalid_limit"},
	} {
		status, answer := w.ask(tc.method, tc.args)
		require.Equal(t, http.StatusOK, status, tc.name)
		require.Equal(t, object{"ok": false, "error": tc.want}, object{"ok": answer["ok"], "error": answer["error"]}, tc.name)
	}
	buttons := w.post(map[string]string{"text": "x", "blocks": button("one")})
	_, answer := w.ask("chat.update", map[string]string{"channel": slack.Support, "ts": buttons, "text": "y", "blocks": button("one") + " "})
	require.Equal(t, "invalid_blocks", answer["error"], "block ids must be new with an update")
	_, answer = w.ask("chat.update", map[string]string{"channel": slack.Support, "ts": buttons, "text": "y"})
	require.Equal(t, "invalid_blocks", answer["error"], "text and blocks go together")
	_, answer = w.ask("chat.update", map[string]string{"channel": slack.Support, "ts": buttons, "text": "y", "blocks": button("two")})
	require.Equal(t, true, answer["ok"])
}

func TestTheTokenIsTakenFromHeaderOrForm(t *testing.T) {
	w := newWorkspace(t, slack.Options{})
	const form = "application/x-www-form-urlencoded"
	for _, tc := range []struct{ name, contentType, authorization, body, want string }{
		{"header", form, "Bearer " + slack.DefaultToken, "", ""},
		{"form", form, "", "token=" + slack.DefaultToken, ""},
		{"JSON with header", "application/json; charset=utf-8", "Bearer " + slack.DefaultToken, "{}", ""},
		{"JSON without header", "application/json", "", `{"token":"` + slack.DefaultToken + `"}`, "not_authed"},
		{"nothing", form, "", "", "not_authed"},
		{"wrong", form, "Bearer xoxb-wrong", "", "invalid_auth"},
		{"no JSON", "application/json", "Bearer " + slack.DefaultToken, "{", "invalid_json"},
		{"something else", "text/plain", "Bearer " + slack.DefaultToken, "", "invalid_post_type"},
	} {
		_, answer := w.send("auth.test", tc.contentType, tc.authorization, tc.body)
		require.Equal(t, tc.want == "", answer["ok"], tc.name)
		if tc.want != "" {
			require.Equal(t, tc.want, answer["error"], tc.name)
		}
	}
}

func TestThreadsAreReadInPagesWithTheCardFirst(t *testing.T) {
	w := newWorkspace(t, slack.Options{})
	card := w.post(map[string]string{"text": "card", "metadata": `{"event_type":"k","event_payload":{"key":"a/1"}}`})
	for range 5 {
		w.post(map[string]string{"text": "reply", "thread_ts": card})
	}
	seen, cursor, pages := map[string]bool{}, "", 0
	for {
		_, answer := w.ask("conversations.replies", map[string]string{
			"channel": slack.Support, "ts": card, "limit": "2", "cursor": cursor, "include_all_metadata": "true",
		})
		messages := answer["messages"].([]any)
		require.Equal(t, card, messages[0].(object)["ts"])
		require.Contains(t, messages[0], "metadata")
		for _, m := range messages[1:] {
			ts := m.(object)["ts"].(string)
			require.False(t, seen[ts], "twice")
			seen[ts] = true
		}
		pages++
		if cursor = answer["response_metadata"].(object)["next_cursor"].(string); cursor == "" {
			break
		}
	}
	require.Equal(t, 3, pages)
	require.Len(t, seen, 5)
	_, answer := w.ask("conversations.history", map[string]string{"channel": slack.Support})
	require.Len(t, answer["messages"], 1, "replies are no part of the channel's history")
	require.NotContains(t, answer["messages"].([]any)[0], "metadata", "not asked for")
}

func TestAReplyToADeletedCardStandsInTheChannel(t *testing.T) {
	w := newWorkspace(t, slack.Options{})
	card := w.post(map[string]string{"text": "card"})
	w.post(map[string]string{"text": "reply", "thread_ts": card})
	require.NoError(t, w.Deletes(slack.Support, card))
	_, answer := w.ask("chat.postMessage", map[string]string{"channel": slack.Support, "text": "lost", "thread_ts": card})
	require.Equal(t, true, answer["ok"])
	require.NotContains(t, answer["message"], "thread_ts")
	require.Equal(t, "lost", w.Cards(slack.Support)[0].Text)
	w.Switch(func(s *slack.Switches) { s.DeletedCard = "refuse" })
	_, answer = w.ask("chat.postMessage", map[string]string{"channel": slack.Support, "text": "lost", "thread_ts": card})
	require.Equal(t, "thread_not_found", answer["error"])
}

func TestFilesComeInThreeSteps(t *testing.T) {
	w := newWorkspace(t, slack.Options{})
	card := w.post(map[string]string{"text": "card"})
	_, got := w.ask("files.getUploadURLExternal", map[string]string{"filename": "a.txt", "length": "5"})
	id := got["file_id"].(string)
	share := map[string]string{"files": `[{"id":"` + id + `"}]`, "channel_id": slack.Support, "thread_ts": card, "initial_comment": "see"}
	_, answer := w.ask("files.completeUploadExternal", share)
	require.Equal(t, "file_not_found", answer["error"], "nothing was uploaded")

	put := func(content string) int {
		resp, err := http.Post(got["upload_url"].(string), "application/octet-stream", strings.NewReader(content))
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		return resp.StatusCode
	}
	require.Equal(t, http.StatusBadRequest, put("more than five"))
	require.Equal(t, http.StatusOK, put("bytes"))
	require.Equal(t, http.StatusOK, put("bytes"), "harmless to repeat")
	_, answer = w.ask("files.completeUploadExternal", share)
	require.Equal(t, true, answer["ok"])
	shared := w.Thread(slack.Support, card)[0]
	require.Equal(t, "see", shared.Text)

	get := func(token string) *http.Response {
		req, err := http.NewRequest(http.MethodGet, shared.Files[0]["url_private"].(string), http.NoBody)
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultTransport.RoundTrip(req)
		require.NoError(t, err)
		t.Cleanup(func() { _ = resp.Body.Close() })
		return resp
	}
	require.Equal(t, http.StatusFound, get("wrong").StatusCode)
	content, err := io.ReadAll(get(slack.DefaultToken).Body)
	require.NoError(t, err)
	require.Equal(t, "bytes", string(content))
}

func TestAChannelThatIsLimitedSaysForHowLong(t *testing.T) {
	w := newWorkspace(t, slack.Options{})
	w.Limits(slack.Support, 5*time.Second)
	status, answer := w.ask("chat.postMessage", map[string]string{"channel": slack.Support, "text": "x"})
	require.Equal(t, http.StatusTooManyRequests, status)
	require.Equal(t, "ratelimited", answer["error"])
	status, _ = w.ask("chat.postMessage", map[string]string{"channel": slack.Billing, "text": "x"})
	require.Equal(t, http.StatusOK, status, "another channel is not")
}

func TestClientsIDsAreKnownOrNot(t *testing.T) {
	for behaviour, want := range map[string]int{"": 2, "first": 1, "refuse": 1} {
		w := newWorkspace(t, slack.Options{})
		w.Switch(func(s *slack.Switches) { s.ClientMsgID = behaviour })
		for range 2 {
			w.ask("chat.postMessage", map[string]string{"channel": slack.Support, "text": "x", "client_msg_id": "id"})
		}
		require.Len(t, w.Cards(slack.Support), want, behaviour)
	}
}

func TestWebhooksAreSignedAndRepeatedWithTheSameID(t *testing.T) {
	w := newWorkspace(t, slack.Options{})
	card := w.post(map[string]string{"text": "card"})
	w.got()
	w.mu.Lock()
	w.hooks, w.answer = nil, http.StatusServiceUnavailable
	w.mu.Unlock()
	_, err := w.AgentSays(slack.Support, card, slack.Sam, "1 < 2")
	require.NoError(t, err)
	hooks := w.got()
	require.Len(t, hooks, 4, "three repeats")
	for i, h := range hooks {
		require.Equal(t, hooks[0].body, h.body, "the same event id")
		require.Equal(t, map[bool]string{true: "", false: string(rune('0' + i))}[i == 0], h.header.Get("X-Slack-Retry-Num"))
		require.Regexp(t, `^v0=[0-9a-f]{64}$`, h.header.Get("X-Slack-Signature"))
		signed := http.Header{}
		at, err := time.ParseDuration(h.header.Get("X-Slack-Request-Timestamp") + "s")
		require.NoError(t, err)
		slack.Sign(signed, slack.DefaultSigningSecret, time.Unix(0, 0).Add(at), []byte(h.body))
		require.Equal(t, signed.Get("X-Slack-Signature"), h.header.Get("X-Slack-Signature"))
	}
	require.Contains(t, hooks[0].body, `"text":"1 \u0026lt; 2"`)
	require.Contains(t, hooks[0].body, `"parent_user_id":"`+slack.BotUser+`"`)
}

func TestSignMatchesTheVendorsScheme(t *testing.T) {
	// Computed with openssl dgst -sha256 -hmac.
	h := http.Header{}
	slack.Sign(h, "made-up-slack-secret", time.Unix(1767225600, 0), []byte(`{"type":"url_verification","challenge":"abc123"}`))
	require.Equal(t, "v0=75e49efb3014c413c8a3e143d4f9ed0d769da568aea0ddb062e45eaa98e65c65", h.Get("X-Slack-Signature"))
}

func TestEverythingIsToldOursTooAndAMentionTwice(t *testing.T) {
	w := newWorkspace(t, slack.Options{})
	w.Switch(func(s *slack.Switches) { s.Mentions = true })
	card := w.post(map[string]string{"text": "card", "metadata": `{"event_type":"k","event_payload":{"key":"a/1"}}`})
	said, err := w.AgentWrites(slack.Support, card, slack.Sam, "<@"+slack.BotUser+"> hello")
	require.NoError(t, err)
	require.NoError(t, w.AgentEdits(slack.Support, said, "hello you"))
	require.NoError(t, w.Deletes(slack.Support, said))
	w.ask("chat.update", map[string]string{"channel": slack.Support, "ts": card, "text": "changed"})
	require.NoError(t, w.Deletes(slack.Support, card))
	var told []string
	for _, ev := range w.events() {
		kind := ev["type"].(string)
		if subtype, ok := ev["subtype"].(string); ok {
			kind = subtype
		}
		told = append(told, kind)
	}
	require.Equal(t, []string{"message", "message", "app_mention", "message_changed", "message_deleted", "message_changed", "message_changed"}, told)
	events := w.events()
	require.Equal(t, slack.Bot, events[0]["bot_id"])
	require.Contains(t, events[0], "metadata")
	require.Equal(t, events[1]["ts"], events[2]["ts"])
	require.Equal(t, said, events[4]["deleted_ts"])
	require.Equal(t, "tombstone", events[6]["message"].(object)["subtype"])

	w.Faults.Set("hook", fake.Echo(false))
	w.post(map[string]string{"text": "quiet"})
	require.Len(t, w.events(), len(events))
}

func TestOnlyWhatIsOnTheCardCanBeClicked(t *testing.T) {
	w := newWorkspace(t, slack.Options{})
	card := w.post(map[string]string{"text": "card", "blocks": `[{"type":"actions","block_id":"b1","elements":[
		{"type":"button","action_id":"take","value":"ref","text":{"type":"plain_text","text":"Take"}},
		{"type":"users_select","action_id":"give","placeholder":{"type":"plain_text","text":"Give"}}]}]`})
	require.Error(t, w.AgentClicks(slack.Support, card, slack.Sam, "close", ""))
	require.Error(t, w.AgentClicks(slack.Support, card, slack.Sam, "give", "U0NOBODY1"))
	require.Error(t, w.AgentClicks(slack.Support, card, slack.Guest, "take", ""), "nobody from elsewhere is in the channel")
	require.NoError(t, w.AgentClicks(slack.Support, card, slack.Sam, "take", ""))
	require.NoError(t, w.AgentClicks(slack.Support, card, slack.Sam, "give", slack.Mira))
	var actions []object
	for _, h := range w.got() {
		if h.header.Get("Content-Type") != "application/x-www-form-urlencoded" {
			continue
		}
		form, err := url.ParseQuery(h.body)
		require.NoError(t, err)
		var click object
		require.NoError(t, json.Unmarshal([]byte(form.Get("payload")), &click))
		require.Equal(t, "block_actions", click["type"])
		require.Equal(t, card, click["container"].(object)["message_ts"])
		actions = append(actions, click["actions"].([]any)[0].(object))
	}
	require.Len(t, actions, 2)
	require.Equal(t, "ref", actions[0]["value"])
	require.Equal(t, slack.Mira, actions[1]["selected_user"])
	require.Equal(t, "b1", actions[1]["block_id"])
}

func TestThePeopleAndTheChannelsAreThoseOfTheWorkspace(t *testing.T) {
	w := newWorkspace(t, slack.Options{})
	_, who := w.ask("auth.test", nil)
	require.Equal(t, slack.BotUser, who["user_id"])
	_, sam := w.ask("users.info", map[string]string{"user": slack.Sam})
	require.Equal(t, false, sam["user"].(object)["deleted"])
	w.Leaves(slack.Sam)
	_, sam = w.ask("users.info", map[string]string{"user": slack.Sam})
	require.Equal(t, true, sam["user"].(object)["deleted"])
	w.SetActive(slack.Mira, false)
	_, mira := w.ask("users.getPresence", map[string]string{"user": slack.Mira})
	require.Equal(t, "away", mira["presence"])
	_, group := w.ask("usergroups.users.list", map[string]string{"usergroup": slack.Helpers})
	require.Len(t, group["users"], 2)
	_, none := w.ask("usergroups.users.list", map[string]string{"usergroup": "S0009NONE"})
	require.Equal(t, "no_such_subteam", none["error"])
	w.Shares(slack.Billing)
	_, info := w.ask("conversations.info", map[string]string{"channel": slack.Billing})
	require.Equal(t, true, info["channel"].(object)["is_ext_shared"])
}
