// Package e2e tells whole stories over real HTTP: the Temporal server, the gateway and the worker are processes, the
// vendors are strict fakes, and an oracle compares what was said with what each side saw.
package e2e

import (
	"flag"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/testsuite/oracle"
	"github.com/handoff-engine/handoff/testsuite/system"
)

func TestMain(m *testing.M) {
	flag.Parse()
	system.Parallel(4)
	os.Exit(m.Run())
}

// needsProcesses skips a test that starts processes where only short ones are wanted.
func needsProcesses(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts processes; run without -short")
	}
}

// judge is the oracle's last word on a whole test: both sides saw everything once and in order, what was acknowledged
// is stored, the books balance, every history replays.
func judge(t *testing.T, s *system.System, duplicates oracle.Duplicates, customers ...*system.Customer) []oracle.Run {
	t.Helper()
	for _, c := range customers {
		c.UntilHeard(t)
		require.Empty(t, c.Findings(duplicates))
	}
	runs := s.Settled(t, customers...)
	require.Empty(t, oracle.Sound(runs))
	require.Empty(t, oracle.Stored(runs, slices.Concat(s.Landbot.Hooks().Attempts(), s.LiveChat.Hooks.Attempts())))
	noLeaks(t, s, runs)
	return runs
}
