package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/handoff-engine/handoff/config"
	"github.com/handoff-engine/handoff/connector"
)

// checkWithin bounds the check of one connection's credentials.
const checkWithin = 15 * time.Second

func checkCommand() command {
	return command{
		name: "check", summary: "opens every connection, tries its credentials, and says what each route cannot do",
		help: `It exits with 1 if the configuration has a mistake, if a connection or Temporal refuses our credentials, or if the virus
scanner does not work.
What a vendor cannot do is no mistake: the report says what is done instead.`,
		setup: func(p *program, flags *flag.FlagSet) func(context.Context, []string) error {
			file := configFlag(flags)
			offline := flags.Bool("offline", false, "call nobody: neither the vendors nor Temporal")
			return func(ctx context.Context, args []string) error {
				if err := none(args); err != nil {
					return err
				}
				s, err := p.load(*file)
				if err != nil {
					return err
				}
				return p.check(ctx, s, *offline)
			}
		},
	}
}

// check prints the report. What is wrong is in it, and once more on standard error.
func (p *program) check(ctx context.Context, s setup, offline bool) error {
	credentials := make([]verdict, len(s.loaded.Connections))
	var server, scanner verdict
	if offline {
		for i := range credentials {
			credentials[i] = verdict{text: "not tried"}
		}
		server, scanner = verdict{text: "not asked"}, verdict{text: "not asked"}
	} else {
		var group sync.WaitGroup
		for i, c := range s.loaded.Connections {
			group.Go(func() { credentials[i] = tryCredentials(ctx, c) })
		}
		group.Go(func() { server = checkTemporal(ctx, s) })
		group.Go(func() { scanner = tryScanner(ctx, s) })
		group.Wait()
	}
	fmt.Fprintf(p.stdout, "%s: %s, %s\n\n", s.file, count(len(s.loaded.Connections), "connection"), count(len(s.loaded.Routes), "route"))
	p.connectionTable(s, credentials)
	for _, c := range s.loaded.Connections {
		p.abilities(c, s.settings.PublicURL)
	}
	for _, r := range s.loaded.Routes {
		p.routeReport(r)
	}
	p.filesReport(s, scanner)
	fmt.Fprintf(p.stdout, "\ntemporal: %s\n", server.text)
	failed := 0
	for i, v := range credentials {
		if v.failed {
			failed++
			fmt.Fprintf(p.stderr, "connection %s: %s\n", s.loaded.Connections[i].Name, v.text)
		}
	}
	if server.failed {
		failed++
		fmt.Fprintf(p.stderr, "temporal: %s\n", server.text)
	}
	if scanner.failed {
		failed++
		fmt.Fprintf(p.stderr, "virus scanner: %s\n", scanner.text)
	}
	if failed > 0 {
		return errSaid
	}
	return nil
}

// verdict is what came of asking somebody.
type verdict struct {
	text   string
	failed bool
}

// tryCredentials makes the harmless call that proves that the credentials work.
func tryCredentials(ctx context.Context, c config.Connection) verdict {
	checker, ok := c.Connector.(connector.Checker)
	if !ok {
		return verdict{text: "cannot be tried"}
	}
	ctx, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	started := time.Now()
	err := checker.Check(ctx)
	switch {
	case err == nil:
		return verdict{text: fmt.Sprintf("work (%s)", time.Since(started).Round(time.Millisecond))}
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return verdict{text: fmt.Sprintf("no answer within %s", checkWithin), failed: true}
	}
	return verdict{text: err.Error(), failed: true}
}

// checkTemporal asks whether Temporal is there with the namespace and the search attributes. That it is not there yet is
// no failure: gateway and worker wait for it.
func checkTemporal(ctx context.Context, s setup) verdict {
	t, err := dial(s.logger)
	if err != nil {
		return verdict{text: err.Error(), failed: true}
	}
	defer t.Close()
	where := fmt.Sprintf("%s, namespace %s", t.address, t.namespace)
	if err := t.reach(ctx); err != nil {
		if refused(err) {
			return verdict{text: where + ": refuses our credentials", failed: true}
		}
		return verdict{text: where + ": cannot be reached, or has no such namespace; until then the gateway answers 503 and the worker waits"}
	}
	missing, err := t.missingAttributes(ctx)
	switch {
	case err != nil:
		return verdict{text: where + ": is there; it does not say which search attributes it has"}
	case len(missing) > 0:
		return verdict{text: fmt.Sprintf("%s: is there; the worker adds %s at its start", where, count(len(missing), "search attribute"))}
	}
	return verdict{text: where + ": is there, with all search attributes"}
}

// connectionTable prints one line for each connection.
func (p *program) connectionTable(s setup, credentials []verdict) {
	table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "CONNECTION\tVENDOR\tSIDES\tEACH SEND ARRIVES\tCREDENTIALS")
	for i, c := range s.loaded.Connections {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", c.Name, c.Vendor, sides(c.Connector), promises(c.Connector), credentials[i].text)
	}
	_ = table.Flush()
}

// count writes "1 route", "2 routes".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
