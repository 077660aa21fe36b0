package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"time"
)

// healthyWithin bounds a health check.
const healthyWithin = 2 * time.Second

func healthcheckCommand() command {
	return command{
		name: "healthcheck", summary: "asks a running process whether it is well, for containers without a shell",
		setup: func(p *program, flags *flag.FlagSet) func(context.Context, []string) error {
			address := flags.String("url", "", "the `address` to ask (default /healthz at HANDOFF_LISTEN; for a worker, at HANDOFF_METRICS_LISTEN)")
			return func(ctx context.Context, args []string) error {
				if err := none(args); err != nil {
					return err
				}
				if *address == "" {
					settings, err := p.settings("")
					if err != nil {
						return err
					}
					*address = "http://" + reachable(settings.Listen) + "/healthz"
				}
				return healthy(ctx, *address)
			}
		},
	}
}

// reachable turns an address that listens everywhere into one that can be called.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

func healthy(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, healthyWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return usageError{fmt.Sprintf("%q is no address", address)}
	}
	// A proxy must not be asked about this machine.
	answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return fmt.Errorf("asking: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("%s answers %d", address, answer.StatusCode)
	}
	return nil
}
