package testsuite_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestImageIsBuiltWithTheModulesGo(t *testing.T) {
	version := regexp.MustCompile(`(?m)^go (\S+)$`).FindStringSubmatch(text(t, "go.mod"))
	require.Len(t, version, 2)
	require.Contains(t, text(t, "Dockerfile"), "FROM golang:"+version[1]+"-")
}

// The workspace would bring the Temporal server of standalone/ into the image.
func TestImageHoldsOneStaticBinaryAndNoRoot(t *testing.T) {
	file := text(t, "Dockerfile")
	require.Contains(t, file, "GOWORK=off CGO_ENABLED=0 go build")
	stages := strings.Split(file, "\nFROM ")
	last := stages[len(stages)-1]
	require.Contains(t, last, ":nonroot")
	require.Contains(t, last, "USER nonroot")
	require.Equal(t, 1, strings.Count(last, "COPY"), last)
	require.NotContains(t, last, "RUN")
}

func TestImageIsBuiltWithoutSecrets(t *testing.T) {
	require.NotRegexp(t, `(?i)(ARG|ENV)\s+\S*(token|secret|password)`, text(t, "Dockerfile"))
	ignored := strings.Split(text(t, ".dockerignore"), "\n")
	for _, name := range []string{".env", "*.env", "handoff.yaml", ".git", ".handoff"} {
		require.Contains(t, ignored, name)
	}
}
