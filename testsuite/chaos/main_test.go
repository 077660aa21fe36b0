// Package chaos ends processes, loses answers and repeats webhooks while people talk, and has an oracle judge what each
// side saw: nothing lost, nothing changed twice, nothing said twice where the vendor lets us look, and the rest marked.
//
// Without more, a short random round and some quick stories run. CHAOS=ci runs all stories, CHAOS=full the random rounds
// as often as -rounds says. SOAK=30m lets random faults strike for half an hour. Each seed is printed; -seed repeats it.
package chaos

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/handoff-engine/handoff/testsuite/fake"
	"github.com/handoff-engine/handoff/testsuite/fake/landbot"
	"github.com/handoff-engine/handoff/testsuite/fake/livechat"
	"github.com/handoff-engine/handoff/testsuite/oracle"
	"github.com/handoff-engine/handoff/testsuite/system"
)

var (
	rounds = flag.Int("rounds", 10, "how many random rounds CHAOS=full makes")
	seed   = flag.Uint64("seed", 0, "the seed of the random rounds; 0: a new one")
)

// TestMain prints what was measured after all tests.
func TestMain(m *testing.M) {
	flag.Parse()
	system.Parallel(3)
	code := m.Run()
	figures.print()
	os.Exit(code)
}

// mode is how much is run: "" for one short round, ci, or full.
func mode() string { return os.Getenv("CHAOS") }

// needs skips a test for which there is no time now, and lets the others run side by side.
func needs(t *testing.T, modes ...string) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts processes; run without -short")
	}
	if len(modes) > 0 && !slices.Contains(modes, mode()) {
		t.Skipf("takes longer; run with CHAOS=%s", strings.Join(modes, " or CHAOS="))
	}
	t.Parallel()
}

// patient is a policy under which nothing happens by itself, however long a process is dead. The customer's own word
// asks for a human, because the flow's Webhook block asks once and never again.
const patient = `{accept_within: 20m, first_reply_within: 20m, agent_idle: 20m, customer_idle: 2h, max_wait: 1h, handoff_words: [human]}`

// options are those of most tests here. The vendors' repeats take a third of their time, so that they outlast a start.
func options() system.Options {
	return system.Options{
		Policy:   patient,
		Landbot:  landbot.Options{TimeScale: 0.3, EchoMin: 50 * time.Millisecond, EchoMax: 300 * time.Millisecond},
		LiveChat: livechat.Options{HookScale: 0.3},
	}
}

// withAgent makes customers who talk to Mira.
func withAgent(t *testing.T, s *system.System, n int) []*system.Customer {
	t.Helper()
	customers := make([]*system.Customer, n)
	for i := range customers {
		customers[i] = s.NewCustomer(t)
		customers[i].Asks(t)
	}
	for _, c := range customers {
		c.UntilTicket(t, 1)
		c.Takes(t, livechat.Mira)
	}
	for _, c := range customers {
		c.UntilAgent(t, livechat.Mira)
		c.UntilHeard(t)
	}
	return customers
}

// repeats counts what was seen more than once, on both sides.
func repeats(customers ...*system.Customer) int {
	n := 0
	for _, c := range customers {
		said, answered := c.Book.Said()
		var posts, seen []string
		for _, l := range c.DeskSees() {
			if l.By == "customer" && !strings.HasPrefix(l.Text, "Conversation so far") {
				posts = append(posts, l.Text)
			}
		}
		for _, e := range c.Sees() {
			if e.Kind == "text" && strings.HasPrefix(e.Who, "agent:") {
				seen = append(seen, e.Text)
			}
		}
		n += oracle.Repeats(said, posts) + oracle.Repeats(answered, seen)
	}
	return n
}

// struck counts how often the faults of the operations have struck.
func struck(f *fake.Faults, ops ...string) int {
	n := 0
	for _, op := range ops {
		n += f.Struck(op)
	}
	return n
}

// figures are what was measured, for the report at the end.
var figures report

type report struct {
	mu    sync.Mutex
	lines []string
}

// note keeps a figure.
func (r *report) note(t *testing.T, format string, args ...any) {
	t.Helper()
	line := fmt.Sprintf(format, args...)
	t.Log(line)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, line)
}

func (r *report) print() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.lines) == 0 {
		return
	}
	fmt.Println("measured:")
	for _, line := range r.lines {
		fmt.Println("  " + line)
	}
}

// random gives the numbers of one round, and prints their seed.
func random(t *testing.T, round int) *rand.Rand {
	t.Helper()
	from := *seed
	if from == 0 {
		from = rand.Uint64()
	}
	t.Logf("round %d: repeat it with -seed=%d", round, from)
	return rand.New(rand.NewPCG(from, uint64(round)))
}
