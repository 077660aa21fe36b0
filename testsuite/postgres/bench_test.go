package postgres_test

import (
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/testsuite/process"
	"github.com/handoff-engine/handoff/testsuite/system"
)

// TestBenchmark measures nothing by itself: it gives testsuite/bench a Temporal server on PostgreSQL, and prints what that says.
func TestBenchmark(t *testing.T) {
	if os.Getenv("POSTGRES") != "bench" {
		t.Skip("needs PostgreSQL and some quiet minutes: make bench-postgres")
	}
	shape := newShape(t)
	shape.makeSchema()
	port := system.FreePort(t)
	server, err := process.Start(t.Context(), shape.server(port))
	require.NoError(t, err)
	t.Cleanup(server.Kill)
	shape.namespace("default")
	cmd := exec.CommandContext(t.Context(), "go", "run", "./testsuite/bench", "-store", "127.0.0.1:"+strconv.Itoa(port), "-json", "bin/bench-postgres.json")
	cmd.Dir = shape.root
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	t.Logf("\n%s", out)
}
