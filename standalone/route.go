package main

import (
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/handoff-engine/handoff/config"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/standalone/playground"
	"github.com/handoff-engine/handoff/workflows"
)

//go:embed playground.yaml
var playgroundYAML []byte

func playgroundDir(o options) string { return filepath.Join(o.dataDir, "playground") }

// The secrets that the playground shares with its connections, by the name of the
// file that each is kept in.
const (
	vendorSecret = "secret"
	appToken     = "app-token"
	deskSecret   = "desk-secret"
	// filesSecret seals the links to files, with the playground and without it.
	filesSecret = "files-secret"
)

// loadPlayground opens the connections of the playground's own routes.
func loadPlayground(o options, baseURL string, opts config.Options) (*config.Loaded, error) {
	kept, err := readKept(playgroundDir(o))
	if err != nil {
		return nil, err
	}
	opts.Lookup = func(name string) (string, bool) {
		switch name {
		case "VENDOR_URL":
			return baseURL + playground.VendorPath, true
		case "VENDOR_SECRET":
			return kept.vendor, true
		case "APP_API_TOKEN":
			return kept.app, true
		case "OWN_DESK_URL":
			return baseURL + playground.DeskPath, true
		case "OWN_DESK_SECRET":
			return kept.desk, true
		}
		return "", false
	}
	return config.Parse("playground.yaml", playgroundYAML, opts)
}

// keptSecrets are the secrets of a data directory.
type keptSecrets struct{ vendor, app, desk string }

func readKept(dir string) (kept keptSecrets, err error) {
	for name, secret := range map[string]*string{vendorSecret: &kept.vendor, appToken: &kept.app, deskSecret: &kept.desk} {
		if *secret, err = keptSecret(dir, name); err != nil {
			return kept, err
		}
	}
	return kept, nil
}

// keptSecret gives a secret that both sides share. It is made once for a data
// directory.
func keptSecret(dir, name string) (string, error) {
	file := filepath.Join(dir, name)
	b, err := os.ReadFile(file)
	if err == nil && len(strings.TrimSpace(string(b))) > 0 {
		return strings.TrimSpace(string(b)), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("reading a secret of ours: %w", err)
	}
	secret := rand.Text()
	err = errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(file, []byte(secret+"\n"), 0o600))
	if err != nil {
		return "", fmt.Errorf("writing a secret of ours: %w", err)
	}
	return secret, nil
}

func openPlayground(o options, s started, conversations *workflows.Client, logger *slog.Logger) (*playground.Playground, error) {
	kept, err := readKept(playgroundDir(o))
	if err != nil {
		return nil, err
	}
	return playground.Open(playground.Config{
		Dir: playgroundDir(o), Secret: kept.vendor, BaseURL: s.baseURL, Channel: "shop-chat", Desk: "shop-desk", Logger: logger,
		App: "own-app", Site: "own-site", AppToken: kept.app, OwnDesk: "own-desk", DeskSecret: kept.desk,
		Info: playground.Info{WorkflowsURL: s.workflowsURL, WorkflowURL: s.workflowsURL + "/", Timers: timers()},
		Lookup: func(ctx context.Context, id string) (playground.Status, error) {
			view, err := conversations.View(ctx, id)
			if errors.Is(err, conversation.ErrNotFound) {
				return playground.Status{}, nil
			}
			return statusOf(view), err
		},
	})
}

// statusOf is what the pages show of a conversation.
func statusOf(v conversation.View) playground.Status {
	s := playground.Status{State: string(v.State), Reason: string(v.Reason), Since: v.Since}
	if v.Agent != nil {
		s.Agent = v.Agent.Name
	}
	if v.NextDeadline != nil {
		s.Deadline, s.DeadlineAt = string(v.NextDeadline.Name), v.NextDeadline.At
	}
	for _, t := range v.History {
		s.Past = append(s.Past, string(t.From))
	}
	return s
}

// timers are the deadlines of playground.yaml, in words.
func timers() []playground.Timer {
	return []playground.Timer{
		{Name: "An agent takes the ticket", Value: "30 s"},
		{Name: "First words of the agent", Value: "30 s"},
		{Name: "The same agent, once more", Value: "20 s"},
		{Name: "An answer of the agent", Value: "45 s"},
		{Name: "The whole wait", Value: "3 min"},
		{Name: "An answer of the customer", Value: "5 min"},
	}
}
