package main

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/handoff-engine/handoff/config"
	"github.com/handoff-engine/handoff/connector/all"
	"github.com/handoff-engine/handoff/connector/httpx"
)

const (
	exampleFile = "../../handoff.example.yaml"
	schemaFile  = "../../docs/handoff.schema.json"
)

// referenced lists the variables that the example names, in its order.
func referenced(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(exampleFile)
	require.NoError(t, err)
	var names []string
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		for _, match := range regexp.MustCompile(`\$\{(\w+)\}`).FindAllStringSubmatch(line, -1) {
			if !slices.Contains(names, match[1]) {
				names = append(names, match[1])
			}
		}
	}
	return names
}

// What the example leaves commented out is written out here, so that it cannot go stale either.
func TestTheExampleIsAConfigurationWithoutAMistake(t *testing.T) {
	text, err := os.ReadFile(exampleFile)
	require.NoError(t, err)
	full := regexp.MustCompile(`(?m)^( +)# (\w+: |- group: )`).ReplaceAllString(string(text), "$1$2")
	require.NotEqual(t, string(text), full)
	lookup := func(name string) (string, bool) {
		return "0123456789abcdef-of-" + name, slices.Contains(referenced(t), name)
	}
	for _, version := range []string{string(text), full} {
		loaded, err := config.Parse("handoff.example.yaml", []byte(version), config.Options{Registry: all.Vendors(), HTTP: httpx.Offline(), Lookup: lookup})
		require.NoError(t, err)
		require.Len(t, loaded.Connections, 2)
		require.Equal(t, "landbot-shop", loaded.Routes[0].Channel.Name)
		require.Equal(t, "livechat-support", loaded.Routes[0].Desks[0].Name)
	}
}

func TestTheExampleOfTheEnvironmentIsUpToDate(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Read by the gateway and the worker of docker-compose.yml. Copy to handoff.env, which git ignores.\n")
	for _, v := range config.Variables() {
		fmt.Fprintf(&b, "\n# %s.\n", strings.ToUpper(v.Doc[:1])+v.Doc[1:])
		if v.Name == "HANDOFF_API_TOKEN" {
			b.WriteString("# For example: openssl rand -hex 24\n" + v.Name + "=\n")
			continue
		}
		fmt.Fprintf(&b, "# %s=%s\n", v.Name, v.Default)
	}
	b.WriteString("\n# What handoff.example.yaml names as ${...}: the vendors' tokens and secrets. Names must not begin with HANDOFF_.\n")
	for _, name := range referenced(t) {
		b.WriteString(name + "=\n")
	}
	golden(t, "../../handoff.env.example", b.String())
}

func TestThePublishedSchemaIsUpToDate(t *testing.T) {
	code, stdout, stderr := func() (int, string, string) {
		var out, errs output
		code := run(t.Context(), []string{"schema"}, &out, &errs)
		return code, out.String(), errs.String()
	}()
	require.Equal(t, exitOK, code, stderr)
	want, err := os.ReadFile(schemaFile)
	require.NoError(t, err)
	require.Equal(t, string(want), stdout, "write it anew with: go generate ./cmd/handoff")
}

func TestThePublishedSchemaTakesTheExample(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile(schemaFile)
	require.NoError(t, err)
	text, err := os.ReadFile(exampleFile)
	require.NoError(t, err)
	var value any
	require.NoError(t, yaml.Unmarshal(text, &value))
	require.NoError(t, schema.Validate(value))
	value.(map[string]any)["routes"].(map[string]any)["shop"].(map[string]any)["dask"] = "livechat-support"
	var refused *jsonschema.ValidationError
	require.ErrorAs(t, schema.Validate(value), &refused)
}
