package memory_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/memory"
	"github.com/handoff-engine/handoff/connector/sign"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
	fakememory "github.com/handoff-engine/handoff/testsuite/fake/memory"
	"github.com/handoff-engine/handoff/testsuite/subjects"
)

const secret = subjects.MemorySecret

func TestConformance(t *testing.T) { connectortest.Run(t, subjects.Memory()) }

func FuzzDecode(f *testing.F) { connectortest.FuzzDecode(f, subjects.Memory()) }

// account is a fake vendor and a connection to it.
func account(t *testing.T, config memory.Config) (*fakememory.Server, *memory.Client) {
	t.Helper()
	s := fakememory.New(fakememory.Options{Secret: secret})
	t.Cleanup(s.Close)
	config.BaseURL, config.Secret = serve(t, s), connector.Secrets{secret}
	require.NoError(t, config.Validate())
	c, err := memory.New(config, connector.Deps{Connection: "under-test"})
	require.NoError(t, err)
	client, ok := c.(*memory.Client)
	require.True(t, ok)
	return s, client
}

func TestAListTellsThatTheAgentGaveTheConversationBack(t *testing.T) {
	s, c := account(t, memory.Config{})
	ticket, err := c.Open(t.Context(), connector.OpenRequest{Key: "k-1", Conversation: "chat:c-1"})
	require.NoError(t, err)
	require.NoError(t, s.AgentTakes(ticket.ID, fakememory.Maya))
	require.NoError(t, s.AgentNotes(ticket.ID, fakememory.Maya, "a difficult one"))
	require.NoError(t, s.AgentReturnsToBot(ticket.ID, fakememory.Maya, "returns"))

	events, err := c.ListMessages(t.Context(), connector.ListRequest{Ticket: ticket})
	require.NoError(t, err)
	require.Len(t, events, 2)
	require.Equal(t, conversation.AgentNoted, events[0].Event.Kind)
	require.Empty(t, events[0].Event.Text)
	require.Equal(t, conversation.HandedBack, events[1].Event.Kind)
	require.Equal(t, connector.Ref{Ticket: ticket.ID}, events[1].Ref)
}

func TestAListOfTheChannelGivesWhatTheCustomerSaid(t *testing.T) {
	s, c := account(t, memory.Config{HostsBot: true})
	to := s.NewCustomer("Ada")
	picture := memory.Attachment{URL: "https://files.example/a.png", Name: "a.png"}
	second := memory.Attachment{URL: "https://files.example/b.png", Name: "b.png"}
	require.NoError(t, s.CustomerSays(to, "look", picture, second))
	_, err := c.Deliver(t.Context(), connector.DeliverRequest{Key: "k-1", To: to, Text: "I see"})
	require.NoError(t, err)

	listed, err := c.ListMessages(t.Context(), connector.ListRequest{To: to})
	require.NoError(t, err)
	told, err := c.Decode(s.Webhooks()[0])
	require.NoError(t, err)
	require.Len(t, told, 2, "one event for each file")
	require.Equal(t, told, completed(listed, "Ada"))
	require.Equal(t, "look", told[0].Event.Text)
	require.Empty(t, told[1].Event.Text)
	require.True(t, c.Traits().HostsBot)
}

// completed adds what webhooks tell and lists do not.
func completed(events []connector.Inbound, name string) []connector.Inbound {
	for i := range events {
		events[i].Event.Customer.Name, events[i].Event.Seq = name, 1
	}
	return events
}

func TestTheBotAnswersByTheChannelsNameOfTheConversation(t *testing.T) {
	_, c := account(t, memory.Config{})
	answer, err := c.Reply(t.Context(), connector.ReplyRequest{Key: "k-1", Conversation: "chat:c-1", Text: "a human, please"})
	require.NoError(t, err)
	require.Equal(t, conversation.Answer{
		Messages: []conversation.Message{{Text: "I get a colleague."}}, Handoff: true,
	}, answer)
}

func TestAnAwayAgentIsAConflict(t *testing.T) {
	s, c := account(t, memory.Config{})
	ticket, err := c.Open(t.Context(), connector.OpenRequest{Key: "k-1", Conversation: "chat:c-1"})
	require.NoError(t, err)
	require.NoError(t, s.SetOnline(fakememory.Tom, false))
	err = c.Assign(t.Context(), connector.AssignRequest{Key: "k-2", Ticket: ticket, Agent: fakememory.Tom})
	require.Equal(t, connector.Conflict, connector.KindOf(err))
	require.NoError(t, c.Assign(t.Context(), connector.AssignRequest{Key: "k-3", Ticket: ticket, Agent: fakememory.Maya}))
	require.NoError(t, s.AgentTakes(ticket.ID, fakememory.Maya))
	require.NoError(t, c.Assign(t.Context(), connector.AssignRequest{Key: "k-4", Ticket: ticket}), "back to the queue")
	require.Empty(t, s.Tickets()[0].Agent)
}

func TestBusyAgentsAreAQueue(t *testing.T) {
	s, c := account(t, memory.Config{Group: "sales"})
	for _, key := range []conversation.Key{"k-1", "k-2"} {
		_, err := c.Open(t.Context(), connector.OpenRequest{Key: key, Conversation: "chat:c-1"})
		require.NoError(t, err)
	}
	require.NoError(t, s.AgentTakes(s.Tickets()[0].ID, fakememory.Maya))
	there, err := c.Availability(t.Context(), connector.AvailabilityRequest{})
	require.NoError(t, err)
	require.Equal(t, connector.Queueing, there)
	there, err = c.Availability(t.Context(), connector.AvailabilityRequest{Group: "care"})
	require.NoError(t, err)
	require.Equal(t, connector.Online, there, "somebody of the other group is free")
}

func TestMistakesInTheConfigurationAreNamed(t *testing.T) {
	good := memory.Config{BaseURL: "http://127.0.0.1:1", Secret: connector.Secrets{"s"}}
	require.NoError(t, good.Validate())
	for _, tt := range []struct {
		key    string
		config memory.Config
	}{
		{"base_url", memory.Config{Secret: good.Secret}},
		{"base_url", memory.Config{BaseURL: "ftp://x", Secret: good.Secret}},
		{"base_url", memory.Config{BaseURL: "http://x/", Secret: good.Secret}},
		{"secret", memory.Config{BaseURL: good.BaseURL}},
		{"secret", memory.Config{BaseURL: good.BaseURL, Secret: connector.Secrets{"a", ""}}},
	} {
		require.ErrorContains(t, tt.config.Validate(), tt.key+":")
	}
}

func TestASignatureOfTheVendorMadeElsewherePasses(t *testing.T) {
	// Computed with openssl dgst -sha256 -hmac: independent of the code under test.
	body := []byte(`{"id":"c-1-1","type":"customer.left","at":"2026-03-02T09:30:00Z","conversation":"c-1"}`)
	d := &connector.Delivery{Header: http.Header{}, Body: body, ReceivedAt: time.Unix(1772443800, 0)}
	d.Header.Set(sign.HeaderID, "c-1-1")
	d.Header.Set(sign.HeaderTimestamp, "1772443800")
	d.Header.Set(sign.HeaderSignature, "v1,AAAA v1,"+captured)
	c, err := memory.New(memory.Config{Secret: connector.Secrets{secret}}, connector.Deps{})
	require.NoError(t, err)
	require.NoError(t, c.Verify(d))
}

// captured is the signature of the body above.
const captured = "BFZQK9gAvPocq2q4ayeK16VpCOB7kkcbomPKoffoL8I="

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}
