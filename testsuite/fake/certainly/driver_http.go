package certainly

import (
	"net/http"
	"strings"

	"github.com/handoff-engine/handoff/testsuite/fake"
)

// serveDriver gives a test in another process the driver:
//
//	POST /_fake/users {"first":"Ana","last":"Doe","variables":{"order":"A-1"}} → {"id":…}
//	GET  /_fake/users/{id} → {"listening":…,"sees":[…],"agent_texts":[…],"claim_ends":[…]}
//	POST /_fake/users/{id}/says {"text":"…","files":["https://…"]}
//	POST /_fake/users/{id}/bot_says {"data":{"type":"text","text":"…"}}
//	POST /_fake/users/{id}/asks_for_human {"data":{…}}
//	PUT  /_fake/hooks {"claim":"…","messages":"…"}
//	/_fake/faults, /_fake/journal, /_fake/attempts as package fake describes
func (s *Server) serveDriver(w http.ResponseWriter, r *http.Request, rest string) {
	path := strings.Split(rest, "/")
	switch {
	case path[0] == "hooks" && r.Method == http.MethodPut:
		var in struct{ Claim, Messages string }
		if fake.ReadJSON(w, r, &in) {
			s.SetHooks(in.Claim, in.Messages)
			w.WriteHeader(http.StatusNoContent)
		}
	case path[0] == "users" && len(path) == 1 && r.Method == http.MethodPost:
		var in struct {
			First, Last string
			Variables   map[string]any
		}
		if fake.ReadJSON(w, r, &in) {
			fake.WriteJSON(w, map[string]string{"id": s.NewUser(in.First, in.Last, in.Variables)})
		}
	case path[0] == "users" && len(path) > 1:
		s.driveUser(w, r, path)
	default:
		http.NotFound(w, r)
	}
}

func (s *Server) driveUser(w http.ResponseWriter, r *http.Request, path []string) {
	id := path[1]
	if len(path) == 2 && r.Method == http.MethodGet {
		fake.WriteJSON(w, map[string]any{
			"listening": s.Listening(id), "sees": s.UserSees(id), "agent_texts": s.AgentTexts(id), "claim_ends": s.ClaimEnds(id),
		})
		return
	}
	if len(path) != 3 || r.Method != http.MethodPost {
		http.NotFound(w, r)
		return
	}
	var in struct {
		Text  string
		Files []string
		Data  map[string]any
	}
	if !fake.ReadJSON(w, r, &in) {
		return
	}
	act, ok := map[string]func() error{
		"says":           func() error { return s.UserSays(id, in.Text, in.Files...) },
		"bot_says":       func() error { return s.BotSays(id, in.Data) },
		"asks_for_human": func() error { return s.AsksForHuman(id, in.Data) },
	}[path[2]]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if err := act(); err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
