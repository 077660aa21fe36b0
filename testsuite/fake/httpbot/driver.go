package httpbot

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/handoff-engine/handoff/testsuite/fake"
)

// Asked lists the requests that were answered, each once, oldest first.
func (s *Server) Asked() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// Answered says how often a key was answered, repeats included.
func (s *Server) Answered(key string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.answers[key].times
}

// SetHook says where the bot asks for a human by itself.
func (s *Server) SetHook(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hookURL = url
}

// AskForHuman sends the webhook that asks for a human; more are further keys of
// its body, such as group and reason.
func (s *Server) AskForHuman(conversation string, more map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastHook++
	body := map[string]any{"type": "handoff.requested", "conversation": conversation}
	maps.Copy(body, more)
	b, _ := json.Marshal(body)
	s.outbox.Send(fake.Hook{
		Op: OpWebhook, URL: s.hookURL, Body: b,
		Header: http.Header{"Content-Type": {"application/json"}, "Webhook-Id": {"msg_" + strconv.Itoa(s.lastHook)}},
	}, 0)
}

// sign gives the headers of one try: each is signed anew.
func (s *Server) sign(h fake.Hook) http.Header {
	return s.standard.Sign(h.Header.Get("Webhook-Id"), h.Body)
}

// serveDriver gives a test in another process the driver:
//
//	GET  /_fake/asked → {"asked":[…]}
//	POST /_fake/handoff {"conversation":"…","group":"…","reason":"…"}
//	PUT  /_fake/hook {"url":"…"}
//	/_fake/faults, /_fake/journal, /_fake/attempts as package fake describes
func (s *Server) serveDriver(w http.ResponseWriter, r *http.Request, path string) {
	var in map[string]any
	switch {
	case path == "asked" && r.Method == http.MethodGet:
		fake.WriteJSON(w, map[string]any{"asked": s.Asked()})
	case path != "handoff" && path != "hook":
		http.NotFound(w, r)
	case json.NewDecoder(r.Body).Decode(&in) != nil:
		http.Error(w, "unreadable body", http.StatusBadRequest)
	case path == "hook" && r.Method == http.MethodPut:
		url, _ := in["url"].(string)
		s.SetHook(url)
		w.WriteHeader(http.StatusNoContent)
	case path == "handoff" && r.Method == http.MethodPost:
		conversation, _ := in["conversation"].(string)
		delete(in, "conversation")
		s.AskForHuman(conversation, in)
		w.WriteHeader(http.StatusNoContent)
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}
