package browser_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/testsuite/process"
)

// playwright is the library that drives the browser. Chromium itself is Debian's.
const playwright = "playwright-core@1.65.1"

var playground = regexp.MustCompile(`Playground\s+(http://[0-9.:]+)/`)

func TestBothPagesGoOnAfterTheProcessWasKilled(t *testing.T) {
	if os.Getenv("BROWSER") == "" {
		t.Skip("needs Chromium, Node and a minute: make browser")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	modules := modules(ctx, t)
	data, profile := t.TempDir(), t.TempDir()
	pictures := os.Getenv("BROWSER_PICTURES")
	if pictures == "" {
		pictures = t.TempDir()
	}

	p, base := start(ctx, t, data, "127.0.0.1:0")
	story(ctx, t, modules, "before", base, profile, pictures)
	p.Kill()
	// The pages find their way back because the address is the same.
	_, base = start(ctx, t, data, strings.TrimPrefix(base, "http://"))
	story(ctx, t, modules, "after", base, profile, pictures)
}

func start(ctx context.Context, t *testing.T, data, listen string) (*process.Process, string) {
	t.Helper()
	path, err := process.Build(ctx, process.Standalone)
	require.NoError(t, err)
	p, err := process.Start(ctx, process.Spec{
		Path: path, Ready: "Ctrl-C", Args: []string{"--data-dir", data, "--listen", listen, "--temporal-port", "0", "--ui-port", "0"},
	})
	require.NoError(t, err)
	t.Cleanup(p.Kill)
	found := playground.FindStringSubmatch(p.Output())
	require.NotNil(t, found, p.Output())
	return p, found[1]
}

// modules gives the folder of node modules that holds playwright, and fetches it if the environment names none.
func modules(ctx context.Context, t *testing.T) string {
	t.Helper()
	if path := os.Getenv("NODE_PATH"); path != "" {
		return path
	}
	root, err := process.Root(ctx)
	require.NoError(t, err)
	dir := filepath.Join(root, "bin", "browser")
	out, err := exec.CommandContext(ctx, "npm", "install", "--no-save", "--no-audit", "--no-fund", "--prefix", dir, playwright).CombinedOutput()
	require.NoError(t, err, string(out))
	return filepath.Join(dir, "node_modules")
}

func story(ctx context.Context, t *testing.T, modules, part, base, profile, pictures string) {
	t.Helper()
	cmd := exec.CommandContext(ctx, "node", "story.cjs", part, base, profile, pictures)
	cmd.Env = append(os.Environ(), "NODE_PATH="+modules)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
}
