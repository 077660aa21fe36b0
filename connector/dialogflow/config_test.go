package dialogflow_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/dialogflow"
	"github.com/handoff-engine/handoff/conversation"
	fakedialogflow "github.com/handoff-engine/handoff/testsuite/fake/dialogflow"
)

func TestAMistakeIsNamedByItsKey(t *testing.T) {
	key := fakedialogflow.New(fakedialogflow.Options{}).Credentials("https://token.example")
	for want, change := range map[string]func(c *dialogflow.Config){
		"":             func(*dialogflow.Config) {},
		"edition":      func(c *dialogflow.Config) { c.Edition = "xx" },
		"project":      func(c *dialogflow.Config) { c.Project = "a/b" },
		"agent":        func(c *dialogflow.Config) { c.Agent = "" },
		"agent: leave": func(c *dialogflow.Config) { c.Edition = "es" },
		"location":     func(c *dialogflow.Config) { c.Location = "eu/../west" },
		"environment":  func(c *dialogflow.Config) { c.Environment = "-" },
		"base_url":     func(c *dialogflow.Config) { c.BaseURL = "dialogflow.googleapis.com" },
		"base_url: leave out the slash": func(c *dialogflow.Config) {
			c.BaseURL += "/"
		},
		"token_url":   func(c *dialogflow.Config) { c.TokenURL = "ftp://token.example" },
		"credentials": func(c *dialogflow.Config) { c.Credentials = connector.Secrets{"{}"} },
		"credentials: the priva": func(c *dialogflow.Config) {
			c.Credentials[0] = connector.Secret(strings.Replace(key, "BEGIN", "BEGUN", 1))
		},
		"auth":                func(c *dialogflow.Config) { c.Auth = "token" },
		"auth: write service": func(c *dialogflow.Config) { c.Auth = "default" },
		"auth: none":          func(c *dialogflow.Config) { c.Auth, c.Credentials, c.BaseURL = "none", nil, "" },
		"webhook_secret":      func(c *dialogflow.Config) { c.WebhookSecret = connector.Secrets{""} },
		"webhook_header":      func(c *dialogflow.Config) { c.WebhookHeader = "X Secret" },
		"language":            func(c *dialogflow.Config) { c.Language = "" },
		"timeout":             func(c *dialogflow.Config) { c.Timeout = conversation.Duration(time.Minute) },
		"calls_per_second":    func(c *dialogflow.Config) { c.CallsPerSecond = 0 },
		"session_ttl":         func(c *dialogflow.Config) { c.SessionTTL = conversation.Duration(25 * time.Hour) },
		"session_ttl: leave": func(c *dialogflow.Config) {
			c.Edition, c.Agent, c.SessionTTL = "es", "", conversation.Duration(time.Hour)
		},
		"resume":               func(c *dialogflow.Config) { c.Resume = "later" },
		"on_end":               func(c *dialogflow.Config) { c.OnEnd = "never" },
		"handoff_after_misses": func(c *dialogflow.Config) { c.HandoffAfterMisses = -1 },
		"file_text":            func(c *dialogflow.Config) { c.FileText = " " },
	} {
		c := config(true, "https://bot.example", key)
		change(&c)
		err := c.Validate()
		if want == "" {
			require.NoError(t, err)
			continue
		}
		require.Error(t, err, want)
		require.True(t, strings.HasPrefix(err.Error(), want), "%s: %s", want, err)
		require.NotContains(t, err.Error(), "PRIVATE KEY")
	}
}
