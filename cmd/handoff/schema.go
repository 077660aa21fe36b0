package main

import (
	"context"
	"flag"
	"os"

	"github.com/handoff-engine/handoff/config"
)

//go:generate go run . schema --output ../../docs/handoff.schema.json

func schemaCommand() command {
	return command{
		name: "schema", summary: "prints the JSON Schema of handoff.yaml, for editors",
		help: "Editors that know the YAML language server take this line at the top of handoff.yaml:\n\n  # yaml-language-server: $schema=docs/handoff.schema.json",
		setup: func(p *program, flags *flag.FlagSet) func(context.Context, []string) error {
			output := flags.String("output", "", "the `file` to write it to (default standard output)")
			return func(_ context.Context, args []string) error {
				if err := none(args); err != nil {
					return err
				}
				schema, err := config.Schema(p.registry)
				if err != nil {
					return err
				}
				if *output != "" {
					return os.WriteFile(*output, schema, 0o644)
				}
				_, err = p.stdout.Write(schema)
				return err
			}
		},
	}
}
