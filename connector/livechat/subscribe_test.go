package livechat_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/livechat"
	vendor "github.com/handoff-engine/handoff/testsuite/fake/livechat"
)

const hookURL = "https://handoff.example/webhooks/under-test"

func TestSubscribeReplacesWhatChanged(t *testing.T) {
	d := newDesk(t)
	require.NoError(t, openConnection(t, d.Web.URL).Subscribe(t.Context(), hookURL))
	require.ElementsMatch(t, []string{d.URL, hookURL}, d.Webhooks()["incoming_event"])

	moved := "https://new.example/webhooks/under-test"
	require.NoError(t, openConnection(t, d.Web.URL).Subscribe(t.Context(), moved))
	require.ElementsMatch(t, []string{d.URL, moved}, d.Webhooks()["incoming_event"], "the old address is left behind")

	fresh := openConnection(t, d.Web.URL, func(c *livechat.Config) { c.WebhookSecret = connector.Secrets{"another-secret", hookSecret} })
	require.NoError(t, fresh.Subscribe(t.Context(), moved))
	require.NoError(t, fresh.Subscribe(t.Context(), moved))
	require.ElementsMatch(t, []string{d.URL, moved}, d.Webhooks()["incoming_event"])
}

func TestSubscribeMakesRoomWhereThereIsNone(t *testing.T) {
	d := newDesk(t)
	require.NoError(t, openConnection(t, d.Web.URL).Subscribe(t.Context(), hookURL))
	d.Ask("/v3.6/configuration/action/register_webhook", map[string]any{
		"action": "incoming_chat", "type": "license", "owner_client_id": vendor.DefaultClientID, "url": "https://third.example", "secret_key": "third",
	})
	moved := "https://new.example/webhooks/under-test"
	require.NoError(t, openConnection(t, d.Web.URL).Subscribe(t.Context(), moved))
	require.ElementsMatch(t, []string{d.URL, "https://third.example", moved}, d.Webhooks()["incoming_chat"])
}

func TestSubscribeSwitchesWebhooksOn(t *testing.T) {
	d := newDesk(t)
	d.Ask("/v3.6/configuration/action/disable_license_webhooks", map[string]any{"owner_client_id": vendor.DefaultClientID})
	c := openConnection(t, d.Web.URL)
	require.Error(t, c.Check(t.Context()))
	require.NoError(t, c.Subscribe(t.Context(), hookURL))
	require.NoError(t, c.Check(t.Context()))
}
