package activities

import (
	"context"
	"fmt"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// This file is the whole list of what is done where a vendor lacks an ability:
//
//	show_buttons    lines below the text: numbered ones, whose numbers are answers, for a bot that we call (package
//	                conversation)
//	attachments     the file's address, or a link of ours, as a text behind its caption (file.go)
//	find_sent       a repeat is marked as such, or held, by the route's policy (send.go)
//	find_ticket     a ticket of unknown outcome at a desk that was left is closed when it shows itself (package conversation)
//	availability    unknown: the ticket is opened (desk.go)
//	typing, read    nothing
//	edit_messages   the new words as a correction, a deletion as a note to the agent (package conversation)
//	queue           our own count of those who wait (show.go)
//	write_rating    a private note, where the ticket still takes one (show.go)
//	survey          a text that asks for a number (package conversation)
//	assign, note, close, pause, resume, mirror, update   the model never asks for them (package conversation)

// attach passes an attachment on as a file, or else as a text: with its address, or with why it is not passed on.
func (a *Activities) attach(
	ctx context.Context, x connector.Connector, task conversation.Task, e conversation.Effect,
	sendText func(ctx context.Context, text string) (connector.Receipt, error),
) (sent, error) {
	receipt, instead, err := a.pass(ctx, task, e, func(open func(ctx context.Context) (connector.File, error)) (connector.Receipt, error) {
		sender, ok := x.(connector.AttachmentSender)
		if !ok {
			return connector.Receipt{}, connector.Errorf(x.Name(), "SendAttachment", connector.Unsupported, "files cannot be sent")
		}
		req := connector.AttachmentRequest{
			Key: e.Key, To: task.Ref, Attachment: *a.reachable(task.Source, e), Text: e.Text, Author: e.Author, Vendor: task.Vendor, Open: open,
		}
		if task.Ticket != nil {
			req.Ticket = *task.Ticket
		}
		return sender.SendAttachment(ctx, req)
	})
	if err != nil || instead.text == "" {
		return sent{receipt, e.Degraded}, err
	}
	receipt, err = sendText(ctx, instead.text)
	return sent{receipt, instead.why}, err
}

// showButtons says a text with buttons, or with lines in their place. The model asks for it only where the channel shows
// buttons, but the vendor may not take these.
func showButtons(
	ctx context.Context, channel connector.Channel, req connector.DeliverRequest, e conversation.Effect,
	sendText func(ctx context.Context, text string) (connector.Receipt, error),
) (sent, error) {
	if sender, ok := channel.(connector.ButtonSender); ok {
		receipt, err := sender.SendButtons(ctx, connector.ButtonsRequest{DeliverRequest: req, Buttons: e.Buttons})
		if connector.KindOf(err) != connector.Unsupported {
			return sent{receipt, e.Degraded}, err
		}
	}
	receipt, err := sendText(ctx, e.Words())
	return sent{receipt, conversation.ButtonsAsText}, err
}

// asText writes an attachment as a text.
func (a *Activities) asText(source string, e conversation.Effect) string {
	f := a.reachable(source, e)
	if f.Latitude != 0 || f.Longitude != 0 {
		return withCaption(e, fmt.Sprintf("https://www.openstreetmap.org/?mlat=%g&mlon=%g", f.Latitude, f.Longitude))
	}
	if f.Name != "" {
		return withCaption(e, f.Name+"\n"+f.URL)
	}
	return withCaption(e, f.URL)
}
