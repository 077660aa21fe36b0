package config_test

import (
	"context"
	"errors"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// registry has one invented vendor for each kind that the rules of the configuration tell apart.
func registry() *connector.Registry {
	return connector.NewRegistry(
		connector.NewFactory("chatter", "A chat that hosts its bot.", openChatter),
		connector.NewFactory("kiosk", "A channel without a bot.", func(_ noKeys, _ connector.Deps) (connector.Connector, error) {
			return channel{base{name: "kiosk"}}, nil
		}),
		connector.NewFactory("inbox", "A desk that assigns and tells who is there.", openInbox),
		connector.NewFactory("mailbox", "A desk that can do nothing else.", func(_ noKeys, _ connector.Deps) (connector.Connector, error) {
			return desk{base{name: "mailbox"}}, nil
		}),
		connector.NewFactory("brain", "A bot that is asked.", func(_ noKeys, _ connector.Deps) (connector.Connector, error) {
			return bot{base{name: "brain"}}, nil
		}),
	)
}

type noKeys struct{}

type chatterConfig struct {
	BaseURL   string            `yaml:"base_url" doc:"address of the API"`
	APIToken  connector.Secrets `yaml:"api_token" required:"true" doc:"token for our calls"`
	HookToken connector.Secret  `yaml:"hook_token" required:"true" doc:"token of the hooks"`
	Region    string            `yaml:"region" enum:"eu,us" doc:"where the account is"`
	Pause     time.Duration     `yaml:"pause" doc:"pause between two messages"`
	Retries   int               `yaml:"retries" doc:"how often a call is repeated"`
	Weight    *float64          `yaml:"weight" doc:"share of the traffic"`
	Strict    bool              `yaml:"strict" doc:"refuse what is unknown"`
	Bots      []int64           `yaml:"bots" doc:"ids of the bots"`
	Names     map[string]string `yaml:"names" doc:"names by agent"`
	Nodes     []node            `yaml:"nodes" doc:"where the bot goes on"`
}

type node struct {
	ID   string `yaml:"id" required:"true" doc:"the node's id"`
	Port uint   `yaml:"port" doc:"the node's port"`
}

func (c *chatterConfig) SetDefaults() { c.BaseURL = "https://api.chatter.example" }

func (c *chatterConfig) Validate() error {
	var errs []error
	if c.BaseURL == "ftp://chatter.example" {
		errs = append(errs, errors.New("base_url: write an address that begins with https"))
	}
	if c.Retries > 9 {
		errs = append(errs, errors.New("retries must be at most 9"))
	}
	return errors.Join(errs...)
}

// opened keeps what the last chatter connection was opened with.
var opened struct {
	config chatterConfig
	deps   connector.Deps
}

func openChatter(c chatterConfig, deps connector.Deps) (connector.Connector, error) {
	if c.Region == "us" && c.Retries == 0 {
		return nil, errors.New("the region us needs more than this")
	}
	opened.config, opened.deps = c, deps
	return chatter{channel{base{name: "chatter", traits: connector.Traits{
		Deliver: connector.ByLookup, Redelivery: 2 * time.Hour, CallsPerSecond: 5, HostsBot: true, SendingTakesOver: true,
	}}}}, nil
}

type inboxConfig struct {
	Key connector.Secret `yaml:"key" doc:"the account's key"`
}

func openInbox(_ inboxConfig, _ connector.Deps) (connector.Connector, error) {
	return inbox{desk{base{name: "inbox", traits: connector.Traits{Post: connector.ByKey, HoldUnknown: true}}}}, nil
}

type base struct {
	name   string
	traits connector.Traits
}

func (b base) Name() string                                            { return b.name }
func (b base) Traits() connector.Traits                                { return b.traits }
func (b base) Verify(*connector.Delivery) error                        { return nil }
func (b base) Decode(*connector.Delivery) ([]connector.Inbound, error) { return nil, nil }

type channel struct{ base }

func (channel) Deliver(context.Context, connector.DeliverRequest) (connector.Receipt, error) {
	return connector.Receipt{}, nil
}

type chatter struct{ channel }

func (chatter) PauseBot(context.Context, connector.PauseRequest) error   { return nil }
func (chatter) ResumeBot(context.Context, connector.ResumeRequest) error { return nil }

type desk struct{ base }

func (desk) Open(context.Context, connector.OpenRequest) (conversation.Ticket, error) {
	return conversation.Ticket{}, nil
}

func (desk) Post(context.Context, connector.PostRequest) (connector.Receipt, error) {
	return connector.Receipt{}, nil
}

type inbox struct{ desk }

func (inbox) Assign(context.Context, connector.AssignRequest) error { return nil }
func (inbox) Availability(context.Context, connector.AvailabilityRequest) (connector.Availability, error) {
	return connector.Online, nil
}

type bot struct{ base }

func (bot) Reply(context.Context, connector.ReplyRequest) (conversation.Answer, error) {
	return conversation.Answer{}, nil
}
