package main

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"

	"github.com/handoff-engine/handoff/files"
	"github.com/handoff-engine/handoff/gateway"
	"github.com/handoff-engine/handoff/worker"
	"github.com/handoff-engine/handoff/workflows"
)

const serveHelp = `It runs until it is told to stop by Ctrl-C or SIGTERM, and then lets what is under way finish; a second Ctrl-C stops it
at once. While Temporal cannot be reached the gateway answers 503, so that vendors try again, and the worker waits.`

func gatewayCommand() command {
	return command{
		name: "gateway", summary: "listens for the vendors' webhooks and answers the /v1 API", help: serveHelp,
		setup: serveSetup(roles{gateway: true}),
	}
}

func workerCommand() command {
	return command{
		name: "worker", summary: "runs the conversations and calls the vendors", help: serveHelp,
		setup: serveSetup(roles{worker: true}),
	}
}

func allCommand() command {
	return command{
		name: "all", summary: "is gateway and worker in one process, for small sites", help: serveHelp,
		setup: serveSetup(roles{gateway: true, worker: true}),
	}
}

// roles are the parts that a process runs.
type roles struct{ gateway, worker bool }

func serveSetup(r roles) func(*program, *flag.FlagSet) func(context.Context, []string) error {
	return func(p *program, flags *flag.FlagSet) func(context.Context, []string) error {
		file := configFlag(flags)
		return func(ctx context.Context, args []string) error {
			if err := none(args); err != nil {
				return err
			}
			s, err := p.load(*file)
			if err != nil {
				return err
			}
			t, err := dial(s.logger)
			if err != nil {
				return err
			}
			defer t.Close()
			return serve(ctx, s, t, r)
		}
	}
}

// serve runs the roles until ctx ends or one of them fails, which ends the others.
func serve(ctx context.Context, s setup, t *temporal, r roles) error {
	s.logger.Info("starting", "gateway", r.gateway, "worker", r.worker, "file", s.file,
		"connections", len(s.loaded.Connections), "routes", len(s.loaded.Routes), "temporal", t.address, "namespace", t.namespace)
	stopping := context.AfterFunc(ctx, func() { s.logger.Info("stopping; a second signal stops at once") })
	defer stopping()
	conversations := workflows.NewClient(t, s.settings.TaskQueue, s.loaded.Routes)
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	opener, err := s.loaded.Files(s.settings, metrics)
	if err != nil {
		return fmt.Errorf("links to files: %w", err)
	}
	group, ctx := errgroup.WithContext(ctx)
	if r.gateway {
		group.Go(func() error { return runGateway(ctx, s, metrics, opener, conversations) })
	}
	if r.worker {
		sends := worker.NewSends(metrics)
		group.Go(func() error { return runWorker(ctx, s, t, worker.Config{Sends: sends, Files: opener}, conversations) })
	}
	if r.worker && !r.gateway && s.settings.MetricsListen != "" {
		group.Go(func() error { return serveMetrics(ctx, s.settings.MetricsListen, metrics, s.logger) })
	}
	err = group.Wait()
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	if err == nil {
		s.logger.Info("stopped")
	}
	return err
}

func runGateway(ctx context.Context, s setup, metrics *prometheus.Registry, opener *files.Opener, conversations *workflows.Client) error {
	server := gateway.New(gateway.Config{
		Listen: s.settings.Listen, MetricsListen: s.settings.MetricsListen, APIToken: s.settings.APIToken,
		TrustedProxies: s.settings.TrustedProxies, ShutdownWithin: s.settings.ShutdownGrace,
		Connections: s.connectors(), Files: opener, Logger: s.logger, Metrics: metrics,
	}, conversations, conversations)
	err := server.Run(ctx, func(address string) {
		s.logger.Info("gateway listens", "address", address, "metrics", s.settings.MetricsListen)
		if len(s.settings.APIToken) == 0 {
			s.logger.Info("without HANDOFF_API_TOKEN, /v1 answers on loopback only")
		}
		if links, _ := s.settings.Links(); links == nil {
			s.logger.Info("without HANDOFF_PUBLIC_URL, and HANDOFF_FILES_SECRET or a long HANDOFF_API_TOKEN, there are no links to files")
		}
	})
	if err != nil {
		return fmt.Errorf("gateway: %w", err)
	}
	return nil
}

func runWorker(ctx context.Context, s setup, t *temporal, config worker.Config, conversations *workflows.Client) error {
	if err := t.wait(ctx, s.logger); err != nil {
		return err
	}
	if err := t.prepare(ctx, s.logger); err != nil {
		return err
	}
	s.logger.Info("worker polls", "task_queue", s.settings.TaskQueue)
	config.TaskQueue, config.Connections, config.Logger = s.settings.TaskQueue, s.workerConnections(), s.logger
	config.PublicURL = s.settings.PublicURL
	err := worker.Run(ctx, config, t.Client, conversations)
	if err != nil {
		return fmt.Errorf("worker: %w", err)
	}
	return nil
}
