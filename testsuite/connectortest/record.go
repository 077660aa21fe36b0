package connectortest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"sync"
)

// T is the part of *testing.T that cases and subjects use. The suite brings its own, so that a case can fail without
// failing the test.
type T interface {
	Helper()
	Context() context.Context
	Cleanup(f func())
	Errorf(format string, args ...any)
	FailNow()
	Logf(format string, args ...any)
}

// recorder is a T that keeps what was reported.
type recorder struct {
	ctx      context.Context
	mu       sync.Mutex
	failed   bool
	text     bytes.Buffer
	cleanups []func()
}

// record runs f in a goroutine of its own, as testing does, and gives what it reported if it failed, or "".
func record(ctx context.Context, f func(t T)) string {
	ctx, cancel := context.WithCancel(ctx)
	r := &recorder{ctx: ctx}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer r.recovered()
		f(r)
	}()
	<-done
	cancel()
	for _, clean := range slices.Backward(r.cleanups) {
		clean()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.failed {
		return ""
	}
	return "failed: " + r.text.String()
}

// recovered makes a failure of a panic.
func (r *recorder) recovered() {
	if p := recover(); p != nil {
		r.Errorf("panic: %v\n%s", p, debug.Stack())
	}
}

func (r *recorder) Helper() {}

func (r *recorder) Context() context.Context { return r.ctx }

func (r *recorder) Cleanup(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cleanups = append(r.cleanups, f)
}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = true
	fmt.Fprintf(&r.text, format+"\n", args...)
}

func (r *recorder) Logf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintf(&r.text, format+"\n", args...)
}

func (r *recorder) FailNow() {
	r.mu.Lock()
	r.failed = true
	r.mu.Unlock()
	goexit()
}

// readFile gives a file's content, or nil if there is none.
func readFile(t T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Errorf("reading %s: %v", path, err)
		t.FailNow()
	}
	return b
}
