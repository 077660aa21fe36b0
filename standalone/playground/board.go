package playground

import (
	"context"
	"maps"
	"sync"
	"time"
)

// Status is how a conversation stands, as handoff tells it.
type Status struct {
	// State is one of the five states; empty while handoff does not know the
	// conversation, before the customer's first words.
	State string `json:"state,omitempty"`
	// Reason says why the state was entered, and Since when.
	Reason string    `json:"reason,omitempty"`
	Since  time.Time `json:"since,omitzero"`
	// Agent owns the conversation.
	Agent string `json:"agent,omitempty"`
	// Deadline is the next one, and DeadlineAt its instant.
	Deadline   string    `json:"deadline,omitempty"`
	DeadlineAt time.Time `json:"deadline_at,omitzero"`
	// Past are the states that were passed through, oldest first.
	Past []string `json:"past,omitempty"`
}

const (
	lookEvery   = 700 * time.Millisecond
	lookAfter   = 120 * time.Millisecond // after a change at the vendor, when handoff has had time to act
	lookTimeout = 2 * time.Second
)

// board holds the status of each conversation that somebody looks at.
type board struct {
	lookup func(ctx context.Context, conversation string) (Status, error)

	mu      sync.Mutex
	wanted  map[any][]string // by who looks
	status  map[string]Status
	changed chan struct{}
	kick    chan struct{} // somebody looks at what is not known yet
}

func newBoard(lookup func(ctx context.Context, conversation string) (Status, error)) *board {
	return &board{
		lookup: lookup, wanted: map[any][]string{}, status: map[string]Status{},
		changed: make(chan struct{}), kick: make(chan struct{}, 1),
	}
}

// want says which conversations the viewer looks at, and gives what is known.
func (b *board) want(viewer any, conversations []string) map[string]Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wanted[viewer] = conversations
	known := map[string]Status{}
	for _, id := range conversations {
		s, ok := b.status[id]
		if ok {
			known[id] = s
			continue
		}
		select {
		case b.kick <- struct{}{}:
		default:
		}
	}
	return known
}

// forget says that the viewer looks no more.
func (b *board) forget(viewer any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.wanted, viewer)
}

// updated gives a channel that is closed when a status changes.
func (b *board) updated() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.changed
}

// run asks again and again until ctx ends.
func (b *board) run(ctx context.Context, vendorChanged func() <-chan struct{}) {
	for {
		changed := vendorChanged()
		for id := range b.all() {
			b.look(ctx, id)
		}
		pause := time.After(lookEvery)
		select {
		case <-ctx.Done():
			return
		case <-changed:
			pause = time.After(lookAfter)
		case <-pause:
			continue
		case <-b.kick:
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-pause:
		}
	}
}

func (b *board) all() map[string]bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := map[string]bool{}
	for conversations := range maps.Values(b.wanted) {
		for _, id := range conversations {
			all[id] = true
		}
	}
	return all
}

// look asks about one conversation. An error leaves what was known: a server that
// starts again will answer soon.
func (b *board) look(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	s, err := b.lookup(ctx, id)
	if err != nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if old, ok := b.status[id]; ok && equal(old, s) {
		return
	}
	b.status[id] = s
	close(b.changed)
	b.changed = make(chan struct{})
}

func equal(a, b Status) bool {
	return a.State == b.State && a.Reason == b.Reason && a.Agent == b.Agent && a.Deadline == b.Deadline &&
		a.DeadlineAt.Equal(b.DeadlineAt) && a.Since.Equal(b.Since) && len(a.Past) == len(b.Past)
}
