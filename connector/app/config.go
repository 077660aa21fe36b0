package app

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// The time limits of customer tokens.
const (
	defaultLifetime  = 15 * time.Minute
	shortestLifetime = time.Minute
	longestLifetime  = 24 * time.Hour
)

// Config is what a connection to a team's own app is set up with.
type Config struct {
	APIToken       connector.Secrets     `yaml:"api_token" required:"true" doc:"token that your backend sends as Authorization: Bearer, one or a list"`
	WebhookURL     string                `yaml:"webhook_url" doc:"address of your backend that gets the webhooks (default none: the app reads the stream)"`
	WebhookSecret  connector.Secrets     `yaml:"webhook_secret" doc:"secret that webhooks are signed with, as it is or as whsec_ and base64; of a list, all sign"`
	Deduplicates   bool                  `yaml:"deduplicates" doc:"your backend takes a webhook-id only once, so that a repeat does no harm (default false)"`
	HostsBot       bool                  `yaml:"hosts_bot" doc:"your own bot answers first, inside your app (default false)"`
	AccessLifetime conversation.Duration `yaml:"access_lifetime" doc:"how long a customer token is valid, 1m to 24h (default 15m)"`
	AllowOrigins   []string              `yaml:"allow_origins" doc:"origins of web pages that may call from a browser, such as https://shop.example"`
}

// SetDefaults fills in what most users leave out.
func (c *Config) SetDefaults() { c.AccessLifetime = conversation.Duration(defaultLifetime) }

// Validate reports the first mistake, naming the key and what to write.
func (c *Config) Validate() error {
	lifetime := time.Duration(c.AccessLifetime)
	switch {
	case len(c.APIToken) == 0 || slices.Contains(c.APIToken, ""):
		return errors.New("api_token: write a long random text that your backend knows too")
	case lifetime < shortestLifetime || lifetime > longestLifetime:
		return errors.New("access_lifetime: write a duration from 1m to 24h")
	case c.WebhookURL != "" && !plainURL(c.WebhookURL):
		return errors.New("webhook_url: write an address such as https://app.example.com/handoff, without name and password")
	case c.WebhookURL != "" && (len(c.WebhookSecret) == 0 || slices.Contains(c.WebhookSecret, "")):
		return errors.New("webhook_secret: write a long random text that your backend knows too")
	case c.WebhookURL == "" && len(c.WebhookSecret) > 0:
		return errors.New("webhook_url: write the address that gets the webhooks, or leave out webhook_secret")
	}
	for _, origin := range c.AllowOrigins {
		if u, err := url.Parse(origin); err != nil || u.Scheme+"://"+u.Host != origin || u.Host == "" {
			return errors.New("allow_origins: write origins such as https://shop.example, without a path")
		}
	}
	return nil
}

func plainURL(address string) bool {
	u, ok := connector.ParseAddress(address)
	return ok && u.User == nil && !strings.Contains(address, "#")
}
