package livechat_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/livechat"
	"github.com/handoff-engine/handoff/conversation"
	vendor "github.com/handoff-engine/handoff/testsuite/fake/livechat"
)

// secret is what the customer must not see.
const secret = "what agents say among themselves"

// pick gives one of the choices.
func pick[T any](r *rand.Rand, choices ...T) T { return choices[r.IntN(len(choices))] }

// randomEntry gives an entry of a thread, and whether it is a person's public words.
func randomEntry(r *rand.Rand, n int) (entry map[string]any, public bool) {
	kind := pick(r, "message", "file", "rich_message", "system_message", "system", "custom", "form", "moon_phase")
	author := pick(r, vendor.Mira, vendor.Leo, "b0t5c9871d5", "", "c7e1f0a2-33b4-4d55-8e66-9f7788990011")
	visibility := pick(r, "agents", "agents", "all", "", "AGENTS")
	greeting := r.IntN(4) == 0
	entry = map[string]any{
		"id": fmt.Sprintf("SAB34THRD1_%d", n+1), "type": kind, "author_id": author, "visibility": visibility,
		"text": secret, "url": "https://cdn.example/" + secret, "elements": json.RawMessage(`[{"title":"` + secret + `"}]`),
		"custom_id": pick(r, "", "shop:c1/e1-4", "shop:c1/e1-4~1"), "created_at": "2026-11-02T10:16:30.002000Z",
	}
	if greeting {
		entry["properties"] = map[string]any{"lc2": map[string]any{"welcome_message": true}}
	}
	person, spoken := author == vendor.Mira || author == vendor.Leo, kind != "system_message" && kind != "system" && kind != "custom"
	return entry, visibility == "all" && person && spoken && !greeting
}

// nothingPrivate requires that an event says words only where they are public.
func nothingPrivate(t *testing.T, ev conversation.Event, public bool) {
	t.Helper()
	switch ev.Kind {
	case conversation.AgentSaid, conversation.AgentEdited:
		if !public {
			require.Failf(t, "private words are told", "%+v", ev)
		}
	default:
		if ev.Text != "" || ev.Attachment != nil {
			require.Failf(t, "private words are told", "%+v", ev)
		}
	}
}

// Whatever is not a person's public words is never said to the customer: 100,000 random entries of threads.
func TestWhatAgentsSayAmongThemselvesNeverBecomesTheirWords(t *testing.T) {
	c := openConnection(t, "http://127.0.0.1:9")
	r := rand.New(rand.NewPCG(7, 11))
	for range 100_000 {
		random, public := randomEntry(r, 0)
		e := livechat.Entry{
			ID: random["id"].(string), Type: random["type"].(string), AuthorID: random["author_id"].(string),
			Visibility: random["visibility"].(string), Text: secret, URL: random["url"].(string),
			CustomID: random["custom_id"].(string), Elements: random["elements"].(json.RawMessage),
		}
		if random["properties"] != nil {
			e.Properties = map[string]map[string]any{"lc2": {"welcome_message": true}}
		}
		for _, ev := range c.Said("SAB12CHAT0:SAB34THRD1", e) {
			nothingPrivate(t, ev, public)
		}
	}
}

// Nor does it in any webhook that carries entries.
func TestNoWebhookTellsPrivateWords(t *testing.T) {
	c := openConnection(t, "http://127.0.0.1:9")
	r := rand.New(rand.NewPCG(3, 5))
	for range 50 {
		var entries []any
		public := map[string]bool{}
		for n := range 100 {
			e, said := randomEntry(r, n)
			entries, public[e["id"].(string)] = append(entries, e), said
		}
		one := map[string]any{"chat_id": "SAB12CHAT0", "thread_id": "SAB34THRD1", "event": entries[0]}
		for action, payload := range map[string]any{
			"incoming_event": one, "event_updated": one,
			"incoming_chat": map[string]any{"chat": map[string]any{
				"id": "SAB12CHAT0", "thread": map[string]any{"id": "SAB34THRD1", "active": true, "events": entries},
			}},
		} {
			body, err := json.Marshal(map[string]any{"secret_key": hookSecret, "action": action, "payload": payload})
			require.NoError(t, err)
			decoded, err := c.Decode(&connector.Delivery{Body: body, ReceivedAt: at})
			require.NoError(t, err)
			for _, in := range decoded {
				nothingPrivate(t, in.Event, public[in.Event.MessageID+in.Event.Target])
			}
		}
	}
}
