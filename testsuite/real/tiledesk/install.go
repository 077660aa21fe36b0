package tiledesk

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/handoff-engine/handoff/testsuite/process"
)

// ferretDB is the module that stands in for MongoDB. Its binary is built from a copy, because it wants its version in a
// file, knows no fields in findAndModify, which Tiledesk numbers conversations with, loses an update that another one
// overlaps, and decodes every document that it is asked to find one among: the patch mends these.
const (
	ferretDB        = "github.com/FerretDB/FerretDB"
	ferretDBVersion = "v1.24.2"
)

//go:embed assets
var assets embed.FS

// debian are the programs that must be there already, and the packages that bring them.
var debian = [][2]string{
	{"go", "golang-go"},
	{"git", "git"},
	{"node", "nodejs"},
	{"npm", "npm"},
	{"redis-server", "redis-server"},
	{"redis-cli", "redis-tools"},
	{rabbitMQ, "rabbitmq-server"},
	{"epmd", "erlang-base"},
}

// rabbitMQ is the broker itself: the one in PATH wants to be started by root or by the user of its service.
const rabbitMQ = "/usr/lib/rabbitmq/bin/rabbitmq-server"

// install puts all that is needed into a folder below bin/, once, and gives that folder.
func install(ctx context.Context) (string, error) {
	var missing []string
	for _, p := range debian {
		if _, err := exec.LookPath(p[0]); err != nil {
			missing = append(missing, p[1])
		}
	}
	if len(missing) > 0 {
		return "", fmt.Errorf("programs are missing: apt-get install --no-install-recommends %s", strings.Join(missing, " "))
	}
	root, err := process.Root(ctx)
	if err != nil {
		return "", err
	}
	name, err := fingerprint()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(root, "bin", "real", "tiledesk", name)
	done := filepath.Join(dir, "installed")
	if _, err := os.Stat(done); err == nil {
		return dir, nil
	}
	for _, step := range []func(context.Context, string) error{writeAssets, installNode, buildFerretDB} {
		if err := step(ctx, dir); err != nil {
			return "", fmt.Errorf("installing Tiledesk, which needs npm's registry and Go's module proxy: %w", err)
		}
	}
	return dir, os.WriteFile(done, nil, 0o600)
}

// fingerprint names an installation by what it is made of.
func fingerprint() (string, error) {
	sum := sha256.New()
	_, _ = fmt.Fprintln(sum, ferretDB, ferretDBVersion)
	err := fs.WalkDir(assets, "assets", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := assets.ReadFile(path)
		_, _ = fmt.Fprintf(sum, "%s %d\n%s", path, len(content), content)
		return err
	})
	return hex.EncodeToString(sum.Sum(nil))[:12], err
}

func writeAssets(_ context.Context, dir string) error {
	// Earlier versions have no use any more.
	if err := os.RemoveAll(filepath.Dir(dir)); err != nil {
		return err
	}
	files, err := fs.Sub(assets, "assets")
	if err != nil {
		return err
	}
	return os.CopyFS(dir, files)
}

// installNode fetches the vendor's servers. Scripts of packages are not run.
func installNode(ctx context.Context, dir string) error {
	for _, name := range []string{"server", "chat"} {
		if err := run(ctx, filepath.Join(dir, name), nil, "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"); err != nil {
			return err
		}
	}
	return nil
}

func buildFerretDB(ctx context.Context, dir string) error {
	alone := []string{"GOWORK=off", "GOFLAGS=-mod=mod"}
	empty, source := filepath.Join(dir, "empty"), filepath.Join(dir, "ferretdb")
	if err := os.MkdirAll(empty, 0o750); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", ferretDB+"@"+ferretDBVersion)
	cmd.Dir, cmd.Env = empty, append(os.Environ(), alone...)
	out, err := cmd.Output()
	var module struct{ Dir, Error string }
	if err := errors.Join(err, json.Unmarshal(out, &module)); err != nil {
		return fmt.Errorf("fetching FerretDB: %w %s", err, module.Error)
	}
	if err := copyWritable(source, module.Dir); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(source, "build", "version", "version.txt"), []byte(ferretDBVersion+"\n"), 0o600); err != nil {
		return err
	}
	// git must not take this for a part of our own repository.
	if err := run(ctx, source, []string{"GIT_CEILING_DIRECTORIES=" + dir}, "git", "apply", filepath.Join(dir, "ferretdb.patch")); err != nil {
		return err
	}
	return run(ctx, source, alone, "go", "build", "-o", filepath.Join(dir, "ferretdb-server"), "./cmd/ferretdb")
}

// copyWritable copies a folder of the module cache, which cannot be written to.
func copyWritable(to, from string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		at := filepath.Join(to, strings.TrimPrefix(path, from))
		if d.IsDir() {
			return os.MkdirAll(at, 0o750)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(at, content, 0o600)
	})
}

// run runs one program to its end.
func run(ctx context.Context, dir string, env []string, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return nil
}
