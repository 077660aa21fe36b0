// Command serve runs the fake Landbot as a process of its own, for demonstrations and for tests that end processes. Its
// driver is under /_fake/.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/handoff-engine/handoff/testsuite/fake/landbot"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	listen := flags.String("listen", "127.0.0.1:0", "address to listen on")
	scale := flags.Float64("scale", 1, "multiplies the vendor's pauses")
	unassign := flags.Duration("auto-unassign", 0, "inactivity after which the agent is unassigned; 0: never")
	blockURL := flags.String("block-url", "", "where the flow's Webhook block asks for a human")
	blockToken := flags.String("block-token", "", "the token that it shows")
	if err := flags.Parse(args); err != nil {
		return err
	}
	fake := landbot.New(landbot.Options{
		TimeScale:         *scale,
		AutoUnassignAfter: *unassign,
		Block:             landbot.Block{URL: *blockURL, Token: *blockToken},
	})
	defer fake.Close()
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", *listen)
	if err != nil {
		return err
	}
	fmt.Printf("http://%s/v1\n", l.Addr())
	srv := &http.Server{Handler: fake, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		<-ctx.Done()
		_ = srv.Close()
	}()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
