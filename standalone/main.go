// Standalone is the whole system in one process: a Temporal server with its web
// UI, the gateway, the worker, and a playground with a customer's and an agent's
// page. It keeps everything in one directory and needs nothing else.
//
//	go run ./standalone
//
// It is for evaluation, demos and small sites. For production see cmd/handoff.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/handoff-engine/handoff/config"
	"github.com/handoff-engine/handoff/standalone/embedded"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ctx.Done()
		stop() // a second Ctrl-C ends the process at once
	}()
	if len(os.Args) > 1 && os.Args[1] == "temporal" {
		if err := runTemporal(ctx, os.Args[2:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
			fail(err)
		}
		return
	}
	settings, err := config.ReadSettings(os.Environ())
	if err != nil {
		fail(err)
	}
	opts, err := parse(os.Args[1:], settings, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		os.Exit(2)
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: opts.logLevel}))
	if err := run(ctx, opts, logger, func(s started) { banner(os.Stdout, s) }); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "standalone:", err)
	os.Exit(1)
}

// options are what the command line and the environment say.
type options struct {
	config   string // empty means the playground
	dataDir  string
	listen   string
	settings config.Settings
	temporal embedded.Config
	logLevel slog.Level
}

// parse reads the command line. The gateway's own settings come from the same
// HANDOFF_ variables as in production; flags win.
func parse(args []string, settings config.Settings, out io.Writer) (options, error) {
	o := options{settings: settings, logLevel: settings.LogLevel}
	if os.Getenv("HANDOFF_LOG_LEVEL") == "" {
		o.logLevel = slog.LevelWarn // the terminal is for the addresses, and for what goes wrong
	}
	flags := flag.NewFlagSet("standalone", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.StringVar(&o.config, "config", os.Getenv("HANDOFF_CONFIG"), "routes `file`; without one, a playground with a shop and a desk")
	flags.StringVar(&o.dataDir, "data-dir", ".handoff", "`directory` of all data: conversations survive a restart")
	flags.StringVar(&o.listen, "listen", settings.Listen, "`address` of webhooks, API and playground")
	flags.IntVar(&o.temporal.Port, "temporal-port", 7233, "`port` of the Temporal server, 0 for any free one")
	flags.IntVar(&o.temporal.UIPort, "ui-port", 8233, "`port` of the Temporal UI, 0 for any free one")
	flags.StringVar((*string)(&o.temporal.Sync), "sqlite-sync", string(embedded.SyncFull), "`full` survives a power failure, normal is faster and survives a kill")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		err := fmt.Errorf("unknown argument %q: everything is a flag, see --help", flags.Arg(0))
		fmt.Fprintln(out, "standalone:", err)
		return o, err
	}
	if os.Getenv("HANDOFF_METRICS_LISTEN") == "" {
		o.settings.MetricsListen = "" // two demos on one machine must not fight for a port that nobody asked for
	}
	o.temporal.DataDir = o.dataDir
	return o, nil
}
