package chaos

import (
	"testing"
	"time"

	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake/livechat"
	"github.com/handoff-engine/handoff/testsuite/oracle"
	"github.com/handoff-engine/handoff/testsuite/system"
)

// The gateway is killed after Temporal has stored an event and before the vendor is told so. The vendor sends the event
// again, and it changes nothing.
func TestKillingTheGatewayBetweenStorageAndAnswerRepeatsNothing(t *testing.T) {
	needs(t)
	s := system.Start(t, options())
	ana := withAgent(t, s, 1)[0]
	for _, side := range []struct {
		name string
		say  func()
	}{
		{"the customer's words", func() { ana.Says(t, "stored and not acknowledged") }},
		{"the agent's words", func() { ana.Answers(t, livechat.Mira, "stored and not acknowledged") }},
	} {
		stored, known := signals(s.Settled(t, ana), ana), ana.View(t).Counts.Duplicates
		s.Line.HoldAnswers()
		side.say()
		system.Eventually(t, 10*time.Second, "the event is stored", func() bool { return signals(s.Histories(t), ana) > stored })
		s.Kill(system.Gateway)
		s.Line.Release()
		began := time.Now()
		s.StartPart(system.Gateway)
		s.UntilReady()
		up := time.Since(began)
		s.Until(t, ana.Conversation, "the vendor has sent it again, and it is known", func(v conversation.View) bool {
			return v.Counts.Duplicates > known
		})
		ana.UntilHeard(t)
		figures.note(t, "gateway killed between storage and answer (%s): up again after %s, heard after %s, %d repeated",
			side.name, up.Round(10*time.Millisecond), time.Since(began).Round(10*time.Millisecond), repeats(ana))
	}
	s.Judge(t, oracle.Never, ana)
}

// signals counts the events that the server has stored for a conversation.
func signals(runs []oracle.Run, c *system.Customer) int {
	n := 0
	for _, run := range oracle.Runs(runs, c.Conversation) {
		n += len(run.Signals())
	}
	return n
}
