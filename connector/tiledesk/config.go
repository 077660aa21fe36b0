package tiledesk

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/handoff-engine/handoff/connector"
)

const (
	cloud          = "https://api.tiledesk.com/"
	defaultBaseURL = cloud + "v3"

	// The code has no limit for these calls, a cloud's gateway may: what it allows is not known.
	cloudPace = 5
	// ownPace spares a server of one's own.
	ownPace = 50
)

// Config is what a connection to a project of Tiledesk is set up with.
type Config struct {
	ProjectID string           `yaml:"project_id" required:"true" doc:"id of the Tiledesk project: 24 hexadecimal digits"`
	Email     string           `yaml:"email" required:"true" doc:"e-mail of a user of our own with the role admin in the project; not the server's super-admin"`
	Password  connector.Secret `yaml:"password" required:"true" doc:"password of that user"`

	WebhookSecret     connector.Secrets `yaml:"webhook_secret" required:"true" doc:"secret in the webhooks' address; you choose it: 16 to 128 letters, digits, - and _; a list while it is being changed"`
	CustomerJWTSecret connector.Secret  `yaml:"customer_jwt_secret" doc:"jwtSecret of the project, with which customers are signed in under an id of ours; without it they are signed in anonymously"`

	Department string            `yaml:"department" doc:"id of the department that is asked where a request names none; default: the project's default department"`
	BotName    string            `yaml:"bot_name" doc:"name under which agents read the bot's words; default Bot"`
	AgentNames map[string]string `yaml:"agent_names" doc:"names that customers see, by the agent's user id; optional"`

	CallsPerSecond float64 `yaml:"calls_per_second" doc:"how many calls a process makes in a second; default 5 at the cloud, whose limit is not known, and 50 elsewhere"`

	BaseURL string `yaml:"base_url" doc:"address of the API: https://api.tiledesk.com/v3, or the root of a self-run server"`
}

// SetDefaults gives the cloud's address and the bot a name.
func (c *Config) SetDefaults() {
	c.BaseURL = defaultBaseURL
	c.BotName = "Bot"
}

// pace is how many calls a process makes in a second.
func (c *Config) pace() float64 {
	switch {
	case c.CallsPerSecond != 0:
		return c.CallsPerSecond
	case strings.HasPrefix(c.BaseURL, cloud):
		return cloudPace
	}
	return ownPace
}

var (
	objectID      = regexp.MustCompile(`^[0-9a-f]{24}$`)
	webhookSecret = regexp.MustCompile(`^[A-Za-z0-9_-]{16,128}$`)
)

// Validate reports the first mistake, naming the key and what to write.
func (c *Config) Validate() error {
	switch {
	case !connector.IsAddress(c.BaseURL):
		return errors.New("base_url: write an address such as " + defaultBaseURL)
	case !objectID.MatchString(c.ProjectID):
		return errors.New("project_id: write the project's id: 24 hexadecimal digits, as in the address of the dashboard")
	case !strings.Contains(c.Email, "@"):
		return errors.New("email: write the e-mail of a user with the role admin in the project")
	case c.Password == "":
		return errors.New("password: write the password of the user that email names")
	case len(c.WebhookSecret) == 0 || slices.ContainsFunc(c.WebhookSecret, func(s connector.Secret) bool {
		return !webhookSecret.MatchString(s.Reveal())
	}):
		return errors.New("webhook_secret: write a random text of 16 to 128 letters, digits, - and _")
	case c.Department != "" && !objectID.MatchString(c.Department):
		return errors.New("department: write the id of a department: 24 hexadecimal digits")
	case c.CallsPerSecond != 0 && !(c.CallsPerSecond >= 1 && c.CallsPerSecond <= 1000):
		return errors.New("calls_per_second: write a number from 1 to 1000")
	}
	return nil
}
