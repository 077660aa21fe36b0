package compose_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/testsuite/compose"
)

func TestInterpolateReplacesWhatComposeReplaces(t *testing.T) {
	env := map[string]string{"POSTGRES_PASSWORD": "s3cret"}
	for value, want := range map[string]string{
		"${POSTGRES_PASSWORD:?write it}":              "s3cret",
		`for p in a:b; do echo "$${p%%:*} $$x"; done`: `for p in a:b; do echo "${p%%:*} $x"; done`,
		"5432": "5432",
	} {
		got, err := compose.Interpolate(value, env)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, err := compose.Interpolate("${POSTGRES_PASSWORD:?write it}", nil)
	require.EqualError(t, err, "not set in .env: POSTGRES_PASSWORD")
}
