package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake/app"
	"github.com/handoff-engine/handoff/testsuite/fake/httpbot"
	real "github.com/handoff-engine/handoff/testsuite/real/tiledesk"
	"github.com/handoff-engine/handoff/testsuite/system"
)

// through passes calls on to another server.
func through(address string) http.Handler {
	to, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	return httputil.NewSingleHostReverseProxy(to)
}

// A team's own app and chatbot before the real Tiledesk: what agents read and write goes through its own chat engine. The
// worker dies in the middle of a call that has taken place. Runs in `make tiledesk-real` only.
func TestOwnAppTalksToAgentsOfTheRealTiledesk(t *testing.T) {
	server := real.Start(t)
	desk := server.NewProject(t)
	backend, bot := team(), httpbot.New(httpbot.Options{Secret: botSecret, Answer: tiledeskThink})
	_, appURL := behindGate(t, backend)
	_, botURL := behindGate(t, bot)
	gate, deskURL := behindGate(t, through(server.URL))
	files := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(files.Close)
	setup := setup{
		connections: appConnection("app-shop", appURL) +
			fmt.Sprintf("  shop-bot: {vendor: httpbot, url: %s/bot, secret: %s}\n", botURL, botSecret) + fmt.Sprintf(`  tiledesk-support:
    vendor: tiledesk
    base_url: %s
    project_id: %s
    email: %s
    password: %s
    webhook_secret: %s
    customer_jwt_secret: %s
`, deskURL, desk.ID, desk.Email, real.Password, tiledeskSecret, desk.JWTSecret),
		routes:  "  shop: {channel: app-shop, bot: shop-bot, desk: tiledesk-support, policy: " + atLiveChat + "}\n",
		secrets: []string{appToken, appSecret, botSecret, tiledeskSecret, real.Password, desk.JWTSecret, "eyJhbGciOiJIUzI1NiIs"},
	}
	s := setup.startAlone(t)
	out, err := s.Run(t, "check")
	require.NoError(t, err, out)
	backend.SetChannel(s.URL + "/v1/channels/app-shop")
	s.Outboxes = append(s.Outboxes, backend.Events())
	ana := appCustomer(s, backend, backend, "app-shop", "u-88")

	// The agents read along, and nobody is bothered before she asks for a human.
	ana.TellsBot(t, "where is my parcel "+system.Canary)
	untilSees(t, ana, "bot", "The bot has heard: where is my parcel")
	ana.Asks(t)
	v := s.Until(t, ana.Conversation, "an agent has it", func(v conversation.View) bool { return v.State == conversation.Assigned })
	require.Len(t, v.Tickets, 1)
	ticket := newest(v)
	request := desk.Request(t, ticket)
	require.Equal(t, 200, request.Status)
	require.Equal(t, "order: A-1", request.Notes[0].Text)
	require.Equal(t, "zaphira."+system.Canary+"@example.com", *request.Lead.Email)
	agent, other := desk.Alice, desk.Bob
	if request.Participants[0] != agent.User {
		agent, other = other, agent
	}
	read := func() (lines []string) {
		for _, m := range desk.Messages(t, ticket) {
			lines = append(lines, m.SenderFullname+": "+strings.ReplaceAll(m.Text, "\u200b", ""))
		}
		return lines
	}
	require.Contains(t, read(), "Zaphira "+system.Canary+": where is my parcel "+system.Canary)
	require.Contains(t, read(), "Bot: The bot has heard: where is my parcel "+system.Canary)

	// Both talk. What agents say among themselves stays there, and what Tiledesk would obey is only read.
	untilRead := func(text string) {
		t.Helper()
		line, times := "Zaphira "+system.Canary+": "+text, 0
		system.Eventually(t, time.Minute, "the agents read: "+text, func() bool {
			times = len(slices.DeleteFunc(read(), func(l string) bool { return l != line }))
			return times > 0
		})
		require.Equal(t, 1, times, "how often the agents read %q", text)
	}
	private := "she is a difficult one " + system.Canary
	agent.Says(t, ticket, "hello I am here "+system.Canary)
	agent.Whispers(t, ticket, private)
	other.Says(t, ticket, "a colleague, too "+system.Canary)
	untilSees(t, ana, "agent", "hello I am here")
	untilSees(t, ana, "agent", "a colleague, too")
	ana.TellsBot(t, `my disk is C:\close`)
	untilRead(`my disk is C:\close`)

	// The worker dies in the middle of a call that has taken place.
	held := gate.Hold("/messages", "are you still there", system.After)
	ana.TellsBot(t, "are you still there "+system.Canary)
	<-held.Arrived()
	agent.Says(t, ticket, "I look into it "+system.Canary)
	s.KillAndRestart(system.Worker)
	held.Release()
	untilRead("are you still there " + system.Canary)
	untilSees(t, ana, "agent", "I look into it")
	ana.TellsBot(t, "thank you "+system.Canary)
	untilRead("thank you " + system.Canary)
	untilRead("are you still there " + system.Canary)

	// Files go both ways.
	backend.Send("u-88", "customer.message", map[string]any{
		"attachment": map[string]any{"url": files.URL + "/receipt.png", "name": "receipt.png", "content_type": "image/png"},
	})
	system.Eventually(t, time.Minute, "the agents see her file", func() bool {
		return slices.ContainsFunc(desk.Messages(t, ticket), func(m real.Message) bool {
			return m.Type == "image" && strings.Contains(fmt.Sprint(m.Metadata), "/receipt.png")
		})
	})
	agent.SendsFile(t, ticket, deskURL, "label.png", picture())
	system.Eventually(t, time.Minute, "she has the agent's file", func() bool {
		return slices.ContainsFunc(backend.Told(), func(hook app.Webhook) bool { return hook.Data.Attachment["name"] == "label.png" })
	})

	// He closes it, and the bot has her again. The next ticket is another one of the same customer.
	agent.Says(t, ticket, "it is on its way "+system.Canary)
	agent.Closes(t, ticket)
	untilSees(t, ana, "agent", "it is on its way")
	ana.Until(t, conversation.InBot)
	ana.Asks(t)
	v = s.Until(t, ana.Conversation, "an agent has her again", func(v conversation.View) bool {
		return v.State == conversation.Assigned && newest(v) != ticket
	})
	require.Equal(t, request.Lead.ID, desk.Request(t, newest(v)).Lead.ID)
	require.NotContains(t, strings.Join(backend.CustomerSees("u-88"), "\n"), private)
	require.Zero(t, v.Counts.Failed)
	setup.judge(t, s, backend.Events().Attempts(), ana)
}

// newest is the conversation's newest ticket.
func newest(v conversation.View) string { return v.Tickets[len(v.Tickets)-1].Ticket.ID }
