package system

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/testsuite/process"
)

// Part is one of the processes.
type Part string

// The parts.
const (
	Gateway    Part = "gateway"
	Worker     Part = "worker"
	Temporal   Part = "temporal"
	Standalone Part = "standalone"
)

// WorkerNumber names the workers: the first is Worker.
func WorkerNumber(i int) Part { return number(Worker, i) }

// GatewayNumber names the gateways: the first is Gateway.
func GatewayNumber(i int) Part { return number(Gateway, i) }

func number(part Part, i int) Part {
	if i == 0 {
		return part
	}
	return Part(fmt.Sprintf("%s-%d", part, i+1))
}

// readyWithin bounds a start.
const readyWithin = 60 * time.Second

// part is one process, through all its lives.
type part struct {
	process *process.Process
	log     buffer
}

func (p *part) kill() {
	if p.process != nil {
		p.process.Kill()
	}
}

// spec says how a part is run.
func (s *System) spec(name Part) process.Spec {
	spec := process.Spec{}
	direct := "TEMPORAL_ADDRESS=" + address(s.ports.temporal)
	gateway, isGateway := s.ports.gateways[name]
	switch {
	case name == Temporal && s.options.Temporal != nil:
		spec = s.options.Temporal(s.ports.temporal)
	case name == Temporal:
		spec.Path = binary(s.t, process.Standalone)
		spec.Args = append([]string{"temporal", "--data-dir=" + s.dir, option("temporal-port", s.ports.temporal)}, s.options.TemporalFlags...)
		spec.Env, spec.Ready = s.environment(), "ready"
	case name == Standalone:
		spec.Path = binary(s.t, process.Standalone)
		spec.Args = []string{
			"--config=" + s.file(), "--data-dir=" + s.dir, "--listen=" + address(s.ports.public),
			option("temporal-port", s.ports.temporal), option("ui-port", s.ports.ui),
		}
		spec.Env, spec.Ready = s.environment("HANDOFF_METRICS_LISTEN="+address(s.ports.metrics)), "is running"
	case isGateway:
		spec.Path, spec.Args = binary(s.t, process.Handoff), []string{"gateway"}
		spec.Env = s.environment("TEMPORAL_ADDRESS="+address(s.ports.line),
			"HANDOFF_LISTEN="+address(gateway.listen), "HANDOFF_METRICS_LISTEN="+address(gateway.metrics))
		spec.Ready = "gateway listens"
	default:
		spec.Path, spec.Args = binary(s.t, process.Handoff), []string{"worker"}
		spec.Env, spec.Ready = s.environment("HANDOFF_METRICS_LISTEN=", direct), "worker polls"
	}
	spec.Dir, spec.Within = s.dir, readyWithin
	return spec
}

// StartPart starts a part, for the first time or after Kill, and returns when it says that it is up.
func (s *System) StartPart(name Part) {
	s.t.Helper()
	p := s.parts[name]
	if p == nil {
		p = &part{}
		s.parts[name] = p
	}
	spec := s.spec(name)
	spec.Log = &p.log
	started, err := process.Start(s.t.Context(), spec)
	require.NoError(s.t, err)
	p.process = started
}

// Kill ends a part as a power cut would.
func (s *System) Kill(name Part) {
	s.t.Helper()
	s.parts[name].process.Kill()
}

// KillAndRestart ends a part as a power cut would and starts it again. It gives how long the system was not whole.
func (s *System) KillAndRestart(name Part) time.Duration {
	s.t.Helper()
	began := time.Now()
	s.Kill(name)
	s.StartPart(name)
	s.UntilReady()
	return time.Since(began)
}

// RestartWith ends a part and starts it again with other flags than those of Options.
func (s *System) RestartWith(name Part, flags ...string) {
	s.t.Helper()
	s.options.TemporalFlags = flags
	s.KillAndRestart(name)
}

// Alive reports whether a part still runs.
func (s *System) Alive(name Part) bool {
	select {
	case <-s.parts[name].process.Done():
		return false
	default:
		return true
	}
}

// Process gives a part's process.
func (s *System) Process(name Part) *process.Process { return s.parts[name].process }

// Ready reports whether the gateway is there and reaches Temporal.
func (s *System) Ready() bool {
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.URL+"/readyz", http.NoBody)
	if err != nil {
		return false
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	_ = answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// UntilReady waits until the gateway is there and reaches Temporal.
func (s *System) UntilReady() {
	s.t.Helper()
	Eventually(s.t, readyWithin, "the gateway is ready", s.Ready)
}

// Run runs a command of handoff to its end and gives what it wrote.
func (s *System) Run(t testing.TB, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary(t, process.Handoff), args...)
	cmd.Env = s.environment("TEMPORAL_ADDRESS=" + address(s.ports.temporal))
	cmd.Dir = s.dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// Eventually waits until done, and fails the test after within.
func Eventually(t testing.TB, within time.Duration, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(within)
	for pause := 5 * time.Millisecond; !done(); pause = min(2*pause, 50*time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", within, what)
		}
		select {
		case <-time.After(pause):
		case <-t.Context().Done():
			t.Fatalf("the test ended before: %s", what)
		}
	}
}

// buffer keeps a log.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// quiet is a logger that says nothing: our own look into Temporal fails while the server is down.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}
