// Package process runs the project's binaries as processes of their own, so that tests and benchmarks can kill them.
// The standalone binary holds the Temporal server and takes minutes to build from nothing: it is built once, never with
// the race detector, and HANDOFF_STANDALONE_BINARY names one that exists already.
package process

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Binaries that can be built.
const (
	Standalone = "standalone"
	Handoff    = "handoff"
	// TemporalServer and TemporalSQLTool are Temporal's own, of the release that standalone links.
	TemporalServer  = "temporal-server"
	TemporalSQLTool = "temporal-sql-tool"
)

// target is how a binary is built.
type target struct {
	// variable names the environment's variable that names one that exists already.
	variable string
	// pkg is built from the repository's root, in the workspace: only there is the Temporal server known.
	pkg string
}

func targets() map[string]target {
	return map[string]target{
		Standalone:      {"HANDOFF_STANDALONE_BINARY", "./standalone"},
		Handoff:         {"HANDOFF_BINARY", "./cmd/handoff"},
		TemporalServer:  {"HANDOFF_TEMPORAL_SERVER_BINARY", "go.temporal.io/server/cmd/server"},
		TemporalSQLTool: {"HANDOFF_TEMPORAL_SQL_TOOL_BINARY", "go.temporal.io/server/cmd/tools/sql"},
	}
}

var builds struct {
	sync.Mutex
	paths map[string]string
}

// Build gives the path of a binary, and builds it if the environment names none, as HANDOFF_STANDALONE_BINARY does.
func Build(ctx context.Context, name string) (string, error) {
	how := targets()[name]
	if path := os.Getenv(how.variable); path != "" {
		return path, nil
	}
	builds.Lock()
	defer builds.Unlock()
	if path, ok := builds.paths[name]; ok {
		return path, nil
	}
	root, err := Root(ctx)
	if err != nil {
		return "", err
	}
	// A fixed place: go build leaves it alone when nothing changed, and no test deletes it under another.
	path := filepath.Join(root, "bin", name)
	cmd := exec.CommandContext(ctx, "go", "build", "-o", path, how.pkg)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", name, err, out)
	}
	if builds.paths == nil {
		builds.paths = map[string]string{}
	}
	builds.paths[name] = path
	return path, nil
}

// Root gives the repository's root.
func Root(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("finding the module: %w", err)
	}
	return filepath.Dir(strings.TrimSpace(string(out))), nil
}

// FreePort gives a port of 127.0.0.1 that is free now.
func FreePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// Process is a running binary.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error

	mu    sync.Mutex
	lines []string
	seen  chan struct{}
}

// Spec says what to run.
type Spec struct {
	Path string
	Args []string
	// Env is added to the environment.
	Env []string
	Dir string
	// User runs the process as somebody else; nil means as ourselves.
	User *syscall.Credential
	// Ready is a text whose appearance in the output means that the process is ready.
	Ready string
	// Within bounds the wait for it; 0 means a minute.
	Within time.Duration
	// Log gets the output as well; it may be nil.
	Log io.Writer
}

// Start runs a process and waits until it is ready.
func Start(ctx context.Context, s Spec) (*Process, error) {
	p := &Process{cmd: exec.Command(s.Path, s.Args...), done: make(chan struct{}), seen: make(chan struct{}, 1)}
	p.cmd.Dir = s.Dir
	p.cmd.Env = append(inherited(), s.Env...)
	r, w := io.Pipe()
	p.cmd.Stdout, p.cmd.Stderr = w, w
	// A process whose parent dies must not stay behind.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Credential: s.User}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go p.read(r, s.Log)
	go func() {
		p.err = p.cmd.Wait()
		_ = w.Close()
		close(p.done)
	}()
	if s.Within == 0 {
		s.Within = time.Minute
	}
	deadline := time.NewTimer(s.Within)
	defer deadline.Stop()
	for s.Ready != "" && !p.Saw(s.Ready) {
		select {
		case <-p.seen:
		case <-p.done:
			return nil, fmt.Errorf("%s ended before it was ready: %w\n%s", filepath.Base(s.Path), p.err, p.Output())
		case <-deadline.C:
			p.Kill()
			return nil, fmt.Errorf("%s was not ready within %s\n%s", filepath.Base(s.Path), s.Within, p.Output())
		case <-ctx.Done():
			p.Kill()
			return nil, ctx.Err()
		}
	}
	return p, nil
}

// inherited is our environment without what is meant for us alone: handoff refuses settings that it does not know.
func inherited() []string {
	var env []string
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		if !ours(name) {
			env = append(env, v)
		}
	}
	return env
}

func ours(variable string) bool {
	for _, how := range targets() {
		if how.variable == variable {
			return true
		}
	}
	return false
}

func (p *Process) read(r io.Reader, log io.Writer) {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		if log != nil {
			_, _ = fmt.Fprintln(log, scanner.Text())
		}
		p.mu.Lock()
		p.lines = append(p.lines, scanner.Text())
		p.mu.Unlock()
		select {
		case p.seen <- struct{}{}:
		default:
		}
	}
	// Whoever writes must never block on us.
	_, _ = io.Copy(io.Discard, r)
}

// Saw reports whether the output holds text.
func (p *Process) Saw(text string) bool { return strings.Contains(p.Output(), text) }

// Output gives what the process has written so far.
func (p *Process) Output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.lines, "\n")
}

// Pid gives the process's number.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Kill ends the process the hard way, as a power cut would, and waits until it is gone.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// Interrupt asks the process to stop, as Ctrl-C does, and gives its exit code.
func (p *Process) Interrupt(within time.Duration) (int, error) {
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return 0, err
	}
	select {
	case <-p.done:
		return p.cmd.ProcessState.ExitCode(), nil
	case <-time.After(within):
		p.Kill()
		return 0, fmt.Errorf("did not stop within %s\n%s", within, p.Output())
	}
}

// Freeze stops the process as a debugger would, and Thaw lets it go on: it does not know that it was gone.
func (p *Process) Freeze() error { return p.cmd.Process.Signal(syscall.SIGSTOP) }

// Thaw lets a frozen process go on.
func (p *Process) Thaw() error { return p.cmd.Process.Signal(syscall.SIGCONT) }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// PID is the process's id.
func (p *Process) PID() int { return p.cmd.Process.Pid }
