package activities

import (
	"context"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// Mirror shows agents what was said while the bot has the customer.
func (a *Activities) Mirror(ctx context.Context, task conversation.Task) ([]conversation.Event, error) {
	x, err := connection[connector.TicketMirror](a, task)
	if err != nil {
		return nil, err
	}
	defer alive(ctx)()
	task = a.withLinks(task)
	req := connector.MirrorRequest{
		Key: task.Effects[0].Key, Conversation: task.Conversation, Customer: customerOf(task), Lines: task.Transcript, Vendor: task.Vendor,
	}
	if task.Ticket != nil {
		req.Ticket = *task.Ticket
	}
	ticket := req.Ticket
	if len(req.Lines) > 0 {
		if ticket, err = x.Mirror(ctx, req); err != nil {
			a.count(task, string(connector.KindOf(err)))
			return nil, translate(err)
		}
	}
	a.count(task, "delivered")
	var events []conversation.Event
	for _, e := range task.Effects {
		events = append(events, conversation.Event{Kind: conversation.Delivered, Key: e.Key, Ticket: &ticket})
	}
	return events, nil
}

// UpdateTicket tells the desk of a change of state, where the ticket shows it.
func (a *Activities) UpdateTicket(ctx context.Context, task conversation.Task) ([]conversation.Event, error) {
	x, err := connection[connector.TicketUpdater](a, task)
	if err != nil {
		return nil, err
	}
	return a.do(ctx, task, func(ctx context.Context, e conversation.Effect) error {
		return x.UpdateTicket(ctx, connector.UpdateRequest{
			Key: e.Key, Ticket: *task.Ticket, Change: *e.Change, At: e.At, WaitingSince: e.WaitingSince, Customer: customerOf(task),
			Vendor: task.Vendor,
		})
	})
}

// ReadQueue says how far ahead the waiting customer is: as the desk knows, else by our own count of those who wait there.
func (a *Activities) ReadQueue(ctx context.Context, task conversation.Task) ([]conversation.Event, error) {
	e := task.Effects[0]
	var queue conversation.Queue
	if x, ok := a.Connections[task.Connection].(connector.QueueReader); ok {
		told, err := x.Queue(ctx, connector.QueueRequest{Ticket: *task.Ticket, Vendor: task.Vendor})
		if err != nil && !connector.KindOf(err).Permanent() {
			return nil, translate(err)
		}
		queue = told
	}
	if queue.Position == 0 {
		ahead, err := a.Conversations.Ahead(ctx, task.Connection, e.WaitingSince)
		if err != nil {
			return nil, err
		}
		queue.Position = ahead + 1
	}
	return []conversation.Event{{Kind: conversation.QueueTold, Key: e.Key, Queue: queue}}, nil
}

// AskRating asks the customer how the help was, in the channel's own way.
func (a *Activities) AskRating(ctx context.Context, task conversation.Task) ([]conversation.Event, error) {
	x, err := connection[connector.Surveyor](a, task)
	if err != nil {
		return nil, err
	}
	return a.do(ctx, task, func(ctx context.Context, e conversation.Effect) error {
		return x.AskRating(ctx, connector.RatingRequest{Key: e.Key, To: task.Ref, Text: e.Text, Vendor: task.Vendor})
	})
}

// ReportRating counts how the customer liked the help, and keeps it at the desk: as the desk does, else as a note, else not
// at all.
func (a *Activities) ReportRating(ctx context.Context, task conversation.Task) ([]conversation.Event, error) {
	x := a.Connections[task.Connection]
	events, err := a.do(ctx, task, func(ctx context.Context, e conversation.Effect) error {
		switch x := x.(type) {
		case connector.RatingWriter:
			return x.WriteRating(ctx, connector.RatingReport{
				Key: e.Key, Ticket: *task.Ticket, Rating: e.Rating, Comment: e.Text, Vendor: task.Vendor,
			})
		case connector.NoteWriter:
			err := x.WriteNote(ctx, connector.NoteRequest{Key: e.Key, Ticket: *task.Ticket, Text: ratingNote(e), Vendor: task.Vendor})
			if connector.KindOf(err).Permanent() {
				// Many desks take nothing on a closed ticket.
				return nil
			}
			return err
		}
		return nil
	})
	if err == nil && a.Sends != nil {
		a.Sends.CountRating(task.Route, task.Effects[0].Rating)
	}
	return events, err
}
