package omnidesk

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector"
)

const defaultChatURL = "https://chat.omnidesk.io"

// How agents' words arrive.
const (
	formatAuto = "auto"
	formatText = "text"
	formatHTML = "html"
)

// Config is what a connection to one live chat of Omnidesk is set up with.
type Config struct {
	BaseURL          string            `yaml:"base_url" required:"true" doc:"address of the account, such as https://acme.omnidesk.com"`
	ChatAccountToken connector.Secrets `yaml:"chat_account_token" required:"true" doc:"token of the live chat: Settings, Channels, Live chat, Tokens"`
	HookSecret       connector.Secrets `yaml:"hook_secret" required:"true" doc:"secret in the hookpoints' addresses; you choose it: 16 to 128 letters, digits, dots, colons and hyphens"`
	PageURL          string            `yaml:"page_url" required:"true" doc:"page that chats are shown to come from, such as https://shop.example/support"`
	APIKey           connector.Secrets `yaml:"api_key" doc:"API key with the permissions API_CHAT, MESSAGE_CREATE for chatbot_log_brand, and TICKET_READ; without one, calls carry none"`
	APIKeyHeader     bool              `yaml:"api_key_header" doc:"send api_key as the header apiKey instead of in the query (default false)"`
	ChatServerToken  connector.Secrets `yaml:"chat_server_token" doc:"chatServerToken with which the chat server tells whether agents are there; without one, the account is asked"`
	ChatURL          string            `yaml:"chat_url" doc:"address of the chat server (default https://chat.omnidesk.io)"`
	WebhookSecret    connector.Secrets `yaml:"webhook_secret" doc:"secret (whsec_…) of the platform webhooks; without one, these are refused"`
	MessageFormat    string            `yaml:"message_format" doc:"how agents' words arrive: text, html, or auto, which looks for tags (default auto)"`
	ChatbotLogBrand  string            `yaml:"chatbot_log_brand" doc:"id of the brand under which the history is filed as a chatbot ticket too, where the customer's e-mail or phone is known (default none)"`
	UploadsDir       string            `yaml:"uploads_dir" doc:"directory that gateway and worker share, where agents' files are kept for 30 days; without one, customers get a file's name only (default none)"`
	TimelineZone     string            `yaml:"timeline_zone" doc:"time zone of tickets' timelines, such as Europe/Amsterdam: an earlier send is looked for there before it is repeated; needs api_key (default none)"`
}

// SetDefaults fills in what most users leave out.
func (c *Config) SetDefaults() { c.ChatURL, c.MessageFormat = defaultChatURL, formatAuto }

var (
	// accountToken is the vendor's pattern (API specification, chat).
	accountToken = regexp.MustCompile(`^[a-zA-Z0-9]{10,}$`)
	// hookSecret is what the vendor's pattern for chatServer leaves of a path segment.
	hookSecret = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9.:-]{15,127}$`)

	errZone = errors.New("timeline_zone: write a time zone such as Europe/Amsterdam, or leave the key out")
)

// Validate reports the first mistake, naming the key and what to write.
func (c *Config) Validate() error {
	for _, x := range []struct{ key, value, example string }{
		{"base_url", c.BaseURL, "https://acme.omnidesk.com"},
		{"chat_url", c.ChatURL, defaultChatURL},
	} {
		if !isAddress(x.value) {
			return fmt.Errorf("%s: write an address such as %s", x.key, x.example)
		}
		if strings.HasSuffix(x.value, "/") {
			return fmt.Errorf("%s: leave out the slash at the end", x.key)
		}
	}
	misses := func(secrets connector.Secrets, pattern *regexp.Regexp) bool {
		return slices.ContainsFunc(secrets, func(s connector.Secret) bool { return !pattern.MatchString(s.Reveal()) })
	}
	switch {
	case len(c.ChatAccountToken) == 0 || misses(c.ChatAccountToken, accountToken):
		return errors.New("chat_account_token: write the token from Settings, Channels, Live chat, Tokens: at least 10 letters and digits")
	case len(c.HookSecret) == 0 || misses(c.HookSecret, hookSecret):
		return errors.New("hook_secret: write a random text of 16 to 128 letters, digits, dots, colons and hyphens")
	case !isAddress(c.PageURL):
		return errors.New("page_url: write the page that chats come from, such as https://shop.example/support")
	case !slices.Contains([]string{formatAuto, formatText, formatHTML}, c.MessageFormat):
		return errors.New("message_format: write auto, text or html")
	case slices.Contains(c.APIKey, ""):
		return errors.New("api_key: write the key from Omnidesk, or leave the key out")
	case slices.Contains(c.ChatServerToken, ""):
		return errors.New("chat_server_token: write the token, or leave the key out")
	case slices.Contains(c.WebhookSecret, ""):
		return errors.New("webhook_secret: write the secret of the webhook, or leave the key out")
	case c.ChatbotLogBrand != "" && len(c.APIKey) == 0:
		return errors.New("chatbot_log_brand: write api_key too: the log is filed with it")
	case c.TimelineZone != "" && len(c.APIKey) == 0:
		return errors.New("timeline_zone: write api_key too: tickets are read with it")
	}
	if _, err := time.LoadLocation(c.TimelineZone); err != nil {
		return errZone
	}
	return nil
}

func isAddress(address string) bool {
	u, ok := connector.ParseAddress(address)
	return ok && u.User == nil
}
