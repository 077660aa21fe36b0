package livechat_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
	vendor "github.com/handoff-engine/handoff/testsuite/fake/livechat"
)

// pick gives one of the choices.
func pick[T any](r *rand.Rand, choices ...T) T { return choices[r.IntN(len(choices))] }

// Whatever is not a person's public words is never said to the customer: 100,000 random entries of threads.
func TestWhatAgentsSayAmongThemselvesNeverBecomesTheirWords(t *testing.T) {
	c := openConnection(t, "http://127.0.0.1:9")
	r := rand.New(rand.NewPCG(7, 11))
	const secret = "what the customer must not see"
	for range 1000 {
		var events []map[string]any
		public := map[string]bool{}
		for n := range 100 {
			id := fmt.Sprintf("SAB34THRD1_%d", n+1)
			e := map[string]any{
				"id": id, "type": pick(r, "message", "file", "rich_message", "system_message", "system", "custom", "form", "moon_phase"),
				"text": secret, "url": "https://cdn.example/" + secret, "created_at": "2026-11-02T10:16:30.002000Z",
				"visibility": pick[any](r, "agents", "agents", "all", "", nil, "AGENTS"),
				"author_id":  pick[any](r, vendor.Mira, vendor.Leo, "b0t5c9871d5", "", nil, "c7e1f0a2-33b4-4d55-8e66-9f7788990011"),
				"custom_id":  pick[any](r, "", nil, "shop:c1/e1-4", "shop:c1/e1-4~1"),
				"properties": pick[any](r, nil, map[string]any{"lc2": map[string]any{"welcome_message": true}}),
				"elements":   []any{map[string]any{"title": secret}},
			}
			author, _ := e["author_id"].(string)
			spoken := e["type"] != "system_message" && e["type"] != "system" && e["type"] != "custom"
			public[id] = e["visibility"] == "all" && (author == vendor.Mira || author == vendor.Leo) && spoken && e["properties"] == nil
			events = append(events, e)
		}
		deliver := func(action string, payload any) {
			body, err := json.Marshal(map[string]any{"secret_key": hookSecret, "action": action, "payload": payload})
			require.NoError(t, err)
			decoded, err := c.Decode(&connector.Delivery{Body: body, ReceivedAt: at})
			require.NoError(t, err)
			for _, in := range decoded {
				switch in.Event.Kind {
				case conversation.AgentSaid, conversation.AgentEdited:
					require.True(t, public[in.Event.MessageID+in.Event.Target], "%s told %v", action, in.Event)
				default:
					require.Empty(t, in.Event.Text, "%s told %v", action, in.Event)
					require.Nil(t, in.Event.Attachment)
				}
			}
		}
		deliver("incoming_chat", map[string]any{"chat": map[string]any{
			"id": "SAB12CHAT0", "thread": map[string]any{"id": "SAB34THRD1", "active": true, "events": events},
		}})
		one := events[r.IntN(len(events))]
		for _, action := range []string{"incoming_event", "event_updated"} {
			deliver(action, map[string]any{"chat_id": "SAB12CHAT0", "thread_id": "SAB34THRD1", "event": one})
		}
	}
}
