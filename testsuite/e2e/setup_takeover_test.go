package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake/landbot"
	"github.com/handoff-engine/handoff/testsuite/fake/livechat"
	"github.com/handoff-engine/handoff/testsuite/oracle"
	"github.com/handoff-engine/handoff/testsuite/system"
)

// takeoverRoutes are those of a Landbot flow that has a Human Takeover block and reads the customer's fields.
func takeoverRoutes(s *system.System) string {
	return fmt.Sprintf(`connections:
  %s:
    vendor: landbot
    base_url: %s/v1
    api_token: %s
    hook_token: %s
    channel_ids: [%d]
    agent_id: %d
    bot_id: %d
    resume_node: resume00
    handoff_on_assign: true
    write_fields: true
%sroutes:
  shop: {channel: %s, desk: %s, policy: %s}
`, system.Channel, s.LandbotURL, landbot.DefaultToken, system.HookToken, landbot.DefaultChannelID, landbot.DefaultAgentID,
		landbot.DefaultBotID, s.LiveChatConnection(), system.Channel, system.Desk, atLiveChat)
}

// Landbot's own Human Takeover block is all that a flow needs to ask for a human: it assigns the customer, and so do we,
// but only its assignments ask. The worker dies while it takes the customer. The flow reads in the customer's fields how
// things stand.
func TestLandbotsOwnTakeoverBlockAsksForAHumanAndOurTakingDoesNot(t *testing.T) {
	needsProcesses(t)
	t.Parallel()
	s := system.Start(t, system.Options{Routes: takeoverRoutes})
	ana := s.NewCustomer(t)
	fields := func() map[string]any {
		now, err := s.Landbot.Customer(ana.ID)
		require.NoError(t, err)
		return now.Fields
	}
	ana.TellsBot(t, "where is my parcel "+system.Canary)
	untilKnown(t, s, ana, "where is my parcel")

	require.NoError(t, s.Landbot.HumanTakes(ana.ID, landbot.DefaultAgentID))
	ana.UntilTicket(t, 1)
	ana.Until(t, conversation.Waiting)
	require.Contains(t, opening(ana), "where is my parcel")
	system.Eventually(t, 20*time.Second, "the flow can see it", func() bool { return fields()["handoff_state"] == "waiting" })

	held := s.LandbotGate.Hold(fmt.Sprintf("/customers/%d/assign/", ana.ID), "", system.After)
	ana.Takes(t, livechat.Mira)
	<-held.Arrived()
	s.KillAndRestart(system.Worker)
	held.Release()
	ana.UntilAgent(t, livechat.Mira)
	ana.Answers(t, livechat.Mira, "hello, I am Mira")
	ana.Says(t, "hello Mira")
	ana.UntilHeard(t)
	require.Equal(t, "Mira", fields()["handoff_agent"])
	require.Contains(t, fields()["handoff_id"], ana.Conversation)

	// Mira closes: the bot goes on, and what it was told is there before it does.
	closes(t, s, ana)
	untilBotHas(t, s, ana)
	require.NotContains(t, fields(), "handoff_id")
	require.Equal(t, "bot", fields()["handoff_state"])
	s.Settled(t, ana)
	require.Equal(t, conversation.InBot, ana.View(t).State, "nothing of ours has asked for a human")

	// And the block asks once more.
	require.NoError(t, s.Landbot.HumanTakes(ana.ID, landbot.DefaultAgentID))
	ana.UntilTicket(t, 2)
	ana.Takes(t, livechat.Mira)
	ana.UntilAgent(t, livechat.Mira)
	ana.Answers(t, livechat.Mira, "welcome back")
	ana.UntilHeard(t)
	closes(t, s, ana)
	judge(t, s, oracle.Never, ana)
}
