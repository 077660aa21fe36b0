// Package compose reads docker-compose.yml, for tests that hold it against the code and for those that run what it says
// without a container engine.
package compose

import (
	"fmt"
	"os"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// File is docker-compose.yml.
type File struct {
	Services map[string]Service
	Configs  map[string]struct{ Content string }
	Networks map[string]any
	Volumes  map[string]any
}

// Service is one of its services.
type Service struct {
	Image       string
	Command     []string
	Entrypoint  []string
	Environment map[string]string
	EnvFile     []struct{ Path string }               `yaml:"env_file"`
	DependsOn   map[string]struct{ Condition string } `yaml:"depends_on"`
	Healthcheck *struct{ Test []string }
	Ports       []string
	Networks    []string
	Configs     []struct{ Source, Target string }
	Restart     string
	ReadOnly    bool     `yaml:"read_only"`
	CapDrop     []string `yaml:"cap_drop"`
}

// OneShot says whether the service does its work and exits.
func (s Service) OneShot() bool { return strings.HasPrefix(s.Restart, "on-failure") }

// Ours says whether the service runs the handoff binary.
func (s Service) Ours() bool { return strings.HasPrefix(s.Image, "handoff:") }

// Read reads the file as it is written.
func Read(path string) (File, error) {
	var file File
	content, err := os.ReadFile(path)
	if err != nil {
		return file, err
	}
	if err := yaml.Unmarshal(content, &file); err != nil {
		return file, fmt.Errorf("%s: %w", path, err)
	}
	return file, nil
}

// variable is what Compose replaces: $$ is a dollar, ${NAME:?message} is a variable that must be set.
var variable = regexp.MustCompile(`\$\$|\$\{([A-Z_]+):\?[^}]*\}`)

// Interpolate replaces what Compose replaces in a value, with the variables of .env.
func Interpolate(value string, env map[string]string) (string, error) {
	var missing []string
	out := variable.ReplaceAllStringFunc(value, func(found string) string {
		if found == "$$" {
			return "$"
		}
		name := variable.FindStringSubmatch(found)[1]
		if env[name] == "" {
			missing = append(missing, name)
		}
		return env[name]
	})
	if len(missing) > 0 {
		return "", fmt.Errorf("not set in .env: %s", strings.Join(missing, ", "))
	}
	return out, nil
}
