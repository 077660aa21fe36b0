package testsuite_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// module is the path of the root module.
const module = "github.com/handoff-engine/handoff"

// anything stands for every package that is not in the standard library.
const anything = "anything but the standard library"

// layer says what some packages never link, directly or through others.
type layer struct {
	pkg   string // a folder of this repository; with /... all packages below it too
	never string // a package and all below it
	why   string
}

// layers are the import directions. The linter says the same of direct imports, in the editor (.golangci.yml).
var layers = []layer{
	{pkg: "conversation", never: anything, why: "the model is read and tested without Temporal and without any vendor"},
	{pkg: "conversation", never: "net", why: "the model does no input or output"},

	{pkg: "connector/...", never: "go.temporal.io", why: "activities translate between connectors and Temporal"},
	{pkg: "connector/...", never: "github.com/labstack/echo", why: "a connector gets a Delivery, not a framework's request"},
	{pkg: "connector/...", never: module + "/activities", why: "activities call connectors, not the other way"},
	{pkg: "connector/...", never: module + "/config", why: "a connector gets its settings, it does not look for them"},
	{pkg: "connector/...", never: module + "/gateway", why: "the gateway calls connectors, not the other way"},
	{pkg: "connector/...", never: module + "/worker", why: "the worker calls connectors, not the other way"},
	{pkg: "connector/...", never: module + "/workflows", why: "workflows know effects, connectors know calls"},

	{pkg: "files", never: "go.temporal.io", why: "the gateway opens files too"},
	{pkg: "files", never: "github.com/labstack/echo", why: "the worker opens files too"},
	{pkg: "files", never: module + "/activities", why: "activities open files, not the other way"},
	{pkg: "files", never: module + "/config", why: "files are given their rules"},
	{pkg: "files", never: module + "/gateway", why: "the gateway serves files, not the other way"},
	{pkg: "files", never: module + "/workflows", why: "a workflow knows files by reference"},

	{pkg: "workflows", never: "github.com/labstack/echo", why: "a workflow listens to no webhook"},
	{pkg: "workflows", never: module + "/gateway", why: "the gateway is given a Signaler"},
	{pkg: "workflows", never: module + "/worker", why: "the worker registers workflows, not the other way"},

	{pkg: "activities", never: "github.com/labstack/echo", why: "an activity listens to no webhook"},
	{pkg: "activities", never: module + "/gateway", why: "the two run in processes of their own"},
	{pkg: "activities", never: module + "/worker", why: "the worker registers activities, not the other way"},
	{pkg: "activities", never: module + "/workflows", why: "a workflow names activities, not the other way"},

	{pkg: "gateway", never: "go.temporal.io", why: "the gateway is given a Signaler; it is read and tested without Temporal"},
	{pkg: "gateway", never: module + "/activities", why: "the gateway hands events over, no more"},
	{pkg: "gateway", never: module + "/worker", why: "the two run in processes of their own"},
	{pkg: "gateway", never: module + "/workflows", why: "the gateway is given a Signaler"},

	{pkg: "worker", never: "github.com/labstack/echo", why: "the worker listens to no webhook"},
	{pkg: "worker", never: module + "/gateway", why: "the two run in processes of their own"},

	{pkg: "...", never: "go.temporal.io/server", why: "only standalone links the server: 210 modules that nobody else should inherit"},
	{pkg: "...", never: "github.com/temporalio/ui-server", why: "only standalone links the server and its user interface"},
}

// linked is one package and what is in its binary.
type linked struct {
	ImportPath string
	Standard   bool
	Imports    []string // direct
	Deps       []string // direct and indirect
}

// tree is what `go list -deps` knows of one module.
type tree map[string]linked

// list reads the packages of the module in dir, without the workspace: as a production build and as a library's user
// see them.
func list(t *testing.T, dir string, flags ...string) tree {
	t.Helper()
	args := append([]string{"list", "-deps", "-json=ImportPath,Standard,Imports,Deps"}, flags...)
	cmd := exec.CommandContext(t.Context(), "go", append(args, "./...")...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	packages := tree{}
	for in := json.NewDecoder(bytes.NewReader(out)); ; {
		var p linked
		err := in.Decode(&p)
		if errors.Is(err, io.EOF) {
			return packages
		}
		require.NoError(t, err)
		packages[p.ImportPath] = p
	}
}

// own gives the packages of this repository in the tree, in order, as folders.
func (tr tree) own() []string {
	var folders []string
	for path := range tr {
		if folder, ok := strings.CutPrefix(path, module+"/"); ok {
			folders = append(folders, folder)
		}
	}
	slices.Sort(folders)
	return folders
}

// holds lists where the rule is broken, and whether it speaks of any package at all.
func (l layer) holds(tr tree) (breaches []string, applies bool) {
	for _, folder := range tr.own() {
		if !covers(l.pkg, folder) {
			continue
		}
		applies = true
		for _, dep := range tr[module+"/"+folder].Deps {
			forbidden := within(dep, l.never)
			if l.never == anything {
				forbidden = !tr[dep].Standard
			}
			if forbidden {
				breaches = append(breaches, fmt.Sprintf("%s links %s: %s", folder, dep, l.why))
			}
		}
	}
	return breaches, applies
}

func covers(pattern, folder string) bool {
	base, deep := strings.CutSuffix(pattern, "...")
	if !deep {
		return folder == pattern
	}
	return base == "" || within(folder, strings.TrimSuffix(base, "/"))
}

func within(path, parent string) bool {
	return path == parent || strings.HasPrefix(path, parent+"/")
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("..")
	require.NoError(t, err)
	return dir
}

func TestEachPackageLinksOnlyWhatItsLayerMay(t *testing.T) {
	tr := list(t, root(t))
	for _, l := range layers {
		t.Run(l.pkg+" never "+l.never, func(t *testing.T) {
			breaches, applies := l.holds(tr)
			require.True(t, applies, "the rule speaks of no package")
			require.Empty(t, breaches)
		})
	}
}

func TestNoTestOfTheRootModuleLinksTheTemporalServer(t *testing.T) {
	for path := range list(t, root(t), "-test") {
		require.False(t, within(path, "go.temporal.io/server"), path)
	}
}

// A vendor is linked by its own folder, the list in connector/all, the commands and the test suite; by nothing else.
func TestOnlyCommandsAndTheListNameAVendor(t *testing.T) {
	tr := list(t, root(t))
	vendors := vendorsIn(tr)
	require.NotEmpty(t, vendors)
	require.Empty(t, namedVendors(tr, vendors))
	require.ElementsMatch(t, vendors, linkedVendors(tr, "connector/all", vendors), "connector/all lists every vendor")
}

// vendorsIn gives the folders below connector that are a vendor's.
func vendorsIn(tr tree) []string {
	var vendors []string
	for _, folder := range tr.own() {
		name, ok := strings.CutPrefix(folder, "connector/")
		shared := slices.Contains([]string{"all", "connectormock", "httpx", "loose", "sign"}, name)
		if ok && !shared && !strings.Contains(name, "/") {
			vendors = append(vendors, folder)
		}
	}
	return vendors
}

// linkedVendors gives the vendors in the binary of a package other than the vendor's own.
func linkedVendors(tr tree, folder string, vendors []string) []string {
	var found []string
	for _, vendor := range vendors {
		if !within(folder, vendor) && slices.Contains(tr[module+"/"+folder].Deps, module+"/"+vendor) {
			found = append(found, vendor)
		}
	}
	return found
}

// namedVendors lists the packages that link a vendor and must not.
func namedVendors(tr tree, vendors []string) []string {
	var breaches []string
	for _, folder := range tr.own() {
		if folder == "connector/all" || covers("cmd/...", folder) || covers("testsuite/...", folder) {
			continue
		}
		for _, vendor := range linkedVendors(tr, folder, vendors) {
			breaches = append(breaches, folder+" names "+vendor)
		}
	}
	return breaches
}

// Test code is linked by tests and by the test suite. `handoff test` runs flow scripts, and may import them.
func TestNothingButTestsImportsTheTestSuite(t *testing.T) {
	require.Empty(t, importsOfTests(list(t, root(t))))
	require.Empty(t, importsOfTests(list(t, filepath.Join(root(t), "standalone"))))
}

func importsOfTests(tr tree) []string {
	var breaches []string
	for _, folder := range tr.own() {
		if covers("testsuite/...", folder) {
			continue
		}
		for _, path := range tr[module+"/"+folder].Imports {
			scripts := folder == "cmd/handoff" && path == module+"/testsuite/scenario"
			if !scripts && (within(path, module+"/testsuite") || path == "testing" || within(path, "github.com/stretchr/testify")) {
				breaches = append(breaches, folder+" imports "+path)
			}
		}
	}
	return breaches
}

// A check that cannot fail is no check: a scratch module breaks each kind of rule, also through a package between.
func TestTheImportRulesReportAPlantedFault(t *testing.T) {
	dir := t.TempDir()
	for name, source := range map[string]string{
		"go.mod":                      "module " + module + "\n\ngo 1.26\n",
		"conversation/planted.go":     "package conversation\n\nimport _ \"" + module + "/connector\"\n",
		"connector/planted.go":        "package connector\n",
		"connector/acme/planted.go":   "package acme\n",
		"connector/rival/planted.go":  "package rival\n\nimport _ \"" + module + "/connector/acme\"\n",
		"gateway/planted.go":          "package gateway\n\nimport _ \"" + module + "/gateway/between\"\n",
		"gateway/between/planted.go":  "package between\n\nimport _ \"" + module + "/workflows\"\n",
		"workflows/planted.go":        "package workflows\n\nimport _ \"" + module + "/testsuite/fake\"\n",
		"testsuite/fake/planted.go":   "package fake\n",
		"cmd/handoff/planted.go":      "package main\n\nimport _ \"" + module + "/testsuite/scenario\"\n\nfunc main() {}\n",
		"testsuite/scenario/plant.go": "package scenario\n",
	} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(source), 0o600))
	}
	tr := list(t, dir)

	breaches, _ := layer{pkg: "conversation", never: anything, why: "alone"}.holds(tr)
	require.Equal(t, []string{"conversation links " + module + "/connector: alone"}, breaches)

	breaches, _ = layer{pkg: "gateway", never: module + "/workflows", why: "a Signaler"}.holds(tr)
	require.Equal(t, []string{"gateway links " + module + "/workflows: a Signaler"}, breaches)

	_, applies := layer{pkg: "worker", never: "net"}.holds(tr)
	require.False(t, applies, "a rule about a package that is gone is noticed")

	require.Equal(t, []string{"connector/rival names connector/acme"}, namedVendors(tr, vendorsIn(tr)))
	require.Equal(t, []string{"workflows imports " + module + "/testsuite/fake"}, importsOfTests(tr))
}
