package certainly

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/handoff-engine/handoff/connector"
)

const defaultBaseURL = "https://app.certainly.io"

// Config is what a connection to one bot deployment of Certainly is set up with.
type Config struct {
	BaseURL       string            `yaml:"base_url" doc:"address of Certainly, without a slash at the end (default https://app.certainly.io)"`
	DeploymentID  string            `yaml:"deployment_id" required:"true" doc:"id of the bot deployment: the id in the widget's script"`
	APIToken      connector.Secrets `yaml:"api_token" doc:"the bot's API token; without one, calls carry none"`
	WebhookSecret connector.Secrets `yaml:"webhook_secret" required:"true" doc:"secret in the webhooks' addresses; you choose it: 16 to 128 letters, digits, - and _"`
	ClaimToken    connector.Secrets `yaml:"claim_token" doc:"bearer token that the claim webhook must show besides, if it is set in Certainly's Webhook Builder"`
	PublicToken   connector.Secrets `yaml:"public_token" doc:"public API auth token from a user's My Profile; with it a hand-back can lead to a module by its number"`
	ClaimEnd      string            `yaml:"claim_end" doc:"ClaimEnd value, or with public_token the number of a module, of a hand-back, where neither the request nor the bot names one"`
	ClaimEndOnEnd string            `yaml:"claim_end_on_end" doc:"the same when a conversation has ended, such as one that leads to a goodbye (default none)"`
}

// SetDefaults fills in what most users leave out.
func (c *Config) SetDefaults() { c.BaseURL = defaultBaseURL }

var (
	deploymentID  = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	webhookSecret = regexp.MustCompile(`^[A-Za-z0-9_-]{16,128}$`)
)

// Validate reports the first mistake, naming the key and what to write.
func (c *Config) Validate() error {
	switch {
	case !connector.IsAddress(c.BaseURL):
		return errors.New("base_url: write an address such as " + defaultBaseURL)
	case strings.HasSuffix(c.BaseURL, "/"):
		return errors.New("base_url: leave out the slash at the end")
	case !deploymentID.MatchString(c.DeploymentID):
		return errors.New("deployment_id: write the id from the widget's script, such as 7c2e91d4-0000-4000-8000-00000000aa01")
	case slices.Contains(c.APIToken, ""):
		return errors.New("api_token: write the token from Bot Settings, Channels, Certainly Widget, Chat API, or leave the key out")
	case len(c.WebhookSecret) == 0 || slices.ContainsFunc(c.WebhookSecret, func(s connector.Secret) bool {
		return !webhookSecret.MatchString(s.Reveal())
	}):
		return errors.New("webhook_secret: write a random text of 16 to 128 letters, digits, - and _")
	case slices.Contains(c.PublicToken, ""):
		return errors.New("public_token: write the token from My Profile, public API auth token, or leave the key out")
	case slices.Contains(c.ClaimToken, ""):
		return errors.New("claim_token: write the Bearer token of the claim webhook, or leave the key out")
	}
	for _, x := range []struct{ key, value string }{{"claim_end", c.ClaimEnd}, {"claim_end_on_end", c.ClaimEndOnEnd}} {
		if len(x.value) > maxClaimEnd || !utf8.ValidString(x.value) {
			return fmt.Errorf("%s: write a value of at most %d bytes", x.key, maxClaimEnd)
		}
	}
	return nil
}
