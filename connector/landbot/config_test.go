package landbot_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/landbot"
)

func TestMistakesInTheConfigurationAreNamed(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*landbot.Config)
		want   string
	}{
		{"all is well", func(*landbot.Config) {}, ""},
		{"no address", func(c *landbot.Config) { c.BaseURL = "api.landbot.io" }, "base_url: write an address"},
		{"slash", func(c *landbot.Config) { c.BaseURL += "/" }, "base_url: leave out the slash"},
		{"no token", func(c *landbot.Config) { c.APIToken = nil }, "api_token: write the token"},
		{"empty hook token", func(c *landbot.Config) { c.HookToken = connector.Secrets{"x", ""} }, "hook_token: write a long random text"},
		{"no hook token", func(c *landbot.Config) { c.HookToken = nil }, "hook_token: write a long random text"},
		{"channel", func(c *landbot.Config) { c.ChannelIDs = []int64{0} }, "channel_ids: write the numbers"},
		{"agent", func(c *landbot.Config) { c.AgentID = -1 }, "agent_id: write the number"},
		{"handoff on whose assignment", func(c *landbot.Config) { c.HandoffOnAssign, c.AgentID = true, 0 }, "handoff_on_assign: write agent_id too"},
		{"an empty word", func(c *landbot.Config) { c.OptOutWords = []string{"stop", " "} }, "opt_out_words: write words"},
		{"bot", func(c *landbot.Config) { c.BotID = -1 }, "bot_id: write the number"},
		{"block", func(c *landbot.Config) { c.ResumeNode = "a block" }, "resume_node: write the block's id"},
		{"zone", func(c *landbot.Config) { c.TranscriptTimezone = "Mars/Base" }, "transcript_timezone: write a name"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := config("https://api.landbot.io/v1")
			tc.change(&c)
			err := c.Validate()
			if tc.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tc.want)
		})
	}
}

func TestTheFactoryTakesDefaultsFromTheVendor(t *testing.T) {
	conn, err := landbot.Factory().Open(func(target any) error {
		c, ok := target.(*landbot.Config)
		require.True(t, ok)
		require.Equal(t, "https://api.landbot.io/v1", c.BaseURL)
		c.APIToken, c.HookToken = connector.Secrets{"a"}, connector.Secrets{"b"}
		return nil
	}, connector.Deps{Connection: "landbot-shop"})
	require.NoError(t, err)
	require.Equal(t, "landbot", conn.Name())
}
