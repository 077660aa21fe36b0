package chaos

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/testsuite/fake"
	"github.com/handoff-engine/handoff/testsuite/fake/livechat"
	"github.com/handoff-engine/handoff/testsuite/oracle"
	"github.com/handoff-engine/handoff/testsuite/system"
)

// strike is one fault.
type strike struct {
	name string
	do   func(s *system.System, numbers *rand.Rand)
}

// strikes are what may happen at any moment.
func strikes() []strike {
	kill := func(part system.Part) func(*system.System, *rand.Rand) {
		return func(s *system.System, _ *rand.Rand) { s.KillAndRestart(part) }
	}
	spoil := func(f fake.Fault) func(*system.System, *rand.Rand) {
		return func(s *system.System, numbers *rand.Rand) {
			n := 1 + numbers.IntN(3)
			s.Landbot.Faults.Set("send_text", f.For(n))
			s.LiveChat.Faults.Set("customer/send_event", f.For(n))
		}
	}
	return []strike{
		{"the worker is killed", kill(system.Worker)},
		{"the gateway is killed", kill(system.Gateway)},
		{"Temporal is killed", kill(system.Temporal)},
		{"the worker stands still", func(s *system.System, numbers *rand.Rand) {
			if s.Process(system.Worker).Freeze() == nil {
				time.Sleep(time.Duration(500+numbers.IntN(2500)) * time.Millisecond)
				_ = s.Process(system.Worker).Thaw()
			}
		}},
		{"the line to Temporal is cut", func(s *system.System, numbers *rand.Rand) {
			s.Line.Cut()
			time.Sleep(time.Duration(numbers.IntN(2000)) * time.Millisecond)
			s.Line.Mend()
		}},
		{"answers are cut off", spoil(fake.AcceptThenReset())},
		{"answers are errors", spoil(fake.AcceptThenStatus(502))},
		{"the vendors are out of order", spoil(fake.RefuseStatus(503, ""))},
		{"the vendors want less", spoil(fake.RateLimit(0, "1"))},
		{"webhooks come again", func(s *system.System, numbers *rand.Rand) {
			s.Landbot.Faults.Set("hook", fake.Redeliver(numbers.IntN(4)).For(5))
			s.LiveChat.Faults.Set("hook", fake.Redeliver(numbers.IntN(4)).For(5))
		}},
		{"webhooks are shuffled", func(s *system.System, numbers *rand.Rand) {
			s.Landbot.Faults.Set("hook", fake.Shuffle(numbers.Uint64()).For(6))
			s.LiveChat.Faults.Set("hook", fake.Shuffle(numbers.Uint64()).For(6))
		}},
	}
}

// Random faults at random moments, while people talk.
func TestRandomFaultsWhilePeopleTalk(t *testing.T) {
	needs(t)
	total := map[string]int{"": 1, "ci": 2, "full": *rounds}[mode()]
	for round := range total {
		t.Run(fmt.Sprintf("round %d", round), func(t *testing.T) {
			numbers := random(t, round)
			o := options()
			o.TemporalFlags = []string{"--continue-as-new-after=150"}
			s := system.Start(t, o)
			customers := withAgent(t, s, 3)
			happened := struckWhileTalking(t, s, numbers, customers, map[string]int{"": 3, "ci": 6, "full": 12}[mode()])
			began := time.Now()
			for _, c := range customers {
				c.UntilHeard(t)
			}
			figures.note(t, "random faults (%s): all heard %s after the last, %d repeated",
				strings.Join(happened, ", "), time.Since(began).Round(100*time.Millisecond), repeats(customers...))
			s.Judge(t, oracle.Never, customers...)
		})
	}
}

// TestSoak lets random faults strike for as long as SOAK says.
func TestSoak(t *testing.T) {
	if os.Getenv("SOAK") == "" {
		t.Skip("runs for as long as you say: SOAK=30m")
	}
	lasts, err := time.ParseDuration(os.Getenv("SOAK"))
	require.NoError(t, err, "SOAK is a duration such as 30m")
	numbers := random(t, 0)
	o := options()
	o.TemporalFlags = []string{"--continue-as-new-after=300"}
	s := system.Start(t, o)
	var everybody []*system.Customer
	for until := time.Now().Add(lasts); time.Now().Before(until); {
		customers := withAgent(t, s, 3)
		everybody = append(everybody, customers...)
		struckWhileTalking(t, s, numbers, customers, 4)
		for _, c := range customers {
			c.UntilHeard(t)
			chat, _ := c.Chat()
			require.NoError(t, s.LiveChat.AgentCloses(chat.ID, livechat.Mira))
		}
	}
	figures.note(t, "soak of %s: %d conversations, %d repeated", lasts, len(everybody), repeats(everybody...))
	s.Judge(t, oracle.Never, everybody...)
}

// struckWhileTalking has the customers and Mira talk until n faults have struck, and gives their names.
func struckWhileTalking(t *testing.T, s *system.System, numbers *rand.Rand, customers []*system.Customer, n int) []string {
	t.Helper()
	over := make(chan struct{})
	var people sync.WaitGroup
	for i, c := range customers {
		own := rand.New(rand.NewPCG(numbers.Uint64(), uint64(i)))
		people.Go(func() { talk(t, c, own, over) })
	}
	var happened []string
	all := strikes()
	for range n {
		time.Sleep(time.Duration(200+numbers.IntN(1300)) * time.Millisecond)
		next := all[numbers.IntN(len(all))]
		t.Logf("%s %s", time.Now().Format("15:04:05.000"), next.name)
		next.do(s, numbers)
		happened = append(happened, next.name)
	}
	close(over)
	people.Wait()
	s.Landbot.Faults.Clear(fake.AnyOp)
	s.LiveChat.Faults.Clear(fake.AnyOp)
	return happened
}

// mostWords bounds what one pair says to each other: the vendors take no more than some calls a second.
const mostWords = 25

// talk has a customer and Mira say something now and then.
func talk(t *testing.T, c *system.Customer, numbers *rand.Rand, over <-chan struct{}) {
	for i := range mostWords {
		select {
		case <-over:
			return
		case <-time.After(time.Duration(numbers.IntN(500)) * time.Millisecond):
		}
		if numbers.IntN(2) == 0 {
			c.Says(t, fmt.Sprintf("word %d", i))
			continue
		}
		c.Answers(t, livechat.Mira, fmt.Sprintf("word %d", i))
	}
}
