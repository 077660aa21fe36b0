package httpdesk

import (
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/handoff-engine/handoff/connector"
)

// Config is what a connection to a desk of a team's own is set up with.
type Config struct {
	URL            string            `yaml:"url" required:"true" doc:"address of the desk that gets the webhooks, such as https://desk.example.com/handoff"`
	Secret         connector.Secrets `yaml:"secret" required:"true" doc:"shared secret that both sides sign with, as it is or as whsec_ and base64; of a list, all sign"`
	Deduplicates   bool              `yaml:"deduplicates" doc:"the desk takes a webhook-id only once, so that a repeat does no harm (default false)"`
	Mirror         bool              `yaml:"mirror" doc:"the desk shows agents what the customer and the bot say before anybody is asked (default false)"`
	Group          string            `yaml:"group" doc:"group of agents that is asked where nobody names one (default none)"`
	CallsPerSecond float64           `yaml:"calls_per_second" doc:"how many calls a second the desk bears (default 0: no limit)"`
}

// Validate reports the first mistake, naming the key and what to write.
func (c *Config) Validate() error {
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || strings.Contains(c.URL, "#"):
		return errors.New("url: write an address such as https://desk.example.com/handoff")
	case u.User != nil:
		return errors.New("url: leave out the name and password; calls are signed with secret")
	case len(c.Secret) == 0 || slices.Contains(c.Secret, ""):
		return errors.New("secret: write a long random text that the desk knows too")
	case c.CallsPerSecond < 0:
		return errors.New("calls_per_second: write a number above 0, or leave it out")
	}
	return nil
}
