// Command handoff runs the gateway and the worker, and helps whoever sets them up: it checks the configuration, registers
// webhooks and prints the schema. Everything it needs comes from HANDOFF_ and TEMPORAL_ variables and from handoff.yaml.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/all"
)

// Exit codes.
const (
	exitOK    = 0
	exitWrong = 1
	exitUsage = 2
)

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		// From here on the next signal ends the process at once, as it would without us.
		signal.Stop(signals)
		cancel()
	}()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the whole program for one command line. It gives the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return (&program{registry: all.Vendors(), stdout: stdout, stderr: stderr}).run(ctx, args)
}

// program is what every command is given.
type program struct {
	registry       *connector.Registry
	stdout, stderr io.Writer
}

// command is one subcommand.
type command struct {
	name string
	// args shows what stands behind the name; summary is its line in the list, and help what else there is to know.
	args, summary, help string
	// setup declares the flags and gives what runs the command once they are read.
	setup func(p *program, flags *flag.FlagSet) func(ctx context.Context, args []string) error
}

// commands lists the subcommands in the order of the help.
func commands() []command {
	return []command{
		gatewayCommand(), workerCommand(), allCommand(),
		checkCommand(), testCommand(), subscribeCommand(), namespaceCommand(), schemaCommand(),
		healthcheckCommand(), versionCommand(),
	}
}

// errSaid says that the user was told already what is wrong.
var errSaid = errors.New("said already")

// usageError is a command line that makes no sense.
type usageError struct{ text string }

func (e usageError) Error() string { return e.text }

func (p *program) run(ctx context.Context, args []string) int {
	if len(args) == 0 {
		p.help(p.stderr)
		return exitUsage
	}
	name := args[0]
	switch name {
	case "help", "-h", "-help", "--help":
		return p.helpFor(args[1:])
	case "-v", "-version", "--version":
		name = "version"
	}
	c, ok := lookup(name)
	if !ok {
		fmt.Fprintf(p.stderr, "handoff: there is no command %q. Write handoff help for the list.\n", name)
		return exitUsage
	}
	return p.runCommand(ctx, c, args[1:])
}

func lookup(name string) (command, bool) {
	for _, c := range commands() {
		if c.name == name {
			return c, true
		}
	}
	return command{}, false
}

func (p *program) runCommand(ctx context.Context, c command, args []string) int {
	flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	do := c.setup(p, flags)
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		commandHelp(p.stdout, c, flags)
		return exitOK
	}
	if err == nil {
		err = do(ctx, flags.Args())
	} else {
		err = usageError{err.Error()}
	}
	var usage usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &usage):
		fmt.Fprintf(p.stderr, "handoff %s: %v. Write handoff help %s for what it takes.\n", c.name, usage, c.name)
		return exitUsage
	case !errors.Is(err, errSaid):
		fmt.Fprintf(p.stderr, "handoff %s: %v\n", c.name, err)
	}
	return exitWrong
}

// helpFor prints the help of a command, or the list.
func (p *program) helpFor(args []string) int {
	if len(args) == 0 {
		p.help(p.stdout)
		return exitOK
	}
	c, ok := lookup(args[0])
	if !ok {
		fmt.Fprintf(p.stderr, "handoff: there is no command %q. Write handoff help for the list.\n", args[0])
		return exitUsage
	}
	flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
	c.setup(p, flags)
	commandHelp(p.stdout, c, flags)
	return exitOK
}

// none refuses arguments where a command takes none.
func none(args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Sprintf("%q is one word too many", args[0])}
	}
	return nil
}
