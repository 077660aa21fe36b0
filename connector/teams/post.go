package teams

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// maxPicture is the largest picture that Teams shows in a message (learn: format-your-bot-messages).
const maxPicture = 1 << 20

// filePrefix marks, in a receipt's id, a message that is a file and no text.
const filePrefix = "file:"

// Post adds the customer's words to the thread, under the customer's name. What is over the limit goes out in parts; the
// receipt names all of them.
func (c *Client) Post(ctx context.Context, req connector.PostRequest) (connector.Receipt, error) {
	const op = "Post"
	if strings.TrimSpace(req.Text) == "" {
		return connector.Receipt{}, connector.Errorf(Name, op, connector.Invalid, "the text is empty")
	}
	id, err := c.say(ctx, op, req.Ticket, req.Key, req.Ticket.Vendor[nameKey], connector.SplitText(req.Text, maxText))
	return connector.Receipt{ID: id}, err
}

// WriteNote adds a note of ours to the thread. Nothing there reaches the customer but what people write.
func (c *Client) WriteNote(ctx context.Context, req connector.NoteRequest) error {
	const op = "WriteNote"
	if strings.TrimSpace(req.Text) == "" {
		return connector.Errorf(Name, op, connector.Invalid, "the text is empty")
	}
	_, err := c.say(ctx, op, req.Ticket, req.Key, speakerNote, connector.SplitText(req.Text, maxText))
	return err
}

// say posts the parts of a text, but for those that an earlier call of this process surely posted. It gives the ids of
// all, or none where it does not know them all.
func (c *Client) say(ctx context.Context, op string, ticket conversation.Ticket, key conversation.Key, speaker string, parts []string) (string, error) {
	p, err := c.place(op, ticket)
	if err != nil {
		return "", err
	}
	var ids []string
	for i := c.arrived.Of(key); i < len(parts); i++ {
		id, err := c.post(ctx, op, p, spoken(customerName(speaker), parts[i]))
		if err != nil {
			return "", connector.Partly(err, i)
		}
		if len(parts) > 1 {
			c.arrived.Set(key, i+1)
		}
		if id != "" {
			ids = append(ids, id)
		}
	}
	c.arrived.Forget(key)
	if len(ids) < len(parts) {
		return "", nil
	}
	return strings.Join(ids, ","), nil
}

// EditMessage replaces or deletes the customer's message. Words that need more messages than were posted, and those of a
// file, are Unsupported. Doing it twice changes nothing.
func (c *Client) EditMessage(ctx context.Context, req connector.EditRequest) error {
	const op = "EditMessage"
	p, err := c.place(op, req.Ticket)
	if err != nil {
		return err
	}
	message, isFile := strings.CutPrefix(req.Message, filePrefix)
	ids := strings.Split(message, ",")
	if slices.Contains(ids, "") {
		return connector.Errorf(Name, op, connector.Invalid, "the message has no id")
	}
	var parts []string
	if !req.Delete {
		parts = connector.SplitText(req.Text, maxText)
		switch {
		case len(parts) == 0:
			return connector.Errorf(Name, op, connector.Invalid, "the text is empty")
		case isFile, len(parts) > len(ids):
			return connector.Errorf(Name, op, connector.Unsupported, "the message cannot hold the words")
		}
	}
	for i, id := range ids {
		if i < len(parts) {
			err = c.put(ctx, op, p, id, spoken(customerName(req.Ticket.Vendor[nameKey]), parts[i]))
		} else {
			err = c.remove(ctx, op, p, id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// SendAttachment shows a picture, with its caption, in one card: text and picture in one message would be split by Teams
// into two, without an id. The picture is fetched by Microsoft from its address. Files cannot be uploaded to a channel
// (learn: bots-filesv4): they, places, and pictures that Teams does not show are Unsupported and go out as links.
func (c *Client) SendAttachment(ctx context.Context, req connector.AttachmentRequest) (connector.Receipt, error) {
	const op = "SendAttachment"
	p, err := c.place(op, req.Ticket)
	if err != nil {
		return connector.Receipt{}, err
	}
	a := req.Attachment
	u, err := url.Parse(a.URL)
	if err != nil || u.Scheme != "https" || u.Host == "" || !slices.Contains([]string{"image/png", "image/jpeg", "image/gif"}, a.ContentType) ||
		a.Size <= 0 || a.Size > maxPicture || len([]rune(req.Text)) > maxText {
		return connector.Receipt{}, connector.Errorf(Name, op, connector.Unsupported, "not a picture that Teams shows")
	}
	speaker := customerName(req.Ticket.Vendor[nameKey])
	words := []textRun{{Type: "TextRun", Text: speaker + ": ", Weight: "Bolder"}}
	if caption := strings.TrimSpace(req.Text); caption != "" {
		words = append(words, textRun{Type: "TextRun", Text: caption})
	}
	id, err := c.post(ctx, op, p, message{
		Type: "message", Summary: speaker + " sent a picture",
		Attachments: []cardHolder{{ContentType: typeCard, Content: card{
			Type: "AdaptiveCard", Schema: "http://adaptivecards.io/schemas/adaptive-card.json", Version: "1.5",
			Body: []element{
				{Type: "RichTextBlock", Inlines: words},
				{Type: "Image", URL: a.URL, AltText: a.Name, SelectAction: &cardAction{Type: "Action.OpenUrl", URL: a.URL}},
			},
		}}},
	})
	if id != "" {
		id = filePrefix + id
	}
	return connector.Receipt{ID: id}, err
}
