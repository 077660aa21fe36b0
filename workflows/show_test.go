package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/workflows"
)

// shown gives what an upsert says, "" for what it does not mention.
func shown(a temporal.SearchAttributes) string {
	text := func(key temporal.SearchAttributeKeyKeyword) string {
		v, _ := a.GetKeyword(key)
		return v
	}
	return fmt.Sprintf("state=%s reason=%s ticket=%s agent=%s", text(workflows.AttributeState), text(workflows.AttributeReason),
		text(workflows.AttributeTicket), text(workflows.AttributeAgent))
}

func TestSearchAttributesAreWrittenOnceForEachChange(t *testing.T) {
	r := newRig(t)
	r.at(0, func() {
		r.tell(event("1", conversation.CustomerSaid, "hello"), event("2", conversation.CustomerSaid, "again"))
	})
	r.withAgentAt(time.Minute)
	r.at(2*time.Minute, func() { r.tell(event("3", conversation.AgentSaid, "hello")) })
	r.at(3*time.Minute, func() { r.tell(event("4", conversation.CustomerSaid, "thanks")) })
	r.at(4*time.Minute, func() { r.tell(event("5", conversation.TicketClosed, "")) })
	r.start(route())
	var all []string
	for _, a := range r.upserts {
		all = append(all, shown(a))
	}
	require.Equal(t, []string{
		"state=waiting reason=bot_asked ticket= agent=",
		"state= reason= ticket=office/T1 agent=",
		"state=agent-assigned reason=agent_took_it ticket= agent=mira",
		"state=ended reason=closed_by_desk ticket= agent=",
	}, all, "nothing is written for what is only said")
	for i, a := range r.upserts {
		_, since := a.GetTime(workflows.AttributeSince)
		require.Equal(t, i != 1, since, "the instant of the state is written with the state")
	}
}

// withAgentAt is withAgent, later.
func (r *rig) withAgentAt(d time.Duration) {
	r.at(d, func() { r.tell(event("h", conversation.HandoffRequested, "")) })
	r.at(d+time.Second, func() { r.tell(event("a", conversation.AgentAssigned, "")) })
}

func TestAgentsWithMailAddressesAreHashedInSearchAttributes(t *testing.T) {
	r := newRig(t)
	r.at(0, func() { r.tell(event("h", conversation.HandoffRequested, "")) })
	r.at(time.Second, func() {
		ev := event("a", conversation.AgentAssigned, "")
		ev.Agent, ev.Author.ID = "mira@example.com", "mira@example.com"
		r.tell(ev)
	})
	r.start(route())
	var agents []string
	for _, a := range r.upserts {
		if agent, ok := a.GetKeyword(workflows.AttributeAgent); ok {
			agents = append(agents, agent)
		}
	}
	require.Equal(t, []string{workflows.AgentAttribute("mira@example.com")}, agents)
	require.Regexp(t, `^agent-[0-9a-f]{8}$`, agents[0])
	require.Equal(t, "4711", workflows.AgentAttribute("4711"))
}

func TestDetailsHoldNothingThatABrowserWouldRead(t *testing.T) {
	c := conversation.New("chat:1", route())
	c.Begin(monday, "abc")
	for i, text := range []string{
		"<img src=x onerror=alert(1)>", "**bold** _under_ `code` [link](javascript:alert(1))", "# title\n- item\r\n| a | b |",
	} {
		c.Apply(monday, conversation.Event{ID: fmt.Sprint(i), Source: "chat", Kind: conversation.CustomerSaid, Text: text})
	}
	c.Apply(monday, conversation.Event{ID: "h", Source: "chat", Kind: conversation.HandoffRequested})
	c.Apply(monday, conversation.Event{ID: "a", Source: "chat", Kind: conversation.AgentAssigned, Agent: "x", Author: conversation.Author{ID: "x", Name: "<b>Mira</b>"}})
	details := workflows.Details(&c)
	for _, bad := range []string{"<img", "<b>", " [link](", " **bold**", " # title", "\n- item", " | a |", " `code`"} {
		require.NotContains(t, details, bad)
	}
	require.Contains(t, details, "&lt;img src=x onerror=alert(1)&gt;")
	require.Contains(t, details, "### agent-assigned\n")
	require.Contains(t, details, "**Owner** agent &lt;b&gt;Mira&lt;/b&gt;, since 2026-01-05 09:00:00 UTC (agent_took_it)")
}

// What an activity's error means, for a send that is safe to repeat and for one that is not.
func TestWhatAnActivitysErrorMeans(t *testing.T) {
	refused := temporal.NewNonRetryableApplicationError("story Say: forbidden", "forbidden", nil)
	for _, row := range []struct {
		name       string
		err        error
		once, hold bool
		kind       conversation.Kind
		reason     conversation.Reason
		wait       time.Duration
	}{
		{"refused", refused, false, false, conversation.EffectFailed, "forbidden", 0},
		{"refused where a repeat shows", refused, true, true, conversation.EffectFailed, "forbidden", 0},
		{"unavailable for a day", vendorError("unavailable", 0), false, false, conversation.EffectFailed, "unavailable", 0},
		{"unavailable where a repeat shows", vendorError("unavailable", 9*time.Second), true, false, "", "", 9 * time.Second},
		{"unknown, to be repeated", vendorError("uncertain", 0), true, false, conversation.EffectDoubted, conversation.OutcomeUnknown, 0},
		{"unknown, to be held", vendorError("uncertain", 0), true, true, conversation.EffectUncertain, conversation.OutcomeUnknown, 0},
		{"timed out while running, to be held", temporal.NewHeartbeatTimeoutError(), true, true, conversation.EffectUncertain, conversation.OutcomeUnknown, 0},
		{"timed out for good", temporal.NewHeartbeatTimeoutError(), false, false, conversation.EffectFailed, conversation.TimedOut, 0},
		{"taken back", temporal.NewCanceledError(), true, false, conversation.EffectWithdrawn, "", 0},
		{"a programmer's mistake", errLost, false, false, conversation.EffectFailed, conversation.TimedOut, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			task := conversation.Task{Hold: row.hold, Effects: []conversation.Effect{{Key: "k1", Kind: conversation.Say}}}
			events, wait := workflows.Failure(task, row.err, row.once, monday)
			require.Equal(t, row.wait, wait)
			if row.kind == "" {
				require.Empty(t, events, "it stays pending")
				return
			}
			require.Len(t, events, 1)
			require.Equal(t, conversation.Key("k1"), events[0].Key)
			require.Equal(t, row.kind, events[0].Kind)
			require.Equal(t, row.reason, events[0].Reason)
		})
	}
}
