package gateway_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpdesk"
	"github.com/handoff-engine/handoff/connector/sign"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/gateway"
)

const (
	deskDocument = "httpdesk.openapi.yaml"
	deskPath     = "/webhooks/{connection}"
	deskTicket   = "app-shop:u-42~k3f9a2bq-7"
)

// deskConnection is a connection to a desk of a team's own, whose calls go to client.
func deskConnection(t *testing.T, client *http.Client) connector.Connector {
	t.Helper()
	config := httpdesk.Config{URL: "https://desk.example/handoff", Secret: connector.Secrets{canary}, Mirror: true}
	require.NoError(t, config.Validate())
	c, err := httpdesk.New(config, connector.Deps{Connection: "own-desk", HTTP: client})
	require.NoError(t, err)
	return c
}

func newDeskSite(t *testing.T) *site {
	t.Helper()
	return newSite(t, func(c *gateway.Config) { c.Connections["own-desk"] = deskConnection(t, nil) })
}

// tell sends an event as the desk does.
func (s *site) tell(connection, id, body, secret string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/webhooks/"+connection, strings.NewReader(body))
	r.Header = sign.StandardHeader(connector.Secrets{connector.Secret(secret)}, id, time.Now(), []byte(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return s.do(r)
}

func deskEvent(kind, more string) string {
	return `{"type":"` + kind + `","data":{"ticket":"` + deskTicket + `"` + more + `}}`
}

func TestADesksEventsAreTakenAsItsDocumentSays(t *testing.T) {
	doc := readOpenAPI(t, deskDocument)
	const mira = `,"agent":{"id":"mira","name":"Mira"}`
	taken := []string{
		deskEvent("agent.joined", mira), deskEvent("agent.left", ""), deskEvent("agent.offline", mira), deskEvent("agent.message", mira+`,"text":"hello"`),
		deskEvent("agent.message", mira+`,"id":"m1","attachment":{"latitude":1.5,"longitude":2}`),
		deskEvent("agent.message", mira+`,"attachment":{"url":"https://files.example/a.png","name":"a.png","content_type":"image/png","size":3}`),
		deskEvent("agent.edited", `,"target":"m1","text":"hi"`), deskEvent("agent.deleted", `,"target":"m1"`),
		deskEvent("agent.note", mira+`,"text":"between us"`), deskEvent("agent.typing", mira+`,"typing":false`), deskEvent("agent.typing", `,"text":"he"`),
		deskEvent("agent.read", mira), deskEvent("ticket.transferred", mira), deskEvent("ticket.transferred", `,"group":"returns"`),
		deskEvent("ticket.closed", ""), deskEvent("ticket.back_to_bot", `,"node":"goodbye"`),
		strings.Replace(deskEvent("ticket.closed", ""), "{", `{"timestamp":"2026-03-02T09:30:00Z",`, 1),
	}
	refused := []string{
		deskEvent("agent.joined", ""), deskEvent("agent.offline", `,"agent":{"name":"Mira"}`), deskEvent("agent.message", mira), deskEvent("agent.message", mira+`,"text":"  "`),
		deskEvent("agent.message", `,"text":"hello"`), deskEvent("agent.message", mira+`,"text":7`), deskEvent("agent.message", mira+`,"txt":"hello"`),
		deskEvent("agent.message", mira+`,"attachment":{"url":"file:///etc/passwd"}`), deskEvent("agent.message", mira+`,"attachment":{"name":"a.png"}`),
		deskEvent("agent.edited", `,"text":"hi"`), deskEvent("agent.edited", `,"target":"m1"`), deskEvent("agent.deleted", ""),
		deskEvent("ticket.transferred", ""), deskEvent("agent.mesage", mira+`,"text":"hello"`), `{"type":"ticket.closed","data":{}}`, `{"type":"ticket.closed"}`,
		`{"type":"ticket.closed","data":{"ticket":"T-1"}}`, `{"data":{"ticket":"` + deskTicket + `"}}`,
	}
	post := doc.at("paths", deskPath, "post")
	for _, x := range []struct {
		status int
		bodies []string
	}{{http.StatusOK, taken}, {http.StatusBadRequest, refused}} {
		for i, body := range x.bodies {
			s := newDeskSite(t)
			w := s.tell("own-desk", "evt-"+strconv.Itoa(i), body, canary)
			require.Equal(t, x.status, w.Code, "%s: %s", body, w.Body)
			doc.answered(deskPath, "post", w)
			doc.request(post, exchange{body: body, status: x.status}, "the event")
		}
	}
	var types []string
	for _, body := range taken {
		var event struct{ Type string }
		require.NoError(t, json.Unmarshal([]byte(body), &event))
		types = append(types, event.Type)
	}
	require.Subset(t, types, doc.types("Event"), "every type is tried")
}

// types gives the types that a schema names.
func (o *openapi) types(schema string) []string {
	o.t.Helper()
	var types []string
	for _, kind := range o.at("components", "schemas", schema, "properties", "type")["enum"].([]any) {
		types = append(types, kind.(string))
	}
	return types
}

// answered holds an answer against what the document says of its status.
func (o *openapi) answered(path, method string, w *httptest.ResponseRecorder) {
	o.t.Helper()
	response := o.at("paths", path, method, "responses", strconv.Itoa(w.Code))
	require.Contains(o.t, w.Header().Get("Content-Type"), "application/json")
	o.valid(schemaOf(response), w.Body.Bytes(), w.Body.String())
	if _, says := response["headers"]; says {
		require.NotEmpty(o.t, w.Header().Get("Retry-After"))
	}
}

func TestEveryAnswerToADeskIsAsItsDocumentSays(t *testing.T) {
	doc := readOpenAPI(t, deskDocument)
	note := deskEvent("agent.note", "")
	long := deskEvent("agent.message", `,"agent":{"id":"mira"},"text":"`+strings.Repeat("x", 70<<10)+`"`)
	var answered []string
	for status, answer := range map[int]func(s *site) *httptest.ResponseRecorder{
		http.StatusOK:                    func(s *site) *httptest.ResponseRecorder { return s.tell("own-desk", "e", note, canary) },
		http.StatusBadRequest:            func(s *site) *httptest.ResponseRecorder { return s.tell("own-desk", "e", "{}", canary) },
		http.StatusUnauthorized:          func(s *site) *httptest.ResponseRecorder { return s.tell("own-desk", "e", note, "guess") },
		http.StatusNotFound:              func(s *site) *httptest.ResponseRecorder { return s.tell("no-desk", "e", note, canary) },
		http.StatusRequestEntityTooLarge: func(s *site) *httptest.ResponseRecorder { return s.tell("own-desk", "e", long, canary) },
		http.StatusUnsupportedMediaType: func(s *site) *httptest.ResponseRecorder {
			return s.tell("own-desk", "e", note, canary, "Content-Encoding", "gzip")
		},
		http.StatusTooManyRequests: func(s *site) *httptest.ResponseRecorder {
			for range 700 {
				s.tell("own-desk", "e", note, canary)
			}
			return s.tell("own-desk", "e", note, canary)
		},
		http.StatusServiceUnavailable: func(s *site) *httptest.ResponseRecorder {
			s.memory.fail = errors.New("temporal is down")
			return s.tell("own-desk", "e", note, canary)
		},
	} {
		w := answer(newDeskSite(t))
		require.Equal(t, status, w.Code, w.Body)
		doc.answered(deskPath, "post", w)
		answered = append(answered, strconv.Itoa(status))
	}
	var described []string
	for status := range doc.at("paths", deskPath, "post", "responses") {
		described = append(described, status)
	}
	require.ElementsMatch(t, described, answered)
}

func TestADeskIsToldWhyItsEventWasRefused(t *testing.T) {
	s := newDeskSite(t)
	w := s.tell("own-desk", "e", deskEvent("agent.message", `,"text":"hello"`), canary)
	require.JSONEq(t, `{"error":"agent.message needs data.agent with an id"}`, w.Body.String())
	w = s.tell("own-desk", "e", deskEvent("agent.note", ""), "guess")
	require.JSONEq(t, `{"error":"the webhook's signature does not match"}`, w.Body.String())
}

// recorder keeps the bodies of what is sent.
type recorder struct {
	bodies  []string
	queries []string
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	answer := `{"url":"https://desk.example/1","status":"online","position":1}`
	if req.Body == nil {
		r.queries = append(r.queries, req.URL.Path)
	} else {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		r.bodies = append(r.bodies, string(body))
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(answer)), Request: req}, nil
}

// tellDesk has the connection tell all that there is to tell.
func tellDesk(t *testing.T, c connector.Connector) {
	t.Helper()
	ctx, now := t.Context(), time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC)
	who := conversation.Customer{Name: "Ana", Email: "ana@example.com", Phone: "1", Language: "en", Fields: map[string]string{"order": "A-1"}}
	file := conversation.Attachment{URL: "https://files.example/a.png", Name: "a.png", ContentType: "image/png", Size: 3}
	lines := []conversation.Line{
		{N: 1, Role: conversation.RoleCustomer, Name: "Ana", At: now, Text: "hello"}, {N: 2, Role: conversation.RoleCustomer, At: now, Attachment: &file},
	}
	ticket := conversation.Ticket{ID: deskTicket}
	done := func(err error) { t.Helper(); require.NoError(t, err) }
	got := func(_ any, err error) { t.Helper(); require.NoError(t, err) }
	got(c.(connector.TicketMirror).Mirror(ctx, connector.MirrorRequest{Key: "app-shop:u-42/k3f9a2bq-1", Conversation: "app-shop:u-42", Customer: who, Lines: lines}))
	got(c.(connector.Desk).Open(ctx, connector.OpenRequest{
		Key: "app-shop:u-42/k3f9a2bq-7", Conversation: "app-shop:u-42", Customer: who, Agent: "mira", Group: "returns", Transcript: lines,
		Previous: &conversation.Ticket{ID: "app-shop:u-42~k3f9a2bq-3"}, Link: "https://handoff.example/c", Priority: "urgent",
	}))
	got(c.(connector.Desk).Post(ctx, connector.PostRequest{Key: "k2", Ticket: ticket, Text: "hello", At: now}))
	got(c.(connector.AttachmentSender).SendAttachment(ctx, connector.AttachmentRequest{Key: "k3", Ticket: ticket, Attachment: file, Text: "look"}))
	done(c.(connector.MessageEditor).EditMessage(ctx, connector.EditRequest{Key: "k4", Ticket: ticket, Message: "k2", Text: "hi"}))
	done(c.(connector.MessageEditor).EditMessage(ctx, connector.EditRequest{Key: "k5", Ticket: ticket, Message: "k2", Delete: true}))
	done(c.(connector.NoteWriter).WriteNote(ctx, connector.NoteRequest{Key: "k6", Ticket: ticket, Text: "between us"}))
	done(c.(connector.AgentAssigner).Assign(ctx, connector.AssignRequest{Key: "k7", Ticket: ticket, Agent: "mira", Group: "returns"}))
	done(c.(connector.TicketUpdater).UpdateTicket(ctx, connector.UpdateRequest{
		Key: "k8", Ticket: ticket, At: now, WaitingSince: now, Customer: who,
		Change: conversation.Change{From: conversation.Waiting, To: conversation.Assigned, Reason: conversation.AgentTook, Agent: conversation.Author{ID: "mira", Name: "Mira"}},
	}))
	done(c.(connector.TypingSender).SendTyping(ctx, connector.TypingRequest{Ticket: ticket, Text: "he"}))
	done(c.(connector.ReadMarker).MarkRead(ctx, connector.ReadRequest{Ticket: ticket, At: now}))
	done(c.(connector.TicketCloser).CloseTicket(ctx, connector.CloseRequest{Key: "k9", Ticket: ticket, ByCustomer: true}))
	done(c.(connector.TicketCloser).CloseTicket(ctx, connector.CloseRequest{Key: "k10", Ticket: ticket}))
	got(c.(connector.AvailabilityReader).Availability(ctx, connector.AvailabilityRequest{Group: "returns"}))
	got(c.(connector.QueueReader).Queue(ctx, connector.QueueRequest{Ticket: ticket}))
	done(c.(connector.RatingWriter).WriteRating(ctx, connector.RatingReport{Key: "k11", Ticket: ticket, Rating: 5, Comment: "quick"}))
	done(c.(connector.Checker).Check(ctx))
}

func TestWhatADeskIsToldIsAsItsDocumentSays(t *testing.T) {
	doc := readOpenAPI(t, deskDocument)
	r := &recorder{}
	tellDesk(t, deskConnection(t, &http.Client{Transport: r}))
	types, keys := map[string]bool{}, map[string]bool{}
	for _, body := range r.bodies {
		doc.valid("Webhook", []byte(body), body)
		var hook struct {
			Type string
			Data map[string]any
		}
		require.NoError(t, json.Unmarshal([]byte(body), &hook))
		types[hook.Type] = true
		for key := range hook.Data {
			keys[key] = true
		}
	}
	for _, kind := range doc.types("Webhook") {
		require.True(t, types[kind], "%s is described and never told", kind)
	}
	for key := range doc.at("components", "schemas", "Webhook", "properties", "data", "properties") {
		require.True(t, keys[key], "%s is described and never told", key)
	}
	require.Equal(t, []string{"/handoff/availability", "/handoff/queue"}, r.queries)
	require.Error(t, doc.check("Webhook", []byte(`{"type":"message.created","data":{}}`)))
	require.Error(t, doc.check("Webhook", []byte(strings.Replace(r.bodies[0], `"number":1`, `"number":0`, 1))))
}

func TestTheExamplesOfTheDesksReadmeAreAsItsDocumentSays(t *testing.T) {
	doc := readOpenAPI(t, deskDocument)
	text, err := os.ReadFile(filepath.Join("..", "connector", "httpdesk", "README.md"))
	require.NoError(t, err)
	for schema, examples := range map[string][]string{"Webhook": {"opened", "message"}, "Event": {"event"}} {
		for _, name := range examples {
			_, example, found := strings.Cut(string(text), "```json "+name+"\n")
			require.True(t, found, name)
			example, _, _ = strings.Cut(example, "```")
			doc.valid(schema, []byte(example), name)
		}
	}
}
