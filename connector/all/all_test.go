package all_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/all"
)

// vendors lists the folders of connector/ that have a Factory.
func vendors(t *testing.T) []string {
	t.Helper()
	folders, err := os.ReadDir("..")
	require.NoError(t, err)
	var names []string
	for _, f := range folders {
		if f.IsDir() && len(functions(t, filepath.Join("..", f.Name()), false, "Factory")) > 0 {
			names = append(names, f.Name())
		}
	}
	require.NotEmpty(t, names)
	return names
}

// functions gives the top-level functions of a folder's files, tests or not, that have the given name.
func functions(t *testing.T, dir string, tests bool, name string) []*ast.FuncDecl {
	t.Helper()
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	var found []*ast.FuncDecl
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") != tests {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, f.Name()), nil, 0)
		require.NoError(t, err)
		for _, d := range file.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == name {
				found = append(found, fn)
			}
		}
	}
	return found
}

func TestEveryVendorIsListed(t *testing.T) {
	var listed []string
	for _, f := range all.Vendors().Factories() {
		listed = append(listed, f.Vendor)
	}
	slices.Sort(listed)
	require.Equal(t, vendors(t), listed)
}

func TestEveryVendorRunsTheConformanceSuite(t *testing.T) {
	for _, vendor := range vendors(t) {
		require.True(t, callsSuite(functions(t, filepath.Join("..", vendor), true, "TestConformance")),
			"connector/%s has no TestConformance that calls connectortest.Run", vendor)
	}
}

// callsSuite reports whether a function calls connectortest.Run.
func callsSuite(tests []*ast.FuncDecl) bool {
	found := false
	for _, test := range tests {
		ast.Inspect(test, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == "connectortest" && sel.Sel.Name == "Run" {
					found = true
				}
			}
			return true
		})
	}
	return found
}

func TestEveryVendorsReadmeHasTheSameHeadings(t *testing.T) {
	want := []string{"Setup", "Credentials and scopes", "Webhook address", "Configuration", "Limits", "Gaps"}
	for _, vendor := range vendors(t) {
		text, err := os.ReadFile(filepath.Join("..", vendor, "README.md"))
		require.NoError(t, err)
		var have []string
		for line := range strings.Lines(string(text)) {
			if heading, ok := strings.CutPrefix(line, "## "); ok {
				have = append(have, strings.TrimSpace(heading))
			}
		}
		require.Equal(t, want, have, "connector/%s/README.md", vendor)
	}
}

func TestEveryKeyIsInTheVendorsReadmeAndExplainsItself(t *testing.T) {
	for _, f := range all.Vendors().Factories() {
		text, err := os.ReadFile(filepath.Join("..", f.Vendor, "README.md"))
		require.NoError(t, err)
		require.Equal(t, reflect.Struct, f.Config.Kind(), f.Vendor)
		require.NotEmpty(t, f.Docs, f.Vendor)
		for _, field := range keys(f.Config) {
			key, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
			require.NotEmpty(t, key, "connector/%s: Config.%s has no yaml tag", f.Vendor, field.Name)
			require.NotEmpty(t, field.Tag.Get("doc"), "connector/%s: %s has no doc tag", f.Vendor, key)
			require.Contains(t, string(text), "`"+key+"`", "connector/%s/README.md does not explain %s", f.Vendor, key)
		}
	}
}

// keys gives the fields of a configuration, those of embedded structs included.
func keys(config reflect.Type) []reflect.StructField {
	var fields []reflect.StructField
	for field := range config.Fields() {
		if field.Anonymous && field.Type.Kind() == reflect.Struct {
			fields = append(fields, keys(field.Type)...)
			continue
		}
		fields = append(fields, field)
	}
	return fields
}

func TestSecretsAreSecrets(t *testing.T) {
	for _, f := range all.Vendors().Factories() {
		for _, field := range keys(f.Config) {
			key, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
			if !looksSecret(key) {
				continue
			}
			ok := field.Type == reflect.TypeFor[connector.Secret]() || field.Type == reflect.TypeFor[connector.Secrets]()
			require.True(t, ok, "connector/%s: %s holds a secret in the clear", f.Vendor, key)
		}
	}
}

// looksSecret goes by the name of a key.
func looksSecret(key string) bool {
	for _, word := range []string{"secret", "token", "password", "private_key", "credential"} {
		if strings.Contains(key, word) && !strings.HasSuffix(key, "_url") {
			return true
		}
	}
	return key == "pat"
}
