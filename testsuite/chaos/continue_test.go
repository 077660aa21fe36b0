package chaos

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/testsuite/fake/livechat"
	"github.com/handoff-engine/handoff/testsuite/oracle"
	"github.com/handoff-engine/handoff/testsuite/system"
)

// Conversations continue as new every few messages, and processes die meanwhile: nothing that was on its way from one
// run to the next is lost or comes twice.
func TestContinuingAsNewWhileProcessesDieLosesNothing(t *testing.T) {
	needs(t, "ci", "full")
	o := options()
	o.TemporalFlags = []string{"--continue-as-new-after=60"}
	s := system.Start(t, o)
	customers := withAgent(t, s, 2)
	numbers := random(t, 0)
	bursts := map[string]int{"ci": 6, "full": 40}[mode()]
	began := time.Now()
	for burst := range bursts {
		for word := range 3 {
			for _, c := range customers {
				c.Says(t, fmt.Sprintf("burst %d-%d", burst, word))
				c.Answers(t, livechat.Mira, fmt.Sprintf("burst %d-%d", burst, word))
			}
		}
		victim := []system.Part{"", system.Worker, "", system.Temporal, "", system.Gateway}[burst%6]
		if victim != "" {
			pause := time.Duration(numbers.IntN(400)) * time.Millisecond
			t.Logf("burst %d: %s dies after %s", burst, victim, pause)
			time.Sleep(pause)
			s.KillAndRestart(victim)
		}
		for _, c := range customers {
			c.UntilHeard(t)
		}
	}
	runs := s.Judge(t, oracle.Never, customers...)
	for _, c := range customers {
		n := len(oracle.Runs(runs, c.Conversation))
		require.Greater(t, n, 2, "runs of one conversation")
		figures.note(t, "continue as new after 60 events: %d runs of one conversation in %s, %d repeated",
			n, time.Since(began).Round(time.Second), repeats(c))
	}
}
