package landbot

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/handoff-engine/handoff/testsuite/fake"
)

// serveDriver gives a test in another process the driver:
//
//	POST /_fake/customers {"channel_id":812,"name":"Ana","fields":{"email":"…"}} → {"id":…}
//	GET  /_fake/customers/{id} → how the customer stands
//	POST /_fake/customers/{id}/{act} with act one of says, sends_image, sends, bot_says,
//	     human_says, human_takes, auto_unassign, asks_for_human
//	PUT  /_fake/block {"url":"…","token":"…"}
//	/_fake/faults, /_fake/journal, /_fake/attempts as package fake describes
func (s *Server) serveDriver(w http.ResponseWriter, r *http.Request, rest string) {
	path := strings.Split(rest, "/")
	switch {
	case path[0] == "block" && r.Method == http.MethodPut:
		var b Block
		if fake.ReadJSON(w, r, &b) {
			s.SetBlock(b)
			w.WriteHeader(http.StatusNoContent)
		}
	case path[0] == "customers" && len(path) == 1 && r.Method == http.MethodPost:
		s.driveNew(w, r)
	case path[0] == "customers" && len(path) > 1:
		s.driveCustomer(w, r, path)
	default:
		http.NotFound(w, r)
	}
}

func (s *Server) driveNew(w http.ResponseWriter, r *http.Request) {
	var in struct {
		ChannelID int64          `json:"channel_id"`
		Name      string         `json:"name"`
		Fields    map[string]any `json:"fields"`
	}
	if !fake.ReadJSON(w, r, &in) {
		return
	}
	if in.ChannelID == 0 {
		in.ChannelID = s.opts.Channels[0].ID
	}
	id, err := s.NewCustomer(in.ChannelID, in.Name, in.Fields)
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	fake.WriteJSON(w, map[string]int64{"id": id})
}

func (s *Server) driveCustomer(w http.ResponseWriter, r *http.Request, path []string) {
	id, _ := strconv.ParseInt(path[1], 10, 64)
	if len(path) == 2 && r.Method == http.MethodGet {
		snap, err := s.Customer(id)
		if err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
		fake.WriteJSON(w, snap)
		return
	}
	if len(path) != 3 || r.Method != http.MethodPost {
		http.NotFound(w, r)
		return
	}
	var in struct {
		Text    string         `json:"text"`
		URL     string         `json:"url"`
		Type    string         `json:"type"`
		Data    map[string]any `json:"data"`
		AgentID int64          `json:"agent_id"`
	}
	if r.ContentLength != 0 && !fake.ReadJSON(w, r, &in) {
		return
	}
	if in.AgentID == 0 {
		in.AgentID = DefaultHumanID
	}
	acts := map[string]func() error{
		"says":           func() error { return s.CustomerSays(id, in.Text) },
		"sends_image":    func() error { return s.CustomerSendsImage(id, in.URL) },
		"sends":          func() error { return s.CustomerSends(id, in.Type, in.Data) },
		"bot_says":       func() error { return s.BotSays(id, in.Text) },
		"human_says":     func() error { return s.HumanInInboxSays(id, in.AgentID, in.Text) },
		"human_takes":    func() error { return s.HumanTakes(id, in.AgentID) },
		"auto_unassign":  func() error { return s.AutoUnassign(id) },
		"asks_for_human": func() error { return s.AsksForHuman(id, in.Data) },
	}
	act, ok := acts[path[2]]
	if !ok {
		http.NotFound(w, r)
		return
	}
	switch err := act(); {
	case errors.Is(err, ErrNotDelivered):
		http.Error(w, err.Error(), http.StatusConflict)
	case err != nil:
		http.Error(w, err.Error(), http.StatusNotFound)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}
