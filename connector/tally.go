package connector

import (
	"errors"
	"sync"

	"github.com/handoff-engine/handoff/conversation"
)

// maxTally bounds what a Tally remembers of calls that were given up.
const maxTally = 1024

// Tally counts for some keys, within one process: how many parts of a text have surely arrived, how often a call was
// made. It only saves repeats: what it forgets costs one at worst. The zero value is ready; it is safe for concurrent use.
type Tally struct {
	mu     sync.Mutex
	counts map[conversation.Key]int
	order  []conversation.Key
}

// Of gives a key's count; 0 if none is known.
func (t *Tally) Of(key conversation.Key) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.counts[key]
}

// Set remembers a key's count.
func (t *Tally) Set(key conversation.Key, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts == nil {
		t.counts = map[conversation.Key]int{}
	}
	if _, there := t.counts[key]; !there {
		t.order = append(t.order, key)
	}
	t.counts[key] = n
	for len(t.order) > maxTally {
		delete(t.counts, t.order[0])
		t.order = t.order[1:]
	}
}

// Forget drops a key whose call is over.
func (t *Tally) Forget(key conversation.Key) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.counts, key)
}

// Partly makes err uncertain where some parts of a send arrived before it, so that the send is looked for, or held, and not
// begun anew by another process that knows nothing of them. Permanent errors stay as they are.
func Partly(err error, arrived int) error {
	e, ok := errors.AsType[*Error](err)
	if !ok || arrived == 0 || e.Kind.Permanent() {
		return err
	}
	doubtful := *e
	doubtful.Kind = UncertainOutcome
	return &doubtful
}
