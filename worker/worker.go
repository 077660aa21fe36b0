// Package worker runs the workflows and activities: it polls Temporal and calls the vendors.
package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/handoff-engine/handoff/activities"
	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/files"
	"github.com/handoff-engine/handoff/workflows"
)

const (
	// vendorShare is the part of a vendor's rate limit that activities use; commands and look-ups need the rest.
	vendorShare = 0.8
	// stopWithin is how long activities may finish in at a stop.
	stopWithin = 20 * time.Second
	// claim is how long a conversation waits for the worker that has it in memory before any other may take it: what a
	// worker's sudden death costs its conversations, and those who look at them.
	claim = 2 * time.Second
)

// Config is what a worker runs with.
type Config struct {
	// TaskQueue is the workflows' task queue; empty means workflows.DefaultTaskQueue.
	TaskQueue string
	// Connections are the open connections.
	Connections []Connection
	// Files opens attachments; nil means an Opener with the connections' AllowHosts, without links and without a scanner.
	Files *files.Opener
	// Sends counts sends; it may be nil.
	Sends  activities.Counter
	Logger *slog.Logger
	// PublicURL is our own public base address; where it is set, tickets carry a link to their conversation.
	PublicURL string
	// StickyCache is how many conversations are kept in memory; 0 means the SDK's default of 10,000.
	StickyCache int
}

// Connection is one open connection.
type Connection struct {
	Name      string
	Connector connector.Connector
	// Queue is the task queue of its activities; empty means the workflows' own.
	Queue string
	// AllowHosts are the hosts besides the vendor's own from which files may be fetched; private and loopback addresses
	// only if they are listed.
	AllowHosts []string
}

// Registry is what Register registers with: a worker, or a test environment.
type Registry interface {
	RegisterWorkflowWithOptions(w any, options workflow.RegisterOptions)
	RegisterActivity(a any)
}

// Register registers all workflows and activities.
func Register(r Registry, a *activities.Activities) {
	RegisterWorkflows(r)
	r.RegisterActivity(a)
}

// RegisterWorkflows registers all workflows.
func RegisterWorkflows(r interface {
	RegisterWorkflowWithOptions(w any, options workflow.RegisterOptions)
},
) {
	r.RegisterWorkflowWithOptions(workflows.Conversation, workflow.RegisterOptions{Name: workflows.ConversationType})
	r.RegisterWorkflowWithOptions(workflows.LateEvent, workflow.RegisterOptions{Name: workflows.LateEventType})
	r.RegisterWorkflowWithOptions(workflows.Healing, workflow.RegisterOptions{Name: workflows.HealingType})
}

// Run polls until ctx ends or polling becomes impossible, then lets what is under way finish. Conversations reaches the running conversations.
func Run(ctx context.Context, config Config, temporal client.Client, conversations *workflows.Client) error {
	queue := config.TaskQueue
	if queue == "" {
		queue = workflows.DefaultTaskQueue
	}
	if config.StickyCache > 0 {
		worker.SetStickyWorkflowCacheSize(config.StickyCache)
	}
	a := NewActivities(config, conversations)
	ctx, fatal := context.WithCancelCause(ctx)
	defer fatal(nil)
	workers := []worker.Worker{worker.New(temporal, queue, worker.Options{
		WorkerStopTimeout: stopWithin, OnFatalError: fatal, StickyScheduleToStartTimeout: claim,
	})}
	Register(workers[0], a)
	for _, x := range config.Connections {
		if x.Queue == "" || x.Queue == queue {
			continue
		}
		w := worker.New(temporal, x.Queue, worker.Options{
			WorkerStopTimeout:            stopWithin,
			OnFatalError:                 fatal,
			DisableWorkflowWorker:        true,
			TaskQueueActivitiesPerSecond: x.Connector.Traits().CallsPerSecond * vendorShare,
		})
		w.RegisterActivity(a)
		workers = append(workers, w)
	}
	for i, w := range workers {
		if err := w.Start(); err != nil {
			stop(workers[:i])
			return fmt.Errorf("starting to poll: %w", err)
		}
	}
	defer stop(workers)
	startHealing(ctx, config, conversations)
	<-ctx.Done()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return fmt.Errorf("polling: %w", cause)
	}
	return nil
}

func stop(workers []worker.Worker) {
	done := make(chan struct{}, len(workers))
	for _, w := range workers {
		go func() { w.Stop(); done <- struct{}{} }()
	}
	for range workers {
		<-done
	}
}

// NewActivities makes the activities that the worker registers.
func NewActivities(config Config, conversations activities.Conversations) *activities.Activities {
	logger := config.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	connections := make(map[string]connector.Connector, len(config.Connections))
	sources := make(map[string]files.Source, len(config.Connections))
	for _, x := range config.Connections {
		connections[x.Name] = x.Connector
		sources[x.Name] = files.Source{Connector: x.Connector, AllowHosts: x.AllowHosts}
	}
	opener := config.Files
	if opener == nil {
		opener = files.NewOpener(files.Config{Sources: sources})
	}
	return &activities.Activities{
		Connections: connections, Conversations: conversations, Files: opener, Sends: config.Sends, Logger: logger,
		Link: linksTo(config.PublicURL),
	}
}

// linksTo gives the addresses of conversations in our API.
func linksTo(publicURL string) func(conversation string) string {
	if publicURL == "" {
		return nil
	}
	return func(conversation string) string {
		return strings.TrimSuffix(publicURL, "/") + "/v1/conversations/" + url.PathEscape(conversation)
	}
}

// startHealing starts, or wakes, the healing of each connection that lists messages. It is no reason not to start: what
// fails is tried again at the next start.
func startHealing(ctx context.Context, config Config, conversations *workflows.Client) {
	for _, x := range config.Connections {
		if _, ok := x.Connector.(connector.MessageLister); !ok {
			continue
		}
		err := conversations.StartHealing(ctx, workflows.HealingInput{Connection: x.Name, Queue: x.Queue})
		if err != nil && config.Logger != nil {
			config.Logger.Warn("healing not started", "connection", x.Name, "error", err)
		}
	}
}
