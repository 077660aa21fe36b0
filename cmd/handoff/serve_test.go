package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

const (
	within = 20 * time.Second
	often  = 10 * time.Millisecond
)

// running is a command that serves.
type running struct {
	log  *output
	code chan int
	stop context.CancelFunc
}

func start(t *testing.T, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r := &running{log: &output{}, code: make(chan int, 1), stop: cancel}
	go func() {
		r.code <- (&program{registry: inventedVendors(), stdout: io.Discard, stderr: r.log}).run(ctx, args)
	}()
	t.Cleanup(cancel)
	return r
}

// find waits until the log has the pattern and gives its first group.
func (r *running) find(t *testing.T, pattern string) string {
	t.Helper()
	var found []string
	require.Eventually(t, func() bool {
		found = regexp.MustCompile(pattern).FindStringSubmatch(r.log.String())
		return found != nil
	}, within, often, "the log has no %s", pattern)
	return found[len(found)-1]
}

// ends stops it and gives its exit code.
func (r *running) ends(t *testing.T) int {
	t.Helper()
	r.stop()
	select {
	case code := <-r.code:
		return code
	case <-time.After(within):
		require.Fail(t, "it does not stop", r.log.String())
		return -1
	}
}

func get(t *testing.T, address string) int {
	t.Helper()
	return request(t, http.MethodGet, address, "")
}

func request(t *testing.T, method, address, body string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode
}

// serving sets what every serving command needs.
func serving(t *testing.T, s *server) {
	t.Helper()
	t.Setenv("HANDOFF_CONFIG", write(t, "handoff.yaml", twoRoutes))
	t.Setenv("HANDOFF_LISTEN", "127.0.0.1:0")
	t.Setenv("HANDOFF_METRICS_LISTEN", "127.0.0.1:0")
	t.Setenv("TEMPORAL_ADDRESS", s.address)
}

func TestAllServesAtOnceAndWorksOnceTemporalIsThere(t *testing.T) {
	s := startTemporal(t)
	s.answer(status.Error(codes.Unavailable, "down"))
	serving(t, s)
	r := start(t, "all")
	gateway := "http://" + r.find(t, `msg="gateway listens" address=(\S+)`)
	r.find(t, `msg="temporal cannot be reached, trying again"`)
	require.Equal(t, http.StatusOK, get(t, gateway+"/healthz"))
	require.Equal(t, http.StatusServiceUnavailable, get(t, gateway+"/readyz"))
	require.Equal(t, http.StatusServiceUnavailable, request(t, http.MethodPost, gateway+"/webhooks/shop", "{}"))
	require.Zero(t, s.polled.Load())

	s.answer(nil)
	r.find(t, `msg="worker polls" task_queue=(handoff)`)
	require.Eventually(t, func() bool { return s.polled.Load() > 0 }, within, often)
	require.Len(t, s.known(), 8)
	require.Eventually(t, func() bool { return get(t, gateway+"/readyz") == http.StatusOK }, within, often)
	require.Equal(t, http.StatusOK, request(t, http.MethodPost, gateway+"/webhooks/shop", "{}"))

	require.Equal(t, exitOK, r.ends(t))
	r.find(t, `msg=stopped`)
}

func TestTheGatewayAloneNeverPolls(t *testing.T) {
	s := startTemporal(t)
	serving(t, s)
	r := start(t, "gateway")
	gateway := "http://" + r.find(t, `msg="gateway listens" address=(\S+)`)
	require.Equal(t, http.StatusOK, get(t, gateway+"/readyz"))
	require.Equal(t, exitOK, r.ends(t))
	require.Zero(t, s.polled.Load())
}

// A server says that it is well when nothing can be stored in it.
func TestTheGatewayIsReadyOnlyWhereTheNamespaceCanBeRead(t *testing.T) {
	s := startTemporal(t)
	s.absent = true
	serving(t, s)
	r := start(t, "gateway")
	gateway := "http://" + r.find(t, `msg="gateway listens" address=(\S+)`)
	require.Equal(t, http.StatusServiceUnavailable, get(t, gateway+"/readyz"))
	code, _, errs := call(t, "namespace")
	require.Equal(t, exitOK, code, errs)
	require.Equal(t, http.StatusOK, get(t, gateway+"/readyz"))
	require.Equal(t, exitOK, r.ends(t))
}

func TestTheWorkerAloneServesMetricsAndItsHealth(t *testing.T) {
	s := startTemporal(t)
	serving(t, s)
	r := start(t, "worker")
	address := "http://" + r.find(t, `msg="metrics are served" address=(\S+)`)
	require.Equal(t, http.StatusOK, get(t, address+"/healthz"))
	require.Equal(t, http.StatusOK, get(t, address+"/metrics"))
	require.Eventually(t, func() bool { return s.polled.Load() > 0 }, within, often)
	code, _, stderr := call(t, "healthcheck", "--url", address+"/healthz")
	require.Equal(t, exitOK, code, stderr)
	require.Equal(t, exitOK, r.ends(t))
	code, _, stderr = call(t, "healthcheck", "--url", address+"/healthz")
	require.Equal(t, exitWrong, code)
	require.Contains(t, stderr, "connection refused")
}

func TestATakenPortIsNamedWithTheSettingThatChoosesAnother(t *testing.T) {
	var config net.ListenConfig
	taken, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	for _, row := range []struct{ command, setting string }{
		{"gateway", "HANDOFF_LISTEN"}, {"gateway", "HANDOFF_METRICS_LISTEN"}, {"all", "HANDOFF_LISTEN"}, {"worker", "HANDOFF_METRICS_LISTEN"},
	} {
		t.Run(row.command+" "+row.setting, func(t *testing.T) {
			serving(t, startTemporal(t))
			t.Setenv(row.setting, taken.Addr().String())
			code, _, stderr := call(t, row.command)
			require.Equal(t, exitWrong, code)
			require.Contains(t, stderr, fmt.Sprintf("cannot listen on %s: ", taken.Addr()))
			require.Contains(t, stderr, "address already in use; choose another address with "+row.setting)
		})
	}
}

func TestTheHealthcheckAsksWhereTheGatewayListens(t *testing.T) {
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var answer atomic.Int64
	answer.Store(http.StatusOK)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(int(answer.Load())) })
	front := &http.Server{ReadHeaderTimeout: time.Second, Handler: mux}
	go func() { _ = front.Serve(listener) }()
	defer front.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	for _, host := range []string{"127.0.0.1", "0.0.0.0", ""} {
		t.Setenv("HANDOFF_LISTEN", host+":"+port)
		code, _, stderr := call(t, "healthcheck")
		require.Equal(t, exitOK, code, stderr)
	}
	answer.Store(http.StatusServiceUnavailable)
	code, _, stderr := call(t, "healthcheck")
	require.Equal(t, exitWrong, code)
	require.Equal(t, "handoff healthcheck: http://127.0.0.1:"+port+"/healthz answers 503\n", stderr)
}

// The program itself is started, and a request that is never finished keeps it from stopping.
func TestASecondSignalStopsAtOnce(t *testing.T) {
	file := write(t, "handoff.yaml", "connections:\n  play: {vendor: memory, base_url: \"http://127.0.0.1:1\", secret: a-long-enough-secret-for-this}\nroutes:\n  play: {channel: play, desk: play}\n")
	program, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), program, "gateway", "--config", file)
	cmd.Env = append(os.Environ(), asProgram+"=1", "HANDOFF_LISTEN=127.0.0.1:0", "HANDOFF_METRICS_LISTEN=", "HANDOFF_SHUTDOWN_GRACE=1h", "TEMPORAL_ADDRESS=127.0.0.1:1")
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(stderr)
	said := func(pattern string) string {
		for lines.Scan() {
			if found := regexp.MustCompile(pattern).FindStringSubmatch(lines.Text()); found != nil {
				return found[len(found)-1]
			}
		}
		require.Fail(t, "it never said", pattern)
		return ""
	}
	address := said(`msg="gateway listens" address=(\S+)`)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "POST /webhooks/play HTTP/1.1\r\nHost: handoff\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n")
	require.NoError(t, err)
	// The answer to the expectation shows that the request is under way.
	answer := make([]byte, 12)
	_, err = io.ReadFull(conn, answer)
	require.NoError(t, err)
	require.Equal(t, "HTTP/1.1 100", string(answer))

	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	said(`msg="stopping; a second signal stops at once"`)
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	started := time.Now()
	var ended *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &ended)
	state, ok := ended.Sys().(syscall.WaitStatus)
	require.True(t, ok)
	require.Equal(t, syscall.SIGINT, state.Signal())
	require.Less(t, time.Since(started), 5*time.Second)
}
