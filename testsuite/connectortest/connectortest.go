// Package connectortest is the conformance suite of connectors: one table of cases, each protecting one promise of
// package connector. A vendor's test hands it a Subject and is done:
//
//	func TestConformance(t *testing.T) {
//		connectortest.Run(t, connectortest.Subject{Vendor: newVendor, Open: open, Auth: auth, Secrets: secrets})
//	}
//
// The vendor's folder brings the fixtures:
//
//	testdata/webhooks/<name>.json         the body of one captured webhook, cleaned (any extension but .golden)
//	testdata/webhooks/<name>.golden       the events that it gives; written with go test -update
//	testdata/requests/<method>.golden     what the vendor is sent; written with go test -update
//	testdata/capabilities.golden          the abilities; written with go test -update
//
// Names of webhooks that begin with unknown give no event, those that begin with echo give no message, those that begin
// with hostile are refused as Invalid, and those that begin with challenge are answered by Challenge.
//
// RunPair plays one full handoff between a channel and a desk. Package subjects has a Subject for each of them.
//
// A case for an optional ability is there when the connector has the ability. Most cases run once for each method that
// calls the vendor; their names are <case>/<method>. A case that a vendor cannot pass is named in Subject.Except with
// the reason. It runs all the same, and the suite fails if it passes: the exception is no longer needed.
package connectortest

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
)

// Subject is one connector under test.
type Subject struct {
	// Dir is the vendor's folder; empty means the folder of the test.
	Dir string
	// Vendor makes a fresh fake of the vendor for each case; nil for a connector that never calls anybody.
	Vendor func(t T) *Vendor
	// Open makes the connection.
	Open func(t T, o Options) (connector.Connector, error)
	// Auth says how the vendor's webhooks prove where they come from.
	Auth Auth
	// Secrets must never show in an error or a log line: all that Open puts into the configuration.
	Secrets []string
	// Kind overrides what an HTTP status means for a method, where the vendor defines it otherwise: kind "" is
	// success. It may be nil.
	Kind func(method string, status int) (kind connector.Kind, override bool)
	// Scrub blanks what differs from run to run in recorded requests, such as tokens. It may be nil.
	Scrub func(request string) string
	// Except names the cases that the vendor cannot pass, as <case> or <case>/<method>, with the reason.
	Except map[string]string
}

// Options is what the connection of one case is made of.
type Options struct {
	// URL is the base address of the fake, without a trailing slash.
	URL string
	// WebhookSecrets are what webhooks are checked against; usually Auth.Secret alone.
	WebhookSecrets []string
	// Deps carries the client to be used, the logger and the connection's name.
	Deps connector.Deps
}

// Auth says how the vendor's webhooks prove where they come from.
type Auth struct {
	// Secret is what fixtures are signed with.
	Secret string
	// Sign makes a whole delivery of a fixture's body, as if the vendor sent it at d.ReceivedAt: method, hookpoint,
	// query, headers, signature. It may change the body where the vendor puts its secret there.
	Sign func(fixture string, d *connector.Delivery, secret string)
	// Headers are the headers that Verify depends on.
	Headers []string
	// Body, Query and Hookpoint say that a change of one byte there is noticed.
	Body, Query, Hookpoint bool
	// Spoil are further changes after which Verify must refuse, by name.
	Spoil map[string]func(d *connector.Delivery)
	// Tolerance is how old a webhook may be; 0 means that the vendor signs no time.
	Tolerance time.Duration
}

// Vendor is a fake of the vendor and what a case needs to do or see there. Fields of sides and abilities that the
// connector does not have stay nil.
type Vendor struct {
	http.Handler
	Faults *fake.Faults
	// Ops names the operation of Faults for a method of the connector, such as "Deliver"; a method without an entry is
	// struck by faults for every operation.
	Ops map[string]string

	// Conversation begins a conversation of the channel, in which the customer has written, and gives its key and what
	// the webhook asked to be given back.
	Conversation func() (to string, vendor map[string]string)
	// CustomerSees lists the texts that we said to the customer, oldest first.
	CustomerSees func(to string) []string
	// CustomerFiles lists what the customer sees of the files that we sent: names or addresses. It is nil where the
	// channel takes no files.
	CustomerFiles func(to string) []string
	// AgentSees lists the texts of the customer that we posted to the ticket, oldest first; not the transcript.
	AgentSees func(ticket conversation.Ticket) []string
	// AgentReads lists all that agents read on the ticket: what it was opened with, texts, and files by name or address.
	AgentReads func(ticket conversation.Ticket) []string
	// Notes lists our private notes of the ticket.
	Notes func(ticket conversation.Ticket) []string
	// Tickets counts the tickets that were ever opened.
	Tickets func() int
	// Closed says whether the ticket is closed.
	Closed func(ticket conversation.Ticket) bool
	// Agent and Group may be assigned.
	Agent, Group string
	// Nobody sends all agents home.
	Nobody func()
	// AgentSays makes an agent answer on the ticket, and takes the ticket if need be.
	AgentSays func(ticket conversation.Ticket, text string)
	// AgentSendsFile makes an agent send a file. Where agents send the address of what lies elsewhere, it is file.URL.
	AgentSendsFile func(ticket conversation.Ticket, file conversation.Attachment, content []byte)
	// AgentTypes makes an agent type; nil where the vendor does not tell it.
	AgentTypes func(ticket conversation.Ticket)
	// AgentHandsBack makes an agent give the customer back to the bot; nil where agents have no means for it.
	AgentHandsBack func(ticket conversation.Ticket)
	// AgentCloses makes an agent close the ticket.
	AgentCloses func(ticket conversation.Ticket)
	// Webhooks gives what the fake would have sent since it was made, ready to verify, and is needed where the
	// connector lists messages.
	Webhooks func() []*connector.Delivery
	// Subscriptions counts the webhooks that are registered.
	Subscriptions func() int
	// File puts a file at the vendor, for FetchAttachment.
	File func(content []byte) conversation.Attachment
}

// Failure is one promise that was not kept.
type Failure struct {
	// Case is its name, as Except wants it.
	Case string
	// Why is the promise.
	Why string
	// Text says what happened instead.
	Text string
}

// String shows the promise and what happened.
func (f Failure) String() string {
	return fmt.Sprintf("%s\nthe promise: %s\n%s", f.Case, f.Why, strings.TrimSpace(f.Text))
}

// Run checks the subject against every case.
func Run(t *testing.T, s Subject) {
	t.Helper()
	s = s.withDefaults()
	cases := expand(t, s)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { s.judge(t, c, attempt(t.Context(), c, s)) })
	}
	s.checkExceptions(t, cases)
}

// judge reports a failure that is not excepted, and an exception of this very case that is not needed.
func (s Subject) judge(t T, c testCase, f *Failure) {
	t.Helper()
	reason, excepted := s.except(c)
	_, exact := s.Except[c.name]
	switch {
	case f != nil && excepted:
		t.Logf("excepted: %s", reason)
	case f != nil:
		t.Errorf("%s", f)
	case exact:
		t.Errorf(notNeeded, c.name, reason)
	}
}

const notNeeded = "%s is excepted (%s) and passes: the exception is no longer needed"

// Failures runs every case but those to be skipped, and gives the promises that were not kept, whether excepted or not.
// It is how the suite itself is tested.
func Failures(t T, s Subject, skip ...string) []Failure {
	t.Helper()
	s = s.withDefaults()
	var failures []Failure
	for _, c := range expand(t, s) {
		if slices.Contains(skip, c.name) {
			continue
		}
		if f := attempt(t.Context(), c, s); f != nil {
			failures = append(failures, *f)
		}
	}
	return failures
}

// attempt runs one case and gives its failure, or nil.
func attempt(ctx context.Context, c testCase, s Subject) *Failure {
	text := record(ctx, func(t T) { c.run(t, s) })
	if text == "" {
		return nil
	}
	return &Failure{Case: c.name, Why: c.why, Text: text}
}

func (s Subject) withDefaults() Subject {
	s.Dir = cmp.Or(s.Dir, ".")
	if s.Auth.Sign == nil {
		s.Auth.Sign = func(string, *connector.Delivery, string) {}
	}
	return s
}

// except finds the exception of a case: its own, or that of the case for all methods.
func (s Subject) except(c testCase) (reason string, ok bool) {
	if reason, ok = s.Except[c.name]; ok {
		return reason, true
	}
	group, _, _ := strings.Cut(c.name, "/")
	reason, ok = s.Except[group]
	return reason, ok
}

// checkExceptions refuses exceptions without a reason or without a case, and those for a whole group in which every
// case passes.
func (s Subject) checkExceptions(t T, cases []testCase) {
	t.Helper()
	for name, reason := range s.Except {
		if strings.TrimSpace(reason) == "" {
			t.Errorf("the exception %s gives no reason", name)
		}
		exact := slices.ContainsFunc(cases, func(c testCase) bool { return c.name == name })
		if exact {
			continue
		}
		var group []testCase
		for _, c := range cases {
			if strings.HasPrefix(c.name, name+"/") {
				group = append(group, c)
			}
		}
		if len(group) == 0 {
			t.Errorf("the exception %s names no case", name)
			continue
		}
		if !slices.ContainsFunc(group, func(c testCase) bool { return attempt(t.Context(), c, s) != nil }) {
			t.Errorf(notNeeded, name, reason)
		}
	}
}

// open makes a connection without a fake, for cases that make no call.
func (s Subject) open(t T, transport http.RoundTripper, secrets ...string) (connector.Connector, error) {
	return s.Open(t, Options{
		URL:            "http://127.0.0.1:9",
		WebhookSecrets: secrets,
		Deps: connector.Deps{
			Unpaced:    true,
			Connection: connectionName, HTTP: &http.Client{Transport: transport}, Logger: slog.New(slog.DiscardHandler),
			PublicURL: publicURL,
		},
	})
}

const (
	// connectionName and publicURL are those of every connection under test.
	connectionName = "under-test"
	publicURL      = "https://handoff.example"
)
