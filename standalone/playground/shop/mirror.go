package shop

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/handoff-engine/handoff/connector/memory"
)

// mirror shows agents what a bot says. The key makes the ticket once; beyond that a
// repeat may bring lines that are not there yet.
func (v *Vendor) mirror(r *http.Request) (any, error) {
	req, err := read[memory.MirrorRequest](r)
	if err != nil {
		return nil, err
	}
	if req.Key == "" || req.Conversation == "" || len(req.Lines) == 0 {
		return nil, refusal{400, "invalid", "key, conversation or lines are missing"}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	now := time.Now().UTC().Truncate(time.Millisecond)
	answer := memory.OpenResult{ID: req.Ticket, At: now}
	used, known := v.state.keys[req.Key]
	if known {
		if used.path != r.URL.Path {
			return nil, refusal{status: 409, code: "conflict", message: "the key was used for another call"}
		}
		if err := json.Unmarshal(used.answer, &answer); err != nil {
			return nil, fmt.Errorf("decoding an answer: %w", err)
		}
		answer.Duplicate = true
	}
	var changes []change
	lines := req.Lines
	if answer.ID == "" {
		answer.ID = v.state.nextTicket()
		changes = append(changes, change{
			Op: opMirrored, At: now, Ticket: answer.ID, Open: &memory.OpenRequest{Conversation: req.Conversation, Customer: req.Customer},
		})
	} else {
		t := v.state.ticket(answer.ID)
		switch {
		case t == nil:
			return nil, ErrUnknown
		case t.Closed:
			return nil, ErrClosed
		case t.Conversation != req.Conversation:
			return nil, refusal{409, "conflict", "the ticket is of another conversation"}
		}
		lines = t.missing(lines)
	}
	if len(lines) > 0 {
		changes = append(changes, change{Op: opLines, At: now, Ticket: answer.ID, Lines: lines})
	}
	if !known {
		raw, err := json.Marshal(answer)
		if err != nil {
			return nil, fmt.Errorf("encoding an answer: %w", err)
		}
		changes = append(changes, change{Op: opKey, At: now, Key: req.Key, Path: r.URL.Path, Answer: raw})
	}
	if len(changes) == 0 {
		return answer, nil
	}
	return answer, v.commit(changes...)
}

// missing gives the lines that the ticket does not show yet.
func (t *Ticket) missing(lines []memory.HistoryEntry) []memory.HistoryEntry {
	return slices.DeleteFunc(slices.Clone(lines), func(l memory.HistoryEntry) bool {
		return l.Number != 0 && slices.ContainsFunc(t.Transcript, func(have memory.HistoryEntry) bool { return have.Number == l.Number })
	})
}

// mirrored gives the ticket that agents have read along, to be opened. The caller
// holds the lock.
func (v *Vendor) mirrored(req memory.OpenRequest) (*Ticket, error) {
	t := v.state.ticket(req.Mirrored)
	switch {
	case t == nil:
		return nil, ErrUnknown
	case t.Closed:
		return nil, ErrClosed
	case t.asked != 0, t.Conversation != req.Conversation:
		return nil, refusal{409, "conflict", "the ticket was opened already, or is of another conversation"}
	}
	return t, nil
}

// ask opens a ticket that agents have read along.
func (t *Ticket) ask(req memory.OpenRequest, now time.Time) []change {
	changes := []change{{Op: opAsked, At: now, Ticket: t.ID, Open: &req}}
	if lines := t.missing(req.Transcript); len(lines) > 0 {
		changes = append(changes, change{Op: opLines, At: now, Ticket: t.ID, Lines: lines})
	}
	return changes
}
