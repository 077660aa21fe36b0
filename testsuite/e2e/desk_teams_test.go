package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
	"github.com/handoff-engine/handoff/testsuite/fake/livechat"
	"github.com/handoff-engine/handoff/testsuite/fake/teams"
	"github.com/handoff-engine/handoff/testsuite/oracle"
	"github.com/handoff-engine/handoff/testsuite/system"
)

// channel is a Teams channel where one customer is helped.
type channel struct {
	*teams.Server
	s   *system.System
	ana *system.Customer
}

// ticket gives the newest thread that we opened, once there are n.
func (c channel) ticket(t *testing.T, n int) teams.Thread {
	t.Helper()
	var ours []teams.Thread
	c.s.Until(t, c.ana.Conversation, fmt.Sprintf("ticket %d is open in Teams", n), func(view conversation.View) bool {
		ours = slices.DeleteFunc(c.Threads(), func(th teams.Thread) bool { return th.Card == nil })
		return len(ours) == n && len(view.Tickets) == n && view.Tickets[n-1].Ticket.ID == ours[n-1].ID
	})
	return ours[n-1]
}

// answers has an agent reply to the customer.
func (c channel) answers(t *testing.T, ticket teams.Thread, agent, about string) (text, id string) {
	t.Helper()
	text = c.ana.Line(about)
	c.ana.Book.Agent(text)
	id, err := c.AgentSays(ticket.ID, agent, text)
	require.NoError(t, err)
	return text, id
}

// private gives words that the customer must never see.
func (c channel) private(about string) string {
	text := c.ana.Line(about)
	c.ana.Book.Private(text)
	return text
}

// sees is what agents see, in the oracle's terms.
func (c channel) sees() []livechat.Line {
	var lines []livechat.Line
	for _, th := range c.Threads() {
		for _, l := range th.Lines {
			switch {
			case l.Speaker == "Conversation so far":
				lines = append(lines, livechat.Line{Thread: th.ID, By: "customer", Text: l.Speaker + l.Text})
			case l.Speaker != "" && l.Speaker != "Note":
				lines = append(lines, livechat.Line{Thread: th.ID, By: "customer", Text: l.Text})
			}
		}
	}
	return lines
}

// findings compares what was said with what the other side saw: everything once, in order, and nothing private.
func (c channel) findings(told []fake.Attempt) []string {
	return append(
		c.ana.Book.DeskSaw(c.sees(), told, oracle.Never),
		c.ana.Book.CustomerSaw(c.ana.Sees(), c.Hooks.Attempts(), oracle.Never)...)
}

// untilHeard waits until each side saw all that the other said, and nothing is left to be sent.
func (c channel) untilHeard(t *testing.T, told func() []fake.Attempt) conversation.View {
	t.Helper()
	system.Eventually(t, 40*time.Second, "everybody saw what was said", func() bool { return len(c.findings(told())) == 0 })
	return c.s.Until(t, c.ana.Conversation, "nothing is left to be sent", func(v conversation.View) bool { return len(v.Pending) == 0 })
}

// teamsConnection is a bot among the connections.
func teamsConnection(url string) string {
	return fmt.Sprintf(`  teams-support:
    vendor: teams
    app_id: %s
    app_secret: %s
    tenant_id: %s
    channel_id: %s
    team_group_id: %s
    graph_url: %s
    base_url: %s/teams
    service_hosts: [127.0.0.1]
    token_url: %s/%s/oauth2/v2.0/token
    openid_url: %s/v1/.well-known/openidconfiguration
`, teams.DefaultAppID, teams.DefaultAppSecret, teams.DefaultTenant, teams.DefaultChannel, teams.DefaultGroup, url,
		url, url, teams.DefaultTenant, url)
}

// A team's own app and bot before a channel in Teams: Sam claims the thread by its button, answers, talks to his colleague
// behind the customer's back, corrects himself, and gives her back to the bot; later Mira is given the next thread, and
// closes it. The worker dies with words and with a ticket on the way to Teams, an answer of Teams is lost, Teams is too busy once, Microsoft
// changes its keys, and an activity never comes: each line is seen once.
func TestOwnAppTalksToAgentsInTeamsAndBack(t *testing.T) {
	needsProcesses(t)
	t.Parallel()
	desk := teams.New(teams.Options{HookScale: 0.05})
	gate, teamsURL := behindGate(t, desk)
	x := openShop(t, thinkOfNoGroup, "teams-support", teamsConnection(teamsURL), teams.DefaultAppSecret)
	s, backend, setup, ana := x.System, x.backend, x.setup, x.ana
	desk.SetHook(s.URL + "/webhooks/teams-support")
	c := channel{Server: desk, s: s, ana: ana}
	told := backend.Events().Attempts

	// The bot answers first, and asks for a human: a thread with who waits and what was said.
	ana.Says(t, "where is my parcel")
	untilSees(t, ana, "bot", "The bot has heard: where is my parcel")
	ana.Asks(t)
	ticket := c.ticket(t, 1)
	untilSees(t, ana, "bot", "I get a colleague.")
	require.Contains(t, strings.Join(ticket.Card.Texts, "\n"), "zaphira."+system.Canary+"@example.com")
	require.Contains(t, strings.Join(ticket.Heard("Conversation so far"), ""), "The bot has heard: where is my parcel")

	// Sam claims it, and both talk. What the colleagues say to each other stays theirs, edited or not.
	require.NoError(t, desk.AgentClicks(ticket.ID, teams.Sam, "handoff_claim", ""))
	ana.UntilAgent(t, teams.Sam)
	c.answers(t, ticket, teams.Sam, "hello, I am Sam")
	note, err := desk.AgentSays(ticket.ID, teams.Sam, "// "+c.private("she is angry"))
	require.NoError(t, err)
	require.NoError(t, desk.AgentEdits(ticket.ID, note, "// "+c.private("she is very angry")))
	_, err = desk.AgentTellsColleague(ticket.ID, teams.Mira, teams.Sam, "// "+c.private("ask for the number"))
	require.NoError(t, err)
	ana.Says(t, "hello Sam")
	_, id := c.answers(t, ticket, teams.Sam, "it comes on Monday")
	c.untilHeard(t, told)
	corrected := ana.Line("it comes on Tuesday")
	require.NoError(t, desk.AgentEdits(ticket.ID, id, corrected))
	untilSees(t, ana, "agent:", corrected)

	// Files go both ways: a picture, and a link.
	_, err = desk.AgentSendsPicture(ticket.ID, teams.Sam, "", "label.png", "image/png", []byte("label"))
	require.NoError(t, err)
	system.Eventually(t, 20*time.Second, "she gets the picture", func() bool {
		return slices.ContainsFunc(ana.Sees(), func(e fake.Entry) bool { return e.Kind == "attachment.created" })
	})
	_, err = desk.AgentSharesFile(ticket.ID, teams.Sam, "", "invoice.pdf")
	require.NoError(t, err)
	untilSees(t, ana, "agent:", "[unsupported: reference]")
	backend.Send("u-42", "customer.message", map[string]any{
		"attachment": map[string]any{"url": "https://files.example/parcel.pdf", "name": "parcel.pdf", "content_type": "application/pdf"},
	})
	system.Eventually(t, 20*time.Second, "Sam gets the link", func() bool {
		return slices.ContainsFunc(c.sees(), func(l livechat.Line) bool { return strings.Contains(l.Text, "https://files.example/parcel.pdf") })
	})

	// The worker dies with her words on the way: Teams has them, and they are found in the thread.
	held := gate.Hold("/activities", "are you still there", system.After)
	ana.Says(t, "are you still there")
	<-held.Arrived()
	s.KillAndRestart(system.Worker)
	held.Release()
	c.answers(t, ticket, teams.Sam, "I look into it")
	c.untilHeard(t, told)

	// An answer of Teams is lost, and the next call comes too early.
	desk.Faults.Set(teams.OpPost, fake.AcceptThenReset().For(1))
	ana.Says(t, "take your time")
	system.Eventually(t, 20*time.Second, "the answer is lost", func() bool { return desk.Faults.Struck(teams.OpPost) == 1 })
	desk.Faults.Set(teams.OpPost, fake.RateLimit(0, "1").For(1))
	ana.Says(t, "I am here")
	c.untilHeard(t, told)

	// Microsoft changes its keys: the gateway finds the new one while Teams delivers again.
	desk.Rotate(teams.Key("k2"))
	c.answers(t, ticket, teams.Sam, "thank you for waiting")
	c.untilHeard(t, told)

	// Sam gives her back to the bot, which knows what he said. The card has no buttons any more.
	require.NoError(t, desk.AgentClicks(ticket.ID, teams.Sam, "handoff_back", ""))
	ana.Until(t, conversation.InBot)
	system.Eventually(t, 20*time.Second, "the thread says that it is over", func() bool {
		over, _ := desk.Thread(ticket.ID)
		return over.Over()
	})
	ana.TellsBot(t, "who was that")
	untilSees(t, ana, "bot", "That was Sam Example.")

	// She comes back, to a new thread. The worker dies while it is opened, and finds it. Sam just answers, and gives her to
	// Mira, who closes.
	opening := gate.Hold("/v3/conversations", "isGroup", system.After)
	ana.Asks(t)
	<-opening.Arrived()
	s.KillAndRestart(system.Worker)
	opening.Release()
	second := c.ticket(t, 2)
	require.NotEqual(t, ticket.ID, second.ID)
	c.answers(t, second, teams.Sam, "welcome back")
	ana.UntilAgent(t, teams.Sam)
	require.NoError(t, desk.AgentClicks(second.ID, teams.Sam, "handoff_transfer", teams.Mira+" Mira & Co."))
	ana.UntilAgent(t, teams.Mira)
	c.answers(t, second, teams.Mira, "I take over")
	ana.Says(t, "hello Mira")
	c.untilHeard(t, told)

	// The activity with Mira's last words never comes; before the end they are found.
	desk.Faults.Set(teams.OpHook, fake.Lose().For(1))
	c.answers(t, second, teams.Mira, "all the best")
	require.NoError(t, desk.AgentClicks(second.ID, teams.Mira, "handoff_close", ""))
	ana.Until(t, conversation.InBot)
	view := c.untilHeard(t, told)
	require.Zero(t, view.Counts.Uncertain+view.Counts.Failed)

	runs := s.Settled(t, ana)
	require.Empty(t, c.findings(told()))
	require.Empty(t, oracle.Sound(runs))
	require.Empty(t, notStored(runs, told()))
	noLeaks(t, s, runs)
	for _, secret := range setup.secrets {
		require.NotContains(t, s.Output()+metrics(t, s), secret)
	}
	require.True(t, slices.ContainsFunc(desk.Hooks.Attempts(), func(a fake.Attempt) bool { return a.Status == http.StatusServiceUnavailable }),
		"the first activity with the new key had to come again")
	for _, a := range desk.Hooks.Attempts() {
		require.Contains(t, []int{http.StatusOK, http.StatusServiceUnavailable}, a.Status, "an activity was refused")
	}
}
