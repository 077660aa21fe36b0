package httpdesk

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/testsuite/fake"
)

// Told lists the webhooks that were taken, each once, in order.
func (s *Server) Told() []Webhook {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.told)
}

// Tickets lists the tickets, oldest first.
func (s *Server) Tickets() []Ticket {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Ticket
	for _, t := range s.tickets {
		list = append(list, *t)
	}
	return list
}

// Ticket gives one ticket; the zero value if it is not there.
func (s *Server) Ticket(id string) Ticket {
	for _, t := range s.Tickets() {
		if t.ID == id {
			return t
		}
	}
	return Ticket{}
}

// AgentSees lists the texts of the customer's messages in a ticket, oldest first.
func (s *Server) AgentSees(ticket string) []string {
	var texts []string
	for _, m := range s.Ticket(ticket).Messages {
		if !m.Deleted {
			texts = append(texts, m.Text)
		}
	}
	return texts
}

// SetAway says whether an agent has gone.
func (s *Server) SetAway(agent string, away bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away[agent] = away
}

// SetHook says where events are sent, such as
// http://127.0.0.1:8080/webhooks/own-desk.
func (s *Server) SetHook(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hookURL = url
}

// Events is the sender of the desk's events: its attempts tell what was sent.
func (s *Server) Events() *fake.Outbox { return s.outbox }

// AgentJoins gives a ticket to an agent, as if the agent took it.
func (s *Server) AgentJoins(ticket, agent string) string {
	s.change(ticket, func(t *Ticket) { t.Agent = agent })
	return s.Send("agent.joined", ticket, by(agent))
}

// AgentSays has an agent say something to the customer.
func (s *Server) AgentSays(ticket, agent, text string) string {
	data := by(agent)
	data["text"] = text
	return s.Send("agent.message", ticket, data)
}

// AgentNotes has an agent write a private note.
func (s *Server) AgentNotes(ticket, agent, text string) string {
	s.change(ticket, func(t *Ticket) { t.Notes = append(t.Notes, text) })
	data := by(agent)
	data["text"] = text
	return s.Send("agent.note", ticket, data)
}

// AgentLeaves puts a ticket back into the desk's queue.
func (s *Server) AgentLeaves(ticket, agent string) string {
	s.change(ticket, func(t *Ticket) { t.Agent = "" })
	return s.Send("agent.left", ticket, by(agent))
}

// AgentCloses closes a ticket.
func (s *Server) AgentCloses(ticket, agent string) string {
	s.change(ticket, func(t *Ticket) { t.Closed, t.ClosedBy = true, agent })
	return s.Send("ticket.closed", ticket, by(agent))
}

// AgentHandsBack gives the customer back to the bot.
func (s *Server) AgentHandsBack(ticket, agent, node string) string {
	data := by(agent)
	data["node"] = node
	return s.Send("ticket.back_to_bot", ticket, data)
}

// by names an agent as events do.
func by(agent string) map[string]any {
	name := strings.ToUpper(agent[:1]) + agent[1:]
	return map[string]any{"agent": map[string]string{"id": agent, "name": name}}
}

func (s *Server) change(ticket string, f func(t *Ticket)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.ticket(ticket); t != nil {
		f(t)
	}
}

// Send sends an event about a ticket; more are further keys of its data. It is
// repeated until it is taken, and gives the event's id.
func (s *Server) Send(kind, ticket string, more map[string]any) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastID++
	id := "act-" + strconv.Itoa(s.lastID)
	data := map[string]any{"ticket": ticket}
	maps.Copy(data, more)
	body, _ := json.Marshal(map[string]any{"type": kind, "timestamp": s.opts.Now().UTC(), "data": data})
	hook := fake.Hook{
		Op: OpEvent, URL: s.hookURL, Body: body, Of: ticket,
		Header: http.Header{"Content-Type": {"application/json"}, "Webhook-Id": {id}},
	}
	s.sent = append(s.sent, hook)
	if hook.URL != "" {
		s.outbox.Send(hook, 0)
	}
	return id
}

// sign gives the headers of one try: each is signed anew.
func (s *Server) sign(h fake.Hook) http.Header {
	return Sign(s.opts.Secret, h.Header.Get("Webhook-Id"), h.Body, s.opts.Now())
}

// Sign gives the headers of a webhook.
func Sign(secret, id string, body []byte, at time.Time) http.Header {
	timestamp := strconv.FormatInt(at.Unix(), 10)
	return http.Header{
		"Content-Type": {"application/json"}, "Webhook-Id": {id}, "Webhook-Timestamp": {timestamp},
		"Webhook-Signature": {signature(secret, id, timestamp, body)},
	}
}

// Webhooks gives what was sent since the desk was made, ready to verify.
func (s *Server) Webhooks() []*connector.Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []*connector.Delivery
	for _, h := range s.sent {
		list = append(list, &connector.Delivery{
			Method: http.MethodPost, Header: s.sign(h), Body: slices.Clone(h.Body), ReceivedAt: s.opts.Now(),
		})
	}
	return list
}

// serveDriver gives a test in another process the driver:
//
//	GET  /_fake/told → {"told":[…]}
//	GET  /_fake/tickets → {"tickets":[…]}
//	POST /_fake/events {"ticket":"…","type":"agent.message","data":{…}}
//	PUT  /_fake/hook {"url":"…"}
//	/_fake/faults, /_fake/journal, /_fake/attempts as package fake describes
func (s *Server) serveDriver(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Ticket, Type, URL string
		Data              map[string]any
	}
	switch path := r.Method + " " + strings.TrimPrefix(r.URL.Path, "/_fake/"); {
	case strings.HasSuffix(path, " faults"):
		s.Faults.ServeHTTP(w, r)
	case strings.HasSuffix(path, " journal"):
		s.Journal.ServeHTTP(w, r)
	case strings.HasSuffix(path, " attempts"):
		s.outbox.ServeHTTP(w, r)
	case path == "GET told":
		writeJSON(w, map[string]any{"told": s.Told()})
	case path == "GET tickets":
		writeJSON(w, map[string]any{"tickets": s.Tickets()})
	case path != "POST events" && path != "PUT hook":
		http.NotFound(w, r)
	case json.NewDecoder(r.Body).Decode(&in) != nil:
		http.Error(w, "unreadable body", http.StatusBadRequest)
	case path == "PUT hook":
		s.SetHook(in.URL)
		w.WriteHeader(http.StatusNoContent)
	default:
		s.Send(in.Type, in.Ticket, in.Data)
		w.WriteHeader(http.StatusNoContent)
	}
}
