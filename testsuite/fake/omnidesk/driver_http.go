package omnidesk

import (
	"net/http"
	"strings"

	"github.com/handoff-engine/handoff/testsuite/fake"
)

// serveDriver gives a test in another process the driver:
//
//	GET  /_fake/sessions → {"sessions":["…"]}
//	GET  /_fake/sessions/{id} → {"lines":[…],"events":[…],"ended":…}
//	POST /_fake/sessions/{id}/{act} {"agent":"Ana","text":"…","on":true,"file":{"name":"…","content_type":"…","content":"base64"}}
//	     with act one of says, sends, types, notes, stops, assigned, solves
//	PUT  /_fake/agents {"nobody":true}
//	/_fake/faults, /_fake/journal, /_fake/attempts as package fake describes
func (s *Server) serveDriver(w http.ResponseWriter, r *http.Request, rest string) {
	path := strings.Split(rest, "/")
	switch {
	case path[0] == "agents" && r.Method == http.MethodPut:
		var in struct{ Nobody bool }
		if fake.ReadJSON(w, r, &in) {
			s.SetNobody(in.Nobody)
			w.WriteHeader(http.StatusNoContent)
		}
	case path[0] == "sessions" && len(path) == 1 && r.Method == http.MethodGet:
		fake.WriteJSON(w, map[string]any{"sessions": s.Sessions()})
	case path[0] == "sessions" && len(path) == 2 && r.Method == http.MethodGet:
		fake.WriteJSON(w, map[string]any{"lines": s.Lines(path[1]), "events": s.Events(path[1]), "ended": s.Ended(path[1])})
	case path[0] == "sessions" && len(path) == 3 && r.Method == http.MethodPost:
		s.drive(w, r, path[1], path[2])
	default:
		http.NotFound(w, r)
	}
}

func (s *Server) drive(w http.ResponseWriter, r *http.Request, id, act string) {
	var in struct {
		Agent, Text string
		On          bool
		File        File
	}
	in.Agent = Ana
	if !fake.ReadJSON(w, r, &in) {
		return
	}
	do, known := map[string]func() error{
		"says":     func() error { return s.AgentSays(id, in.Agent, in.Text) },
		"sends":    func() error { return s.AgentSends(id, in.Agent, in.File) },
		"types":    func() error { return s.AgentTypes(id, in.On) },
		"notes":    func() error { return s.AgentNotes(id, in.Agent, in.Text) },
		"stops":    func() error { return s.AgentStops(id) },
		"assigned": func() error { return s.Assign(id, in.Agent) },
		"solves":   func() error { return s.Solve(id) },
	}[act]
	if !known {
		http.NotFound(w, r)
		return
	}
	if err := do(); err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
