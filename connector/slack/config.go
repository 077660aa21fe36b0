package slack

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/handoff-engine/handoff/connector"
)

// Config is what a connection to an app in a workspace of Slack is set up with.
type Config struct {
	BotToken      connector.Secret  `yaml:"bot_token" required:"true" doc:"bot token of the app, xoxb-…"`
	SigningSecret connector.Secrets `yaml:"signing_secret" required:"true" doc:"signing secret of the app; a list while it is being changed"`

	Channel    string            `yaml:"channel" required:"true" doc:"id of the channel that conversations go to, such as C0001ABCD; the bot must be a member"`
	Channels   map[string]string `yaml:"channels" doc:"channels of further groups, by the group's name; optional"`
	Usergroup  string            `yaml:"usergroup" doc:"id of the user group that is mentioned when a customer waits, such as S0001ABCD; optional"`
	Usergroups map[string]string `yaml:"usergroups" doc:"user groups of further groups, by the group's name; optional"`
	AgentNames map[string]string `yaml:"agent_names" doc:"names that customers see, by the agent's user id; optional"`
	Presence   bool              `yaml:"presence" doc:"members of the user group who are active in Slack count as available (default false: not known)"`

	TeamID string `yaml:"team_id" doc:"id of the workspace; webhooks of another one are refused; optional"`
	AppID  string `yaml:"app_id" doc:"id of the app; webhooks of another one are refused; optional"`

	BaseURL string `yaml:"base_url" doc:"address of the Web API"`
}

// SetDefaults gives the vendor's own address.
func (c *Config) SetDefaults() { c.BaseURL = "https://slack.com/api" }

// idPattern is the shape of the vendor's ids [docs: object types].
var idPattern = regexp.MustCompile(`^[A-Z][A-Z0-9]{1,30}$`)

// Validate reports the first mistake, naming the key and what to write.
func (c *Config) Validate() error {
	switch {
	case strings.TrimSpace(c.BotToken.Reveal()) == "" || otherToken(c.BotToken.Reveal()):
		return errors.New("bot_token: write the Bot User OAuth Token of the app, which begins with xoxb-")
	case len(c.SigningSecret) == 0 || slices.ContainsFunc(c.SigningSecret, func(s connector.Secret) bool { return len(s) < 8 }):
		return errors.New("signing_secret: copy it from the app's Basic Information page")
	case !isChannel(c.Channel):
		return errors.New("channel: write the id of a channel, such as C0001ABCD: it is at the end of the channel's details")
	}
	for _, group := range slices.Sorted(maps.Keys(c.Channels)) {
		if !isChannel(c.Channels[group]) {
			return fmt.Errorf("channels: %s: write the id of a channel, such as C0001ABCD", group)
		}
	}
	if c.Usergroup != "" && !isUsergroup(c.Usergroup) {
		return errors.New("usergroup: write the id of a user group, such as S0001ABCD")
	}
	for _, group := range slices.Sorted(maps.Keys(c.Usergroups)) {
		if !isUsergroup(c.Usergroups[group]) {
			return fmt.Errorf("usergroups: %s: write the id of a user group, such as S0001ABCD", group)
		}
	}
	if c.Presence && c.Usergroup == "" && len(c.Usergroups) == 0 {
		return errors.New("presence: write usergroup too: its members are the ones who are asked about")
	}
	for key, id := range map[string]string{"team_id": c.TeamID, "app_id": c.AppID} {
		if id != "" && !idPattern.MatchString(id) {
			return fmt.Errorf("%s: write an id such as T0001ABCD", key)
		}
	}
	if !connector.IsAddress(c.BaseURL) {
		return errors.New("base_url: write an address such as https://slack.com/api")
	}
	return nil
}

// otherToken reports whether a token is one of those that are mistaken for the bot's: a person's, the app's, or one of the
// configuration [docs: token types].
func otherToken(token string) bool {
	return slices.ContainsFunc([]string{"xoxp-", "xapp-", "xoxe-", "xoxe."}, func(prefix string) bool { return strings.HasPrefix(token, prefix) })
}

// isChannel tells public (C) and older private (G) channels from direct messages and all else.
func isChannel(id string) bool {
	return idPattern.MatchString(id) && (id[0] == 'C' || id[0] == 'G')
}

func isUsergroup(id string) bool { return idPattern.MatchString(id) && id[0] == 'S' }

func isUser(id string) bool { return idPattern.MatchString(id) && (id[0] == 'U' || id[0] == 'W') }

// place is where a group's conversations go.
type place struct{ channel, usergroup string }

// placeOf gives the place of a group; "" is the connection's own.
func (c *Client) placeOf(group string) (place, bool) {
	if group == "" {
		return place{c.config.Channel, c.config.Usergroup}, true
	}
	channel, hasChannel := c.config.Channels[group]
	usergroup, hasUsergroup := c.config.Usergroups[group]
	if !hasChannel {
		channel = c.config.Channel
	}
	return place{channel, usergroup}, hasChannel || hasUsergroup
}

// channels lists every channel that is configured, once.
func (c *Client) channels() []string {
	list := append([]string{c.config.Channel}, slices.Sorted(maps.Values(c.config.Channels))...)
	slices.Sort(list)
	return slices.Compact(list)
}
