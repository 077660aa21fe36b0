package gateway_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/gateway"
)

// openapi is docs/openapi.yaml, or another document.
type openapi struct {
	t        *testing.T
	name     string
	root     map[string]any
	compiler *jsonschema.Compiler
}

func readOpenAPI(t *testing.T, name ...string) *openapi {
	t.Helper()
	document := cmp.Or(strings.Join(name, ""), "openapi.yaml")
	text, err := os.ReadFile(filepath.Join("..", "docs", document))
	require.NoError(t, err)
	var doc map[string]any
	require.NoError(t, yaml.Unmarshal(text, &doc))
	// The document lets clients ignore keys that they do not know; here every key must be described.
	seal(doc["components"])
	plain, err := json.Marshal(doc)
	require.NoError(t, err)
	root, err := jsonschema.UnmarshalJSON(bytes.NewReader(plain))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	require.NoError(t, c.AddResource("openapi.json", root))
	return &openapi{t, document, doc, c}
}

// seal refuses undescribed keys in every object schema below v.
func seal(v any) {
	switch v := v.(type) {
	case map[string]any:
		if _, described := v["properties"].(map[string]any); described && v["type"] == "object" && v["additionalProperties"] == nil {
			v["additionalProperties"] = false
		}
		for _, child := range v {
			seal(child)
		}
	case []any:
		for _, child := range v {
			seal(child)
		}
	}
}

// at gives what stands at a path of keys, following one reference.
func (o *openapi) at(keys ...string) map[string]any {
	o.t.Helper()
	var here any = o.root
	for _, key := range keys {
		m, ok := here.(map[string]any)
		require.True(o.t, ok, "%v is no object", keys)
		here = m[key]
	}
	m, ok := here.(map[string]any)
	require.True(o.t, ok, "docs/%s has no %s", o.name, strings.Join(keys, " › "))
	if ref, ok := m["$ref"].(string); ok {
		return o.at(strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
	}
	return m
}

// valid fails the test unless value is as the component schema says.
func (o *openapi) valid(schema string, value []byte, what string) {
	o.t.Helper()
	require.NoError(o.t, o.check(schema, value), what)
}

func (o *openapi) check(schema string, value []byte) error {
	o.t.Helper()
	compiled, err := o.compiler.Compile("openapi.json#/components/schemas/" + schema)
	require.NoError(o.t, err)
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(value))
	require.NoError(o.t, err)
	return compiled.Validate(v)
}

// schemaOf gives the component schema of JSON content, or "".
func schemaOf(holder map[string]any) string {
	content, _ := holder["content"].(map[string]any)
	media, _ := content["application/json"].(map[string]any)
	schema, _ := media["schema"].(map[string]any)
	ref, _ := schema["$ref"].(string)
	return strings.TrimPrefix(ref, "#/components/schemas/")
}

// operations lists "GET /v1/conversations/{id}" and the like.
func (o *openapi) operations() []string {
	o.t.Helper()
	var list []string
	for path := range o.at("paths") {
		for method := range o.at("paths", path) {
			if method != "parameters" {
				list = append(list, strings.ToUpper(method)+" "+path)
			}
		}
	}
	slices.Sort(list)
	return list
}

func TestTheDocumentNamesExactlyTheAddressesOfV1(t *testing.T) {
	parameter := regexp.MustCompile(`:([a-z]+)`)
	var routes []string
	for _, r := range newAppSite(t).Echo().Routes() {
		if strings.HasPrefix(r.Path, "/v1/") && !strings.HasSuffix(r.Path, "*") {
			routes = append(routes, r.Method+" "+parameter.ReplaceAllString(r.Path, "{$1}"))
		}
	}
	slices.Sort(routes)
	require.Equal(t, routes, readOpenAPI(t).operations())
}

// exchange is one request to the real handlers and the status that it must get.
type exchange struct {
	operation, url, token, body string
	header                      []string
	status                      int
	// prepare changes the site before the request.
	prepare func(s *site)
}

// exchanges has every status of every operation at least once.
func exchanges() []exchange {
	const operator = "the-operators-token"
	down := func(s *site) { s.memory.fail = errors.New("temporal is down") }
	open := func(s *site) { s.Server = gateway.New(gateway.Config{}, s.memory, s.memory) }
	seen := func(s *site) { s.memory.view = everything() }
	const (
		list, view, command = "GET /v1/conversations", "GET /v1/conversations/{id}", "POST /v1/conversations/{id}/commands"
		base                = "/v1/channels/{connection}/conversations/{key}"
		bad, other          = "/v1/channels/app-shop/conversations/a%20b", "/v1/channels/other/conversations/c1"
	)
	key := []string{"Idempotency-Key", "k1"}
	all := []exchange{
		{operation: list, url: "/v1/conversations?state=waiting&size=2", token: operator, status: 200},
		{operation: list, url: "/v1/conversations?state=asleep", token: operator, status: 400},
		{operation: list, url: "/v1/conversations", status: 401},
		{operation: list, url: "/v1/conversations", status: 403, prepare: open},
		{operation: list, url: "/v1/conversations", token: operator, status: 503, prepare: down},

		{operation: view, url: "/v1/conversations/app-shop:c1", token: operator, status: 200, prepare: seen},
		{operation: view, url: "/v1/conversations/app-shop:c1", status: 401},
		{operation: view, url: "/v1/conversations/app-shop:c1", status: 403, prepare: open},
		{operation: view, url: "/v1/conversations/app-shop:none", token: operator, status: 404},
		{operation: view, url: "/v1/conversations/app-shop:c1", token: operator, status: 503, prepare: down},

		{operation: command, url: "/v1/conversations/app-shop:c1/commands", token: operator, header: key, body: `{"command":"assign","agent":"mira","actor":"ops"}`, status: 200},
		{operation: command, url: "/v1/conversations/app-shop:c1/commands", token: operator, header: key, body: `{"command":"dance"}`, status: 400},
		{operation: command, url: "/v1/conversations/app-shop:c1/commands", status: 401},
		{operation: command, url: "/v1/conversations/app-shop:c1/commands", status: 403, prepare: open},
	}
	for id, status := range map[string]int{"gone": 404, "refused": 409, "busy": 429, "down": 503} {
		all = append(all, exchange{operation: command, url: "/v1/conversations/" + id + "/commands", token: operator, header: key, body: `{"command":"end"}`, status: status})
	}
	events, tokens, stream := "POST "+base+"/events", "POST "+base+"/tokens", "GET "+base+"/stream"
	for _, body := range []string{
		hello, `{"type":"customer.typing"}`, `{"id":"b","type":"bot.message","text":"x","name":"Robin"}`, `{"id":"l","type":"customer.left"}`,
		`{"id":"h","type":"handoff.requested","by":"customer","group":"g","reason":"r","at":"2026-03-02T09:30:00Z","customer":{"name":"Ana","fields":{"order":"1"}}}`,
		`{"id":"a","type":"customer.message","attachment":{"url":"https://files.example/a.png","size":3}}`,
	} {
		all = append(all, exchange{operation: events, url: appPath + "/events", token: canary, body: body, status: 200})
	}
	for _, body := range []string{
		`{"id":"m","type":"customer.message"}`, `{"type":"customer.message","text":"x"}`, `{"id":"m","type":"customer.mesage","text":"x"}`,
		`{"id":"m","type":"customer.message","txt":"x"}`, `{"id":"h","type":"handoff.requested","by":"nobody"}`,
	} {
		all = append(all, exchange{operation: events, url: appPath + "/events", token: canary, body: body, status: 400})
	}
	return append(all,
		exchange{operation: events, url: appPath + "/events", body: hello, status: 401},
		exchange{operation: events, url: appPath + "/events", body: `{"id":"b","type":"bot.message","text":"x"}`, status: 403},
		exchange{operation: events, url: other + "/events", token: canary, body: hello, status: 404},
		exchange{operation: events, url: appPath + "/events", token: canary, body: `{"id":"m","type":"customer.message","text":"` + strings.Repeat("x", 70<<10) + `"}`, status: 413},
		exchange{operation: events, url: appPath + "/events", token: canary, header: []string{"Content-Encoding", "gzip"}, status: 415},
		exchange{operation: events, url: appPath + "/events", token: canary, body: hello, status: 429, prepare: flooded},
		exchange{operation: events, url: appPath + "/events", token: canary, body: hello, status: 503, prepare: down},
		exchange{operation: tokens, url: appPath + "/tokens", token: canary, status: 201},
		exchange{operation: tokens, url: bad + "/tokens", token: canary, status: 400},
		exchange{operation: tokens, url: appPath + "/tokens", status: 401},
		exchange{operation: tokens, url: other + "/tokens", token: canary, status: 404},
		exchange{operation: tokens, url: appPath + "/tokens", token: canary, body: strings.Repeat("x", 600<<10), status: 413},
		exchange{operation: tokens, url: appPath + "/tokens", token: canary, header: []string{"Content-Encoding", "gzip"}, status: 415},
		exchange{operation: stream, url: bad + "/stream", token: canary, status: 400},
		exchange{operation: stream, url: appPath + "/stream", status: 401},
		exchange{operation: stream, url: other + "/stream", token: canary, status: 404},
		exchange{operation: stream, url: appPath + "/stream", token: canary, header: []string{"Content-Encoding", "gzip"}, status: 415},
		exchange{operation: stream, url: appPath + "/stream", token: canary, status: 503, prepare: down},
		exchange{operation: "OPTIONS " + base + "/stream", url: appPath + "/stream", status: 204},
		exchange{operation: "OPTIONS " + base + "/stream", url: bad + "/stream", status: 400},
		exchange{operation: "OPTIONS " + base + "/stream", url: other + "/stream", status: 404},
		exchange{operation: "OPTIONS " + base + "/events", url: appPath + "/events", status: 204},
		exchange{operation: "OPTIONS " + base + "/events", url: bad + "/events", status: 400},
		exchange{operation: "OPTIONS " + base + "/events", url: other + "/events", status: 404},
	)
}

// flooded has one conversation bring more events than it may.
func flooded(s *site) {
	for range 700 {
		s.ask(http.MethodPost, appPath+"/events", canary, hello)
	}
}

func TestEveryAnswerIsAsTheDocumentSays(t *testing.T) {
	doc := readOpenAPI(t)
	answered := map[string]bool{}
	for _, x := range exchanges() {
		method, path, _ := strings.Cut(x.operation, " ")
		name := fmt.Sprintf("%s %d", x.operation, x.status)
		s := newAppSite(t)
		token := x.token
		if x.status == http.StatusForbidden && strings.Contains(path, "channels") {
			token = s.customerToken(t)
		}
		if x.prepare != nil {
			x.prepare(s)
		}
		w := s.ask(method, x.url, token, x.body, x.header...)
		require.Equal(t, x.status, w.Code, "%s: %s", name, w.Body)
		answered[name] = true
		operation := doc.at("paths", path, strings.ToLower(method))
		response := doc.at("paths", path, strings.ToLower(method), "responses", strconv.Itoa(x.status))
		if schema := schemaOf(response); schema != "" {
			require.Contains(t, w.Header().Get("Content-Type"), "application/json", name)
			doc.valid(schema, w.Body.Bytes(), name)
		}
		if _, says := response["headers"]; says {
			require.NotEmpty(t, w.Header().Get("Retry-After"), name)
		}
		doc.request(operation, x, name)
	}
	// These take a real connection, and are tried with the streams.
	stream := "GET /v1/channels/{connection}/conversations/{key}/stream "
	answered[stream+"200"], answered[stream+"429"] = true, true
	var described []string
	for _, operation := range doc.operations() {
		method, path, _ := strings.Cut(operation, " ")
		for status := range doc.at("paths", path, strings.ToLower(method), "responses") {
			described = append(described, operation+" "+status)
		}
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(answered)), described, "every status is both described and answered")
}

// request holds a body's schema against what the handler made of the body.
func (o *openapi) request(operation map[string]any, x exchange, name string) {
	o.t.Helper()
	body, described := operation["requestBody"].(map[string]any)
	if !described || !strings.HasPrefix(x.body, "{") {
		return
	}
	err := o.check(schemaOf(body), []byte(x.body))
	switch x.status {
	case http.StatusOK:
		require.NoError(o.t, err, "%s takes %s", name, x.body)
	case http.StatusBadRequest:
		require.Error(o.t, err, "%s refuses %s", name, x.body)
	}
}

// everything is the view of a conversation in which much happened.
func everything() conversation.View {
	now := time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC)
	c := conversation.New("app-shop:c1", conversation.Route{
		Name:    "shop",
		Channel: conversation.Connection{Name: "app-shop", HostsBot: true, Can: []string{"notify_state"}},
		Desks:   []conversation.Connection{{Name: "desk", Can: []string{"close_ticket", "note"}}},
	})
	c.Begin(now, "e1")
	n := 0
	tell := func(ev conversation.Event) {
		now = now.Add(time.Second)
		if ev.Key == "" {
			n++
			ev.ID, ev.Source, ev.At = strconv.Itoa(n), "desk", now
			if ev.Kind == conversation.CustomerSaid || ev.Kind == conversation.HandoffRequested {
				ev.Source = "app-shop"
			}
		}
		c.Apply(now, ev)
	}
	take := func(side conversation.Side) conversation.Effect {
		task, _ := c.Take(side)
		return task.Effects[0]
	}
	mira := conversation.Author{ID: "mira", Name: "Mira"}
	tell(conversation.Event{
		Kind: conversation.CustomerSaid, Text: "hello", Ref: "c1", MessageID: "m", Vendor: map[string]string{"a": "b"},
		Customer: conversation.Customer{Name: "Ana", Email: "ana@shop.example", Phone: "1", Language: "en", Fields: map[string]string{"order": "1"}},
	})
	tell(conversation.Event{Kind: conversation.HandoffRequested, Agent: "mira", Group: "sales"})
	tell(conversation.Event{
		Kind: conversation.TicketOpened, Key: take(conversation.DeskSide).Key, Vendor: map[string]string{"x": "y"},
		Ticket: &conversation.Ticket{ID: "t1", URL: "https://desk.example/t1", Vendor: map[string]string{"thread": "1"}},
	})
	tell(conversation.Event{Kind: conversation.AgentAssigned, Author: mira})
	tell(conversation.Event{Kind: conversation.AgentSaid, Text: "one", Author: mira, MessageID: "d1"})
	tell(conversation.Event{Kind: conversation.AgentSaid, Author: mira, MessageID: "d2", Attachment: &conversation.Attachment{
		URL: "https://files.example/a.png", Name: "a.png", ContentType: "image/png", Size: 3,
	}})
	tell(conversation.Event{Kind: conversation.AgentDeleted, Target: "d1", Author: mira})
	tell(conversation.Event{Kind: conversation.AgentOffline, Agent: "somebody-else"})
	tell(conversation.Event{Kind: conversation.CustomerSaid, Text: "two"})
	tell(conversation.Event{Kind: conversation.EffectFailed, Key: take(conversation.ChannelSide).Key, Reason: "not_found"})
	tell(conversation.Event{Kind: conversation.EffectDoubted, Key: take(conversation.DeskSide).Key, At: now})
	v := c.View()
	v.Parked, v.Position, v.Rating = conversation.OutOfHours, 3, 5
	return v
}

func TestTheViewOfTheTestHasAlmostEveryKey(t *testing.T) {
	doc := readOpenAPI(t)
	var view map[string]any
	encoded, err := json.Marshal(everything())
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(encoded, &view))
	for key := range doc.at("components", "schemas", "Conversation", "properties") {
		if key != "bot" && key != "history_cut" {
			require.Contains(t, view, key)
		}
	}
}

func TestTheEventsOfAStreamAreAsTheDocumentSays(t *testing.T) {
	doc := readOpenAPI(t)
	s := newAppSite(t)
	s.memory.view = everything()
	s.memory.view.Pending, s.memory.view.Transcript.Lines[0].Deleted = nil, false
	l := listen(t, s, canary, "")
	for range len(s.memory.view.Transcript.Lines) - 1 {
		require.True(t, l.lines.Scan())
		for ; !strings.HasPrefix(l.lines.Text(), "data: "); require.True(t, l.lines.Scan()) {
			continue
		}
		doc.valid("StreamData", []byte(strings.TrimPrefix(l.lines.Text(), "data: ")), l.lines.Text())
	}
}

func TestTheWebhooksOfTheAppAreAsTheDocumentSays(t *testing.T) {
	doc := readOpenAPI(t)
	files, err := filepath.Glob(filepath.Join("..", "connector", "app", "testdata", "requests", "*.golden"))
	require.NoError(t, err)
	bodies := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, "{") {
				bodies++
				doc.valid("Webhook", []byte(line), file)
			}
		}
	}
	require.GreaterOrEqual(t, bodies, 5)
}
