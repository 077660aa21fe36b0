package main

import (
	"context"
	"net/http"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// bare is the loop that anybody would write first: a workflow that receives a signal and runs one activity.
type bare struct {
	vendor *vendor
	worker worker.Worker
	close  func()
}

const bareQueue = "bench-bare"

func (b *bare) name() string            { return "bare loop" }
func (b *bare) workflowID(i int) string { return "bare:" + conversationKey(i) }

// bareLoop receives and relays, and continues as new as soon as the server suggests it and nothing is waiting.
func bareLoop(ctx workflow.Context) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: 45 * time.Second})
	messages := workflow.GetSignalChannel(ctx, "message")
	for {
		var m message
		messages.Receive(ctx, &m)
		if err := workflow.ExecuteActivity(ctx, "relay", m).Get(ctx, nil); err != nil {
			return err
		}
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() && messages.Len() == 0 {
			return workflow.NewContinueAsNewError(ctx, "bareLoop")
		}
	}
}

func (b *bare) start(ctx context.Context, temporal client.Client, conversations int) (string, error) {
	b.worker = worker.New(temporal, bareQueue, worker.Options{})
	b.worker.RegisterWorkflowWithOptions(bareLoop, workflow.RegisterOptions{Name: "bareLoop"})
	b.worker.RegisterActivityWithOptions(func(_ context.Context, m message) error {
		b.vendor.take(m.ID)
		return nil
	}, activity.RegisterOptions{Name: "relay"})
	if err := b.worker.Start(); err != nil {
		return "", err
	}
	for i := range conversations {
		_, err := temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: b.workflowID(i), TaskQueue: bareQueue}, "bareLoop")
		if err != nil {
			return "", err
		}
	}
	address, stop, err := serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m, err := readMessage(r)
		if err != nil {
			http.Error(w, "bad request", http.StatusBadRequest)
			return
		}
		_, err = temporal.SignalWithStartWorkflow(r.Context(), "bare:"+m.Conversation, "message", m,
			client.StartWorkflowOptions{TaskQueue: bareQueue}, "bareLoop")
		if err != nil {
			http.Error(w, "unavailable", http.StatusServiceUnavailable)
		}
	}))
	b.close = stop
	return address, err
}

func (b *bare) stop() {
	b.close()
	b.worker.Stop()
}
