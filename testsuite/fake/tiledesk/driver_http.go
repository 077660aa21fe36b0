package tiledesk

import (
	"net/http"

	"github.com/handoff-engine/handoff/testsuite/fake"
)

// driver gives a test in another process the driver:
//
//	GET  /_fake/requests → {"requests":[…]}
//	GET  /_fake/messages?request=… → {"messages":[…]}
//	POST /_fake/agent {"do":"says","request":"…","agent":"…","text":"…"}; do is says, whispers, types, joins, leaves or closes
//	/_fake/faults, /_fake/journal, /_fake/attempts as package fake describes
func (s *Server) driver() fake.Driver {
	return fake.Driver{Faults: s.Faults, Journal: s.Journal, Attempts: s.Hooks, Own: s.drive}
}

func (s *Server) drive(w http.ResponseWriter, r *http.Request, path string) {
	switch {
	case path == "requests" && r.Method == http.MethodGet:
		fake.WriteJSON(w, map[string]any{"requests": s.Requests()})
	case path == "messages" && r.Method == http.MethodGet:
		fake.WriteJSON(w, map[string]any{"messages": s.Messages(r.URL.Query().Get("request"))})
	case path == "agent" && r.Method == http.MethodPost:
		s.driveAgent(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (s *Server) driveAgent(w http.ResponseWriter, r *http.Request) {
	var in struct{ Do, Request, Agent, Text string }
	if !fake.ReadJSON(w, r, &in) {
		return
	}
	act, ok := map[string]func() error{
		"says":     func() error { return s.AgentSays(in.Request, in.Agent, in.Text) },
		"whispers": func() error { return s.AgentWhispers(in.Request, in.Agent, in.Text) },
		"types":    func() error { return s.AgentTypes(in.Request, in.Agent) },
		"joins":    func() error { return s.AgentJoins(in.Request, in.Agent) },
		"leaves":   func() error { return s.AgentLeaves(in.Request, in.Agent) },
		"closes":   func() error { return s.AgentCloses(in.Request, in.Agent) },
	}[in.Do]
	if !ok {
		http.Error(w, "no such thing to do", http.StatusBadRequest)
		return
	}
	if err := act(); err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
