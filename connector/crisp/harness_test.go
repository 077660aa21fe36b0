package crisp_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/crisp"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/subjects"
)

// desk is a fake workspace and the test that looks at it.
type desk struct {
	*subjects.CrispDesk
}

func newDesk(t *testing.T) *desk { return &desk{subjects.NewCrispDesk(t)} }

// events are what the hooks tell.
func (d *desk) events(c *crisp.Client) []conversation.Event {
	var events []conversation.Event
	for _, delivery := range d.Deliveries() {
		require.NoError(d.T, c.Verify(delivery))
		list, err := c.Decode(delivery)
		require.NoError(d.T, err)
		for _, in := range list {
			if in.Event.Kind != "" {
				events = append(events, in.Event)
			}
		}
	}
	return events
}

// connect opens a connection to the desk.
func (d *desk) connect(change ...func(*crisp.Config)) *crisp.Client {
	return d.connectOver(nil, change...)
}

// connectOver opens a connection that calls over a transport.
func (d *desk) connectOver(over http.RoundTripper, change ...func(*crisp.Config)) *crisp.Client {
	cfg := subjects.CrispConfig(d.Web.URL)
	for _, f := range change {
		f(&cfg)
	}
	deps := connector.Deps{Connection: "under-test", Unpaced: true}
	if over != nil {
		deps.HTTP = &http.Client{Transport: over}
	}
	c, err := crisp.New(cfg, deps)
	require.NoError(d.T, err)
	return c
}

// lossy loses one call, counted from 1: before it is made, or its answer.
type lossy struct {
	lose   int
	before bool
	calls  int
}

func (l *lossy) RoundTrip(req *http.Request) (*http.Response, error) {
	l.calls++
	if l.calls == l.lose && l.before {
		return nil, io.ErrUnexpectedEOF
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil || l.calls != l.lose {
		return resp, err
	}
	_ = resp.Body.Close()
	return nil, io.ErrUnexpectedEOF
}

var at = time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)

// request is what a first handoff asks for.
func request(key conversation.Key) connector.OpenRequest {
	return connector.OpenRequest{
		Key: key, Conversation: "shop:c1",
		Customer: conversation.Customer{
			Name: "Ada Byron", Email: "ada@customer.example", Phone: "+15550100", Language: "en", Fields: map[string]string{"order": "991"},
		},
		Transcript: []conversation.Line{
			{N: 1, Role: conversation.RoleCustomer, Name: "Ada Byron", At: at, Text: "Hello"},
			{N: 2, Role: conversation.RoleBot, At: at, Text: "What is it about?"},
			{N: 3, Role: conversation.RoleCustomer, Name: "Ada Byron", At: at, Text: "Where is my parcel?"},
			{N: 4, Role: conversation.RoleBot, At: at, Text: "I ask a colleague."},
		},
	}
}

// open opens a ticket.
func open(t *testing.T, c *crisp.Client, key conversation.Key) conversation.Ticket {
	t.Helper()
	ticket, err := c.Open(t.Context(), request(key))
	require.NoError(t, err)
	return ticket
}

// kinds are the kinds of events.
func kinds(events []conversation.Event) string {
	var list []string
	for _, ev := range events {
		list = append(list, string(ev.Kind))
	}
	return strings.Join(list, " ")
}
