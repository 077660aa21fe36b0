// Package system runs the whole of handoff as it is run in production, between strict fakes of Landbot and LiveChat: the
// Temporal server, the gateway and the worker as processes that can be killed, and real HTTP on loopback between all of
// them. The fakes are in the test's own process, so what each side saw is known whatever dies.
package system

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/handoff-engine/handoff/testsuite/fake"
	"github.com/handoff-engine/handoff/testsuite/fake/landbot"
	"github.com/handoff-engine/handoff/testsuite/fake/livechat"
	"github.com/handoff-engine/handoff/testsuite/process"
)

// Options say how the system is set up. The zero value is three processes with the default policy.
type Options struct {
	// Together runs everything in the one standalone process.
	Together bool
	// Policy is the route's policy, as YAML in one line.
	Policy string
	// Routes writes the whole of handoff.yaml, where the customers are not at Landbot; nil means from Landbot to LiveChat.
	Routes func(s *System) string
	// Landbot and LiveChat set up the fakes.
	Landbot  landbot.Options
	LiveChat livechat.Options
	// Temporal says how to run another Temporal server than standalone's at a port, and Namespace is handoff's command that
	// makes its namespace.
	Temporal  func(port int) process.Spec
	Namespace []string
	// TemporalFlags are added to the Temporal server's command line.
	TemporalFlags []string
	// Env is more environment of the processes.
	Env []string
	// Gateways is how many gateway processes run, behind a load balancer if more than one; 0 means one.
	Gateways int
	// Workers is how many worker processes run; 0 means one.
	Workers int
}

// System is a running system.
type System struct {
	Landbot  *landbot.Server
	LiveChat *livechat.Server
	// Outboxes send the fakes' webhooks: Settled waits for them. Tests with other fakes add theirs.
	Outboxes []*fake.Outbox
	// LandbotGate and LiveChatGate hold calls to the fakes.
	LandbotGate, LiveChatGate *Gate
	// LandbotURL and LiveChatURL are where the fakes are.
	LandbotURL, LiveChatURL string
	// URL is the base address of the gateway or of the balancer before them, and MetricsURL that of the first one's metrics.
	URL, MetricsURL string
	// Line is between the gateway and Temporal; nil when they are one process.
	Line *Proxy
	// Temporal looks into the server.
	Temporal client.Client

	t       testing.TB
	options Options
	dir     string
	ports   ports
	parts   map[Part]*part
}

// ports are where the processes listen, before and after they are killed. Public is the gateway's own, or the balancer's.
type ports struct {
	public, metrics, temporal, line, ui int
	gateways                            map[Part]gatewayPorts
}

type gatewayPorts struct{ listen, metrics int }

// Start starts everything, registers our webhooks at the fakes, and returns when all of it serves. Everything is killed
// when the test ends.
func Start(t testing.TB, options Options) *System {
	t.Helper()
	if options.Policy == "" {
		options.Policy = "{}"
	}
	options.Gateways, options.Workers = max(options.Gateways, 1), max(options.Workers, 1)
	if options.Landbot.TimeScale == 0 {
		// The vendor's 75 seconds of repeats become 7.5.
		options.Landbot.TimeScale = 0.1
	}
	if options.LiveChat.HookScale == 0 {
		options.LiveChat.HookScale = 0.1
	}
	s := &System{t: t, options: options, dir: t.TempDir(), parts: map[Part]*part{}}
	s.choosePorts()
	s.URL, s.MetricsURL = "http://"+address(s.ports.public), "http://"+address(s.ports.gateways[Gateway].metrics)
	s.startFakes()
	require.NoError(t, os.WriteFile(s.file(), []byte(s.routesFile()), 0o600))
	t.Cleanup(s.stop)
	s.startParts()
	s.connect()
	s.subscribe()
	return s
}

func (s *System) choosePorts() {
	for _, p := range []*int{&s.ports.public, &s.ports.metrics, &s.ports.temporal, &s.ports.line, &s.ports.ui} {
		*p = FreePort(s.t)
	}
	s.ports.gateways = map[Part]gatewayPorts{Gateway: {listen: s.ports.public, metrics: s.ports.metrics}}
	if s.options.Gateways == 1 {
		return
	}
	for i := range s.options.Gateways {
		s.ports.gateways[GatewayNumber(i)] = gatewayPorts{listen: FreePort(s.t), metrics: FreePort(s.t)}
	}
}

func (s *System) file() string { return filepath.Join(s.dir, "handoff.yaml") }

func (s *System) startFakes() {
	s.Landbot = landbot.New(s.options.Landbot)
	s.LiveChat = livechat.New(s.options.LiveChat)
	s.Landbot.SetBlock(landbot.Block{URL: s.URL + "/webhooks/" + Channel + "/handoff", Token: HookToken})
	s.Outboxes = []*fake.Outbox{s.Landbot.Hooks(), s.Landbot.Blocks(), s.LiveChat.Hooks}
	s.LandbotGate, s.LiveChatGate = NewGate(s.Landbot), NewGate(s.LiveChat)
	channel, desk := httptest.NewServer(s.LandbotGate), httptest.NewServer(s.LiveChatGate)
	s.LandbotURL, s.LiveChatURL = channel.URL, desk.URL
	s.t.Cleanup(func() {
		s.Landbot.Close()
		s.LiveChat.Close()
		channel.CloseClientConnections()
		desk.CloseClientConnections()
		channel.Close()
		desk.Close()
	})
}

func (s *System) startParts() {
	if s.options.Together {
		s.StartPart(Standalone)
		return
	}
	s.StartPart(Temporal)
	if len(s.options.Namespace) > 0 {
		out, err := s.Run(s.t, s.options.Namespace...)
		require.NoError(s.t, err, out)
	}
	s.Line = startProxy(s.t, s.ports.line, address(s.ports.temporal))
	var gateways []int
	for i := range s.options.Gateways {
		s.StartPart(GatewayNumber(i))
		gateways = append(gateways, s.ports.gateways[GatewayNumber(i)].listen)
	}
	if len(gateways) > 1 {
		balance(s.t, s.ports.public, gateways)
	}
	for i := range s.options.Workers {
		s.StartPart(WorkerNumber(i))
	}
	s.UntilReady()
}

// connect opens our own look into Temporal.
func (s *System) connect() {
	var err error
	s.Temporal, err = client.NewLazyClient(client.Options{HostPort: address(s.ports.temporal), Logger: quiet{}})
	require.NoError(s.t, err)
	s.t.Cleanup(s.Temporal.Close)
}

// subscribe registers the webhooks as an operator does.
func (s *System) subscribe() {
	out, err := s.Run(s.t, "subscribe")
	require.NoError(s.t, err, out)
	if s.options.Routes == nil {
		require.NotEmpty(s.t, s.Landbot.HookURLs(landbot.DefaultChannelID))
	}
}

// stop kills what still runs and, after a failure, shows the ends of the logs.
func (s *System) stop() {
	for _, p := range s.parts {
		p.kill()
	}
	if !s.t.Failed() {
		return
	}
	for name, p := range s.parts {
		lines := strings.Split(p.log.String(), "\n")
		s.t.Logf("--- the last lines of %s\n%s", name, strings.Join(lines[max(0, len(lines)-25):], "\n"))
	}
}

// environment is what the processes are given: ours without what is meant for tests.
func (s *System) environment(more ...string) []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "HANDOFF_") && !strings.HasPrefix(v, "TEMPORAL_") {
			env = append(env, v)
		}
	}
	return append(append(env,
		"HANDOFF_CONFIG="+s.file(), "HANDOFF_API_TOKEN="+APIToken, "HANDOFF_PUBLIC_URL="+s.URL,
		"HANDOFF_LISTEN="+address(s.ports.public), "HANDOFF_LOG_LEVEL=DEBUG",
	), slices.Concat(s.options.Env, more)...)
}

// Output gives all that the processes have written.
func (s *System) Output() string {
	var b strings.Builder
	for _, p := range s.parts {
		b.WriteString(p.log.String())
	}
	return b.String()
}

// OutputOf gives what one process has written, through all its lives.
func (s *System) OutputOf(name Part) string { return s.parts[name].log.String() }

// binary builds a binary once.
func binary(t testing.TB, name string) string {
	t.Helper()
	started := time.Now()
	path, err := process.Build(t.Context(), name)
	require.NoError(t, err)
	if took := time.Since(started); took > 5*time.Second {
		t.Logf("building %s took %s", name, took.Round(time.Second))
	}
	return path
}

func option(name string, value int) string { return fmt.Sprintf("--%s=%s", name, strconv.Itoa(value)) }
