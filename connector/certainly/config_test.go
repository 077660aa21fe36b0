package certainly_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/certainly"
)

func TestEveryMistakeNamesItsKey(t *testing.T) {
	for _, tc := range []struct {
		key    string
		change func(*certainly.Config)
	}{
		{"base_url", func(c *certainly.Config) { c.BaseURL = "app.certainly.io" }},
		{"base_url", func(c *certainly.Config) { c.BaseURL = "https://app.certainly.io/" }},
		{"deployment_id", func(c *certainly.Config) { c.DeploymentID = "" }},
		{"deployment_id", func(c *certainly.Config) { c.DeploymentID = "../admin" }},
		{"api_token", func(c *certainly.Config) { c.APIToken = connector.Secrets{""} }},
		{"webhook_secret", func(c *certainly.Config) { c.WebhookSecret = nil }},
		{"webhook_secret", func(c *certainly.Config) { c.WebhookSecret = connector.Secrets{"short"} }},
		{"webhook_secret", func(c *certainly.Config) { c.WebhookSecret = connector.Secrets{"with/a/slash/in/the/path"} }},
		{"public_token", func(c *certainly.Config) { c.PublicToken = connector.Secrets{""} }},
		{"claim_token", func(c *certainly.Config) { c.ClaimToken = connector.Secrets{""} }},
		{"claim_end", func(c *certainly.Config) { c.ClaimEnd = repeat(201) }},
		{"claim_end_on_end", func(c *certainly.Config) { c.ClaimEndOnEnd = "\xff" }},
	} {
		c := config("https://certainly.example", tc.change)
		require.ErrorContains(t, c.Validate(), tc.key+": ")
	}
	good := config("https://certainly.example")
	require.NoError(t, good.Validate())
}
