package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"

	"github.com/handoff-engine/handoff/standalone/embedded"
)

// runTemporal runs the Temporal server and its web UI alone, for a gateway and a worker that are processes of their
// own: `standalone temporal`. It is what the tests kill and start again.
func runTemporal(ctx context.Context, args []string, out, errs io.Writer) error {
	config := embedded.Config{Logger: slog.New(slog.NewTextHandler(errs, &slog.HandlerOptions{Level: slog.LevelWarn}))}
	flags := flag.NewFlagSet("standalone temporal", flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.StringVar(&config.DataDir, "data-dir", ".handoff", "`directory` of all data")
	flags.BoolVar(&config.InMemory, "memory", false, "keep nothing on disk")
	flags.IntVar(&config.Port, "temporal-port", 7233, "`port` of the Temporal server, 0 for any free one")
	flags.IntVar(&config.UIPort, "ui-port", 0, "`port` of the Temporal UI, 0 for none")
	flags.StringVar((*string)(&config.Sync), "sqlite-sync", string(embedded.SyncFull), "`full` survives a power failure, normal is faster and survives a kill")
	flags.IntVar(&config.ContinueAsNewAfter, "continue-as-new-after", 0, "suggest a new run after this many history `events`; 0 for the server's default of 4096")
	storeFaults := flags.Float64("store-faults", 0, "make this `share` of the store's writes fail, for tests")
	seed := flags.Int64("store-faults-seed", 1, "the `seed` of these failures")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *storeFaults > 0 {
		config.Faults = embedded.StoreFaults(*storeFaults, *seed)
	}
	config.NoUI = config.UIPort == 0
	server, err := embedded.Start(ctx, config)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, "temporal is ready at %s, namespace %s\n", server.Address(), server.Namespace()); err != nil {
		return err
	}
	<-ctx.Done()
	return server.Stop()
}
