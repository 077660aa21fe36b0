package tiledesk_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/testsuite/fake"
	"github.com/handoff-engine/handoff/testsuite/fake/tiledesk"
	"github.com/handoff-engine/handoff/testsuite/fake/tiledesk/contract"
)

const (
	conversation = "support-group-" + tiledesk.DefaultProject + "-11111111aaaa4bbb8ccc000000000001"
	project      = "/" + tiledesk.DefaultProject
	requestPath  = project + "/requests/" + conversation
)

// server is a fake with a receiver of its webhooks.
type server struct {
	t *testing.T
	*tiledesk.Server
	web   *httptest.Server
	inbox *httptest.Server
	token string

	mu     sync.Mutex
	got    []hook
	answer int
}

type hook struct {
	secret string
	Token  string
	Hook   struct {
		Target, Event string
	}
	Payload map[string]any
}

func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{t: t, Server: tiledesk.New(tiledesk.Options{HookScale: 0.001}), answer: http.StatusOK}
	s.web = httptest.NewServer(s)
	s.inbox = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := hook{secret: r.Header.Get("X-Hook-Secret")}
		_ = json.NewDecoder(r.Body).Decode(&h)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.got = append(s.got, h)
		w.WriteHeader(s.answer)
	}))
	t.Cleanup(func() {
		s.Close()
		s.web.CloseClientConnections()
		s.web.Close()
		s.inbox.Close()
	})
	var in struct{ Token string }
	s.ok("POST", "/auth/signin", `{"email":"mw@example.com","password":"pw-4d1f77"}`, &in)
	s.token = in.Token
	return s
}

// call makes a call as the integration user; headers follow in pairs and replace his.
func (s *server) call(method, path, body string, header ...string) (int, string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.web.URL+path, strings.NewReader(body))
	require.NoError(s.t, err)
	req.Header.Set("Authorization", s.token)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(s.t, err)
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(s.t, err)
	return resp.StatusCode, string(answer)
}

func (s *server) ok(method, path, body string, into any) {
	s.t.Helper()
	status, answer := s.call(method, path, body)
	require.Equal(s.t, http.StatusOK, status, answer)
	if into != nil {
		require.NoError(s.t, json.Unmarshal([]byte(answer), into))
	}
}

// customer signs a customer in and gives his id.
func (s *server) customer() string {
	s.t.Helper()
	var in struct {
		User struct {
			ID string `json:"_id"`
		}
	}
	s.ok("POST", "/auth/signinAnonymously", `{"id_project":"`+tiledesk.DefaultProject+`","firstname":"Carla","lastname":"Customer"}`, &in)
	return in.User.ID
}

// begin makes the conversation in status 50.
func (s *server) begin() (customer string) {
	s.t.Helper()
	customer = s.customer()
	s.ok("POST", requestPath+"/messages", `{"text":"Hello bot","sender":"`+customer+`","senderFullname":"Carla Customer","request_status":50,
		"channel":{"name":"ourapp"},"attributes":{"mw":"m-1"}}`, nil)
	return customer
}

// put makes a routing call and gives the conversation's status and who has it.
func (s *server) put(call, body string) (int, []string) {
	s.t.Helper()
	var r struct {
		Status       int
		Participants []string
	}
	s.ok("PUT", requestPath+"/"+call, body, &r)
	return r.Status, r.Participants
}

// told lists the webhooks so far, as "<event> <status or text>".
func (s *server) told() []string {
	require.NoError(s.t, s.Hooks.Drain(s.t.Context()))
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []string{}
	for _, h := range s.got {
		if h.Hook.Event == "message.create" {
			list = append(list, "message "+h.Payload["text"].(string))
			continue
		}
		list = append(list, fmt.Sprint(h.Hook.Event, " ", h.Payload["status"]))
	}
	return list
}

func TestContract(t *testing.T) {
	s := newServer(t)
	contract.Run(t, contract.Desk{
		URL: s.web.URL, Project: tiledesk.DefaultProject, Email: tiledesk.DefaultEmail, Password: tiledesk.DefaultPassword,
		Department: tiledesk.DefaultDepartment, Agent: tiledesk.Alice,
	})
}

func TestWhoMayCall(t *testing.T) {
	s := newServer(t)
	s.begin()
	bare := strings.TrimPrefix(s.token, "JWT ")
	basic := base64.StdEncoding.EncodeToString([]byte("mw@example.com:pw-4d1f77"))
	_, customer := s.call("POST", "/auth/signinAnonymously", `{"id_project":"`+tiledesk.DefaultProject+`"}`)
	var guest struct{ Token string }
	require.NoError(t, json.Unmarshal([]byte(customer), &guest))
	for _, tc := range []struct {
		name, method, path, authorization string
		status                            int
	}{
		{"JWT", "GET", requestPath, "JWT " + bare, 200},
		{"jwt", "GET", requestPath, "jwt " + bare, 200},
		{"with the cloud's prefix", "GET", "/v3" + requestPath, "JWT " + bare, 200},
		{"Basic", "GET", requestPath, "Basic " + basic, 200},
		{"Bearer", "GET", requestPath, "Bearer " + bare, 401},
		{"no scheme", "GET", requestPath, bare, 400},
		{"nothing", "GET", requestPath, "", 401},
		{"another token", "GET", requestPath, "JWT eyJx", 401},
		{"a customer reads messages", "GET", requestPath + "/messages", guest.Token, 200},
		{"a customer reads the conversation", "GET", requestPath, guest.Token, 403},
		{"a customer lists subscriptions", "GET", project + "/subscriptions", guest.Token, 403},
		{"no such project", "GET", "/000000000000000000000000/requests/x", s.token, 400},
		{"no project", "GET", "/abc/requests/x", s.token, 400},
		{"no such conversation", "GET", project + "/requests/support-group-0", s.token, 404},
		{"who is available, without credentials", "GET", "/projects/" + tiledesk.DefaultProject + "/users/availables", "", 200},
		{"no such route", "GET", project + "/nothing", s.token, 404},
	} {
		t.Run(tc.name, func(t *testing.T) {
			status, answer := s.call(tc.method, tc.path, "", "Authorization", tc.authorization)
			require.Equal(t, tc.status, status, answer)
		})
	}
	s.ExpireTokens()
	status, _ := s.call("GET", requestPath, "")
	require.Equal(t, http.StatusUnauthorized, status)
	for body, want := range map[string]int{
		`{"email":"mw@example.com","password":"no"}`: 401, `{"email":"no@example.com"}`: 401, `{}`: 422, `nonsense`: 500,
	} {
		status, _ := s.call("POST", "/auth/signin", body)
		require.Equal(t, want, status, body)
	}
}

func TestWhatIsRefusedOfAMessage(t *testing.T) {
	s := newServer(t)
	customer := s.customer()
	other := strings.Replace(requestPath, "0001", "0002", 1)
	for _, tc := range []struct {
		name, path, body string
		status           int
	}{
		{"no text", other, `{"text":"","sender":"` + customer + `"}`, 422},
		{"an unknown sender first", other, `{"text":"x","sender":"nobody"}`, 403},
		{"no JSON", other, `{"text":`, 500},
		{"too large", other, `{"text":"` + strings.Repeat("x", 512_001) + `"}`, 413},
		{"no such department", other, `{"text":"x","departmentid":"000000000000000000000000","sender":"` + customer + `"}`, 500},
	} {
		t.Run(tc.name, func(t *testing.T) {
			status, answer := s.call("POST", tc.path+"/messages", tc.body)
			require.Equal(t, tc.status, status, answer)
		})
	}
	require.Empty(t, s.Requests())
	s.begin()
	s.ok("POST", requestPath+"/messages", `{"text":"","sender":"anybody at all"}`, nil)
	client := &http.Client{Timeout: 50 * time.Millisecond}
	req, err := http.NewRequestWithContext(t.Context(), "POST", s.web.URL+requestPath+"/messages", strings.NewReader(`{"type":"file","metadata":{"src":"x"}}`))
	require.NoError(t, err)
	req.Header.Set("Authorization", s.token)
	resp, err := client.Do(req)
	if err == nil {
		_ = resp.Body.Close()
	}
	require.Error(t, err, "a file without a type is never answered")
}

func TestTheLifeOfAConversation(t *testing.T) {
	s := newServer(t)
	s.Register(s.inbox.URL)
	s.begin()
	require.Equal(t, tiledesk.Temp, s.Request(conversation).Status)
	status, who := s.put("assign", `{"nobot":true}`)
	require.Equal(t, tiledesk.Assigned, status)
	require.Equal(t, []string{tiledesk.Alice}, who)
	_, who = s.put("assign", `{"nobot":true}`)
	require.Equal(t, []string{tiledesk.Alice}, who, "assign changes nothing about who has it")
	_, who = s.put("agent", `{}`)
	require.Equal(t, []string{tiledesk.Bob}, who, "agent moves it on")
	_, who = s.put("agent", `{}`)
	require.Equal(t, []string{tiledesk.Alice}, who, "each time")
	require.NoError(t, s.AgentSays(conversation, tiledesk.Alice, "Hi"))
	status, _ = s.put("close", `{}`)
	require.Equal(t, tiledesk.Closed, status)
	s.put("close", `{}`)
	status, _ = s.put("assign", `{"nobot":true}`)
	require.Equal(t, tiledesk.Closed, status, "assign leaves it closed")
	s.ok("POST", requestPath+"/messages", `{"text":"still here?","sender":"x"}`, nil)
	require.Equal(t, tiledesk.Closed, s.Request(conversation).Status, "words are taken and nobody is told")
	status, _ = s.put("agent", `{}`)
	require.Equal(t, tiledesk.Assigned, status, "agent opens it again")
	require.Equal(t, tiledesk.Integration, s.Request(conversation).ClosedBy)

	var states []string
	for _, line := range s.told() {
		if !strings.HasPrefix(line, "message A new") && !strings.Contains(line, "group") && !strings.HasPrefix(line, "message Group") {
			states = append(states, line)
		}
	}
	require.Equal(t, []string{
		"request.create 50", "message Hello bot", "request.update 200", "request.update 200", "request.update 200", "message Hi",
		"request.update 200", "request.update 1000", "request.close 1000", "message Chat closed", "request.close 1000", "message Chat closed",
		"message still here?", "request.update 200",
	}, states)
}

func TestSomebodyIsBotheredUnlessToldOtherwise(t *testing.T) {
	s := newServer(t)
	customer := s.customer()
	s.ok("POST", requestPath+"/messages", `{"text":"hello","sender":"`+customer+`"}`, nil)
	require.Equal(t, tiledesk.Assigned, s.Request(conversation).Status)
}

func TestNobodyThereIsTheQueue(t *testing.T) {
	s := newServer(t)
	s.begin()
	s.SetAvailable(tiledesk.Alice, false)
	s.SetAvailable(tiledesk.Bob, false)
	status, who := s.put("assign", `{}`)
	require.Equal(t, tiledesk.Unassigned, status)
	require.Empty(t, who)
	s.SetAvailable(tiledesk.Bob, true)
	require.Equal(t, tiledesk.Unassigned, s.Request(conversation).Status, "it is not given to anybody by itself")
	_, who = s.put("assign", `{}`)
	require.Equal(t, []string{tiledesk.Bob}, who)
	status, _ = s.put("departments", `{"departmentid":"`+tiledesk.Pool+`"}`)
	require.Equal(t, tiledesk.Unassigned, status, "a pool finds nobody")
}

func TestWhatTheDeskChecksAndWhatNot(t *testing.T) {
	s := newServer(t)
	s.begin()
	for _, tc := range []struct {
		method, path, body string
		status             int
	}{
		{"PUT", "/departments", `{"departmentid":"000000000000000000000000"}`, 500},
		{"PUT", "/participants", `["000000000000000000000000"]`, 200},
		{"POST", "/notes", `{"text":""}`, 400},
		{"POST", "/notes", `{"text":"a note"}`, 200},
		{"PATCH", "/attributes", `{"k":"v"}`, 200},
	} {
		status, answer := s.call(tc.method, requestPath+tc.path, tc.body)
		require.Equal(t, tc.status, status, answer)
	}
	require.Equal(t, []string{"000000000000000000000000"}, s.Request(conversation).Participants, "a made-up agent is stored all the same")
	require.Equal(t, []string{"a note"}, s.Request(conversation).Notes)
	for path, want := range map[string]int{"/assign": 404, "/agent": 404, "/departments": 500, "/close": 500} {
		status, _ := s.call("PUT", project+"/requests/support-group-0"+path, `{}`)
		require.Equal(t, want, status, path)
	}
	for path, want := range map[string]int{"/departments/" + tiledesk.Billing: 200, "/departments/000000000000000000000000": 404, "/departments/x": 500} {
		status, _ := s.call("GET", project+path, "")
		require.Equal(t, want, status, path)
	}
}

func TestTextsAreCommands(t *testing.T) {
	s := newServer(t)
	s.begin()
	say := func(text string) {
		body, _ := json.Marshal(map[string]string{"text": text, "sender": "x"})
		s.ok("POST", requestPath+"/messages", string(body), nil)
	}
	say(`please \agent`)
	require.Equal(t, []string{tiledesk.Alice}, s.Request(conversation).Participants)
	for _, harmless := range []string{`\agent now`, `\Agent`, "\\agent\u200b", `agent`} {
		say(harmless)
		require.Equal(t, []string{tiledesk.Alice}, s.Request(conversation).Participants, harmless)
	}
	say(`\error`)
	require.Equal(t, 1, s.Crashes())
	s.Switch(func(s *tiledesk.Switches) { s.NoChat21 = true })
	say(`C:\close`)
	require.Equal(t, tiledesk.Assigned, s.Request(conversation).Status, "without the chat engine nothing is obeyed")
	s.Switch(func(s *tiledesk.Switches) { s.NoChat21 = false })
	say(`C:\close`)
	require.Equal(t, tiledesk.Closed, s.Request(conversation).Status)
}

func TestTheQuota(t *testing.T) {
	s := newServer(t)
	s.Switch(func(s *tiledesk.Switches) { s.QuotaReached = true })
	s.begin()
	status, answer := s.call("PUT", requestPath+"/assign", `{}`)
	require.Equal(t, http.StatusInternalServerError, status)
	require.Contains(t, answer, "Error changing the department.")
	status, answer = s.call("POST", strings.Replace(requestPath, "0001", "0002", 1)+"/messages", `{"text":"x"}`)
	require.Equal(t, http.StatusInternalServerError, status)
	require.JSONEq(t, `{"success":false,"msg":"Error creating request","err":{}}`, answer)
}

func TestWebhooksAreRepeatedTwiceAndNotAfterARefusal(t *testing.T) {
	for status, times := range map[int]int{200: 1, 302: 1, 401: 1, 404: 1, 429: 3, 500: 3, 503: 3} {
		s := newServer(t)
		s.Register(s.inbox.URL)
		s.mu.Lock()
		s.answer = status
		s.mu.Unlock()
		s.begin()
		count := 0
		for _, line := range s.told() {
			if line == "message Hello bot" {
				count++
			}
		}
		require.Equal(t, times, count, "after %d", status)
		require.Equal(t, "6023e176-124b-4f0a-9c0f-04cc3bba4a31", s.got[0].secret)
		require.NotEmpty(t, s.got[0].Token)
	}
}

func TestSubscriptions(t *testing.T) {
	s := newServer(t)
	add := func(event, target string) map[string]any {
		var made map[string]any
		s.ok("POST", project+"/subscriptions", `{"event":"`+event+`","target":"`+target+`"}`, &made)
		return made
	}
	first := add("message.create", "https://a.example")
	second := add("message.create", "https://b.example")
	require.Equal(t, first["secret"], second["secret"], "one secret for all")
	require.Equal(t, first["_id"], add("message.create", "https://b.example")["_id"], "the same once more may give another")
	_, list := s.call("GET", project+"/subscriptions", "")
	require.NotContains(t, list, first["secret"])
	require.Len(t, s.Subscriptions(), 2)
	s.ok("DELETE", project+"/subscriptions/"+fmt.Sprint(second["_id"]), "", nil)
	_, answer := s.call("DELETE", project+"/subscriptions/"+fmt.Sprint(second["_id"]), "")
	require.Equal(t, "null\n", answer)
	status, _ := s.call("POST", project+"/subscriptions", `{"event":"message.create"}`)
	require.Equal(t, http.StatusInternalServerError, status)
	require.Equal(t, []string{"message.create https://a.example"}, s.Subscriptions())
	s.Switch(func(s *tiledesk.Switches) { s.NoHooks = true })
	s.begin()
	require.Empty(t, s.Hooks.Attempts())
}

func TestWhatAgentsDoIsInTheJournal(t *testing.T) {
	s := newServer(t)
	s.begin()
	require.NoError(t, s.AgentJoins(conversation, tiledesk.Bob))
	require.NoError(t, s.AgentWhispers(conversation, tiledesk.Bob, "between us"))
	address, err := s.AgentSendsFile(conversation, tiledesk.Bob, s.web.URL, "a.pdf", "application/pdf", []byte("content"))
	require.NoError(t, err)
	require.NoError(t, s.AgentLeaves(conversation, tiledesk.Bob))
	require.Equal(t, tiledesk.Unassigned, s.Request(conversation).Status)
	require.Error(t, s.AgentSays("support-group-0", tiledesk.Bob, "x"))
	path := strings.TrimPrefix(address, s.web.URL)
	status, content := s.call("GET", path, "", "Authorization", "")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "content", content)
	s.Switch(func(s *tiledesk.Switches) { s.FilesWantToken = true })
	status, _ = s.call("GET", path, "", "Authorization", "")
	require.Equal(t, http.StatusUnauthorized, status)
	status, _ = s.call("GET", path, "")
	require.Equal(t, http.StatusOK, status)
	private := slices.DeleteFunc(s.Messages(conversation), func(m tiledesk.Message) bool { return m.Subtype != "private" })
	require.Len(t, private, 1)
	require.Equal(t, 1, s.Journal.Count(func(e fake.Entry) bool { return e.Text == "between us" && e.Who == tiledesk.Bob }))
}

func TestTheDriverIsThereForOtherProcesses(t *testing.T) {
	s := newServer(t)
	s.begin()
	for _, act := range []string{
		`{"do":"joins","agent":"` + tiledesk.Bob + `"`, `{"do":"says","agent":"` + tiledesk.Bob + `","text":"hello"`,
		`{"do":"whispers","agent":"` + tiledesk.Bob + `","text":"between us"`, `{"do":"types","agent":"` + tiledesk.Bob + `"`,
		`{"do":"leaves","agent":"` + tiledesk.Bob + `"`, `{"do":"closes","agent":"system"`,
	} {
		status, answer := s.call("POST", "/_fake/agent", act+`,"request":"`+conversation+`"}`)
		require.Equal(t, http.StatusNoContent, status, answer)
	}
	_, answer := s.call("GET", "/_fake/requests", "")
	require.Contains(t, answer, `"Status":1000`)
	_, answer = s.call("GET", "/_fake/messages?request="+conversation, "")
	require.Contains(t, answer, `"Text":"hello"`)
	for body, want := range map[string]int{
		`{"do":"says","request":"x"}`: 404, `{"do":"dances","request":"x"}`: 400, `{"nonsense":1}`: 400,
	} {
		status, _ := s.call("POST", "/_fake/agent", body)
		require.Equal(t, want, status, body)
	}
	status, _ := s.call("GET", "/_fake/nothing", "")
	require.Equal(t, http.StatusNotFound, status)
}
