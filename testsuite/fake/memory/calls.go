package memory

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/handoff-engine/handoff/connector/memory"
)

// A refusal is what a call is answered with when it is not done.
type refusal struct {
	status int
	code   string
}

func (r refusal) Error() string { return r.code }

// routes gives the calls of the protocol, by operation.
func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	for _, route := range []struct {
		op, pattern string
		answer      func(r *http.Request) (any, error)
	}{
		{"ping", "GET /ping", func(*http.Request) (any, error) { return memory.Result{OK: true}, nil }},
		{"channel_send", "POST /channel/{id}/messages", s.channelSend},
		{"channel_list", "GET /channel/{id}/messages", s.channelList},
		{"channel_sent", "GET /channel/{id}/sent", s.channelSent},
		{"pause", "POST /channel/{id}/pause", s.pause(true)},
		{"resume", "POST /channel/{id}/resume", s.pause(false)},
		{"channel_typing", "POST /channel/{id}/typing", s.typing},
		{"channel_edit", "POST /channel/{id}/messages/{message}", s.channelEdit},
		{"channel_read", "POST /channel/{id}/read", s.read},
		{"survey", "POST /channel/{id}/survey", s.survey},
		{"bot_reply", "POST /bot/{id}/reply", s.botReply},
		{"open", "POST /desk/tickets", s.open},
		{"mirror", "POST /desk/mirror", s.mirror},
		{"desk_send", "POST /desk/tickets/{id}/messages", s.deskSend},
		{"desk_list", "GET /desk/tickets/{id}/messages", s.deskList},
		{"desk_sent", "GET /desk/tickets/{id}/sent", s.deskSent},
		{"note", "POST /desk/tickets/{id}/notes", s.deskNote},
		{"assign", "POST /desk/tickets/{id}/assign", s.assign},
		{"unassign", "POST /desk/tickets/{id}/unassign", s.unassign},
		{"close", "POST /desk/tickets/{id}/close", s.closeTicket},
		{"desk_typing", "POST /desk/tickets/{id}/typing", s.typing},
		{"update", "POST /desk/tickets/{id}/update", s.update},
		{"queue", "GET /desk/tickets/{id}/queue", s.queue},
		{"desk_edit", "POST /desk/tickets/{id}/messages/{message}", s.deskEdit},
		{"desk_read", "POST /desk/tickets/{id}/read", s.read},
		{"rating", "POST /desk/tickets/{id}/rating", s.rate},
		{"availability", "GET /desk/availability", s.availability},
	} {
		mux.HandleFunc(route.pattern, func(w http.ResponseWriter, r *http.Request) {
			s.Faults.Serve(w, r, route.op, refuse, func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, memory.MaxBody))
				if err != nil {
					reply(w, nil, refusal{http.StatusRequestEntityTooLarge, "too_large"})
					return
				}
				r.Body = io.NopCloser(bytes.NewReader(body))
				if r.Header.Get("Authorization") != "Bearer "+s.opts.Secret {
					reply(w, nil, refusal{http.StatusUnauthorized, "unauthenticated"})
					return
				}
				answer, err := route.answer(r)
				reply(w, answer, err)
			})
		})
	}
	return mux
}

// ServeHTTP answers the protocol, and the driver below /_fake/.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/_fake/") {
		s.serveDriver(w, r)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// refuse writes the vendor's body for a status.
func refuse(w http.ResponseWriter, status int) { reply(w, nil, refusal{status, "refused"}) }

func reply(w http.ResponseWriter, answer any, err error) {
	status := http.StatusOK
	if err != nil {
		r := refusalOf(err)
		status, answer = r.status, memory.Failure{Code: r.code, Message: "The call was not done."}
		if (status == http.StatusTooManyRequests || status >= 500) && w.Header().Get("Retry-After") == "" && r.code != "refused" {
			w.Header().Set("Retry-After", "1")
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer)
}

func refusalOf(err error) refusal {
	var r refusal
	switch {
	case errors.As(err, &r):
		return r
	case errors.Is(err, ErrUnknown):
		return refusal{http.StatusNotFound, "not_found"}
	case errors.Is(err, ErrClosed), errors.Is(err, ErrAway):
		return refusal{http.StatusConflict, "conflict"}
	case errors.Is(err, ErrText):
		return refusal{http.StatusUnprocessableEntity, "invalid"}
	}
	return refusal{http.StatusServiceUnavailable, "unavailable"}
}

// read decodes a body strictly: a field that the protocol does not have is a
// mistake.
func read[R any](r *http.Request) (req R, err error) {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if d.Decode(&req) != nil || d.More() {
		return req, refusal{http.StatusBadRequest, "invalid"}
	}
	return req, nil
}

// once makes a call that carries a key, under the lock: a repeat gets the first
// answer, marked by duplicate.
func once[A any](s *Server, r *http.Request, key string, duplicate func(A) A, f func() (A, error)) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if key == "" {
		return nil, refusal{http.StatusBadRequest, "invalid"}
	}
	if used, ok := s.keys[key]; ok {
		first, same := used.answer.(A)
		if used.path != r.URL.Path || !same {
			return nil, refusal{http.StatusConflict, "conflict"}
		}
		return duplicate(first), nil
	}
	answer, err := f()
	if err != nil {
		return nil, err
	}
	s.keys[key] = usedKey{r.URL.Path, answer}
	return answer, nil
}

func duplicateSend(a memory.SendResult) memory.SendResult { a.Duplicate = true; return a }
func duplicateOpen(a memory.OpenResult) memory.OpenResult { a.Duplicate = true; return a }
func duplicateReply(a memory.BotReply) memory.BotReply    { a.Duplicate = true; return a }
func duplicateResult(a memory.Result) memory.Result       { a.Duplicate = true; return a }

// page gives the messages after ?after=, at most size of them.
func page(messages []memory.Message, r *http.Request, size int) (memory.MessagePage, error) {
	after := int64(0)
	if v := r.URL.Query().Get("after"); v != "" {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return memory.MessagePage{}, refusal{http.StatusBadRequest, "invalid"}
		}
		after = n
	}
	p := memory.MessagePage{Messages: []memory.Message{}}
	for _, m := range messages {
		if m.Seq <= after {
			continue
		}
		if len(p.Messages) == size {
			p.More = true
			break
		}
		p.Messages = append(p.Messages, m)
	}
	return p, nil
}

// sent finds a message by its key.
func sent(messages []memory.Message, r *http.Request) (memory.SentResult, error) {
	key := r.URL.Query().Get("key")
	if key == "" {
		return memory.SentResult{}, refusal{http.StatusBadRequest, "invalid"}
	}
	for _, m := range messages {
		if m.Key == key {
			return memory.SentResult{Found: true, ID: m.ID, At: m.At}, nil
		}
	}
	return memory.SentResult{}, nil
}
