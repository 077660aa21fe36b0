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

func startTwoDesks(t *testing.T, downAfter time.Duration) *twoDesks {
	t.Helper()
	x := &twoDesks{t: t, desk: slack.New(slack.Options{HookScale: 0.02})}
	gate, url := behindGate(t, x.desk)
	x.gate = gate
	x.System = system.Start(t, system.Options{Together: true, Routes: func(s *system.System) string {
		return "connections:\n" + landbotConnection(s) + s.LiveChatConnection() + slackConnection(url) + fmt.Sprintf(`routes:
  shop:
    channel: %s
    desk: [%s, slack-support]
    policy: {desk_down_after: %s, accept_within: 5m, first_reply_within: 5m, agent_idle: 5m, on_close: bot}
`, system.Channel, system.Desk, downAfter)
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
		return v.Desk == "slack-support" && v.Tickets[len(v.Tickets)-1].Ticket.ID != ""
	})
	require.Len(x.t, view.Tickets, 2, "one ticket at each desk")
	require.Equal(x.t, conversation.Waiting, view.State)
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

// helps has Sam take the ticket, answer, and close it, after which the bot has the customer.
func (h *thread) helps() {
	h.t.Helper()
	h.clicks(slack.Sam, "handoff_claim", "")
	h.who.UntilAgent(h.t, slack.Sam)
	h.says(slack.Sam, "hello, Sam here")
	h.untilHeard()
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

// LiveChat is down when three customers need a human: it opens Ana's ticket and does not answer, answers Ben's with an error,
// and is gone altogether when Cat asks. All are given to Slack, with all that was said, although everything dies in the
// middle: when Slack has Ana's card and nobody knows, when Ben's is still to come, and when Cat is still to be given up. When
// LiveChat is back, the tickets that it opened are found and closed, once.
func TestTheSecondDeskTakesOverFromOneThatIsDownWhateverDies(t *testing.T) {
	needsProcesses(t)
	t.Parallel()
	x := startTwoDesks(t, 2*time.Second)
	ana, ben, cat := x.NewCustomer(t), x.NewCustomer(t), x.NewCustomer(t)
	posted, unposted := x.holdCard(ana, system.After), x.holdCard(ben, system.Before)

	// The answers are lost, and what would find the tickets again is down.
	x.LiveChat.Faults.Set("customer/start_chat", fake.AcceptThenHang().For(1), fake.AcceptThenStatus(500))
	x.LiveChat.Faults.Set("agent/list_threads", fake.RefuseStatus(503, ""))
	x.asks(ana)
	ana.UntilTicket(t, 1)
	x.asks(ben)
	ben.UntilTicket(t, 1)
	x.LiveChat.Faults.Set(fake.AnyOp, fake.RefuseStatus(503, ""))
	arrives(t, posted, "Ana's card")
	arrives(t, unposted, "Ben's card")
	const preparing = "agent/list_chats"
	prepared := x.LiveChat.Faults.Calls(preparing)
	x.asks(cat)
	system.Eventually(t, 20*time.Second, "LiveChat refuses Cat", func() bool { return x.LiveChat.Faults.Calls(preparing) > prepared })
	require.Len(t, x.desk.Cards(slack.Support), 1)
	x.Kill(system.Standalone)
	ana.Says(t, "is anybody there")
	x.StartPart(system.Standalone)
	x.UntilReady()

	// Cat is given up, and LiveChat is back.
	customers := []*system.Customer{cat, ana, ben}
	threads := []*thread{x.untilMoved(cat)}
	x.LiveChat.Faults.Clear(fake.AnyOp)
	x.LiveChat.Faults.Set("agent/deactivate_chat", fake.AcceptThenReset().For(1))
	threads = append(threads, x.untilMoved(ana), x.untilMoved(ben))
	for i, h := range threads {
		h.untilHeard()
		h.hasAllOnce(customers[(i+1)%3], customers[(i+2)%3])
	}
	x.strayIsClosed(ana)
	x.strayIsClosed(ben)
	_, there := cat.Chat()
	require.False(t, there, "LiveChat has no ticket of Cat's")
	for kind, times := range map[string]int{"customer/start_chat": 2, "agent/deactivate_chat": 2} {
		require.Equal(t, times, x.LiveChat.Faults.Calls(kind), kind)
	}

	for _, h := range threads {
		h.helps()
	}
	x.judge(customers...)
}

// strayIsClosed waits until the ticket that LiveChat opened and did not tell of is closed, and requires that it is one.
func (x *twoDesks) strayIsClosed(who *system.Customer) {
	x.t.Helper()
	system.Eventually(x.t, 20*time.Second, "the ticket that was left is closed", func() bool {
		chat, ok := who.Chat()
		return ok && !chat.Active
	})
	chat, _ := who.Chat()
	require.Equal(x.t, 1, chat.Threads)
	view := x.Until(x.t, who.Conversation, "the ticket that was left is known", func(v conversation.View) bool {
		return v.Tickets[0].Status == conversation.TicketDone
	})
	require.Equal(x.t, chat.ID+":"+chat.Thread, view.Tickets[0].Ticket.ID)
}

// Nobody is there at LiveChat. It says so about Ana as everything dies, and is asked again; Ben was passed on already, and
// Slack has his card. Both are helped there, and LiveChat never has a ticket.
func TestTheSecondDeskTakesOverWhereNobodyIsThereWhateverDies(t *testing.T) {
	needsProcesses(t)
	t.Parallel()
	// It is not down: Slack is asked because LiveChat has answered.
	x := startTwoDesks(t, time.Minute)
	ana, ben := x.NewCustomer(t), x.NewCustomer(t)
	for _, agent := range []string{livechat.Mira, livechat.Leo} {
		require.NoError(t, x.LiveChat.AgentGoesOffline(agent))
	}

	posted := x.holdCard(ben, system.After)
	x.asks(ben)
	arrives(t, posted, "Ben's card")
	asked := x.LiveChatGate.Hold("/list_group_statuses", "", system.After)
	x.asks(ana)
	arrives(t, asked, "the question who is there")
	x.Kill(system.Standalone)
	ben.Says(t, "is anybody there")
	x.StartPart(system.Standalone)
	x.UntilReady()

	threads := []*thread{x.untilMoved(ana), x.untilMoved(ben)}
	require.Equal(t, 3, x.LiveChat.Faults.Calls("customer/list_group_statuses"), "Ana's question was asked again")
	for _, h := range threads {
		h.untilHeard()
	}
	threads[0].hasAllOnce(ben)
	threads[1].hasAllOnce(ana)
	for _, agent := range []string{livechat.Mira, livechat.Leo} {
		require.NoError(t, x.LiveChat.AgentComesBack(agent))
	}
	for _, h := range threads {
		h.helps()
	}
	require.Empty(t, x.LiveChat.Chats(), "nobody was asked there")
	x.judge(ana, ben)
}
