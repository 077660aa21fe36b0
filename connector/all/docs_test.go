package all_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/handoff-engine/handoff/config"
	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/all"
	"github.com/handoff-engine/handoff/connector/httpx"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
)

const page = "../../docs/connectors.md"

// TestTheListOfConnectorsIsUpToDate makes docs/connectors.md from the connectors themselves, each opened as its README's
// example has it. So the examples are proven to work, too.
//
//	go test ./connector/all -run UpToDate -update
func TestTheListOfConnectorsIsUpToDate(t *testing.T) {
	var opened []connector.Connector
	for _, f := range all.Vendors().Factories() {
		opened = append(opened, open(t, f.Vendor))
	}
	made := connectorsPage(opened, fates(t))
	if connectortest.Updating() {
		require.NoError(t, os.WriteFile(page, []byte(made), 0o644))
	}
	kept, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Equal(t, made, string(kept), "write it anew with: go test ./connector/all -run UpToDate -update")
}

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// open opens a vendor's connector as the first example of its README has it.
func open(t *testing.T, vendor string) connector.Connector {
	t.Helper()
	readme, err := os.ReadFile(filepath.Join("..", vendor, "README.md"))
	require.NoError(t, err)
	for _, block := range yamlBlock.FindAllSubmatch(readme, -1) {
		var file struct {
			Connections map[string]map[string]any `yaml:"connections"`
		}
		if yaml.Unmarshal(block[1], &file) != nil {
			continue
		}
		for name, keys := range file.Connections {
			if keys["vendor"] == vendor {
				return openExample(t, name, keys)
			}
		}
	}
	require.Failf(t, "no example", "connector/%s/README.md has no ```yaml block with connections: … vendor: %s", vendor, vendor)
	return nil
}

func openExample(t *testing.T, name string, keys map[string]any) connector.Connector {
	t.Helper()
	data, err := yaml.Marshal(map[string]any{
		"connections": map[string]any{
			name:     keys,
			"beside": map[string]any{"vendor": "memory", "base_url": "http://127.0.0.1:9000", "secret": "${SECRET}"},
		},
		"routes": map[string]any{"beside": map[string]any{"channel": "beside", "desk": "beside"}},
	})
	require.NoError(t, err)
	loaded, err := config.Parse(name, data, config.Options{
		Registry: all.Vendors(), HTTP: httpx.Offline(), PublicURL: "https://handoff.example.com",
		// Long enough, plain enough and base64 enough for every vendor's secrets.
		Lookup: func(string) (string, bool) { return "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0", true },
	})
	require.NoError(t, err)
	for _, c := range loaded.Connections {
		if c.Name == name {
			return c.Connector
		}
	}
	require.Failf(t, "not opened", "connection %s", name)
	return nil
}

// connectorsPage writes the tables.
func connectorsPage(opened []connector.Connector, fates string) string {
	var b strings.Builder
	b.WriteString("# Connectors\n\nMade by `go test ./connector/all -run UpToDate -update`; what a word means is below the tables.\n\n")
	b.WriteString("## Sides and promises\n\n| vendor | sides | to the customer | to the agents | opening a ticket | longest text | calls a second | redelivers for |\n|---|---|---|---|---|---|---|---|\n")
	for _, c := range opened {
		traits, sides := c.Traits(), connector.SidesOf(c)
		promise := func(side string, i connector.Idempotency) string {
			if !slices.Contains(sides, side) {
				return ""
			}
			return i.String()
		}
		_, _ = fmt.Fprintf(&b, "| [%s](../connector/%s/README.md) | %s | %s | %s | %s | %s | %s | %s |\n", c.Name(), c.Name(), strings.Join(sides, ", "),
			promise("channel", traits.Deliver), promise("desk", traits.Post), promise("desk", traits.Open),
			orNone(traits.MaxText), orNone(traits.CallsPerSecond), span(traits.Redelivery))
	}
	b.WriteString("\n## Abilities\n\n| ability |")
	for _, c := range opened {
		_, _ = fmt.Fprintf(&b, " %s |", c.Name())
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(opened)) + "\n")
	for _, ability := range connector.Capabilities() {
		_, _ = fmt.Fprintf(&b, "| %s |", ability)
		for _, c := range opened {
			mark := ""
			if slices.Contains(connector.CapabilitiesOf(c), ability) {
				mark = "yes"
			}
			_, _ = fmt.Fprintf(&b, " %s |", mark)
		}
		b.WriteString("\n")
	}
	b.WriteString(fates)
	b.WriteString(pairs(opened))
	b.WriteString(`
## Words

- **by key**: the vendor takes our key and does the call once. **by look-up**: an earlier call is found before it is repeated.
  **at least once**: a call of unknown outcome may take place twice; it is marked, and repeated or held by the route's
  ` + "`on_unknown_send`" + `.
- **longest text** is in characters; longer texts are split between words, or between characters.
- What is done where an ability is missing stands in ` + "[activities/fallback.go](../activities/fallback.go)" + `; what a route cannot do for that
  reason is said by ` + "`handoff check`" + `.
`)
	return b.String()
}

func orNone[N int | float64](n N) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

func span(d time.Duration) string {
	if d == 0 {
		return ""
	}
	s := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(s, zero) {
			s = s[:len(s)-2]
		}
	}
	return s
}
