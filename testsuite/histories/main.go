// Command histories records golden histories: it plays stories against a real Temporal server and writes what the
// server recorded. The replay test proves that today's code still understands them.
//
//	go run ./testsuite/histories -out workflows/testdata/histories/rules-1
//
// Record a new folder for each new rules number, from the released code, and never change an old one.
package main

import (
	"compress/gzip"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"time"

	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/handoff-engine/handoff/testsuite/process"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	out := flag.String("out", "", "write the histories to this `DIRECTORY`")
	only := flag.String("only", "", "play only this `STORY`")
	flag.Parse()
	if err := run(ctx, *out, *only); err != nil {
		fmt.Fprintln(os.Stderr, "histories:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out, only string) error {
	if out == "" {
		return fmt.Errorf("say where with -out DIRECTORY")
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	temporal, stop, err := start(ctx)
	if err != nil {
		return err
	}
	defer stop()
	for _, s := range stories() {
		if only != "" && only != s.name {
			continue
		}
		ids, err := play(ctx, temporal, s)
		if err != nil {
			return fmt.Errorf("story %s: %w", s.name, err)
		}
		for _, id := range ids {
			if err := record(ctx, temporal, id, filepath.Join(out, s.name)); err != nil {
				return fmt.Errorf("story %s: %w", s.name, err)
			}
		}
	}
	return nil
}

// start starts a server whose runs are short, so that stories continue as new.
func start(ctx context.Context) (client.Client, func(), error) {
	path, err := process.Build(ctx, process.Standalone)
	if err != nil {
		return nil, nil, err
	}
	port, err := process.FreePort()
	if err != nil {
		return nil, nil, err
	}
	server, err := process.Start(ctx, process.Spec{Path: path, Ready: "temporal is ready", Args: []string{
		"temporal", "--memory", "--temporal-port", strconv.Itoa(port), "--continue-as-new-after", "120",
	}})
	if err != nil {
		return nil, nil, err
	}
	temporal, err := client.Dial(client.Options{
		HostPort: fmt.Sprintf("127.0.0.1:%d", port),
		Logger:   sdklog.NewStructuredLogger(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))),
	})
	if err != nil {
		server.Kill()
		return nil, nil, err
	}
	return temporal, func() {
		temporal.Close()
		_, _ = server.Interrupt(20 * time.Second)
	}, nil
}

// record writes the history of each run of a workflow's chain, newest last.
func record(ctx context.Context, temporal client.Client, id, prefix string) error {
	runs, err := chain(ctx, temporal, id)
	if err != nil {
		return err
	}
	for i, run := range runs {
		iter := temporal.GetWorkflowHistory(ctx, id, run, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		var history historypb.History
		for iter.HasNext() {
			event, err := iter.Next()
			if err != nil {
				return err
			}
			history.Events = append(history.Events, event)
		}
		data, err := temporalproto.CustomJSONMarshalOptions{Indent: " "}.Marshal(&history)
		if err != nil {
			return err
		}
		name := fmt.Sprintf("%s-%02d.json.gz", prefix, i+1)
		if err := writeGzip(name, data); err != nil {
			return err
		}
		fmt.Printf("%s: %d events\n", name, len(history.Events))
	}
	return nil
}

// chain gives the runs of a workflow in their order, each of which names the next in its last event.
func chain(ctx context.Context, temporal client.Client, id string) ([]string, error) {
	described, err := temporal.DescribeWorkflowExecution(ctx, id, "")
	if err != nil {
		return nil, err
	}
	run := described.GetWorkflowExecutionInfo().GetFirstRunId()
	var runs []string
	for run != "" {
		runs = append(runs, run)
		iter := temporal.GetWorkflowHistory(ctx, id, run, false, enumspb.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT)
		next := ""
		for iter.HasNext() {
			event, err := iter.Next()
			if err != nil {
				return nil, err
			}
			next = event.GetWorkflowExecutionContinuedAsNewEventAttributes().GetNewExecutionRunId()
		}
		run = next
	}
	return runs, nil
}

func writeGzip(name string, data []byte) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	z := gzip.NewWriter(f)
	if _, err := z.Write(data); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return f.Close()
}
