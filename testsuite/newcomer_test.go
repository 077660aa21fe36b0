package testsuite_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")

// TestANewcomerAddsAConnectorByCopyingOneFolder does what docs/adding-a-connector.md says, word for word, in a copy of
// the repository.
func TestANewcomerAddsAConnectorByCopyingOneFolder(t *testing.T) {
	if testing.Short() {
		t.Skip("copies and builds the repository")
	}
	doc, err := os.ReadFile("../docs/adding-a-connector.md")
	require.NoError(t, err)
	blocks := shellBlock.FindAllSubmatch(doc, -1)
	require.NotEmpty(t, blocks)
	dir := copyOfTheRepository(t)
	for _, block := range blocks {
		sh := exec.Command("sh", "-eu", "-c", string(block[1]))
		sh.Dir = dir
		// The server's module is no part of this, and the copy needs no workspace.
		sh.Env = append(os.Environ(), "GOWORK=off")
		out, err := sh.CombinedOutput()
		require.NoErrorf(t, err, "%s\n%s", block[1], out)
	}
	for file, word := range map[string]string{
		"connector/all/all.go": "parrot.Factory()", "docs/connectors.md": "connector/parrot/README.md", "docs/handoff.schema.json": "vendor-parrot",
	} {
		data, err := os.ReadFile(filepath.Join(dir, file))
		require.NoError(t, err)
		require.Contains(t, string(data), word, file)
	}
}

// copyOfTheRepository copies the Go module without the parts that no connector needs.
func copyOfTheRepository(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	list := exec.Command("git", "-C", "..", "ls-files", "-z")
	out, err := list.Output()
	require.NoError(t, err)
	for name := range strings.SplitSeq(strings.TrimRight(string(out), "\x00"), "\x00") {
		if strings.HasPrefix(name, "standalone/") || strings.HasPrefix(name, "go.work") {
			continue
		}
		data, err := os.ReadFile(filepath.Join("..", name))
		if os.IsNotExist(err) {
			continue
		}
		require.NoError(t, err)
		to := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(to), 0o755))
		require.NoError(t, os.WriteFile(to, data, 0o644))
	}
	return dir
}
