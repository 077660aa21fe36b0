package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// asProgram makes the test binary the program itself, for tests that send signals.
const asProgram = "CMD_HANDOFF_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	// What whoever runs the tests has set must not change them.
	for _, assignment := range os.Environ() {
		name, _, _ := strings.Cut(assignment, "=")
		if strings.HasPrefix(name, "HANDOFF_") || strings.HasPrefix(name, "TEMPORAL_") {
			_ = os.Unsetenv(name)
		}
	}
	_ = os.Setenv("TEMPORAL_CONFIG_FILE", filepath.Join(os.TempDir(), "no-such-temporal.toml"))
	os.Exit(m.Run())
}

// output is a buffer that may be read while it is written to.
type output struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buffer.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buffer.String()
}

// call runs a command line with the invented vendors.
func call(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs output
	code = (&program{registry: inventedVendors(), stdout: &out, stderr: &errs}).run(t.Context(), args)
	return code, out.String(), errs.String()
}

// write makes a file and gives its path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

func TestHelpListsTheCommandsAndTheSettings(t *testing.T) {
	code, stdout, stderr := call(t, "help")
	require.Equal(t, exitOK, code)
	require.Empty(t, stderr)
	golden(t, "testdata/help/handoff.txt", stdout)
	for _, flag := range []string{"-h", "--help"} {
		code, again, _ := call(t, flag)
		require.Equal(t, exitOK, code)
		require.Equal(t, stdout, again)
	}
}

func TestWithoutACommandTheHelpIsAFailure(t *testing.T) {
	code, stdout, stderr := call(t)
	require.Equal(t, exitUsage, code)
	require.Empty(t, stdout)
	require.Contains(t, stderr, "Usage: handoff <command>")
}

func TestEachCommandHasHelp(t *testing.T) {
	for _, c := range commands() {
		t.Run(c.name, func(t *testing.T) {
			code, stdout, stderr := call(t, "help", c.name)
			require.Equal(t, exitOK, code)
			require.Empty(t, stderr)
			golden(t, "testdata/help/"+c.name+".txt", stdout)
			code, again, _ := call(t, c.name, "--help")
			require.Equal(t, exitOK, code)
			require.Equal(t, stdout, again)
		})
	}
}

func TestACommandLineThatMakesNoSenseSaysWhatToWrite(t *testing.T) {
	for _, row := range []struct {
		args []string
		said string
	}{
		{[]string{"chek"}, "handoff: there is no command \"chek\". Write handoff help for the list.\n"},
		{[]string{"help", "chek"}, "handoff: there is no command \"chek\". Write handoff help for the list.\n"},
		{[]string{"check", "--of"}, "handoff check: flag provided but not defined: -of. Write handoff help check for what it takes.\n"},
		{[]string{"check", "now"}, "handoff check: \"now\" is one word too many. Write handoff help check for what it takes.\n"},
		{[]string{"gateway", "now"}, "handoff gateway: \"now\" is one word too many. Write handoff help gateway for what it takes.\n"},
		{[]string{"worker", "now"}, "handoff worker: \"now\" is one word too many. Write handoff help worker for what it takes.\n"},
		{[]string{"all", "now"}, "handoff all: \"now\" is one word too many. Write handoff help all for what it takes.\n"},
		{[]string{"schema", "now"}, "handoff schema: \"now\" is one word too many. Write handoff help schema for what it takes.\n"},
		{[]string{"version", "now"}, "handoff version: \"now\" is one word too many. Write handoff help version for what it takes.\n"},
		{[]string{"healthcheck", "now"}, "handoff healthcheck: \"now\" is one word too many. Write handoff help healthcheck for what it takes.\n"},
	} {
		code, stdout, stderr := call(t, row.args...)
		require.Equal(t, exitUsage, code, row.args)
		require.Empty(t, stdout, row.args)
		require.Equal(t, row.said, stderr)
	}
}

func TestWrongSettingsStopEveryCommandThatReadsThem(t *testing.T) {
	t.Setenv("HANDOFF_LISTN", "127.0.0.1:1")
	t.Setenv("HANDOFF_LOG_FORMAT", "xml")
	for _, name := range []string{"gateway", "worker", "all", "check", "subscribe", "healthcheck"} {
		code, stdout, stderr := call(t, name)
		require.Equal(t, exitWrong, code, name)
		require.Empty(t, stdout, name)
		require.Equal(t, `HANDOFF_LOG_FORMAT: is neither text nor json. Write one of them.
HANDOFF_LISTN: is no setting. Did you mean "HANDOFF_LISTEN"? Remove it; variables of your own, for handoff.yaml, need another beginning than HANDOFF_.
2 mistakes
`, stderr, name)
	}
}

func TestABrokenFileStopsEveryCommandThatReadsIt(t *testing.T) {
	file := write(t, "handoff.yaml", "connections:\n  shop: {vendor: web}\n  team: {vendor: webb}\nroutes:\n  shop: {channel: shop, desk: teem}\n")
	for _, name := range []string{"gateway", "worker", "all", "check", "subscribe"} {
		code, stdout, stderr := call(t, name, "--config", file)
		require.Equal(t, exitWrong, code, name)
		require.Empty(t, stdout, name)
		require.Equal(t, file+`:3: connections.team.vendor: "webb" is no vendor that handoff knows. Did you mean "web"? Write bureau, post or web.
`+file+`:5: routes.shop.desk: there is no connection "teem". Did you mean "team"?
2 mistakes
`, stderr, name)
	}
}

func TestAMissingFileIsNamed(t *testing.T) {
	t.Setenv("HANDOFF_CONFIG", "testdata/none.yaml")
	code, _, stderr := call(t, "check")
	require.Equal(t, exitWrong, code)
	require.Equal(t, "testdata/none.yaml: there is no such file. Copy handoff.example.yaml to it, or name another with --config or HANDOFF_CONFIG.\n", stderr)
}

func TestVersionSaysWhatItIsMadeOf(t *testing.T) {
	for _, name := range []string{"version", "--version"} {
		code, stdout, _ := call(t, name)
		require.Equal(t, exitOK, code)
		require.Regexp(t, `^handoff \S+.*\ngo1\.\S+\nrules \d+\n$`, stdout)
	}
}

func TestRunKnowsTheRealVendors(t *testing.T) {
	var out, errs output
	require.Equal(t, exitOK, run(context.Background(), []string{"schema"}, &out, &errs))
	require.Contains(t, out.String(), "vendor-landbot")
}
