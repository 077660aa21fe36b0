package embedded

import (
	"context"
	"fmt"
	"net"

	uiserver "github.com/temporalio/ui-server/v2/server"
	uiconfig "github.com/temporalio/ui-server/v2/server/config"
	"github.com/temporalio/ui-server/v2/server/server_options"
)

// startUI starts the web UI and returns when it accepts connections. It asks
// nobody for news and prints nothing.
func (s *Server) startUI(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("starting the Temporal UI: %v", p)
		}
	}()
	ui := uiserver.NewServer(server_options.WithConfigProvider(&uiconfig.Config{
		Host:                Host,
		Port:                s.cfg.UIPort,
		TemporalGRPCAddress: s.Address(),
		EnableUI:            true,
		DefaultNamespace:    s.cfg.Namespace,
		DisableNewsFetch:    true,
		HideLogs:            true,
		// The pages are served over plain HTTP on loopback.
		CORS: uiconfig.CORS{CookieInsecure: true},
	}))
	failed := make(chan error, 1)
	go func() { failed <- ui.Start() }()
	s.ui = ui

	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	return until(ctx, func() error {
		select {
		case err := <-failed:
			cancel()
			return fmt.Errorf("starting the Temporal UI: %w", err)
		default:
		}
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address(s.cfg.UIPort))
		if err != nil {
			return fmt.Errorf("waiting for the Temporal UI: %w", err)
		}
		return conn.Close()
	})
}
