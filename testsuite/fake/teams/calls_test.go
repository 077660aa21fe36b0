package teams_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/testsuite/fake"
	"github.com/handoff-engine/handoff/testsuite/fake/teams"
)

// bot is a client that makes one call at a time.
type bot struct {
	*teams.Server
	t   *testing.T
	web *httptest.Server
	// token is sent with each call.
	token string
	now   time.Time
}

func newBot(t *testing.T, options teams.Options) *bot {
	t.Helper()
	b := &bot{t: t, now: time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC)}
	options.Now, options.HookScale = func() time.Time { return b.now }, 0.001
	b.Server = teams.New(options)
	b.web = httptest.NewServer(b)
	t.Cleanup(func() {
		b.Close()
		b.web.Close()
	})
	status, answer := b.login(nil)
	require.Equal(t, http.StatusOK, status)
	b.token = answer["access_token"].(string)
	return b
}

// login asks for a token, with some fields of the form changed.
func (b *bot) login(changed map[string]string) (int, map[string]any) {
	b.t.Helper()
	form := map[string]string{
		"grant_type": "client_credentials", "client_id": teams.DefaultAppID, "client_secret": teams.DefaultAppSecret,
		"scope": "https://api.botframework.com/.default",
	}
	tenant := teams.DefaultTenant
	for key, value := range changed {
		if key == "tenant" {
			tenant = value
			continue
		}
		form[key] = value
	}
	var body []string
	for key, value := range form {
		body = append(body, key+"="+value)
	}
	return b.send(http.MethodPost, "/"+tenant+"/oauth2/v2.0/token", "application/x-www-form-urlencoded", strings.Join(body, "&"))
}

func (b *bot) send(method, path, contentType, body string) (int, map[string]any) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.web.URL+path, strings.NewReader(body))
	require.NoError(b.t, err)
	req.Header.Set("Content-Type", contentType)
	if b.token != "" {
		req.Header.Set("Authorization", "Bearer "+b.token)
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(b.t, err)
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(b.t, err)
	var answer map[string]any
	if len(raw) > 0 {
		require.NoError(b.t, json.Unmarshal(raw, &answer), string(raw))
	}
	return resp.StatusCode, answer
}

func (b *bot) call(method, path, body string) (int, map[string]any) {
	b.t.Helper()
	return b.send(method, "/teams/v3/"+path, "application/json", body)
}

const card = `{"type":"message","attachments":[{"contentType":"application/vnd.microsoft.card.adaptive","content":{"type":"AdaptiveCard",` +
	`"version":"1.5","body":[{"type":"RichTextBlock","inlines":[{"type":"TextRun","text":"Ana"}]},` +
	`{"type":"Input.ChoiceSet","id":"agent","choices":[{"title":"Mira","value":"mira Mira"}]}],` +
	`"actions":[{"type":"Action.Execute","title":"Claim","verb":"claim","data":{"ticket":"t"},` +
	`"fallback":{"type":"Action.Submit","title":"Claim","data":{"ticket":"t","verb":"claim"}}}]}}]}`

func creation(activity string) string {
	return fmt.Sprintf(`{"isGroup":true,"bot":{"id":"28:%s"},"tenantId":"%s","channelData":{"channel":{"id":"%s"},"tenant":{"id":"%s"}},"activity":%s}`,
		teams.DefaultAppID, teams.DefaultTenant, teams.DefaultChannel, teams.DefaultTenant, activity)
}

func text(markup string) string {
	b, _ := json.Marshal(map[string]string{"type": "message", "textFormat": "xml", "text": markup})
	return string(b)
}

// opened gives a thread.
func (b *bot) opened() string {
	b.t.Helper()
	status, answer := b.call(http.MethodPost, "conversations", creation(card))
	require.Equal(b.t, http.StatusCreated, status, answer)
	require.Equal(b.t, answer["id"], teams.DefaultChannel+";messageid="+answer["activityId"].(string))
	return answer["id"].(string)
}

func TestTokensAreForTheRightAppOnly(t *testing.T) {
	b := newBot(t, teams.Options{})
	for want, changed := range map[string]map[string]string{
		"unsupported_grant_type": {"grant_type": "password"}, "invalid_client": {"client_secret": "x"},
		"unauthorized_client": {"client_id": "x"}, "invalid_scope": {"scope": "x"},
	} {
		status, answer := b.login(changed)
		require.GreaterOrEqual(t, status, 400)
		require.Equal(t, want, answer["error"])
	}
	status, answer := b.login(map[string]string{"tenant": "botframework.com"})
	require.Equal(t, http.StatusBadRequest, status)
	require.Contains(t, answer["error_description"], "AADSTS7000229")

	b.now = b.now.Add(59 * time.Minute)
	b.opened()
	b.now = b.now.Add(2 * time.Minute)
	status, _ = b.call(http.MethodPost, "conversations", creation(card))
	require.Equal(t, http.StatusUnauthorized, status, "tokens live for an hour")
	b.token = ""
	status, _ = b.call(http.MethodPost, "conversations", creation(card))
	require.Equal(t, http.StatusUnauthorized, status)
}

func TestMessagesLandInAThreadByTheConversationsIDAlone(t *testing.T) {
	b := newBot(t, teams.Options{})
	thread := b.opened()
	for _, id := range []string{thread, strings.Replace(thread, ";", "%3B", 1), strings.NewReplacer(";", "%3B", ":", "%3A", "@", "%40", "=", "%3D").Replace(thread)} {
		status, answer := b.call(http.MethodPost, "conversations/"+id+"/activities", text("<b>Ana:</b> hello"))
		require.Equal(t, http.StatusCreated, status)
		require.NotEmpty(t, answer["id"])
	}
	seen, _ := b.Thread(thread)
	require.Equal(t, []string{"hello", "hello", "hello"}, seen.Heard("Ana"))

	status, _ := b.call(http.MethodPost, "conversations/"+teams.DefaultChannel+"/activities", text("hello"))
	require.Equal(t, http.StatusCreated, status)
	require.Len(t, b.Threads(), 2, "without a suffix it is a post of its own")
	status, _ = b.call(http.MethodPost, "conversations/"+teams.DefaultChannel+";messageid=1/activities", text("hello"))
	require.Equal(t, http.StatusNotFound, status)

	both := strings.Replace(card, `"message",`, `"message","textFormat":"xml","text":"look",`, 1)
	status, answer := b.call(http.MethodPost, "conversations/"+thread+"/activities", both)
	require.Equal(t, http.StatusCreated, status)
	require.Empty(t, answer, "text with an attachment is answered without an id")
}

func TestTextIsShownAsMarkup(t *testing.T) {
	b := newBot(t, teams.Options{})
	thread := b.opened()
	for markup, want := range map[string]string{
		"a &lt;b&gt; &amp; c": "a <b> & c", "one<br/>two": "one\ntwo", "a  b \n c": "a b c", "a&#160; b&#160;": "a  b ",
		"<i>we say</i>": "we say", "<b>bold</b> not a speaker": "bold not a speaker",
	} {
		status, answer := b.call(http.MethodPost, "conversations/"+thread+"/activities", text(markup))
		require.Equal(t, http.StatusCreated, status, answer)
		seen, _ := b.Thread(thread)
		require.Equal(t, want, seen.Lines[len(seen.Lines)-1].Text)
	}
}

func TestWhatTeamsWouldRefuseIsRefused(t *testing.T) {
	b := newBot(t, teams.Options{})
	path := "conversations/" + b.opened() + "/activities"
	for name, body := range map[string]string{
		"no JSON":              "x",
		"unknown field":        `{"type":"message","txt":"hello"}`,
		"nothing to say":       `{"type":"message"}`,
		"no type":              `{"text":"hello"}`,
		"bare ampersand":       text("a & b"),
		"bare angle":           text("1 < 2"),
		"open element":         text("<b>Ana:"),
		"unknown element":      text("<script>x</script>"),
		"comment":              text("<!-- x -->"),
		"mention of nobody":    text("<at>Sam</at>"),
		"markdown":             `{"type":"message","textFormat":"markdown","text":"hello"}`,
		"other attachment":     `{"type":"message","attachments":[{"contentType":"application/pdf"}]}`,
		"card without body":    strings.Replace(card, `"body":[`, `"body":[],"was":[`, 1),
		"card of old version":  strings.Replace(card, `"1.5"`, `"1.0"`, 1),
		"card with unknown":    strings.Replace(card, `"version"`, `"colour":"red","version"`, 1),
		"button without verb":  strings.Replace(card, `"verb":"claim","data"`, `"data"`, 1),
		"empty run":            strings.Replace(card, `"text":"Ana"`, `"text":""`, 1),
		"choice without value": strings.Replace(card, `,"value":"mira Mira"`, "", 1),
	} {
		status, answer := b.call(http.MethodPost, path, body)
		require.Equal(t, http.StatusBadRequest, status, "%s: %v", name, answer)
	}
	for name, body := range map[string]string{
		"no group":      strings.Replace(creation(card), `"isGroup":true`, `"isGroup":false`, 1),
		"another bot":   strings.Replace(creation(card), "28:", "28:x", 1),
		"other tenant":  strings.ReplaceAll(creation(card), teams.DefaultTenant, "x"),
		"no activity":   creation("{}"),
		"unknown field": strings.Replace(creation(card), `"isGroup"`, `"topicName":"x","isGroup"`, 1),
	} {
		status, _ := b.call(http.MethodPost, "conversations", body)
		require.Equal(t, http.StatusBadRequest, status, name)
	}
	status, _ := b.call(http.MethodPost, "conversations", strings.ReplaceAll(creation(card), teams.DefaultChannel, "19:x"))
	require.Equal(t, http.StatusForbidden, status)
	status, _ = b.send(http.MethodPost, "/teams/v3/"+path, "text/plain", text("hello"))
	require.Equal(t, http.StatusBadRequest, status)
	status, _ = b.call(http.MethodPost, path, text(strings.Repeat("x", 50_000)))
	require.Equal(t, http.StatusRequestEntityTooLarge, status)
	require.Len(t, b.Threads(), 1)
	require.Empty(t, b.Threads()[0].Lines, "nothing of that was shown")
}

func TestOnlyOwnMessagesAreChanged(t *testing.T) {
	b := newBot(t, teams.Options{})
	thread := b.opened()
	path := "conversations/" + thread + "/activities/"
	_, answer := b.call(http.MethodPost, strings.TrimSuffix(path, "/"), text("hello"))
	own := answer["id"].(string)
	theirs, err := b.AgentSays(thread, teams.Sam, "hello")
	require.NoError(t, err)
	for id, want := range map[string]int{own: http.StatusOK, theirs: http.StatusNotFound, "1": http.StatusNotFound} {
		status, _ := b.call(http.MethodPut, path+id, text("changed"))
		require.Equal(t, want, status)
	}
	status, _ := b.call(http.MethodDelete, path+own, "")
	require.Equal(t, http.StatusOK, status)
	status, _ = b.call(http.MethodDelete, path+own, "")
	require.Equal(t, http.StatusNotFound, status)
	seen, _ := b.Thread(thread)
	require.True(t, seen.Lines[0].Deleted)
	require.Equal(t, "changed", seen.Lines[0].Text)
	require.Equal(t, "hello", seen.Lines[1].Text)
}

func TestTheRosterComesInPages(t *testing.T) {
	b := newBot(t, teams.Options{PageSize: 1})
	status, first := b.call(http.MethodGet, "conversations/"+teams.DefaultChannel+"/pagedMembers?pageSize=500", "")
	require.Equal(t, http.StatusOK, status)
	require.Len(t, first["members"], 1)
	_, second := b.call(http.MethodGet, "conversations/"+teams.DefaultChannel+"/pagedmembers?pageSize=500&continuationToken="+first["continuationToken"].(string), "")
	require.Len(t, second["members"], 1)
	require.Nil(t, second["continuationToken"])
	status, _ = b.call(http.MethodGet, "conversations/"+teams.DefaultChannel+"/pagedmembers", "")
	require.Equal(t, http.StatusBadRequest, status)
	status, _ = b.call(http.MethodGet, "conversations/19:x/pagedmembers?pageSize=1", "")
	require.Equal(t, http.StatusNotFound, status)
}

func TestAChannelHasItsLimits(t *testing.T) {
	b := newBot(t, teams.Options{})
	thread := b.opened()
	b.Switch(func(s *teams.Switches) { s.Limits, s.RetryAfter = true, "3" })
	count := func() (taken int) {
		for {
			if status, _ := b.call(http.MethodPost, "conversations/"+thread+"/activities", text("hello")); status == http.StatusTooManyRequests {
				return taken
			}
			taken++
		}
	}
	require.Equal(t, 7, count(), "in a second")
	b.now = b.now.Add(time.Second)
	require.Equal(t, 1, count(), "eight in two")
	total := 8
	for range 27 {
		b.now = b.now.Add(time.Second)
		total += count()
	}
	require.Equal(t, 60, total, "in thirty")
}

func TestFaultsAndStatesOfTheTenant(t *testing.T) {
	b := newBot(t, teams.Options{})
	thread := b.opened()
	b.Faults.Set(teams.OpPost, fake.AcceptThenStatus(http.StatusInternalServerError).For(1))
	status, answer := b.call(http.MethodPost, "conversations/"+thread+"/activities", text("hello"))
	require.Equal(t, http.StatusInternalServerError, status)
	require.Equal(t, "ServiceError", answer["error"].(map[string]any)["code"])
	require.Len(t, b.Threads()[0].Lines, 1, "delivered all the same")
	b.Switch(func(s *teams.Switches) { s.SmallMessages = true })
	status, _ = b.call(http.MethodPost, "conversations/"+thread+"/activities", text(strings.Repeat("x", 20_001)))
	require.Equal(t, http.StatusRequestEntityTooLarge, status)
	b.ExpireTokens()
	status, _ = b.call(http.MethodPost, "conversations/"+thread+"/activities", text("hello"))
	require.Equal(t, http.StatusUnauthorized, status)
	_, fresh := b.login(nil)
	b.token = fresh["access_token"].(string)
	b.Switch(func(s *teams.Switches) { s.Removed = true })
	status, answer = b.call(http.MethodPost, "conversations/"+thread+"/activities", text("hello"))
	require.Equal(t, http.StatusForbidden, status)
	require.Equal(t, "BotNotInConversationRoster", answer["error"].(map[string]any)["code"])
}
