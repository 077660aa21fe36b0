package connectortest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/memory"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
	fakememory "github.com/handoff-engine/handoff/testsuite/fake/memory"
)

const secret = "memory-secret-4b1f"

// subject is the memory connector with a fault planted by spoil; nil plants none.
func subject(spoil func(c *memory.Client, o *connectortest.Options) connector.Connector) connectortest.Subject {
	return connectortest.Subject{
		Dir:    "../../connector/memory",
		Vendor: newVendor,
		Open: func(_ connectortest.T, o connectortest.Options) (connector.Connector, error) {
			client := openMemory(o)
			if spoil == nil {
				return client, nil
			}
			return spoil(client, &o), nil
		},
		Secrets: []string{secret},
		Auth: connectortest.Auth{
			Secret: secret, Body: true, Tolerance: 5 * time.Minute,
			Headers: []string{memory.HeaderID, memory.HeaderTimestamp, memory.HeaderSignature},
			Sign: func(fixture string, d *connector.Delivery, secret string) {
				d.Header = fakememory.Sign(secret, fixture, d.Body, d.ReceivedAt).Header
			},
		},
	}
}

func openMemory(o connectortest.Options) *memory.Client {
	config := memory.Config{BaseURL: o.URL}
	for _, s := range o.WebhookSecrets {
		config.Secret = append(config.Secret, connector.Secret(s))
	}
	c, err := memory.New(config, o.Deps)
	if err != nil {
		panic(err) // the memory connector opens with any configuration
	}
	return c.(*memory.Client)
}

func newVendor(t connectortest.T) *connectortest.Vendor {
	s := fakememory.New(fakememory.Options{Secret: secret, PageSize: 2})
	t.Cleanup(s.Close)
	return &connectortest.Vendor{
		Handler: s,
		Faults:  &s.Faults,
		Ops: map[string]string{
			"Deliver": "channel_send", "Post": "desk_send", "Open": "open", "Reply": "bot_reply", "PauseBot": "pause",
			"ResumeBot": "resume", "Assign": "assign", "CloseTicket": "close", "WriteNote": "note",
			"Availability": "availability", "SendTyping": "desk_typing", "SendAttachment": "desk_send",
			"FindSent": "desk_sent", "ListMessages": "desk_list", "Check": "ping",
		},
		Conversation: func() (string, map[string]string) { return s.NewCustomer("Zerlina Quux"), nil },
		CustomerSees: s.CustomerSees,
		AgentSees:    func(ticket conversation.Ticket) []string { return s.AgentSees(ticket.ID) },
		Notes:        func(ticket conversation.Ticket) []string { return s.Notes(ticket.ID) },
		Tickets:      func() int { return len(s.Tickets()) },
		Agent:        fakememory.Maya,
		Nobody: func() {
			require.NoError(t, s.SetOnline(fakememory.Maya, false))
			require.NoError(t, s.SetOnline(fakememory.Tom, false))
		},
		AgentSays: func(ticket conversation.Ticket, text string) {
			require.NoError(t, s.AgentSays(ticket.ID, fakememory.Maya, text))
		},
		Webhooks: s.Webhooks,
	}
}

func TestAnExceptionThatIsNeededPasses(t *testing.T) {
	s := subject(func(c *memory.Client, _ *connectortest.Options) connector.Connector { return emptySent{c} })
	s.Except = map[string]string{"EmptyIsRefused/Deliver": "the vendor accepts silence"}
	require.Empty(t, connectortest.Judged(t.Context(), s, "EmptyIsRefused/Deliver"))
	s.Except = map[string]string{"EmptyIsRefused": "the vendor accepts silence"}
	require.Empty(t, connectortest.Judged(t.Context(), s, "EmptyIsRefused/Deliver", "EmptyIsRefused/Post"))
}

func TestAnExceptionThatIsNotNeededFails(t *testing.T) {
	for _, name := range []string{"EmptyIsRefused/Deliver", "EmptyIsRefused"} {
		s := subject(nil)
		s.Except = map[string]string{name: "the vendor accepts silence"}
		require.Contains(t, connectortest.Judged(t.Context(), s, "EmptyIsRefused/Deliver", "EmptyIsRefused/Post"), "no longer needed")
	}
}

func TestAnExceptionNeedsACaseAndAReason(t *testing.T) {
	s := subject(nil)
	s.Except = map[string]string{"EmptyIsRefussed": "a misspelt name"}
	require.Contains(t, connectortest.Judged(t.Context(), s, "EmptyIsRefused/Deliver"), "names no case")
	s.Except = map[string]string{"EmptyIsRefused/Deliver": " "}
	require.Contains(t, connectortest.Judged(t.Context(), s, "EmptyIsRefused/Deliver"), "gives no reason")
}

func TestAFailureTellsThePromise(t *testing.T) {
	s := subject(func(c *memory.Client, _ *connectortest.Options) connector.Connector { return emptySent{c} })
	require.Contains(t, connectortest.Judged(t.Context(), s, "EmptyIsRefused/Deliver"),
		"the promise: an empty text is refused as Invalid before any call")
}
