package livechat

import (
	"encoding/json"
	"net/http"

	"github.com/handoff-engine/handoff/testsuite/fake"
)

// command is the body of the calls under /_fake/.
type command struct {
	Chat        string          `json:"chat"`
	Agent       string          `json:"agent"`
	To          string          `json:"to"`
	Event       string          `json:"event"`
	Text        string          `json:"text"`
	Type        string          `json:"type"`
	Name        string          `json:"name"`
	ContentType string          `json:"content_type"`
	Data        []byte          `json:"data"` // base64
	Elements    json.RawMessage `json:"elements"`
}

// mountControl adds the calls by which a test in another process plays the
// people: POST /_fake/agent-takes {"chat":…,"agent":…} and so on, answered by
// {"id":…} of what was made. GET /_fake/chats, /_fake/chats/{id} and
// /_fake/webhooks show how things stand; GET and PUT /_fake/switches read and
// replace the switches; /_fake/faults, /_fake/journal and /_fake/attempts are
// those of package fake.
func (s *Server) mountControl() {
	fake.Driver{Faults: s.Faults, Journal: s.Journal, Attempts: s.Hooks}.Mount(s.mux)
	s.mux.HandleFunc("GET /_fake/chats", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]any{"chats": s.Chats()})
	})
	s.mux.HandleFunc("GET /_fake/chats/{id}", func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, http.StatusOK, map[string]any{"lines": s.Transcript(r.PathValue("id"))})
	})
	s.mux.HandleFunc("GET /_fake/webhooks", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, s.Webhooks())
	})
	s.mux.HandleFunc("GET /_fake/switches", func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		writeJSON(w, http.StatusOK, s.switches)
	})
	s.mux.HandleFunc("PUT /_fake/switches", func(w http.ResponseWriter, r *http.Request) {
		var next Switches
		if !fake.ReadJSON(w, r, &next) {
			return
		}
		s.Switch(func(current *Switches) { *current = next })
		w.WriteHeader(http.StatusNoContent)
	})
	s.mux.HandleFunc("/_fake/{command}", s.serveCommand)
}

func (s *Server) serveCommand(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		http.Error(w, "POST only", http.StatusMethodNotAllowed)
		return
	}
	var c command
	if !fake.ReadJSON(w, r, &c) {
		return
	}
	do, ok := s.commands(r)[r.PathValue("command")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	id, err := do(c)
	if err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"id": id})
}

func (s *Server) commands(r *http.Request) map[string]func(command) (string, error) {
	done := func(err error) (string, error) { return "", err }
	return map[string]func(command) (string, error){
		"agent-takes":        func(c command) (string, error) { return done(s.AgentTakes(c.Chat, c.Agent)) },
		"agent-says":         func(c command) (string, error) { return s.AgentSays(c.Chat, c.Agent, c.Text) },
		"agent-notes":        func(c command) (string, error) { return s.AgentNotes(c.Chat, c.Agent, c.Text) },
		"agent-greets":       func(c command) (string, error) { return s.AgentGreets(c.Chat, c.Agent, c.Text) },
		"agent-sends-rich":   func(c command) (string, error) { return s.AgentSendsRich(c.Chat, c.Agent, c.Type, c.Elements) },
		"agent-sends-type":   func(c command) (string, error) { return s.AgentSendsType(c.Chat, c.Agent, c.Type) },
		"agent-starts":       func(c command) (string, error) { return s.AgentStartsThread(c.Chat, c.Agent, c.Text) },
		"agent-edits":        func(c command) (string, error) { return done(s.AgentEdits(c.Chat, c.Event, c.Text)) },
		"agent-deletes":      func(c command) (string, error) { return done(s.AgentDeletes(c.Chat, c.Event)) },
		"agent-reads":        func(c command) (string, error) { return done(s.AgentReads(c.Chat, c.Agent)) },
		"agent-closes":       func(c command) (string, error) { return done(s.AgentCloses(c.Chat, c.Agent)) },
		"agent-transfers":    func(c command) (string, error) { return done(s.AgentTransfers(c.Chat, c.Agent, c.To)) },
		"agent-goes-offline": func(c command) (string, error) { return done(s.AgentGoesOffline(c.Agent)) },
		"agent-pauses":       func(c command) (string, error) { return done(s.AgentPauses(c.Agent)) },
		"agent-comes-back":   func(c command) (string, error) { return done(s.AgentComesBack(c.Agent)) },
		"vendor-reassigns":   func(c command) (string, error) { return done(s.VendorReassignsInactive(c.Chat, c.To)) },
		"vendor-unassigns":   func(c command) (string, error) { return done(s.VendorUnassigns(c.Chat)) },
		"router-closes":      func(c command) (string, error) { return done(s.RouterCloses(c.Chat)) },
		"ban":                func(c command) (string, error) { return done(s.Ban(c.Chat)) },
		"expire-tokens": func(command) (string, error) {
			s.ExpireTokens()
			return "", nil
		},
		"agent-sends-file": func(c command) (string, error) {
			return s.AgentSendsFile(c.Chat, c.Agent, "http://"+r.Host, c.Name, c.ContentType, c.Data)
		},
	}
}
