package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"golang.org/x/sync/errgroup"

	"github.com/handoff-engine/handoff/config"
	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/all"
	"github.com/handoff-engine/handoff/files"
	"github.com/handoff-engine/handoff/gateway"
	"github.com/handoff-engine/handoff/standalone/embedded"
	"github.com/handoff-engine/handoff/standalone/playground"
	"github.com/handoff-engine/handoff/worker"
	"github.com/handoff-engine/handoff/workflows"
)

// started says where everything is, for the banner.
type started struct {
	baseURL, workflowsURL string
	temporalAddress       string
	dataDir               string
	playground            bool
	connections           []string
	took                  time.Duration
}

// run runs the whole system until ctx ends. Ready is called when all of it serves.
func run(ctx context.Context, o options, logger *slog.Logger, ready func(started)) (err error) {
	began := time.Now()
	listen, baseURL, err := chooseListen(ctx, o.listen)
	if err != nil {
		return err
	}
	loaded, err := load(o, baseURL, logger)
	if err != nil {
		return err
	}
	o.temporal.Logger = logger
	server, err := embedded.Start(ctx, o.temporal)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	temporal, err := client.DialContext(ctx, client.Options{
		HostPort: server.Address(), Namespace: server.Namespace(), Logger: sdklog.NewStructuredLogger(logger),
	})
	if err != nil {
		return fmt.Errorf("reaching the embedded Temporal server: %w", err)
	}
	defer temporal.Close()
	conversations := workflows.NewClient(temporal, o.settings.TaskQueue, loaded.Routes)
	metrics := prometheus.NewRegistry()
	opener, err := filesOf(o, baseURL, loaded, metrics)
	if err != nil {
		return err
	}
	gate := gateway.New(gateway.Config{
		Listen: listen, MetricsListen: o.settings.MetricsListen, APIToken: o.settings.APIToken,
		TrustedProxies: o.settings.TrustedProxies, ShutdownWithin: o.settings.ShutdownGrace,
		Connections: byName(loaded), Files: opener, Logger: logger, Metrics: metrics,
	}, conversations, conversations)

	s := startedOf(o, baseURL, server, loaded)
	group, ctx := errgroup.WithContext(ctx)
	if s.playground {
		p, err := openPlayground(o, s, conversations, logger)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, p.Close()) }()
		gate.Echo().Any(playground.Prefix+"*", echo.WrapHandler(p.Handler()))
		gate.Echo().GET("/", func(c echo.Context) error { return c.Redirect(http.StatusFound, playground.Prefix) })
		group.Go(func() error { p.Run(ctx); return nil })
	}
	work := workerConfig(o, loaded, logger)
	work.Sends, work.Files = worker.NewSends(metrics), opener
	group.Go(func() error { return worker.Run(ctx, work, temporal, conversations) })
	group.Go(func() error {
		return gate.Run(ctx, func(string) {
			s.took = time.Since(began)
			ready(s)
		})
	})
	return group.Wait()
}

// startedOf says what runs, and where.
func startedOf(o options, baseURL string, server *embedded.Server, loaded *config.Loaded) started {
	s := started{
		baseURL: baseURL, temporalAddress: server.Address(), dataDir: o.dataDir, playground: o.config == "",
		workflowsURL: server.UIURL() + "/namespaces/" + server.Namespace() + "/workflows",
	}
	for _, c := range loaded.Connections {
		s.connections = append(s.connections, c.Name)
	}
	return s
}

// chooseListen checks the address before anything is started, and replaces port 0
// by a free one, for others must know it. The base URL is how this machine
// reaches it.
func chooseListen(ctx context.Context, listen string) (address, baseURL string, err error) {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return "", "", fmt.Errorf("--listen=%s is no address: write one such as 127.0.0.1:8080", listen)
	}
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", listen)
	if err != nil {
		return "", "", fmt.Errorf("%s is taken or cannot be used: stop what listens there, or choose another address with --listen=<host:port>: %w", listen, err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err := errors.Join(err, l.Close()); err != nil {
		return "", "", fmt.Errorf("choosing an address: %w", err)
	}
	here := host
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		here = embedded.Host
	}
	return net.JoinHostPort(host, port), "http://" + net.JoinHostPort(here, port), nil
}

// load opens the connections of the routes file, or of the playground.
func load(o options, baseURL string, logger *slog.Logger) (*config.Loaded, error) {
	opts := config.Options{
		Registry: all.Vendors(), Logger: logger, PublicURL: o.settings.PublicURL, TaskQueue: o.settings.TaskQueue,
	}
	if o.config != "" {
		return config.Load(o.config, opts)
	}
	return loadPlayground(o, baseURL, opts)
}

// filesOf makes what opens attachments. Without settings its links lead to this machine, and are sealed with a secret that
// is kept with the data.
func filesOf(o options, baseURL string, loaded *config.Loaded, metrics *prometheus.Registry) (*files.Opener, error) {
	s := o.settings
	if s.PublicURL == "" {
		s.PublicURL = baseURL
	}
	if links, _ := s.Links(); links == nil && len(s.FilesSecret) == 0 {
		secret, err := keptSecret(o.dataDir, filesSecret)
		if err != nil {
			return nil, err
		}
		s.FilesSecret = connector.Secrets{connector.Secret(secret)}
	}
	return loaded.Files(s, metrics)
}

func byName(loaded *config.Loaded) map[string]connector.Connector {
	connections := make(map[string]connector.Connector, len(loaded.Connections))
	for _, c := range loaded.Connections {
		connections[c.Name] = c.Connector
	}
	return connections
}

func workerConfig(o options, loaded *config.Loaded, logger *slog.Logger) worker.Config {
	c := worker.Config{TaskQueue: o.settings.TaskQueue, Logger: logger}
	for _, x := range loaded.Connections {
		c.Connections = append(c.Connections, worker.Connection{
			Name: x.Name, Connector: x.Connector, Queue: x.Queue, AllowHosts: x.AllowHosts,
		})
	}
	return c
}
