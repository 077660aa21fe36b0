package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/handoff-engine/handoff/config"
	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/worker"
)

// setup is a configuration without a mistake, and a logger as it asks for.
type setup struct {
	settings config.Settings
	file     string
	loaded   *config.Loaded
	logger   *slog.Logger
}

// configFlag declares --config.
func configFlag(flags *flag.FlagSet) *string {
	return flags.String("config", "", "the `file` with the connections and the routes (default HANDOFF_CONFIG, or handoff.yaml)")
}

// settings reads the settings. What is wrong is printed.
func (p *program) settings(file string) (config.Settings, error) {
	settings, err := config.ReadSettings(os.Environ())
	if err != nil {
		return settings, p.tell(err)
	}
	if file != "" {
		settings.Config = file
	}
	return settings, nil
}

// load reads the settings and the file and opens the connections. What is wrong is printed, all of it.
func (p *program) load(file string) (setup, error) {
	settings, err := p.settings(file)
	if err != nil {
		return setup{}, err
	}
	s := setup{settings: settings, file: settings.Config, logger: newLogger(p.stderr, settings)}
	s.loaded, err = config.Load(settings.Config, config.Options{
		Registry: p.registry, Lookup: os.LookupEnv, Logger: s.logger, PublicURL: settings.PublicURL, TaskQueue: settings.TaskQueue,
	})
	if err != nil {
		return setup{}, p.tell(err)
	}
	return s, nil
}

// tell prints the mistakes of a configuration.
func (p *program) tell(err error) error {
	var mistakes config.Mistakes
	if !errors.As(err, &mistakes) {
		return err
	}
	for _, mistake := range mistakes {
		fmt.Fprintln(p.stderr, mistake)
	}
	if len(mistakes) > 1 {
		fmt.Fprintf(p.stderr, "%d mistakes\n", len(mistakes))
	}
	return errSaid
}

func newLogger(w io.Writer, settings config.Settings) *slog.Logger {
	options := &slog.HandlerOptions{Level: settings.LogLevel}
	if settings.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// connectors gives the open connections by name, for the gateway.
func (s setup) connectors() map[string]connector.Connector {
	all := make(map[string]connector.Connector, len(s.loaded.Connections))
	for _, c := range s.loaded.Connections {
		all[c.Name] = c.Connector
	}
	return all
}

// workerConnections gives the open connections for the worker.
func (s setup) workerConnections() []worker.Connection {
	all := make([]worker.Connection, len(s.loaded.Connections))
	for i, c := range s.loaded.Connections {
		all[i] = worker.Connection{Name: c.Name, Connector: c.Connector, Queue: c.Queue, AllowHosts: c.AllowHosts}
	}
	return all
}
