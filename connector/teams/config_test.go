package teams_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/teams"
)

func TestConfigurationSaysWhatIsWrong(t *testing.T) {
	var c teams.Config
	c.SetDefaults()
	c.AppID, c.AppSecret, c.TenantID, c.ChannelID = "app", connector.Secrets{"secret"}, "tenant", "19:x@thread.tacv2"
	require.NoError(t, c.Validate())
	for want, change := range map[string]func(*teams.Config){
		"app_id":          func(c *teams.Config) { c.AppID = " " },
		"app_secret":      func(c *teams.Config) { c.AppSecret = nil },
		"tenant_id":       func(c *teams.Config) { c.TenantID = "" },
		"id of a direct":  func(c *teams.Config) { c.TenantID = "../common" },
		"channel_id":      func(c *teams.Config) { c.ChannelID = "General" },
		"groups: billing": func(c *teams.Config) { c.Groups = map[string]string{"billing": "19:x@thread.tacv2;messageid=1"} },
		"base_url: write": func(c *teams.Config) { c.BaseURL = "smba" },
		"service_hosts":   func(c *teams.Config) { c.BaseURL = "https://elsewhere.example" },
		"token_url":       func(c *teams.Config) { c.TokenURL = "ftp://x" },
		"openid_url":      func(c *teams.Config) { c.OpenIDURL = "" },
		"issuer":          func(c *teams.Config) { c.Issuer = "" },
	} {
		wrong := c
		change(&wrong)
		require.ErrorContains(t, wrong.Validate(), want)
	}
}
