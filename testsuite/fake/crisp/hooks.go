package crisp

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/testsuite/fake"
)

const (
	eventBucket = "bucket:url:upload:generated"
	// attempts is how often a hook is tried.
	attempts = 5
)

// SetHook says where hooks go. A workspace's hooks are not signed: the address carries a key.
func (s *Server) SetHook(address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hook = address
}

// pluginOnly are the events that a workspace's own hooks do not tell.
var pluginOnly = []string{"message:compose:", "session:set_opened", "session:set_closed", "bucket:"}

// tell sends a hook about a conversation.
func (s *Server) tell(x *talk, event string, data map[string]any) {
	data = maps.Clone(data)
	data["website_id"], data["session_id"] = s.options.WebsiteID, x.id
	if !s.switches.NoInbox {
		data["inbox_id"] = orNull(x.inbox)
	}
	s.tellOf(true, event, data)
}

// tellOf sends a hook.
func (s *Server) tellOf(website bool, event string, data map[string]any) {
	if s.hook == "" {
		return
	}
	for _, prefix := range pluginOnly {
		if s.options.Tier != TierPlugin && strings.HasPrefix(event, prefix) {
			return
		}
	}
	body := map[string]any{"event": event, "data": data, "timestamp": s.now().UnixMilli()}
	if website {
		body["website_id"] = s.options.WebsiteID
	}
	encoded, err := json.Marshal(body)
	if err != nil {
		panic(err) // plain values
	}
	s.Hooks.Send(fake.Hook{Op: "hook", URL: s.hook, Body: encoded}, 0)
}

// headers are those of one try. Each is stamped and signed anew.
func (s *Server) headers(h fake.Hook) http.Header {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := sha256.Sum256(h.Body)
	s.tries[sum]++
	now := time.Now()
	at := now.UnixMilli()
	if s.switches.SecondsHeader {
		at = now.Unix()
	}
	header := http.Header{
		"Content-Type":              {"application/json"},
		"X-Crisp-Hook-Origin":       {s.options.Tier + "/rtm fake"},
		"X-Crisp-Request-Timestamp": {strconv.FormatInt(at, 10)},
		"X-Delivery-Attempt-Count":  {strconv.Itoa(s.tries[sum])},
		"X-Delivery-Attempt-Limit":  {strconv.Itoa(attempts)},
	}
	if s.options.Tier == TierPlugin {
		header.Set("X-Crisp-Signature", Sign(s.options.SigningSecret, header.Get("X-Crisp-Request-Timestamp"), h.Body))
	}
	return header
}

// Sign makes the signature of a plugin's hook.
func Sign(secret, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("[" + timestamp + ";"))
	mac.Write(body)
	mac.Write([]byte("]"))
	return hex.EncodeToString(mac.Sum(nil))
}
