package system

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/conversation"
)

// viewWithin is how long a conversation may take to show what is waited for, kills included.
const viewWithin = 40 * time.Second

// Call calls the API as an operator, and gives the status and the body.
func (s *System) Call(method, path string, header http.Header, body any) (int, []byte, error) {
	var content io.Reader = http.NoBody
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return 0, nil, err
		}
		content = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+path, content)
	if err != nil {
		return 0, nil, err
	}
	req.Header = header.Clone()
	if req.Header == nil {
		req.Header = http.Header{}
	}
	req.Header.Set("Authorization", "Bearer "+APIToken)
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	data, err := io.ReadAll(answer.Body)
	return answer.StatusCode, data, err
}

// View gives how a conversation stands, as GET /v1/conversations/<id> tells it.
func (s *System) View(id string) (conversation.View, error) {
	var view conversation.View
	status, body, err := s.Call(http.MethodGet, "/v1/conversations/"+id, nil, nil)
	if err != nil {
		return view, err
	}
	if status != http.StatusOK {
		return view, fmt.Errorf("GET /v1/conversations/%s: %d %s", id, status, body)
	}
	return view, json.Unmarshal(body, &view)
}

// Until waits until a conversation is as wanted, and gives it. It keeps asking while the gateway or Temporal is down.
func (s *System) Until(t testing.TB, id, what string, wanted func(conversation.View) bool) conversation.View {
	t.Helper()
	var view conversation.View
	var err error
	deadline := time.Now().Add(viewWithin)
	for {
		view, err = s.View(id)
		if err == nil && wanted(view) {
			return view
		}
		if time.Now().After(deadline) {
			data, _ := json.MarshalIndent(view, "", " ")
			t.Fatalf("not within %s: %s (last error %v)\n%s", viewWithin, what, err, data)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// UntilState waits until a conversation is in a state and nothing is left to be done.
func (s *System) UntilState(t testing.TB, id string, state conversation.State) conversation.View {
	t.Helper()
	return s.Until(t, id, "the conversation is "+string(state), func(v conversation.View) bool { return v.State == state })
}

// Command does an operator's command and wants it to succeed. It asks again, with the same key, while the answer is that
// nobody is there: that is what the key is for.
func (s *System) Command(t testing.TB, id, key string, body map[string]any) {
	t.Helper()
	deadline := time.Now().Add(viewWithin)
	for {
		status, answer, err := s.Call(http.MethodPost, "/v1/conversations/"+id+"/commands", http.Header{"Idempotency-Key": {key}}, body)
		if err == nil && status == http.StatusOK {
			return
		}
		if err == nil && status != http.StatusServiceUnavailable || time.Now().After(deadline) {
			require.Failf(t, "the command failed", "%d %s %v", status, answer, err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}
