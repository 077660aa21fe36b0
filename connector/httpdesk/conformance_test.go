package httpdesk_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpdesk"
	"github.com/handoff-engine/handoff/connector/sign"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
	fakehttpdesk "github.com/handoff-engine/handoff/testsuite/fake/httpdesk"
)

// signing is what differs from call to call.
var signing = regexp.MustCompile(`(Webhook-(?:Timestamp|Signature)): .*|(Webhook-Id: (?:typing|read|availability|queue)-)[0-9A-Z]+`)

var subject = connectortest.Subject{
	Vendor: newVendor,
	Open: func(_ connectortest.T, o connectortest.Options) (connector.Connector, error) {
		return httpdesk.Factory().Open(func(target any) error {
			c := target.(*httpdesk.Config)
			c.URL, c.Deduplicates, c.Mirror = o.URL+"/handoff", true, true
			for _, s := range o.WebhookSecrets {
				c.Secret = append(c.Secret, connector.Secret(s))
			}
			return nil
		}, o.Deps)
	},
	Auth: connectortest.Auth{
		Secret: fakehttpdesk.DefaultSecret, Body: true, Tolerance: 5 * time.Minute,
		Headers: []string{sign.HeaderID, sign.HeaderTimestamp, sign.HeaderSignature},
		Sign: func(fixture string, d *connector.Delivery, secret string) {
			id := fixture
			if strings.HasPrefix(fixture, "echo_") {
				id = "app-shop:u-42/k3f9a2bq-9"
			}
			d.Header = fakehttpdesk.Sign(secret, id, d.Body, d.ReceivedAt)
		},
	},
	Secrets: []string{fakehttpdesk.DefaultSecret},
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
	Scrub: func(request string) string { return signing.ReplaceAllString(request, "$1$2: ***") },
}

func newVendor(t connectortest.T) *connectortest.Vendor {
	s := fakehttpdesk.New(fakehttpdesk.Options{})
	t.Cleanup(s.Close)
	return &connectortest.Vendor{
		Handler: s, Faults: &s.Faults,
		Ops: map[string]string{
			"Open": httpdesk.TypeTicketOpened, "Post": httpdesk.TypeMessageCreated, "Assign": httpdesk.TypeTicketAssigned,
			"CloseTicket": httpdesk.TypeTicketClosed, "WriteNote": httpdesk.TypeNoteCreated, "SendTyping": httpdesk.TypeCustomerTyping,
			"SendAttachment": httpdesk.TypeAttachmentCreated, "MarkRead": httpdesk.TypeCustomerRead, "Check": httpdesk.TypePing, "WriteRating": httpdesk.TypeCustomerRated,
			"Availability": fakehttpdesk.OpAvailability, "Queue": fakehttpdesk.OpQueue,
		},
		AgentSees: func(ticket conversation.Ticket) []string { return s.AgentSees(ticket.ID) },
		Notes:     func(ticket conversation.Ticket) []string { return s.Ticket(ticket.ID).Notes },
		Tickets:   func() int { return len(s.Tickets()) },
		Closed:    func(ticket conversation.Ticket) bool { return s.Ticket(ticket.ID).Closed },
		Agent:     fakehttpdesk.Mira,
		Nobody: func() {
			s.SetAway(fakehttpdesk.Mira, true)
			s.SetAway(fakehttpdesk.Tom, true)
		},
		AgentSays: func(ticket conversation.Ticket, text string) { s.AgentSays(ticket.ID, fakehttpdesk.Mira, text) },
		Webhooks:  s.Webhooks,
	}
}

func TestConformance(t *testing.T) { connectortest.Run(t, subject) }

func FuzzDecode(f *testing.F) { connectortest.FuzzDecode(f, subject) }
