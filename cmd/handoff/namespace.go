package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/handoff-engine/handoff/workflows"
)

const (
	// keepFor is how long a new namespace keeps conversations that are over.
	keepFor = 30 * 24 * time.Hour
	// attributesWithin bounds the wait for search attributes: a namespace that was just made is known to all of a
	// server's parts after some seconds.
	attributesWithin = 2 * time.Minute
)

func namespaceCommand() command {
	return command{
		name: "namespace", summary: "makes the namespace at a Temporal server of your own, with the search attributes of conversations",
		help: `It waits until Temporal can be reached. What is there already stays as it is: it can be run at each deploy. TEMPORAL_NAMESPACE
names the namespace. Temporal Cloud does not let clients make namespaces: there, make it in its own pages.`,
		setup: func(p *program, flags *flag.FlagSet) func(context.Context, []string) error {
			keep := flags.Duration("retention", keepFor, "for how long (a `duration` such as 720h) a new namespace keeps conversations that are over")
			return func(ctx context.Context, args []string) error {
				if err := none(args); err != nil {
					return err
				}
				settings, err := p.settings("")
				if err != nil {
					return err
				}
				logger := newLogger(p.stderr, settings)
				t, err := dial(logger)
				if err != nil {
					return err
				}
				defer t.Close()
				return t.makeNamespace(ctx, logger, *keep)
			}
		},
	}
}

// makeNamespace makes the namespace if there is none, and returns when it has all search attributes.
func (t *temporal) makeNamespace(ctx context.Context, logger *slog.Logger, keep time.Duration) error {
	if err := t.waitOr(ctx, logger, func(ctx context.Context) error { return t.register(ctx, logger, keep) }); err != nil {
		return fmt.Errorf("making the namespace %s: %w", t.namespace, err)
	}
	ctx, cancel := context.WithTimeout(ctx, attributesWithin)
	defer cancel()
	for {
		missing, err := t.missingAttributes(ctx)
		if err == nil && len(missing) > 0 {
			err = t.addAttributes(ctx, logger, missing)
		}
		if err == nil {
			if err = t.findable(ctx); err == nil {
				logger.Info("the namespace has all search attributes", "namespace", t.namespace)
				return nil
			}
		} else if !passing(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the namespace %s does not know its search attributes yet, the last error was: %w", t.namespace, err)
		case <-time.After(t.pause):
		}
	}
}

// findable asks a question in which all search attributes occur. A server that has just been told of them lists them at once,
// and takes them only when each of its parts has looked again.
func (t *temporal) findable(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	var known []string
	for _, name := range slices.Sorted(maps.Keys(workflows.AttributeNames())) {
		known = append(known, name+" IS NULL")
	}
	_, err := t.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: strings.Join(known, " AND ")})
	return err
}

// register makes the namespace. One that somebody else has made meanwhile is as good.
func (t *temporal) register(ctx context.Context, logger *slog.Logger, keep time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	_, err := t.WorkflowService().RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace: t.namespace, WorkflowExecutionRetentionPeriod: durationpb.New(keep),
		Description: "conversations between customers, bots and desks",
	})
	if _, there := errors.AsType[*serviceerror.NamespaceAlreadyExists](err); there {
		return nil
	}
	if err == nil {
		logger.Info("namespace made", "namespace", t.namespace, "retention", keep)
	}
	return err
}
