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
	"github.com/handoff-engine/handoff/testsuite/fake/httpdesk"
	"github.com/handoff-engine/handoff/testsuite/oracle"
	"github.com/handoff-engine/handoff/testsuite/system"
)

// deskSecret is the secret of the desk of the team's own.
const deskSecret = "desk-secret-c4n4ry-8c2f"

// ownDesk is everything of a team's own: an app with a bot inside, and a desk, with one customer.
type ownDesk struct {
	*system.System
	t       *testing.T
	ana     *system.Customer
	backend *app.Server
	desk    *httpdesk.Server
	gate    *system.Gate
}

func startOwnDesk(t *testing.T) *ownDesk {
	t.Helper()
	repeats := slices.Repeat([]time.Duration{500 * time.Millisecond}, 60)
	o := &ownDesk{t: t, backend: team(), desk: httpdesk.New(httpdesk.Options{Secret: deskSecret, Retries: repeats})}
	_, appURL := behindGate(t, o.backend)
	var deskURL string
	o.gate, deskURL = behindGate(t, o.desk)
	o.System = system.Start(t, system.Options{Routes: func(*system.System) string {
		return "connections:\n" + appConnection("app-shop", appURL) + "    hosts_bot: true\n" + fmt.Sprintf(`  own-desk:
    vendor: httpdesk
    url: %s/handoff
    secret: %s
    deduplicates: true
    mirror: true
routes:
  shop: {channel: app-shop, desk: own-desk, policy: %s}
`, deskURL, deskSecret, atLiveChat)
	}})
	o.backend.SetChannel(o.URL + "/v1/channels/app-shop")
	o.desk.SetHook(o.URL + "/webhooks/own-desk")
	o.ana = appCustomer(o.System, o.backend, o.backend, "app-shop", "u-42")
	return o
}

// ticket waits until the desk has its n-th ticket, asked for and open.
func (o *ownDesk) ticket(n int) httpdesk.Ticket {
	o.t.Helper()
	var tickets []httpdesk.Ticket
	system.Eventually(o.t, 20*time.Second, fmt.Sprintf("the desk has ticket %d", n), func() bool {
		tickets = o.desk.Tickets()
		return len(tickets) >= n && tickets[n-1].Asked
	})
	return tickets[n-1]
}

// deskSees waits until agents see words of the customer, and requires that they came once.
func (o *ownDesk) deskSees(text string) {
	o.t.Helper()
	seen := func() (times int) {
		for _, t := range o.desk.Tickets() {
			for _, said := range o.desk.AgentSees(t.ID) {
				if strings.Contains(said, text) {
					times++
				}
			}
		}
		return times
	}
	system.Eventually(o.t, 40*time.Second, "agents see: "+text, func() bool { return seen() > 0 })
	require.Equal(o.t, 1, seen(), "how often agents saw %q", text)
}

// lines counts how often a text was told as a line of a transcript.
func (o *ownDesk) lines(text string) (times int) {
	for _, w := range o.desk.Told() {
		for _, l := range w.Data.Transcript {
			if l.Text == text {
				times++
			}
		}
	}
	return times
}

// says has the customer write, and gives the words.
func (o *ownDesk) says(about string) string {
	o.t.Helper()
	text := o.ana.Line(about)
	o.ana.TellsBot(o.t, text)
	return text
}

// answers has Mira write, and waits until the customer sees it once.
func (o *ownDesk) answers(ticket httpdesk.Ticket, about string) {
	o.t.Helper()
	text := o.ana.Line(about)
	o.desk.AgentSays(ticket.ID, httpdesk.Mira, text)
	untilSees(o.t, o.ana, "agent", text)
}

// A team's own app asks for a human at a third-party desk, which reads what was said before, answers, talks among
// itself, and gives the customer back. Each process dies once, and answers get lost on both sides.
func TestHTTPDeskServesACustomerOfAnAppAndGivesHerBack(t *testing.T) {
	needsProcesses(t)
	t.Parallel()
	o := startOwnDesk(t)

	// Agents read along; then the bot of the app hands over, and each line is told once.
	before := o.says("my pot arrived broken")
	system.Eventually(t, 20*time.Second, "agents read along", func() bool {
		mirrored := o.desk.Tickets()
		return len(mirrored) == 1 && len(mirrored[0].Transcript) > 0 && !mirrored[0].Asked
	})
	o.backend.Send("u-42", "bot.message", map[string]any{"text": "Shall I get somebody?", "name": "Robo"})
	o.backend.Send("u-42", "handoff.requested", map[string]any{"group": httpdesk.Group, "reason": "broken goods"})
	first := o.ticket(1)
	var read []string
	for _, l := range first.Transcript {
		read = append(read, l.Author.Role+": "+l.Text)
	}
	require.Subset(t, read, []string{"customer: " + before, "bot: Shall I get somebody?"})
	require.Equal(t, 1, o.lines(before), "how often the first words were told")
	require.Contains(t, first.Customer, "Zaphira")
	require.Contains(t, first.Customer, "broken goods")
	require.Equal(t, httpdesk.Group, first.Group)
	o.desk.AgentJoins(first.ID, httpdesk.Mira)
	o.ana.UntilAgent(t, httpdesk.Mira)
	o.answers(first, "hello, I am Mira")
	o.deskSees(o.says("hello Mira"))

	// Files go both ways, notes do not.
	o.backend.Send("u-42", "customer.message", map[string]any{"attachment": map[string]any{"url": "https://files.example/pot.png", "content_type": "image/png"}})
	system.Eventually(t, 20*time.Second, "agents see the picture", func() bool {
		return slices.ContainsFunc(o.desk.Ticket(first.ID).Messages, func(m httpdesk.Message) bool { return m.Attachment["url"] == "https://files.example/pot.png" })
	})
	o.desk.AgentNotes(first.ID, httpdesk.Mira, "the third this week")
	o.desk.Send("agent.message", first.ID, map[string]any{
		"agent": map[string]string{"id": httpdesk.Mira, "name": "Mira"}, "attachment": map[string]string{"url": "https://files.example/label.pdf"},
	})
	system.Eventually(t, 20*time.Second, "the app shows the file", func() bool {
		return slices.ContainsFunc(o.backend.Told(), func(w app.Webhook) bool { return w.Data.Attachment["url"] == "https://files.example/label.pdf" })
	})

	// The worker dies with a webhook on the way, and the desk loses an answer and has too much to do: each word comes once.
	held := o.gate.Hold("/handoff", "how long does it take", system.After)
	onTheWay := o.says("how long does it take")
	<-held.Arrived()
	o.KillAndRestart(system.Worker)
	held.Release()
	o.deskSees(onTheWay)
	o.desk.Faults.Set("message.created", fake.AcceptThenReset().For(1), fake.RateLimit(0, "1").For(1))
	o.deskSees(o.says("and is it free"))

	// The gateway dies: what Mira says meanwhile comes later, and the desk, which loses the answer to it, is heard once.
	o.Kill(system.Gateway)
	text := o.ana.Line("it takes two days")
	o.desk.AgentSays(first.ID, httpdesk.Mira, text)
	o.StartPart(system.Gateway)
	o.UntilReady()
	untilSees(t, o.ana, "agent", text)
	o.desk.Faults.Set(httpdesk.OpEvent, fake.Redeliver(2).For(1))
	o.answers(first, "and it is free")

	// Mira closes, the bot has her back; then Tom gives her back himself.
	o.desk.AgentCloses(first.ID, httpdesk.Mira)
	o.ana.Until(t, conversation.InBot)
	o.backend.Send("u-42", "handoff.requested", nil)
	second := o.ticket(2)
	require.Equal(t, first.ID, second.Previous)
	o.desk.AgentJoins(second.ID, httpdesk.Tom)
	o.ana.UntilAgent(t, httpdesk.Tom)
	o.deskSees(o.says("me again"))
	o.desk.AgentHandsBack(second.ID, httpdesk.Tom, "")
	o.ana.Until(t, conversation.InBot)
	system.Eventually(t, 20*time.Second, "handoff closes the ticket", func() bool { return o.desk.Ticket(second.ID).ClosedBy == "handoff" })

	view := o.Until(t, o.ana.Conversation, "nothing is left to be sent", func(v conversation.View) bool { return len(v.Pending) == 0 })
	require.Zero(t, view.Counts.Uncertain+view.Counts.Failed)
	for _, e := range o.ana.Sees() {
		require.NotContains(t, e.Text, "the third this week", "a private note reached the customer")
	}
	for _, a := range o.desk.Events().Attempts() {
		require.Contains(t, []int{0, 200, 503}, a.Status, a.Body)
	}
	runs := o.Settled(t, o.ana)
	require.Empty(t, oracle.Sound(runs))
	require.Empty(t, notStored(runs, o.backend.Events().Attempts()))
	noLeaks(t, o.System, runs)
	for _, secret := range []string{appToken, appSecret, deskSecret} {
		require.NotContains(t, o.Output()+metrics(t, o.System), secret)
	}
}
