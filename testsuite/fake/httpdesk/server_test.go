package httpdesk_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/sign"
	"github.com/handoff-engine/handoff/testsuite/fake"
	"github.com/handoff-engine/handoff/testsuite/fake/httpdesk"
)

var now = time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC)

const (
	about   = `"conversation":"c","ticket":"c~1"`
	opening = `{"type":"ticket.opened","data":{` + about + `,"transcript":[{"number":1,"author":{"role":"customer"},"at":"2026-03-02T09:30:00Z","text":"hello"}]}}`
	message = `{"type":"message.created","data":{` + about + `,"id":"m1","author":{"role":"customer"},"text":"anybody?"}}`
)

func newDesk(t *testing.T, options httpdesk.Options) *httpdesk.Server {
	t.Helper()
	options.Now = func() time.Time { return now }
	s := httpdesk.New(options)
	t.Cleanup(s.Close)
	return s
}

// post sends a webhook, signed for the given time, and gives the answer.
func post(s *httpdesk.Server, secret connector.Secret, id, body string, at time.Time) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/handoff", strings.NewReader(body))
	r.Header = sign.StandardHeader(connector.Secrets{"another", secret}, id, at, []byte(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// tell sends a webhook that is signed well, and gives the status of the answer.
func tell(s *httpdesk.Server, id, body string) int {
	return post(s, httpdesk.DefaultSecret, id, body, now).Code
}

// ask asks a question, signed by its query.
func ask(s *httpdesk.Server, path, query, signed string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path+"?"+query, http.NoBody)
	r.Header = sign.StandardHeader(connector.Secrets{httpdesk.DefaultSecret}, "q", now, []byte(signed))
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func TestATicketIsOpenedOnceAndAMessageIsTakenOnce(t *testing.T) {
	s := newDesk(t, httpdesk.Options{})
	for range 3 {
		w := post(s, httpdesk.DefaultSecret, "k1", opening, now)
		require.Equal(t, http.StatusOK, w.Code)
		require.JSONEq(t, `{"url":"https://desk.example/tickets/c~1"}`, w.Body.String())
		require.Equal(t, http.StatusNoContent, tell(s, "k2", message))
	}
	require.Equal(t, http.StatusOK, tell(s, "k3", opening), "the same ticket under another id")
	require.Len(t, s.Tickets(), 1)
	require.Len(t, s.Ticket("c~1").Transcript, 1)
	require.Equal(t, []string{"anybody?"}, s.AgentSees("c~1"))
	require.Empty(t, s.AgentSees("c~2"))
	require.Equal(t, "customer", s.Journal.Entries("c")[1].Who)
}

func TestADeskMayTakeMessagesTwice(t *testing.T) {
	s := newDesk(t, httpdesk.Options{TakesTwice: true})
	for range 2 {
		tell(s, "k1", opening)
		tell(s, "k2", message)
	}
	require.Len(t, s.Tickets(), 1)
	require.Equal(t, []string{"anybody?", "anybody?"}, s.AgentSees("c~1"))
}

func TestWhatTheContractForbidsIsRefused(t *testing.T) {
	for _, x := range []struct {
		name, body string
		secret     connector.Secret
		at         time.Time
		status     int
	}{
		{"forged", message, "guess", now, http.StatusUnauthorized},
		{"stale", message, httpdesk.DefaultSecret, now.Add(-6 * time.Minute), http.StatusUnauthorized},
		{"not JSON", "hello", httpdesk.DefaultSecret, now, http.StatusBadRequest},
		{"an unknown key", `{"type":"ping","data":{},"x":1}`, httpdesk.DefaultSecret, now, http.StatusBadRequest},
		{"an unknown type", strings.Replace(message, "message.created", "message.made", 1), httpdesk.DefaultSecret, now, http.StatusBadRequest},
		{"a message of nobody", strings.Replace(message, `"role":"customer"`, `"role":""`, 1), httpdesk.DefaultSecret, now, http.StatusBadRequest},
		{"a message without its name", strings.Replace(message, `"id":"m1",`, "", 1), httpdesk.DefaultSecret, now, http.StatusBadRequest},
		{"no ticket", strings.Replace(message, `"ticket":"c~1"`, `"ticket":""`, 1), httpdesk.DefaultSecret, now, http.StatusBadRequest},
		{"a line without a number", strings.Replace(opening, `"number":1`, `"number":0`, 1), httpdesk.DefaultSecret, now, http.StatusBadRequest},
		{"nothing to read along", `{"type":"ticket.mirrored","data":{` + about + `}}`, httpdesk.DefaultSecret, now, http.StatusBadRequest},
		{"closed by nobody", `{"type":"ticket.closed","data":{` + about + `}}`, httpdesk.DefaultSecret, now, http.StatusBadRequest},
		{"a ticket that is not there", message, httpdesk.DefaultSecret, now, http.StatusNotFound},
	} {
		s := newDesk(t, httpdesk.Options{})
		require.Equal(t, x.status, post(s, x.secret, "k1", x.body, x.at).Code, x.name)
		require.Empty(t, s.Told(), x.name)
	}
}

func TestAClosedTicketTakesNothingButNotes(t *testing.T) {
	s := newDesk(t, httpdesk.Options{})
	tell(s, "k1", opening)
	closing := `{"type":"ticket.closed","data":{` + about + `,"by":"customer"}}`
	require.Equal(t, http.StatusNoContent, tell(s, "k2", closing))
	require.Equal(t, http.StatusNoContent, tell(s, "k3", closing), "closing twice")
	require.Equal(t, http.StatusConflict, tell(s, "k4", message))
	require.Equal(t, http.StatusConflict, tell(s, "k5", opening))
	require.Equal(t, http.StatusNoContent, tell(s, "k6", `{"type":"note.created","data":{`+about+`,"id":"n","text":"it is over"}}`))
	require.Equal(t, "customer", s.Ticket("c~1").ClosedBy)
	require.Equal(t, []string{"it is over"}, s.Ticket("c~1").Notes)
}

func TestAnotherBodyUnderTheSameIDIsAConflict(t *testing.T) {
	s := newDesk(t, httpdesk.Options{})
	tell(s, "k1", opening)
	tell(s, "k2", message)
	require.Equal(t, http.StatusConflict, tell(s, "k2", strings.Replace(message, "anybody", "somebody", 1)))
}

func TestATicketGoesToWhoIsThere(t *testing.T) {
	s := newDesk(t, httpdesk.Options{})
	tell(s, "k1", opening)
	assign := func(id, whom string) int {
		return tell(s, id, `{"type":"ticket.assigned","data":{`+about+whom+`}}`)
	}
	require.Equal(t, http.StatusNoContent, assign("k2", `,"agent":{"id":"mira"}`))
	require.Equal(t, httpdesk.Mira, s.Ticket("c~1").Agent)
	require.Equal(t, http.StatusNotFound, assign("k3", `,"agent":{"id":"nobody"}`))
	require.Equal(t, http.StatusNotFound, assign("k4", `,"group":"none"`))
	s.SetAway(httpdesk.Tom, true)
	require.Equal(t, http.StatusConflict, assign("k5", `,"agent":{"id":"tom"}`))
	require.Equal(t, http.StatusNoContent, assign("k6", `,"group":"returns"`))
	require.Empty(t, s.Ticket("c~1").Agent)
}

func TestQuestionsAreAnsweredIfTheyAreSignedByTheirQuery(t *testing.T) {
	s := newDesk(t, httpdesk.Options{})
	tell(s, "k1", opening)
	require.JSONEq(t, `{"status":"online"}`, ask(s, "/handoff/availability", "group=returns", "group=returns").Body.String())
	require.JSONEq(t, `{"position":1,"wait_seconds":60}`, ask(s, "/handoff/queue", "ticket=c~1", "ticket=c~1").Body.String())
	require.Equal(t, http.StatusNotFound, ask(s, "/handoff/queue", "ticket=c~2", "ticket=c~2").Code)
	require.Equal(t, http.StatusUnauthorized, ask(s, "/handoff/queue", "ticket=c~1", "ticket=c~2").Code)
	require.Equal(t, http.StatusUnauthorized, ask(s, "/handoff/availability", "group=returns", "").Code)
	require.Equal(t, http.StatusNotFound, ask(newDesk(t, httpdesk.Options{Mute: true}), "/handoff/availability", "", "").Code)
}

func TestADeskSaysWhatItHasNoUseForAndWhenItWantsNoMore(t *testing.T) {
	s := newDesk(t, httpdesk.Options{Lacks: []string{"note.created"}})
	require.Equal(t, http.StatusNotImplemented, tell(s, "k1", `{"type":"note.created","data":{`+about+`,"id":"n","text":"x"}}`))
	require.Equal(t, http.StatusGone, tell(newDesk(t, httpdesk.Options{Gone: true}), "k1", opening))
}

func TestFaultsAreSetForATypeOfWebhook(t *testing.T) {
	s := newDesk(t, httpdesk.Options{})
	tell(s, "k1", opening)
	s.Faults.Set("message.created", fake.AcceptThenStatus(http.StatusInternalServerError).For(1))
	require.Equal(t, http.StatusInternalServerError, tell(s, "k2", message))
	require.Equal(t, http.StatusNoContent, tell(s, "k2", message))
	require.Len(t, s.AgentSees("c~1"), 1, "it was taken although the answer was lost")
}

func TestEventsAreSignedAndRepeatedUntilTheyAreTaken(t *testing.T) {
	var mu sync.Mutex
	var bodies []string
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		problem := sign.Standard(connector.Secrets{httpdesk.DefaultSecret}, &connector.Delivery{Header: r.Header, Body: body, ReceivedAt: now})
		bodies = append(bodies, r.Header.Get("Webhook-Id")+problem+" "+string(body))
		if len(bodies) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(gateway.Close)
	s := newDesk(t, httpdesk.Options{HookURL: gateway.URL, TimeScale: 0.01})
	tell(s, "k1", opening)
	require.Equal(t, "act-1", s.AgentSays("c~1", httpdesk.Mira, "hello"))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	require.NoError(t, s.Events().Drain(ctx))
	want := `act-1 {"data":{"agent":{"id":"mira","name":"Mira"},"text":"hello","ticket":"c~1"},"timestamp":"2026-03-02T09:30:00Z","type":"agent.message"}`
	require.Equal(t, []string{want, want}, bodies)
}

func TestAgentsActOnTheirTickets(t *testing.T) {
	s := newDesk(t, httpdesk.Options{})
	tell(s, "k1", opening)
	s.AgentJoins("c~1", httpdesk.Tom)
	require.Equal(t, httpdesk.Tom, s.Ticket("c~1").Agent)
	s.AgentNotes("c~1", httpdesk.Tom, "between us")
	s.AgentLeaves("c~1", httpdesk.Tom)
	s.AgentHandsBack("c~1", httpdesk.Tom, "goodbye")
	s.AgentCloses("c~1", httpdesk.Tom)
	require.True(t, s.Ticket("c~1").Closed)
	var told []string
	for _, d := range s.Webhooks() {
		kind, _, _ := strings.Cut(string(d.Body)[strings.Index(string(d.Body), `"type":"`)+8:], `"`)
		told = append(told, kind)
		require.Empty(t, sign.Standard(connector.Secrets{httpdesk.DefaultSecret}, d))
	}
	require.Equal(t, []string{"agent.joined", "agent.note", "agent.left", "ticket.back_to_bot", "ticket.closed"}, told)
}

func TestTheDriverAnswersOverHTTP(t *testing.T) {
	s := newDesk(t, httpdesk.Options{})
	do := func(method, path, body string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
		return w
	}
	require.Equal(t, http.StatusNoContent, do(http.MethodPut, "/_fake/hook", `{"url":"http://127.0.0.1:9/webhooks/own-desk"}`).Code)
	require.Equal(t, http.StatusNoContent, do(http.MethodPost, "/_fake/events", `{"ticket":"c~1","type":"agent.left"}`).Code)
	require.Equal(t, http.StatusBadRequest, do(http.MethodPost, "/_fake/events", `no`).Code)
	require.Equal(t, http.StatusNotFound, do(http.MethodPost, "/_fake/dance", `{}`).Code)
	tell(s, "k1", opening)
	require.Contains(t, do(http.MethodGet, "/_fake/told", "").Body.String(), `"hello"`)
	require.Contains(t, do(http.MethodGet, "/_fake/tickets", "").Body.String(), `"c~1"`)
	require.Contains(t, do(http.MethodGet, "/_fake/journal", "").Body.String(), "ticket.opened")
}
