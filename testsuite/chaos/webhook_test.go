package chaos

import (
	"fmt"
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

// Every webhook arrives one to five times, in any order.
func TestWebhooksRepeatedAndShuffledChangeTheStateOnce(t *testing.T) {
	needs(t, "ci", "full")
	s := system.Start(t, options())
	customers := withAgent(t, s, 2)
	numbers := random(t, 0)
	for _, faults := range []*fake.Faults{&s.Landbot.Faults, s.LiveChat.Faults} {
		faults.Set(landbot.OpHook, fake.Shuffle(numbers.Uint64()))
		for range 200 {
			faults.Set(landbot.OpHook, fake.Redeliver(numbers.IntN(5)).For(1))
		}
	}
	const words = 12
	for i := range words {
		for _, c := range customers {
			c.Says(t, fmt.Sprintf("shuffled %d", i))
			c.Answers(t, livechat.Mira, fmt.Sprintf("shuffled %d", i))
		}
	}
	for _, c := range customers {
		c.UntilHeard(t)
	}
	s.Landbot.Faults.Clear(fake.AnyOp)
	s.LiveChat.Faults.Clear(fake.AnyOp)
	s.Settled(t, customers...)
	duplicates := 0
	for _, c := range customers {
		duplicates += c.View(t).Counts.Duplicates
	}
	require.Positive(t, duplicates)
	figures.note(t, "webhooks 1 to 5 times and shuffled: %d words, %d duplicates recognised, %d repeated", 4*words, duplicates, repeats(customers...))
	s.Judge(t, oracle.Never, customers...)
}

// Webhooks that the desk never sends are made up for, edits too: by a look at the desk when a worker starts, and by the last look
// before a conversation ends.
func TestWordsWhoseWebhookWasLostStillReachTheCustomer(t *testing.T) {
	needs(t)
	s := system.Start(t, options())
	ana := withAgent(t, s, 1)[0]

	s.LiveChat.Faults.Set("hook", fake.Lose().For(1))
	never := ana.Answers(t, livechat.Mira, "never told")
	began := time.Now()
	s.KillAndRestart(system.Worker)
	ana.UntilHeard(t)
	figures.note(t, "lost webhook: healed %s after a worker's start", time.Since(began).Round(100*time.Millisecond))

	// So is an edit of what was said before.
	chat, _ := ana.Chat()
	corrected := ana.Line("never told, and corrected")
	ana.Book.Agent(corrected)
	for _, line := range ana.DeskSees() {
		if line.Text == never {
			s.LiveChat.Faults.Set("hook", fake.Lose().For(1))
			require.NoError(t, s.LiveChat.AgentEdits(chat.ID, line.EventID, corrected))
		}
	}
	s.KillAndRestart(system.Worker)
	ana.UntilHeard(t)

	s.LiveChat.Faults.Set("hook", fake.Lose().For(1))
	ana.Answers(t, livechat.Mira, "parting words, never told")
	require.NoError(t, s.LiveChat.AgentCloses(chat.ID, livechat.Mira))
	ana.Until(t, conversation.Ended)
	ana.UntilHeard(t)
	s.Judge(t, oracle.Never, ana)
}
