package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
	"github.com/handoff-engine/handoff/testsuite/fake/httpbot"
	"github.com/handoff-engine/handoff/testsuite/fake/omnidesk"
	"github.com/handoff-engine/handoff/testsuite/oracle"
	"github.com/handoff-engine/handoff/testsuite/system"
)

// omnideskSecret is in the address of Omnidesk's hookpoints.
const omnideskSecret = "path-secret-c4n4ry-77aa02"

// omnideskSetup is a team's own app and chatbot before an Omnidesk desk.
func omnideskSetup(t *testing.T, appURL, botURL, deskURL string) setup {
	return setup{
		connections: appConnection("app-shop", appURL) + "    allow_hosts: [127.0.0.1]\n" +
			fmt.Sprintf("  shop-bot: {vendor: httpbot, url: %s/bot, secret: %s}\n", botURL, botSecret) +
			fmt.Sprintf(`  omnidesk-support:
    vendor: omnidesk
    base_url: %s
    chat_account_token: %s
    api_key: %s
    hook_secret: %s
    webhook_secret: %s
    page_url: https://shop.example/support
    timeline_zone: UTC
    uploads_dir: %s
`, deskURL, omnidesk.DefaultAccountToken, omnidesk.DefaultAPIKey, omnideskSecret, omnidesk.DefaultWebhookSecret, t.TempDir()),
		routes:  "  shop: {channel: app-shop, bot: shop-bot, desk: omnidesk-support, policy: " + atLiveChat + "}\n",
		secrets: []string{appToken, appSecret, botSecret, omnideskSecret, omnidesk.DefaultAccountToken, omnidesk.DefaultAPIKey, omnidesk.DefaultWebhookSecret},
	}
}

// startAlone runs everything with these connections and no others.
func (u setup) startAlone(t *testing.T) *system.System {
	t.Helper()
	return system.Start(t, system.Options{Routes: func(*system.System) string {
		return "connections:\n" + u.connections + "routes:\n" + u.routes
	}})
}

// A customer of a team's own app talks to agents in Omnidesk's live chat and back, with files, through a worker that is
// killed in the middle of a call and an answer that gets lost. An agent's note reaches nobody.
func TestOwnAppTalksToOmnideskAgentsAndBack(t *testing.T) {
	needsProcesses(t)
	t.Parallel()
	vendor := omnidesk.New(omnidesk.Options{
		Encoding: omnidesk.Form, Client: &http.Client{Timeout: 10 * time.Second}, Unknown: omnidesk.Unknown{ExternalID: true, EndAtChat: true},
	})
	backend, bot := team(), httpbot.New(httpbot.Options{Secret: botSecret, Answer: think})
	_, appURL := behindGate(t, backend)
	_, botURL := behindGate(t, bot)
	gate, deskURL := behindGate(t, vendor)
	files := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		_, _ = w.Write(picture())
	}))
	t.Cleanup(files.Close)
	setup := omnideskSetup(t, appURL, botURL, deskURL)
	s := setup.startAlone(t)
	backend.SetChannel(s.URL + "/v1/channels/app-shop")
	require.NoError(t, vendor.SetWebhook(s.URL+"/webhooks/omnidesk-support/platform"), "OPTIONS is answered as the vendor wants")
	ana := appCustomer(s, backend, backend, "app-shop", "u-77")
	var said, answered []string
	says := func(about string) {
		text := about + " " + system.Canary
		said = append(said, text)
		ana.TellsBot(t, text)
	}
	answers := func(id, about string) {
		text := about + " " + system.Canary
		answered = append(answered, text)
		require.NoError(t, vendor.AgentSays(id, omnidesk.Ana, text))
	}
	atDesk := func(id string) []string { return vendor.Texts(id)[1:] }
	heard := func(id string) {
		t.Helper()
		system.Eventually(t, 20*time.Second, "the agents read what she said", func() bool { return len(atDesk(id)) >= len(said) })
		system.Eventually(t, 20*time.Second, "she reads what the agents said", func() bool { return len(agentWords(backend.CustomerSees("u-77"), answered)) >= len(answered) })
	}

	// The bot answers, and asks for a human.
	ana.TellsBot(t, "where is my parcel "+system.Canary)
	untilSees(t, ana, "bot", "where is my parcel")
	ana.Asks(t)
	system.Eventually(t, 20*time.Second, "Omnidesk has a ticket", func() bool { return len(vendor.Sessions()) == 1 })
	first := vendor.Sessions()[0]
	require.Contains(t, vendor.Texts(first)[0], "where is my parcel "+system.Canary)
	require.Contains(t, vendor.Texts(first)[0], "The bot has heard")
	require.Equal(t, 1, vendor.Numbers(first)[0])

	// Who speaks has the conversation.
	require.NoError(t, vendor.AgentTypes(first, true))
	answers(first, "hello I am Ana")
	ana.UntilAgent(t, omnidesk.Ana)
	says("hello Ana")
	require.NoError(t, vendor.AgentNotes(first, omnidesk.Ana, "private "+system.Canary))
	heard(first)

	// Equal words are two messages, if they do not come in one second: no id tells them apart. A call is lost with the
	// worker that made it, another one with its answer.
	answers(first, "ok")
	apart := time.After(1100 * time.Millisecond)
	held := gate.Hold("/notifyUserNewChatMessage", "are you still there", system.After)
	says("are you still there")
	<-held.Arrived()
	s.KillAndRestart(system.Worker)
	held.Release()
	<-apart
	answers(first, "ok")
	heard(first)
	vendor.Faults.Set(omnidesk.OpMessage, fake.AcceptThenReset().For(1))
	says("thank you")
	says("a lot")
	heard(first)

	// Files go both ways.
	backend.Send("u-77", "customer.message", map[string]any{
		"attachment": map[string]any{"url": files.URL + "/receipt.png", "name": "receipt.png", "content_type": "image/png"},
	})
	system.Eventually(t, 20*time.Second, "the agents have her file", func() bool {
		lines := vendor.Lines(first)
		last := lines[len(lines)-1]
		return last.File != nil && last.File.Name == "receipt.png" && slices.Equal(last.File.Content, picture())
	})
	require.NoError(t, vendor.AgentSends(first, omnidesk.Ana, omnidesk.File{Name: "label.png", ContentType: "image/png", Content: picture()}))
	system.Eventually(t, 20*time.Second, "she has the agent's file", func() bool {
		for _, hook := range backend.Told() {
			if hook.Data.Attachment["name"] == "label.png" {
				return true
			}
		}
		return false
	})

	answers(first, "here is your label")
	heard(first)

	// The agent stops, and solves the ticket: the bot has her back.
	require.NoError(t, vendor.AgentStops(first))
	require.NoError(t, vendor.Solve(first))
	ana.Until(t, conversation.InBot)
	require.Equal(t, said, atDesk(first), "each line once and in order")
	ana.TellsBot(t, "who was that")
	untilSees(t, ana, "bot", "That was Ana.")

	// The next handoff is another session; this time we end it.
	ana.Asks(t)
	system.Eventually(t, 20*time.Second, "Omnidesk has another ticket", func() bool { return len(vendor.Sessions()) == 2 })
	second := vendor.Sessions()[1]
	said = nil
	answers(second, "me again")
	ana.UntilAgent(t, omnidesk.Ana)
	says("that was quick")
	heard(second)
	s.Command(t, ana.Conversation, "end-1", map[string]any{"command": "end", "actor": "ada"})
	system.Eventually(t, 20*time.Second, "the session is ended at Omnidesk", func() bool { return vendor.Ended(second) })

	require.NoError(t, vendor.Hooks().Drain(t.Context()))
	require.NoError(t, vendor.Platform().Drain(t.Context()))
	runs := s.Settled(t, ana)
	require.Empty(t, oracle.Sound(runs))
	noLeaks(t, s, runs)
	require.Equal(t, said, atDesk(second))
	require.Equal(t, answered, agentWords(backend.CustomerSees("u-77"), answered), "each answer once and in order")
	require.False(t, slices.ContainsFunc(backend.CustomerSees("u-77"), func(text string) bool { return strings.Contains(text, "private") }))
	require.Equal(t, 2, vendor.Tickets())
	view := ana.View(t)
	require.Zero(t, view.Counts.Uncertain+view.Counts.Failed)
	for _, a := range slices.Concat(vendor.Hooks().Attempts(), vendor.Platform().Attempts()) {
		require.Equal(t, http.StatusOK, a.Status, "a webhook was refused: %s", a.Op)
	}
	for place, text := range map[string]string{"the logs": s.Output(), "the metrics": metrics(t, s)} {
		for _, secret := range setup.secrets {
			require.NotContains(t, text, secret, "a secret is in "+place)
		}
	}
}

// agentWords are the texts that are among the wanted ones.
func agentWords(texts, wanted []string) []string {
	var words []string
	for _, text := range texts {
		if slices.Contains(wanted, text) {
			words = append(words, text)
		}
	}
	return words
}
