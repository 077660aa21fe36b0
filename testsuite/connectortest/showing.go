package connectortest

import (
	"context"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// prepareShowing makes those methods ready that show how things stand, or change what was shown.
func (w *world) prepareShowing(method string) call {
	w.Helper()
	switch method {
	case methodMirror:
		return func(ctx context.Context, key conversation.Key) error {
			_, err := w.conn.(connector.TicketMirror).Mirror(ctx, connector.MirrorRequest{
				Key: key, Conversation: "under-test:c1", Customer: conversation.Customer{Name: customerName}, Vendor: w.deskVendor,
				Lines: []conversation.Line{
					{N: 1, Role: conversation.RoleCustomer, Name: customerName, At: fixtureTime, Text: saidText},
					{N: 2, Role: conversation.RoleBot, At: fixtureTime, Text: "What is its number?"},
				},
			})
			return err
		}
	case methodUpdate:
		ticket := w.openTicket()
		return func(ctx context.Context, key conversation.Key) error {
			return w.conn.(connector.TicketUpdater).UpdateTicket(ctx, connector.UpdateRequest{
				Key: key, Ticket: ticket, At: fixtureTime, WaitingSince: fixtureTime, Customer: conversation.Customer{Name: customerName},
				Vendor: w.deskVendor, Change: conversation.Change{
					From: conversation.Waiting, To: conversation.Assigned, Reason: conversation.AgentTook,
					Agent: conversation.Author{ID: w.vendor.Agent, Name: agentName},
				},
			})
		}
	case methodRating:
		ticket := w.openTicket()
		return func(ctx context.Context, key conversation.Key) error {
			return w.conn.(connector.RatingWriter).WriteRating(ctx, connector.RatingReport{Key: key, Ticket: ticket, Rating: 4, Vendor: w.deskVendor})
		}
	case methodSurvey:
		to, vendor := w.conversation()
		return func(ctx context.Context, key conversation.Key) error {
			return w.conn.(connector.Surveyor).AskRating(ctx, connector.RatingRequest{Key: key, To: to, Text: "How was it?", Vendor: vendor})
		}
	default:
		return w.prepareEdit()
	}
}

// prepareEdit says something and makes the change of it ready.
func (w *world) prepareEdit() call {
	w.Helper()
	req := connector.EditRequest{Text: editedText, Author: conversation.Author{ID: "a1", Name: agentName}}
	send := w.deliver
	if is[connector.Desk](w.conn) {
		req.Ticket, req.Vendor, send = w.openTicket(), w.deskVendor, w.post
	} else {
		req.To, req.Vendor = w.conversation()
	}
	receipt, err := send(context.Background(), "under-test:c1/e1-76", saidText)
	require.NoError(w, err)
	require.NotEmpty(w, receipt.ID, "a MessageEditor needs the ids of what it sent")
	req.Message = receipt.ID
	return func(ctx context.Context, key conversation.Key) error {
		req.Key = key
		return w.conn.(connector.MessageEditor).EditMessage(ctx, req)
	}
}
