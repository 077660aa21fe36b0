package embedded_test

import (
	"bufio"
	"bytes"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/handoff-engine/handoff/standalone/embedded"
)

const queue = "test"

// collect waits for two words and gives them back.
func collect(ctx workflow.Context) (words []string, err error) {
	for len(words) < 2 {
		var word string
		workflow.GetSignalChannel(ctx, "word").Receive(ctx, &word)
		words = append(words, word)
	}
	return words, nil
}

func start(t *testing.T, cfg embedded.Config) *embedded.Server {
	t.Helper()
	s, err := embedded.Start(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop()) })
	return s
}

func dial(t *testing.T, address string) client.Client {
	t.Helper()
	c, err := client.Dial(client.Options{HostPort: address, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func work(t *testing.T, c client.Client) {
	t.Helper()
	w := worker.New(c, queue, worker.Options{})
	w.RegisterWorkflow(collect)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
}

func TestAServerServesSoonOnAFreshFile(t *testing.T) {
	began := time.Now()
	s := start(t, embedded.Config{DataDir: t.TempDir()})
	took := time.Since(began)
	// Half a second on a quiet machine with two cores; the bound is for busy ones.
	t.Logf("start to ready: %v", took)
	require.Less(t, took, 10*time.Second)

	c := dial(t, s.Address())
	work(t, c)
	run, err := c.SignalWithStartWorkflow(t.Context(), "w", "word", "one", client.StartWorkflowOptions{TaskQueue: queue}, collect)
	require.NoError(t, err)
	require.NoError(t, c.SignalWorkflow(t.Context(), "w", "", "word", "two"))
	var words []string
	require.NoError(t, run.Get(t.Context(), &words))
	require.Equal(t, []string{"one", "two"}, words)
}

func TestTheFileHasAWriteAheadLog(t *testing.T) {
	dir := t.TempDir()
	start(t, embedded.Config{DataDir: dir, NoUI: true})
	file, err := os.ReadFile(filepath.Join(dir, "temporal.sqlite"))
	require.NoError(t, err)
	// SQLite's file format: the write and read version, 2 for a write-ahead log.
	require.Equal(t, []byte{2, 2}, file[18:20])
}

func TestAServerInMemoryLeavesNothingOnTheDisk(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	start(t, embedded.Config{InMemory: true, NoUI: true})
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, entries)
}

func TestTheUIAnswersWhenTheServerIsReady(t *testing.T) {
	s := start(t, embedded.Config{InMemory: true})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.UIURL()+"/api/v1/namespaces/default", nil)
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusOK, res.StatusCode)
}

func TestTheServerIsQuiet(t *testing.T) {
	var log bytes.Buffer
	s, err := embedded.Start(t.Context(), embedded.Config{
		DataDir: t.TempDir(), Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	require.NoError(t, err)
	require.NoError(t, s.Stop())
	require.Empty(t, log.String())
}

func TestWhatWasAcknowledgedSurvivesAKill(t *testing.T) {
	dir := t.TempDir()
	address, kill := serveProcess(t, dir)
	c := dial(t, address)
	_, err := c.SignalWithStartWorkflow(t.Context(), "w", "word", "before", client.StartWorkflowOptions{TaskQueue: queue}, collect)
	require.NoError(t, err)
	kill()

	s := start(t, embedded.Config{DataDir: dir, NoUI: true})
	c = dial(t, s.Address())
	work(t, c)
	require.NoError(t, c.SignalWorkflow(t.Context(), "w", "", "word", "after"))
	var words []string
	require.NoError(t, c.GetWorkflow(t.Context(), "w", "").Get(t.Context(), &words))
	require.Equal(t, []string{"before", "after"}, words)
}

// serveProcess starts a server as a process of its own.
func serveProcess(t *testing.T, dir string) (address string, kill func()) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), serveDir+"="+dir)
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	t.Cleanup(func() { _ = stdin.Close() })
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "serving ")
	require.True(t, ok, line)
	return address, func() {
		require.NoError(t, cmd.Process.Kill())
		_ = cmd.Wait() // it was killed, which Wait reports as an error
	}
}

func TestATakenPortIsNamedWithTheFlagThatChoosesAnother(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	taken := l.Addr().(*net.TCPAddr).Port
	for _, tt := range []struct {
		flag string
		cfg  embedded.Config
	}{
		{"--temporal-port", embedded.Config{InMemory: true, Port: taken}},
		{"--ui-port", embedded.Config{InMemory: true, UIPort: taken}},
	} {
		t.Run(tt.flag, func(t *testing.T) {
			_, err := embedded.Start(t.Context(), tt.cfg)
			var port *embedded.PortError
			require.ErrorAs(t, err, &port)
			require.Equal(t, taken, port.Port)
			require.ErrorContains(t, err, tt.flag)
		})
	}
}

func TestTwoProcessesDoNotShareADataDirectory(t *testing.T) {
	dir := t.TempDir()
	serveProcess(t, dir)
	_, err := embedded.Start(t.Context(), embedded.Config{DataDir: dir, NoUI: true})
	var busy *embedded.BusyError
	require.ErrorAs(t, err, &busy)
	require.NotZero(t, busy.PID)
	require.NotEqual(t, os.Getpid(), busy.PID)
	require.ErrorContains(t, err, "--data-dir")
}

func TestAStoppedServerGivesItsDirectoryFree(t *testing.T) {
	dir := t.TempDir()
	s, err := embedded.Start(t.Context(), embedded.Config{DataDir: dir, NoUI: true})
	require.NoError(t, err)
	require.NoError(t, s.Stop())
	require.NoError(t, s.Stop())
	start(t, embedded.Config{DataDir: dir, NoUI: true})
}

func TestAFileOfAnotherVersionIsRefused(t *testing.T) {
	dir := t.TempDir()
	s, err := embedded.Start(t.Context(), embedded.Config{DataDir: dir, NoUI: true})
	require.NoError(t, err)
	require.NoError(t, s.Stop())
	stamp := filepath.Join(dir, "temporal.sqlite.version")

	require.NoError(t, os.WriteFile(stamp, []byte(`{"schema":"0.1","visibility":"0.1","server":"1.20.0"}`), 0o600))
	_, err = embedded.Start(t.Context(), embedded.Config{DataDir: dir, NoUI: true})
	var version *embedded.VersionError
	require.ErrorAs(t, err, &version)
	require.ErrorContains(t, err, "1.20.0")

	require.NoError(t, os.Remove(stamp))
	_, err = embedded.Start(t.Context(), embedded.Config{DataDir: dir, NoUI: true})
	require.ErrorAs(t, err, &version)
	require.True(t, version.Unstamped)
}

func TestAKilledSetUpIsBegunAgain(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "temporal.sqlite.new"), []byte("half a file"), 0o600))
	start(t, embedded.Config{DataDir: dir, NoUI: true})
}

func TestAnUnknownSyncIsRefused(t *testing.T) {
	_, err := embedded.Start(t.Context(), embedded.Config{InMemory: true, Sync: "sometimes"})
	require.ErrorContains(t, err, "--sqlite-sync")
}

func TestAnOlderFileGetsTheRetentionAndTheSearchAttributes(t *testing.T) {
	dir := t.TempDir()
	s, err := embedded.Start(t.Context(), embedded.Config{DataDir: dir, NoUI: true, Retention: 24 * time.Hour})
	require.NoError(t, err)
	c := dial(t, s.Address())
	_, err = c.OperatorService().RemoveSearchAttributes(t.Context(), &operatorservice.RemoveSearchAttributesRequest{
		Namespace: "default", SearchAttributes: []string{"HandoffReason", "HandoffSince"},
	})
	require.NoError(t, err)
	require.NoError(t, s.Stop())

	c = dial(t, start(t, embedded.Config{DataDir: dir, NoUI: true}).Address())
	require.Equal(t, 30*24*time.Hour, retention(t, c))
	reason := temporal.NewSearchAttributeKeyKeyword("HandoffReason").ValueSet("asked")
	_, err = c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: "w", TaskQueue: queue, TypedSearchAttributes: temporal.NewSearchAttributes(reason),
	}, collect)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		found, err := c.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Query: `HandoffReason = "asked"`})
		return err == nil && len(found.GetExecutions()) == 1
	}, 10*time.Second, 20*time.Millisecond)
}

func TestTheNamespaceHasEverySearchAttribute(t *testing.T) {
	c := dial(t, start(t, embedded.Config{InMemory: true, NoUI: true}).Address())
	have, err := c.OperatorService().ListSearchAttributes(t.Context(), &operatorservice.ListSearchAttributesRequest{Namespace: "default"})
	require.NoError(t, err)
	keyword, datetime := enumspb.INDEXED_VALUE_TYPE_KEYWORD, enumspb.INDEXED_VALUE_TYPE_DATETIME
	require.Equal(t, map[string]enumspb.IndexedValueType{
		"HandoffState": keyword, "HandoffRoute": keyword, "HandoffChannel": keyword, "HandoffDesk": keyword,
		"HandoffTicket": keyword, "HandoffAgent": keyword, "HandoffReason": keyword, "HandoffSince": datetime,
	}, have.GetCustomAttributes())
	require.Equal(t, 30*24*time.Hour, retention(t, c))
}

func retention(t *testing.T, c client.Client) time.Duration {
	t.Helper()
	ns, err := c.WorkflowService().DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: "default"})
	require.NoError(t, err)
	return ns.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration()
}
