package activities

import (
	"context"
	"fmt"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// Edit changes or removes a message that was sent before, at the channel or at the desk.
func (a *Activities) Edit(ctx context.Context, task conversation.Task) ([]conversation.Event, error) {
	x, err := connection[connector.MessageEditor](a, task)
	if err != nil {
		return nil, err
	}
	return a.do(ctx, task, func(ctx context.Context, e conversation.Effect) error {
		if e.Target == "" {
			return connector.Errorf(task.Connection, "EditMessage", connector.NotFound, "the message's id is not known")
		}
		req := connector.EditRequest{
			Key: e.Key, Message: e.Target, Text: e.Text, Delete: e.Delete, Author: e.Author, Vendor: task.Vendor,
		}
		if e.Kind == conversation.EditSaid {
			req.To = task.Ref
		} else {
			req.Ticket = *task.Ticket
		}
		return x.EditMessage(ctx, req)
	})
}

func ratingNote(e conversation.Effect) string {
	note := fmt.Sprintf("The customer's rating of the help: %d of 5.", e.Rating)
	if e.Text != "" {
		note += " " + e.Text
	}
	return note
}

func customerOf(task conversation.Task) conversation.Customer {
	if task.Customer == nil {
		return conversation.Customer{}
	}
	return *task.Customer
}
