package livechat_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/testsuite/fake/livechat"
)

type object = map[string]any

// account is a fake with a plain client of it.
type account struct {
	*livechat.Server
	t     *testing.T
	url   string
	agent string // an agent token
}

func newAccount(t *testing.T, options livechat.Options) *account {
	t.Helper()
	if options.HookScale == 0 {
		options.HookScale = 0.0005
	}
	s := livechat.New(options)
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	t.Cleanup(s.Close)
	a := &account{Server: s, t: t, url: web.URL}
	a.agent = a.refresh()
	return a
}

func (a *account) refresh() string {
	resp, err := http.PostForm(a.url+"/v2/token", url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {livechat.DefaultRefreshToken},
		"client_id": {livechat.DefaultClientID}, "client_secret": {livechat.DefaultClientSecret},
	})
	require.NoError(a.t, err)
	defer resp.Body.Close()
	var token struct {
		AccessToken string `json:"access_token"`
	}
	require.NoError(a.t, json.NewDecoder(resp.Body).Decode(&token))
	return token.AccessToken
}

// post makes a call and gives its status and body.
func (a *account) post(path, credential string, body any) (int, object) {
	a.t.Helper()
	b, err := json.Marshal(body)
	require.NoError(a.t, err)
	req, err := http.NewRequest(http.MethodPost, a.url+path, bytes.NewReader(b))
	require.NoError(a.t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", credential)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(a.t, err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(a.t, err)
	got := object{}
	if len(answer) > 0 && answer[0] == '{' {
		require.NoError(a.t, json.Unmarshal(answer, &got))
	}
	return resp.StatusCode, got
}

func (a *account) customerToken(entity string) (token, id string) {
	body := object{"grant_type": "agent_token", "client_id": livechat.DefaultClientID, "response_type": "token"}
	if entity != "" {
		body["entity_id"] = entity
	}
	status, got := a.post("/v2/customer/token", "Bearer "+a.agent, body)
	require.Equal(a.t, http.StatusOK, status, got)
	require.EqualValues(a.t, 28800, got["expires_in"])
	return got["access_token"].(string), got["entity_id"].(string)
}

func (a *account) asCustomer(token, action string, body any) (int, object) {
	return a.post("/v3.6/customer/action/"+action+"?organization_id="+livechat.DefaultOrganization, "Bearer "+token, body)
}

func (a *account) asAgent(action string, body any) (int, object) {
	return a.post("/v3.6/agent/action/"+action, "Bearer "+a.agent, body)
}

func (a *account) configure(action string, body any) (int, object) {
	return a.post("/v3.6/configuration/action/"+action, "Bearer "+a.agent, body)
}

// start opens a chat with one message and gives the chat and its customer's token.
func (a *account) start() (chat, thread, token string) {
	token, _ = a.customerToken("")
	status, got := a.asCustomer(token, "start_chat", object{
		"continuous": true,
		"chat": object{
			"access": object{"group_ids": []int{7}},
			"thread": object{"events": []any{object{"type": "message", "text": "hello", "custom_id": "k1"}}},
		},
	})
	require.Equal(a.t, http.StatusOK, status, got)
	return got["chat_id"].(string), got["thread_id"].(string), token
}

func (a *account) upload(token, name string, data []byte) (int, object) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", name)
	require.NoError(a.t, err)
	_, err = part.Write(data)
	require.NoError(a.t, err)
	require.NoError(a.t, form.Close())
	req, err := http.NewRequest(http.MethodPost, a.url+"/v3.6/customer/action/upload_file?organization_id="+livechat.DefaultOrganization, &body)
	require.NoError(a.t, err)
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(a.t, err)
	defer resp.Body.Close()
	got := object{}
	require.NoError(a.t, json.NewDecoder(resp.Body).Decode(&got))
	return resp.StatusCode, got
}

func errorType(got object) any {
	e, _ := got["error"].(object)
	return e["type"]
}

// inbox is a receiver of webhooks that answers with status.
type inbox struct {
	mu     sync.Mutex
	status int
	hooks  []object
	url    string
}

func (a *account) subscribe(actions ...string) *inbox {
	in := &inbox{status: http.StatusOK}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var hook object
		_ = json.NewDecoder(r.Body).Decode(&hook)
		in.mu.Lock()
		defer in.mu.Unlock()
		in.hooks = append(in.hooks, hook)
		w.WriteHeader(in.status)
	}))
	a.t.Cleanup(web.Close)
	in.url = web.URL
	for _, action := range actions {
		status, got := a.configure("register_webhook", object{
			"action": action, "type": "license", "owner_client_id": livechat.DefaultClientID, "url": web.URL, "secret_key": "whsec-4b1d",
			"additional_data": []string{"chat_properties"},
		})
		require.Equal(a.t, http.StatusOK, status, got)
	}
	return in
}

// got waits until nothing is left to send, and gives what arrived.
func (a *account) got(in *inbox) []object {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(a.t.Context(), 10*time.Second)
	defer cancel()
	require.NoError(a.t, a.Hooks.Drain(ctx))
	in.mu.Lock()
	defer in.mu.Unlock()
	return append([]object{}, in.hooks...)
}

// only keeps the payloads of an action.
func only(hooks []object, action string) []object {
	var payloads []object
	for _, h := range hooks {
		if h["action"] == action {
			payloads = append(payloads, h["payload"].(object))
		}
	}
	return payloads
}
