package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// asStandalone makes this test binary the program itself, so that a test can kill it.
const asStandalone = "STANDALONE_TEST_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asStandalone) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// program is a running standalone.
type program struct {
	cmd    *exec.Cmd
	base   string // http://127.0.0.1:<port>
	listen string
	errors *safeBuffer
}

// safeBuffer collects what a process prints, while it prints.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "HANDOFF_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, asStandalone+"=1")
	return cmd
}

// start runs the program on dir and waits until it has printed its addresses.
func start(t *testing.T, dir, listen string) *program {
	t.Helper()
	p := &program{errors: &safeBuffer{}}
	p.cmd = command(t, "--data-dir", dir, "--listen", listen, "--temporal-port", "0", "--ui-port", "0")
	p.cmd.Stderr = p.errors
	out, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	// The end of the test's context kills it too, but nobody waits for that: after the last test it would stay behind.
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if name, url, ok := strings.Cut(strings.TrimSpace(lines.Text()), " http://"); ok && strings.TrimSpace(name) == "Playground" {
			p.base = "http://" + strings.TrimSuffix(url, "/playground/")
			p.listen = strings.TrimPrefix(p.base, "http://")
		}
		if strings.Contains(lines.Text(), "Ctrl-C") {
			break
		}
	}
	require.NotEmpty(t, p.base, p.errors)
	return p
}

func (p *program) post(t *testing.T, path string, body map[string]any) map[string]any {
	t.Helper()
	b, err := json.Marshal(body)
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.base+"/playground/api"+path, bytes.NewReader(b))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	var answer map[string]any
	require.NoError(t, json.NewDecoder(res.Body).Decode(&answer))
	require.Equal(t, http.StatusOK, res.StatusCode, answer)
	return answer
}

type message struct {
	Text   string
	Author struct{ Role, Name string }
}

// page is what the customer's page is shown.
type page struct {
	Chat   struct{ Messages []message }
	Status struct{ State, Agent string }
}

func (p page) texts() (texts []string) {
	for _, m := range p.Chat.Messages {
		texts = append(texts, m.Author.Role+": "+m.Text)
	}
	return texts
}

// watch follows a stream until a snapshot satisfies done.
func watch[T any](t *testing.T, url string, done func(T) bool) (last T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var now T
		require.NoError(t, json.Unmarshal([]byte(data), &now))
		if last = now; done(now) {
			return now
		}
	}
	require.Fail(t, "the stream ended before it showed what was waited for", "%+v", last)
	return last
}

func (p *program) watchChat(t *testing.T, chat string, done func(page) bool) page {
	t.Helper()
	return watch(t, p.base+"/playground/api/chats/"+chat+"/stream", done)
}

// ticket waits for the first ticket at the desk and gives its id.
func (p *program) ticket(t *testing.T) string {
	t.Helper()
	type desk struct {
		Desk struct{ Tickets []struct{ ID string } }
	}
	found := watch(t, p.base+"/playground/api/desk/stream", func(d desk) bool { return len(d.Desk.Tickets) > 0 })
	return found.Desk.Tickets[0].ID
}

func inState(state string) func(page) bool {
	return func(p page) bool { return p.Status.State == state }
}

func TestAConversationGoesOnAfterTheProcessWasKilled(t *testing.T) {
	dir := t.TempDir()
	p := start(t, dir, "127.0.0.1:0")
	chat := p.post(t, "/chats", map[string]any{"name": "Alex"})["id"].(string)
	p.post(t, "/chats/"+chat+"/messages", map[string]any{"id": "m1", "text": "I want a human"})
	// A notice that an agent overtakes is withheld, so the agent waits for it.
	p.watchChat(t, chat, func(s page) bool {
		return s.Status.State == "waiting" && slices.Contains(s.texts(), "system: One moment please, I am getting a person to help you.")
	})
	ticket := p.ticket(t)
	p.post(t, "/tickets/"+ticket+"/take", map[string]any{"agent": "maya"})
	p.watchChat(t, chat, func(s page) bool {
		return s.Status.State == "agent-assigned" && slices.Contains(s.texts(), "system: You are now talking to Maya Lindqvist.")
	})
	// What is acknowledged here is at the vendor, and perhaps nowhere else yet.
	p.post(t, "/chats/"+chat+"/messages", map[string]any{"id": "m2", "text": "Are you there?"})
	p.post(t, "/tickets/"+ticket+"/messages", map[string]any{"agent": "maya", "id": "a1", "text": "I am."})
	require.NoError(t, p.cmd.Process.Kill())
	_ = p.cmd.Wait() // it was killed, which Wait reports as an error

	p = start(t, dir, p.listen)
	p.post(t, "/chats/"+chat+"/messages", map[string]any{"id": "m2", "text": "Are you there?"}) // the page repeats itself
	p.post(t, "/tickets/"+ticket+"/messages", map[string]any{"agent": "maya", "id": "a2", "text": "Again."})
	shown := p.watchChat(t, chat, func(s page) bool {
		texts := s.texts()
		return s.Status.State == "agent-assigned" && texts[len(texts)-1] == "agent: Again."
	})
	require.Equal(t, "Maya Lindqvist", shown.Status.Agent)
	require.Equal(t, []string{
		"bot: Hi, I'm Fern, the shop's assistant. What can I do for you?",
		"customer: I want a human",
		"bot: Of course. I'll pass you on to one of us, with everything you wrote so far.",
		"system: One moment please, I am getting a person to help you.",
		"system: You are now talking to Maya Lindqvist.",
		"customer: Are you there?",
		"agent: I am.",
		"agent: Again.",
	}, shown.texts())
}

func TestEveryPageIsServed(t *testing.T) {
	p := start(t, t.TempDir(), "127.0.0.1:0")
	for path, holds := range map[string]string{
		"/":                    "handoff playground",
		"/playground/":         "handoff playground",
		"/playground/customer": "Fern &amp; Field",
		"/playground/agent":    "<title>Desk",
		"/playground/app":      "Your own app",
		"/playground/both":     "iframe",
		"/readyz":              "ready",
	} {
		t.Run(path, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.base+path, nil)
			require.NoError(t, err)
			res, err := http.DefaultClient.Do(req)
			require.NoError(t, err)
			defer res.Body.Close()
			var body bytes.Buffer
			_, err = body.ReadFrom(res.Body)
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, res.StatusCode)
			require.Contains(t, body.String(), holds)
		})
	}
}

func TestCtrlCStopsCleanlyAndQuietlyWithAPageOpen(t *testing.T) {
	p := start(t, t.TempDir(), "127.0.0.1:0")
	chat := p.post(t, "/chats", map[string]any{"name": "Alex"})["id"].(string)
	p.post(t, "/chats/"+chat+"/messages", map[string]any{"id": "m1", "text": "hello"})
	p.watchChat(t, chat, inState("bot"))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.base+"/playground/api/desk/stream", nil)
	require.NoError(t, err)
	open, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer open.Body.Close()

	began := time.Now()
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGINT))
	require.NoError(t, p.cmd.Wait())
	t.Logf("stopped in %v", time.Since(began))
	require.Less(t, time.Since(began), 10*time.Second)
	require.Empty(t, p.errors.String())
}

// refused runs the program with args, which it must refuse, and gives what it says.
func refused(t *testing.T, args ...string) string {
	t.Helper()
	out, err := command(t, args...).CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit, string(out))
	require.NotContains(t, string(out), "goroutine")
	return string(out)
}

func TestWhatCannotStartSaysWhatToDo(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	_, taken, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	routes := filepath.Join(t.TempDir(), "routes.yaml")
	require.NoError(t, os.WriteFile(routes, []byte("connections:\n  shop:\n    vendor: nobody\n"), 0o600))
	busy := t.TempDir()
	start(t, busy, "127.0.0.1:0")

	free := []string{"--listen=127.0.0.1:0", "--temporal-port=0", "--ui-port=0"}
	for _, tt := range []struct {
		name string
		args []string
		says string
	}{
		{"the gateway's port is taken", append(free, "--listen=127.0.0.1:"+taken), "--listen=<host:port>"},
		{"the server's port is taken", append(free, "--temporal-port="+taken), "--temporal-port=<port>"},
		{"the UI's port is taken", append(free, "--ui-port="+taken), "--ui-port=<port>"},
		{"the directory is in use", append(free, "--data-dir="+busy), "is using the data directory"},
		{"an unknown sync", append(free, "--sqlite-sync=never"), `use "full" or "normal"`},
		{"no address", append(free, "--listen=8080"), "127.0.0.1:8080"},
		{"an argument", append(free, "start"), "everything is a flag"},
		{"a routes file that is missing", append(free, "--config=missing.yaml"), "missing.yaml: there is no such file"},
		{"a routes file with a mistake", append(free, "--config="+routes), "routes.yaml:3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			args := append([]string{"--data-dir=" + t.TempDir()}, tt.args...)
			require.Contains(t, refused(t, args...), tt.says)
		})
	}
}
