package e2e

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
	"github.com/handoff-engine/handoff/testsuite/fake/livechat"
	"github.com/handoff-engine/handoff/testsuite/fake/slack"
	"github.com/handoff-engine/handoff/testsuite/oracle"
	"github.com/handoff-engine/handoff/testsuite/system"
)

// twoDesks is Landbot before LiveChat, with a Slack channel for when that takes no ticket. All of handoff is one process.
type twoDesks struct {
	*system.System
	t    *testing.T
	desk *slack.Server
	// gate stands before Slack.
	gate *system.Gate
}

func startTwoDesks(t *testing.T) *twoDesks {
	t.Helper()
	x := &twoDesks{t: t, desk: slack.New(slack.Options{HookScale: 0.02})}
	gate, url := behindGate(t, x.desk)
	x.gate = gate
	x.System = system.Start(t, system.Options{Together: true, Routes: func(s *system.System) string {
		return "connections:\n" + landbotConnection(s) + s.LiveChatConnection() + slackConnection(url) + fmt.Sprintf(`routes:
  shop:
    channel: %s
    desk: [%s, slack-support]
    policy: {desk_down_after: 2s, accept_within: 5m, first_reply_within: 5m, agent_idle: 5m, on_close: bot}
`, system.Channel, system.Desk)
	}})
	x.desk.SetHook(x.URL + "/webhooks/slack-support")
	x.Outboxes = append(x.Outboxes, x.desk.Hooks)
	return x
}

// asks has a customer say something to the bot, and ask for a human.
func (x *twoDesks) asks(who *system.Customer) {
	x.t.Helper()
	who.Says(x.t, "where is my parcel")
	x.Until(x.t, who.Conversation, "the bot's greeting is told", func(v conversation.View) bool {
		return slices.ContainsFunc(v.Transcript.Lines, func(l conversation.Line) bool { return l.Role == conversation.RoleBot })
	})
	who.Asks(x.t)
}

// holdCard holds the call that opens a customer's ticket in Slack.
func (x *twoDesks) holdCard(who *system.Customer, when system.When) *system.Hold {
	return x.gate.Hold("/chat.postMessage", strconv.FormatInt(who.ID, 10), when)
}

// arrives waits for a call that is held.
func arrives(t *testing.T, h *system.Hold, what string) {
	t.Helper()
	select {
	case <-h.Arrived():
	case <-time.After(40 * time.Second):
		t.Fatalf("the call never came: %s", what)
	}
}

// untilMoved waits until a customer has a ticket in Slack, and gives its thread.
func (x *twoDesks) untilMoved(who *system.Customer) *thread {
	x.t.Helper()
	view := x.Until(x.t, who.Conversation, "the second desk has the ticket", func(v conversation.View) bool {
		return v.Desk == "slack-support" && v.Tickets[len(v.Tickets)-1].Ticket.ID != "" && len(v.Pending) == 0
	})
	require.Len(x.t, view.Tickets, 2, "one ticket at each desk")
	require.Equal(x.t, conversation.TicketFailed, view.Tickets[0].Status)
	return &thread{t: x.t, s: x.System, desk: x.desk, who: who, ts: strings.TrimPrefix(view.Tickets[1].Ticket.ID, slack.Support+":")}
}

// hasAllOnce requires that a thread shows what its customer said, and what the bot did, once and nothing of anybody else.
func (h *thread) hasAllOnce(others ...*system.Customer) {
	h.t.Helper()
	var all strings.Builder
	openings := 0
	for _, m := range h.desk.Thread(slack.Support, h.ts) {
		if m.Metadata != nil && m.Metadata.EventType == "handoff_opening" {
			openings++
		}
		all.WriteString(slack.Reads(m) + "\n")
	}
	require.Equal(h.t, 1, openings, "the history came once")
	said, _ := h.who.Book.Said()
	for _, text := range append(said, "Hello, I am the bot.") {
		require.Equal(h.t, 1, strings.Count(all.String(), text), "how often agents read %q in\n%s", text, all.String())
	}
	for _, other := range others {
		said, _ := other.Book.Said()
		for _, text := range said {
			require.NotContains(h.t, all.String(), text, "words of somebody else")
		}
	}
}

// helps has Sam take the ticket, talk to the customer, and close it.
func (h *thread) helps() {
	h.t.Helper()
	h.clicks(slack.Sam, "handoff_claim", "")
	h.who.UntilAgent(h.t, slack.Sam)
	h.says(slack.Sam, "hello, Sam here")
	h.who.Says(h.t, "hello Sam")
	h.untilHeard()
}

// closes has Sam close the ticket, and waits until the bot has the customer.
func (h *thread) closes() {
	h.t.Helper()
	h.clicks(slack.Sam, "handoff_close", "")
	h.who.Until(h.t, conversation.InBot)
	h.cardIsDone()
	untilBotHas(h.t, h.s, h.who)
}

// judge is the oracle's last word: each side saw everything once, the books balance, and every history replays.
func (x *twoDesks) judge(customers ...*system.Customer) {
	x.t.Helper()
	require.Len(x.t, x.desk.Cards(slack.Support), len(customers), "one card for each customer")
	runs := x.Settled(x.t, customers...)
	for _, who := range customers {
		require.Empty(x.t, slackFindings(x.System, x.desk, who, oracle.Never))
	}
	require.Empty(x.t, oracle.Sound(runs))
	require.Empty(x.t, oracle.Stored(runs, slices.Concat(x.Landbot.Hooks().Attempts(), x.LiveChat.Hooks.Attempts())))
	noLeaks(x.t, x.System, runs)
}

// LiveChat is down when two customers need a human: it has Ana's ticket and does not answer, and nothing of it answers when
// Ben asks. Both are given to Slack, with all that was said, although everything dies in the middle: when Slack has Ana's
// card and nobody knows, and when Ben's is still to come. When LiveChat is back, Ana's ticket there is over.
func TestTheSecondDeskTakesOverFromOneThatIsDownWhateverDies(t *testing.T) {
	needsProcesses(t)
	t.Parallel()
	x := startTwoDesks(t)
	ana, ben := x.NewCustomer(t), x.NewCustomer(t)

	x.LiveChat.Faults.Set("customer/start_chat", fake.AcceptThenHang())
	posted, unposted := x.holdCard(ana, system.After), x.holdCard(ben, system.Before)
	x.asks(ana)
	stray := ana.UntilTicket(t, 1)
	x.LiveChat.Faults.Set(fake.AnyOp, fake.RefuseStatus(503, ""))
	x.asks(ben)
	arrives(t, posted, "Ana's card")
	arrives(t, unposted, "Ben's card")
	require.Len(t, x.desk.Cards(slack.Support), 1)
	x.Kill(system.Standalone)
	ana.Says(t, "is anybody there")
	ben.Says(t, "hello, anybody")
	x.StartPart(system.Standalone)
	x.UntilReady()

	at := map[*system.Customer]*thread{ana: x.untilMoved(ana), ben: x.untilMoved(ben)}
	for who, h := range at {
		h.untilHeard()
		h.hasAllOnce(map[bool]*system.Customer{true: ben, false: ana}[who == ana])
	}
	at[ana].helps()
	at[ben].helps()

	x.LiveChat.Faults.Clear(fake.AnyOp)
	_, there := ben.Chat()
	require.False(t, there, "Ben is not at LiveChat")
	require.NoError(t, x.LiveChat.AgentTakes(stray.ID, livechat.Mira))

	at[ana].closes()
	at[ben].closes()
	x.judge(ana, ben)
}
