package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake/livechat"
	"github.com/handoff-engine/handoff/testsuite/oracle"
	"github.com/handoff-engine/handoff/testsuite/system"
)

// LiveChat tells of an agent who goes offline, and of no chat. Whose chats they are is found by looking, and the customer
// gets another agent; one who only takes no new chats keeps the customer.
func TestAnAgentWhoGoesOfflineLosesTheCustomerToTheNextOne(t *testing.T) {
	needsProcesses(t)
	t.Parallel()
	s := system.Start(t, system.Options{Policy: strings.Replace(patience(10*time.Minute), "{", "{agent_away: 1s, ", 1)})
	ana := s.NewCustomer(t)
	ana.Asks(t)
	ana.UntilTicket(t, 1)
	ana.Takes(t, livechat.Mira)
	ana.UntilAgent(t, livechat.Mira)
	ana.Answers(t, livechat.Mira, "hello, I am Mira")
	ana.UntilHeard(t)

	// A worker looks when it starts.
	require.NoError(t, s.LiveChat.AgentPauses(livechat.Mira))
	s.KillAndRestart(system.Worker)
	ana.Says(t, "are you there")
	ana.Answers(t, livechat.Mira, "I am, and take nobody else")
	ana.UntilHeard(t)
	require.Equal(t, livechat.Mira, ana.View(t).Agent.ID)

	require.NoError(t, s.LiveChat.AgentComesBack(livechat.Leo))
	require.NoError(t, s.LiveChat.AgentGoesOffline(livechat.Mira))
	s.KillAndRestart(system.Worker)
	view := ana.UntilAgent(t, livechat.Leo)
	require.True(t, slices.ContainsFunc(view.History, func(c conversation.Transition) bool {
		return c.To == conversation.Reassigning && c.Reason == conversation.AgentAway
	}))
	ana.Answers(t, livechat.Leo, "Leo here")
	ana.Says(t, "hello Leo")
	ana.UntilHeard(t)
	judge(t, s, oracle.Never, ana)
}
