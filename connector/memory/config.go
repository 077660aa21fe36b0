package memory

import (
	"errors"
	"slices"
	"strings"

	"github.com/handoff-engine/handoff/connector"
)

// Config is what a connection to a memory vendor is set up with.
type Config struct {
	BaseURL  string            `yaml:"base_url" required:"true" doc:"address of the vendor, without a slash at the end"`
	Secret   connector.Secrets `yaml:"secret" required:"true" doc:"shared secret: our calls carry it, the vendor's webhooks are signed with it"`
	HostsBot bool              `yaml:"hosts_bot" doc:"the vendor's own bot answers first, and is paused while an agent has the conversation (default false)"`
	Group    string            `yaml:"group" doc:"group of agents that is asked where nobody names one (default everybody)"`
}

// Validate reports the first mistake, naming the key and what to write.
func (c *Config) Validate() error {
	switch {
	case !connector.IsAddress(c.BaseURL):
		return errors.New("base_url: write an address such as http://127.0.0.1:8080/playground/vendor")
	case strings.HasSuffix(c.BaseURL, "/"):
		return errors.New("base_url: leave out the slash at the end")
	case len(c.Secret) == 0 || slices.Contains(c.Secret, ""):
		return errors.New("secret: write the secret that the vendor was started with")
	}
	return nil
}
