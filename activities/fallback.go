package activities

import (
	"context"
	"fmt"
	"strings"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// This file is the whole list of what is done where a vendor lacks an ability:
//
//	attachments     the file's address as a text, behind its caption
//	find_sent       a repeat is marked as such, or held, by the route's policy (send.go)
//	availability    unknown: the ticket is opened (desk.go)
//	typing, read    nothing
//	edit_messages   the new words as a correction, a deletion as a note to the agent (package conversation)
//	queue           our own count of those who wait (show.go)
//	write_rating    a private note, where the ticket still takes one (show.go)
//	survey          a text that asks for a number (package conversation)
//	assign, note, close, pause, resume, mirror, update   the model never asks for them (package conversation)

// attach passes an attachment on as a file, or else as a text with its address.
func (a *Activities) attach(
	ctx context.Context, x connector.Connector, task conversation.Task, e conversation.Effect,
	sendText func(ctx context.Context, text string) (connector.Receipt, error),
) (connector.Receipt, error) {
	sender, ok := x.(connector.AttachmentSender)
	if !ok {
		return sendText(ctx, asText(e))
	}
	req := connector.AttachmentRequest{
		Key: e.Key, To: task.Ref, Attachment: *e.Attachment, Text: e.Text, Author: e.Author, Vendor: task.Vendor,
		Open: func(ctx context.Context) (connector.File, error) { return a.open(ctx, task.Source, *e.Attachment) },
	}
	if task.Ticket != nil {
		req.Ticket = *task.Ticket
	}
	receipt, err := sender.SendAttachment(ctx, req)
	if kind := connector.KindOf(err); kind == connector.Unsupported || kind == connector.Invalid {
		return sendText(ctx, asText(e))
	}
	return receipt, err
}

// open streams a file from the connection that serves it.
func (a *Activities) open(ctx context.Context, source string, file conversation.Attachment) (connector.File, error) {
	if fetcher, ok := a.Connections[source].(connector.AttachmentFetcher); ok {
		return fetcher.FetchAttachment(ctx, file)
	}
	return a.Files.Fetch(ctx, source, file)
}

// asText writes an attachment as a text.
func asText(e conversation.Effect) string {
	f := e.Attachment
	var parts []string
	if e.Text != "" {
		parts = append(parts, e.Text)
	}
	if f.Latitude != 0 || f.Longitude != 0 {
		parts = append(parts, fmt.Sprintf("https://www.openstreetmap.org/?mlat=%g&mlon=%g", f.Latitude, f.Longitude))
		return strings.Join(parts, "\n")
	}
	if f.Name != "" {
		parts = append(parts, f.Name)
	}
	return strings.Join(append(parts, f.URL), "\n")
}

// Files fetches the bytes of attachments over HTTP, within limits.
type Files interface {
	// Fetch opens a file that the connection source serves.
	Fetch(ctx context.Context, source string, file conversation.Attachment) (connector.File, error)
}
