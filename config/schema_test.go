package config_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/handoff-engine/handoff/config"
)

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := config.Schema(registry())
	require.NoError(t, err)
	parsed, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("handoff.schema.json", parsed))
	schema, err := compiler.Compile("handoff.schema.json")
	require.NoError(t, err)
	return schema
}

// validate takes the file through JSON, as editors do.
func validate(t *testing.T, schema *jsonschema.Schema, file string) error {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var value any
	require.NoError(t, yaml.Unmarshal(text, &value))
	asJSON, err := json.Marshal(value)
	require.NoError(t, err)
	instance, err := jsonschema.UnmarshalJSON(strings.NewReader(string(asJSON)))
	require.NoError(t, err)
	return schema.Validate(instance)
}

func TestTheSchemaTakesEveryGoodFileAndSoDoesTheReader(t *testing.T) {
	schema := compiled(t)
	files, err := filepath.Glob("testdata/good/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		require.NoError(t, validate(t, schema, file), file)
		_, err := config.Load(file, options())
		require.NoError(t, err, file)
	}
}

// What needs the connections opened, or the file's own lines, only the reader sees.
func TestTheSchemaSeesWhatCanBeSeenWithoutTheVendors(t *testing.T) {
	schema := compiled(t)
	for _, file := range []string{"values", "routes", "policy", "shapes"} {
		var refused *jsonschema.ValidationError
		require.ErrorAs(t, validate(t, schema, "testdata/broken/"+file+".yaml"), &refused, file)
	}
}

func TestTheSchemaRefusesEachOfTheseAlone(t *testing.T) {
	schema := compiled(t)
	const good = `{
		"connections": {"shop": {"vendor": "chatter", "api_token": "a", "hook_token": "b"}, "team": {"vendor": "inbox"}},
		"routes": {"shop": {"channel": "shop", "desk": "team"}}}`
	check := func(text string) error {
		instance, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		require.NoError(t, err)
		return schema.Validate(instance)
	}
	require.NoError(t, check(good))
	for _, row := range []struct{ name, from, to string }{
		{"unknown vendor", `"chatter"`, `"zendesk"`},
		{"unknown key of a vendor", `"hook_token"`, `"hook_tokn"`},
		{"missing secret", `"api_token": "a", `, ``},
		{"empty secret", `"a"`, `""`},
		{"bad connection name", `"team": {`, `"Team": {`},
		{"unknown key of a route", `"desk"`, `"dask"`},
		{"empty list of desks", `"desk": "team"`, `"desk": []`},
		{"duration without unit", `"desk": "team"`, `"desk": "team", "policy": {"max_wait": 5}`},
		{"unknown choice", `"desk": "team"`, `"desk": "team", "policy": {"on_close": "queue"}`},
		{"unknown text", `"desk": "team"`, `"desk": "team", "policy": {"texts": {"waitin": "x"}}`},
		{"unknown key of a rung", `"desk": "team"`, `"desk": "team", "policy": {"ladder": [{"who": "x"}]}`},
		{"key of another vendor", `"vendor": "inbox"`, `"vendor": "inbox", "api_token": "a"`},
	} {
		require.Contains(t, good, row.from, row.name)
		var refused *jsonschema.ValidationError
		require.ErrorAs(t, check(strings.Replace(good, row.from, row.to, 1)), &refused, row.name)
	}
}
