package httpbot_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpbot"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
	"github.com/handoff-engine/handoff/testsuite/fake"
	fakehttpbot "github.com/handoff-engine/handoff/testsuite/fake/httpbot"
)

// bot is a fake bot and a connection to it, with a gateway that verifies and decodes its webhooks.
type bot struct {
	*fakehttpbot.Server
	url   string
	conn  *httpbot.Client
	hooks connectortest.Gateway

	mu    sync.Mutex
	asked []string
}

func newBot(t *testing.T, opts fakehttpbot.Options) *bot {
	t.Helper()
	opts.TimeScale = 0.001
	b := &bot{Server: fakehttpbot.New(opts)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		b.mu.Lock()
		b.asked = append(b.asked, string(body))
		b.mu.Unlock()
		r.Body = io.NopCloser(bytes.NewReader(body))
		b.ServeHTTP(w, r)
	}))
	gateway := httptest.NewServer(&b.hooks)
	t.Cleanup(func() {
		b.Close()
		server.Close()
		gateway.Close()
	})
	b.url = server.URL + "/bot"
	b.conn = open(t, b.url, fakehttpbot.DefaultSecret)
	b.hooks.Connector = b.conn
	b.SetHook(gateway.URL)
	return b
}

func open(t *testing.T, url string, secrets ...connector.Secret) *httpbot.Client {
	t.Helper()
	var c httpbot.Config
	c.SetDefaults()
	c.URL, c.Secret = url, secrets
	require.NoError(t, c.Validate())
	conn, err := httpbot.New(c, connector.Deps{Connection: "shop-bot"})
	require.NoError(t, err)
	client, ok := conn.(*httpbot.Client)
	require.True(t, ok)
	return client
}

// bodies are the requests that reached the bot.
func (b *bot) bodies() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.asked...)
}

// refs are what the bot's webhooks were about.
func (b *bot) refs() []connector.Ref {
	var refs []connector.Ref
	for _, in := range b.hooks.Told() {
		refs = append(refs, in.Ref)
	}
	return refs
}

func ask(key, text string) connector.ReplyRequest {
	return connector.ReplyRequest{Key: conversation.Key(key), Conversation: "app-shop:u-42", Text: text}
}

func TestALostAnswerIsAskedForAgainAndGivenOnce(t *testing.T) {
	b := newBot(t, fakehttpbot.Options{})
	for name, fault := range map[string]fake.Fault{
		"cut": fake.AcceptThenReset(), "500": fake.AcceptThenStatus(http.StatusInternalServerError),
		"a page": {Kind: fake.FaultAcceptThenStatus, Status: http.StatusOK, Body: "<html>"},
	} {
		b.Faults.Clear(fake.AnyOp)
		b.Faults.Set(fakehttpbot.OpMessage, fault)
		_, err := b.conn.Reply(t.Context(), ask(name, "hello"))
		require.Equal(t, connector.UncertainOutcome, connector.KindOf(err), name)
		b.Faults.Clear(fake.AnyOp)
		answer, err := b.conn.Reply(t.Context(), ask(name, "hello"))
		require.NoError(t, err)
		require.Equal(t, []conversation.Message{{Text: "You said: hello (1)"}}, answer.Messages)
		require.GreaterOrEqual(t, b.Answered(name), 2)
	}
	require.Len(t, b.Asked(), 3, "the bot thought once about each")
}

func TestASessionGoesThereAndBack(t *testing.T) {
	b := newBot(t, fakehttpbot.Options{})
	session := map[string]string(nil)
	for _, tc := range []struct{ key, text, says, session string }{
		{"k1", "one", "You said: one (1)", `{"turns":1}`},
		{"k2", "two", "You said: two (2)", `{"turns":2}`},
		{"k3", "bye", "Goodbye.", ""},
		{"k4", "again", "You said: again (1)", `{"turns":1}`},
	} {
		req := ask(tc.key, tc.text)
		req.Vendor = session
		answer, err := b.conn.Reply(t.Context(), req)
		require.NoError(t, err)
		require.Equal(t, []conversation.Message{{Text: tc.says}}, answer.Messages)
		require.Equal(t, map[string]string{"session": tc.session}, answer.Vendor)
		require.Equal(t, tc.text == "bye", answer.End)
		session = answer.Vendor
	}
}

func TestAnswersOfEachShape(t *testing.T) {
	for _, tc := range []struct {
		name, answer string
		want         conversation.Answer
		kind         connector.Kind
	}{
		{"nothing", `{}`, conversation.Answer{}, ""},
		{"unknown keys", `{"mood":"fine"}`, conversation.Answer{}, ""},
		{"a text", `{"messages":[{"text":"<b>Hi</b> & bye"}]}`, conversation.Answer{Messages: []conversation.Message{{Text: "<b>Hi</b> & bye"}}}, ""},
		{"an empty text", `{"messages":[{"text":" "},{}]}`, conversation.Answer{}, ""},
		{"a place", `{"messages":[{"attachment":{"latitude":41.4,"longitude":2.16}}]}`, conversation.Answer{
			Messages: []conversation.Message{{Attachment: &conversation.Attachment{Latitude: 41.4, Longitude: 2.16}}},
		}, ""},
		{"a handoff in one word", `{"handoff":true}`, conversation.Answer{Handoff: true}, ""},
		{"an empty handoff", `{"handoff":{}}`, conversation.Answer{Handoff: true}, ""},
		{"a handoff to an agent", `{"handoff":{"agent":"mira"}}`, conversation.Answer{Handoff: true, Agent: "mira"}, ""},
		{"no handoff", `{"handoff":false}`, conversation.Answer{}, ""},
		{"no handoff by null", `{"handoff":null}`, conversation.Answer{}, ""},
		{"an end", `{"end":true}`, conversation.Answer{End: true}, ""},
		{"a session that is no object", `{"session": [1, 2]}`, conversation.Answer{Vendor: map[string]string{"session": "[1,2]"}}, ""},
		{"no session any more", `{"session": null}`, conversation.Answer{Vendor: map[string]string{"session": ""}}, ""},

		{"a list", `[]`, conversation.Answer{}, connector.Invalid},
		{"null", `null`, conversation.Answer{}, connector.Invalid},
		{"a text for messages", `{"messages":"Hi"}`, conversation.Answer{}, connector.Invalid},
		{"a text for a handoff", `{"handoff":"now"}`, conversation.Answer{}, connector.Invalid},
		{"an attachment without an address", `{"messages":[{"attachment":{"name":"a.png"}}]}`, conversation.Answer{}, connector.Invalid},
		{"an attachment on the bot's own disk", `{"messages":[{"attachment":{"url":"file:///etc/passwd"}}]}`, conversation.Answer{}, connector.Invalid},
		{"too many messages", `{"messages":[` + strings.Repeat(`{"text":"x"},`, 20) + `{"text":"x"}]}`, conversation.Answer{}, connector.Invalid},
		{"too long a session", `{"session":"` + strings.Repeat("x", 8<<10) + `"}`, conversation.Answer{}, connector.Invalid},
		{"too long an answer", `{"x":"` + strings.Repeat("x", 64<<10) + `"}`, conversation.Answer{}, connector.Invalid},
		{"no JSON", `Hi there`, conversation.Answer{}, connector.UncertainOutcome},
		{"nothing at all", ``, conversation.Answer{}, connector.UncertainOutcome},
	} {
		t.Run(tc.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, tc.answer) }))
			defer server.Close()
			got, err := open(t, server.URL, "s").Reply(t.Context(), ask("k", "hello"))
			require.Equal(t, tc.kind, connector.KindOf(err))
			require.Equal(t, tc.want, got)
		})
	}
}

func TestNoContentSaysNothing(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	defer server.Close()
	c := open(t, server.URL, "s")
	got, err := c.Reply(t.Context(), ask("k", "hello"))
	require.NoError(t, err)
	require.Equal(t, conversation.Answer{}, got)
	require.NoError(t, c.Check(t.Context()))
}

func TestASlowBotIsGivenUpInTime(t *testing.T) {
	b := newBot(t, fakehttpbot.Options{})
	var c httpbot.Config
	c.SetDefaults()
	c.URL, c.Secret, c.Timeout = b.url, connector.Secrets{fakehttpbot.DefaultSecret}, conversation.Duration(50*time.Millisecond)
	conn, err := httpbot.New(c, connector.Deps{Connection: "shop-bot"})
	require.NoError(t, err)
	b.Faults.Set(fakehttpbot.OpMessage, fake.AcceptThenHang())
	_, err = conn.(connector.Bot).Reply(t.Context(), ask("k", "hello"))
	require.Equal(t, connector.UncertainOutcome, connector.KindOf(err), "it is asked again, with the same key")
}

func TestWhileASecretIsReplacedEitherSideMayHaveTheNewOne(t *testing.T) {
	b := newBot(t, fakehttpbot.Options{})
	for _, secrets := range [][]connector.Secret{{"new", fakehttpbot.DefaultSecret}, {fakehttpbot.DefaultSecret, "new"}} {
		require.NoError(t, open(t, b.url, secrets...).Check(t.Context()))
	}
	require.Equal(t, connector.Unauthenticated, connector.KindOf(open(t, b.url, "new").Check(t.Context())))
}

func TestARepeatedWebhookKeepsItsID(t *testing.T) {
	b := newBot(t, fakehttpbot.Options{})
	b.Faults.Set(fakehttpbot.OpWebhook, fake.Redeliver(1).For(1))
	b.AskForHuman("app-shop:u-42", map[string]any{"agent": "mira"})
	b.AskForHuman("app-shop:u-42", nil)
	require.NoError(t, b.Webhooks().Drain(t.Context()))
	told := b.hooks.Told()
	require.Len(t, told, 3)
	require.Equal(t, told[0].Event.ID, told[1].Event.ID)
	require.NotEqual(t, told[0].Event.ID, told[2].Event.ID)
	require.Equal(t, "mira", told[0].Event.Agent)
}

func TestEveryMistakeNamesItsKey(t *testing.T) {
	for _, tc := range []struct {
		key    string
		change func(*httpbot.Config)
	}{
		{"url", func(c *httpbot.Config) { c.URL = "bot.example.com" }},
		{"url", func(c *httpbot.Config) { c.URL = "https://me:pass@bot.example.com" }},
		{"secret", func(c *httpbot.Config) { c.Secret = nil }},
		{"secret", func(c *httpbot.Config) { c.Secret = connector.Secrets{"a", ""} }},
		{"timeout", func(c *httpbot.Config) { c.Timeout = 0 }},
		{"timeout", func(c *httpbot.Config) { c.Timeout = conversation.Duration(time.Minute) }},
	} {
		var c httpbot.Config
		c.SetDefaults()
		c.URL, c.Secret = "https://bot.example.com/answer", connector.Secrets{"s"}
		require.NoError(t, c.Validate())
		tc.change(&c)
		require.ErrorContains(t, c.Validate(), tc.key+": ")
	}
}
