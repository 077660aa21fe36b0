package dialogflow_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector/dialogflow"
	"github.com/handoff-engine/handoff/conversation"
	fakedialogflow "github.com/handoff-engine/handoff/testsuite/fake/dialogflow"
)

func TestRichAnswersAreShownAsTextsAndButtons(t *testing.T) {
	for _, tt := range []struct {
		name   string
		cx     bool
		rich   string
		change func(c *dialogflow.Config)
		want   []string
	}{
		{
			name: "a card with buttons", rich: `[{"card": {"title": "Blue shirt", "subtitle": "29 €", "imageUri": "https://shop.example/blue.png",
			"buttons": [{"text": "Buy", "postback": "https://shop.example/buy"}, {"text": "More", "postback": "more"}]}}]`,
			want: []string{"Blue shirt\n29 €\nhttps://shop.example/blue.png [Buy → https://shop.example/buy] [More → more]"},
		},
		{
			name: "quick replies", rich: `[{"quickReplies": {"title": "Which size?", "quickReplies": ["S", "M", ""]}}]`,
			want: []string{"Which size? [S] [M]"},
		},
		{
			name: "a picture", rich: `[{"image": {"imageUri": "https://shop.example/map.png", "accessibilityText": "The way"}}]`,
			want: []string{"The way: https://shop.example/map.png"},
		},
		{
			name: "an address that is none", rich: `[{"image": {"imageUri": "javascript:alert(1)", "accessibilityText": "The way"}}]`,
			want: []string{"The way"},
		},
		{
			name: "one of several variants", rich: `[{"text": {"text": ["Hi.", "Hello."]}}, {"text": {"text": []}}, {"text": {"text": ["  "]}}]`,
			want: []string{"Hi."},
		},
		{
			name: "messages of another platform", rich: `[{"platform": "TELEGRAM", "text": {"text": ["Hi, Telegram."]}},
			{"platform": "FACEBOOK", "text": {"text": ["Hi, Facebook."]}}, {"platform": "PLATFORM_UNSPECIFIED", "text": {"text": ["Hi."]}}]`,
			change: func(c *dialogflow.Config) { c.Channel = "FACEBOOK" }, want: []string{"Hi, Facebook.", "Hi."},
		},
		{
			name: "kinds of the assistant", change: func(c *dialogflow.Config) { c.Channel = "ACTIONS_ON_GOOGLE" }, rich: `[
			{"platform": "ACTIONS_ON_GOOGLE", "simpleResponses": {"simpleResponses": [{"textToSpeech": "hi", "displayText": "Hi."}]}},
			{"platform": "ACTIONS_ON_GOOGLE", "basicCard": {"title": "T", "formattedText": "F", "buttons": [{"title": "Open", "openUriAction": {"uri": "https://a.example"}}]}},
			{"platform": "ACTIONS_ON_GOOGLE", "suggestions": {"suggestions": [{"title": "Yes"}, {"title": "No"}]}},
			{"platform": "ACTIONS_ON_GOOGLE", "linkOutSuggestion": {"destinationName": "Shop", "uri": "https://shop.example"}}]`,
			want: []string{"Hi.", "T\nF [Open → https://a.example]", " [Yes] [No]", " [Shop → https://shop.example]"},
		},
		{
			name: "kinds that cannot be shown", rich: `[{"tableCard": {"title": "x"}}, {"text": 7}, {"text": {"text": ["Still here."]}}]`,
			want: []string{"Still here."},
		},
		{
			name: "rich content", cx: true, rich: `[{"payload": {"richContent": [
			[{"type": "info", "title": "Order", "subtitle": "On its way", "actionLink": "https://shop.example/o", "image": {"src": {"rawUrl": "https://shop.example/o.png"}}},
			 {"type": "divider"}, {"type": "button", "text": "Track", "link": "https://shop.example/t"}],
			[{"type": "description", "title": "Prices", "text": ["S 10 €", "M 12 €"]}, {"type": "accordion", "title": "Q", "subtitle": "A", "text": "T"},
			 {"type": "list", "title": "One", "subtitle": "first"}, {"type": "image", "rawUrl": "https://shop.example/p.png", "accessibilityText": "Photo"}],
			[{"type": "chips", "options": [{"text": "Cancel"}, {"text": "Help", "link": "https://shop.example/h"}]}, {"type": 7}]]}}]`,
			want: []string{
				"Order\nOn its way\nhttps://shop.example/o.png\nhttps://shop.example/o [Track → https://shop.example/t]",
				"Prices\nS 10 €\nM 12 €\nQ\nA\nT\n- One\nfirst\nPhoto: https://shop.example/p.png",
				" [Cancel] [Help → https://shop.example/h]",
			},
		},
		{name: "a payload of another convention", cx: true, rich: `[{"payload": {"widget": 1}}, {"payload": "x"}]`},
		{name: "a number to call", cx: true, rich: `[{"telephonyTransferCall": {"phoneNumber": "+15550100"}}]`, want: []string{"+15550100"}},
		{name: "several texts", cx: true, rich: `[{"text": {"text": ["One.", "Two."]}}]`, want: []string{"One.\nTwo."}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var rich []map[string]any
			require.NoError(t, json.Unmarshal([]byte(tt.rich), &rich))
			if tt.change == nil {
				tt.change = func(*dialogflow.Config) {}
			}
			a := newAgent(t, fakedialogflow.Options{CX: tt.cx, Bot: func(fakedialogflow.Turn) fakedialogflow.Answer {
				return fakedialogflow.Answer{Rich: rich}
			}}, tt.change)
			require.Equal(t, tt.want, shown(a.says("show")))
		})
	}
}

// shown writes each message with its buttons behind it.
func shown(answer conversation.Answer) []string {
	var list []string
	for _, m := range answer.Messages {
		text := m.Text
		for _, b := range m.Buttons {
			text += " [" + b.Label
			if target := b.Value + b.URL; target != "" {
				text += " → " + target
			}
			text += "]"
		}
		list = append(list, text)
	}
	return list
}
