package main

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/config"
	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
	"github.com/handoff-engine/handoff/testsuite/scenario"
)

func testCommand() command {
	return command{
		name: "test", args: "files…", summary: "plays stories of conversations against the routes of handoff.yaml",
		help: `A story is a text file: who says what, what fails, how much time passes, and what the customer and the agents must
see. testsuite/scenario/README.md has the grammar and testsuite/scenario/testdata many examples. A folder stands for
the .txt files in it.

The real workflow plays them, in skipped time, with the policy of the route and the abilities of its vendors. Nothing is
called: neither the vendors nor Temporal are needed, and variables that are not set, such as secrets, may stay so.
Without a handoff.yaml the stories are played on a route whose vendors can do everything.

It exits with 1 if a story goes wrong.`,
		setup: func(p *program, flags *flag.FlagSet) func(context.Context, []string) error {
			file := configFlag(flags)
			route := flags.String("route", "", "the `name` of the route for stories that name none")
			return func(ctx context.Context, args []string) error {
				if len(args) == 0 {
					return usageError{"name the files with the stories"}
				}
				options, err := p.rehearsal(*file, *route)
				if err != nil {
					return err
				}
				files, err := stories(args)
				if err != nil {
					return err
				}
				return p.playAll(ctx, files, options)
			}
		},
	}
}

// rehearsal reads the configuration for playing stories.
func (p *program) rehearsal(file, route string) (scenario.Options, error) {
	settings, err := p.settings(file)
	if err != nil {
		return scenario.Options{}, err
	}
	if _, err := os.Stat(settings.Config); errors.Is(err, fs.ErrNotExist) && file == "" && os.Getenv("HANDOFF_CONFIG") == "" {
		fmt.Fprintf(p.stderr, "There is no %s here: the stories are played on a route whose vendors can do everything.\n", settings.Config)
		return scenario.Options{}, nil
	}
	if settings.PublicURL == "" {
		settings.PublicURL = "https://handoff.example.com"
	}
	loaded, err := loadWithout(settings.Config, config.Options{Registry: p.registry, HTTP: httpx.Offline(), PublicURL: settings.PublicURL, TaskQueue: settings.TaskQueue})
	if err != nil {
		return scenario.Options{}, p.tell(err)
	}
	options := scenario.Options{Routes: loaded.Routes, Route: route, Connections: map[string]connector.Connector{}}
	for _, c := range loaded.Connections {
		options.Connections[c.Name] = c.Connector
	}
	return options, nil
}

// standIns are what stands for variables that are not set, the likeliest first: a secret that is long enough and reads as
// base64, an address, a number, an id, a service account's key.
func standIns() []string {
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("stand-in")})
	account, _ := json.Marshal(map[string]string{
		"type": "service_account", "project_id": "stand-in", "private_key_id": "1", "private_key": string(key),
		"client_email": "stand-in@example.com", "token_uri": "https://stand-in.example.com/token",
	})
	return []string{
		"whsec_c3RhbmQtaW4gZm9yIGEgc2VjcmV0IG9mIDMyIGJ5dGVzIQ==", "https://stand-in.example.com", "1",
		"11111111-1111-4111-8111-111111111111", "c3RhbmQtaW4gZm9yIGEgc2VjcmV0IG9mIDMyIGJ5dGVzIQ==",
		string(account),
	}
}

var variable = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// loadWithout loads a configuration of which some variables are not set: each gets a stand-in that its key takes.
func loadWithout(file string, options config.Options) (*config.Loaded, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return config.Load(file, options)
	}
	lines := strings.Split(string(text), "\n")
	chosen := map[string]int{}
	options.Lookup = func(name string) (string, bool) {
		if value, set := os.LookupEnv(name); set {
			return value, true
		}
		return standIns()[chosen[name]], true
	}
	for {
		loaded, err := config.Parse(file, text, options)
		var mistakes config.Mistakes
		if !errors.As(err, &mistakes) || !another(mistakes, lines, chosen) {
			return loaded, err
		}
	}
}

// another chooses the next stand-in for the variables in lines with mistakes, and reports whether there was one.
func another(mistakes config.Mistakes, lines []string, chosen map[string]int) bool {
	found := false
	for _, m := range mistakes {
		if m.Line < 1 || m.Line > len(lines) {
			continue
		}
		for _, match := range variable.FindAllStringSubmatch(lines[m.Line-1], -1) {
			_, set := os.LookupEnv(match[1])
			if !set && chosen[match[1]]+1 < len(standIns()) {
				chosen[match[1]]++
				found = true
			}
		}
	}
	return found
}

// stories lists the files, those of folders too.
func stories(args []string) ([]string, error) {
	var files []string
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil || !info.IsDir() {
			files = append(files, arg)
			continue
		}
		inside, err := filepath.Glob(filepath.Join(arg, "*.txt"))
		if err != nil || len(inside) == 0 {
			return nil, fmt.Errorf("there is no .txt file in %s", arg)
		}
		slices.Sort(inside)
		files = append(files, inside...)
	}
	return files, nil
}

// playAll plays the stories and prints what came of each.
func (p *program) playAll(ctx context.Context, files []string, options scenario.Options) error {
	failed := 0
	began := time.Now()
	for _, file := range files {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		report, err := playOne(file, options)
		if err != nil {
			failed++
			fmt.Fprintf(p.stdout, "FAIL  %s\n%s\n", file, indented(err.Error()))
			continue
		}
		fmt.Fprintf(p.stdout, "PASS  %s (%s for %s)\n", file, report.Took.Round(time.Millisecond), report.Passed.Round(time.Second))
	}
	fmt.Fprintf(p.stdout, "%d passed, %d failed (%s)\n", len(files)-failed, failed, time.Since(began).Round(time.Millisecond))
	if failed > 0 {
		return errSaid
	}
	return nil
}

func playOne(file string, options scenario.Options) (scenario.Report, error) {
	story, err := scenario.Load(file, options)
	if err != nil {
		return scenario.Report{}, err
	}
	return story.Tell()
}

func indented(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ")
}
