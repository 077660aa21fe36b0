package connectortest_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/memory"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
)

func TestAPairOfTheModelIsFaultless(t *testing.T) {
	connectortest.RunPair(t, subject(nil), subject(nil))
}

func TestEachFaultOfAPairIsFound(t *testing.T) {
	for _, m := range []struct {
		name          string
		channel, desk func(c *memory.Client, o *connectortest.Options) connector.Connector
		finds         string
	}{
		{name: "the channel says everything twice", channel: plant(func(c *memory.Client) doubled { return doubled{c} }), finds: "It comes tomorrow."},
		{name: "the desk posts everything twice", desk: plant(func(c *memory.Client) postsTwice { return postsTwice{c} }), finds: "Is anybody there?"},
		{name: "the channel loses pictures", channel: plant(func(c *memory.Client) losesFiles { return losesFiles{c} }), finds: "the agent's picture at the customer, once"},
		{name: "the desk loses pictures", desk: plant(func(c *memory.Client) losesFiles { return losesFiles{c} }), finds: "the customer's picture at the desk, once"},
		{name: "the desk opens without the transcript", desk: plant(func(c *memory.Client) forgetsHistory { return forgetsHistory{c} }), finds: "My parcel has not come."},
		{name: "the desk refuses that somebody types", desk: plant(func(c *memory.Client) hatesTyping { return hatesTyping{c} }), finds: "no typing"},
		{
			name: "the desk has one ticket for ever", finds: "a ticket that is over was opened again",
			desk: func(c *memory.Client, _ *connectortest.Options) connector.Connector { return &oneTicket{Client: c} },
		},
	} {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, connectortest.PairFailure(t.Context(), subject(m.channel), subject(m.desk)), m.finds)
		})
	}
}

type postsTwice struct{ *memory.Client }

func (m postsTwice) Post(ctx context.Context, req connector.PostRequest) (connector.Receipt, error) {
	if r, err := m.Client.Post(ctx, req); err != nil {
		return r, err
	}
	req.Key += "-again"
	return m.Client.Post(ctx, req)
}

type losesFiles struct{ *memory.Client }

func (losesFiles) SendAttachment(context.Context, connector.AttachmentRequest) (connector.Receipt, error) {
	return connector.Receipt{ID: "lost"}, nil
}

type forgetsHistory struct{ *memory.Client }

func (m forgetsHistory) Open(ctx context.Context, req connector.OpenRequest) (conversation.Ticket, error) {
	req.Transcript = nil
	return m.Client.Open(ctx, req)
}

type hatesTyping struct{ *memory.Client }

func (hatesTyping) SendTyping(context.Context, connector.TypingRequest) error {
	return connector.Errorf("memory", "SendTyping", connector.Invalid, "no typing")
}
