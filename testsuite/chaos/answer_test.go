package chaos

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/testsuite/fake"
	"github.com/handoff-engine/handoff/testsuite/fake/livechat"
	"github.com/handoff-engine/handoff/testsuite/oracle"
	"github.com/handoff-engine/handoff/testsuite/system"
)

// hang is a vendor that does what it is asked and never answers: the line is cut after a while.
func hang() fake.Fault {
	f := fake.AcceptThenHang()
	f.Delay = fake.Duration(2 * time.Second)
	return f
}

// The vendors do what they are asked, and their answers are lost: by a reset, by an error, by silence.
func TestLostAnswersOfTheVendorsRepeatNothing(t *testing.T) {
	needs(t, "ci", "full")
	s := system.Start(t, options())
	for _, loss := range []struct {
		name  string
		fault fake.Fault
	}{
		{"reset", fake.AcceptThenReset()}, {"500", fake.AcceptThenStatus(500)}, {"504", fake.AcceptThenStatus(504)}, {"silence", hang()},
	} {
		t.Run(loss.name, func(t *testing.T) {
			calls := map[*fake.Faults][]string{
				&s.Landbot.Faults: {"assign", "assign_agent", "send_text"},
				s.LiveChat.Faults: {"customer/start_chat", "customer/send_event", "agent/transfer_chat"},
			}
			for faults, ops := range calls {
				for _, op := range ops {
					faults.Set(op, loss.fault.For(2))
				}
			}
			began := time.Now()
			c := s.NewCustomer(t)
			talks(t, s, c)
			for i := range 3 {
				c.Says(t, fmt.Sprintf("lost %d", i))
				c.Answers(t, livechat.Mira, fmt.Sprintf("lost %d", i))
			}
			c.UntilHeard(t)
			s.Command(t, c.Conversation, "assign-1", map[string]any{"command": "assign", "agent": livechat.Leo})
			c.UntilAgent(t, livechat.Leo)
			c.UntilHeard(t)
			lost := 0
			for faults, ops := range calls {
				lost += struck(faults, ops...)
				faults.Clear(fake.AnyOp)
			}
			require.GreaterOrEqual(t, lost, 8)
			chat, _ := c.Chat()
			require.Equal(t, 1, chat.Threads, "one ticket")
			figures.note(t, "answers lost by %s: %d calls done and not answered, all over after %s, %d repeated",
				loss.name, lost, time.Since(began).Round(100*time.Millisecond), repeats(c))
			s.Judge(t, oracle.Never, c)
		})
	}
}
