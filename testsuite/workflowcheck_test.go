package testsuite_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// checker is the variable that holds the path of workflowcheck. `make workflowcheck` sets it.
const checker = "WORKFLOWCHECK"

// check runs workflowcheck as `make workflowcheck` does, and gives its report.
func check(t *testing.T, dir, packages string) (report string, clean bool) {
	t.Helper()
	program := os.Getenv(checker)
	if program == "" {
		t.Skip("run by `make workflowcheck`, which sets " + checker)
	}
	cmd := exec.CommandContext(t.Context(), program, "-test=false", "-config", filepath.Join(root(t), ".workflowcheck.yml"), packages)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	out, err := cmd.CombinedOutput()
	return string(out), err == nil
}

func TestWorkflowcheckReportsAPlantedClock(t *testing.T) {
	report, clean := check(t, root(t), "./testsuite/testdata/clock")
	require.False(t, clean)
	require.Contains(t, report, "clock.Conversation is non-deterministic")
	require.Contains(t, report, "calls non-deterministic function time.Now")
}

// Given packages without a workflow, workflowcheck prints nothing and exits with 0. So a clock is planted in a copy of the
// model itself, two packages away, and must be found from the packages that `make workflowcheck` names.
func TestWorkflowcheckFollowsTheWorkflowsIntoTheModel(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum"} {
		copyFile(t, filepath.Join(root(t), name), filepath.Join(dir, name))
	}
	for _, folder := range []string{"activities", "connector", "conversation", "files", "workflows"} {
		require.NoError(t, os.CopyFS(filepath.Join(dir, folder), os.DirFS(filepath.Join(root(t), folder))))
	}
	report, clean := check(t, dir, "./workflows/...")
	require.True(t, clean, report)

	model := filepath.Join(dir, "conversation", "apply.go")
	text, err := os.ReadFile(model)
	require.NoError(t, err)
	before, after, found := strings.Cut(string(text), ") Apply(")
	require.True(t, found)
	head, body, found := strings.Cut(after, "{\n")
	require.True(t, found)
	require.NoError(t, os.WriteFile(model, []byte(before+") Apply("+head+"{\n\tplanted()\n"+body), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "conversation", "planted.go"),
		[]byte("package conversation\n\nimport \"time\"\n\nfunc planted() { _ = time.Now() }\n"), 0o600))

	report, clean = check(t, dir, "./workflows/...")
	require.False(t, clean)
	require.Contains(t, report, "workflows.Conversation is non-deterministic")
	require.Contains(t, report, "conversation.planted is non-deterministic, reason: calls non-deterministic function time.Now")
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(to, text, 0o600))
}
