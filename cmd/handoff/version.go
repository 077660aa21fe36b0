package main

import (
	"context"
	"flag"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/handoff-engine/handoff/conversation"
)

func versionCommand() command {
	return command{
		name: "version", summary: "prints the version, Go's version and the number of the rules",
		setup: func(p *program, _ *flag.FlagSet) func(context.Context, []string) error {
			return func(_ context.Context, args []string) error {
				if err := none(args); err != nil {
					return err
				}
				version, revision := "unknown", ""
				if info, ok := debug.ReadBuildInfo(); ok {
					version = info.Main.Version
					for _, s := range info.Settings {
						if s.Key == "vcs.revision" {
							revision = " " + s.Value
						}
					}
				}
				fmt.Fprintf(p.stdout, "handoff %s%s\n%s\nrules %d\n", version, revision, runtime.Version(), conversation.CurrentRules)
				return nil
			}
		},
	}
}
