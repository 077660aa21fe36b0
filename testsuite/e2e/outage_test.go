package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake/livechat"
	"github.com/handoff-engine/handoff/testsuite/oracle"
	"github.com/handoff-engine/handoff/testsuite/system"
)

// While Temporal is away, vendors are told at once to come back later, and afterwards all goes on by itself.
func TestWithoutTemporalVendorsAreToldToComeBackAndNothingIsLost(t *testing.T) {
	needsProcesses(t)
	t.Parallel()
	s := system.Start(t, system.Options{Policy: "{handoff_words: [human]}"})
	ana := s.NewCustomer(t)
	ana.Asks(t)
	ana.UntilTicket(t, 1)
	ana.Takes(t, livechat.Mira)
	ana.UntilAgent(t, livechat.Mira)

	for _, outage := range []struct {
		name       string
		begin, end func()
	}{
		{"the process is dead", func() { s.Kill(system.Temporal) }, func() { s.StartPart(system.Temporal) }},
		{"the line is cut", s.Line.Cut, s.Line.Mend},
		{"it does not answer", s.Line.HoldAnswers, s.Line.Release},
	} {
		t.Run(outage.name, func(t *testing.T) {
			outage.begin()
			s.RefusesForNow(t, system.LandbotHook(ana.ID, "are you there", time.Now()))
			require.False(t, s.Ready())
			ana.Says(t, "hello from "+outage.name)
			ana.Answers(t, livechat.Mira, "answer from "+outage.name)
			outage.end()
			began := time.Now()
			s.UntilReady()
			ana.UntilHeard(t)
			t.Logf("%s: all was heard %s after its end", outage.name, time.Since(began).Round(10*time.Millisecond))
		})
	}
	require.Equal(t, conversation.Assigned, ana.View(t).State)
	judge(t, s, oracle.Never, ana)
}

// A port that is taken is said so, with the setting that chooses another.
func TestATakenPortIsNamedWithTheSettingThatChoosesAnother(t *testing.T) {
	needsProcesses(t)
	t.Parallel()
	s := system.Start(t, system.Options{})
	for _, command := range []string{"gateway", "all"} {
		out, err := s.Run(t, command)
		require.Error(t, err)
		require.Contains(t, out, "cannot listen on")
		require.Contains(t, out, "HANDOFF_LISTEN")
	}
}
