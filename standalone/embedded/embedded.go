// Package embedded runs a Temporal server and its web UI inside this process,
// with one SQLite file as its store.
//
// It is meant for evaluation, demos, small sites and tests: one node, loopback
// only. Production uses a Temporal cluster of its own.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	uiserver "github.com/temporalio/ui-server/v2/server"
	"go.temporal.io/sdk/client"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/temporal"
	"google.golang.org/grpc"
)

// Host is the only address that anything here listens on.
const Host = "127.0.0.1"

// Sync says how far a write has come when the server acknowledges it.
type Sync string

const (
	// SyncFull acknowledges what is on the disk: nothing acknowledged is lost,
	// not even when the power fails.
	SyncFull Sync = "full"
	// SyncNormal acknowledges what the operating system has: about twice as fast
	// and safe when the process is killed, but a power failure may cost the last
	// writes.
	SyncNormal Sync = "normal"
)

// Config says where the server listens and what it keeps. The zero value of
// every field but DataDir is usable.
type Config struct {
	// DataDir holds the SQLite file. It is created when missing.
	DataDir string
	// InMemory keeps nothing on disk; DataDir is not used then.
	InMemory bool
	// Port is the gRPC port, 0 for any free one.
	Port int
	// UIPort is the port of the web UI, 0 for any free one.
	UIPort int
	// NoUI leaves the web UI out.
	NoUI bool
	// Namespace is created when missing; "default" when empty.
	Namespace string
	// Retention is how long finished conversations stay readable; 30 days when 0.
	Retention time.Duration
	// Sync is SyncFull when empty.
	Sync Sync
	// ContinueAsNewAfter is the number of history events after which the server
	// suggests to continue as new; 0 for the server's default.
	ContinueAsNewAfter int
	// Logger gets the server's warnings and errors; nil for silence.
	Logger *slog.Logger

	// Faults makes the store fail on purpose, in tests.
	Faults *config.FaultInjection
	// Interceptors are put before the server's own gRPC handlers, in tests.
	Interceptors []grpc.UnaryServerInterceptor
}

// Server is a running Temporal server.
type Server struct {
	cfg      Config
	lock     *lock
	server   temporal.Server
	ui       *uiserver.Server
	logLevel slog.LevelVar
	once     sync.Once
	err      error
}

// Start starts the server and returns when it serves. The error says what a
// person can do about it: a port that is taken, a directory that another process
// uses, a file of another version. The end of ctx does not stop the server: it
// says that Stop is near, and the server logs no more.
func Start(ctx context.Context, cfg Config) (_ *Server, err error) {
	cfg, err = cfg.complete()
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg}
	s.logLevel.Set(slog.LevelError)
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Stop())
		}
	}()
	if !cfg.InMemory {
		if s.lock, err = lockDir(cfg.DataDir); err != nil {
			return nil, err
		}
	}
	if err := s.choosePorts(); err != nil {
		return nil, err
	}
	store, err := prepareStore(s.cfg)
	if err != nil {
		return nil, err
	}
	if err := s.startServer(store); err != nil {
		return nil, err
	}
	if err := s.prepareNamespace(ctx); err != nil {
		return nil, err
	}
	if !cfg.NoUI {
		if err := s.startUI(ctx); err != nil {
			return nil, err
		}
	}
	s.logLevel.Set(slog.LevelWarn)
	// From then on workers leave and queues are unloaded: what the server says of
	// that worries people for nothing.
	context.AfterFunc(ctx, func() { s.logLevel.Set(silent) })
	return s, nil
}

// complete fills in what was left out and refuses what cannot work.
func (c Config) complete() (Config, error) {
	if c.DataDir == "" && !c.InMemory {
		return c, errors.New("no data directory given for the embedded Temporal server")
	}
	if c.Namespace == "" {
		c.Namespace = client.DefaultNamespace
	}
	if c.Retention == 0 {
		c.Retention = 30 * 24 * time.Hour
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	switch c.Sync {
	case "":
		c.Sync = SyncFull
	case SyncFull, SyncNormal:
	default:
		return c, fmt.Errorf("unknown --sqlite-sync %q: use %q or %q", c.Sync, SyncFull, SyncNormal)
	}
	if !c.InMemory {
		if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
			return c, fmt.Errorf("creating the data directory: %w", err)
		}
	}
	return c, nil
}

// choosePorts replaces port 0 by a free one and refuses a port that is taken
// before the server meets it, for the server panics then.
func (s *Server) choosePorts() error {
	if err := choosePort(&s.cfg.Port, "the Temporal server", "--temporal-port"); err != nil {
		return err
	}
	if s.cfg.NoUI {
		return nil
	}
	return choosePort(&s.cfg.UIPort, "the Temporal UI", "--ui-port")
}

// startServer makes the server and starts it. Mistakes in the set-up come as
// panics from below, so it turns them into errors.
func (s *Server) startServer(store *config.SQL) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("starting the Temporal server: %v", p)
		}
	}()
	options, err := serverOptions(s.cfg, store, serverLogger{to: s.cfg.Logger, level: &s.logLevel})
	if err != nil {
		return err
	}
	server, err := temporal.NewServer(options...)
	if err != nil {
		return fmt.Errorf("preparing the Temporal server: %w", err)
	}
	s.server = server
	if err := server.Start(); err != nil {
		return fmt.Errorf("starting the Temporal server: %w", err)
	}
	return nil
}

// Stop stops the web UI and the server and gives the data directory free.
// Stopping twice does nothing more.
func (s *Server) Stop() error {
	s.once.Do(func() {
		s.logLevel.Set(silent)
		if s.ui != nil {
			s.ui.Stop()
		}
		if s.server != nil {
			if err := s.server.Stop(); err != nil {
				s.err = fmt.Errorf("stopping the Temporal server: %w", err)
			}
		}
		if s.lock != nil {
			s.err = errors.Join(s.err, s.lock.release())
		}
	})
	return s.err
}

// Address is the host and port for Temporal clients.
func (s *Server) Address() string { return address(s.cfg.Port) }

// Namespace is the namespace made for the conversations.
func (s *Server) Namespace() string { return s.cfg.Namespace }

// UIURL is the address of the web UI, empty without one.
func (s *Server) UIURL() string {
	if s.cfg.NoUI {
		return ""
	}
	return "http://" + address(s.cfg.UIPort)
}
