package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/config"
)

// Whatever the file holds, it is read, or each of its mistakes has a line and a sentence that holds no secret.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/broken/*.yaml", "testdata/good/*.yaml"} {
		files, err := filepath.Glob(pattern)
		require.NoError(f, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(f, err)
			f.Add(text)
		}
	}
	f.Add([]byte("routes: &r {a: *r, b: {channel: *r, desk: &d [*d], policy: {ladder: *d}}}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		_, err := config.Parse("handoff.yaml", text, options())
		if err == nil {
			return
		}
		var mistakes config.Mistakes
		require.ErrorAs(t, err, &mistakes)
		lines := strings.Count(string(text), "\n") + 1
		for _, m := range mistakes {
			require.NotEmpty(t, m.Text)
			require.Positive(t, m.Line)
			require.LessOrEqual(t, m.Line, lines+strings.Count(string(text), "\r")+1)
			require.NotContains(t, m.String(), "t0p-secret")
		}
	})
}
