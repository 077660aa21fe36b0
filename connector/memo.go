package connector

import (
	"errors"
	"sync"

	"github.com/handoff-engine/handoff/conversation"
)

// maxMemo bounds what a Memo remembers of calls that were given up.
const maxMemo = 1024

// Memo remembers something for some keys, within one process, such as the ticket that a call has made and not yet filled.
// It only saves repeats: what it forgets costs one at worst. The zero value is ready; it is safe for concurrent use.
type Memo[V any] struct {
	mu     sync.Mutex
	values map[conversation.Key]V
	order  []conversation.Key
}

// Tally counts for some keys: how many parts of a text have surely arrived, how often a call was made.
type Tally = Memo[int]

// Of gives what is remembered for a key; the zero value if nothing is.
func (m *Memo[V]) Of(key conversation.Key) V {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.values[key]
}

// Set remembers something for a key.
func (m *Memo[V]) Set(key conversation.Key, v V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.values == nil {
		m.values = map[conversation.Key]V{}
	}
	if _, there := m.values[key]; !there {
		m.order = append(m.order, key)
	}
	m.values[key] = v
	for len(m.order) > maxMemo {
		delete(m.values, m.order[0])
		m.order = m.order[1:]
	}
}

// Forget drops a key whose call is over.
func (m *Memo[V]) Forget(key conversation.Key) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.values, key)
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
