package crisp_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/crisp"
	"github.com/handoff-engine/handoff/conversation"
	vendor "github.com/handoff-engine/handoff/testsuite/fake/crisp"
	"github.com/handoff-engine/handoff/testsuite/subjects"
)

// client is a connection that calls nobody.
func client(t *testing.T, change ...func(*crisp.Config)) *crisp.Client {
	t.Helper()
	cfg := subjects.CrispConfig("http://127.0.0.1:9")
	for _, f := range change {
		f(&cfg)
	}
	c, err := crisp.New(cfg, connector.Deps{Connection: "under-test"})
	require.NoError(t, err)
	return c
}

func TestSignatureOfTheVendorsOwnClient(t *testing.T) {
	// Computed as node-crisp-api does it (lib/crisp.ts, __verifySignature).
	body := `{"website_id":"8c842203-7ed8-4e29-a608-7cf78a7d2fcc","event":"message:received","data":` +
		`{"session_id":"session_11111111-2222-4333-8444-555555555555","fingerprint":164120601100001},"timestamp":1767225600123}`
	c := client(t, func(c *crisp.Config) { c.HookSecret = connector.Secrets{"made-up-signing-secret"} })
	d := &connector.Delivery{
		Method: http.MethodPost, Body: []byte(body), ReceivedAt: time.UnixMilli(1767225600456),
		Header: http.Header{
			"X-Crisp-Request-Timestamp": {"1767225600456"},
			"X-Crisp-Signature":         {"db912054b6b8792b9b22b1c754bf496e0d0b66ef2bce10b10639f77710bac63a"},
		},
	}
	require.NoError(t, c.Verify(d))
}

func TestTheTimestampMayBeInSecondsAndOldIfThatIsWanted(t *testing.T) {
	signed := func(at string) *connector.Delivery {
		d := &connector.Delivery{Header: http.Header{}, Body: []byte("{}"), ReceivedAt: time.UnixMilli(1767225600456)}
		d.Header.Set("X-Crisp-Request-Timestamp", at)
		d.Header.Set("X-Crisp-Signature", vendor.Sign(vendor.DefaultSigningSecret, at, d.Body))
		return d
	}
	c, patient := client(t), client(t, func(c *crisp.Config) { c.HookTolerance = 0 })
	require.NoError(t, c.Verify(signed("1767225600")))
	require.NoError(t, c.Verify(signed("1767225600000")))
	for _, at := range []string{"1767200000", "1767200000000", "soon", ""} {
		require.Equal(t, connector.Unauthenticated, connector.KindOf(c.Verify(signed(at))), at)
	}
	require.NoError(t, patient.Verify(signed("1767200000")))
	require.Error(t, patient.Verify(signed("soon")))
}

func TestHooksOfAWorkspaceCarryAKey(t *testing.T) {
	c := client(t, func(c *crisp.Config) {
		c.HookSecret, c.HookKey = nil, connector.Secrets{"new-key-5512", "old-key-9931"}
	})
	verify := func(query, body string) connector.Kind {
		return connector.KindOf(c.Verify(&connector.Delivery{Query: query, Header: http.Header{}, Body: []byte(body)}))
	}
	ours := `{"website_id":"` + vendor.DefaultWebsite + `"}`
	require.Empty(t, verify("key=new-key-5512", ours))
	require.Empty(t, verify("a=b&key=old-key-9931", ours))
	for _, query := range []string{"", "key=", "key=new-key-5513", "Key=new-key-5512", "key=new-key-5512&key=x", "key=%zz"} {
		require.Equal(t, connector.Unauthenticated, verify(query, ours), query)
	}
	require.Equal(t, connector.Forbidden, verify("key=new-key-5512", `{"website_id":"another"}`))
	require.Empty(t, verify("key=new-key-5512", "no JSON"), "that is for Decode to say")

	// A signature of nobody's secret proves nothing here.
	d := &connector.Delivery{Header: http.Header{}, Body: []byte(ours)}
	d.Header.Set("X-Crisp-Request-Timestamp", "1")
	d.Header.Set("X-Crisp-Signature", vendor.Sign("", "1", d.Body))
	require.Equal(t, connector.Unauthenticated, connector.KindOf(c.Verify(d)))
}

// decode gives what a hook tells.
func decode(t testing.TB, c *crisp.Client, event string, data map[string]any) []connector.Inbound {
	t.Helper()
	body, err := json.Marshal(map[string]any{"website_id": vendor.DefaultWebsite, "event": event, "data": data, "timestamp": 1767225660000})
	require.NoError(t, err)
	list, err := c.Decode(&connector.Delivery{Body: body, ReceivedAt: at})
	require.NoError(t, err)
	return list
}

func TestOtherInboxesAreLeftAlone(t *testing.T) {
	c := client(t, func(c *crisp.Config) { c.Inboxes = []string{vendor.DefaultInbox, "vip"} })
	said := func(more map[string]any) int {
		data := map[string]any{"session_id": "session_1", "type": "text", "from": "operator", "origin": "chat", "content": "Hi", "fingerprint": 17}
		maps.Copy(data, more)
		return len(decode(t, c, "message:received", data))
	}
	require.Equal(t, 1, said(map[string]any{"inbox_id": vendor.DefaultInbox}))
	require.Equal(t, 1, said(map[string]any{"inbox_id": "vip"}))
	require.Equal(t, 0, said(map[string]any{"inbox_id": "sales"}))
	require.Equal(t, 0, said(map[string]any{"inbox_id": nil}), "the main inbox")
	require.Equal(t, 1, said(nil), "a hook that does not tell is looked at")
}

func TestHandingBackByNoteOrSegment(t *testing.T) {
	c := client(t, func(c *crisp.Config) { c.BackToBotNote = "//bot" })
	note := func(text string) conversation.Kind {
		return decode(t, c, "message:received", map[string]any{
			"session_id": "session_1", "type": "note", "from": "operator", "origin": "chat", "content": text, "fingerprint": 17,
		})[0].Event.Kind
	}
	require.Equal(t, conversation.HandedBack, note("  //bot go on"))
	require.Equal(t, conversation.AgentNoted, note("!bot"))
	require.Equal(t, conversation.AgentNoted, note("the //bot"))
	segments := map[string]any{"session_id": "session_1", "segments": []string{"handoff", "return-to-bot"}}
	require.Equal(t, conversation.HandedBack, decode(t, c, "session:set_segments", segments)[0].Event.Kind)
	never := client(t, func(c *crisp.Config) { c.BackToBotNote, c.BackToBotSegment = "", "" })
	require.Empty(t, decode(t, never, "session:set_segments", segments))
}

func TestTheSameWordsAfterOthersAreAnotherEdit(t *testing.T) {
	d := newDesk(t)
	c := d.connect()
	ticket := open(t, c, "shop:c1/e1-2")
	mark, err := d.OperatorSays(ticket.ID, vendor.Sam, "Monday")
	require.NoError(t, err)
	ids := map[string]bool{}
	for _, text := range []string{"Tuesday", "Wednesday", "Tuesday"} {
		require.NoError(t, d.OperatorEdits(ticket.ID, mark, text))
	}
	for _, ev := range d.events(c) {
		if ev.Kind == conversation.AgentEdited {
			require.Equal(t, strconv.FormatInt(mark, 10), ev.Target)
			ids[ev.ID] = true
		}
	}
	require.Len(t, ids, 3)
}

// What operators write among themselves never becomes words for the customer, whatever else a hook says.
func TestPrivateWordsNeverCross(t *testing.T) {
	const secret = "pr1v4te"
	c := client(t)
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(list ...string) string { return list[random.IntN(len(list))] }
	crossed := 0
	for i := range 100_000 {
		words, kind, flags := secret, pick("text", "file", "audio", "animation", "picker", "field", "carousel", "other"), ""
		public := random.IntN(4) == 0
		switch {
		case public:
			words = "public"
		case random.IntN(5) < 2:
			kind = "note"
		default: // Private in another way.
			kind, flags = pick(kind, "note", "event"), pick(`"automated":true,`, `"stealth":true,`)
		}
		body := fmt.Appendf(nil, `{"website_id":%q,"event":%q,"timestamp":1767225660000,"data":{%s"session_id":"session_1","inbox_id":%s,`+
			`"fingerprint":%d,"timestamp":%s,"from":%q,"origin":%q,"type":%q,"content":%s,"edited":%s,"mentions":%s,"user":%s}}`,
			vendor.DefaultWebsite, pick("message:received", "message:received", "message:send"), flags, pick("null", `"x"`),
			i+1, pick("0", "1767225660000"), pick("operator", "operator", "user", "system", ""), pick("chat", "email", "urn:crisp.im:slack:0"), kind,
			pick(`"`+words+`"`, `{"text":"`+words+`","url":"https://x.example/`+words+`","name":"`+words+`","namespace":"`+words+`"}`),
			pick("true", "false"), pick("null", `["x"]`), pick("null", `{"user_id":"u1","nickname":"Sam"}`, `{"type":"website"}`))
		list, err := c.Decode(&connector.Delivery{Body: body, ReceivedAt: at})
		require.NoError(t, err)
		for _, in := range list {
			if in.Event.Kind == conversation.AgentSaid {
				crossed++
				require.True(t, public, "%s", body)
			}
			if in.Event.Kind == conversation.AgentNoted {
				require.Empty(t, in.Event.MessageID, "an edit of it would be said to the customer")
			}
			require.NotContains(t, fmt.Sprint(in.Event.Text, in.Event.Attachment, in.Typing, in.Read), secret, "%s", body)
		}
	}
	require.Greater(t, crossed, 1000, "the public ones are passed on")
}

func TestWhatIsTypedIsNotShownBeforeItIsSent(t *testing.T) {
	d := newDesk(t)
	c := d.connect()
	ticket := open(t, c, "shop:c1/e1-2")
	require.NoError(t, d.OperatorTypes(ticket.ID, vendor.Sam, true, "between us: he"))
	require.NoError(t, d.OperatorTypes(ticket.ID, vendor.Sam, false, ""))
	require.NoError(t, d.OperatorReads(ticket.ID))
	var told []string
	for _, delivery := range d.Deliveries() {
		list, err := c.Decode(delivery)
		require.NoError(t, err)
		for _, in := range list {
			switch {
			case in.Typing != nil:
				require.Equal(t, ticket.ID, in.Ref.Ticket)
				require.Empty(t, in.Typing.Text)
				told = append(told, fmt.Sprintf("%s types: %t", in.Typing.Author.Name, in.Typing.On))
			case in.Read != nil:
				require.WithinDuration(t, time.Now(), in.Read.At, time.Minute)
				told = append(told, "read")
			}
		}
	}
	require.Equal(t, "Sam types: true, Sam types: false, read", strings.Join(told, ", "))
}

func TestTheEndIsToldInFourWays(t *testing.T) {
	for name, end := range map[string]func(d *desk, c *crisp.Client, ticket conversation.Ticket) error{
		"resolved": func(d *desk, _ *crisp.Client, ticket conversation.Ticket) error {
			return d.OperatorSetsState(ticket.ID, vendor.StateResolved)
		},
		"blocked": func(d *desk, _ *crisp.Client, ticket conversation.Ticket) error { return d.OperatorBlocks(ticket.ID) },
		"removed": func(d *desk, _ *crisp.Client, ticket conversation.Ticket) error { return d.OperatorRemoves(ticket.ID) },
		"by us": func(_ *desk, c *crisp.Client, ticket conversation.Ticket) error {
			return c.CloseTicket(t.Context(), connector.CloseRequest{Key: "shop:c1/e1-9", Ticket: ticket})
		},
	} {
		d := newDesk(t)
		c := d.connect()
		ticket := open(t, c, "shop:c1/e1-2")
		require.NoError(t, d.OperatorClosesView(ticket.ID, vendor.Sam))
		require.NotContains(t, kinds(d.events(c)), string(conversation.TicketClosed), "an operator who leaves ends nothing")
		require.NoError(t, end(d, c, ticket))
		events := d.events(c)
		last := events[len(events)-1]
		require.Equal(t, conversation.TicketClosed, last.Kind, name)
		require.Equal(t, "closed:"+ticket.ID, last.ID, "it ends once, however it is told")
	}
}
