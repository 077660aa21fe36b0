package landbot

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector"
)

const defaultBaseURL = "https://api.landbot.io/v1"

// Config is what a connection to Landbot is set up with.
type Config struct {
	BaseURL            string            `yaml:"base_url" doc:"address of the Platform API, without a slash at the end (default https://api.landbot.io/v1)"`
	APIToken           connector.Secrets `yaml:"api_token" required:"true" doc:"token of the agent in whose name we speak; make a teammate of its own for it"`
	HookToken          connector.Secrets `yaml:"hook_token" required:"true" doc:"token that the message hooks and the flow's Webhook block show us; you choose it"`
	ChannelIDs         []int64           `yaml:"channel_ids" doc:"ids of the channels to serve; may be left out if the account has one channel"`
	AgentID            int64             `yaml:"agent_id" doc:"id of the agent that api_token belongs to; with it, people who type in Landbot's own inbox are told apart from us"`
	AgentName          string            `yaml:"agent_name" doc:"display name of that agent; with it, a look-up of our sends never mistakes another agent's words for ours"`
	BotID              int64             `yaml:"bot_id" doc:"id of the bot that gets customers back, where neither the flow nor a hook named one"`
	ResumeNode         string            `yaml:"resume_node" doc:"id of the block where the bot goes on after a hand-back, where neither the request nor the flow names one"`
	EndNode            string            `yaml:"end_node" doc:"id of the block where the bot waits for the customer's next message after the end (default the bot's first)"`
	ArchiveOnEnd       bool              `yaml:"archive_on_end" doc:"take ended conversations out of Landbot's inbox"`
	HandoffOnAssign    bool              `yaml:"handoff_on_assign" doc:"an assignment to our agent that we did not make, such as by a Human Takeover block, asks for a human; needs agent_id"`
	OptOutWords        []string          `yaml:"opt_out_words" doc:"words, each a whole message, with which a WhatsApp customer ends the conversation and takes the opt-in back, such as STOP"`
	WriteFields        bool              `yaml:"write_fields" doc:"write to the customer's fields handoff_state, handoff_reason and handoff_agent how things stand, and to handoff_transcript, at a hand-back, what was said without the bot, for the flow"`
	TranscriptTimezone string            `yaml:"transcript_timezone" doc:"time zone of Landbot's transcripts (default UTC)"`
}

// SetDefaults fills in what most users leave out.
func (c *Config) SetDefaults() {
	c.BaseURL = defaultBaseURL
	c.TranscriptTimezone = "UTC"
}

// node is the shape of a block's id as Landbot's builder shows it.
var node = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// Validate reports the first mistake, naming the key and what to write.
func (c *Config) Validate() error {
	switch {
	case !connector.IsAddress(c.BaseURL):
		return errors.New("base_url: write an address such as " + defaultBaseURL)
	case strings.HasSuffix(c.BaseURL, "/"):
		return errors.New("base_url: leave out the slash at the end")
	case c.APIToken.First() == "":
		return errors.New("api_token: write the token from Landbot's Settings, Account")
	case slices.Contains(c.HookToken, "") || len(c.HookToken) == 0:
		return errors.New("hook_token: write a long random text of your own choice")
	case slices.ContainsFunc(c.ChannelIDs, func(id int64) bool { return id <= 0 }):
		return errors.New("channel_ids: write the numbers that Landbot shows in the channels' addresses")
	case c.AgentID < 0:
		return errors.New("agent_id: write the number of the agent that api_token belongs to")
	case c.HandoffOnAssign && c.AgentID == 0:
		return errors.New("handoff_on_assign: write agent_id too, the number of the agent that the flow assigns customers to")
	case slices.ContainsFunc(c.OptOutWords, func(w string) bool { return strings.TrimSpace(w) == "" }):
		return errors.New("opt_out_words: write words such as STOP, or leave the key out")
	case c.BotID < 0:
		return errors.New("bot_id: write the number that the builder shows in the bot's address")
	}
	for key, id := range map[string]string{"resume_node": c.ResumeNode, "end_node": c.EndNode} {
		if id != "" && !node.MatchString(id) {
			return fmt.Errorf("%s: write the block's id from its menu in the builder, such as Abc12def3", key)
		}
	}
	if _, err := time.LoadLocation(c.TranscriptTimezone); err != nil {
		return errors.New("transcript_timezone: write a name such as UTC or Europe/Madrid")
	}
	return nil
}
