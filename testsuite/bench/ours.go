package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/gateway"
	"github.com/handoff-engine/handoff/worker"
	"github.com/handoff-engine/handoff/workflows"
)

// ours is the gateway, the workflow and the worker as they are, with a vendor that does nothing.
type ours struct {
	vendor *vendor
	cancel context.CancelFunc
	ended  chan error
	close  func()
}

const (
	channelName = "bench-channel"
	deskName    = "bench-desk"
)

func (o *ours) name() string            { return "handoff" }
func (o *ours) workflowID(i int) string { return conversation.ID(channelName, conversationKey(i)) }

func (o *ours) start(ctx context.Context, temporal client.Client, conversations int) (string, error) {
	route := conversation.Route{
		Name:    "bench",
		Channel: conversation.Connection{Name: channelName, Vendor: "bench", Batch: true},
		Desks:   []conversation.Connection{{Name: deskName, Vendor: "bench", Batch: true}},
	}
	desk, channel := &benchDesk{o.vendor}, &benchChannel{}
	reach := workflows.NewClient(temporal, "", []conversation.Route{route})
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	o.cancel, o.ended = cancel, make(chan error, 1)
	go func() {
		o.ended <- worker.Run(running, worker.Config{Connections: []worker.Connection{
			{Name: channelName, Connector: channel}, {Name: deskName, Connector: desk},
		}}, temporal, reach)
	}()
	g := gateway.New(gateway.Config{Connections: map[string]connector.Connector{channelName: channel, deskName: desk}}, reach, reach)
	address, stop, err := serve(g)
	if err != nil {
		return "", err
	}
	o.close = stop
	for i := range conversations {
		if err := o.assign(ctx, reach, i); err != nil {
			return "", err
		}
	}
	return address + "/webhooks/" + channelName, nil
}

// assign brings a conversation to where an agent has it.
func (o *ours) assign(ctx context.Context, reach *workflows.Client, i int) error {
	id := o.workflowID(i)
	for n, ev := range []conversation.Event{
		{Kind: conversation.HandoffRequested, Ref: conversationKey(i)},
		{Kind: conversation.AgentAssigned, Agent: "agent"},
		{Kind: conversation.AgentSaid, Text: "hello", Author: conversation.Author{ID: "agent", Name: "Agent"}},
	} {
		ev.ID, ev.Source, ev.At = fmt.Sprint("prepare-", n), channelName, time.Now()
		_, err := reach.Signal(ctx, conversation.Arrival{Connection: channelName, ID: id, Starts: n == 0, Event: ev})
		if err != nil {
			return err
		}
	}
	for {
		view, err := reach.View(ctx, id)
		if err == nil && view.State == conversation.Assigned && len(view.Pending) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("conversation %s was not assigned: %w", id, ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (o *ours) stop() {
	o.close()
	o.cancel()
	<-o.ended
}

// benchChannel is the customer's side: its webhooks are the drivers' messages.
type benchChannel struct{}

func (*benchChannel) Name() string                       { return "bench" }
func (*benchChannel) Traits() connector.Traits           { return connector.Traits{Deliver: connector.ByKey} }
func (*benchChannel) Verify(_ *connector.Delivery) error { return nil }
func (*benchChannel) Decode(d *connector.Delivery) ([]connector.Inbound, error) {
	var m message
	if err := json.Unmarshal(d.Body, &m); err != nil {
		return nil, connector.Errorf("bench", "Decode", connector.Invalid, "not JSON")
	}
	return []connector.Inbound{{
		Ref:   connector.Ref{Conversation: m.Conversation},
		Event: conversation.Event{ID: m.ID, Kind: conversation.CustomerSaid, Text: m.Text},
	}}, nil
}

func (*benchChannel) Deliver(context.Context, connector.DeliverRequest) (connector.Receipt, error) {
	return connector.Receipt{}, nil
}

// benchDesk is the agents' side. The first word of a text is the message's id.
type benchDesk struct{ vendor *vendor }

func (*benchDesk) Name() string { return "bench" }
func (*benchDesk) Traits() connector.Traits {
	return connector.Traits{Post: connector.ByKey, Open: connector.ByKey}
}
func (*benchDesk) Verify(_ *connector.Delivery) error                      { return nil }
func (*benchDesk) Decode(*connector.Delivery) ([]connector.Inbound, error) { return nil, nil }
func (*benchDesk) Open(_ context.Context, r connector.OpenRequest) (conversation.Ticket, error) {
	return conversation.Ticket{ID: string(r.Key)}, nil
}

func (d *benchDesk) Post(_ context.Context, r connector.PostRequest) (connector.Receipt, error) {
	d.vendor.take(firstWord(r.Text))
	return connector.Receipt{}, nil
}
