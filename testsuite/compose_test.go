package testsuite_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/handoff-engine/handoff/config"
	"github.com/handoff-engine/handoff/testsuite/compose"
	"github.com/handoff-engine/handoff/testsuite/process"
)

// There is no container engine on most machines that run these tests. They read docker-compose.yml and hold it against
// the code: what a person would only notice at the first `docker compose up`. Package postgres runs what it says.

func readCompose(t *testing.T) compose.File {
	t.Helper()
	file, err := compose.Read(filepath.Join(root(t), "docker-compose.yml"))
	require.NoError(t, err)
	require.NotEmpty(t, file.Services)
	return file
}

func text(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root(t), name))
	require.NoError(t, err)
	return string(content)
}

func TestComposeStartsServicesInAnOrderThatWorks(t *testing.T) {
	file := readCompose(t)
	for name, service := range file.Services {
		for needed, how := range service.DependsOn {
			other, exists := file.Services[needed]
			require.True(t, exists, "%s waits for %s, which is no service", name, needed)
			if other.OneShot() {
				require.Equal(t, "service_completed_successfully", how.Condition, "%s waits for %s", name, needed)
			} else {
				require.Equal(t, "service_healthy", how.Condition, "%s waits for %s", name, needed)
			}
		}
	}
	require.Contains(t, file.Services["temporal"].DependsOn, "temporal-schema")
	require.Contains(t, file.Services["temporal-schema"].DependsOn, "postgres")
	for _, role := range []string{"gateway", "worker"} {
		require.Contains(t, file.Services[role].DependsOn, "temporal-namespace", "without search attributes no ticket is found")
	}
}

func TestComposeAsksEachLastingServiceForItsHealth(t *testing.T) {
	for name, service := range readCompose(t).Services {
		if service.OneShot() {
			require.Nil(t, service.Healthcheck, name)
			continue
		}
		require.NotNil(t, service.Healthcheck, name)
		require.NotEmpty(t, service.Healthcheck.Test, name)
		require.Equal(t, "unless-stopped", service.Restart, name)
	}
}

func TestComposePinsEachImageByNumber(t *testing.T) {
	number := regexp.MustCompile(`^[a-z/-]+:\d+\.\d+(\.\d+)?$`)
	for name, service := range readCompose(t).Services {
		require.Regexp(t, number, service.Image, name)
	}
}

// The embedded server and the one in containers must speak of the same schema.
func TestComposeRunsTheTemporalReleaseThatStandaloneEmbeds(t *testing.T) {
	release := regexp.MustCompile(`go\.temporal\.io/server v(\d+\.\d+)\.`).FindStringSubmatch(text(t, "standalone/go.mod"))
	require.Len(t, release, 2)
	file := readCompose(t)
	for _, name := range []string{"temporal", "temporal-schema"} {
		require.Contains(t, file.Services[name].Image, ":"+release[1]+".", name)
	}
}

func TestComposeHoldsNoSecret(t *testing.T) {
	secret := regexp.MustCompile(`(?i)(password|pwd|token|secret|api_?key)`)
	for name, service := range readCompose(t).Services {
		for key, value := range service.Environment {
			if secret.MatchString(key) {
				require.Regexp(t, `^\$\{[A-Z_]+:\?.+\}$`, value, "%s: %s", name, key)
			}
		}
	}
	for _, example := range []string{".env.example", "handoff.env.example"} {
		for line := range strings.Lines(text(t, example)) {
			key, value, assignment := strings.Cut(strings.TrimSpace(line), "=")
			if assignment && !strings.HasPrefix(line, "#") {
				require.Empty(t, value, "%s: %s", example, key)
			}
		}
	}
	ignored := text(t, ".gitignore")
	for _, name := range []string{".env", "handoff.env", "handoff.yaml"} {
		require.Regexp(t, `(?m)^/?`+regexp.QuoteMeta(name)+`$`, ignored, name)
	}
}

func TestComposePublishesOnThisMachineOnly(t *testing.T) {
	for name, service := range readCompose(t).Services {
		for _, port := range service.Ports {
			require.True(t, strings.HasPrefix(port, "127.0.0.1:"), "%s: %s", name, port)
		}
		if service.Ours() {
			require.True(t, service.ReadOnly, name)
			require.Equal(t, []string{"ALL"}, service.CapDrop, name)
		}
	}
	require.Equal(t, []string{"store"}, readCompose(t).Services["postgres"].Networks)
}

func TestComposeNamesOnlyWhatItDefines(t *testing.T) {
	file := readCompose(t)
	for name, service := range file.Services {
		for _, network := range service.Networks {
			require.Contains(t, file.Networks, network, name)
		}
		for _, c := range service.Configs {
			require.Contains(t, file.Configs, c.Source, name)
		}
	}
	require.Contains(t, file.Volumes, "postgres")
	var dynamic map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(file.Configs["temporal-dynamic"].Content), &dynamic))
	require.NotEmpty(t, dynamic)
}

func TestComposeMakesTheNamespaceThatGatewayAndWorkerUse(t *testing.T) {
	file := readCompose(t)
	maker := file.Services["temporal-namespace"]
	require.True(t, maker.Ours())
	require.Equal(t, "namespace", maker.Command[0])
	for _, role := range []string{"gateway", "worker"} {
		for _, key := range []string{"TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE"} {
			require.NotEmpty(t, maker.Environment[key], key)
			require.Equal(t, maker.Environment[key], file.Services[role].Environment[key], "%s of %s", key, role)
		}
	}
}

// A variable with handoff's prefix that handoff does not know stops it at the start.
func TestComposeGivesHandoffOnlySettingsItKnows(t *testing.T) {
	var known []string
	for _, variable := range config.Variables() {
		known = append(known, variable.Name)
	}
	for name, service := range readCompose(t).Services {
		for _, key := range slices.Sorted(maps.Keys(service.Environment)) {
			if strings.HasPrefix(key, "HANDOFF_") {
				require.True(t, service.Ours(), name)
				require.Contains(t, known, key, name)
			}
		}
	}
	for _, match := range regexp.MustCompile(`(?m)^#?\s?(HANDOFF_\w+)=`).FindAllStringSubmatch(text(t, "handoff.env.example"), -1) {
		require.Contains(t, known, match[1])
	}
}

// The container has no shell that would say what is wrong with a command.
func TestComposeCallsCommandsThatHandoffHas(t *testing.T) {
	binary, err := process.Build(t.Context(), process.Handoff)
	require.NoError(t, err)
	for name, service := range readCompose(t).Services {
		if !service.Ours() {
			continue
		}
		commands := [][]string{service.Command}
		if !service.OneShot() {
			require.Equal(t, []string{"CMD", "/handoff"}, service.Healthcheck.Test[:2], name)
			commands = append(commands, service.Healthcheck.Test[2:])
		}
		for _, words := range commands {
			require.NotEmpty(t, words, name)
			out, err := exec.CommandContext(t.Context(), binary, append(words, "--help")...).CombinedOutput()
			require.NoError(t, err, "%s: handoff %s: %s", name, strings.Join(words, " "), out)
		}
	}
}
