package certainly

import (
	"sync"

	"github.com/handoff-engine/handoff/conversation"
)

// maxTally bounds what is remembered of calls that were given up.
const maxTally = 1024

// tally counts for some keys, within one process. What it forgets costs a repeat at worst.
type tally struct {
	mu     sync.Mutex
	counts map[conversation.Key]int
	order  []conversation.Key
}

func (t *tally) of(key conversation.Key) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.counts[key]
}

func (t *tally) set(key conversation.Key, n int) {
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

func (t *tally) forget(key conversation.Key) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.counts, key)
}
