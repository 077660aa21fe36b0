package crisp

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// The kinds of tokens that calls can be made with, and their calls a day (guide rate-limits).
const (
	tierPlugin  = "plugin"
	tierWebsite = "website"

	pluginQuota  = 5_000
	websiteQuota = 10_000
)

// Config is what a connection to a workspace of Crisp is set up with.
type Config struct {
	WebsiteID  string           `yaml:"website_id" required:"true" doc:"id of the workspace (called website) whose operators answer"`
	Tier       string           `yaml:"tier" doc:"kind of the token: plugin or website (default plugin)"`
	Identifier string           `yaml:"identifier" required:"true" doc:"identifier of the token"`
	Key        connector.Secret `yaml:"key" required:"true" doc:"key of the token"`
	PluginID   string           `yaml:"plugin_id" doc:"id of the plugin; with it customers' files are kept at Crisp; optional"`

	HookSecret    connector.Secrets     `yaml:"hook_secret" doc:"signing secret of the plugin's web hooks; a list while it is being changed. This or hook_key"`
	HookKey       connector.Secrets     `yaml:"hook_key" doc:"key in the address of the workspace's web hooks, which are not signed, of your choice; a list while it is being changed. This or hook_secret"`
	HookTolerance conversation.Duration `yaml:"hook_tolerance" doc:"how old a signed web hook may be; 0s takes any (default 1h)"`

	Inboxes    []string          `yaml:"inboxes" doc:"ids of the sub-inboxes that are for handoffs alone: tickets go to the first, and what happens in others is left alone (default: the main inbox, and everything is looked at)"`
	AgentNames map[string]string `yaml:"agent_names" doc:"names that customers see, by the operator's user_id; optional"`
	ShareEmail bool              `yaml:"share_email" doc:"make the customer's e-mail address the contact's; if false it stands among the data, and Crisp mails nothing to it (default true)"`

	BackToBotNote    string `yaml:"back_to_bot_note" doc:"a private note that begins so gives the customer back to the bot (default !bot)"`
	BackToBotSegment string `yaml:"back_to_bot_segment" doc:"this segment gives the customer back to the bot (default return-to-bot)"`

	Typing     bool                  `yaml:"typing" doc:"show operators that the customer types; costs calls of the quota (default false)"`
	ReadMarks  bool                  `yaml:"read_marks" doc:"show operators what the customer has read; costs calls of the quota (default false)"`
	DailyQuota int                   `yaml:"daily_quota" doc:"the token's calls a day (default 5000 for a plugin, 10000 for a website)"`
	HealEvery  conversation.Duration `yaml:"heal_every" doc:"how often at most a ticket is read for what web hooks did not tell; 0s whenever asked (default 5m)"`

	Origin  string `yaml:"origin" doc:"origin that our messages carry, urn:<vendor>:<channel>:<number> or chat (default urn:handoff:<connection>:0)"`
	BaseURL string `yaml:"base_url" doc:"address of the API"`
	AppURL  string `yaml:"app_url" doc:"address of the app, for links to tickets"`
}

// SetDefaults gives the vendor's own addresses and what most workspaces want.
func (c *Config) SetDefaults() {
	c.Tier = tierPlugin
	c.HookTolerance = conversation.Duration(redelivery)
	c.ShareEmail = true
	c.BackToBotNote, c.BackToBotSegment = "!bot", "return-to-bot"
	c.HealEvery = conversation.Duration(5 * time.Minute)
	c.BaseURL = "https://api.crisp.chat/v1"
	c.AppURL = "https://app.crisp.chat"
}

// Validate reports the first mistake, naming the key and what to write.
func (c *Config) Validate() error {
	for _, field := range []struct{ key, value string }{
		{"website_id", c.WebsiteID}, {"identifier", c.Identifier}, {"key", c.Key.Reveal()},
	} {
		if strings.TrimSpace(field.value) == "" {
			return fmt.Errorf("%s: copy it from the token's page, or the workspace's settings, in Crisp", field.key)
		}
	}
	switch {
	case strings.ContainsAny(c.WebsiteID, "/?#"):
		return errors.New("website_id: write the id of the workspace, not an address")
	case c.Tier != tierPlugin && c.Tier != tierWebsite:
		return errors.New("tier: write plugin or website, as the token is")
	case strings.Contains(c.Identifier, ":"):
		return errors.New("identifier: write the token's identifier alone, without its key")
	case len(c.HookSecret) == 0 && len(c.HookKey) == 0:
		return errors.New("hook_secret, hook_key: write the signing secret of the plugin's web hooks, or make up a key for the address of the workspace's")
	case len(c.HookSecret) > 0 && len(c.HookKey) > 0:
		return errors.New("hook_secret, hook_key: write only one: web hooks are a plugin's, which are signed, or a workspace's, which are not")
	case slices.ContainsFunc(slices.Concat(c.HookSecret, c.HookKey), func(s connector.Secret) bool { return len(s) < 8 }):
		return errors.New("hook_secret, hook_key: write at least 8 characters, better 32")
	case c.HookTolerance < 0 || c.HealEvery < 0:
		return errors.New("hook_tolerance, heal_every: write durations that are not negative")
	case c.DailyQuota < 0:
		return errors.New("daily_quota: write the number of calls that the token has a day")
	case slices.Contains(c.Inboxes, ""):
		return errors.New("inboxes: write the ids of sub-inboxes")
	case c.Origin != "" && c.Origin != plainOrigin && !strings.HasPrefix(c.Origin, "urn:"):
		return errors.New("origin: write chat, or a urn such as urn:handoff:shop:0")
	}
	for _, field := range []struct{ key, value string }{{"base_url", c.BaseURL}, {"app_url", c.AppURL}} {
		if !connector.IsAddress(field.value) {
			return fmt.Errorf("%s: write an address such as https://api.crisp.chat/v1", field.key)
		}
	}
	return nil
}

// quota is how many calls the token has a day.
func (c *Config) quota() int {
	switch {
	case c.DailyQuota > 0:
		return c.DailyQuota
	case c.Tier == tierWebsite:
		return websiteQuota
	}
	return pluginQuota
}
