package main

import (
	"flag"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/handoff-engine/handoff/config"
)

// help prints the list of commands and the settings.
func (p *program) help(w io.Writer) {
	fmt.Fprint(w, `handoff connects a customer's chat with human agents and makes each conversation last.

Usage: handoff <command> [flags]

`)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range commands() {
		fmt.Fprintf(table, "  %s\t%s\n", c.name, c.summary)
	}
	fmt.Fprintf(table, "  help\tprints this, or the help of a command\n")
	_ = table.Flush()
	fmt.Fprint(w, "\nSettings, from the environment:\n\n")
	for _, v := range config.Variables() {
		fmt.Fprintf(table, "  %s\t%s\n", v.Name, withDefault(v))
	}
	_ = table.Flush()
	fmt.Fprint(w, `
Where Temporal is comes from TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS… or a profile, as for
Temporal's own command-line tool. The connections and routes are in handoff.yaml; handoff.example.yaml shows one.
`)
}

func withDefault(v config.Variable) string {
	if v.Default == "" {
		return v.Doc
	}
	return v.Doc + " (default " + v.Default + ")"
}

// commandHelp prints one command's help.
func commandHelp(w io.Writer, c command, flags *flag.FlagSet) {
	usage := "handoff " + c.name
	hasFlags := false
	flags.VisitAll(func(*flag.Flag) { hasFlags = true })
	if hasFlags {
		usage += " [flags]"
	}
	if c.args != "" {
		usage += " " + c.args
	}
	fmt.Fprintf(w, "Usage: %s\n\nIt %s.\n", usage, c.summary)
	if c.help != "" {
		fmt.Fprintf(w, "\n%s\n", c.help)
	}
	if !hasFlags {
		return
	}
	fmt.Fprint(w, "\nFlags:\n\n")
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	flags.VisitAll(func(f *flag.Flag) {
		kind, doc := flag.UnquoteUsage(f)
		if kind != "" {
			kind = " " + kind
		}
		fmt.Fprintf(table, "  --%s%s\t%s\n", f.Name, kind, doc)
	})
	_ = table.Flush()
}
