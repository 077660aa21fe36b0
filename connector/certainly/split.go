package certainly

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/handoff-engine/handoff/conversation"
)

// split cuts a text into parts of at most size runes, after white space where there is some in the last tenth of a part.
// The parts together are the text; a part of nothing but white space is left out.
func split(text string, size int) []string {
	var parts []string
	for text != "" {
		part := text[:prefix(text, size)]
		if len(part) < len(text) {
			least := prefix(part, size-size/10)
			if at := strings.LastIndexFunc(part, unicode.IsSpace); at >= least {
				_, width := utf8.DecodeRuneInString(part[at:])
				part = part[:at+width]
			}
		}
		text = text[len(part):]
		if strings.TrimSpace(part) != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

// prefix gives the length in bytes of the first n runes of text.
func prefix(text string, n int) int {
	for at := range text {
		if n == 0 {
			return at
		}
		n--
	}
	return len(text)
}

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
