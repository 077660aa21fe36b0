package landbot_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/landbot"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
	fakelandbot "github.com/handoff-engine/handoff/testsuite/fake/landbot"
)

func onAssign(c *landbot.Config) { c.HandoffOnAssign = true }

func TestAnAssignmentThatIsNotOursAsksForAHuman(t *testing.T) {
	for _, unknown := range []fakelandbot.Unknown{{}, {ActionInRaw: true}} {
		a := newAccount(t, fakelandbot.Options{Unknown: unknown}, onAssign)
		a.subscribe()
		id, to := a.customer()
		key := conversation.Key("landbot-shop:" + to + "/e1-7")
		vendor := map[string]string{"bot_id": "2200456"}

		// A Human Takeover block gives the customer to our agent.
		require.NoError(t, a.HumanTakes(id, fakelandbot.DefaultAgentID))
		asked := a.told(conversation.HandoffRequested)
		require.Len(t, asked, 1)
		require.Equal(t, to, asked[0].Ref)
		require.False(t, asked[0].Weak)
		require.Equal(t, "Ana", asked[0].Customer.Name)

		// We take the customer: once more after the vendor dropped us, too.
		require.NoError(t, a.conn.PauseBot(t.Context(), connector.PauseRequest{Key: key, To: to}))
		require.Equal(t, "landbot-shop:"+to+"/e1", a.snapshot(id).Fields["handoff_id"])
		require.NoError(t, a.AutoUnassign(id))
		require.NoError(t, a.deliver(to, key, "still here?"))
		require.Len(t, a.told(conversation.HandoffRequested), 1, "our own assignments ask for nobody")

		// The bot has the customer back, and its flow asks again.
		require.NoError(t, a.conn.ResumeBot(t.Context(), connector.ResumeRequest{Key: key, To: to, Launch: true, Vendor: vendor}))
		require.NotContains(t, a.snapshot(id).Fields, "handoff_id")
		require.NoError(t, a.HumanTakes(id, fakelandbot.DefaultAgentID))
		require.Len(t, a.told(conversation.HandoffRequested), 2)

		// An agent of the vendor's own inbox asks for nobody else.
		require.NoError(t, a.HumanTakes(id, fakelandbot.DefaultHumanID))
		require.Len(t, a.told(conversation.HandoffRequested), 2)
	}
}

func TestAssignmentsAskForNobodyUnlessThatIsConfigured(t *testing.T) {
	a := newAccount(t, fakelandbot.Options{})
	a.subscribe()
	id, to := a.customer()
	require.NoError(t, a.HumanTakes(id, fakelandbot.DefaultAgentID))
	require.NoError(t, a.pause(to))
	require.Empty(t, a.told(conversation.HandoffRequested))
	require.Empty(t, a.snapshot(id).Fields, "nothing is written")
}

func TestARefusedMarkKeepsNobodyFromTheCustomer(t *testing.T) {
	a := newAccount(t, fakelandbot.Options{}, onAssign)
	id, to := a.customer()
	a.Faults.Set("field_update", fake.RefuseStatus(http.StatusUnprocessableEntity, ""))
	a.Faults.Set("field_delete", fake.RefuseStatus(http.StatusForbidden, ""))
	require.NoError(t, a.pause(to))
	require.EqualValues(t, fakelandbot.DefaultAgentID, a.snapshot(id).Agent)
	resume := connector.ResumeRequest{To: to, Launch: true, Vendor: map[string]string{"bot_id": "2200456"}}
	require.NoError(t, a.conn.ResumeBot(t.Context(), resume))
	require.EqualValues(t, fakelandbot.DefaultBotID, a.snapshot(id).Bot)

	a.Faults.Clear(fake.AnyOp)
	a.Faults.Set("field_update", fake.RefuseStatus(http.StatusServiceUnavailable, "").For(1))
	require.Equal(t, connector.Unavailable, connector.KindOf(a.pause(to)), "tried again: without the mark it would ask for a human")
	require.Zero(t, a.snapshot(id).Agent)
}

func TestHowThingsStandIsWrittenToTheCustomersFields(t *testing.T) {
	a := newAccount(t, fakelandbot.Options{})
	a.subscribe()
	id, to := a.customer()
	conn, err := landbot.New(config(a.url, func(c *landbot.Config) { c.WriteFields = true }), connector.Deps{Connection: "landbot-shop", Unpaced: true})
	require.NoError(t, err)
	require.Contains(t, connector.CapabilitiesOf(conn), connector.CanNotify)
	require.NotContains(t, connector.CapabilitiesOf(a.conn), connector.CanNotify, "nobody is told for nothing")

	notify := func(change conversation.Change) {
		require.NoError(t, conn.(connector.StateNotifier).NotifyState(t.Context(), connector.StateRequest{Key: "k/e1-1", To: to, Change: change}))
	}
	notify(conversation.Change{From: conversation.InBot, To: conversation.Waiting, Reason: conversation.ByBot})
	require.Equal(t, map[string]any{"handoff_state": "waiting", "handoff_reason": "bot_asked"}, a.snapshot(id).Fields)
	notify(conversation.Change{To: conversation.Assigned, Reason: conversation.AgentTook, Agent: conversation.Author{ID: "m", Name: "Mira"}})
	notify(conversation.Change{From: conversation.Assigned, To: conversation.InBot, Reason: conversation.ByAgent})
	require.Equal(t, map[string]any{"handoff_state": "bot", "handoff_reason": string(conversation.ByAgent), "handoff_agent": "Mira"}, a.snapshot(id).Fields)

	require.NoError(t, a.CustomerSays(id, "hello"))
	require.Empty(t, a.told(conversation.CustomerSaid)[0].Customer.Fields["handoff_state"], "what we wrote is not what the customer told")

	a.Faults.Set("field_update", fake.AcceptThenStatus(http.StatusInternalServerError).For(1))
	err = conn.(connector.StateNotifier).NotifyState(t.Context(), connector.StateRequest{To: to, Change: conversation.Change{To: conversation.Ended}})
	require.Equal(t, connector.UncertainOutcome, connector.KindOf(err))
	err = conn.(connector.StateNotifier).NotifyState(t.Context(), connector.StateRequest{To: "../7"})
	require.Equal(t, connector.Invalid, connector.KindOf(err))
}

func TestTheFlowIsToldWhatWasSaidWithoutTheBot(t *testing.T) {
	a := newAccount(t, fakelandbot.Options{})
	id, to := a.customer()
	conn, err := landbot.New(config(a.url, func(c *landbot.Config) { c.WriteFields = true }), connector.Deps{Connection: "landbot-shop", Unpaced: true})
	require.NoError(t, err)
	req := connector.ResumeRequest{
		Key: "k/e1-9", To: to, Launch: true, Vendor: map[string]string{"bot_id": "2200456"},
		Context: []conversation.Line{
			{N: 4, Role: conversation.RoleCustomer, Text: "My invoice is wrong"},
			{N: 5, Role: conversation.RoleAgent, Name: "Mira", Text: "I have corrected it"},
		},
	}
	require.NoError(t, a.pause(to))
	require.NoError(t, a.conn.ResumeBot(t.Context(), req))
	require.NotContains(t, a.snapshot(id).Fields, "handoff_transcript", "only where it is wanted")
	require.NoError(t, a.pause(to))
	resumer := conn.(connector.BotResumer)
	require.NoError(t, resumer.ResumeBot(t.Context(), req))
	require.Equal(t, "Customer: My invoice is wrong\nMira (agent): I have corrected it", a.snapshot(id).Fields["handoff_transcript"])
	require.EqualValues(t, fakelandbot.DefaultBotID, a.snapshot(id).Bot)

	require.NoError(t, a.pause(to))
	req.Context[1].Text = strings.Repeat("é", 5000)
	require.NoError(t, resumer.ResumeBot(t.Context(), req))
	require.Equal(t, strings.Repeat("é", 4000), a.snapshot(id).Fields["handoff_transcript"])

	require.NoError(t, a.pause(to))
	a.Faults.Set("field_update", fake.RefuseStatus(http.StatusUnprocessableEntity, ""))
	require.NoError(t, resumer.ResumeBot(t.Context(), req), "the customer comes first")
	require.EqualValues(t, fakelandbot.DefaultBotID, a.snapshot(id).Bot)
}
