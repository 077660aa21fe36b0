package memory

import (
	"context"
	"net/http"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// Mirror shows agents what was said. The Key makes the ticket once, and a line's number makes the line once.
func (c *Client) Mirror(ctx context.Context, req connector.MirrorRequest) (conversation.Ticket, error) {
	return c.open(ctx, "Mirror", "/desk/mirror", MirrorRequest{
		Key: string(req.Key), Conversation: req.Conversation, Ticket: req.Ticket.ID,
		Customer: Author{Role: RoleCustomer, Name: req.Customer.Name}, Lines: history(req.Lines),
	})
}

// UpdateTicket tells how the conversation stands.
func (c *Client) UpdateTicket(ctx context.Context, req connector.UpdateRequest) error {
	update := UpdateRequest{
		Key: string(req.Key), State: string(req.Change.To), Reason: string(req.Change.Reason), At: req.At, WaitingSince: req.WaitingSince,
	}
	if agent := req.Change.Agent; agent != (conversation.Author{}) {
		update.Agent = &Author{Role: RoleAgent, ID: agent.ID, Name: agent.Name}
	}
	return c.call(ctx, "UpdateTicket", http.MethodPost, ticketPath(req.Ticket)+"/update", update, &Result{})
}

// Queue says how far ahead the ticket is.
func (c *Client) Queue(ctx context.Context, req connector.QueueRequest) (conversation.Queue, error) {
	var queue Queue
	if err := c.call(ctx, "Queue", http.MethodGet, ticketPath(req.Ticket)+"/queue", nil, &queue); err != nil {
		return conversation.Queue{}, err
	}
	wait := time.Duration(max(queue.WaitSeconds, 0)) * time.Second
	return conversation.Queue{Position: max(queue.Position, 0), Wait: conversation.Duration(wait)}, nil
}

// MarkRead shows that the other side has read what was said until then.
func (c *Client) MarkRead(ctx context.Context, req connector.ReadRequest) error {
	read := ReadRequest{Author: speaker(req.Author), At: req.At}
	if req.Ticket.ID != "" {
		read.Author.Role = RoleCustomer
	}
	return c.call(ctx, "MarkRead", http.MethodPost, eitherPath(req.To, req.Ticket)+"/read", read, &Result{})
}

// AskRating has the vendor show the question with its five buttons.
func (c *Client) AskRating(ctx context.Context, req connector.RatingRequest) error {
	return c.call(ctx, "AskRating", http.MethodPost, conversationPath(req.To)+"/survey",
		SurveyRequest{Key: string(req.Key), Text: req.Text}, &SendResult{})
}

// WriteRating keeps on the ticket how the customer liked the help. What is too long to be kept is cut.
func (c *Client) WriteRating(ctx context.Context, req connector.RatingReport) error {
	return c.call(ctx, "WriteRating", http.MethodPost, ticketPath(req.Ticket)+"/rating",
		RatingRequest{Key: string(req.Key), Rating: req.Rating, Comment: split(req.Comment, MaxText)[0]}, &Result{})
}
