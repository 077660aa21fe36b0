package chaos

import (
	"fmt"
	"testing"
	"time"

	"github.com/handoff-engine/handoff/testsuite/fake/livechat"
	"github.com/handoff-engine/handoff/testsuite/oracle"
	"github.com/handoff-engine/handoff/testsuite/system"
)

// Temporal's own store fails: writes that were not made, and writes that were made and reported as failed.
func TestATemporalWhoseStoreFailsLosesAndRepeatsNothing(t *testing.T) {
	needs(t, "ci", "full")
	o := options()
	number := random(t, 0).IntN(1000) + 1
	o.TemporalFlags = []string{"--store-faults=0.02", fmt.Sprintf("--store-faults-seed=%d", number)}
	s := system.Start(t, o)
	began := time.Now()
	customers := withAgent(t, s, 2)
	for i := range map[string]int{"ci": 6, "full": 60}[mode()] {
		for _, c := range customers {
			c.Says(t, fmt.Sprintf("stored somehow %d", i))
			c.Answers(t, livechat.Mira, fmt.Sprintf("stored somehow %d", i))
		}
	}
	for _, c := range customers {
		c.UntilHeard(t)
	}
	figures.note(t, "store fails in 4 of 100 writes (seed %d): all heard after %s, %d repeated",
		number, time.Since(began).Round(100*time.Millisecond), repeats(customers...))
	// Without faults for the last word: the export reads the same store.
	s.RestartWith(system.Temporal)
	s.Judge(t, oracle.Never, customers...)
}
