package playground

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/handoff-engine/handoff/connector/httpdesk"
	"github.com/handoff-engine/handoff/connector/memory"
	"github.com/handoff-engine/handoff/standalone/playground/owndesk"
	"github.com/handoff-engine/handoff/standalone/playground/shop"
)

// An action is what a page asks for. Each address reads the fields it needs.
type action struct {
	Name        string              `json:"name"`
	ID          string              `json:"id"`
	Text        string              `json:"text"`
	Attachments []memory.Attachment `json:"attachments"`
	Agent       string              `json:"agent"`
	To          string              `json:"to"`
	On          bool                `json:"on"`
	Rating      int                 `json:"rating"`
}

func (a action) words() shop.Words {
	return shop.Words{ID: a.ID, Text: strings.TrimSpace(a.Text), Attachments: a.Attachments}
}

// file gives the one file of a message, as the team's own desk sends it.
func (a action) file() *httpdesk.Attachment {
	if len(a.Attachments) == 0 {
		return nil
	}
	f := a.Attachments[0]
	return &httpdesk.Attachment{URL: f.URL, Name: f.Name, ContentType: f.ContentType, Size: f.Size}
}

// api answers the pages.
func (p *Playground) api() http.Handler {
	mux := http.NewServeMux()
	do := func(pattern string, f func(id string, a action) error) {
		mux.HandleFunc("POST "+pattern, func(w http.ResponseWriter, r *http.Request) {
			a, err := readAction(w, r)
			if err == nil {
				err = f(r.PathValue("id"), a)
			}
			answer(w, map[string]bool{"ok": true}, err)
		})
	}
	v := p.vendor
	mux.HandleFunc("GET /info", func(w http.ResponseWriter, _ *http.Request) { answer(w, p.cfg.Info, nil) })
	mux.HandleFunc("POST /files", p.files.receive)

	mux.HandleFunc("POST /chats", p.arrive)
	mux.HandleFunc("GET /chats/{id}/stream", p.chatStream)
	do("/chats/{id}/messages", func(id string, a action) error { return v.Say(id, a.words()) })
	do("/chats/{id}/typing", func(id string, a action) error { return v.CustomerTypes(id, a.On) })
	do("/chats/{id}/read", func(id string, _ action) error { return v.CustomerReads(id) })
	do("/chats/{id}/rating", func(id string, a action) error { return v.Rate(id, a.ID, a.Rating) })
	do("/chats/{id}/human", func(id string, _ action) error { return v.AskForHuman(id) })
	do("/chats/{id}/leave", func(id string, _ action) error { return v.Leave(id) })

	mux.HandleFunc("POST /app/token", p.appToken)

	mux.HandleFunc("GET /desk/stream", p.deskStream)
	do("/agents/{id}/online", func(id string, a action) error { return v.SetOnline(id, a.On) })
	do("/tickets/{id}/take", func(id string, a action) error { return v.Take(id, a.Agent) })
	do("/tickets/{id}/release", func(id string, a action) error { return v.Release(id, a.Agent) })
	do("/tickets/{id}/transfer", func(id string, a action) error { return v.Transfer(id, a.Agent, a.To) })
	do("/tickets/{id}/messages", func(id string, a action) error { return v.Answer(id, a.Agent, a.words()) })
	do("/tickets/{id}/edit", func(id string, a action) error { return v.Edit(id, a.Agent, a.ID, strings.TrimSpace(a.Text)) })
	do("/tickets/{id}/read", func(id string, a action) error { return v.AgentReads(id, a.Agent) })
	do("/tickets/{id}/notes", func(id string, a action) error { return v.Note(id, a.Agent, a.words()) })
	do("/tickets/{id}/back", func(id string, a action) error { return v.HandBack(id, a.Agent) })
	do("/tickets/{id}/close", func(id string, a action) error { return v.CloseTicket(id, a.Agent) })
	do("/tickets/{id}/typing", func(id string, a action) error { return v.AgentTypes(id, a.Agent, a.On) })
	p.ownDesk(mux, do)
	return mux
}

// ownDesk answers the page of the team's own desk.
func (p *Playground) ownDesk(mux *http.ServeMux, do func(pattern string, f func(id string, a action) error)) {
	d := p.desk
	mux.HandleFunc("GET /own-desk/stream", p.ownDeskStream)
	do("/own-desk/agents/{id}/online", func(id string, a action) error { return d.SetOnline(id, a.On) })
	do("/own-desk/tickets/{id}/take", func(id string, a action) error { return d.Take(id, a.Agent) })
	do("/own-desk/tickets/{id}/release", func(id string, a action) error { return d.Release(id, a.Agent) })
	do("/own-desk/tickets/{id}/transfer", func(id string, a action) error { return d.Transfer(id, a.Agent, a.To) })
	do("/own-desk/tickets/{id}/messages", func(id string, a action) error {
		return d.Answer(id, a.Agent, a.ID, strings.TrimSpace(a.Text), a.file())
	})
	do("/own-desk/tickets/{id}/edit", func(id string, a action) error { return d.Edit(id, a.Agent, a.ID, strings.TrimSpace(a.Text)) })
	do("/own-desk/tickets/{id}/notes", func(id string, a action) error { return d.Note(id, a.Agent, a.ID, strings.TrimSpace(a.Text)) })
	do("/own-desk/tickets/{id}/back", func(id string, a action) error { return d.HandBack(id, a.Agent) })
	do("/own-desk/tickets/{id}/close", func(id string, a action) error { return d.CloseTicket(id, a.Agent) })
	do("/own-desk/tickets/{id}/read", func(id string, a action) error { return d.Read(id, a.Agent) })
	do("/own-desk/tickets/{id}/typing", func(id string, a action) error { return d.Types(id, a.Agent, a.On) })
}

func (p *Playground) arrive(w http.ResponseWriter, r *http.Request) {
	a, err := readAction(w, r)
	if err != nil {
		answer(w, nil, err)
		return
	}
	id, err := p.vendor.Arrive(a.Name)
	answer(w, map[string]string{"id": id}, err)
}

var errBadRequest = errors.New("the request is not what this address expects")

func readAction(w http.ResponseWriter, r *http.Request) (a action, err error) {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, memory.MaxBody)).Decode(&a); err != nil {
		return a, errBadRequest
	}
	return a, nil
}

func answer(w http.ResponseWriter, body any, err error) {
	if err != nil {
		fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body) // a page that is gone asks again
}

func fail(w http.ResponseWriter, err error) {
	status := http.StatusServiceUnavailable
	switch {
	case errors.Is(err, shop.ErrUnknown), errors.Is(err, owndesk.ErrUnknown):
		status = http.StatusNotFound
	case errors.Is(err, shop.ErrClosed), errors.Is(err, shop.ErrAway), errors.Is(err, owndesk.ErrClosed), errors.Is(err, owndesk.ErrAway):
		status = http.StatusConflict
	case errors.Is(err, shop.ErrEmpty), errors.Is(err, owndesk.ErrEmpty), errors.Is(err, shop.ErrTooLong), errors.Is(err, errBadRequest), errors.Is(err, errFile):
		status = http.StatusBadRequest
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": err.Error()})
}
