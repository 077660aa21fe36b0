package httpdesk

import (
	"context"
	"strings"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// Post tells what the customer said. The Key is the message's name too, for later edits of it.
func (c *Client) Post(ctx context.Context, req connector.PostRequest) (connector.Receipt, error) {
	const op = "Post"
	if strings.TrimSpace(req.Text) == "" {
		return connector.Receipt{}, connector.Errorf(Name, op, connector.Invalid, "the text is empty")
	}
	data := on(req.Ticket)
	data.ID, data.Author, data.Text = string(req.Key), customer(), req.Text
	_, err := c.tell(ctx, op, string(req.Key), Webhook{Type: TypeMessageCreated, Timestamp: req.At, Data: data})
	return receipt(req.Key, err)
}

// SendAttachment tells of a file by its address, or of a place.
func (c *Client) SendAttachment(ctx context.Context, req connector.AttachmentRequest) (connector.Receipt, error) {
	data := on(req.Ticket)
	data.ID, data.Author, data.Text, data.Attachment = string(req.Key), customer(), req.Text, outward(&req.Attachment)
	_, err := c.tell(ctx, "SendAttachment", string(req.Key), Webhook{Type: TypeAttachmentCreated, Data: data})
	return receipt(req.Key, err)
}

func customer() *Author { return &Author{Role: string(conversation.RoleCustomer)} }

func receipt(key conversation.Key, err error) (connector.Receipt, error) {
	if err != nil {
		return connector.Receipt{}, err
	}
	return connector.Receipt{ID: string(key)}, nil
}

// EditMessage tells of new words for a message, or that it is no more.
func (c *Client) EditMessage(ctx context.Context, req connector.EditRequest) error {
	w := Webhook{Type: TypeMessageUpdated, Data: on(req.Ticket)}
	w.Data.ID, w.Data.Text = req.Message, req.Text
	if req.Delete {
		w.Type, w.Data.Text = TypeMessageDeleted, ""
	}
	_, err := c.tell(ctx, "EditMessage", string(req.Key), w)
	return err
}

// WriteNote tells what agents are to know and the customer is not.
func (c *Client) WriteNote(ctx context.Context, req connector.NoteRequest) error {
	data := on(req.Ticket)
	data.ID, data.Text = string(req.Key), req.Text
	_, err := c.tell(ctx, "WriteNote", string(req.Key), Webhook{Type: TypeNoteCreated, Data: data})
	return err
}

// WriteRating tells how the customer liked the help. A desk that keeps no ratings is not told.
func (c *Client) WriteRating(ctx context.Context, req connector.RatingReport) error {
	data := on(req.Ticket)
	data.Rating, data.Text = req.Rating, req.Comment
	return shown(c.tell(ctx, "WriteRating", string(req.Key), Webhook{Type: TypeCustomerRated, Data: data}))
}

// SendTyping tells that the customer types. Each notice has an id of its own: none is ever repeated.
func (c *Client) SendTyping(ctx context.Context, req connector.TypingRequest) error {
	data := on(req.Ticket)
	data.Typing, data.Text = &req.On, req.Text
	_, err := c.tell(ctx, "SendTyping", passing("typing"), Webhook{Type: TypeCustomerTyping, Data: data})
	return err
}

// MarkRead tells that the customer has read what was said until then.
func (c *Client) MarkRead(ctx context.Context, req connector.ReadRequest) error {
	_, err := c.tell(ctx, "MarkRead", passing("read"), Webhook{Type: TypeCustomerRead, Timestamp: req.At, Data: on(req.Ticket)})
	return err
}
