package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
	"github.com/handoff-engine/handoff/testsuite/fake/app"
	"github.com/handoff-engine/handoff/testsuite/fake/httpbot"
	"github.com/handoff-engine/handoff/testsuite/fake/livechat"
	"github.com/handoff-engine/handoff/testsuite/system"
)

// The secrets of the team.
const (
	appToken  = "app-token-c4n4ry-5d10"
	appSecret = "app-secret-c4n4ry-e7"
	botSecret = "bot-secret-c4n4ry-02"
)

// team is a backend of the team's own, which repeats what is not taken for half a minute.
func team() *app.Server {
	repeats := slices.Repeat([]time.Duration{500 * time.Millisecond}, 60)
	return app.New(app.Options{APIToken: appToken, Secret: appSecret, Retries: repeats})
}

// appConnection is the team's own app among the connections.
func appConnection(name, url string) string {
	return fmt.Sprintf(`  %s:
    vendor: app
    api_token: %s
    webhook_url: %s/handoff
    webhook_secret: %s
    deduplicates: true
`, name, appToken, url, appSecret)
}

// senderOf sends the team's events to a connection.
func senderOf(t *testing.T, s *system.System, connection string) *app.Server {
	t.Helper()
	sender := team()
	t.Cleanup(sender.Close)
	sender.SetChannel(s.URL + "/v1/channels/" + connection)
	s.Outboxes = append(s.Outboxes, sender.Events())
	return sender
}

// appCustomer is somebody in the team's app, whose words one sends and whose webhooks the other gets.
func appCustomer(s *system.System, sender, backend *app.Server, connection, key string) *system.Customer {
	who := map[string]any{"name": "Zaphira " + system.Canary, "email": "zaphira." + system.Canary + "@example.com"}
	return s.NewCustomerAt(connection+":"+key, system.Side{
		Says: func(text string) error {
			sender.Send(key, "customer.message", map[string]any{"text": text, "customer": who})
			return nil
		},
		Sees: func() []fake.Entry { return backend.Journal.Entries(key) },
		Told: sender.Events().Attempts,
	})
}

// think is the team's bot: it answers each question, asks for a human at the word, and knows what the human said.
func think(ask httpbot.Request) any {
	say := func(text string) []any { return []any{map[string]any{"text": text}} }
	if ask.Text == "human" {
		return map[string]any{
			"messages": say("I get a colleague."), "session": map[string]any{"asked": true},
			"handoff":  map[string]any{"group": fmt.Sprint(livechat.DefaultGroup), "reason": "refund over 100"},
			"customer": map[string]any{"fields": map[string]any{"order": "A-1"}},
		}
	}
	if ask.Text == "what can you do" {
		return map[string]any{"messages": []any{map[string]any{
			"text":    "I can look for a parcel.",
			"buttons": []any{map[string]any{"label": "Find my parcel", "value": "track"}, map[string]any{"label": "Our shops", "url": "https://shop.example/map"}},
		}}}
	}
	if ask.Text == "who was that" {
		for _, line := range slices.Backward(ask.Context) {
			if line.Role == "agent" {
				return map[string]any{"messages": say("That was " + line.Name + ".")}
			}
		}
		return map[string]any{"messages": say("Nobody.")}
	}
	about, _, _ := strings.Cut(ask.Text, " (")
	return map[string]any{"messages": say("The bot has heard: " + about)}
}

// A team's own app with a chatbot of the team's own: the bot answers, asks for a human, the agents of LiveChat talk to
// the customer, and the bot, which is told what was said, goes on when they close. Each process dies once, in the
// middle, and an answer of the bot and one of the app get lost.
func TestOwnAppWithOwnChatbotTalksToLiveChatAgentsAndBack(t *testing.T) {
	needsProcesses(t)
	t.Parallel()
	backend, bot := team(), httpbot.New(httpbot.Options{Secret: botSecret, Answer: think})
	_, appURL := behindGate(t, backend)
	botGate, botURL := behindGate(t, bot)
	setup := setup{
		connections: appConnection("app-shop", appURL) + fmt.Sprintf("  shop-bot: {vendor: httpbot, url: %s/bot, secret: %s}\n", botURL, botSecret),
		routes:      "  shop: {channel: app-shop, bot: shop-bot, desk: " + system.Desk + ", policy: " + atLiveChat + "}\n",
		secrets:     []string{appToken, appSecret, botSecret},
	}
	s := setup.start(t)
	backend.SetChannel(s.URL + "/v1/channels/app-shop")
	bot.SetHook(s.URL + "/webhooks/shop-bot")
	s.Outboxes = append(s.Outboxes, backend.Events(), bot.Webhooks())
	ana := appCustomer(s, backend, backend, "app-shop", "u-42")

	// The bot answers first, and once, although its answer gets lost.
	ana.Says(t, "hello bot")
	untilSees(t, ana, "bot", "The bot has heard: hello bot")
	bot.Faults.Set(httpbot.OpMessage, fake.AcceptThenReset().For(1))
	ana.Says(t, "where is my parcel")
	untilSees(t, ana, "bot", "The bot has heard: where is my parcel")
	asked := bot.Asked()
	require.Len(t, asked, 2)
	require.Equal(t, 2, bot.Answered(asked[1].Key), "asked again with the same key")

	// The app shows the bot's buttons, and the bot is told what stands behind the one that she presses.
	ana.TellsBot(t, "what can you do")
	untilSees(t, ana, "bot", "I can look for a parcel.")
	shown := backend.Told()[len(backend.Told())-1].Data.Buttons
	require.Len(t, shown, 2)
	require.Equal(t, "https://shop.example/map", shown[1].URL)
	ana.TellsBot(t, shown[0].Value)
	untilSees(t, ana, "bot", "The bot has heard: track")

	// The worker dies while the bot thinks.
	held := botGate.Hold("/bot", "do you deliver to the islands", system.After)
	ana.Says(t, "do you deliver to the islands")
	<-held.Arrived()
	s.KillAndRestart(system.Worker)
	held.Release()
	untilSees(t, ana, "bot", "The bot has heard: do you deliver to the islands")
	require.Len(t, bot.Asked(), 5, "the same question is one question")

	// The bot asks for a human, and the agent reads why and what was said.
	ana.Asks(t)
	chat := ana.UntilTicket(t, 1)
	untilSees(t, ana, "bot", "I get a colleague.")
	require.Contains(t, opening(ana), "do you deliver to the islands")
	require.Contains(t, opening(ana), "The bot has heard: where is my parcel")
	require.Contains(t, opening(ana), "I can look for a parcel.\n- Find my parcel\n- Our shops: https://shop.example/map")
	for name, want := range map[string]string{"order": "A-1", "reason": "refund over 100"} {
		require.True(t, slices.ContainsFunc(chat.SessionFields, func(f map[string]string) bool { return f[name] == want }), name)
	}
	talk(t, ana)

	// The gateway dies: what both say meanwhile comes later.
	s.Kill(system.Gateway)
	ana.Says(t, "are you still there")
	ana.Answers(t, livechat.Mira, "I look into it")
	s.StartPart(system.Gateway)
	s.UntilReady()
	ana.UntilHeard(t)

	// Temporal dies, and an answer of the app gets lost.
	backend.Faults.Set("message.created", fake.AcceptThenReset().For(1))
	ana.Answers(t, livechat.Mira, "it is paid")
	ana.Says(t, "thank you")
	s.KillAndRestart(system.Temporal)
	ana.UntilHeard(t)

	// Mira closes: the bot has her back and knows what was said.
	closes(t, s, ana)
	before := len(bot.Asked())
	ana.TellsBot(t, "who was that")
	untilSees(t, ana, "bot", "That was Mira.")
	asked = bot.Asked()[before:]
	require.Len(t, asked, 1, "the bot was not asked while Mira had her")
	said := lines(asked[0])
	require.Contains(t, said, "agent: it is paid")
	require.Contains(t, said, "customer: thank you")

	// The bot asks for a human by itself, without having been asked.
	bot.AskForHuman(ana.Conversation, map[string]any{"group": fmt.Sprint(livechat.DefaultGroup), "reason": "payment failed twice"})
	ana.UntilTicket(t, 2)
	ana.Takes(t, livechat.Mira)
	ana.UntilAgent(t, livechat.Mira)
	ana.Answers(t, livechat.Mira, "me again")
	ana.Says(t, "welcome back")
	ana.UntilHeard(t)
	closes(t, s, ana)
	view := ana.UntilHeard(t)
	require.Zero(t, view.Counts.Uncertain+view.Counts.Failed)
	require.Equal(t, conversation.InBot, view.State)
	var told, went []string
	for _, hook := range backend.Told() {
		if hook.Type == "conversation.updated" {
			told = append(told, hook.Data.PreviousState+" > "+hook.Data.State)
		}
	}
	for _, change := range view.History {
		if change.From != change.To {
			went = append(went, string(change.From)+" > "+string(change.To))
		}
	}
	require.Equal(t, went, told, "the app was told of each change, once and in order")
	setup.judge(t, s, backend.Events().Attempts(), ana)
}

// lines are what the bot was told of the conversation.
func lines(ask httpbot.Request) string {
	var b strings.Builder
	for _, l := range ask.Context {
		b.WriteString(l.Role + ": " + l.Text + "\n")
	}
	return b.String()
}
