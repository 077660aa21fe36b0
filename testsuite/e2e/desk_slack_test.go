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
	"github.com/handoff-engine/handoff/testsuite/fake/landbot"
	"github.com/handoff-engine/handoff/testsuite/fake/livechat"
	"github.com/handoff-engine/handoff/testsuite/fake/slack"
	"github.com/handoff-engine/handoff/testsuite/oracle"
	"github.com/handoff-engine/handoff/testsuite/system"
)

// slackConnection is a Slack channel among the connections.
func slackConnection(slackURL string) string {
	return fmt.Sprintf(`  slack-support:
    vendor: slack
    bot_token: %s
    signing_secret: %s
    channel: %s
    usergroup: %s
    agent_names: {%s: Mira, %s: Sam}
    team_id: %s
    app_id: %s
    base_url: %s/api
`, slack.DefaultToken, slack.DefaultSigningSecret, slack.Support, slack.Helpers, slack.Mira, slack.Sam, slack.Team, slack.App, slackURL)
}

// landbotConnection is the fake Landbot among the connections.
func landbotConnection(s *system.System) string {
	return fmt.Sprintf(`  %s:
    vendor: landbot
    base_url: %s/v1
    api_token: %s
    hook_token: %s
    channel_ids: [%d]
    agent_id: %d
    agent_name: Middleware
    bot_id: %d
    allow_hosts: [127.0.0.1]
`, system.Channel, s.LandbotURL, landbot.DefaultToken, system.HookToken, landbot.DefaultChannelID, landbot.DefaultAgentID, landbot.DefaultBotID)
}

// slackSetup is Landbot before a Slack channel.
func slackSetup(s *system.System, slackURL string) string {
	return "connections:\n" + landbotConnection(s) + slackConnection(slackURL) + "routes:\n" +
		fmt.Sprintf("  shop: {channel: %s, desk: slack-support, policy: %s}\n", system.Channel, atLiveChat)
}

// thread is a customer's ticket as agents see it in Slack.
type thread struct {
	t    *testing.T
	s    *system.System
	desk *slack.Server
	who  *system.Customer
	ts   string
}

// untilThread waits until the channel shows n cards, and gives the last one's thread once the history is in it.
func untilThread(t *testing.T, s *system.System, desk *slack.Server, who *system.Customer, n int) *thread {
	t.Helper()
	h := &thread{t: t, s: s, desk: desk, who: who}
	system.Eventually(t, 40*time.Second, fmt.Sprintf("ticket %d is open in Slack", n), func() bool {
		cards := desk.Cards(slack.Support)
		if len(cards) < n {
			return false
		}
		h.ts = cards[len(cards)-1].TS
		return len(desk.Thread(slack.Support, h.ts)) > 0
	})
	s.Until(t, who.Conversation, "the ticket is known", func(v conversation.View) bool {
		return len(v.Tickets) >= n && v.Tickets[n-1].Ticket.ID == slack.Support+":"+h.ts
	})
	return h
}

func (h *thread) clicks(user, action, selected string) {
	h.t.Helper()
	require.NoError(h.t, h.desk.AgentClicks(slack.Support, h.ts, user, action, selected))
}

// says has an agent write in the thread.
func (h *thread) says(user, about string) (ts, text string) {
	h.t.Helper()
	text = h.who.Line(about)
	h.who.Book.Agent(text)
	ts, err := h.desk.AgentSays(slack.Support, h.ts, user, text)
	require.NoError(h.t, err)
	return ts, text
}

// notes has an agent write what stays in the thread.
func (h *thread) notes(user, about string) {
	h.t.Helper()
	text := h.who.Line(about)
	h.who.Book.Private(text)
	_, err := h.desk.AgentSays(slack.Support, h.ts, user, "  // "+text)
	require.NoError(h.t, err)
	h.who.Book.Private(text + " on paper")
	_, err = h.desk.AgentSendsFile(slack.Support, h.ts, user, "internal.pdf", "application/pdf", "//"+text+" on paper", []byte("%PDF-1.7"))
	require.NoError(h.t, err)
}

// slackSees gives the customer's words and the histories of all threads.
func slackSees(desk *slack.Server) []livechat.Line {
	var lines []livechat.Line
	for _, card := range desk.Cards(slack.Support) {
		for _, m := range desk.Thread(slack.Support, card.TS) {
			if m.Metadata == nil {
				continue
			}
			text := slack.Reads(m)
			switch m.Metadata.EventType {
			case "handoff_opening":
				_, text, _ = strings.Cut(text, "Conversation so far")
				text = "Conversation so far" + text
			case "handoff_message":
			default:
				continue
			}
			lines = append(lines, livechat.Line{Thread: card.TS, By: "customer", Text: text})
		}
	}
	return lines
}

// slackFindings compares what was said with what each side saw.
func slackFindings(s *system.System, desk *slack.Server, who *system.Customer, duplicates oracle.Duplicates) []string {
	return append(
		who.Book.DeskSaw(slackSees(desk), s.Landbot.Hooks().Attempts(), duplicates),
		who.Book.CustomerSaw(who.Sees(), desk.Hooks.Attempts(), duplicates)...)
}

// untilHeard waits until each side saw all that the other said.
func (h *thread) untilHeard() conversation.View {
	h.t.Helper()
	var findings []string
	for deadline := time.Now().Add(40 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if findings = slackFindings(h.s, h.desk, h.who, oracle.Allowed); len(findings) == 0 {
			break
		}
		require.Less(h.t, time.Now(), deadline, "not heard: %q", findings)
	}
	return h.s.Until(h.t, h.who.Conversation, "nothing is left to be sent", func(v conversation.View) bool { return len(v.Pending) == 0 })
}

// cardIsDone waits until the card has no buttons.
func (h *thread) cardIsDone() {
	h.t.Helper()
	system.Eventually(h.t, 30*time.Second, "the card has no buttons", func() bool {
		return slices.ContainsFunc(h.desk.Cards(slack.Support), func(m slack.Message) bool { return m.TS == h.ts && len(slack.Buttons(m)) == 0 })
	})
}

// A customer of Landbot talks to agents in a Slack channel: in a thread, through buttons, past a note, lost answers, and
// the deaths of worker and gateway; and gets the bot back, twice.
func TestSlackThreadTalksToLandbotCustomerAndBack(t *testing.T) {
	needsProcesses(t)
	t.Parallel()
	desk := slack.New(slack.Options{HookScale: 0.02})
	gate, url := behindGate(t, desk)
	desk.SetFilesURL(url)
	s := system.Start(t, system.Options{Routes: func(s *system.System) string { return slackSetup(s, url) }})
	desk.SetHook(s.URL + "/webhooks/slack-support")
	status, answer, err := desk.Verify(http.DefaultClient, "challenge-1")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "challenge-1", answer)
	out, err := s.Run(t, "check")
	require.NoError(t, err, out)

	// The answer about the card is lost: there is one all the same, with the history below it.
	ana := s.NewCustomer(t)
	ana.Says(t, "where is my parcel <!channel>")
	// What the bot said is told by webhooks of its own, in no order with her request for a human.
	s.Until(t, ana.Conversation, "the bot's greeting is told", func(v conversation.View) bool {
		return slices.ContainsFunc(v.Transcript.Lines, func(l conversation.Line) bool {
			return l.Role == conversation.RoleBot && strings.Contains(l.Text, "Hello, I am the bot.")
		})
	})
	desk.Faults.Set("chat.postMessage", fake.AcceptThenReset().For(1))
	ana.Asks(t)
	h := untilThread(t, s, desk, ana, 1)
	require.Contains(t, slackSees(desk)[0].Text, "Bot: Hello, I am the bot.")

	// Mira claims it; both speak, and what agents say among themselves stays there.
	h.clicks(slack.Mira, "handoff_claim", "")
	ana.UntilAgent(t, slack.Mira)
	ts, _ := h.says(slack.Mira, "hello, I am Mira")
	ana.Says(t, "hello *Mira*")
	h.notes(slack.Sam, "a difficult customer")
	h.untilHeard()
	corrected := ana.Line("hello, I am Mira Bell")
	require.NoError(t, desk.AgentEdits(slack.Support, ts, corrected))
	untilSees(t, ana, "agent", corrected)
	shows(t, s, ana, h)

	// An answer is lost: her words are found in the thread, and not posted twice.
	desk.Faults.Set("chat.postMessage", fake.AcceptThenReset().For(1))
	ana.Says(t, "did you get that")
	h.untilHeard()

	// The worker dies with words on their way, and the gateway while Mira answers.
	held := gate.Hold("/chat.postMessage", "are+you+still+there", system.After)
	ana.Says(t, "are you still there")
	<-held.Arrived()
	s.KillAndRestart(system.Worker)
	held.Release()
	h.untilHeard()
	s.Kill(system.Gateway)
	h.says(slack.Mira, "I look into it")
	s.StartPart(system.Gateway)
	s.UntilReady()
	h.untilHeard()

	// Mira transfers to Sam, who gives the customer back to the bot.
	h.clicks(slack.Mira, "handoff_transfer", slack.Sam)
	ana.UntilAgent(t, slack.Sam)
	h.says(slack.Sam, "it is on its way")
	h.untilHeard()
	h.clicks(slack.Sam, "handoff_back", "")
	ana.Until(t, conversation.InBot)
	h.cardIsDone()
	untilBotHas(t, s, ana)

	// The second handoff is like the first; somebody simply answers, and closes.
	ana.Asks(t)
	second := untilThread(t, s, desk, ana, 2)
	second.says(slack.Sam, "welcome back")
	ana.UntilAgent(t, slack.Sam)
	ana.Says(t, "all is well")
	second.untilHeard()
	second.clicks(slack.Sam, "handoff_close", "")
	ana.Until(t, conversation.InBot)
	untilBotHas(t, s, ana)

	view := second.untilHeard()
	require.Zero(t, view.Counts.Uncertain+view.Counts.Failed)
	require.Empty(t, slackFindings(s, desk, ana, oracle.Never))
	require.Len(t, desk.Cards(slack.Support), 2, "nothing but cards is in the channel")
	runs := s.Settled(t, ana)
	require.Empty(t, oracle.Sound(runs))
	require.Empty(t, oracle.Stored(runs, s.Landbot.Hooks().Attempts()))
	answeredInTime(t, runs, desk)
	noLeaks(t, s, runs)
	for place, text := range map[string]string{"the logs": s.Output(), "the metrics": metrics(t, s)} {
		for _, secret := range []string{slack.DefaultToken, slack.DefaultSigningSecret} {
			require.NotContains(t, text, secret, "a secret is in "+place)
		}
	}
}

// shows has the customer send a picture, which agents see in the thread.
func shows(t *testing.T, s *system.System, who *system.Customer, h *thread) {
	t.Helper()
	files := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		_, _ = w.Write(picture())
	}))
	t.Cleanup(files.Close)
	require.NoError(t, s.Landbot.CustomerSendsImage(who.ID, files.URL+"/island.png"))
	system.Eventually(t, 30*time.Second, "agents see the picture", func() bool { return string(h.desk.Content("island.png")) == string(picture()) })
}

// answeredInTime checks that every webhook that found somebody was taken within Slack's three seconds, and that what agents
// said in it is in a history.
func answeredInTime(t *testing.T, runs []oracle.Run, desk *slack.Server) {
	t.Helper()
	stored := map[string]bool{}
	for _, r := range runs {
		for _, ev := range r.Signals() {
			stored[ev.ID] = true
		}
	}
	words := 0
	for _, a := range desk.Hooks.Attempts() {
		if a.Status == 0 {
			continue // The gateway was dead.
		}
		require.Equal(t, http.StatusOK, a.Status, a.Body)
		require.Less(t, a.Done.Sub(a.At), 3*time.Second)
		var hook struct {
			Event struct{ Channel, TS, Subtype, User, BotID string }
		}
		if json.Unmarshal([]byte(a.Body), &hook) == nil && hook.Event.Subtype == "" && strings.HasPrefix(hook.Event.User, "U0") && hook.Event.User != slack.BotUser {
			words++
			require.True(t, stored["message:"+hook.Event.Channel+":"+hook.Event.TS], "accepted and not stored: %s", hook.Event.TS)
		}
	}
	require.GreaterOrEqual(t, words, 5)
}
