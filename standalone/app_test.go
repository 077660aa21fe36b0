package main

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// device is a customer's device with a token of its own.
type device struct {
	*program
	channel, key, token string
}

func (d device) do(t *testing.T, method, path, body string) *http.Response {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, method, d.base+"/v1/channels/"+d.channel+"/conversations/"+d.key+path, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+d.token)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	t.Cleanup(func() { _ = res.Body.Close() })
	return res
}

// hear follows the stream until a line with the text.
func (d device) hear(t *testing.T, text string) (said []string) {
	t.Helper()
	res := d.do(t, http.MethodGet, "/stream", "")
	require.Equal(t, http.StatusOK, res.StatusCode)
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var m message
		require.NoError(t, json.Unmarshal([]byte(data), &m))
		if m.Text == "" {
			continue
		}
		said = append(said, m.Author.Role+": "+m.Text)
		if m.Text == text {
			return said
		}
	}
	require.Fail(t, "the stream ended before it told what was waited for", "%v", said)
	return nil
}

func TestATeamsOwnAppReachesTheSameDesk(t *testing.T) {
	p := start(t, t.TempDir(), "127.0.0.1:0")
	d := device{program: p, channel: "own-app", key: "u-0f8fad5b-d9cb-469f-a165-70867728950e"}
	d.token = p.post(t, "/app/token", map[string]any{"id": d.key})["token"].(string)
	require.Equal(t, http.StatusOK, d.do(t, http.MethodPost, "/events", `{"id":"m1","type":"customer.message","text":"My pot is broken"}`).StatusCode)
	ticket := p.ticket(t)
	p.post(t, "/tickets/"+ticket+"/take", map[string]any{"agent": "maya"})
	p.post(t, "/tickets/"+ticket+"/messages", map[string]any{"agent": "maya", "id": "a1", "text": "A new one is on its way."})
	said := d.hear(t, "A new one is on its way.")
	require.Equal(t, "customer: My pot is broken", said[0])
	require.Equal(t, "agent: A new one is on its way.", said[len(said)-1])

	d.key = "u-0f8fad5b-d9cb-469f-a165-70867728950f"
	require.Equal(t, http.StatusUnauthorized, d.do(t, http.MethodGet, "/stream", "").StatusCode)
}
