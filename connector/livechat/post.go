package livechat

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime/multipart"
	"strings"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
	"github.com/handoff-engine/handoff/conversation"
)

// Post adds the customer's words to the ticket, in the customer's name. What is over 4,096 characters goes out in parts; a repeat
// sends only the parts that are not there.
func (c *Client) Post(ctx context.Context, req connector.PostRequest) (connector.Receipt, error) {
	const op = "Post"
	if strings.TrimSpace(req.Text) == "" {
		return connector.Receipt{}, connector.Errorf(Name, op, connector.Invalid, "the text is empty")
	}
	var events []newEvent
	parts := connector.SplitText(req.Text, maxText)
	for i, part := range parts {
		events = append(events, newEvent{Type: "message", Text: part, CustomID: sendMark(req.Key, i+1, len(parts))})
	}
	return c.send(ctx, op, req.Ticket, req.Vendor, events)
}

// send sends the events of one key. Where they are several, those that an earlier call sent are left out.
func (c *Client) send(ctx context.Context, op string, ticket conversation.Ticket, vendor map[string]string, events []newEvent) (connector.Receipt, error) {
	chatID, _, err := parseTicket(op, ticket)
	if err != nil {
		return connector.Receipt{}, err
	}
	have := map[string]string{}
	if len(events) > 1 {
		shown, err := c.shown(ctx, op, ticket)
		if err != nil {
			return connector.Receipt{}, err
		}
		for _, e := range shown {
			have[e.CustomID] = e.ID
		}
	}
	var receipt connector.Receipt
	for _, e := range events {
		if id := have[e.CustomID]; id != "" {
			receipt.ID = id
			continue
		}
		var got sentEvent
		err := c.call(ctx, request{
			op: op, api: customerAPI, action: "send_event", customer: customerOf(ticket, vendor), body: sendEvent{ChatID: chatID, Event: e},
		}, &got)
		if err != nil {
			return connector.Receipt{}, err
		}
		receipt.ID = got.EventID
	}
	return receipt, nil
}

// shown are the events of the ticket's thread and of the chat's newest one: a send lands in the one that is open.
func (c *Client) shown(ctx context.Context, op string, ticket conversation.Ticket) ([]event, error) {
	chatID, threadID, err := parseTicket(op, ticket)
	if err != nil {
		return nil, err
	}
	newest, err := c.getChat(ctx, op, chatID, "")
	if err != nil || newest.Thread.ID == threadID {
		return eventsOf(newest), err
	}
	own, err := c.getChat(ctx, op, chatID, threadID)
	return append(eventsOf(own), eventsOf(newest)...), err
}

func eventsOf(c chat) []event {
	if c.Thread == nil {
		return nil
	}
	return c.Thread.Events
}

// FindSent looks for the mark of an earlier send.
func (c *Client) FindSent(ctx context.Context, req connector.FindRequest) (connector.Receipt, bool, error) {
	events, err := c.shown(ctx, "FindSent", req.Ticket)
	if err != nil {
		return connector.Receipt{}, false, err
	}
	id, found := sent(req.Key, events)
	return connector.Receipt{ID: id}, found, nil
}

// SendTyping shows agents what the customer is typing: the Customer Chat API has no typing indicator but this one.
func (c *Client) SendTyping(ctx context.Context, req connector.TypingRequest) error {
	const op = "SendTyping"
	chatID, _, err := parseTicket(op, req.Ticket)
	if err != nil {
		return err
	}
	text := req.Text
	switch {
	case !req.On:
		text = ""
	case text == "":
		text = "…"
	}
	return c.call(ctx, request{
		op: op, api: customerAPI, action: "send_sneak_peek", customer: customerOf(req.Ticket, req.Vendor),
		body: map[string]string{"chat_id": chatID, "sneak_peek_text": connector.CutText(text, maxText)},
	}, nil)
}

// SendAttachment uploads a file and shows it in the chat. What LiveChat does not take, files over 10 MB, programs and
// places, is Unsupported and goes out as a link.
func (c *Client) SendAttachment(ctx context.Context, req connector.AttachmentRequest) (connector.Receipt, error) {
	const op = "SendAttachment"
	a := req.Attachment
	if a.Latitude != 0 || a.Longitude != 0 || a.Size > maxFile {
		return connector.Receipt{}, connector.Errorf(Name, op, connector.Unsupported, "not a file that LiveChat takes")
	}
	var captions []string
	if strings.TrimSpace(req.Text) != "" {
		captions = connector.SplitText(req.Text, maxText)
	}
	of := 1 + len(captions)
	first := sendMark(req.Key, 1, of)
	file := newEvent{Type: "file", CustomID: first}
	if of > 1 {
		// The file may be there already, and only the caption missing.
		shown, err := c.shown(ctx, op, req.Ticket)
		if err != nil {
			return connector.Receipt{}, err
		}
		for _, e := range shown {
			if e.CustomID == first {
				file.URL = e.URL
			}
		}
	}
	if file.URL == "" {
		var err error
		if file.URL, err = c.uploadFile(ctx, op, req); err != nil {
			return connector.Receipt{}, err
		}
	}
	events := []newEvent{file}
	for i, caption := range captions {
		events = append(events, newEvent{Type: "message", Text: caption, CustomID: sendMark(req.Key, i+2, of)})
	}
	return c.send(ctx, op, req.Ticket, req.Vendor, events)
}

func (c *Client) uploadFile(ctx context.Context, op string, req connector.AttachmentRequest) (address string, err error) {
	f, err := req.Open(ctx)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	if f.Size > maxFile {
		return "", connector.Errorf(Name, op, connector.Unsupported, "the file is over 10 MB")
	}
	up, err := newUpload(f)
	switch {
	case errors.Is(err, httpx.ErrTooLarge):
		return "", connector.Errorf(Name, op, connector.Unsupported, "the file is over 10 MB")
	case err != nil:
		return "", connector.Errorf(Name, op, connector.Unavailable, "reading the file: %w", err)
	}
	var got struct {
		URL string `json:"url"`
	}
	err = c.call(ctx, request{op: op, api: customerAPI, action: "upload_file", customer: customerOf(req.Ticket, req.Vendor), file: up}, &got)
	switch code := connector.CodeOf(err); {
	case code == "entity_too_large" || code == "validation":
		return "", connector.Errorf(Name, op, connector.Unsupported, "the file is refused: %s", code)
	case err != nil:
		return "", err
	case got.URL == "":
		return "", connector.Errorf(Name, op, connector.Unavailable, "the upload has no address")
	}
	return got.URL, nil
}

// upload is a file as a form, kept whole so that the call can be repeated.
type upload struct {
	contentType string
	body        []byte
}

func newUpload(f connector.File) (*upload, error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	if err := errors.Join(httpx.WriteFile(form, "file", f, maxFile), form.Close()); err != nil {
		return nil, err
	}
	return &upload{contentType: form.FormDataContentType(), body: body.Bytes()}, nil
}

func (u *upload) reader() io.Reader { return bytes.NewReader(u.body) }
