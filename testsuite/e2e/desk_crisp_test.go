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
	"github.com/handoff-engine/handoff/testsuite/fake/crisp"
	"github.com/handoff-engine/handoff/testsuite/fake/livechat"
	"github.com/handoff-engine/handoff/testsuite/oracle"
	"github.com/handoff-engine/handoff/testsuite/system"
)

// inbox is a Crisp workspace where one customer is helped.
type inbox struct {
	*crisp.Server
	url string
	ana *system.Customer
}

// ticket gives the newest conversation that we opened, once there are n.
func (b inbox) ticket(t *testing.T, n int) crisp.Conversation {
	t.Helper()
	var ours []crisp.Conversation
	system.Eventually(t, 40*time.Second, fmt.Sprintf("ticket %d is open at Crisp", n), func() bool {
		ours = nil
		for _, c := range b.Conversations() {
			if c.Data["handoff_id"] == b.ana.Conversation && len(c.Messages) > 0 {
				ours = append(ours, c)
			}
		}
		return len(ours) == n && ours[n-1].State != crisp.StateResolved && b.ana.View(t).Tickets[n-1].Ticket.ID != ""
	})
	return ours[n-1]
}

// answers has Sam say something to the customer, and gives the words and their fingerprint.
func (b inbox) answers(t *testing.T, ticket crisp.Conversation, about string) (text string, mark int64) {
	t.Helper()
	text = b.ana.Line(about)
	b.ana.Book.Agent(text)
	mark, err := b.OperatorSays(ticket.ID, crisp.Sam, text)
	require.NoError(t, err)
	return text, mark
}

// confides has Sam write what the customer must never see.
func (b inbox) confides(t *testing.T, ticket crisp.Conversation, about string) int64 {
	t.Helper()
	text := b.ana.Line(about)
	b.ana.Book.Private(text)
	mark, err := b.OperatorNotes(ticket.ID, crisp.Sam, text)
	require.NoError(t, err)
	return mark
}

// sees is what operators see, in the oracle's terms.
func (b inbox) sees() []livechat.Line {
	var lines []livechat.Line
	for _, c := range b.Conversations() {
		for _, m := range c.Messages {
			if m.From == "user" || m.Automated {
				lines = append(lines, livechat.Line{Thread: c.ID, By: "customer", Type: m.Type, Text: m.Text()})
			}
		}
	}
	return lines
}

// findings compares what was said with what the other side saw: everything once, in order, and nothing private.
func (b inbox) findings(told []fake.Attempt) []string {
	return append(
		b.ana.Book.DeskSaw(b.sees(), told, oracle.Never),
		b.ana.Book.CustomerSaw(b.ana.Sees(), b.Hooks.Attempts(), oracle.Never)...)
}

// untilHeard waits until each side saw all that the other said, and nothing is left to be sent.
func (b inbox) untilHeard(t *testing.T, s *system.System, told func() []fake.Attempt) conversation.View {
	t.Helper()
	system.Eventually(t, 40*time.Second, "everybody saw what was said", func() bool { return len(b.findings(told())) == 0 })
	return s.Until(t, b.ana.Conversation, "nothing is left to be sent", func(v conversation.View) bool { return len(v.Pending) == 0 })
}

// A team's own app and bot before Crisp: Sam reads what was said, answers, keeps his notes to himself, and gives the customer
// back to the bot and closes. The worker dies with words on the way to Crisp, an answer of Crisp's is lost, and so is the hook
// of Sam's last words; each line is seen once.
func TestOwnAppTalksToCrispOperatorsAndBack(t *testing.T) {
	needsProcesses(t)
	t.Parallel()
	desk := crisp.New(crisp.Options{HookScale: 0.05})
	gate, crispURL := behindGate(t, desk)
	x := openShop(t, thinkOfNoGroup, "crisp-support", fmt.Sprintf(
		"  crisp-support: {vendor: crisp, website_id: %s, identifier: %s, key: %s, hook_secret: %s, base_url: %s/v1, heal_every: 1s, allow_hosts: [127.0.0.1]}\n",
		crisp.DefaultWebsite, crisp.DefaultIdentifier, crisp.DefaultKey, crisp.DefaultSigningSecret, crispURL),
		crisp.DefaultKey, crisp.DefaultSigningSecret)
	s, backend, setup, ana := x.System, x.backend, x.setup, x.ana
	desk.SetHook(s.URL + "/webhooks/crisp-support")
	b := inbox{Server: desk, url: crispURL, ana: ana}
	told := backend.Events().Attempts

	// The bot answers first, and asks for a human. Somebody else writes in the workspace's own chat.
	ana.Says(t, "where is my parcel")
	untilSees(t, ana, "bot", "The bot has heard: where is my parcel")
	ana.Asks(t)
	ticket := b.ticket(t, 1)
	untilSees(t, ana, "bot", "I get a colleague.")
	require.Contains(t, ticket.Messages[0].Text(), "The bot has heard: where is my parcel")
	require.Contains(t, ticket.Nickname+" "+ticket.Email, "Zaphira "+system.Canary+" zaphira."+system.Canary+"@example.com")

	// Sam takes it, and both talk. His notes stay his, edited or not, and so does what Crisp's own bot says.
	require.NoError(t, desk.OperatorTakes(ticket.ID, crisp.Sam))
	ana.UntilAgent(t, crisp.Sam)
	b.answers(t, ticket, "hello, I am Sam")
	note := b.confides(t, ticket, "she is angry")
	private := ana.Line("she is very angry")
	ana.Book.Private(private)
	require.NoError(t, desk.OperatorEdits(ticket.ID, note, private))
	automatic := ana.Line("we are away")
	ana.Book.Private(automatic)
	_, err := desk.AutomationSays(ticket.ID, crisp.Sam, automatic)
	require.NoError(t, err)
	require.NoError(t, desk.OperatorReads(ticket.ID))
	require.NoError(t, desk.OperatorTypes(ticket.ID, crisp.Sam, true, "between us"))
	ana.Says(t, "hello Sam")
	_, mark := b.answers(t, ticket, "it comes on Monday")
	b.untilHeard(t, s, told)
	corrected := ana.Line("it comes on Tuesday")
	require.NoError(t, desk.OperatorEdits(ticket.ID, mark, corrected))
	untilSees(t, ana, "", corrected) // The hook of an edit does not say whose it is.

	// Files go both ways.
	_, err = desk.OperatorSendsFile(ticket.ID, crisp.Sam, crispURL, "label.png", "image/png", []byte("label"))
	require.NoError(t, err)
	system.Eventually(t, 20*time.Second, "she gets the file", func() bool {
		return slices.ContainsFunc(ana.Sees(), func(e fake.Entry) bool { return e.Kind == "attachment.created" })
	})
	backend.Send("u-42", "customer.message", map[string]any{
		"attachment": map[string]any{"url": "https://files.example/parcel.png", "name": "parcel.png", "content_type": "image/png"},
	})
	system.Eventually(t, 20*time.Second, "Sam gets the file", func() bool {
		return slices.ContainsFunc(desk.Conversation(ticket.ID).Messages, func(m crisp.Message) bool {
			return m.Type == "file" && m.From == "user" && strings.Contains(m.Text(), "parcel.png")
		})
	})

	// The worker dies with her words on the way: Crisp has them, and nobody knows.
	held := gate.Hold("/message", "are you still there", system.After)
	ana.Says(t, "are you still there")
	<-held.Arrived()
	s.KillAndRestart(system.Worker)
	held.Release()
	b.answers(t, ticket, "I look into it")
	b.untilHeard(t, s, told)

	// An answer of Crisp's is lost, and a call is refused for a moment.
	desk.Faults.Set("message.send", fake.AcceptThenReset().For(1))
	ana.Says(t, "take your time")
	system.Eventually(t, 20*time.Second, "the answer is lost", func() bool { return desk.Faults.Struck("message.send") == 1 })
	desk.Faults.Set("message.send", fake.RateLimit(0, "1").For(1))
	ana.Says(t, "I am here")
	b.untilHeard(t, s, told)

	// By a note Sam gives her back to the bot, which knows what he said.
	_, err = desk.OperatorNotes(ticket.ID, crisp.Sam, "!bot she is fine")
	require.NoError(t, err)
	ana.Until(t, conversation.InBot)
	system.Eventually(t, 20*time.Second, "the ticket is over", func() bool { return desk.Conversation(ticket.ID).State == crisp.StateResolved })
	ana.TellsBot(t, "who was that")
	untilSees(t, ana, "bot", "That was Sam.")

	// She comes back to a new ticket. The hook of Sam's last words is lost; before the end they are found.
	ana.Asks(t)
	second := b.ticket(t, 2)
	require.NotEqual(t, ticket.ID, second.ID)
	b.answers(t, second, "welcome back")
	ana.UntilAgent(t, crisp.Sam)
	b.untilHeard(t, s, told)
	desk.Faults.Set("hook", fake.Lose().For(1))
	b.answers(t, second, "all the best")
	require.NoError(t, desk.OperatorSetsState(second.ID, crisp.StateResolved))
	ana.Until(t, conversation.InBot)
	view := b.untilHeard(t, s, told)
	require.Zero(t, view.Counts.Uncertain+view.Counts.Failed)

	runs := s.Settled(t, ana)
	require.Empty(t, b.findings(told()))
	require.Empty(t, oracle.Sound(runs))
	require.Empty(t, notStored(runs, told()))
	noLeaks(t, s, runs)
	for _, secret := range setup.secrets {
		require.NotContains(t, s.Output()+metrics(t, s), secret)
	}
	for _, a := range desk.Hooks.Attempts() {
		require.Equal(t, http.StatusOK, a.Status, "a hook was refused")
	}
}
