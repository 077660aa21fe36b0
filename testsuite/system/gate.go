package system

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
)

// When says on which side of the vendor's doing a call is held.
type When string

// The two sides.
const (
	// Before holds a call that the vendor has not done yet. If the caller goes away meanwhile, it is never done.
	Before When = "before"
	// After holds the answer of a call that the vendor has done.
	After When = "after"
)

// Gate stands before a fake and holds calls, so that a process can be killed at a chosen moment.
type Gate struct {
	next http.Handler

	mu    sync.Mutex
	holds []*Hold
}

// NewGate puts a gate before a fake.
func NewGate(next http.Handler) *Gate { return &Gate{next: next} }

// Hold is one call to be held.
type Hold struct {
	path    string
	body    string
	when    When
	arrived chan struct{}
	release chan struct{}
	once    sync.Once
}

// Hold holds the next call whose path contains path and whose body contains body.
func (g *Gate) Hold(path, body string, when When) *Hold {
	h := &Hold{path: path, body: body, when: when, arrived: make(chan struct{}), release: make(chan struct{})}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.holds = append(g.holds, h)
	return h
}

// Arrived is closed when the call is there, and, with After, done.
func (h *Hold) Arrived() <-chan struct{} { return h.arrived }

// Release lets the call go on. Calls that come later are not held.
func (h *Hold) Release() { h.once.Do(func() { close(h.release) }) }

// take gives the hold that a call falls into, once.
func (g *Gate) take(path, body string) *Hold {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, h := range g.holds {
		if strings.Contains(path, h.path) && strings.Contains(body, h.body) {
			g.holds = append(g.holds[:i:i], g.holds[i+1:]...)
			return h
		}
	}
	return nil
}

// ServeHTTP passes a call on, or holds it.
func (g *Gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// The server notices that the caller has gone away only once the body is read.
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	h := g.take(r.URL.Path, string(body))
	if h == nil {
		g.next.ServeHTTP(w, r)
		return
	}
	if h.when == Before {
		close(h.arrived)
		if h.wait(r) {
			g.next.ServeHTTP(w, r)
		}
		return
	}
	answer := httptest.NewRecorder()
	g.next.ServeHTTP(answer, r)
	close(h.arrived)
	if !h.wait(r) {
		return
	}
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

// wait reports whether the caller was still there when the call was released.
func (h *Hold) wait(r *http.Request) bool {
	select {
	case <-h.release:
		return true
	case <-r.Context().Done():
		return false
	}
}
