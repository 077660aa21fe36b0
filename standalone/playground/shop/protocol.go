package shop

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/handoff-engine/handoff/connector/memory"
)

// A refusal is what a call is answered with when it is not done.
type refusal struct {
	status        int
	code, message string
}

func (r refusal) Error() string { return r.message }

// Handler answers the calls of the protocol in connector/memory/types.go.
func (v *Vendor) Handler() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, f func(r *http.Request) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			answer, err := v.answer(w, r, f)
			reply(w, answer, err)
		})
	}
	handle("GET /ping", func(*http.Request) (any, error) { return memory.Result{OK: true}, nil })
	handle("POST /channel/{id}/messages", v.channelSend)
	handle("GET /channel/{id}/messages", v.channelList)
	handle("GET /channel/{id}/sent", v.channelSent)
	handle("POST /channel/{id}/pause", v.pause(true))
	handle("POST /channel/{id}/resume", v.pause(false))
	handle("POST /channel/{id}/typing", v.typingIn(""))
	handle("POST /channel/{id}/messages/{message}", v.channelEdit)
	handle("POST /channel/{id}/read", v.channelRead)
	handle("POST /channel/{id}/survey", v.survey)
	handle("POST /bot/{id}/reply", v.botReply)
	handle("POST /desk/tickets", v.open)
	handle("POST /desk/mirror", v.mirror)
	handle("POST /desk/tickets/{id}/messages", v.deskSend)
	handle("GET /desk/tickets/{id}/messages", v.deskList)
	handle("GET /desk/tickets/{id}/sent", v.deskSent)
	handle("POST /desk/tickets/{id}/notes", v.deskNote)
	handle("POST /desk/tickets/{id}/assign", v.assign)
	handle("POST /desk/tickets/{id}/unassign", v.unassign)
	handle("POST /desk/tickets/{id}/close", v.close)
	handle("POST /desk/tickets/{id}/typing", v.typingIn(ticketTyping))
	handle("POST /desk/tickets/{id}/update", v.update)
	handle("GET /desk/tickets/{id}/queue", v.queue)
	handle("POST /desk/tickets/{id}/messages/{message}", v.deskEdit)
	handle("POST /desk/tickets/{id}/read", v.deskRead)
	handle("POST /desk/tickets/{id}/rating", v.rated)
	handle("GET /desk/availability", v.availability)
	return mux
}

// answer checks the credentials and the size before f sees the call.
func (v *Vendor) answer(w http.ResponseWriter, r *http.Request, f func(r *http.Request) (any, error)) (any, error) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || subtle.ConstantTimeCompare([]byte(token), []byte(v.cfg.Secret)) != 1 {
		return nil, refusal{status: 401, code: "unauthenticated", message: "the bearer token is missing or wrong"}
	}
	r.Body = http.MaxBytesReader(w, r.Body, memory.MaxBody)
	return f(r)
}

func reply(w http.ResponseWriter, answer any, err error) {
	w.Header().Set("Content-Type", "application/json")
	status := http.StatusOK
	if err != nil {
		r := refusalOf(err)
		status, answer = r.status, memory.Failure{Code: r.code, Message: r.message}
		if status >= 500 {
			w.Header().Set("Retry-After", "1")
		}
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer) // a caller who went away repeats the call with its key
}

func refusalOf(err error) refusal {
	var r refusal
	switch {
	case errors.As(err, &r):
		return r
	case errors.Is(err, ErrUnknown):
		return refusal{404, "not_found", err.Error()}
	case errors.Is(err, ErrClosed), errors.Is(err, ErrAway):
		return refusal{409, "conflict", err.Error()}
	case errors.Is(err, ErrTooLong), errors.Is(err, ErrEmpty):
		return refusal{422, "invalid", err.Error()}
	}
	return refusal{503, "unavailable", "the vendor could not write it down"}
}

// read decodes the body strictly: a field that the vendor does not know is a mistake.
func read[T any](r *http.Request) (req T, err error) {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&req); err != nil {
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			return req, refusal{413, "too_large", "the body is too large"}
		}
		return req, refusal{400, "invalid", "the body is not what this call expects"}
	}
	return req, nil
}

func (v *Vendor) channelSend(r *http.Request) (any, error) {
	req, err := read[memory.SendRequest](r)
	if err != nil {
		return nil, err
	}
	if err := (Words{Text: req.Text, Attachments: req.Attachments}).check(); err != nil {
		return nil, err
	}
	return v.once(req.Key, r.URL.Path, func(now time.Time) (any, []change, error) {
		c, err := v.conversation(r.PathValue("id"))
		if err != nil {
			return nil, nil, err
		}
		delete(v.typing, c.ID)
		m := message(req, c.ID+"-s", c.nextSeq(), now)
		if m.Author.Role == memory.RoleBot {
			m.Author.Name = botName
		}
		return memory.SendResult{ID: m.ID, At: now}, []change{{Op: opSaid, At: now, Conversation: c.ID, Message: &m}}, nil
	})
}

func message(req memory.SendRequest, prefix string, seq int64, now time.Time) memory.Message {
	return memory.Message{
		ID: prefix + strconv.FormatInt(seq, 10), Seq: seq, At: now, Key: req.Key, Author: req.Author,
		Text: req.Text, Attachments: req.Attachments, Buttons: req.Buttons,
	}
}

func (v *Vendor) channelList(r *http.Request) (any, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	c, err := v.conversation(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return memory.MessagePage{Messages: after(c.Messages, r)}, nil
}

func (v *Vendor) channelSent(r *http.Request) (any, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	c, err := v.conversation(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return sent(c.Messages, r), nil
}

func after(messages []memory.Message, r *http.Request) []memory.Message {
	from, _ := strconv.ParseInt(r.URL.Query().Get("after"), 10, 64) // without a number: from the beginning
	found := []memory.Message{}
	for _, m := range messages {
		if m.Seq > from {
			found = append(found, m)
		}
	}
	return found
}

func sent(messages []memory.Message, r *http.Request) memory.SentResult {
	key := r.URL.Query().Get("key")
	for _, m := range messages {
		if key != "" && m.Key == key {
			return memory.SentResult{Found: true, ID: m.ID, At: m.At}
		}
	}
	return memory.SentResult{}
}

func (v *Vendor) pause(on bool) func(r *http.Request) (any, error) {
	return func(r *http.Request) (any, error) {
		req, err := read[memory.PauseRequest](r)
		if err != nil {
			return nil, err
		}
		return v.once(req.Key, r.URL.Path, func(now time.Time) (any, []change, error) {
			c, err := v.conversation(r.PathValue("id"))
			if err != nil {
				return nil, nil, err
			}
			return memory.Result{OK: true}, []change{{Op: opPaused, At: now, Conversation: c.ID, On: on}}, nil
		})
	}
}

func (v *Vendor) typingIn(prefix string) func(r *http.Request) (any, error) {
	return func(r *http.Request) (any, error) {
		req, err := read[memory.TypingRequest](r)
		if err != nil {
			return nil, err
		}
		v.showTyping(prefix+r.PathValue("id"), req)
		return memory.Result{OK: true}, nil
	}
}

func (v *Vendor) botReply(r *http.Request) (any, error) {
	req, err := read[memory.BotRequest](r)
	if err != nil {
		return nil, err
	}
	if utf8.RuneCountInString(req.Text) > memory.MaxText {
		return nil, ErrTooLong
	}
	return v.once(req.Key, r.URL.Path, func(now time.Time) (any, []change, error) {
		c, err := v.conversation(r.PathValue("id"))
		if err != nil {
			return nil, nil, err
		}
		answer, misses := botAnswer(req, c.misses)
		return answer, []change{{Op: opBotReply, At: now, Conversation: c.ID, Bot: &answer, Misses: misses}}, nil
	})
}
