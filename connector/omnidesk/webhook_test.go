package omnidesk_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/omnidesk"
	"github.com/handoff-engine/handoff/connector/sign"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
	fakeomnidesk "github.com/handoff-engine/handoff/testsuite/fake/omnidesk"
)

func TestHookpointsAreReadInEveryEncoding(t *testing.T) {
	for _, encoding := range []fakeomnidesk.Encoding{
		fakeomnidesk.JSON, fakeomnidesk.Form, fakeomnidesk.Multipart, fakeomnidesk.Query, fakeomnidesk.Base64,
	} {
		t.Run(string(encoding), func(t *testing.T) {
			a := newAccount(t, fakeomnidesk.Options{Encoding: encoding})
			id := a.ticket().ID
			require.NoError(t, a.AgentTypes(id, true))
			require.NoError(t, a.AgentSays(id, fakeomnidesk.Ana, "Hi & welcome: 50% off?\nمرحبا 🙂"))
			require.NoError(t, a.AgentTypes(id, false))
			require.NoError(t, a.AgentSends(id, fakeomnidesk.Ana, fakeomnidesk.File{Name: "a.png", ContentType: "image/png", Content: picture}))
			require.NoError(t, a.AgentStops(id))
			told := a.settled()
			require.Len(t, told, 5)
			for _, in := range told {
				require.Equal(t, connector.Ref{Ticket: id}, in.Ref)
			}
			require.True(t, told[0].Typing.On)
			require.Equal(t, conversation.AgentSaid, told[1].Event.Kind)
			require.Equal(t, "Hi & welcome: 50% off?\nمرحبا 🙂", told[1].Event.Text)
			require.Equal(t, conversation.Author{ID: "Ana", Name: "Ana"}, told[1].Event.Author)
			require.True(t, told[1].Event.Weak)
			require.False(t, told[2].Typing.On)
			require.Equal(t, "a.png", told[3].Event.Attachment.Name)
			require.Equal(t, conversation.TicketClosed, told[4].Event.Kind)
			for _, attempt := range a.Hooks().Attempts() {
				require.Equal(t, http.StatusOK, attempt.Status)
			}
		})
	}
}

// said makes a delivery of an agent's words.
func said(at time.Time, text string) *connector.Delivery {
	body, _ := json.Marshal(map[string]string{"name": "Ana", "message": text, "sessionID": session})
	return &connector.Delivery{
		Method: http.MethodPost, Hookpoint: hookSecret + "/" + omnidesk.MessageHookpoint, Body: body, ReceivedAt: at,
		Header: http.Header{"Content-Type": {"application/json"}},
	}
}

func decoder(t *testing.T, change ...func(*omnidesk.Config)) *omnidesk.Client {
	t.Helper()
	conn, err := omnidesk.New(config("https://acme.omnidesk.example", change...), deps)
	require.NoError(t, err)
	return conn.(*omnidesk.Client)
}

func eventOf(t *testing.T, c *omnidesk.Client, d *connector.Delivery) conversation.Event {
	t.Helper()
	in, err := c.Decode(d)
	require.NoError(t, err)
	require.Len(t, in, 1)
	return in[0].Event
}

func TestEqualWordsASecondApartAreTwoEvents(t *testing.T) {
	c := decoder(t)
	first := eventOf(t, c, said(received, "ok"))
	require.NotEqual(t, first.ID, eventOf(t, c, said(received.Add(time.Second), "ok")).ID)
	require.Equal(t, first.ID, eventOf(t, c, said(received.Add(900*time.Millisecond), "ok")).ID, "a redelivery at once is one event")
	require.NotEqual(t, first.ID, eventOf(t, c, said(received, "OK")).ID)
}

func TestAHookpointThatIsCalledAgainAfterOur5xxIsTakenThen(t *testing.T) {
	a := newAccount(t, fakeomnidesk.Options{Unknown: fakeomnidesk.Unknown{HookRetries: []time.Duration{10 * time.Millisecond}}})
	id := a.ticket().ID
	a.down.Store(1)
	require.NoError(t, a.AgentSays(id, fakeomnidesk.Ana, "hello"))
	told := a.settled()
	require.Len(t, told, 1)
	require.Equal(t, "hello", told[0].Event.Text)
	require.Len(t, a.Hooks().Attempts(), 2)
}

func TestWhatEndsASessionIsOneEvent(t *testing.T) {
	a := newAccount(t, fakeomnidesk.Options{Unknown: fakeomnidesk.Unknown{ExternalID: true}}, func(c *omnidesk.Config) {
		c.WebhookSecret = connector.Secrets{fakeomnidesk.DefaultWebhookSecret}
	})
	require.NoError(t, a.SetWebhook(a.gateway+"/webhooks/omnidesk-support/"+omnidesk.PlatformHookpoint))
	ticket := a.ticket()
	a.Faults.Set(fakeomnidesk.HookEnd, fake.Redeliver(1).For(1))
	require.NoError(t, a.AgentStops(ticket.ID))
	require.NoError(t, a.Solve(ticket.ID))
	listed, err := a.conn.ListMessages(t.Context(), connector.ListRequest{Ticket: ticket, State: conversation.Assigned})
	require.NoError(t, err)
	told := append(a.settled(), listed...)
	require.Len(t, told, 4)
	for _, in := range told {
		require.Equal(t, conversation.TicketClosed, in.Event.Kind)
		require.Equal(t, told[0].Event.ID, in.Event.ID)
		require.Equal(t, ticket.ID, in.Event.TicketID)
	}
}

func TestPlatformWebhooks(t *testing.T) {
	secret := connector.Secret(fakeomnidesk.DefaultWebhookSecret)
	c := decoder(t, func(c *omnidesk.Config) { c.WebhookSecret = connector.Secrets{"whsec_b3RoZXI=", secret} })
	body, err := os.ReadFile("testdata/webhooks/platform_solved.json")
	require.NoError(t, err)
	delivery := func(secret connector.Secret, made, at time.Time) *connector.Delivery {
		d := &connector.Delivery{Method: http.MethodPost, Hookpoint: omnidesk.PlatformHookpoint, Body: body, ReceivedAt: at, Header: http.Header{}}
		timestamp, signature := sign.MakeStandard(secret, "msg_1", made, body)
		d.Header.Set(sign.HeaderID, "msg_1")
		d.Header.Set(sign.HeaderTimestamp, timestamp)
		d.Header.Set(sign.HeaderSignature, "v1,b3RoZXI= "+signature)
		return d
	}
	good := delivery(secret, received, received.Add(4*time.Minute))
	require.NoError(t, c.Verify(good))
	require.Equal(t, eventOf(t, c, good), eventOf(t, c, delivery(secret, received.Add(time.Minute), received.Add(time.Minute))), "a repeat is the same event")
	tampered := delivery(secret, received, received)
	tampered.Body = append([]byte(" "), body...)
	for name, d := range map[string]*connector.Delivery{
		"old": delivery(secret, received, received.Add(6*time.Minute)), "from the future": delivery(secret, received.Add(6*time.Minute), received),
		"another secret": delivery("whsec_YW5vdGhlcg==", received, received), "tampered": tampered,
	} {
		require.Equal(t, connector.Unauthenticated, connector.KindOf(c.Verify(d)), name)
	}
	require.Equal(t, connector.Unauthenticated, connector.KindOf(decoder(t).Verify(good)), "no secret is configured")
}

// Whatever comes, and however it is called: only the two hookpoints that speak to the customer make words of an agent's,
// and of those exactly the words that were meant for the customer.
func TestPrivateNotesNeverBecomeWordsToTheCustomer(t *testing.T) {
	const canary = "internal-c4n4ry"
	c := decoder(t, func(c *omnidesk.Config) { c.WebhookSecret = connector.Secrets{fakeomnidesk.DefaultWebhookSecret} })
	r := rand.New(rand.NewPCG(4, 2))
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	keys := []string{"note", "content", "internal", "message", "text", "type", "is_private", "name", "timeline", "ticket", "item", "external_id", "sessionID", "status", "closed_at", "file"}
	var value func(depth int) any
	value = func(depth int) any {
		switch n := r.IntN(6); {
		case n == 0 && depth > 0:
			return []any{value(depth - 1)}
		case n < 3 && depth > 0:
			object := map[string]any{}
			for range r.IntN(5) {
				object[pick(keys...)] = value(depth - 1)
			}
			return object
		case n == 3:
			return session
		case n == 4:
			return pick("note", "solved", "open", "message", "agent")
		}
		return canary
	}
	words, cases := 0, 100_000
	if testing.Short() {
		cases = 10_000
	}
	for range cases {
		object := map[string]any{"type": pick("ticket.note", "message.created", "note", "agent.message")}
		for range 1 + r.IntN(6) {
			object[pick(keys...)] = value(2)
		}
		public := ""
		d := &connector.Delivery{Method: http.MethodPost, ReceivedAt: received, Header: http.Header{"Content-Type": {"application/json"}}}
		switch r.IntN(3) {
		case 0:
			d.Hookpoint = omnidesk.PlatformHookpoint
			object = map[string]any{"type": object["type"], "data": object}
		case 1:
			d.Hookpoint = hookSecret + "/" + pick("noteForAgents", "internalMessage", "messageForAgent", omnidesk.TypingHookpoint, omnidesk.EndHookpoint, "messageForCustomer/note")
			object["sessionID"] = session
		default:
			// A note beside the message stays a note.
			d.Hookpoint = hookSecret + "/" + omnidesk.MessageHookpoint
			delete(object, "name")
			public = fmt.Sprintf("public %d", words)
			object["message"], object["sessionID"] = public, session
		}
		d.Body, _ = json.Marshal(object)
		in, err := c.Decode(d)
		if err != nil && connector.KindOf(err) != connector.Invalid {
			t.Fatalf("%s %s: %v", d.Hookpoint, d.Body, err)
		}
		for _, i := range in {
			told, _ := json.Marshal(i)
			switch {
			case bytes.Contains(told, []byte(canary)):
				t.Fatalf("%s %s became %s", d.Hookpoint, d.Body, told)
			case public != "" && i.Event.Text == public && i.Event.Attachment == nil:
				words++
			case i.Event.Kind == conversation.AgentSaid:
				t.Fatalf("%s %s became words to the customer: %s", d.Hookpoint, d.Body, told)
			}
		}
	}
	require.Greater(t, words, cases/10)
}

func TestAgentsNotesAreToldNowhere(t *testing.T) {
	a := newAccount(t, fakeomnidesk.Options{Unknown: fakeomnidesk.Unknown{ExternalID: true}}, func(c *omnidesk.Config) {
		c.WebhookSecret = connector.Secrets{fakeomnidesk.DefaultWebhookSecret}
	})
	require.NoError(t, a.SetWebhook(a.gateway+"/webhooks/omnidesk-support/"+omnidesk.PlatformHookpoint))
	ticket := a.ticket()
	require.NoError(t, a.AgentNotes(ticket.ID, fakeomnidesk.Ana, "refund approved"))
	require.Empty(t, a.settled())
	require.Len(t, a.Platform().Attempts(), 1)
	require.Equal(t, http.StatusOK, a.Platform().Attempts()[0].Status)
	in, err := a.conn.ListMessages(t.Context(), connector.ListRequest{Ticket: ticket, State: conversation.Waiting})
	require.NoError(t, err)
	require.Empty(t, in)
}

func TestAgentsWordsBecomeText(t *testing.T) {
	for words, want := range map[string]string{
		"  plain: a < b && c > d, <enter>  ":                          "plain: a < b && c > d, <enter>",
		"**bold** [a](https://x.example)":                             "**bold** [a](https://x.example)",
		"Tom &amp; Jerry &lt;3":                                       "Tom & Jerry <3",
		"<p>one</p><p>two<br/>three</p>":                              "one\ntwo\nthree",
		"<ul><li>a</li><li>b &amp; c</li></ul><p>d</p>":               "- a\n- b & c\nd",
		`see <a href="https://x.example/1">this</a>`:                  "see this (https://x.example/1)",
		`<a href="https://x.example/1">https://x.example/1</a>`:       "https://x.example/1",
		`<a href="mailto:a@x.example">a@x.example</a>`:                "a@x.example",
		`<div>look: <img src="https://x.example/a.png" alt=""></div>`: "look: https://x.example/a.png",
		`<p>hi</p><script>alert(1)</script><style>p{}</style>`:        "hi",
		"<pre>a\n  b</pre>":                                           "a\n  b",
		`<p><img src="data:image/png;base64,eA=="></p>`:               "[unsupported: message]",
		"<p>unclosed <b>bold":                                         "unclosed bold",
	} {
		require.Equal(t, want, eventOf(t, decoder(t), said(received, words)).Text, words)
	}
	text := decoder(t, func(c *omnidesk.Config) { c.MessageFormat = "text" })
	require.Equal(t, "<b>&amp;</b>", eventOf(t, text, said(received, "<b>&amp;</b>")).Text)
	html := decoder(t, func(c *omnidesk.Config) { c.MessageFormat = "html" })
	require.Equal(t, "a & b", eventOf(t, html, said(received, "<x-own>a &  b</x-own>")).Text)
}

func TestBytesThatAreNoTextAreShownAsSuch(t *testing.T) {
	d := said(received, "")
	d.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	d.Body = []byte("name=Ana&message=caf%E9&sessionID=" + session)
	require.Equal(t, "caf\uFFFD", eventOf(t, decoder(t), d).Text)
	d.Body, d.Query = nil, url.Values{"Message": {"in the query"}, "SESSIONID": {session}}.Encode()
	require.Equal(t, "in the query", eventOf(t, decoder(t), d).Text)
	d.Body = []byte("a=%zz")
	_, err := decoder(t).Decode(d)
	require.Equal(t, connector.Invalid, connector.KindOf(err))
	d.Header.Set("Content-Type", "multipart/form-data")
	_, err = decoder(t).Decode(d)
	require.Equal(t, connector.Invalid, connector.KindOf(err), "no boundary")
	d.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	d.Body = []byte(strings.Repeat("--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\ny\r\n", 100) + "--b--\r\n")
	_, err = decoder(t).Decode(d)
	require.Equal(t, connector.Invalid, connector.KindOf(err), "too many parts")
}
