package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"time"

	"github.com/handoff-engine/handoff/config"
	"github.com/handoff-engine/handoff/connector"
)

// subscribeWithin bounds the registration at one vendor.
const subscribeWithin = 30 * time.Second

func subscribeCommand() command {
	return command{
		name: "subscribe", args: "[connection…]", summary: "registers our webhook addresses at the vendors that have a call for it",
		help: `It takes all connections, or those that are named. What is registered already is left or repaired: it can be run at each deploy.
HANDOFF_PUBLIC_URL says where the vendors reach us.`,
		setup: func(p *program, flags *flag.FlagSet) func(context.Context, []string) error {
			file := configFlag(flags)
			return func(ctx context.Context, args []string) error {
				s, err := p.load(*file)
				if err != nil {
					return err
				}
				return p.subscribe(ctx, s, args)
			}
		},
	}
}

func (p *program) subscribe(ctx context.Context, s setup, only []string) error {
	if s.settings.PublicURL == "" {
		return errors.New("HANDOFF_PUBLIC_URL is not set. Write where the vendors reach us, such as https://handoff.example.com")
	}
	for _, name := range only {
		if _, there := s.loaded.Connection(name); !there {
			return fmt.Errorf("there is no connection %q in %s", name, s.file)
		}
	}
	failed := false
	for _, c := range s.loaded.Connections {
		if len(only) > 0 && !slices.Contains(only, c.Name) {
			continue
		}
		done, err := subscribeOne(ctx, c, s.settings.PublicURL+"/webhooks/"+c.Name)
		if err != nil {
			failed = true
			fmt.Fprintf(p.stderr, "%s: %v\n", c.Name, err)
			continue
		}
		fmt.Fprintf(p.stdout, "%s: %s\n", c.Name, done)
	}
	if failed {
		return errSaid
	}
	return nil
}

// subscribeOne registers one address and says what came of it.
func subscribeOne(ctx context.Context, c config.Connection, address string) (string, error) {
	subscriber, ok := c.Connector.(connector.Subscriber)
	if !ok {
		return fmt.Sprintf("%s has no call for it: register %s at the vendor by hand, as connector/%[1]s/README.md says", c.Vendor, address), nil
	}
	ctx, cancel := context.WithTimeout(ctx, subscribeWithin)
	defer cancel()
	if err := subscriber.Subscribe(ctx, address); err != nil {
		return "", err
	}
	return "registered " + address, nil
}
