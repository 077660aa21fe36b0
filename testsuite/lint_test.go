package testsuite_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// linter is the variable that holds the path of golangci-lint. `make lint` sets it; without it these tests are skipped,
// since the linter is a program of 70 MB that most test runs do not need.
const linter = "GOLANGCI_LINT"

// placesOf says in which folder a fault against a depguard rule is planted. A rule that is not here fails the test.
var placesOf = map[string][]string{
	"conversation":         {"conversation"},
	"connector":            {"connector", "connector/acme"},
	"files":                {"files"},
	"workflows":            {"workflows"},
	"activities":           {"activities"},
	"gateway":              {"gateway"},
	"worker":               {"worker"},
	"names-no-vendor":      {"activities", "config", "files", "gateway", "worker", "workflows"},
	"temporal-server":      {"cmd/handoff", "worker", "testsuite/e2e"},
	"ships-no-tests":       {"cmd/handoff", "standalone", "connector/all"},
	"scenario-in-cmd-only": {"gateway", "standalone"},
	"not-these":            {"cmd/handoff", "connector/acme", "testsuite/fake"},
}

// forbiddenCalls are the calls that forbidigo reports, and where.
var forbiddenCalls = []struct{ folder, call, imports string }{
	{"conversation", "time.Now()", "time"},
	{"conversation", "time.Since(time.Time{})", "time"},
	{"workflows", "time.Now()", "time"},
	{"workflows", "time.Until(time.Time{})", "time"},
	{"workflows", "time.Sleep(1)", "time"},
	{"workflows", "time.After(1)", "time"},
	{"workflows", "time.AfterFunc(1, nil)", "time"},
	{"workflows", "time.Tick(1)", "time"},
	{"workflows", "time.NewTimer(1)", "time"},
	{"workflows", "time.NewTicker(1)", "time"},
	{"connector/acme", `os.Getenv("A")`, "os"},
	{"gateway", `os.LookupEnv("A")`, "os"},
	{"worker", "fmt.Println()", "fmt"},
	{"activities", `slog.Info("said")`, "log/slog"},
}

// allowed are files of which the rules say nothing.
var allowed = map[string]string{
	"activities/clock.go":        "package activities\n\nimport \"time\"\n\nvar _ = time.Now()\n",
	"cmd/handoff/environment.go": "package main\n\nimport \"os\"\n\nvar _ = os.Getenv(\"A\")\n",
	"cmd/handoff/scripts.go":     "package main\n\nimport _ \"" + module + "/testsuite/scenario\"\n",
	"cmd/handoff/main.go":        "package main\n\nfunc main() {}\n",
	"connector/all/all.go":       "package all\n\nimport _ \"" + module + "/connector/acme\"\n",
	"connector/acme/calls.go":    "package acme\n\nimport _ \"" + module + "/connector/httpx\"\n",
	"connector/acme/types.go":    "package acme\n\nimport _ \"" + module + "/connector/loose\"\n",
	"connector/acme/signs.go":    "package acme\n\nimport _ \"" + module + "/connector/sign\"\n",
	"connector/httpx/client.go":  "package httpx\n",
	"connector/loose/loose.go":   "package loose\n",
	"connector/sign/sign.go":     "package sign\n",
	"conversation/rules.go":      "package conversation\n\nimport \"time\"\n\nvar _ = time.Second\n",
	"standalone/embedded/run.go": "package embedded\n\nimport _ \"go.temporal.io/server\"\n",
	"workflows/client.go":        "package workflows\n\nimport (\n\t_ \"sync\"\n\t\"time\"\n)\n\nvar _ = time.Now()\n",
	"testsuite/scenario/run.go":  "package scenario\n\nimport _ \"" + module + "/connector/acme\"\n",
}

// finding is one line of the linter's report.
type finding struct {
	FromLinter string
	Text       string
	Pos        struct{ Filename string }
}

// A rule that never speaks is worse than none. Each line of the import rules and each forbidden call is broken once in a
// scratch module, under the project's own configuration.
func TestEachLintRuleReportsAPlantedFault(t *testing.T) {
	program := os.Getenv(linter)
	if program == "" {
		t.Skip("run by `make lint`, which sets " + linter)
	}
	scratch := newScratch(t)
	expected := map[string]string{} // by file: what is said about it
	for name, source := range allowed {
		scratch.write(name, source)
	}
	for name, rule := range importRules(t) {
		require.Contains(t, placesOf, name, "say where a fault against this rule is planted")
		for i, deny := range rule.Deny {
			require.NotEmpty(t, deny.Desc, "%s denies %s without a reason", name, deny.Pkg)
			for _, folder := range placesOf[name] {
				file := fmt.Sprintf("%s/%s_%d.go", folder, strings.ReplaceAll(name, "-", "_"), i)
				scratch.write(file, "package "+packageIn(folder)+"\n\nimport _ \""+scratch.provide(deny.Pkg)+"\"\n")
				expected[file] = deny.Desc
			}
		}
	}
	scratch.write("conversation/unlisted.go", "package conversation\n\nimport _ \"encoding/gob\"\n")
	expected["conversation/unlisted.go"] = "'encoding/gob' is not allowed from list 'conversation'"
	for i, planted := range forbiddenCalls {
		file := fmt.Sprintf("%s/call_%d.go", planted.folder, i)
		scratch.write(file, fmt.Sprintf("package %s\n\nimport %q\n\nfunc planted%d() { %s }\n",
			packageIn(planted.folder), planted.imports, i, planted.call))
		name, _, _ := strings.Cut(planted.call, "(")
		expected[file] = "use of `" + name + "` forbidden"
	}

	reported := scratch.lint(program)

	for file, text := range expected {
		require.Contains(t, reported[file], text, file)
	}
	for file := range allowed {
		require.NotContains(t, reported, file)
	}
}

// importRules reads the depguard rules from the project's configuration.
func importRules(t *testing.T) map[string]importRule {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(t), ".golangci.yml"))
	require.NoError(t, err)
	var config struct {
		Linters struct {
			Settings struct {
				Depguard struct{ Rules map[string]importRule }
			}
		}
	}
	require.NoError(t, yaml.Unmarshal(text, &config))
	require.NotEmpty(t, config.Linters.Settings.Depguard.Rules)
	return config.Linters.Settings.Depguard.Rules
}

type importRule struct {
	Deny []struct{ Pkg, Desc string }
}

func packageIn(folder string) string {
	if folder == "cmd/handoff" || folder == "standalone" {
		return "main"
	}
	return filepath.Base(folder)
}

// scratch is a module with this module's name and made-up packages, so that linting it needs no network and a second.
type scratch struct {
	t        *testing.T
	dir      string
	replaced map[string]string // module path -> folder
}

func newScratch(t *testing.T) *scratch {
	t.Helper()
	s := &scratch{t: t, dir: t.TempDir(), replaced: map[string]string{}}
	text, err := os.ReadFile(filepath.Join(root(t), ".golangci.yml"))
	require.NoError(t, err)
	s.write(".golangci.yml", string(text))
	s.provide("go.temporal.io/server")
	return s
}

func (s *scratch) write(name, content string) {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	require.NoError(s.t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(s.t, os.WriteFile(path, []byte(content), 0o600))
}

// provide makes a package that a rule's pkg forbids importable, and gives its import path.
func (s *scratch) provide(forbidden string) string {
	s.t.Helper()
	path := strings.TrimSuffix(forbidden, "$")
	switch {
	case strings.HasPrefix(path, module):
		path = strings.TrimSuffix(path, "/") + "/leaf" // imports nothing, so no fault makes a cycle with another
		s.write(strings.TrimPrefix(path, module+"/")+"/doc.go", "package leaf\n")
		return path
	case !strings.Contains(path, "."):
		return path // the standard library's
	case path == "gopkg.in/yaml":
		path += ".v3"
	}
	folder := "stubs/" + strings.NewReplacer("/", "_", ".", "_").Replace(path)
	s.write(folder+"/go.mod", "module "+path+"\n\ngo 1.26\n")
	s.write(folder+"/stub.go", "package stub\n")
	s.replaced[path] = folder
	return path
}

// lint gives what the linter says of each file.
func (s *scratch) lint(program string) map[string]string {
	s.t.Helper()
	version := func(path string) string {
		if path == "gopkg.in/yaml.v3" {
			return "v3.0.0"
		}
		return "v0.0.0"
	}
	mod := "module " + module + "\n\ngo 1.26\n"
	for _, path := range slices.Sorted(maps.Keys(s.replaced)) {
		mod += fmt.Sprintf("\nrequire %s %s\nreplace %s => ./%s\n", path, version(path), path, s.replaced[path])
	}
	s.write("go.mod", mod)

	cmd := exec.CommandContext(s.t.Context(), program, "run", "--enable-only=depguard,forbidigo", "--issues-exit-code=0",
		"--show-stats=false", "--uniq-by-line=false", "--allow-parallel-runners", "--output.json.path=stdout", "./...")
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(s.t, err, stderr.String())
	var report struct{ Issues []finding }
	require.NoError(s.t, json.Unmarshal(out, &report), string(out))
	said := map[string]string{}
	for _, f := range report.Issues {
		said[f.Pos.Filename] += f.FromLinter + ": " + f.Text + "\n"
	}
	return said
}
