package scenario_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/testsuite/scenario"
)

func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			scenario.Run(t, file)
		})
	}
}

// BenchmarkStories measures one play of a story: a whole conversation, with the real workflow and the real activities.
func BenchmarkStories(b *testing.B) {
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(b, err)
	plays := 0
	for b.Loop() {
		for _, file := range files {
			story, err := scenario.Load(file, scenario.Options{})
			require.NoError(b, err)
			_, err = story.Tell()
			require.NoError(b, err)
			plays += scenario.Ways
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()*1000/float64(plays), "s/1000plays")
}
