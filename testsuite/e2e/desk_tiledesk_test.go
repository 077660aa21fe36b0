package e2e

import (
	"encoding/json"
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
	"github.com/handoff-engine/handoff/testsuite/fake/app"
	"github.com/handoff-engine/handoff/testsuite/fake/httpbot"
	"github.com/handoff-engine/handoff/testsuite/fake/tiledesk"
	"github.com/handoff-engine/handoff/testsuite/oracle"
	"github.com/handoff-engine/handoff/testsuite/system"
)

// tiledeskSecret is in the address of Tiledesk's webhooks.
const tiledeskSecret = "path-secret-c4n4ry-77aa03"

// tiledeskThink is a bot that answers, and asks for a human at the word.
func tiledeskThink(ask httpbot.Request) any {
	if ask.Text == "human" {
		return map[string]any{
			"messages": []any{map[string]any{"text": "I get a colleague."}}, "handoff": map[string]any{},
			"customer": map[string]any{"fields": map[string]any{"order": "A-1"}},
		}
	}
	return map[string]any{"messages": []any{map[string]any{"text": "The bot has heard: " + ask.Text}}}
}

// tiledeskSide is a customer of a team's own app, seen from Tiledesk.
type tiledeskSide struct {
	t       *testing.T
	desk    *tiledesk.Server
	backend *app.Server
	*system.Customer
	key string
	// said and heard are what the customer and the agents have said to each other.
	said, heard []string
}

// ticket waits for ticket number n of the conversation and gives its id.
func (x *tiledeskSide) ticket(n int) string {
	x.t.Helper()
	var mine []tiledesk.Request
	system.Eventually(x.t, 20*time.Second, fmt.Sprintf("Tiledesk has ticket %d", n), func() bool {
		mine = slices.DeleteFunc(x.desk.Requests(), func(r tiledesk.Request) bool {
			return !slices.ContainsFunc(x.desk.Messages(r.ID), func(m tiledesk.Message) bool { return strings.HasPrefix(m.Key, x.Conversation+"/") })
		})
		return len(mine) >= n && mine[n-1].Status >= tiledesk.Unassigned
	})
	return mine[n-1].ID
}

// says has the customer say something to the agents.
func (x *tiledeskSide) says(about string) {
	x.t.Helper()
	text := about + " " + system.Canary
	x.said = append(x.said, text)
	x.TellsBot(x.t, text)
}

// answers has an agent say something to the customer.
func (x *tiledeskSide) answers(ticket, agent, about string) {
	x.t.Helper()
	text := about + " " + system.Canary
	x.heard = append(x.heard, text)
	require.NoError(x.t, x.desk.AgentSays(ticket, agent, text))
}

// read lists what the agents read of the customer's words, posted after the ticket was opened.
func (x *tiledeskSide) read(ticket string) []string {
	texts := []string{}
	for _, m := range x.desk.Messages(ticket) {
		if _, last, _ := strings.Cut(m.Key, "/"); m.Key != "" && !strings.Contains(last, ":") && m.Src == "" {
			texts = append(texts, strings.ReplaceAll(m.Text, "\u200b", ""))
		}
	}
	return texts
}

// seen lists what the customer saw of the agents' words.
func (x *tiledeskSide) seen() []string {
	texts := []string{}
	for _, hook := range x.backend.Told() {
		if hook.Type == "message.created" && hook.Data.Conversation == x.key && slices.Contains(x.heard, hook.Data.Text) {
			texts = append(texts, hook.Data.Text)
		}
	}
	return texts
}

// untilHeard waits until both have read everything, and requires that each line came once and in order.
func (x *tiledeskSide) untilHeard(ticket string) {
	x.t.Helper()
	system.Eventually(x.t, 30*time.Second, "everybody has read what was said", func() bool {
		return len(x.read(ticket)) >= len(x.said) && len(x.seen()) >= len(x.heard)
	})
	require.Equal(x.t, x.said, x.read(ticket))
	require.Equal(x.t, x.heard, x.seen())
}

// A team's own app and chatbot before Tiledesk: the agents read the history, talk to the customer and back, with files,
// through a worker that dies in the middle of a call, answers and webhooks that get lost, and texts that Tiledesk would
// obey. What agents say among themselves reaches nobody else.
func TestOwnAppTalksToTiledeskAgentsAndBack(t *testing.T) {
	needsProcesses(t)
	t.Parallel()
	desk := tiledesk.New(tiledesk.Options{HookScale: 0.1})
	backend, bot := team(), httpbot.New(httpbot.Options{Secret: botSecret, Answer: tiledeskThink})
	_, appURL := behindGate(t, backend)
	_, botURL := behindGate(t, bot)
	gate, deskURL := behindGate(t, desk)
	files := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(files.Close)
	quick := "{accept_within: 1m, first_reply_within: 2s, agent_idle: 1m, on_close: bot}"
	setup := setup{
		connections: appConnection("app-shop", appURL) + appConnection("app-quick", appURL) +
			fmt.Sprintf("  shop-bot: {vendor: httpbot, url: %s/bot, secret: %s}\n", botURL, botSecret) + fmt.Sprintf(`  tiledesk-support:
    vendor: tiledesk
    base_url: %s
    project_id: %s
    email: %s
    password: %s
    webhook_secret: %s
    calls_per_second: 200
`, deskURL, tiledesk.DefaultProject, tiledesk.DefaultEmail, tiledesk.DefaultPassword, tiledeskSecret),
		routes: "  shop: {channel: app-shop, bot: shop-bot, desk: tiledesk-support, policy: " + atLiveChat + "}\n" +
			"  quick: {channel: app-quick, bot: shop-bot, desk: tiledesk-support, policy: " + quick + "}\n",
		secrets: []string{appToken, appSecret, botSecret, tiledeskSecret, tiledesk.DefaultPassword, "eyJhbGciOiJIUzI1NiIs"},
	}
	s := system.Start(t, system.Options{Routes: func(*system.System) string {
		return "connections:\n" + setup.connections + "routes:\n" + setup.routes
	}})
	require.Len(t, desk.Subscriptions(), 5, "handoff subscribe has registered the webhooks")
	_, err := s.Run(t, "subscribe")
	require.NoError(t, err)
	require.Len(t, desk.Subscriptions(), 5)
	backend.SetChannel(s.URL + "/v1/channels/app-shop")
	ana := &tiledeskSide{t: t, desk: desk, backend: backend, Customer: appCustomer(s, backend, backend, "app-shop", "u-88"), key: "u-88"}

	// The bot answers, and asks for a human: the agent reads what was said, and what the bot collected.
	ana.TellsBot(t, "where is my parcel "+system.Canary)
	untilSees(t, ana.Customer, "bot", "The bot has heard: where is my parcel")
	system.Eventually(t, 20*time.Second, "agents may read along", func() bool {
		all := desk.Requests()
		return len(all) == 1 && len(slices.DeleteFunc(desk.Messages(all[0].ID), func(m tiledesk.Message) bool { return m.Key == "" })) == 2
	})
	require.Equal(t, tiledesk.Temp, desk.Requests()[0].Status, "and nobody is bothered")
	ana.Asks(t)
	first := ana.ticket(1)
	require.Len(t, desk.Requests(), 1, "the mirror becomes the ticket")
	ana.UntilAgent(t, tiledesk.Alice)
	var read []string
	for _, m := range desk.Messages(first) {
		if m.Key != "" {
			read = append(read, m.Name+": "+m.Text)
		}
	}
	require.Contains(t, read, "Zaphira "+system.Canary+": where is my parcel "+system.Canary)
	require.Contains(t, read, "Bot: The bot has heard: where is my parcel "+system.Canary)
	require.Equal(t, []string{"order: A-1"}, desk.Request(first).Notes)

	// Both talk. What agents say among themselves stays there, and what Tiledesk would obey is only read.
	ana.answers(first, tiledesk.Alice, "hello I am Alice")
	private := "she is a difficult one " + system.Canary
	require.NoError(t, desk.AgentWhispers(first, tiledesk.Alice, private))
	ana.says("hello Alice")
	ana.said = append(ana.said, `C:\close`)
	ana.TellsBot(t, `C:\close`)
	ana.answers(first, tiledesk.Bob, "a colleague here")
	ana.untilHeard(first)
	require.Equal(t, tiledesk.Assigned, desk.Request(first).Status)

	// The worker dies in the middle of a call that has taken place, another call's answer gets lost, and the token with it.
	held := gate.Hold("/messages", "are you still there", system.After)
	ana.says("are you still there")
	<-held.Arrived()
	ana.answers(first, tiledesk.Alice, "I look into it")
	s.KillAndRestart(system.Worker)
	held.Release()
	ana.untilHeard(first)
	desk.Faults.Set(tiledesk.OpSend, fake.AcceptThenReset().For(1))
	ana.says("thank you")
	desk.ExpireTokens()
	ana.says("a lot")
	ana.untilHeard(first)

	// Files go both ways.
	backend.Send("u-88", "customer.message", map[string]any{
		"attachment": map[string]any{"url": files.URL + "/receipt.png", "name": "receipt.png", "content_type": "image/png"},
	})
	system.Eventually(t, 20*time.Second, "the agents see her file", func() bool {
		return slices.ContainsFunc(desk.Messages(first), func(m tiledesk.Message) bool { return m.Type == "image" && strings.HasSuffix(m.Src, "/receipt.png") })
	})
	_, err = desk.AgentSendsFile(first, tiledesk.Alice, deskURL, "label.png", "image/png", picture())
	require.NoError(t, err)
	system.Eventually(t, 20*time.Second, "she has the agent's file", func() bool {
		return slices.ContainsFunc(backend.Told(), func(hook app.Webhook) bool {
			return hook.Data.Conversation == "u-88" && hook.Data.Attachment["name"] == "label.png"
		})
	})

	// The webhook of the last words is lost. They come all the same, before the end.
	desk.Faults.Set(tiledesk.OpHook, fake.Lose().For(1))
	ana.answers(first, tiledesk.Alice, "it is on its way")
	require.NoError(t, desk.AgentCloses(first, tiledesk.Alice))
	ana.untilHeard(first)
	ana.Until(t, conversation.InBot)

	// Once more, to a second ticket of the same customer.
	ana.Asks(t)
	second := ana.ticket(2)
	require.NotEqual(t, first, second)
	require.Equal(t, desk.Request(first).Customer, desk.Request(second).Customer)
	ana.said = nil
	ana.says("me again")
	ana.untilHeard(second)
	require.NotContains(t, strings.Join(backend.CustomerSees("u-88"), "\n"), private)

	ben := fallsSilent(t, s, desk)
	requireTiledeskStored(t, setup.judge(t, s, backend.Events().Attempts(), ana.Customer, ben), desk.Hooks.Attempts())
}

// fallsSilent has an agent fall silent: the conversation moves to the other one, once, although the answer is lost.
func fallsSilent(t *testing.T, s *system.System, desk *tiledesk.Server) *system.Customer {
	t.Helper()
	sender := senderOf(t, s, "app-quick")
	ben := appCustomer(s, sender, sender, "app-quick", "u-99")
	side := &tiledeskSide{t: t, desk: desk, backend: sender, Customer: ben, key: "u-99"}
	moves := desk.Faults.Calls(tiledesk.OpAgent)
	desk.Faults.Set(tiledesk.OpAgent, fake.AcceptThenReset().For(1))
	ben.Asks(t)
	ticket := side.ticket(1)
	// However slow the test is, the desk's own lines tell who had it first.
	var joined []string
	system.Eventually(t, 30*time.Second, "the other agent is given it", func() bool {
		joined = nil
		for _, m := range desk.Messages(ticket) {
			if who, ok := strings.CutSuffix(m.Text, " added to group"); ok {
				joined = append(joined, who)
			}
		}
		return len(joined) > 1
	})
	require.ElementsMatch(t, []string{tiledesk.Alice, tiledesk.Bob}, joined)
	other := joined[1]
	ben.UntilAgent(t, other)
	require.Equal(t, moves+1, desk.Faults.Calls(tiledesk.OpAgent))
	side.answers(ticket, other, "I have it now")
	s.Until(t, ben.Conversation, "he has answered", func(v conversation.View) bool {
		return v.State == conversation.Assigned && len(v.Pending) == 0 && v.Counts.Failed == 0
	})
	require.NoError(t, desk.AgentCloses(ticket, other))
	ben.Until(t, conversation.InBot)
	require.Equal(t, []string{other}, desk.Request(ticket).Participants)
	return ben
}

// requireTiledeskStored checks that each message of an agent that was acknowledged is in a history.
func requireTiledeskStored(t *testing.T, runs []oracle.Run, attempts []fake.Attempt) {
	t.Helper()
	stored := map[string]bool{}
	for _, r := range runs {
		for _, ev := range r.Signals() {
			stored[ev.ID] = true
		}
	}
	checked := 0
	for _, a := range attempts {
		var hook struct {
			Payload struct {
				ID         string `json:"_id"`
				Sender     string `json:"sender"`
				Attributes struct{ Subtype string }
			}
		}
		require.NoError(t, json.Unmarshal([]byte(a.Body), &hook))
		require.Equal(t, http.StatusOK, a.Status)
		if hook.Payload.Sender == tiledesk.Alice || hook.Payload.Sender == tiledesk.Bob {
			checked++
			require.True(t, stored[hook.Payload.ID], "accepted and not stored: %s", hook.Payload.ID)
		}
	}
	require.NotZero(t, checked)
}
