package fake

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// Entry is one effect that a person on the other side would see.
type Entry struct {
	Seq          int       `json:"seq"`                    // from 1, in the order of happening
	Conversation string    `json:"conversation,omitempty"` // the vendor's id of the chat, ticket or customer
	Who          string    `json:"who"`                    // who did it, such as "agent:4107" or "bot"
	Kind         string    `json:"kind"`                   // what it is: "text", "image", "assigned" ...
	Text         string    `json:"text,omitempty"`
	At           time.Time `json:"at"`
}

// Journal is the record of those effects, in order. The zero value is ready;
// all methods may be used at the same time.
type Journal struct {
	mu      sync.Mutex
	entries []Entry
	seq     int
	changed chan struct{}
}

// Add records e and numbers it; an empty At becomes the present.
func (j *Journal) Add(e Entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.seq++
	e.Seq = j.seq
	if e.At.IsZero() {
		e.At = time.Now()
	}
	j.entries = append(j.entries, e)
	if j.changed != nil {
		close(j.changed)
		j.changed = nil
	}
}

// Entries returns what happened in a conversation, or everywhere for "".
func (j *Journal) Entries(conversation string) []Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.of(conversation)
}

func (j *Journal) of(conversation string) []Entry {
	list := []Entry{}
	for _, e := range j.entries {
		if conversation == "" || e.Conversation == conversation {
			list = append(list, e)
		}
	}
	return list
}

// Count says how many entries satisfy match.
func (j *Journal) Count(match func(Entry) bool) int {
	n := 0
	for _, e := range j.Entries("") {
		if match(e) {
			n++
		}
	}
	return n
}

// Wait returns as soon as done holds for the entries of a conversation, and an
// error if ctx ends first.
func (j *Journal) Wait(ctx context.Context, conversation string, done func([]Entry) bool) ([]Entry, error) {
	for {
		j.mu.Lock()
		list := j.of(conversation)
		if j.changed == nil {
			j.changed = make(chan struct{})
		}
		changed := j.changed
		j.mu.Unlock()
		if done(list) {
			return list, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return list, ctx.Err()
		}
	}
}

// Clear forgets what happened. Numbers go on.
func (j *Journal) Clear() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = nil
}

// ServeHTTP shows the journal to a test in another process: GET answers
// {"entries":[…]} of ?conversation= or of all, DELETE clears it. Mount it at
// /_fake/journal.
func (j *Journal) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet:
		WriteJSON(w, map[string]any{"entries": j.Entries(r.URL.Query().Get("conversation"))})
	case http.MethodDelete:
		j.Clear()
		w.WriteHeader(http.StatusNoContent)
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}
