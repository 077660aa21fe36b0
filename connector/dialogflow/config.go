package dialogflow

import (
	"encoding/pem"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2/google"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// The editions.
const (
	editionES = "es"
	editionCX = "cx"
)

// Where our credentials come from.
const (
	authServiceAccount = "service_account"
	authDefault        = "default"
	authNone           = "none"
)

// The answers of resume and on_end.
const (
	resumeFresh   = "fresh"
	resumeRestore = "restore"
	endEnds       = "end"
	endHandsOff   = "handoff"
	endIgnored    = "ignore"
)

const (
	defaultTimeout  = 12 * time.Second
	shortestTimeout = time.Second
	longestTimeout  = 25 * time.Second
	longestTTL      = 24 * time.Hour
	// defaultCalls keeps one process within the smaller of the vendor's quotas.
	defaultCalls = 5
	global       = "global"
)

// Config is what a connection to Dialogflow is set up with.
type Config struct {
	Edition     string `yaml:"edition" required:"true" doc:"es or cx" enum:"es,cx"`
	Project     string `yaml:"project" required:"true" doc:"id of the Google Cloud project"`
	Location    string `yaml:"location" doc:"region of the agent, such as europe-west1 (default global)"`
	Agent       string `yaml:"agent" doc:"id of the agent; CX only, and required there"`
	Environment string `yaml:"environment" doc:"environment whose version answers; without one the draft does, as it is being edited"`
	BaseURL     string `yaml:"base_url" doc:"address of the API, without a slash at the end (default Google's of the location)"`

	Auth         string            `yaml:"auth" doc:"service_account, default (workload identity and other application default credentials) or none (default service_account if there are credentials, else default)" enum:"service_account,default,none"`
	Credentials  connector.Secrets `yaml:"credentials" doc:"the service account's key, as Google's JSON file holds it; of a list, the first is used"`
	TokenURL     string            `yaml:"token_url" doc:"address that tokens are asked for at (default the one in credentials)"`
	QuotaProject string            `yaml:"quota_project" doc:"project that is charged, if it is another one"`

	Language  string                `yaml:"language" doc:"language that the agent speaks (default en)"`
	Languages []string              `yaml:"languages" doc:"all languages that the agent speaks; a customer who is known to speak one of them is served in it"`
	Timezone  string                `yaml:"timezone" doc:"time zone of the customers, such as Europe/Madrid (default the agent's)"`
	Channel   string                `yaml:"channel" doc:"CX channel or ES platform whose messages are shown besides those for all (default none)"`
	Timeout   conversation.Duration `yaml:"timeout" doc:"how long one answer may take, 1s to 25s (default 12s)"`

	CallsPerSecond float64 `yaml:"calls_per_second" doc:"how many turns a second this process may ask for; quotas are per project (default 5)"`

	Resume       string                `yaml:"resume" doc:"what follows a hand-back: fresh, a new session that is told what was said, or restore, the place where the bot was (default fresh)" enum:"fresh,restore"`
	ResendState  bool                  `yaml:"resend_state" doc:"send the bot's state along with each message, so that a repeat begins where the first began (default true)"`
	SessionTTL   conversation.Duration `yaml:"session_ttl" doc:"how long a silent session is kept, up to 24h; CX only (default Google's 30m)"`
	ShareSummary bool                  `yaml:"share_summary" doc:"tell the bot, after a hand-back, what the agent and the customer said (default true)"`

	HandoffIntents     []string          `yaml:"handoff_intents" doc:"display names of intents that ask for a human"`
	HandoffActions     []string          `yaml:"handoff_actions" doc:"actions (ES) and webhook tags (CX) that ask for a human (default handoff and handoff.request)"`
	HandoffParameters  []string          `yaml:"handoff_parameters" doc:"parameters that ask for a human when they are true or not empty"`
	HandoffAfterMisses int               `yaml:"handoff_after_misses" doc:"how many messages in a row that the bot did not understand lead to a human (default 0, never)"`
	OnEnd              string            `yaml:"on_end" doc:"what the bot's end of an interaction means: end, handoff or ignore (default end)" enum:"end,handoff,ignore"`
	GroupParameter     string            `yaml:"group_parameter" doc:"parameter whose value is the group that is asked at the desk"`
	Groups             map[string]string `yaml:"groups" doc:"the desk's names of the groups that the bot asks for; with it, a name that is not there asks for nobody in particular"`
	Fields             []string          `yaml:"fields" doc:"parameters that the agent is shown; name, email and phone become the customer's"`

	FileEvent string `yaml:"file_event" doc:"event that tells the bot of a file without words; it gets url, name and content_type"`
	FileText  string `yaml:"file_text" doc:"words that stand for a file where there is no file_event (default [file])"`

	WebhookSecret connector.Secrets `yaml:"webhook_secret" doc:"what the fulfillment webhook shows us; without it, webhooks are refused"`
	WebhookHeader string            `yaml:"webhook_header" doc:"header that carries it (default X-Handoff-Secret)"`
	WebhookUser   string            `yaml:"webhook_user" doc:"user name, if it is the password of basic authentication instead"`
}

// SetDefaults fills in what most users leave out.
func (c *Config) SetDefaults() {
	c.Language, c.Timeout, c.CallsPerSecond = "en", conversation.Duration(defaultTimeout), defaultCalls
	c.Resume, c.ResendState, c.ShareSummary = resumeFresh, true, true
	c.HandoffActions, c.OnEnd = []string{"handoff", "handoff.request"}, endEnds
	c.FileText, c.WebhookHeader = "[file]", "X-Handoff-Secret"
}

var (
	// segment is the shape of what becomes part of a session's name.
	segment = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}$`)
	// headerName is the shape of a header's name.
	headerName = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)
)

// Validate reports the first mistake, naming the key and what to write.
func (c *Config) Validate() error {
	for _, check := range []func() error{c.validateNames, c.validateAuth, c.validateChoices} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (c *Config) validateNames() error {
	switch {
	case c.Edition != editionES && c.Edition != editionCX:
		return errors.New("edition: write es or cx")
	case !segment.MatchString(c.Project):
		return errors.New("project: write the id of the Google Cloud project")
	case c.Edition == editionCX && !segment.MatchString(c.Agent):
		return errors.New("agent: write the id of the CX agent, the last part of its name")
	case c.Edition == editionES && c.Agent != "":
		return errors.New("agent: leave it out; an ES project has one agent")
	case c.Location != "" && !segment.MatchString(c.Location):
		return errors.New("location: write a region such as europe-west1, or global")
	case c.Environment != "" && !segment.MatchString(c.Environment):
		return errors.New("environment: write the environment's id")
	}
	for key, address := range map[string]string{"base_url": c.BaseURL, "token_url": c.TokenURL} {
		if address != "" && !connector.IsAddress(address) {
			return fmt.Errorf("%s: write an address such as https://dialogflow.googleapis.com", key)
		}
	}
	if strings.HasSuffix(c.BaseURL, "/") {
		return errors.New("base_url: leave out the slash at the end")
	}
	return nil
}

func (c *Config) validateAuth() error {
	key := []byte(c.Credentials.First())
	switch c.auth() {
	case authServiceAccount:
		account, err := google.JWTConfigFromJSON(key, scope)
		if err != nil || account.Email == "" || account.TokenURL == "" {
			return errors.New("credentials: write the service account's key, as Google's JSON file holds it")
		}
		if block, _ := pem.Decode(account.PrivateKey); block == nil {
			return errors.New("credentials: the private key in it is no PEM")
		}
	case authDefault:
		if len(c.Credentials) > 0 {
			return errors.New("auth: write service_account, or leave out credentials")
		}
	case authNone:
		if c.BaseURL == "" {
			return errors.New("auth: none is for an emulator; write its base_url too")
		}
	default:
		return errors.New("auth: write service_account, default or none")
	}
	if slices.Contains(c.WebhookSecret, "") {
		return errors.New("webhook_secret: write a long random text that the agent's webhook sends too")
	}
	if !headerName.MatchString(c.WebhookHeader) {
		return errors.New("webhook_header: write the name of a header")
	}
	return nil
}

func (c *Config) validateChoices() error {
	timeout, ttl := time.Duration(c.Timeout), time.Duration(c.SessionTTL)
	switch {
	case c.Language == "":
		return errors.New("language: write a language that the agent speaks, such as en")
	case timeout < shortestTimeout || timeout > longestTimeout:
		return errors.New("timeout: write a duration from 1s to 25s")
	case c.CallsPerSecond <= 0:
		return errors.New("calls_per_second: write a number above 0")
	case ttl < 0 || ttl > longestTTL:
		return errors.New("session_ttl: write a duration up to 24h")
	case ttl > 0 && c.Edition == editionES:
		return errors.New("session_ttl: leave it out; ES keeps sessions for 20 minutes")
	case c.Resume != resumeFresh && c.Resume != resumeRestore:
		return errors.New("resume: write fresh or restore")
	case c.OnEnd != endEnds && c.OnEnd != endHandsOff && c.OnEnd != endIgnored:
		return errors.New("on_end: write end, handoff or ignore")
	case c.HandoffAfterMisses < 0:
		return errors.New("handoff_after_misses: write a number, or 0 for never")
	case c.FileEvent == "" && strings.TrimSpace(c.FileText) == "":
		return errors.New("file_text: write the words that stand for a file")
	}
	return nil
}

// auth says where the credentials come from.
func (c *Config) auth() string {
	switch {
	case c.Auth != "":
		return c.Auth
	case len(c.Credentials) > 0:
		return authServiceAccount
	default:
		return authDefault
	}
}

// location is the region, as names and hosts want it: the global one has no name in ES.
func (c *Config) location() string {
	switch {
	case c.Edition == editionCX && c.Location == "":
		return global
	case c.Edition == editionES && c.Location == global:
		return ""
	default:
		return c.Location
	}
}

// base is the address of the API with its version.
func (c *Config) base() string {
	version := "/v2/"
	if c.Edition == editionCX {
		version = "/v3/"
	}
	switch location := c.location(); {
	case c.BaseURL != "":
		return c.BaseURL + version
	case location == "" || location == global:
		return "https://dialogflow.googleapis.com" + version
	default:
		return "https://" + location + "-dialogflow.googleapis.com" + version
	}
}

// session is the full name of a session.
func (c *Config) session(id string) string {
	name := "projects/" + c.Project
	if location := c.location(); location != "" {
		name += "/locations/" + location
	}
	if c.Edition == editionCX {
		name += "/agents/" + c.Agent
	} else {
		name += "/agent"
	}
	if c.Environment != "" {
		name += "/environments/" + c.Environment
		if c.Edition == editionES {
			name += "/users/-"
		}
	}
	return name + "/sessions/" + id
}

// ttl is how long a silent session is kept.
func (c *Config) ttl() time.Duration {
	switch {
	case c.Edition == editionES:
		return 20 * time.Minute
	case c.SessionTTL > 0:
		return time.Duration(c.SessionTTL)
	default:
		return 30 * time.Minute
	}
}

// language is what a customer is served in.
func (c *Config) language(customer conversation.Customer) string {
	if slices.Contains(c.Languages, customer.Language) {
		return customer.Language
	}
	return c.Language
}
