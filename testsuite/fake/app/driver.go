package app

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/handoff-engine/handoff/testsuite/fake"
)

// Told lists the webhooks that were taken, each once, in order.
func (s *Server) Told() []Webhook {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.told)
}

// CustomerSees lists the texts of a conversation's messages as they read now,
// oldest first.
func (s *Server) CustomerSees(conversation string) []string {
	var ids, texts []string
	for _, w := range s.Told() {
		if w.Data.Conversation != conversation {
			continue
		}
		i := slices.Index(ids, w.Data.ID)
		switch {
		case w.Type == "message.created":
			ids, texts = append(ids, w.Data.ID), append(texts, w.Data.Text)
		case w.Type == "message.updated" && i >= 0:
			texts[i] = w.Data.Text
		case w.Type == "message.deleted" && i >= 0:
			ids, texts = slices.Delete(ids, i, i+1), slices.Delete(texts, i, i+1)
		}
	}
	return texts
}

// Events is the sender of the team's events: its attempts tell what was sent.
func (s *Server) Events() *fake.Outbox { return s.outbox }

// SetChannel says where events are sent, such as
// http://127.0.0.1:8080/v1/channels/app-shop.
func (s *Server) SetChannel(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.channel = url
}

// Send sends an event of the given type for a conversation; more are further
// keys of its body. It is repeated until it is taken, and gives the event's id.
func (s *Server) Send(conversation, kind string, more map[string]any) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastID++
	body := map[string]any{"id": "evt-" + strconv.Itoa(s.lastID), "type": kind}
	maps.Copy(body, more)
	b, _ := json.Marshal(body)
	s.outbox.Send(fake.Hook{
		Op: OpEvent, URL: s.channel + "/conversations/" + conversation + "/events", Body: b, Of: conversation,
		Header: http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + s.opts.APIToken}},
	}, 0)
	id, _ := body["id"].(string)
	return id
}

// serveDriver gives a test in another process the driver:
//
//	GET  /_fake/told → {"told":[…]}
//	POST /_fake/events {"conversation":"…","type":"customer.message","text":"…"}
//	PUT  /_fake/channel {"url":"…"}
//	/_fake/faults, /_fake/journal, /_fake/attempts as package fake describes
func (s *Server) serveDriver(w http.ResponseWriter, r *http.Request, path string) {
	var in map[string]any
	text := func(key string) string {
		value, _ := in[key].(string)
		delete(in, key)
		return value
	}
	switch {
	case path == "told" && r.Method == http.MethodGet:
		fake.WriteJSON(w, map[string]any{"told": s.Told()})
	case path != "events" && path != "channel":
		http.NotFound(w, r)
	case json.NewDecoder(r.Body).Decode(&in) != nil:
		http.Error(w, "unreadable body", http.StatusBadRequest)
	case path == "channel" && r.Method == http.MethodPut:
		s.SetChannel(text("url"))
		w.WriteHeader(http.StatusNoContent)
	case path == "events" && r.Method == http.MethodPost:
		conversation, kind := text("conversation"), text("type")
		s.Send(conversation, kind, in)
		w.WriteHeader(http.StatusNoContent)
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}
