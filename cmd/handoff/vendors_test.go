package main

import (
	"context"
	"errors"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// inventedVendors are a channel that can do much, a desk that can do much, and a desk that can do nothing.
func inventedVendors() *connector.Registry {
	return connector.NewRegistry(
		connector.NewFactory("web", "A channel.", func(c answers, _ connector.Deps) (connector.Connector, error) {
			return web{base{name: "web", answers: c, traits: connector.Traits{
				Deliver: connector.ByLookup, CallsPerSecond: 2.5, HostsBot: true, SendingTakesOver: true,
			}}}, nil
		}),
		connector.NewFactory("bureau", "A desk.", func(c answers, _ connector.Deps) (connector.Connector, error) {
			return bureau{base{name: "bureau", answers: c, traits: connector.Traits{Post: connector.ByKey, Open: connector.ByKey}}}, nil
		}),
		connector.NewFactory("post", "A desk without abilities.", func(c answers, _ connector.Deps) (connector.Connector, error) {
			return post{base{name: "post", answers: c}}, nil
		}),
	)
}

// answers are what an invented vendor answers.
type answers struct {
	Check string           `yaml:"check" enum:"ok,refused" doc:"what the check of the credentials gives"`
	Token connector.Secret `yaml:"token" doc:"a token"`
}

type base struct {
	name    string
	answers answers
	traits  connector.Traits
}

func (b base) Name() string             { return b.name }
func (b base) Traits() connector.Traits { return b.traits }
func (b base) Decode(*connector.Delivery) ([]connector.Inbound, error) {
	return []connector.Inbound{{
		Ref:   connector.Ref{Conversation: "c1"},
		Event: conversation.Event{Kind: conversation.CustomerSaid, ID: "e1", Text: "hello", At: time.Now()},
	}}, nil
}
func (b base) Verify(*connector.Delivery) error { return nil }

func (b base) Check(context.Context) error {
	if b.answers.Check == "refused" {
		return connector.Errorf(b.name, "Check", connector.Unauthenticated, "the token is not known")
	}
	return nil
}

// subscribed is where the last registered webhook goes to.
var subscribed []string

func (b base) Subscribe(_ context.Context, webhookURL string) error {
	if b.answers.Check == "refused" {
		return errors.New("no scope for webhooks")
	}
	subscribed = append(subscribed, webhookURL)
	return nil
}

type web struct{ base }

func (web) Deliver(context.Context, connector.DeliverRequest) (connector.Receipt, error) {
	return connector.Receipt{}, nil
}
func (web) PauseBot(context.Context, connector.PauseRequest) error   { return nil }
func (web) ResumeBot(context.Context, connector.ResumeRequest) error { return nil }

type bureau struct{ base }

func (bureau) Open(context.Context, connector.OpenRequest) (conversation.Ticket, error) {
	return conversation.Ticket{}, nil
}

func (bureau) Post(context.Context, connector.PostRequest) (connector.Receipt, error) {
	return connector.Receipt{}, nil
}
func (bureau) Assign(context.Context, connector.AssignRequest) error     { return nil }
func (bureau) CloseTicket(context.Context, connector.CloseRequest) error { return nil }
func (bureau) WriteNote(context.Context, connector.NoteRequest) error    { return nil }
func (bureau) SendTyping(context.Context, connector.TypingRequest) error { return nil }
func (bureau) Availability(context.Context, connector.AvailabilityRequest) (connector.Availability, error) {
	return connector.Online, nil
}

func (bureau) SendAttachment(context.Context, connector.AttachmentRequest) (connector.Receipt, error) {
	return connector.Receipt{}, nil
}

func (bureau) ListMessages(context.Context, connector.ListRequest) ([]connector.Inbound, error) {
	return nil, nil
}

// post embeds no more than the contract, so that it can neither be checked nor subscribed to.
type post struct{ connector.Connector }

func (post) Open(context.Context, connector.OpenRequest) (conversation.Ticket, error) {
	return conversation.Ticket{}, nil
}

func (post) Post(context.Context, connector.PostRequest) (connector.Receipt, error) {
	return connector.Receipt{}, nil
}
