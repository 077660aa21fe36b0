package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
	"github.com/handoff-engine/handoff/testsuite/fake/app"
	"github.com/handoff-engine/handoff/testsuite/fake/dialogflow"
	"github.com/handoff-engine/handoff/testsuite/fake/livechat"
	"github.com/handoff-engine/handoff/testsuite/system"
)

// atBilling is the fake's bot, which asks for the desk's own group. It repeats nobody's words: the desk would seem to
// read them twice.
func atBilling(t dialogflow.Turn) dialogflow.Answer {
	t.Text, _, _ = strings.Cut(t.Text, " (")
	a := dialogflow.Script(t)
	if a.Handoff {
		a.Metadata = map[string]any{"group": fmt.Sprint(livechat.DefaultGroup), "reason": "user_request"}
		a.Parameters = map[string]any{"department": fmt.Sprint(livechat.DefaultGroup)}
	}
	if a.Intent == "said" {
		knows := strings.Contains(strings.Join(a.Texts, " "), "it takes two days")
		a.Texts = []string{fmt.Sprintf("I know what Mira said: %t", knows)}
	}
	return a
}

// google is a Dialogflow agent on the loopback, and its connection.
type google struct {
	*dialogflow.Server
	edition    string
	connection string
}

// newGoogle makes an agent, whose connection has the edition's name.
func newGoogle(t *testing.T, name, edition string) google {
	t.Helper()
	agent := dialogflow.New(dialogflow.Options{CX: edition == "cx", Bot: atBilling})
	_, url := behindGate(t, agent)
	credentials := filepath.Join(t.TempDir(), "credentials.json")
	require.NoError(t, os.WriteFile(credentials, []byte(agent.Credentials(url)), 0o600))
	more := "group_parameter: department"
	if edition == "cx" {
		more = "location: " + dialogflow.DefaultLocation + ", agent: " + dialogflow.DefaultAgent
	}
	return google{agent, edition, fmt.Sprintf("  bot-%s: {vendor: dialogflow, edition: %s, project: %s, base_url: %s, credentials: \"file:%s\", %s}\n",
		name, edition, dialogflow.DefaultProject, url, credentials, more)}
}

// dialogflowSetup is one route for each agent: an app of the team's own before it, LiveChat behind it.
func dialogflowSetup(appURL string, agents map[string]google) setup {
	u := setup{secrets: []string{appToken, appSecret, "PRIVATE KEY"}}
	for name, agent := range agents {
		u.connections += appConnection("app-"+name, appURL) + agent.connection
		u.routes += fmt.Sprintf("  %s: {channel: app-%s, bot: bot-%s, desk: %s, policy: %s}\n", name, name, name, system.Desk, dialogflowPolicy)
	}
	return u
}

// dialogflowPolicy takes the words of whoever wants a person and does not wait for the bot to understand.
var dialogflowPolicy = strings.TrimSuffix(atLiveChat, "}") + ", handoff_words: [agent, chat with an agent]}"

// Dialogflow answers in a team's own app until the customer selects "agent"; then LiveChat has the customer, and
// Dialogflow goes on when the agent closes, and knows what was said.
func TestDialogflowToLiveChatAndBack(t *testing.T) {
	needsProcesses(t)
	t.Parallel()
	agents := map[string]google{"es": newGoogle(t, "es", "es"), "cx": newGoogle(t, "cx", "cx")}
	backend := team()
	_, appURL := behindGate(t, backend)
	setup := dialogflowSetup(appURL, agents)
	s := setup.start(t)
	for i, name := range []string{"es", "cx"} {
		t.Run(name, func(t *testing.T) {
			sender := senderOf(t, s, "app-"+name)
			ana := appCustomer(s, sender, backend, "app-"+name, "u-"+name)
			ana.ID = int64(i + 1)
			throughDialogflow(t, s, agents[name], ana)
			setup.judge(t, s, sender.Events().Attempts(), ana)
		})
	}
}

func throughDialogflow(t *testing.T, s *system.System, agent google, ana *system.Customer) {
	t.Helper()
	// The bot answers, and remembers from turn to turn.
	ana.TellsBot(t, "order A-77")
	untilSees(t, ana, "bot", "Noted.")
	ana.TellsBot(t, "where is it")
	untilSees(t, ana, "bot", "Order a-77 is on its way.")

	// An answer gets lost: the turn is repeated from where it began, and she gets one answer.
	agent.Faults.Set(dialogflow.OpDetect, fake.AcceptThenReset().For(1))
	ana.Says(t, "how long will it take")
	untilSees(t, ana, "bot", "how long will it take")
	require.Equal(t, 1, agent.Faults.Struck(dialogflow.OpDetect))

	// The bot hands over to a live agent, in what it answers.
	ana.Asks(t)
	chat := ana.UntilTicket(t, 1)
	untilSees(t, ana, "bot", "I am getting a colleague for you.")
	untilSees(t, ana, "bot", "One moment.")
	require.Contains(t, opening(ana), "Order a-77 is on its way.")
	require.NotEmpty(t, chat.ID)
	talk(t, ana)
	turns := len(agent.Calls())
	ana.Answers(t, livechat.Mira, "it takes two days")
	ana.Says(t, "then I wait")
	ana.UntilHeard(t)
	require.Len(t, agent.Calls(), turns, "Dialogflow is not asked while Mira has her")

	// Mira closes: the bot has her back, and was told what was said.
	closes(t, s, ana)
	ana.TellsBot(t, "said something")
	untilSees(t, ana, "bot", "I know what Mira said: true")

	// The word of the button is enough: the bot is not asked.
	turns = len(agent.Calls())
	ana.TellsBot(t, "Chat with an agent")
	s.Until(t, ana.Conversation, "she waits for an agent", func(v conversation.View) bool {
		return v.State == conversation.Waiting && v.Reason == conversation.ByCustomer
	})
	ana.UntilTicket(t, 2)
	require.Len(t, agent.Calls(), turns)
	ana.Takes(t, livechat.Mira)
	ana.UntilAgent(t, livechat.Mira)
	ana.Answers(t, livechat.Mira, "welcome back")
	ana.UntilHeard(t)
	closes(t, s, ana)
	require.Zero(t, ana.View(t).Counts.Failed+ana.View(t).Counts.Uncertain)
}

// Without Dialogflow the customer is told so, and a human is asked: at once where it refuses us, and within
// half a minute where it is down.
func TestDialogflowThatIsDownLeavesNobodyAlone(t *testing.T) {
	needsProcesses(t)
	t.Parallel()
	agents := map[string]google{"refused": newGoogle(t, "refused", "es"), "down": newGoogle(t, "down", "cx")}
	agents["refused"].Faults.Set(dialogflow.OpDetect, fake.RefuseStatus(http.StatusForbidden, ""))
	agents["down"].Faults.Set(dialogflow.OpDetect, fake.RefuseStatus(http.StatusServiceUnavailable, ""))
	backend := team()
	_, appURL := behindGate(t, backend)
	setup := dialogflowSetup(appURL, agents)
	s := setup.start(t)
	var customers []*system.Customer
	var senders []*app.Server
	for i, name := range []string{"down", "refused"} {
		sender := senderOf(t, s, "app-"+name)
		ana := appCustomer(s, sender, backend, "app-"+name, "u-"+name)
		ana.ID = int64(i + 1)
		ana.Says(t, "is anybody there")
		customers, senders = append(customers, ana), append(senders, sender)
	}
	for _, ana := range customers {
		s.Until(t, ana.Conversation, "a human is asked", func(v conversation.View) bool {
			return v.State == conversation.Waiting && v.Reason == conversation.BotDown
		})
		ana.UntilTicket(t, 1)
		untilSees(t, ana, "notice", conversation.DefaultText(conversation.TextBotFailed))
		talk(t, ana)
	}
	for i, sender := range senders {
		setup.judge(t, s, sender.Events().Attempts(), customers[i])
	}
}
