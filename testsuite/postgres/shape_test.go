package postgres_test

import (
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.yaml.in/yaml/v3"

	"github.com/handoff-engine/handoff/testsuite/compose"
	"github.com/handoff-engine/handoff/testsuite/process"
	"github.com/handoff-engine/handoff/testsuite/system"
)

// password is the database's, as .env would have it.
const password = "db-c4n4ry-7d20"

// shape is what docker-compose.yml says, on this machine.
type shape struct {
	t        *testing.T
	file     compose.File
	root     string
	dir      string
	database *cluster
	// temporal is the server's port.
	temporal int
}

// newShape starts the database, as the file's service does, and waits until its health check is content.
func newShape(t *testing.T) *shape {
	t.Helper()
	root, err := process.Root(t.Context())
	require.NoError(t, err)
	file, err := compose.Read(filepath.Join(root, "docker-compose.yml"))
	require.NoError(t, err)
	s := &shape{t: t, file: file, root: root, dir: t.TempDir()}
	service := s.service("postgres")
	require.Empty(t, service.Environment["POSTGRES_DB"], "the cluster is set up as the image does without")
	var args []string
	if len(service.Command) > 0 {
		require.Equal(t, "postgres", service.Command[0])
		args = service.Command[1:]
	}
	s.database = startCluster(t, service.Environment["POSTGRES_USER"], service.Environment["POSTGRES_PASSWORD"], args)
	require.Equal(t, "CMD-SHELL", service.Healthcheck.Test[0])
	system.Eventually(t, startWithin, "the health check of PostgreSQL is content", func() bool {
		_, err := s.shell([]string{"/bin/sh", "-c"}, service.Healthcheck.Test[1:], s.database.environment())
		return err == nil
	})
	return s
}

// service is a service of the file as Compose reads it.
func (s *shape) service(name string) compose.Service {
	s.t.Helper()
	service, exists := s.file.Services[name]
	require.True(s.t, exists, name)
	replace := func(value string) string {
		out, err := compose.Interpolate(value, map[string]string{"POSTGRES_PASSWORD": password})
		require.NoError(s.t, err)
		return out
	}
	environment := map[string]string{}
	for key, value := range service.Environment {
		environment[key] = replace(value)
	}
	service.Environment, service.Command = environment, slices.Clone(service.Command)
	for i, word := range service.Command {
		service.Command[i] = replace(word)
	}
	return service
}

// environment is a service's, except what is elsewhere on this machine.
func environment(service compose.Service, here map[string]string) []string {
	all := maps.Clone(service.Environment)
	maps.Copy(all, here)
	var env []string
	for _, key := range slices.Sorted(maps.Keys(all)) {
		env = append(env, key+"="+all[key])
	}
	return env
}

// shell runs a script to its end.
func (s *shape) shell(entrypoint, command, env []string) (string, error) {
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	words := slices.Concat(entrypoint, command)
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Dir, cmd.Env = s.dir, env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// makeSchema runs the file's own script with Temporal's own tool and schema.
func (s *shape) makeSchema() string {
	s.t.Helper()
	service := s.service("temporal-schema")
	tool, err := process.Build(s.t.Context(), process.TemporalSQLTool)
	require.NoError(s.t, err)
	programs := filepath.Join(s.dir, "programs")
	require.NoError(s.t, os.MkdirAll(programs, 0o755))
	link := filepath.Join(programs, "temporal-sql-tool")
	if err := os.Symlink(tool, link); err != nil {
		require.ErrorIs(s.t, err, os.ErrExist)
	}
	// The image has the release's schema in this folder.
	const inImage = "/etc/temporal/schema/"
	script := service.Command[0]
	require.Contains(s.t, script, inImage)
	script = strings.ReplaceAll(script, inImage, s.release()+"/schema/")
	out, err := s.shell(service.Entrypoint, []string{script}, append(environment(service, map[string]string{
		"SQL_HOST": "127.0.0.1", "SQL_PORT": strconv.Itoa(s.database.port),
	}), "PATH="+programs+":"+os.Getenv("PATH")))
	require.NoError(s.t, err, out)
	return out
}

// release is the folder of the module of the Temporal server.
func (s *shape) release() string {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "go.temporal.io/server")
	cmd.Dir = s.root
	out, err := cmd.Output()
	require.NoError(s.t, err)
	return strings.TrimSpace(string(out))
}

// server is the Temporal server with the settings of the file, on loopback and on ports of its own.
func (s *shape) server(port int) process.Spec {
	s.t.Helper()
	s.temporal = port
	service := s.service("temporal")
	settings := filepath.Join(s.dir, "dynamic.yaml")
	require.Equal(s.t, service.Configs[0].Target, service.Environment["DYNAMIC_CONFIG_FILE_PATH"])
	content := s.file.Configs[service.Configs[0].Source].Content
	require.NoError(s.t, yaml.Unmarshal([]byte(content), &map[string]any{}))
	require.NoError(s.t, os.WriteFile(settings, []byte(content), 0o600))
	here := map[string]string{
		"POSTGRES_SEEDS": "127.0.0.1", "DB_PORT": strconv.Itoa(s.database.port), "BIND_ON_IP": "127.0.0.1",
		"DYNAMIC_CONFIG_FILE_PATH": settings, "FRONTEND_GRPC_PORT": strconv.Itoa(port),
	}
	for _, name := range []string{
		"FRONTEND_MEMBERSHIP", "FRONTEND_HTTP", "MATCHING_GRPC", "MATCHING_MEMBERSHIP",
		"HISTORY_GRPC", "HISTORY_MEMBERSHIP", "WORKER_GRPC", "WORKER_MEMBERSHIP",
	} {
		here[name+"_PORT"] = strconv.Itoa(system.FreePort(s.t))
	}
	path, err := process.Build(s.t.Context(), process.TemporalServer)
	require.NoError(s.t, err)
	return process.Spec{Path: path, Args: []string{"start"}, Env: environment(service, here), Ready: "Frontend is now healthy"}
}

// validSettings has the server itself read its dynamic settings: a key that it does not know is a warning.
func (s *shape) validSettings() {
	s.t.Helper()
	path, err := process.Build(s.t.Context(), process.TemporalServer)
	require.NoError(s.t, err)
	out, err := exec.CommandContext(s.t.Context(), path, "validate-dynamic-config", filepath.Join(s.dir, "dynamic.yaml")).CombinedOutput()
	require.NoError(s.t, err, string(out))
	require.NotContains(s.t, string(out), "error:")
	require.NotContains(s.t, string(out), "warning:")
}

// namespace makes another namespace with the file's command, and gives a client for it.
func (s *shape) namespace(name string) client.Client {
	s.t.Helper()
	path, err := process.Build(s.t.Context(), process.Handoff)
	require.NoError(s.t, err)
	service := s.service("temporal-namespace")
	where := "127.0.0.1:" + strconv.Itoa(s.temporal)
	out, err := s.shell([]string{path}, service.Command, environment(service, map[string]string{
		"TEMPORAL_ADDRESS": where, "TEMPORAL_NAMESPACE": name,
	}))
	require.NoError(s.t, err, out)
	c, err := client.Dial(client.Options{HostPort: where, Namespace: name})
	require.NoError(s.t, err)
	s.t.Cleanup(c.Close)
	return c
}

// start starts all the rest: Temporal, its namespace, two gateways behind a balancer, and two workers.
func (s *shape) start(options system.Options) *system.System {
	s.t.Helper()
	options.Temporal, options.Namespace = s.server, s.service("temporal-namespace").Command
	options.Gateways, options.Workers = 2, 2
	return system.Start(s.t, options)
}

// outage ends the database, has something done meanwhile, and starts it again.
func (s *shape) outage(signal syscall.Signal, meanwhile func()) time.Duration {
	s.t.Helper()
	s.database.end(signal)
	began := time.Now()
	meanwhile()
	s.database.start()
	return time.Since(began)
}
