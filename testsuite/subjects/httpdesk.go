package subjects

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpdesk"
	"github.com/handoff-engine/handoff/connector/sign"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
	fake "github.com/handoff-engine/handoff/testsuite/fake/httpdesk"
)

// httpDeskSigning is what differs from call to call.
var httpDeskSigning = regexp.MustCompile(`(Webhook-(?:Timestamp|Signature)): .*|(Webhook-Id: (?:typing|read|availability|queue)-)[0-9A-Z]+`)

// HTTPDesk is a desk of one's own that does all that its contract allows.
func HTTPDesk() connectortest.Subject {
	return connectortest.Subject{
		Vendor: newHTTPDesk,
		Open: func(_ connectortest.T, o connectortest.Options) (connector.Connector, error) {
			return httpdesk.Factory().Open(func(target any) error {
				c := target.(*httpdesk.Config)
				c.URL, c.Deduplicates, c.Mirror = o.URL+"/handoff", true, true
				c.Secret = secretsOf(o.WebhookSecrets)
				return nil
			}, o.Deps)
		},
		Auth: connectortest.Auth{
			Secret: fake.DefaultSecret, Body: true, Tolerance: 5 * time.Minute,
			Headers: []string{sign.HeaderID, sign.HeaderTimestamp, sign.HeaderSignature},
			Sign: func(fixture string, d *connector.Delivery, secret string) {
				id := fixture
				if strings.HasPrefix(fixture, "echo_") {
					id = "app-shop:u-42/k3f9a2bq-9"
				}
				d.Header = fake.Sign(secret, id, d.Body, d.ReceivedAt)
			},
		},
		Secrets: []string{fake.DefaultSecret},
		Kind: func(method string, status int) (connector.Kind, bool) {
			asked := method == "Availability" || method == "Queue"
			shown := method == "UpdateTicket" || method == "WriteRating"
			switch {
			case shown && status == http.StatusNotImplemented:
				return "", true // The desk does not show it, and nothing is to be done instead.
			case asked && (status == http.StatusNotFound || status == http.StatusMethodNotAllowed || status == http.StatusNotImplemented):
				return "", true // The desk does not tell, which is no error.
			case status == http.StatusNotImplemented:
				return connector.Unsupported, true
			}
			return "", false
		},
		Scrub: func(request string) string { return httpDeskSigning.ReplaceAllString(request, "$1$2: ***") },
	}
}

func newHTTPDesk(t connectortest.T) *connectortest.Vendor {
	s := fake.New(fake.Options{})
	t.Cleanup(s.Close)
	return &connectortest.Vendor{
		Handler: s, Faults: &s.Faults,
		Ops: map[string]string{
			"Open": httpdesk.TypeTicketOpened, "Post": httpdesk.TypeMessageCreated, "Assign": httpdesk.TypeTicketAssigned,
			"CloseTicket": httpdesk.TypeTicketClosed, "WriteNote": httpdesk.TypeNoteCreated, "SendTyping": httpdesk.TypeCustomerTyping,
			"SendAttachment": httpdesk.TypeAttachmentCreated, "MarkRead": httpdesk.TypeCustomerRead, "Check": httpdesk.TypePing, "WriteRating": httpdesk.TypeCustomerRated,
			"Availability": fake.OpAvailability, "Queue": fake.OpQueue,
		},
		AgentSees: func(ticket conversation.Ticket) []string { return s.AgentSees(ticket.ID) },
		AgentReads: func(ticket conversation.Ticket) []string {
			var lines []string
			t := s.Ticket(ticket.ID)
			for _, l := range t.Transcript {
				lines = append(lines, l.Text)
			}
			for _, m := range t.Messages {
				lines = append(lines, m.Text)
				if m.Attachment != nil {
					lines = append(lines, fmt.Sprint(m.Attachment["name"]))
				}
			}
			return lines
		},
		Notes:   func(ticket conversation.Ticket) []string { return s.Ticket(ticket.ID).Notes },
		Tickets: func() int { return len(s.Tickets()) },
		Closed:  func(ticket conversation.Ticket) bool { return s.Ticket(ticket.ID).Closed },
		Agent:   fake.Mira,
		Nobody: func() {
			s.SetAway(fake.Mira, true)
			s.SetAway(fake.Tom, true)
		},
		AgentSays: func(ticket conversation.Ticket, text string) { s.AgentSays(ticket.ID, fake.Mira, text) },
		AgentSendsFile: func(ticket conversation.Ticket, f conversation.Attachment, _ []byte) {
			s.Send("agent.message", ticket.ID, map[string]any{
				"agent":      map[string]string{"id": fake.Mira, "name": "Mira"},
				"attachment": map[string]string{"url": f.URL, "name": f.Name, "content_type": f.ContentType},
			})
		},
		AgentTypes: func(ticket conversation.Ticket) {
			s.Send("agent.typing", ticket.ID, map[string]any{"agent": map[string]string{"id": fake.Mira, "name": "Mira"}, "typing": true})
		},
		AgentHandsBack: func(ticket conversation.Ticket) { s.AgentHandsBack(ticket.ID, fake.Mira, "") },
		AgentCloses:    func(ticket conversation.Ticket) { s.AgentCloses(ticket.ID, fake.Mira) },
		Webhooks:       s.Webhooks,
	}
}
