package landbot_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/landbot"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
	fakelandbot "github.com/handoff-engine/handoff/testsuite/fake/landbot"
)

func TestAWhatsAppCustomerWhoWantsNoMoreEndsTheConversationAndIsOptedOut(t *testing.T) {
	a := newAccount(t, fakelandbot.Options{Channels: []fakelandbot.Channel{{ID: 812, Name: "WhatsApp", Type: "whatsapp"}}},
		func(c *landbot.Config) { c.OptOutWords = []string{"stop", "baja"} })
	a.subscribe()
	id, to := a.customer()
	require.NoError(t, a.pause(to))
	require.NoError(t, a.CustomerSays(id, "please stop asking"))
	require.Empty(t, a.told(conversation.CustomerLeft), "only as a whole message")
	require.NoError(t, a.CustomerSays(id, " Stop "))
	said, left := a.told(conversation.CustomerSaid), a.told(conversation.CustomerLeft)
	require.Equal(t, " Stop ", said[1].Text, "the agent reads it")
	require.Len(t, left, 1)
	require.Equal(t, said[1].ID+":opt_out", left[0].ID)
	require.Equal(t, to, left[0].Ref)

	resume := connector.ResumeRequest{To: to, Vendor: map[string]string{"bot_id": "2200456", "opt_out": left[0].Vendor["opt_out"]}}
	a.Faults.Set("opt_out", fake.RefuseStatus(503, "").For(1))
	require.Equal(t, connector.Unavailable, connector.KindOf(a.conn.ResumeBot(t.Context(), resume)), "tried again")
	for range 2 {
		require.NoError(t, a.conn.ResumeBot(t.Context(), resume))
	}
	require.True(t, a.snapshot(id).OptedOut)
	require.EqualValues(t, fakelandbot.DefaultBotID, a.snapshot(id).Bot)

	// Who writes again is in a new conversation, whose end opts nobody out.
	require.NoError(t, a.CustomerSays(id, "hello again"))
	again := a.told(conversation.CustomerSaid)[2]
	require.Equal(t, map[string]string{"opt_out": ""}, again.Vendor)
}

func TestNobodyIsOptedOutOutsideWhatsAppOrUnasked(t *testing.T) {
	web := newAccount(t, fakelandbot.Options{}, func(c *landbot.Config) { c.OptOutWords = []string{"stop"} })
	web.subscribe()
	id, to := web.customer()
	require.NoError(t, web.CustomerSays(id, "stop"))
	require.Empty(t, web.told(conversation.CustomerLeft))
	require.NoError(t, web.pause(to))
	vendor := map[string]string{"bot_id": "2200456"}
	require.NoError(t, web.conn.ResumeBot(t.Context(), connector.ResumeRequest{To: to, Vendor: vendor}))
	require.Zero(t, web.Faults.Calls("opt_out"))
	vendor["opt_out"] = "yes"
	require.NoError(t, web.conn.ResumeBot(t.Context(), connector.ResumeRequest{To: to, Vendor: vendor}), "a refusal keeps nobody from the bot")
	require.EqualValues(t, fakelandbot.DefaultBotID, web.snapshot(id).Bot)
}
