package chaos

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/testsuite/fake/livechat"
	"github.com/handoff-engine/handoff/testsuite/oracle"
	"github.com/handoff-engine/handoff/testsuite/system"
)

// A worker is stopped, as by a debugger or a paused machine, while a vendor has its call in hand. Another worker takes
// over. Then the first goes on, and does not know that it was gone.
func TestAWorkerThatComesBackFromTheDeadRepeatsNothing(t *testing.T) {
	needs(t, "ci", "full")
	s := system.Start(t, options())
	ana := withAgent(t, s, 1)[0]
	second := system.WorkerNumber(1)
	call := atChannel("send_text/")(s, ana, system.After)
	ana.Answers(t, livechat.Mira, "done before the stop")
	<-call.Arrived()
	ana.Answers(t, livechat.Mira, "queued behind it")
	began := time.Now()
	require.NoError(t, s.Process(system.Worker).Freeze())
	s.StartPart(second)
	ana.UntilHeard(t)
	figures.note(t, "worker stopped during a call: another worker has done all %s later", time.Since(began).Round(100*time.Millisecond))
	call.Release()
	require.NoError(t, s.Process(system.Worker).Thaw())
	ana.Answers(t, livechat.Mira, "said by whoever is there")
	ana.Says(t, "read by whoever is there")
	ana.UntilHeard(t)
	s.Judge(t, oracle.Never, ana)
}
