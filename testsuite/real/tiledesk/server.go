package tiledesk

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/testsuite/process"
)

// Server is a running Tiledesk.
type Server struct {
	// URL is the root of its API.
	URL string

	chat, redis string // addresses of the chat engine's API and of Redis
	dir         string
	people      int
}

// Needed skips a test unless the real Tiledesk is asked for.
func Needed(t testing.TB) {
	t.Helper()
	if os.Getenv("TILEDESK_REAL") == "" {
		t.Skip("installs and runs the real Tiledesk: make tiledesk-real")
	}
}

// chatKey signs the tokens of the chat engine, and app is its name for the installation.
const (
	chatKey = "key-of-the-chat-engine"
	app     = "tilechat"
)

// Start installs Tiledesk if need be, and runs it until the test ends.
func Start(t testing.TB) *Server {
	t.Helper()
	Needed(t)
	dir, err := install(t.Context())
	require.NoError(t, err)
	s := &Server{dir: t.TempDir()}
	port := map[string]string{}
	for _, name := range []string{"tiledesk", "chat", "mongodb", "redis", "amqp", "erlang", "epmd"} {
		free, err := process.FreePort()
		require.NoError(t, err)
		port[name] = strconv.Itoa(free)
	}
	s.URL, s.chat, s.redis = "http://127.0.0.1:"+port["tiledesk"], "http://127.0.0.1:"+port["chat"], port["redis"]
	mongo := "mongodb://127.0.0.1:" + port["mongodb"] + "/"
	amqp := "amqp://guest:guest@127.0.0.1:" + port["amqp"] + "?heartbeat=60"

	s.run(t, process.Spec{Path: "redis-server", Dir: s.dir, Ready: "Ready to accept connections", Args: []string{
		"--bind", "127.0.0.1", "--port", port["redis"], "--save", "", "--appendonly", "no",
	}})
	s.run(t, process.Spec{Path: filepath.Join(dir, "ferretdb-server"), Dir: s.dir, Ready: "Listening on TCP", Args: []string{
		"--handler=sqlite", "--sqlite-url=file:" + s.dir + "/", "--listen-addr=127.0.0.1:" + port["mongodb"], "--debug-addr=-",
		"--state-dir=" + s.dir, "--telemetry=disable",
	}})
	s.run(t, process.Spec{Path: "epmd", Args: []string{"-address", "127.0.0.1", "-port", port["epmd"]}})
	untilListens(t, port["epmd"])
	s.run(t, process.Spec{Path: rabbitMQ, Dir: s.dir, Ready: "Starting broker... completed", Env: []string{
		"HOME=" + s.dir, "ERL_EPMD_ADDRESS=127.0.0.1", "ERL_EPMD_PORT=" + port["epmd"],
		"RABBITMQ_NODENAME=tiledesk-real-" + port["amqp"] + "@localhost", "RABBITMQ_NODE_IP_ADDRESS=127.0.0.1", "RABBITMQ_NODE_PORT=" + port["amqp"],
		"RABBITMQ_DIST_PORT=" + port["erlang"], "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1}",
		"RABBITMQ_MNESIA_BASE=" + s.dir, "RABBITMQ_LOG_BASE=" + s.dir, "RABBITMQ_ENABLED_PLUGINS_FILE=" + filepath.Join(s.dir, "plugins"),
		"RABBITMQ_CONFIG_FILE=" + filepath.Join(s.dir, "rabbitmq"), "RABBITMQ_PID_FILE=" + filepath.Join(s.dir, "pid"),
		// The broker is the process itself, not the child of a shell that would outlive it.
		"RUNNING_UNDER_SYSTEMD=1",
	}})

	node := func(folder, script, ready string, env ...string) {
		at := filepath.Join(dir, folder)
		s.run(t, process.Spec{
			Path: "node", Dir: at, Args: []string{"--require", filepath.Join(dir, "loopback.js"), script}, Ready: ready, Within: 2 * time.Minute,
			Env: append(env, "LOG_LEVEL=INFO", "APP_ROOT_PATH="+at, "NODE_ENV=production"),
		})
	}
	node("chat/node_modules/@chat21/chat21-server", "chatservermq.js", "binded queue: 'persist'",
		"APP_ID="+app, "MONGODB_URI="+mongo+"chat", "RABBITMQ_URI="+amqp, "WEBHOOK_ENABLED=true", "WEBHOOK_ENDPOINTS="+s.URL+"/chat21/requests")
	node("chat/node_modules/@chat21/chat21-http-server", "bin/www.js", "Server started.",
		"PORT="+port["chat"], "JWT_KEY="+chatKey, "MONGODB_URI="+mongo+"chat", "RABBITMQ_URI="+amqp, "PUSH_ENABLED=false", "CACHE_ENABLED=false")
	node("server/node_modules/@tiledesk/tiledesk-server", "bin/www", "Listening tiledesk-server",
		"PORT="+port["tiledesk"], "DATABASE_URI="+mongo+"tiledesk", "MONGODB_URI="+mongo+"tiledesk", "GLOBAL_SECRET=key-of-the-server",
		"RESTHOOK_ENABLED=true", "CHAT21_ENABLED=true", "CHAT21_ENGINE=mqtt", "CHAT21_URL="+s.chat, "CHAT21_APPID="+app,
		"CHAT21_JWT_SECRET="+chatKey, "CHAT21_ADMIN_TOKEN="+token(chatKey, map[string]any{"sub": "tiledesk", "app_id": app, "tiledesk_api_roles": "admin"}),
		"SYNC_CHAT21_GROUPS=true", "QUOTES_ENABLED=true", "CACHE_REDIS_HOST=127.0.0.1", "CACHE_REDIS_PORT="+port["redis"],
		"AMQP_MANAGER_URL="+amqp, "EMAIL_ENABLED=false", "DISABLE_SESSION_STRATEGY=true", "API_URL="+s.URL)
	return s
}

// run runs one of the processes. What it wrote is shown if the test fails.
func (s *Server) run(t testing.TB, spec process.Spec) {
	t.Helper()
	p, err := process.Start(t.Context(), spec)
	require.NoError(t, err)
	t.Cleanup(func() {
		p.Kill()
		if t.Failed() {
			lines := strings.Split(p.Output(), "\n")
			t.Logf("%s %s:\n%s", spec.Path, strings.Join(spec.Args, " "), strings.Join(lines[max(0, len(lines)-30):], "\n"))
		}
	})
}

func untilListens(t testing.TB, port string) {
	t.Helper()
	require.Eventually(t, func() bool {
		c, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	}, 10*time.Second, 20*time.Millisecond)
}

// token signs a JSON Web Token.
func token(key string, claims map[string]any) string {
	payload, _ := json.Marshal(claims)
	signed := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(payload)
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// Call makes a call, with a token or none, and gives the answer's status and body.
func Call(ctx context.Context, authorization, method, address string, body any) (int, []byte, error) {
	var content io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return 0, nil, err
		}
		content = bytes.NewReader(encoded)
	}
	r, err := http.NewRequestWithContext(ctx, method, address, content)
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	got, err := io.ReadAll(answer.Body)
	return answer.StatusCode, got, err
}

// must makes a call that must succeed, and decodes its answer.
func must(t testing.TB, authorization, method, address string, body, into any) {
	t.Helper()
	status, got, err := Call(t.Context(), authorization, method, address, body)
	require.NoError(t, err)
	require.Less(t, status, 300, "%s %s: %s", method, address, got)
	if into != nil {
		require.NoError(t, json.Unmarshal(got, into), string(got))
	}
}

// redisCLI runs a command of Redis, and gives the lines of its answer.
func (s *Server) redisCLI(t testing.TB, args ...string) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "redis-cli", append([]string{"-p", s.redis}, args...)...).Output()
	require.NoError(t, err)
	return strings.Fields(string(out))
}

// unique makes a name that no other in this server has.
func (s *Server) unique(name string) string {
	s.people++
	return fmt.Sprintf("%s-%d", name, s.people)
}
