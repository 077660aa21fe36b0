package system

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// answerWithin is how soon a vendor is told that its event is not stored.
const answerWithin = 3*time.Second + 200*time.Millisecond

// LandbotHook is a webhook as Landbot sends it, about words of a customer that its fake knows nothing of.
func LandbotHook(customer int64, text string, at time.Time) []byte {
	body, _ := json.Marshal(map[string]any{"messages": []any{map[string]any{
		"type": "text", "timestamp": float64(at.UnixMicro()) / 1e6, "data": map[string]any{"body": text},
		"sender":   map[string]any{"id": customer, "name": "Zaphira " + Canary, "type": "customer"},
		"customer": map[string]any{"id": customer, "name": "Zaphira " + Canary, "archived": false},
		"channel":  map[string]any{"id": 812, "name": "Web", "type": "landbot"},
		"_raw":     map[string]any{"uuid": "forged-" + strconv.FormatInt(at.UnixNano(), 36), "author_type": "user", "seq": 999, "message": text},
	}}})
	return body
}

// RefusesForNow sends a hook of the channel that cannot be stored now, and wants the vendor to be told so at once, and when to
// come back.
func (s *System) RefusesForNow(t testing.TB, body []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/webhooks/"+Channel, bytes.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Token "+HookToken)
	began := time.Now()
	answer, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
	require.Less(t, time.Since(began), answerWithin)
	seconds, err := strconv.Atoi(answer.Header.Get("Retry-After"))
	require.NoError(t, err, "Retry-After")
	require.Positive(t, seconds)
}
