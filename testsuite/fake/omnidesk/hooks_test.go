package omnidesk_test

import (
	"encoding/json"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/sign"
	"github.com/handoff-engine/handoff/testsuite/fake"
	"github.com/handoff-engine/handoff/testsuite/fake/omnidesk"
)

// fields reads a hookpoint's call in the encoding that it says it has.
func fields(t *testing.T, h hook) map[string]string {
	t.Helper()
	all := map[string]string{}
	kind, parameters, _ := mime.ParseMediaType(h.contentType)
	switch kind {
	case "":
		for name := range h.query {
			all[name] = h.query.Get(name)
		}
	case "application/x-www-form-urlencoded":
		values, err := url.ParseQuery(string(h.body))
		require.NoError(t, err)
		for name := range values {
			all[name] = values.Get(name)
		}
	case "multipart/form-data":
		f, err := multipart.NewReader(strings.NewReader(string(h.body)), parameters["boundary"]).ReadForm(1 << 20)
		require.NoError(t, err)
		for name, values := range f.Value {
			all[name] = values[0]
		}
		for name, files := range f.File {
			all[name] = "file " + files[0].Filename
		}
	default:
		var object map[string]any
		require.NoError(t, json.Unmarshal(h.body, &object))
		for name, value := range object {
			if on, ok := value.(bool); ok {
				value = map[bool]string{true: "true", false: "false"}[on]
			}
			all[name], _ = value.(string)
		}
	}
	return all
}

func TestHookpointsAreCalledAtTheServerOfTheLastCallWithTheirExactSpelling(t *testing.T) {
	for _, encoding := range []omnidesk.Encoding{omnidesk.JSON, omnidesk.Form, omnidesk.Multipart, omnidesk.Query} {
		a := newAccount(t, omnidesk.Options{Encoding: encoding})
		a.says("chatServer", a.base+"/old")
		a.says()
		require.NoError(t, a.AgentTypes(id, true))
		require.NoError(t, a.AgentSays(id, omnidesk.Ana, "Hi"))
		require.NoError(t, a.AgentSends(id, omnidesk.Ana, omnidesk.File{Name: "b.pdf", ContentType: "application/pdf", Content: []byte("x")}))
		require.NoError(t, a.AgentStops(id))
		a.settle()
		got := a.inbox.all()
		require.Len(t, got, 4)
		for i, want := range []struct {
			path   string
			fields map[string]string
		}{
			{"typingIndicatorForCustomer", map[string]string{"Typing": "true", "SessionID": id}},
			{"messageForCustomer", map[string]string{"picture": "https://acme.omnidesk.example/p/41.png", "name": "Ana", "message": "Hi", "sessionID": id}},
			{"uploadForCustomer", map[string]string{"file": "file b.pdf", "sessionID": id}},
			{"endSession", map[string]string{"sessionID": id}},
		} {
			require.Equal(t, "/omnidesk/t-9f2c/"+want.path, got[i].path)
			require.Equal(t, want.fields, fields(t, got[i]), "%s as %s", want.path, encoding)
		}
		require.True(t, a.Ended(id))
	}
}

func TestEqualWordsAreCalledTwiceAndRepeatsAreASwitch(t *testing.T) {
	a := newAccount(t, omnidesk.Options{Unknown: omnidesk.Unknown{HookRetries: []time.Duration{time.Millisecond}}})
	a.says()
	a.inbox.statuses = []int{http.StatusServiceUnavailable}
	for range 2 {
		require.NoError(t, a.AgentSays(id, omnidesk.Ana, "ok"))
	}
	a.settle()
	got := a.inbox.all()
	require.Len(t, got, 3)
	require.Equal(t, got[0].body, got[1].body, "no call has an id")
	a.Faults.Set(omnidesk.HookMessage, fake.Lose().For(1))
	require.NoError(t, a.AgentSays(id, omnidesk.Ana, "lost"))
	a.Faults.Set(omnidesk.HookMessage, fake.Redeliver(1).For(1))
	require.NoError(t, a.AgentSays(id, omnidesk.Ana, "doubled"))
	a.settle()
	require.Len(t, a.inbox.all(), 5)
	require.Error(t, a.AgentSays("nobody", omnidesk.Ana, "x"))
}

func TestPlatformWebhooksAreSignedAndRepeatedWithTheSameID(t *testing.T) {
	a := newAccount(t, omnidesk.Options{TimeScale: 0.001, Unknown: omnidesk.Unknown{ExternalID: true}})
	a.says()
	require.NoError(t, a.Assign(id, omnidesk.Ana))
	a.settle()
	require.Empty(t, a.inbox.all(), "no address is set")
	for _, allow := range []string{"", "GET"} {
		a.inbox.allow = allow
		require.Error(t, a.SetWebhook(a.base+"/hooks"))
	}
	a.inbox.allow = "GET, POST"
	require.NoError(t, a.SetWebhook(a.base+"/hooks"))
	require.Error(t, a.SetWebhook("http://127.0.0.1:1/"))

	a.inbox.statuses = []int{500, 500, 500, 500, 500, 500, 200}
	require.NoError(t, a.AgentNotes(id, omnidesk.Ana, "internal"))
	a.settle()
	got := a.inbox.all()
	require.Len(t, got, 6, "once and five times more")
	for _, h := range got {
		require.Equal(t, got[0].header.Get("Webhook-Id"), h.header.Get("Webhook-Id"))
		d := &connector.Delivery{Header: h.header, Body: h.body, ReceivedAt: time.Now()}
		require.Empty(t, sign.Standard(connector.Secrets{omnidesk.DefaultWebhookSecret}, d))
		require.NotEmpty(t, sign.Standard(connector.Secrets{"whsec_b3RoZXI="}, d))
	}
	require.NoError(t, a.Solve(id))
	a.settle()
	var event struct {
		Type string
		Data map[string]any
	}
	last := a.inbox.all()[6]
	require.NoError(t, json.Unmarshal(last.body, &event))
	require.Equal(t, "ticket.status", event.Type)
	require.Equal(t, "solved", event.Data["status"])
	require.Equal(t, id, event.Data["external_id"])
	require.NotEqual(t, got[0].header.Get("Webhook-Id"), last.header.Get("Webhook-Id"))
}

func TestTheDriverIsThereForOtherProcesses(t *testing.T) {
	a := newAccount(t, omnidesk.Options{})
	a.says()
	for act, body := range map[string]string{
		"says": `{"text":"hello"}`, "notes": `{"agent":"Ben","text":"internal"}`, "types": `{"on":true}`, "assigned": `{}`, "solves": `{}`,
		"sends": `{"file":{"name":"a.png","content_type":"image/png","content":"eA=="}}`,
	} {
		status, _ := a.do(http.MethodPost, "/_fake/sessions/"+id+"/"+act, strings.NewReader(body), "application/json")
		require.Equal(t, http.StatusNoContent, status, act)
	}
	status, _ := a.do(http.MethodPost, "/_fake/sessions/"+id+"/stops", strings.NewReader("{}"), "application/json")
	require.Equal(t, http.StatusNoContent, status)
	a.settle()
	_, answer := a.do(http.MethodGet, "/_fake/sessions", nil, "")
	require.Equal(t, []any{id}, answer["sessions"])
	_, answer = a.do(http.MethodGet, "/_fake/sessions/"+id, nil, "")
	require.Equal(t, true, answer["ended"])
	require.Len(t, answer["lines"], 4)
	status, _ = a.do(http.MethodPut, "/_fake/agents", strings.NewReader(`{"nobody":true}`), "application/json")
	require.Equal(t, http.StatusNoContent, status)
	for _, wrong := range []string{"/_fake/sessions/nobody/says", "/_fake/sessions/" + id + "/sings", "/_fake/nothing"} {
		status, _ = a.do(http.MethodPost, wrong, strings.NewReader("{}"), "application/json")
		require.Equal(t, http.StatusNotFound, status, wrong)
	}
	_, answer = a.do(http.MethodGet, "/_fake/journal?conversation="+id, nil, "")
	require.NotEmpty(t, answer["entries"])
}
