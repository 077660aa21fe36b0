package httpbot

import (
	"errors"
	"slices"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// The time limits of one call. The longest leaves room for a repeat before a human is asked instead.
const (
	defaultTimeout  = 10 * time.Second
	shortestTimeout = time.Second
	longestTimeout  = 25 * time.Second
)

// Config is what a connection to a chatbot is set up with.
type Config struct {
	URL     string                `yaml:"url" required:"true" doc:"address that is asked, such as https://bot.example.com/answer"`
	Secret  connector.Secrets     `yaml:"secret" required:"true" doc:"shared secret that both sides sign with, as it is or as whsec_ and base64; of a list, all sign"`
	Timeout conversation.Duration `yaml:"timeout" doc:"how long one answer may take, 1s to 25s (default 10s)"`
}

// SetDefaults fills in what most users leave out.
func (c *Config) SetDefaults() { c.Timeout = conversation.Duration(defaultTimeout) }

// Validate reports the first mistake, naming the key and what to write.
func (c *Config) Validate() error {
	u, ok := connector.ParseAddress(c.URL)
	timeout := time.Duration(c.Timeout)
	switch {
	case !ok:
		return errors.New("url: write an address such as https://bot.example.com/answer")
	case u.User != nil:
		return errors.New("url: leave out the name and password; calls are signed with secret")
	case len(c.Secret) == 0 || slices.Contains(c.Secret, ""):
		return errors.New("secret: write a long random text that the bot knows too")
	case timeout < shortestTimeout || timeout > longestTimeout:
		return errors.New("timeout: write a duration from 1s to 25s")
	}
	return nil
}
