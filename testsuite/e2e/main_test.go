// Package e2e tells whole stories over real HTTP: the Temporal server, the gateway and the worker are processes, the
// vendors are strict fakes, and an oracle compares what was said with what each side saw.
package e2e

import (
	"flag"
	"os"
	"testing"

	"github.com/handoff-engine/handoff/testsuite/oracle"
	"github.com/handoff-engine/handoff/testsuite/system"
)

func TestMain(m *testing.M) {
	flag.Parse()
	system.Parallel(3)
	os.Exit(m.Run())
}

// needsProcesses skips a test that starts processes where only short ones are wanted.
func needsProcesses(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts processes; run without -short")
	}
}

// judge is the oracle's last word on a whole test, and a look for what leaked.
func judge(t *testing.T, s *system.System, duplicates oracle.Duplicates, customers ...*system.Customer) []oracle.Run {
	t.Helper()
	runs := s.Judge(t, duplicates, customers...)
	noLeaks(t, s, runs)
	return runs
}
