// Command bench measures handoff side by side with the bare Temporal loop (a workflow that receives a signal and runs
// one activity), in one run, on one server, with the same worker settings:
//
//	go run ./testsuite/bench -json FILE -store memory|file|ADDRESS
//
// Both sides are driven over HTTP and deliver to a vendor that does nothing. The sides take turns, so that a machine
// that is busy with something else disturbs both.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"

	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are the command's flags.
type options struct {
	json  string
	store string
	load  load
}

func run(ctx context.Context, args []string, out io.Writer) error {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&o.json, "json", "", "write the figures to this `FILE`")
	flags.StringVar(&o.store, "store", "file", "memory or file: an embedded server; else the `ADDRESS` of a running one")
	flags.IntVar(&o.load.rounds, "rounds", 3, "how often each side is measured; the medians are given")
	flags.IntVar(&o.load.lone, "lone", 100, "messages sent one at a time, in each round")
	flags.IntVar(&o.load.bursts, "bursts", 20, "bursts of ten, in each round")
	flags.IntVar(&o.load.conversations, "conversations", 64, "conversations under load")
	flags.IntVar(&o.load.senders, "senders", 32, "concurrent senders under load")
	flags.IntVar(&o.load.messages, "messages", 1500, "messages under load, in each round")
	if err := flags.Parse(args); err != nil {
		return err
	}
	host, namespace, stop, err := server(ctx, o.store)
	if err != nil {
		return err
	}
	defer stop()
	temporal, err := client.Dial(client.Options{
		HostPort: host, Namespace: namespace,
		Logger: sdklog.NewStructuredLogger(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))),
	})
	if err != nil {
		return fmt.Errorf("reaching Temporal at %s: %w", host, err)
	}
	defer temporal.Close()
	before := loadAverage()
	ours, bare, err := measure(ctx, temporal, o.load)
	if err != nil {
		return err
	}
	r := newReport(o, ours, bare, before)
	r.print(out)
	if o.json == "" {
		return nil
	}
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(o.json, append(data, '\n'), 0o644)
}
