package shop

import (
	"net/http"
	"time"

	"github.com/handoff-engine/handoff/connector/memory"
)

// update notes how the conversation stands, for the ticket to show.
func (v *Vendor) update(r *http.Request) (any, error) {
	req, err := read[memory.UpdateRequest](r)
	if err != nil {
		return nil, err
	}
	if req.State == "" || req.At.IsZero() {
		return nil, refusal{400, "invalid", "state or at is missing"}
	}
	return v.onTicket(r, req.Key, func(t *Ticket, now time.Time) (any, []change, error) {
		return memory.Result{OK: true}, []change{{Op: opStands, At: now, Ticket: t.ID, Update: &req}}, nil
	})
}

// queue counts who was asked for earlier. The shop does not guess how long it takes.
func (v *Vendor) queue(r *http.Request) (any, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	t := v.state.ticket(r.PathValue("id"))
	if t == nil {
		return nil, ErrUnknown
	}
	var q memory.Queue
	if !t.waits() {
		return q, nil
	}
	q.Position = 1
	for _, other := range v.state.tickets {
		if other.waits() && other.asked < t.asked {
			q.Position++
		}
	}
	return q, nil
}
