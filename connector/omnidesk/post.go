package omnidesk

import (
	"context"
	"errors"
	"strings"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
	"github.com/handoff-engine/handoff/conversation"
)

// Post adds the customer's words to the session. What is over 4,000 characters goes out in parts; parts that surely
// arrived are not sent again with the same Key.
func (c *Client) Post(ctx context.Context, req connector.PostRequest) (connector.Receipt, error) {
	const op = "Post"
	if strings.TrimSpace(req.Text) == "" {
		return connector.Receipt{}, connector.Errorf(Name, op, connector.Invalid, "the text is empty")
	}
	session, err := c.openSession(op, req.Ticket)
	if err != nil {
		return connector.Receipt{}, err
	}
	return connector.Receipt{}, c.sayParts(ctx, op, session, req.Ticket, req.Key, req.Text, 0)
}

// sayParts says a text in as many parts as it needs, after before other things that the same key sends.
func (c *Client) sayParts(ctx context.Context, op, session string, t conversation.Ticket, key conversation.Key, text string, before int) error {
	parts := connector.SplitText(text, maxText)
	number := messageNumber(t, key)
	for i, part := range parts {
		if before+i < c.sent.Of(key) {
			continue
		}
		if i > 0 {
			number = ""
		}
		if _, err := c.say(ctx, op, session, number, part); err != nil {
			return connector.Partly(err, before+i)
		}
		c.sent.Set(key, before+i+1)
	}
	c.sent.Forget(key)
	return nil
}

// openSession gives a ticket's session. One that this process has ended is a Conflict: writing into it may make another
// ticket, or open the old one again, which the vendor documents nothing about.
func (c *Client) openSession(op string, t conversation.Ticket) (string, error) {
	if !sessionPattern.MatchString(t.ID) {
		return "", connector.Errorf(Name, op, connector.Invalid, "the ticket's id is no session of ours")
	}
	if c.ended.Of(conversation.Key(t.ID)) > 0 {
		return "", connector.Errorf(Name, op, connector.Conflict, "the session has ended")
	}
	return t.ID, nil
}

// SendAttachment uploads a file into the session, and says its caption after it. What the vendor does not take, or may
// not, files over 10 MB and places, is Unsupported and goes out as a link.
func (c *Client) SendAttachment(ctx context.Context, req connector.AttachmentRequest) (connector.Receipt, error) {
	const op = "SendAttachment"
	session, err := c.openSession(op, req.Ticket)
	if err != nil {
		return connector.Receipt{}, err
	}
	a := req.Attachment
	if a.Latitude != 0 || a.Longitude != 0 || a.Size > maxFile {
		return connector.Receipt{}, connector.Errorf(Name, op, connector.Unsupported, "the file is over 10 MB")
	}
	var receipt connector.Receipt
	if c.sent.Of(req.Key) == 0 {
		got, err := c.upload(ctx, op, session, req)
		if err != nil {
			return connector.Receipt{}, err
		}
		receipt.ID = idOf(got.MessageID)
		c.sent.Set(req.Key, 1)
	}
	return receipt, c.sayParts(ctx, op, session, req.Ticket, req.Key, req.Text, 1)
}

func (c *Client) upload(ctx context.Context, op, session string, req connector.AttachmentRequest) (answer, error) {
	f, err := req.Open(ctx)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = f.Close() }()
	if f.Size > maxFile {
		return answer{}, connector.Errorf(Name, op, connector.Unsupported, "the file is over 10 MB")
	}
	// This call alone names the session sessionID (guide, addAttachment).
	got, err := c.post(ctx, op, attachmentPath, []field{
		{"chatServer", c.chatServer},
		{"chatAccountToken", c.config.ChatAccountToken.First().Reveal()},
		{"sessionID", session},
	}, &f)
	if errors.Is(err, httpx.ErrTooLarge) {
		return answer{}, connector.Errorf(Name, op, connector.Unsupported, "the file is over 10 MB")
	}
	return got, err
}

// SendTyping shows agents that the customer types, or stopped.
func (c *Client) SendTyping(ctx context.Context, req connector.TypingRequest) error {
	event := eventIdle
	if req.On {
		event = eventTyping
	}
	return c.tell(ctx, "SendTyping", req.Ticket, event)
}

// MarkRead shows agents that the customer has the chat before his eyes: the vendor knows no mark for what was read, and
// tells when the chat window is opened.
func (c *Client) MarkRead(ctx context.Context, req connector.ReadRequest) error {
	return c.tell(ctx, "MarkRead", req.Ticket, eventExpanded)
}

// tell tells of an event in the customer's chat window.
func (c *Client) tell(ctx context.Context, op string, t conversation.Ticket, event string) error {
	session, err := c.openSession(op, t)
	if err != nil {
		return err
	}
	_, err = c.post(ctx, op, eventPath, []field{{"chatServer", c.chatServer}, {"chatSessionID", session}, {"event", event}}, nil)
	return err
}
