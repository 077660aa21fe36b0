package subjects

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/memory"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
	fake "github.com/handoff-engine/handoff/testsuite/fake/memory"
)

// MemorySecret signs the webhooks of the memory vendor.
const MemorySecret = "memory-secret-4b1f"

// Memory is the playground's vendor, on either side.
func Memory() connectortest.Subject {
	return connectortest.Subject{
		Vendor: newMemory,
		Open: func(_ connectortest.T, o connectortest.Options) (connector.Connector, error) {
			return memory.New(memory.Config{BaseURL: o.URL, Secret: secretsOf(o.WebhookSecrets)}, o.Deps)
		},
		Secrets: []string{MemorySecret},
		Auth: connectortest.Auth{
			Secret: MemorySecret, Body: true, Tolerance: 5 * time.Minute,
			Headers: []string{memory.HeaderID, memory.HeaderTimestamp, memory.HeaderSignature},
			// The event's id is the fixture's name, to be stable.
			Sign: func(fixture string, d *connector.Delivery, secret string) {
				d.Header = fake.Sign(secret, fixture, d.Body, d.ReceivedAt).Header
			},
		},
	}
}

func newMemory(t connectortest.T) *connectortest.Vendor {
	s := fake.New(fake.Options{Secret: MemorySecret, PageSize: 2})
	t.Cleanup(s.Close)
	ticketOf := func(ticket conversation.Ticket) fake.Ticket {
		for _, t := range s.Tickets() {
			if t.ID == ticket.ID {
				return t
			}
		}
		return fake.Ticket{}
	}
	return &connectortest.Vendor{
		Handler: s,
		Faults:  &s.Faults,
		Ops: map[string]string{
			"Deliver": "channel_send", "SendButtons": "channel_send", "Post": "desk_send", "Open": "open", "Reply": "bot_reply", "PauseBot": "pause",
			"ResumeBot": "resume", "Assign": "assign", "CloseTicket": "close", "WriteNote": "note",
			"Availability": "availability", "SendTyping": "desk_typing", "SendAttachment": "desk_send",
			"FindSent": "desk_sent", "ListMessages": "desk_list", "Check": "ping", "Mirror": "mirror", "UpdateTicket": "update",
			"Queue": "queue", "EditMessage": "desk_edit", "MarkRead": "desk_read", "AskRating": "survey", "WriteRating": "rating",
		},
		Conversation: func() (string, map[string]string) {
			to := s.NewCustomer("Zerlina Quux")
			require.NoError(t, s.CustomerSays(to, "hello"))
			return to, nil
		},
		CustomerSees: s.CustomerSees,
		CustomerFiles: func(to string) []string {
			c, _ := s.Conversation(to)
			return memoryFiles(c.Messages)
		},
		AgentSees: func(ticket conversation.Ticket) []string { return s.AgentSees(ticket.ID) },
		AgentReads: func(ticket conversation.Ticket) []string {
			t := ticketOf(ticket)
			var lines []string
			for _, l := range t.Transcript {
				lines = append(lines, l.Text)
			}
			for _, m := range t.Messages {
				lines = append(lines, m.Text)
			}
			return append(lines, memoryFiles(t.Messages)...)
		},
		Notes:   func(ticket conversation.Ticket) []string { return s.Notes(ticket.ID) },
		Tickets: func() int { return len(s.Tickets()) },
		Closed:  func(ticket conversation.Ticket) bool { return ticketOf(ticket).Closed },
		Agent:   fake.Maya,
		Nobody: func() {
			require.NoError(t, s.SetOnline(fake.Maya, false))
			require.NoError(t, s.SetOnline(fake.Tom, false))
		},
		AgentSays: func(ticket conversation.Ticket, text string) {
			require.NoError(t, s.AgentSays(ticket.ID, fake.Maya, text))
		},
		AgentSendsFile: func(ticket conversation.Ticket, f conversation.Attachment, _ []byte) {
			require.NoError(t, s.AgentSays(ticket.ID, fake.Maya, "", memory.Attachment{URL: f.URL, Name: f.Name, ContentType: f.ContentType}))
		},
		AgentTypes:     func(ticket conversation.Ticket) { require.NoError(t, s.AgentTypes(ticket.ID, fake.Maya, true)) },
		AgentHandsBack: func(ticket conversation.Ticket) { require.NoError(t, s.AgentReturnsToBot(ticket.ID, fake.Maya, "")) },
		AgentCloses:    func(ticket conversation.Ticket) { require.NoError(t, s.AgentCloses(ticket.ID, fake.Maya)) },
		Webhooks:       s.Webhooks,
	}
}

// memoryFiles are the names of the files of messages.
func memoryFiles(messages []memory.Message) []string {
	var names []string
	for _, m := range messages {
		for _, a := range m.Attachments {
			names = append(names, a.Name)
		}
	}
	return names
}
