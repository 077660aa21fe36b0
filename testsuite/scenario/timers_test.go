package scenario_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/testsuite/scenario"
)

// hurried is a policy in which every timer has another length.
const hurried = `policy accept_within: 2m
policy first_reply_within: 3m
policy agent_idle: 5m
policy customer_idle: 30m
policy max_wait: 15m
policy on_exhausted: bot
`

// asked brings the customer to the queue, taken to an agent, and spoken to the agent's first words.
const (
	asked  = "customer says \"Hi\"\nbot asks for a human\n"
	taken  = asked + "agent Mira takes it\n"
	spoken = taken + "agent Mira says \"Hello\"\n"
)

func told(t *testing.T, name, text string) {
	t.Helper()
	story, err := scenario.Parse(name, text, scenario.Options{})
	require.NoError(t, err)
	report, err := story.Tell()
	require.NoError(t, err, report)
}

// Each timer has three ends: what it waits for comes in time, it fires, or the conversation has moved on. Whichever comes
// first, nothing is left of it.
func TestFiveTimersEndInThreeWays(t *testing.T) {
	for _, timer := range []struct {
		name, length, begins, kept, stands, fires, movedOn, ends string
	}{
		{
			"accept", "2m", asked, "agent Mira takes it", "agent-assigned",
			"timed-out-reassign because not_accepted_in_time", "customer leaves", "ended because customer_left",
		},
		{
			"first_reply", "3m", taken, "agent Mira says \"Hello\"", "agent-assigned",
			"timed-out-reassign because no_first_reply_in_time", "agent Mira hands back", "bot because agent",
		},
		{
			"agent_idle", "5m", spoken + "customer says \"And?\"\n", "agent Mira says \"Yes\"", "agent-assigned",
			"timed-out-reassign because agent_silent", "agent Mira closes it", "ended because closed_by_desk",
		},
		{
			"customer_idle", "30m", spoken, "customer says \"Thanks\"\nagent Mira hands back", "bot",
			"ended because customer_idle", "agent Mira hands back", "bot because agent",
		},
		{
			"max_wait", "15m", asked, "agent Mira takes it\nagent Mira says \"Hello\"", "agent-assigned",
			"bot because waited_too_long", "customer leaves", "ended because customer_left",
		},
	} {
		set := fmt.Sprintf("%s\n%sdeadline %s is in %s\n", hurried, timer.begins, timer.name, timer.length)
		gone := fmt.Sprintf("there is no deadline %s\n%s pass\n", timer.name, timer.length)
		t.Run(timer.name+" is kept", func(t *testing.T) {
			told(t, timer.name, set+"1m pass\n"+timer.kept+"\n"+gone+"state is "+timer.stands+"\n")
		})
		t.Run(timer.name+" fires", func(t *testing.T) {
			told(t, timer.name, set+timer.length+" pass\nstate is "+timer.fires+"\nthere is no deadline "+timer.name+"\n")
		})
		t.Run(timer.name+" has nothing to wait for", func(t *testing.T) {
			told(t, timer.name, set+"1m pass\n"+timer.movedOn+"\n"+gone+"state is "+timer.ends+"\n")
		})
	}
}

// However often a customer was handed over, the next handoff is the first: every timer is set anew, fires, and fires once.
func TestInTwentyHandoffsEveryTimerFires(t *testing.T) {
	const handoffs = 20
	var story strings.Builder
	story.WriteString(hurried)
	for n := range handoffs {
		_, _ = fmt.Fprintf(&story, `
customer says "Question %[1]d"
bot asks for a human
deadline accept is in 2m
deadline max_wait is in 15m
2m pass
state is timed-out-reassign because not_accepted_in_time
agent Mira takes it
deadline first_reply is in 3m
3m pass
state is timed-out-reassign because no_first_reply_in_time
agent Leo takes it
agent Leo says "Answer %[1]d"
customer sees "Answer %[1]d"
customer says "More %[1]d"
deadline agent_idle is in 5m
5m pass
state is timed-out-reassign because agent_silent
deadline max_wait is in 10m
10m pass
state is bot because waited_too_long
customer says "Again %[1]d"
bot asks for a human
agent Mira takes it
agent Mira says "Sorry %[1]d"
customer sees "Sorry %[1]d"
deadline customer_idle is in 30m
30m pass
state is ended because customer_idle
`, n)
	}
	fmt.Fprintf(&story, "\ndesk has %d tickets\n", 2*handoffs)
	told(t, "twenty handoffs", story.String())
}
