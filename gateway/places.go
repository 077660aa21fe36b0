package gateway

import "sync"

// places are a number of things that may be under way at a time, in all and for one key.
type places struct {
	all, each int
	mu        sync.Mutex
	n         int
	of        map[string]int
}

func newPlaces(all, each int) *places { return &places{all: all, each: each, of: map[string]int{}} }

// enter takes a place, if there is one.
func (p *places) enter(key string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.n >= p.all || p.of[key] >= p.each {
		return false
	}
	p.n++
	p.of[key]++
	return true
}

// leave gives it back.
func (p *places) leave(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n--
	p.of[key]--
	if p.of[key] == 0 {
		delete(p.of, key)
	}
}
