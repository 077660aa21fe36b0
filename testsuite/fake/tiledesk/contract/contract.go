// Package contract is what the real Tiledesk was seen to answer, call by call. The fake is held to it with every run of the
// tests, and the real server by `make tiledesk-real`: should one of them change, its run tells.
package contract

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Desk is a server, real or not, with a project of which two agents are available.
type Desk struct {
	URL, Project    string
	Email, Password string // of a user with the role admin, who is not available
	Department      string // the default one
	Agent           string // user id of one of the agents
}

// nobody is an id that nothing has.
const nobody = "6b0000000000000000000000"

// run is one run of the contract.
type run struct {
	*testing.T
	Desk
	token, customer, request string
}

// Run holds a desk to the contract.
func Run(t *testing.T, d Desk) {
	t.Helper()
	r := &run{T: t, Desk: d, request: "support-group-" + d.Project + "-0123456789abcdef0123456789abcdef"}
	t.Run("sign-in", func(t *testing.T) { r.on(t).signIn() })
	t.Run("who may call", func(t *testing.T) { r.on(t).whoMayCall() })
	t.Run("what is not there", func(t *testing.T) { r.on(t).notThere() })
	t.Run("first messages", func(t *testing.T) { r.on(t).firstMessages() })
	t.Run("the life of a conversation", func(t *testing.T) { r.on(t).life() })
	t.Run("after its end", func(t *testing.T) { r.on(t).afterwards() })
	t.Run("subscriptions", func(t *testing.T) { r.on(t).subscriptions() })
}

// on has the steps of one part fail that part.
func (r *run) on(t *testing.T) *run {
	r.T = t
	return r
}

// answer is what a call was answered with.
type answer struct {
	t      *testing.T
	status int
	body   string
	header http.Header
}

// call makes a call within the project as its admin. {R} in a path is the conversation.
func (r *run) call(method, path, body string, header ...string) answer {
	r.Helper()
	if !strings.HasPrefix(path, "/projects/") && !strings.HasPrefix(path, "/auth/") {
		path = "/" + r.Project + path
	}
	return r.send(method, r.URL+strings.NewReplacer("{R}", r.request, "{P}", r.Project).Replace(path), body, header...)
}

// send makes a call; headers follow in pairs.
func (r *run) send(method, address, body string, header ...string) answer {
	r.Helper()
	req, err := http.NewRequestWithContext(r.Context(), method, address, strings.NewReader(body))
	require.NoError(r, err)
	req.Header.Set("Authorization", r.token)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	client := http.Client{Timeout: 30 * time.Second}
	got, err := client.Do(req)
	require.NoError(r, err)
	defer func() { _ = got.Body.Close() }()
	content, err := io.ReadAll(got.Body)
	require.NoError(r, err)
	return answer{r.T, got.StatusCode, string(bytes.TrimSpace(content)), got.Header}
}

// is requires a status and a body.
func (a answer) is(status int, body string) {
	a.t.Helper()
	require.Equal(a.t, status, a.status, a.body)
	if strings.HasPrefix(body, "{") || strings.HasPrefix(body, "[") {
		require.JSONEq(a.t, body, a.body)
		return
	}
	require.Equal(a.t, body, a.body)
}

// has requires 200 and the fields of an object, which may have more.
func (a answer) has(fields map[string]any) answer {
	a.t.Helper()
	require.Equal(a.t, http.StatusOK, a.status, a.body)
	got := a.object()
	for name, want := range fields {
		var value any = got
		for part := range strings.SplitSeq(name, ".") {
			object, ok := value.(map[string]any)
			require.True(a.t, ok, "%s in %s", name, a.body)
			value = object[part]
		}
		require.EqualValues(a.t, want, value, "%s in %s", name, a.body)
	}
	return a
}

func (a answer) object() map[string]any {
	a.t.Helper()
	var got map[string]any
	require.NoError(a.t, json.Unmarshal([]byte(a.body), &got), a.body)
	return got
}

func quoted(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

func (r *run) signIn() {
	wrong := func(email, password string) answer {
		return r.call("POST", "/auth/signin", `{"email":`+quoted(email)+`,"password":`+quoted(password)+`}`)
	}
	wrong(r.Email, "wrong").is(401, `{"success":false,"msg":"Authentication failed. Wrong password."}`)
	wrong("x"+r.Email, "wrong").is(401, `{"success":false,"msg":"Authentication failed. User not found."}`)
	in := wrong(r.Email, r.Password).has(map[string]any{"success": true, "user.email": r.Email})
	r.token, _ = in.object()["token"].(string)
	require.True(r, strings.HasPrefix(r.token, "JWT "), in.body)

	r.call("POST", "/auth/signinAnonymously", `{"firstname":"Carla"}`).is(422,
		`{"errors":[{"msg":"Invalid value","param":"id_project","location":"body"}]}`)
	customer := r.call("POST", "/auth/signinAnonymously", `{"id_project":`+quoted(r.Project)+`,"firstname":"Carla","lastname":"Customer"}`).
		has(map[string]any{"success": true, "user.firstname": "Carla"})
	r.customer, _ = customer.object()["user"].(map[string]any)["_id"].(string)
	require.NotEmpty(r, r.customer)
}

func (r *run) whoMayCall() {
	at := "/requests/{R}"
	bare := strings.TrimPrefix(r.token, "JWT ")
	r.call("GET", at, "", "Authorization", "Bearer "+bare).is(401, "Unauthorized")
	r.call("GET", at, "", "Authorization", bare).is(400, "Bad Request")
	r.call("GET", at, "", "Authorization", "").is(401, "Unauthorized")
	r.send("GET", r.URL+"/abc/requests/x", "").is(400, `{"error":"Invalid project id: abc"}`)
	r.send("GET", r.URL+"/"+nobody+"/requests/x", "").is(400, `{"error":"Project not found with id: `+nobody+`"}`)
	r.call("POST", at+"/messages", `{"text":`).is(500, `{"err":"error"}`)
	r.call("POST", at+"/messages", `{"text":`+quoted(strings.Repeat("x", 512_001))+`}`).is(413, `{"err":"Request entity too large","limit":512000}`)
}

func (r *run) notThere() {
	r.call("GET", "/requests/{R}", "").is(404, `{"success":false,"msg":"Object not found."}`)
	r.call("GET", "/requests/{R}/messages", "").is(200, `[]`)
	r.call("POST", "/requests/{R}/notes", `{"text":"a note"}`).is(200, "null")
	r.call("POST", "/requests/{R}/notes", `{"text":""}`).is(400, `{"success":false,"error":"Field 'text' is required. Received value: "}`)
	r.call("PATCH", "/requests/{R}", `{"priority":"high"}`).is(404, `{"success":false,"msg":"Request not found"}`)
	r.call("PATCH", "/requests/{R}/attributes", `{"a":"b"}`).is(404, `{"success":false,"msg":"Object not found."}`)
	r.call("PUT", "/requests/{R}/assign", `{"nobot":true}`).is(404, `{"success":false,"msg":"Request not found"}`)
	r.call("PUT", "/requests/{R}/agent", `{}`).is(404, `{"success":false,"msg":"Object not found."}`)
	r.call("PUT", "/requests/{R}/departments", `{"nobot":true}`).is(500, `{"success":false,"msg":"Error changing the department."}`)
	r.call("PUT", "/requests/{R}/participants", `[`+quoted(r.Agent)+`]`).is(500, `{"success":false,"error":"Error setting participants"}`)
	r.call("PUT", "/requests/{R}/close", `{}`).is(500, `{"success":false,"error":"Error closing request"}`)
	r.call("GET", "/departments/"+nobody, "").is(404, `{"success":false,"msg":"Object not found."}`)
	r.call("GET", "/departments/billing", "").is(500, `{"success":false,"msg":"Error getting object."}`)
	r.call("GET", "/projects/{P}/users/availables?department="+nobody, "").is(404, `{"success":false,"error":"Department `+nobody+` not found"}`)
	r.call("DELETE", "/subscriptions/"+nobody, "").is(200, "null")
}

func (r *run) firstMessages() {
	first := func(more string) answer {
		return r.call("POST", "/requests/{R}0/messages", `{"senderFullname":"Carla Customer","channel":{"name":"handoff"},`+more+`}`)
	}
	from := `"sender":` + quoted(r.customer)
	first(`"text":"",`+from).is(422, `{"errors":["text field is required"]}`)
	first(`"text":"hello","sender":"nobody"`).is(403, `{"success":false,"msg":"Unauthorized. Project_user not found with user id  : nobody"}`)
	first(`"text":"hello","departmentid":"`+nobody+`",`+from).is(500, `{"success":false,"msg":"Error creating request","err":{}}`)

	// Of whoever is not known the server takes what the message does not say from the caller.
	first(`"text":"hello","request_status":50,` + from).has(map[string]any{"request.lead.fullname": "Carla Customer", "request.lead.email": r.Email})
	// Of whoever was written down it does not.
	known := r.call("POST", "/auth/signinAnonymously", `{"id_project":`+quoted(r.Project)+`,"firstname":"Dora"}`)
	r.customer, _ = known.object()["user"].(map[string]any)["_id"].(string)
	r.call("POST", "/leads", `{"lead_id":`+quoted(r.customer)+`,"fullname":"Dora Doe"}`).has(map[string]any{"lead_id": r.customer, "fullname": "Dora Doe", "email": nil})
}

func (r *run) life() {
	r.call("POST", "/requests/{R}/messages", `{"text":"hello","request_status":50,"sender":`+quoted(r.customer)+`,"senderFullname":"Dora Doe",
		"channel":{"name":"handoff"},"attributes":{"handoff_key":"k-1"}}`).has(map[string]any{
		"text": "hello", "sender": r.customer, "senderFullname": "Dora Doe", "recipient": r.request, "type": "text", "status": 0,
		"channel.name": "handoff", "attributes.handoff_key": "k-1", "request.status": 50, "request.attributes.handoff_key": "k-1",
		"request.lead.lead_id": r.customer, "request.lead.fullname": "Dora Doe", "request.lead.email": nil, "request.lead.phone": nil,
		"request.participants": []any{}, "request.priority": "medium", "request.department._id": r.Department,
	})
	r.call("POST", "/requests/{R}/messages", `{"text":"I am a bot","sender":"handoff-bot","senderFullname":"Bot","attributes":{"handoff_key":"k-2"}}`).
		has(map[string]any{"sender": "handoff-bot", "request.status": 50, "request.attributes.handoff_key": "k-1"})
	r.call("POST", "/requests/{R}/notes", `{"text":"a note"}`).has(map[string]any{"status": 50})
	r.call("PATCH", "/requests/{R}", `{"priority":"high"}`).has(map[string]any{"priority": "high"})

	given := r.call("PUT", "/requests/{R}/assign", `{"nobot":true}`).has(map[string]any{"status": 200, "department._id": r.Department})
	again := r.call("PUT", "/requests/{R}/assign", `{"nobot":true}`).has(map[string]any{
		"status": 200, "participants": given.object()["participants"], "department": r.Department, "assigned_at": given.object()["assigned_at"],
	})
	require.IsType(r, "", again.object()["lead"], "what it does not change it shows bare")
	moved := r.call("PUT", "/requests/{R}/agent", `{}`).has(map[string]any{"status": 200})
	require.NotEqual(r, given.object()["participants"], moved.object()["participants"])
	moved = r.call("PUT", "/requests/{R}/departments", `{"nobot":true,"departmentid":`+quoted(r.Department)+`}`)
	moved.has(map[string]any{"status": 200, "participants": given.object()["participants"]})
	for range 2 {
		r.call("PUT", "/requests/{R}/participants", `[`+quoted(r.Agent)+`]`).has(map[string]any{
			"status": 200, "participants": []any{r.Agent}, "assigned_at": moved.object()["assigned_at"],
		})
	}
	r.call("PUT", "/requests/{R}/participants", `["`+nobody+`"]`).has(map[string]any{"status": 200, "participants": []any{nobody}})
	r.call("PUT", "/requests/{R}/participants", `[`+quoted(r.Agent)+`]`).has(map[string]any{"status": 200})
	r.call("PATCH", "/requests/{R}/attributes", `{"more":"of them"}`).
		has(map[string]any{"status": 200, "attributes.handoff_key": "k-1", "attributes.more": "of them"})
	r.call("GET", "/requests/{R}", "").has(map[string]any{"status": 200, "participants": []any{r.Agent}, "closed_at": nil})
	r.call("PUT", "/requests/{R}/departments", `{"departmentid":"`+nobody+`"}`).is(500, `{"success":false,"msg":"Error changing the department."}`)
}

func (r *run) afterwards() {
	closed := r.call("PUT", "/requests/{R}/close", `{}`).has(map[string]any{"status": 1000})
	require.NotEmpty(r, closed.object()["closed_at"])
	r.call("PUT", "/requests/{R}/close", `{}`).has(map[string]any{"status": 1000, "closed_at": closed.object()["closed_at"]})
	r.call("POST", "/requests/{R}/messages", `{"text":"one more thing","sender":`+quoted(r.customer)+`}`).has(map[string]any{"request.status": 1000})
	r.call("PUT", "/requests/{R}/assign", `{"nobot":true}`).has(map[string]any{"status": 1000})
}

func (r *run) subscriptions() {
	body := `{"event":"request.update","target":"https://somebody.example/hooks"}`
	made := r.call("POST", "/subscriptions", body).has(map[string]any{"event": "request.update", "target": "https://somebody.example/hooks", "global": false})
	require.Equal(r, made.object()["secret"], made.header.Get("X-Hook-Secret"))
	r.call("POST", "/subscriptions", body).has(map[string]any{"_id": made.object()["_id"], "global": nil})
	r.call("POST", "/subscriptions", `{"event":"request.update"}`).is(500, `{"success":false,"msg":"Error saving object."}`)
	id, _ := made.object()["_id"].(string)
	r.call("DELETE", "/subscriptions/"+id, "").has(map[string]any{"_id": id})
}
