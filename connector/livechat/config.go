package livechat

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/handoff-engine/handoff/connector"
)

// Config is what a connection to an account of LiveChat is set up with.
type Config struct {
	ClientID     string           `yaml:"client_id" required:"true" doc:"client id of the LiveChat app"`
	ClientSecret connector.Secret `yaml:"client_secret" required:"true" doc:"client secret of the app"`
	RefreshToken connector.Secret `yaml:"refresh_token" required:"true" doc:"refresh token of an administrator who authorized the app; it does not rotate"`

	AccountID           string           `yaml:"account_id" doc:"account id that belongs to personal_access_token"`
	PersonalAccessToken connector.Secret `yaml:"personal_access_token" doc:"used for agent and configuration calls instead of the app's token; optional"`

	WebhookSecret  connector.Secrets `yaml:"webhook_secret" required:"true" doc:"secret_key of our webhooks, of your choice; a list while it is being changed"`
	OrganizationID string            `yaml:"organization_id" doc:"organization id of the account; webhooks of another one are refused; optional"`

	Group      *int              `yaml:"group" doc:"group that chats go to where a request names none; default 0, all agents"`
	NoteAgent  string            `yaml:"note_agent" doc:"e-mail of the agent whose credentials these are; needed for private notes"`
	AgentNames map[string]string `yaml:"agent_names" doc:"names that customers see, by the agent's e-mail; optional"`

	Region   string `yaml:"region" doc:"data centre of the account, such as fra; found out by itself if empty"`
	BaseURL  string `yaml:"base_url" doc:"address of the chat and configuration APIs"`
	TokenURL string `yaml:"token_url" doc:"address of the account server"`
	FilesURL string `yaml:"files_url" doc:"address that agents' files are served from"`
}

// SetDefaults gives the vendor's own addresses.
func (c *Config) SetDefaults() {
	c.BaseURL = "https://api.livechatinc.com"
	c.TokenURL = "https://accounts.livechat.com"
	c.FilesURL = "https://cdn.livechat-files.com"
}

// Validate reports the first mistake, naming the key and what to write.
func (c *Config) Validate() error {
	for _, field := range []struct{ key, value string }{
		{"client_id", c.ClientID}, {"client_secret", c.ClientSecret.Reveal()}, {"refresh_token", c.RefreshToken.Reveal()},
	} {
		if strings.TrimSpace(field.value) == "" {
			return fmt.Errorf("%s: copy it from the app in LiveChat's Developer Console", field.key)
		}
	}
	if (c.AccountID == "") != (c.PersonalAccessToken == "") {
		return errors.New("account_id, personal_access_token: write both or neither")
	}
	if len(c.WebhookSecret) == 0 || slices.ContainsFunc(c.WebhookSecret, func(s connector.Secret) bool { return len(s) < 8 }) {
		return errors.New("webhook_secret: write a random text of at least 16 characters")
	}
	if c.Group != nil && *c.Group < 0 {
		return errors.New("group: write the number of a group; 0 is all agents")
	}
	if c.NoteAgent != "" && !isPerson(c.NoteAgent) {
		return errors.New("note_agent: write the agent's e-mail address")
	}
	for _, field := range []struct{ key, value string }{{"base_url", c.BaseURL}, {"token_url", c.TokenURL}, {"files_url", c.FilesURL}} {
		if !connector.IsAddress(field.value) {
			return fmt.Errorf("%s: write an address such as https://api.livechatinc.com", field.key)
		}
	}
	return nil
}
