package e2e

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
	"github.com/handoff-engine/handoff/testsuite/fake/landbot"
	"github.com/handoff-engine/handoff/testsuite/fake/livechat"
	"github.com/handoff-engine/handoff/testsuite/oracle"
	"github.com/handoff-engine/handoff/testsuite/system"
)

const (
	// agentIdle is how long the agent of the story may be silent. It is longer where processes die: what an agent
	// answers meanwhile waits for the vendor's next try, and may come too late all the same.
	agentIdle         = 1500 * time.Millisecond
	agentIdleInOutage = 6 * time.Second
)

// patience is the story's policy: only the silence of an agent is short. The flow's Webhook block asks once and never
// again, so where the gateway dies the customer's own word has to do.
func patience(agentIdle time.Duration) string {
	return `{accept_within: 1m, first_reply_within: 1m, agent_idle: ` + agentIdle.String() + `, customer_idle: 30m, max_wait: 10m,
      handoff_words: [human], ladder: [{agent: leo@shop.example, accept_within: 30s}]}`
}

// picture is a small PNG.
func picture() []byte {
	return []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89")
}

// A customer of Landbot talks to its bot, is handed to LiveChat, talks to two agents, and comes back, with text, a
// picture and a file in both directions, through silence, transfers and the vendor's own unassignment.
func TestLandbotCustomerTalksToLiveChatAgentsAndBack(t *testing.T) {
	needsProcesses(t)
	t.Run("three processes", func(t *testing.T) {
		t.Parallel()
		s := system.Start(t, system.Options{Policy: patience(agentIdle)})
		tellTheStory(t, s, agentIdle, func(string) {})
	})
	t.Run("one process", func(t *testing.T) {
		t.Parallel()
		s := system.Start(t, system.Options{Policy: patience(agentIdle), Together: true})
		tellTheStory(t, s, agentIdle, func(string) {})
	})
}

// The same conversation, in the middle of which each process is killed as by a power cut.
func TestTheSameConversationSurvivesTheDeathOfEveryProcess(t *testing.T) {
	needsProcesses(t)
	t.Run("three processes", func(t *testing.T) {
		t.Parallel()
		s := system.Start(t, system.Options{Policy: patience(agentIdleInOutage)})
		victims := map[string]system.Part{
			"the ticket is being opened": system.Worker,
			"the customer has written":   system.Gateway,
			"the agent has written":      system.Temporal,
			"the vendor has dropped it":  system.Worker,
			"the agent has closed":       system.Temporal,
			"the customer is back":       system.Gateway,
		}
		tellTheStory(t, s, agentIdleInOutage, func(moment string) {
			if victim, ok := victims[moment]; ok {
				t.Logf("%-28s killed %-8s whole again after %s", moment, victim, s.KillAndRestart(victim).Round(time.Millisecond))
			}
		})
	})
	t.Run("one process", func(t *testing.T) {
		t.Parallel()
		s := system.Start(t, system.Options{Policy: patience(agentIdleInOutage), Together: true})
		tellTheStory(t, s, agentIdleInOutage, func(moment string) {
			if moment == "the customer has written" || moment == "the agent has closed" {
				t.Logf("%-28s killed everything, whole again after %s", moment, s.KillAndRestart(system.Standalone).Round(time.Millisecond))
			}
		})
	})
}

// tellTheStory tells the whole conversation. At is called at the moments at which a process may be killed.
func tellTheStory(t *testing.T, s *system.System, idle time.Duration, at func(moment string)) {
	t.Helper()
	ana := s.NewCustomer(t)

	// The bot has her first.
	ana.Until(t, conversation.InBot)
	ana.Says(t, "do you deliver to the islands")
	untilKnown(t, s, ana, "do you deliver to the islands")
	ana.Asks(t)
	at("the ticket is being opened")

	// The ticket opens with what was said so far.
	chat := ana.UntilTicket(t, 1)
	ana.Until(t, conversation.Waiting)
	opening := ana.DeskSees()[0].Text
	require.Contains(t, opening, "Hello, I am the bot.")
	require.Contains(t, opening, "do you deliver to the islands")

	// Mira takes it, and both talk.
	ana.Takes(t, livechat.Mira)
	ana.UntilAgent(t, livechat.Mira)
	require.NoError(t, s.LiveChat.AgentComesBack(livechat.Mira))
	ana.Answers(t, livechat.Mira, "hello, I am Mira")
	ana.Says(t, "hello Mira")
	at("the customer has written")
	ana.Answers(t, livechat.Mira, "we deliver to all islands")
	at("the agent has written")
	ana.UntilHeard(t)
	exchangeFiles(t, s, ana, chat)

	// What agents say to each other stays among them.
	private := ana.Line("she is a difficult one")
	ana.Book.Private(private)
	_, err := s.LiveChat.AgentNotes(chat.ID, livechat.Mira, private)
	require.NoError(t, err)
	ana.Answers(t, livechat.Mira, "anything else")
	ana.UntilHeard(t)

	// Mira falls silent, and Leo is asked.
	asked := time.Now()
	ana.Says(t, "how much is it")
	ana.UntilAgent(t, livechat.Leo)
	ana.Answers(t, livechat.Leo, "Leo here, it is four euros")
	view := ana.UntilHeard(t)
	if idle == agentIdle {
		onTime(t, view, asked.Add(idle))
	}

	// Landbot takes her from us for inactivity: she is taken again, and nobody at the desk is bothered.
	require.NoError(t, s.Landbot.AutoUnassign(ana.ID))
	at("the vendor has dropped it")
	s.Until(t, ana.Conversation, "she is taken again", func(v conversation.View) bool {
		return v.State == conversation.Assigned && slices.ContainsFunc(v.History, func(c conversation.Transition) bool {
			return c.Reason == conversation.VendorRestored
		})
	})
	require.True(t, ana.Says(t, "I am still here"), "the vendor takes her words again")
	ana.Answers(t, livechat.Leo, "so am I")
	ana.UntilHeard(t)

	// The agents transfer the ticket among themselves.
	require.NoError(t, s.LiveChat.AgentTransfers(chat.ID, livechat.Leo, livechat.Mira))
	ana.UntilAgent(t, livechat.Mira)
	ana.Answers(t, livechat.Mira, "it is me again")
	ana.UntilHeard(t)

	// Mira closes: the bot has her back, without a word.
	require.NoError(t, s.LiveChat.AgentCloses(chat.ID, livechat.Mira))
	at("the agent has closed")
	ana.Until(t, conversation.Ended)
	untilBotHas(t, s, ana)

	// She writes again: the bot answers, and at her word there is a new ticket, with all that was said before.
	require.NoError(t, s.Landbot.CustomerSays(ana.ID, "hello again "+system.Canary))
	ana.Until(t, conversation.InBot)
	ana.Asks(t)
	at("the customer is back")
	ana.UntilTicket(t, 2)
	ana.Takes(t, livechat.Leo)
	ana.UntilAgent(t, livechat.Leo)
	ana.Answers(t, livechat.Leo, "welcome back")
	ana.Says(t, "thank you")
	ana.UntilHeard(t)

	// An operator hands her back: the bot speaks at once, where its flow wants.
	s.Command(t, ana.Conversation, "back-1", map[string]any{"command": "hand_back", "actor": "operator"})
	ana.Until(t, conversation.InBot)
	untilBotHas(t, s, ana)
	system.Eventually(t, 20*time.Second, "the bot is back", func() bool {
		return slices.ContainsFunc(ana.Sees(), func(e fake.Entry) bool { return e.Text == "The bot is back." })
	})
	system.Eventually(t, 20*time.Second, "the second ticket is closed", func() bool {
		now, _ := ana.Chat()
		return !now.Active
	})
	judge(t, s, oracle.Never, ana)
}

// exchangeFiles sends a picture from the customer to the desk, and a picture and a document back.
func exchangeFiles(t *testing.T, s *system.System, c *system.Customer, chat livechat.Chat) {
	t.Helper()
	files := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		_, _ = w.Write(picture())
	}))
	t.Cleanup(files.Close)
	require.NoError(t, s.Landbot.CustomerSendsImage(c.ID, files.URL+"/island.png"))
	system.Eventually(t, 30*time.Second, "the agent sees the picture", func() bool {
		return slices.ContainsFunc(c.DeskSees(), func(l livechat.Line) bool { return l.Type == "file" && l.By == "customer" })
	})
	s.LiveChat.Switch(func(x *livechat.Switches) { x.FilesNeedToken = true })
	_, err := s.LiveChat.AgentSendsFile(chat.ID, livechat.Mira, s.LiveChatURL, "map.png", "image/png", picture())
	require.NoError(t, err)
	_, err = s.LiveChat.AgentSendsFile(chat.ID, livechat.Mira, s.LiveChatURL, "prices.pdf", "application/pdf", []byte("%PDF-1.7"))
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	seen, err := s.Landbot.Journal.Wait(ctx, ref(c), func(list []fake.Entry) bool {
		return slices.ContainsFunc(list, func(e fake.Entry) bool { return strings.Contains(e.Text, "prices.pdf") })
	})
	require.NoError(t, err)
	// The picture comes as a picture, the document as a link, both from addresses that need no token of LiveChat's.
	address := regexp.MustCompile(regexp.QuoteMeta(s.URL) + `/files/\S+`)
	for kind, want := range map[string][]byte{"image": picture(), "text": []byte("%PDF-1.7")} {
		i := slices.IndexFunc(seen, func(e fake.Entry) bool { return e.Kind == kind && address.MatchString(e.Text) })
		require.GreaterOrEqual(t, i, 0, kind)
		answer, _, sum := download(t, address.FindString(seen[i].Text))
		require.Equal(t, http.StatusOK, answer.StatusCode, kind)
		require.Equal(t, fmt.Sprintf("%x", sha256.Sum256(want)), sum, kind)
	}
}

// onTime checks that the silent agent lost the conversation no earlier than due and soon after.
func onTime(t *testing.T, view conversation.View, due time.Time) {
	t.Helper()
	i := slices.IndexFunc(view.History, func(c conversation.Transition) bool {
		return c.Reason == conversation.AgentSilent && c.At.After(due.Add(-time.Second))
	})
	require.GreaterOrEqual(t, i, 0)
	require.Equal(t, conversation.Reassigning, view.History[i].To)
	late := view.History[i].At.Sub(due)
	require.GreaterOrEqual(t, late, time.Duration(0), "not before the deadline")
	require.Less(t, late, 5*time.Second, "soon after it")
}

// untilBotHas waits until Landbot's bot has the customer.
func untilBotHas(t *testing.T, s *system.System, c *system.Customer) {
	t.Helper()
	system.Eventually(t, 30*time.Second, "the bot has the customer", func() bool {
		now, err := s.Landbot.Customer(c.ID)
		return err == nil && now.Bot == landbot.DefaultBotID && now.Agent == 0
	})
}

// ref is Landbot's name of the customer in its journal.
func ref(c *system.Customer) string { return strings.TrimPrefix(c.Conversation, system.Channel+":") }
