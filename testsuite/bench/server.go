package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/handoff-engine/handoff/testsuite/process"
)

// server gives the address of a Temporal server: one of our own, or one that runs.
func server(ctx context.Context, store string) (host, namespace string, stop func(), err error) {
	if store != "memory" && store != "file" {
		return store, "default", func() {}, nil
	}
	path, err := process.Build(ctx, process.Standalone)
	if err != nil {
		return "", "", nil, err
	}
	port, err := process.FreePort()
	if err != nil {
		return "", "", nil, err
	}
	dir, err := os.MkdirTemp("", "handoff-bench")
	if err != nil {
		return "", "", nil, err
	}
	args := []string{"temporal", "--temporal-port", strconv.Itoa(port), "--data-dir", dir}
	if store == "memory" {
		args = append(args, "--memory")
	}
	p, err := process.Start(ctx, process.Spec{Path: path, Args: args, Ready: "ready", Within: time.Minute})
	if err != nil {
		return "", "", nil, err
	}
	return fmt.Sprintf("127.0.0.1:%d", port), "default", func() {
		_, _ = p.Interrupt(20 * time.Second)
		_ = os.RemoveAll(dir)
	}, nil
}
