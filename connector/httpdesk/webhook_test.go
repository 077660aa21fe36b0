package httpdesk_test

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpdesk"
	"github.com/handoff-engine/handoff/conversation"
	fakehttpdesk "github.com/handoff-engine/handoff/testsuite/fake/httpdesk"
)

// delivery is an event as the desk sends it.
func delivery(id, body string) *connector.Delivery {
	return &connector.Delivery{
		Method: http.MethodPost, Header: fakehttpdesk.Sign(fakehttpdesk.DefaultSecret, id, []byte(body), now), Body: []byte(body), ReceivedAt: now,
	}
}

// parts are the keys that an event's data may have.
var parts = []string{
	`"id":"m-1"`, `"target":"m-1"`, `"agent":{"id":"mira","name":"Mira"}`, `"group":"returns"`, `"text":"for agents only"`,
	`"attachment":{"url":"https://files.example/internal.pdf"}`, `"typing":false`, `"node":"for agents only"`,
}

// randomEvent makes an event with two thirds of the keys that there are, in any order.
func randomEvent(r *rand.Rand, kind string) string {
	data := []string{`"ticket":"` + ticket1 + `"`}
	for _, i := range r.Perm(len(parts)) {
		if r.IntN(3) > 0 {
			data = append(data, parts[i])
		}
	}
	timestamp := ""
	if r.IntN(2) == 0 {
		timestamp = `"timestamp":"2026-03-02T09:29:00Z",`
	}
	return `{"type":"` + kind + `",` + timestamp + `"data":{` + strings.Join(data, ",") + `}}`
}

func TestNothingThatAgentsWriteAmongThemselvesIsSaidToTheCustomer(t *testing.T) {
	c := connect(t, httpdesk.Config{URL: "https://desk.example/handoff"}, nil)
	r := rand.New(rand.NewPCG(1, 2))
	speaking := map[string]bool{httpdesk.TypeAgentMessage: true, httpdesk.TypeAgentEdited: true, httpdesk.TypeAgentTyping: true}
	kinds := []string{
		httpdesk.TypeAgentJoined, httpdesk.TypeAgentLeft, httpdesk.TypeAgentOffline, httpdesk.TypeAgentMessage, httpdesk.TypeAgentEdited,
		httpdesk.TypeAgentDeleted, httpdesk.TypeAgentNote, httpdesk.TypeAgentTyping, httpdesk.TypeAgentRead, httpdesk.TypeTicketTransferred,
		httpdesk.TypeTicketClosed, httpdesk.TypeTicketBackToBot, httpdesk.TypeNoteCreated, httpdesk.TypeMessageCreated, "agent.internal", "note",
	}
	notes, said := 0, 0
	d := delivery("evt", "")
	cases := 100_000
	if testing.Short() {
		cases = 5_000
	}
	for range cases {
		kind := kinds[r.IntN(len(kinds))]
		d.Body = []byte(randomEvent(r, kind))
		events, err := c.Decode(d)
		if err != nil && connector.KindOf(err) != connector.Invalid {
			require.NoError(t, err, "%s", d.Body)
		}
		for _, in := range events {
			ev := in.Event
			if ev.Kind == conversation.AgentNoted {
				notes++
			}
			if speaking[kind] {
				said++
				continue
			}
			if ev.Kind == conversation.AgentSaid || ev.Kind == conversation.AgentEdited || ev.Text != "" || ev.Attachment != nil || in.Typing != nil {
				require.Fail(t, "what is not for the customer is said", "%s", d.Body)
			}
		}
	}
	require.Greater(t, notes, cases/100)
	require.Greater(t, said, cases/100)
}

func TestWhatWeSentAndTheDeskSendsBackChangesNothing(t *testing.T) {
	s, c, ticket := opened(t, fakehttpdesk.Options{})
	require.NoError(t, c.CloseTicket(t.Context(), connector.CloseRequest{Key: "app-shop:u-42/k3f9a2bq-9", Ticket: ticket}))
	for _, told := range s.Told() {
		body, err := json.Marshal(map[string]any{"type": told.Type, "data": map[string]any{"ticket": told.Data.Ticket}})
		require.NoError(t, err)
		d := delivery(told.ID, string(body))
		require.NoError(t, c.Verify(d))
		events, err := c.Decode(d)
		require.NoError(t, err)
		require.Empty(t, events, told.Type)
	}
}

func TestARefusalSaysWhatIsWrongAndQuotesNothing(t *testing.T) {
	c := connect(t, httpdesk.Config{URL: "https://desk.example/handoff"}, nil)
	require.True(t, c.Traits().ExplainsRefusals)
	for body, want := range map[string]string{
		`{"type":"agent.message","data":{"ticket":"T-1","agent":{"id":"c4n4ry"},"text":"c4n4ry"}}`:            "data.ticket is no ticket",
		`{"type":"agent.message","data":{"ticket":"` + ticket1 + `","agent":{"id":"c4n4ry"},"txt":"c4n4ry"}}`: "a key that does not exist",
		`{"type":"agent.message","data":{"ticket":"` + ticket1 + `","agent":"c4n4ry","text":"c4n4ry"}}`:       "data.agent is of the wrong type",
		`{"type":"agent.message","data":{"ticket":"` + ticket1 + `","text":"c4n4ry"}}`:                        "agent.message needs data.agent with an id",
		`{"type":"agent.c4n4ry","data":{"ticket":"` + ticket1 + `"}}`:                                         "type is none that a desk sends",
		`{"type":"ticket.transferred","data":{"ticket":"` + ticket1 + `"}}`:                                   "data.group",
		`{"type":"agent.message","data":{"ticket":"` + ticket1 + `","attachment":{"url":"ftp://c4n4ry"}}}`:    "data.attachment has neither",
		`{"type":"agent.edited","data":{"ticket":"` + ticket1 + `","text":"c4n4ry"}}`:                         "needs data.target and data.text",
		`["c4n4ry"]`: "no JSON object",
	} {
		_, err := c.Decode(delivery("evt-1", body))
		require.ErrorContains(t, err, want, body)
		require.NotContains(t, err.Error(), "c4n4ry")
	}
	_, err := c.Decode(delivery(strings.Repeat("x", 201), `{"type":"ticket.closed","data":{"ticket":"`+ticket1+`"}}`))
	require.ErrorContains(t, err, "webhook-id is missing or longer")
}

func TestTheEventOfATicketIsAboutItsConversation(t *testing.T) {
	c := connect(t, httpdesk.Config{URL: "https://desk.example/handoff"}, nil)
	for ticket, want := range map[string]string{
		ticket1: "app-shop:u-42", "landbot-shop:9~x-1": "landbot-shop:9", "a:b:c.d_e-f~k-2": "a:b:c.d_e-f",
		"app-shop~x-1": "", "app-shop:u-42": "", "app-shop:u 42~x-1": "", "App:u~x-1": "", "app-shop:u-42~": "", "app-shop:u-42~x~y": "", "~": "",
	} {
		events, err := c.Decode(delivery("evt-1", `{"type":"ticket.closed","data":{"ticket":"`+ticket+`"}}`))
		if want == "" {
			require.Equal(t, connector.Invalid, connector.KindOf(err), ticket)
			continue
		}
		require.NoError(t, err, ticket)
		require.Equal(t, connector.Ref{ID: want}, events[0].Ref)
		require.Equal(t, ticket, events[0].Event.TicketID)
	}
}
