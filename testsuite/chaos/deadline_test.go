package chaos

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/oracle"
	"github.com/handoff-engine/handoff/testsuite/system"
)

// lateness bounds how long after the recovery a deadline may still be waiting. A new worker gets the conversation once
// the dead one's claim on it, five seconds, is over; and a worker that lost Temporal looks for it again every ten seconds
// at the longest.
const lateness = 16 * time.Second

// A deadline that passes while a process is dead is met soon after it is back, and never early.
func TestADeadlineThatPassesDuringAnOutageIsMetSoonAfter(t *testing.T) {
	needs(t, "ci", "full")
	for _, victim := range []system.Part{system.Worker, system.Temporal} {
		t.Run(string(victim), func(t *testing.T) {
			const silence = 2 * time.Second
			o := options()
			o.Policy = `{accept_within: 20m, first_reply_within: 20m, agent_idle: 2s, max_wait: 1h, handoff_words: [human], ladder: [{agent: leo@shop.example}]}`
			s := system.Start(t, o)
			ana := s.NewCustomer(t)
			talks(t, s, ana)
			ana.Answers(t, "mira@shop.example", "first words")
			ana.UntilHeard(t)
			asked := time.Now()
			ana.Says(t, "and then silence")
			ana.UntilHeard(t)
			s.Kill(victim)
			time.Sleep(time.Until(asked.Add(2 * silence)))
			s.StartPart(victim)
			s.UntilReady()
			back := time.Now()
			view := s.Until(t, ana.Conversation, "another agent has it", func(v conversation.View) bool {
				return v.State == conversation.Assigned && v.Agent.ID == "leo@shop.example"
			})
			i := slices.IndexFunc(view.History, func(c conversation.Transition) bool { return c.Reason == conversation.AgentSilent })
			require.GreaterOrEqual(t, i, 0)
			require.False(t, view.History[i].At.Before(asked.Add(silence)), "not early")
			late := view.History[i].At.Sub(back)
			require.Less(t, late, lateness)
			figures.note(t, "deadline during an outage of %s: met %s after the recovery", victim, max(0, late).Round(10*time.Millisecond))
			s.Judge(t, oracle.Never, ana)
		})
	}
}
