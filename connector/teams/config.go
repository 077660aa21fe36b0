package teams

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/handoff-engine/handoff/connector"
)

// Config is what a connection to a bot in a team of Microsoft Teams is set up with.
type Config struct {
	AppID     string            `yaml:"app_id" required:"true" doc:"application (client) id of the bot's app registration"`
	AppSecret connector.Secrets `yaml:"app_secret" required:"true" doc:"client secret of the app registration; of a list, the first is used"`
	TenantID  string            `yaml:"tenant_id" required:"true" doc:"directory (tenant) id; webhooks of another tenant are refused"`

	ChannelID string            `yaml:"channel_id" required:"true" doc:"id of the channel that tickets are opened in, such as 19:…@thread.tacv2"`
	Groups    map[string]string `yaml:"groups" doc:"ids of further channels, by the names of groups that requests may ask for"`

	MentionOnly bool              `yaml:"mention_only" doc:"pass on only what mentions the bot, and take the rest for talk among agents; needed without resource-specific consent"`
	AgentNames  map[string]string `yaml:"agent_names" doc:"names that customers see, by the agent's Entra object id; optional"`

	TeamGroupID string `yaml:"team_group_id" doc:"id of the team's Microsoft 365 group; with it threads are read back through Microsoft Graph, so that lost webhooks and sends of unknown outcome are found; optional"`

	BaseURL      string   `yaml:"base_url" doc:"service address for what Teams has not told of yet"`
	ServiceHosts []string `yaml:"service_hosts" doc:"hosts that the bot's token may be sent to; a name that begins with a dot allows what ends in it"`
	TokenURL     string   `yaml:"token_url" doc:"address that tokens are asked for at (default Microsoft's for tenant_id)"`
	OpenIDURL    string   `yaml:"openid_url" doc:"address of the document that names the keys which webhooks are signed with"`
	GraphURL     string   `yaml:"graph_url" doc:"address of Microsoft Graph"`
	Scope        string   `yaml:"scope" doc:"scope of our tokens; another one in government clouds"`
	Issuer       string   `yaml:"issuer" doc:"issuer of the webhooks' tokens; another one in government clouds"`
}

// SetDefaults gives the addresses of Microsoft's public cloud.
func (c *Config) SetDefaults() {
	c.BaseURL = "https://smba.trafficmanager.net/teams"
	c.ServiceHosts = []string{"smba.trafficmanager.net", ".teams.microsoft.com", ".botframework.com"}
	c.OpenIDURL = "https://login.botframework.com/v1/.well-known/openidconfiguration"
	c.GraphURL = "https://graph.microsoft.com"
	c.Scope = "https://api.botframework.com/.default"
	c.Issuer = "https://api.botframework.com"
}

// Validate reports the first mistake, naming the key and what to write.
func (c *Config) Validate() error {
	for _, field := range []struct{ key, value string }{
		{"app_id", c.AppID}, {"app_secret", c.AppSecret.First().Reveal()}, {"tenant_id", c.TenantID},
	} {
		if strings.TrimSpace(field.value) == "" {
			return fmt.Errorf("%s: copy it from the bot's app registration in the Azure portal", field.key)
		}
	}
	if strings.ContainsAny(c.TenantID, "/?#") {
		return errors.New("tenant_id: write the id of a directory, such as 11111111-0000-4000-8000-000000000001")
	}
	for key, channel := range c.channels() {
		if !strings.HasPrefix(channel, "19:") || strings.ContainsAny(channel, ";/?#") {
			return fmt.Errorf("%s: write the id of a channel, such as 19:…@thread.tacv2: it is in the link to the channel", key)
		}
	}
	for _, field := range []struct{ key, value string }{{"base_url", c.BaseURL}, {"token_url", c.tokenURL()}, {"openid_url", c.OpenIDURL}, {"graph_url", c.GraphURL}} {
		if !connector.IsAddress(field.value) {
			return fmt.Errorf("%s: write an address such as https://smba.trafficmanager.net/teams", field.key)
		}
	}
	if !c.serves(c.BaseURL) {
		return errors.New("base_url: write an address at a host that service_hosts names, or add the host there")
	}
	if c.Scope == "" || c.Issuer == "" {
		return errors.New("scope, issuer: leave them out for Microsoft's public cloud; they must not be empty")
	}
	return nil
}

// channels are all our channels, by the keys that name them.
func (c *Config) channels() map[string]string {
	channels := map[string]string{"channel_id": c.ChannelID}
	for group, id := range c.Groups {
		channels["groups: "+group] = id
	}
	return channels
}

// ours reports whether a channel is one of ours.
func (c *Config) ours(channel string) bool {
	for _, id := range c.channels() {
		if id == channel {
			return true
		}
	}
	return false
}

// tokenURL is where a single-tenant bot, and every new one is one, asks for its tokens (learn: bot registration).
func (c *Config) tokenURL() string {
	if c.TokenURL != "" {
		return c.TokenURL
	}
	return "https://login.microsoftonline.com/" + c.TenantID + "/oauth2/v2.0/token"
}

// credentials asks for tokens of a scope, in the form's fields (learn: rest-api-connector-authentication).
func (c *Config) credentials(scope string) *clientcredentials.Config {
	return &clientcredentials.Config{
		ClientID: c.AppID, ClientSecret: c.AppSecret.First().Reveal(), TokenURL: c.tokenURL(), Scopes: []string{scope}, AuthStyle: oauth2.AuthStyleInParams,
	}
}

// serves reports whether the bot's token may be sent to an address. Plain http is for hosts that are named themselves.
func (c *Config) serves(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.User != nil {
		return false
	}
	return slices.ContainsFunc(c.ServiceHosts, func(host string) bool {
		if strings.HasPrefix(host, ".") {
			return u.Scheme == "https" && u.Port() == "" && strings.HasSuffix(strings.ToLower(u.Hostname()), strings.ToLower(host))
		}
		named := strings.EqualFold(host, u.Host) || strings.EqualFold(host, u.Hostname())
		return named && (u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()))
	})
}

// loopback reports whether a host is this machine, where tests and emulators are.
func loopback(host string) bool { return host == "127.0.0.1" || host == "localhost" || host == "::1" }
