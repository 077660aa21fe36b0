package postgres_test

import (
	"context"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/testsuite/process"
	"github.com/handoff-engine/handoff/testsuite/system"
)

// startWithin bounds a start of PostgreSQL, recovery after a crash included.
const startWithin = 30 * time.Second

// cluster is a PostgreSQL server of our own, set up as its container image does: one superuser with a password, and a
// database of the superuser's name.
type cluster struct {
	port           int
	user, password string
	args           []string

	t        *testing.T
	programs string
	dir      string
	owner    *syscall.Credential
	process  *process.Process
}

// startCluster starts a new cluster; args are those of the container's command.
func startCluster(t *testing.T, name, password string, args []string) *cluster {
	t.Helper()
	c := &cluster{port: system.FreePort(t), user: name, password: password, args: args, t: t, programs: programs(t), owner: unprivileged(t)}
	var err error
	// Not the test's own folder: nobody else may enter that.
	c.dir, err = os.MkdirTemp("", "handoff-postgres")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(c.dir)) })
	secret := filepath.Join(c.dir, "password")
	require.NoError(t, os.WriteFile(secret, []byte(password), 0o600))
	if c.owner != nil {
		for _, path := range []string{c.dir, secret} {
			require.NoError(t, os.Chown(path, int(c.owner.Uid), int(c.owner.Gid)))
		}
	}
	c.run("initdb", "--pgdata=data", "--username="+name, "--pwfile="+secret, "--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions")
	c.start()
	t.Cleanup(func() { c.end(syscall.SIGQUIT) }) // it takes its processes with it
	c.run("createdb", name)
	return c
}

// programs finds PostgreSQL's programs. Debian keeps those of the server out of PATH.
func programs(t *testing.T) string {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	require.NoError(t, err)
	if len(found) > 0 {
		slices.Sort(found)
		return filepath.Dir(found[len(found)-1])
	}
	path, err := exec.LookPath("initdb")
	require.NoError(t, err, "PostgreSQL is not installed: apt-get install postgresql")
	return filepath.Dir(path)
}

// unprivileged is whom PostgreSQL runs as: it refuses to be root.
func unprivileged(t *testing.T) *syscall.Credential {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	who, err := user.Lookup("postgres")
	if err != nil {
		who, err = user.Lookup("nobody")
	}
	require.NoError(t, err)
	uid, err := strconv.ParseUint(who.Uid, 10, 32)
	require.NoError(t, err)
	gid, err := strconv.ParseUint(who.Gid, 10, 32)
	require.NoError(t, err)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// environment is what PostgreSQL's own clients are given.
func (c *cluster) environment() []string {
	return append(os.Environ(), "PGHOST=127.0.0.1", "PGPORT="+strconv.Itoa(c.port), "PGUSER="+c.user, "PGPASSWORD="+c.password,
		"PATH="+c.programs+":"+os.Getenv("PATH"))
}

// run runs one of PostgreSQL's programs to its end.
func (c *cluster) run(name string, args ...string) string {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(c.programs, name), args...)
	cmd.Dir, cmd.Env = c.dir, c.environment()
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.owner}
	out, err := cmd.CombinedOutput()
	require.NoError(c.t, err, string(out))
	return string(out)
}

// start starts the server. After a kill the processes that served its clients may hold the memory that they shared for a
// moment longer; a container would be started again, too.
func (c *cluster) start() {
	c.t.Helper()
	spec := process.Spec{
		Path: filepath.Join(c.programs, "postgres"), Dir: c.dir, User: c.owner, Within: startWithin,
		Args: append([]string{
			"-D", "data", "-p", strconv.Itoa(c.port),
			"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=" + c.dir,
		}, c.args...),
		Ready: "database system is ready to accept connections",
	}
	var err error
	system.Eventually(c.t, startWithin, "PostgreSQL is up", func() bool {
		c.process, err = process.Start(c.t.Context(), spec)
		if err != nil {
			c.t.Logf("PostgreSQL did not start: %v", err)
		}
		return err == nil
	})
}

// end ends the server: SIGKILL as a power cut would, SIGQUIT at once and without a checkpoint. Either way it has to recover.
func (c *cluster) end(signal syscall.Signal) {
	c.t.Helper()
	_ = syscall.Kill(c.process.Pid(), signal)
	<-c.process.Done()
}

// room is how many connections the server has for clients that are not superusers.
func (c *cluster) room() int {
	c.t.Helper()
	out := c.run("psql", "--no-psqlrc", "--tuples-only", "--no-align", "--dbname="+c.user, "--command="+
		"select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int")
	n, err := strconv.Atoi(strings.TrimSpace(out))
	require.NoError(c.t, err)
	return n
}
