package memory

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/handoff-engine/handoff/connector/memory"
)

// action is what a test in another process asks for. Each action reads the
// fields it needs.
type action struct {
	Conversation string              `json:"conversation"`
	Ticket       string              `json:"ticket"`
	Agent        string              `json:"agent"`
	Name         string              `json:"name"`
	Text         string              `json:"text"`
	Message      string              `json:"message"`
	Rating       int                 `json:"rating"`
	Node         string              `json:"node"`
	On           bool                `json:"on"`
	Attachments  []memory.Attachment `json:"attachments"`
}

var errAction = errors.New("no such action")

// serveDriver answers /_fake/: POST <action> with {"conversation":…, "ticket":…,
// "agent":…, "text":…}; GET tickets, GET conversation?id=; and the shared
// faults, journal and attempts.
func (s *Server) serveDriver(w http.ResponseWriter, r *http.Request) {
	switch name := strings.TrimPrefix(r.URL.Path, "/_fake/"); name {
	case "faults":
		s.Faults.ServeHTTP(w, r)
	case "journal":
		s.Journal.ServeHTTP(w, r)
	case "attempts":
		s.outbox.ServeHTTP(w, r)
	case "tickets":
		driverReply(w, map[string]any{"tickets": s.Tickets()}, nil)
	case "conversation":
		c, ok := s.Conversation(r.URL.Query().Get("id"))
		if !ok {
			driverReply(w, nil, ErrUnknown)
			return
		}
		driverReply(w, c, nil)
	default:
		var a action
		d := json.NewDecoder(r.Body)
		d.DisallowUnknownFields()
		if r.Method != http.MethodPost || d.Decode(&a) != nil {
			driverReply(w, nil, errAction)
			return
		}
		answer, err := s.act(name, a)
		driverReply(w, answer, err)
	}
}

func (s *Server) act(name string, a action) (any, error) {
	done := map[string]bool{"ok": true}
	switch name {
	case "new_customer":
		return map[string]string{"conversation": s.NewCustomer(a.Name)}, nil
	case "customer_says":
		return done, s.CustomerSays(a.Conversation, a.Text, a.Attachments...)
	case "customer_edits":
		return done, s.CustomerEdits(a.Conversation, a.Message, a.Text)
	case "customer_reads":
		return done, s.CustomerReads(a.Conversation)
	case "customer_rates":
		return done, s.CustomerRates(a.Conversation, a.Rating, a.Text)
	case "customer_asks_for_human":
		return done, s.CustomerAsksForHuman(a.Conversation)
	case "customer_leaves":
		return done, s.CustomerLeaves(a.Conversation)
	case "customer_types":
		return done, s.CustomerTypes(a.Conversation, a.On)
	case "bot_says":
		return done, s.BotSays(a.Conversation, a.Text)
	case "agent_takes":
		return done, s.AgentTakes(a.Ticket, a.Agent)
	case "agent_releases":
		return done, s.AgentReleases(a.Ticket)
	case "agent_says":
		return done, s.AgentSays(a.Ticket, a.Agent, a.Text, a.Attachments...)
	case "agent_edits":
		return done, s.AgentEdits(a.Ticket, a.Agent, a.Message, a.Text)
	case "agent_reads":
		return done, s.AgentReads(a.Ticket, a.Agent)
	case "agent_notes":
		return done, s.AgentNotes(a.Ticket, a.Agent, a.Text)
	case "agent_types":
		return done, s.AgentTypes(a.Ticket, a.Agent, a.On)
	case "agent_closes":
		return done, s.AgentCloses(a.Ticket, a.Agent)
	case "agent_returns_to_bot":
		return done, s.AgentReturnsToBot(a.Ticket, a.Agent, a.Node)
	case "set_online":
		return done, s.SetOnline(a.Agent, a.On)
	}
	return nil, errAction
}

func driverReply(w http.ResponseWriter, answer any, err error) {
	status := http.StatusOK
	switch {
	case errors.Is(err, ErrUnknown), errors.Is(err, errAction):
		status = http.StatusNotFound
	case err != nil:
		status = http.StatusConflict
	}
	if err != nil {
		answer = map[string]string{"error": err.Error()}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer)
}
