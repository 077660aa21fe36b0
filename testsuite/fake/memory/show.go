package memory

import (
	"net/http"
	"slices"
	"unicode/utf8"

	"github.com/handoff-engine/handoff/connector/memory"
)

// states are how a conversation may stand.
var states = []string{"bot", "waiting", "agent-assigned", "timed-out-reassign", "ended"}

// mirror shows agents what a bot says. It is no call to be done once: each time may
// bring lines that are not there yet.
func (s *Server) mirror(r *http.Request) (any, error) {
	req, err := read[memory.MirrorRequest](r)
	if err != nil {
		return nil, err
	}
	if req.Key == "" || req.Conversation == "" || len(req.Lines) == 0 ||
		slices.ContainsFunc(req.Lines, func(l memory.HistoryEntry) bool { return l.Number < 1 }) {
		return nil, refusal{http.StatusBadRequest, "invalid"}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.ticket(req.Ticket)
	used, known := s.keys[req.Key]
	switch {
	case known && used.path != r.URL.Path:
		return nil, refusal{http.StatusConflict, "conflict"}
	case req.Ticket != "" && t == nil:
		return nil, ErrUnknown
	case req.Ticket == "" && known:
		first, _ := used.answer.(memory.OpenResult)
		t = s.ticket(first.ID)
	case req.Ticket == "":
		t = s.newTicket(memory.OpenRequest{Conversation: req.Conversation, Customer: req.Customer})
		t.mirrored = true
		s.happened("ticket:"+t.id, "handoff", "mirrored", req.Conversation)
	}
	switch {
	case t.Conversation != req.Conversation:
		return nil, refusal{http.StatusConflict, "conflict"}
	case t.closed:
		return nil, ErrClosed
	}
	t.add(req.Lines)
	s.keys[req.Key] = usedKey{r.URL.Path, memory.OpenResult{ID: t.id}}
	return memory.OpenResult{ID: t.id, At: s.now(), Duplicate: known}, nil
}

// add shows lines that are not there yet.
func (t *ticket) add(lines []memory.HistoryEntry) {
	for _, l := range lines {
		there := slices.ContainsFunc(t.Transcript, func(have memory.HistoryEntry) bool { return have.Number == l.Number })
		if l.Number == 0 || !there {
			t.Transcript = append(t.Transcript, l)
		}
	}
}

func (s *Server) update(r *http.Request) (any, error) {
	req, err := read[memory.UpdateRequest](r)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(states, req.State) || req.At.IsZero() {
		return nil, refusal{http.StatusBadRequest, "invalid"}
	}
	return onTicket(s, r, req.Key, duplicateResult, func(t *ticket) (memory.Result, error) {
		t.stands = req
		return memory.Result{OK: true}, nil
	})
}

// queue counts who was asked for earlier, of the same group.
func (s *Server) queue(r *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.ticket(r.PathValue("id"))
	if t == nil {
		return nil, ErrUnknown
	}
	var q memory.Queue
	if !t.waits() {
		return q, nil
	}
	q.Position = 1
	for _, other := range s.tickets {
		if other.waits() && other.Group == t.Group && other.asked.Before(t.asked) {
			q.Position++
		}
	}
	q.WaitSeconds = q.Position * int(s.opts.WaitEach.Seconds())
	return q, nil
}

func (s *Server) read(r *http.Request) (any, error) {
	req, err := read[memory.ReadRequest](r)
	if err != nil {
		return nil, err
	}
	if req.At.IsZero() || req.Author.Role == "" {
		return nil, refusal{http.StatusBadRequest, "invalid"}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id := r.PathValue("id")
	if s.conversations[id] == nil && s.ticket(id) == nil {
		return nil, ErrUnknown
	}
	s.reads = append(s.reads, req)
	return memory.Result{OK: true}, nil
}

func (s *Server) survey(r *http.Request) (any, error) {
	req, err := read[memory.SurveyRequest](r)
	if err != nil {
		return nil, err
	}
	if utf8.RuneCountInString(req.Text) > memory.MaxText {
		return nil, ErrText
	}
	return s.sayTo(r, memory.Message{Key: req.Key, Author: memory.Author{Role: memory.RoleSystem}, Text: req.Text, Survey: true})
}

func (s *Server) rate(r *http.Request) (any, error) {
	req, err := read[memory.RatingRequest](r)
	if err != nil {
		return nil, err
	}
	if req.Rating < 1 || req.Rating > 5 || utf8.RuneCountInString(req.Comment) > memory.MaxText {
		return nil, ErrText
	}
	return onTicket(s, r, req.Key, duplicateResult, func(t *ticket) (memory.Result, error) {
		t.rating = req
		return memory.Result{OK: true}, nil
	})
}
