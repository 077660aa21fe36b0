package crisp

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
	"github.com/handoff-engine/handoff/conversation"
)

const (
	// settling is how long the vendor's reads may be behind its writes (guide rate-limits, Bloom-Status), and recent how
	// long a call may have been under way: a look-up this soon after the first attempt waits first.
	settling = 1500 * time.Millisecond
	recent   = time.Minute
)

// Post adds the customer's words to the ticket. What is over 10,000 characters goes out in parts; a repeat sends only
// the parts that are not there. Crisp takes messages into resolved conversations without a word: a ticket that this
// process has closed is refused as Conflict, without a call.
func (c *Client) Post(ctx context.Context, req connector.PostRequest) (connector.Receipt, error) {
	const op = "Post"
	texts := connector.SplitText(req.Text, maxText)
	if len(texts) == 0 {
		return connector.Receipt{}, connector.Errorf(Name, op, connector.Invalid, "the text is empty")
	}
	var messages []newMessage
	for _, text := range texts {
		messages = append(messages, newMessage{Type: typeText, Content: text})
	}
	return c.say(ctx, op, req.Ticket, req.Key, messages)
}

// say sends the messages of one key in the customer's name. The last one carries the key, so that a send is complete
// when its last message is there. Where they are several, those that an earlier call sent are left out.
func (c *Client) say(ctx context.Context, op string, ticket conversation.Ticket, key conversation.Key, messages []newMessage) (connector.Receipt, error) {
	id, err := sessionOf(op, ticket)
	if err != nil {
		return connector.Receipt{}, err
	}
	if c.closed.Of(conversation.Key(id)) > 0 {
		return connector.Receipt{}, connector.Errorf(Name, op, connector.Conflict, "the conversation is resolved")
	}
	marks := fingerprints(key, len(messages))
	var ids []string
	for i, m := range messages {
		m.From, m.Origin, m.Fingerprint = fromUser, c.origin, marks[i]
		m.Properties = map[string]string{keyProperty: string(key)}
		if i < len(messages)-1 {
			m.Properties = map[string]string{partProperty: strconv.Itoa(i + 1)}
		}
		if len(messages) > 1 {
			there, err := c.exists(ctx, op, id, m.Fingerprint)
			if err != nil {
				return connector.Receipt{}, err
			}
			if there {
				ids = append(ids, fingerprintText(m.Fingerprint))
				continue
			}
		}
		sent, err := c.post(ctx, op, id, m)
		if err != nil {
			return connector.Receipt{}, err
		}
		ids = append(ids, fingerprintText(sent))
	}
	return connector.Receipt{ID: strings.Join(ids, ",")}, nil
}

// post sends one message and gives its fingerprint. Whether Crisp takes an origin of our own is not known for sure:
// where it does not, messages go out with the origin of its own chat from then on.
func (c *Client) post(ctx context.Context, op, id string, m newMessage) (int64, error) {
	if c.plainOrigin.Load() {
		m.Origin = plainOrigin
	}
	var sent struct {
		Fingerprint int64 `json:"fingerprint"`
	}
	err := c.call(ctx, op, http.MethodPost, c.session(id, "/message"), m, &sent)
	if connector.KindOf(err) == connector.Invalid && m.Origin != plainOrigin {
		m.Origin = plainOrigin
		if again := c.call(ctx, op, http.MethodPost, c.session(id, "/message"), m, &sent); connector.KindOf(again) != connector.Invalid {
			err = again
		}
		if err == nil && !c.plainOrigin.Swap(true) {
			c.log.Warn("the vendor refuses our origin; messages carry that of its own chat", "op", op)
		}
	}
	if sent.Fingerprint == 0 {
		sent.Fingerprint = m.Fingerprint
	}
	return sent.Fingerprint, err
}

// exists reports whether a message is there.
func (c *Client) exists(ctx context.Context, op, id string, mark int64) (bool, error) {
	err := c.call(ctx, op, http.MethodGet, c.session(id, "/message/"+fingerprintText(mark)), nil, nil)
	if connector.KindOf(err) == connector.NotFound {
		return false, nil
	}
	return err == nil, err
}

// FindSent looks for the last message of an earlier send. It waits a moment where the send was made just now.
func (c *Client) FindSent(ctx context.Context, req connector.FindRequest) (connector.Receipt, bool, error) {
	const op = "FindSent"
	id, err := sessionOf(op, req.Ticket)
	if err != nil {
		return connector.Receipt{}, false, err
	}
	if err := settle(ctx, op, req.Since); err != nil {
		return connector.Receipt{}, false, err
	}
	there, err := c.exists(ctx, op, id, fingerprint(req.Key, ""))
	if err != nil || !there {
		return connector.Receipt{}, false, err
	}
	parts := 1
	if req.Attachment == nil {
		parts = max(1, len(connector.SplitText(req.Text, maxText)))
	}
	var ids []string
	for _, mark := range fingerprints(req.Key, parts) {
		ids = append(ids, fingerprintText(mark))
	}
	return connector.Receipt{ID: strings.Join(ids, ",")}, true, nil
}

// settle waits until reads show what was written since.
func settle(ctx context.Context, op string, since time.Time) error {
	if time.Since(since) > recent {
		return nil
	}
	return httpx.Wait(ctx, Name, op, settling)
}

// EditMessage changes or removes a message of the customer. A text that went out in parts, or would have to, is
// Unsupported. Removing a message that is gone is no error.
func (c *Client) EditMessage(ctx context.Context, req connector.EditRequest) error {
	const op = "EditMessage"
	id, err := sessionOf(op, req.Ticket)
	if err != nil {
		return err
	}
	marks := strings.Split(req.Message, ",")
	for _, mark := range marks {
		if _, err := strconv.ParseInt(mark, 10, 64); err != nil {
			return connector.Errorf(Name, op, connector.Invalid, "the message's id is no fingerprint")
		}
	}
	if req.Delete {
		for _, mark := range marks {
			err := c.call(ctx, op, http.MethodDelete, c.session(id, "/message/"+mark), nil, nil)
			if err != nil && connector.KindOf(err) != connector.NotFound {
				return err
			}
		}
		return nil
	}
	if strings.TrimSpace(req.Text) == "" {
		return connector.Errorf(Name, op, connector.Invalid, "the text is empty")
	}
	if len(marks) > 1 || utf8.RuneCountInString(req.Text) > maxText {
		return connector.Errorf(Name, op, connector.Unsupported, "the text takes several messages")
	}
	return c.call(ctx, op, http.MethodPatch, c.session(id, "/message/"+marks[0]), map[string]string{"content": req.Text}, nil)
}

// WriteNote writes what operators alone see. A repeat writes only what is not there.
func (c *Client) WriteNote(ctx context.Context, req connector.NoteRequest) error {
	const op = "WriteNote"
	id, err := sessionOf(op, req.Ticket)
	if err != nil {
		return err
	}
	return c.note(ctx, op, id, req.Key, req.Text)
}

func (c *Client) note(ctx context.Context, op, id string, key conversation.Key, text string) error {
	texts := connector.SplitText(text, maxText)
	marks := fingerprints(key, len(texts))
	for i, text := range texts {
		there, err := c.exists(ctx, op, id, marks[i])
		if err != nil {
			return err
		}
		if there {
			continue
		}
		_, err = c.post(ctx, op, id, newMessage{
			Type: typeNote, From: fromOperator, Origin: c.origin, Content: text, Fingerprint: marks[i], Automated: true,
			Properties: map[string]string{partProperty: "note"},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// fingerprints names the messages of a send of several; the last one's is that of the key itself.
func fingerprints(key conversation.Key, of int) []int64 {
	marks := make([]int64, of)
	for i := range marks {
		part := ""
		if i < of-1 {
			part = "#" + strconv.Itoa(i+1)
		}
		marks[i] = fingerprint(key, part)
	}
	return marks
}

// fingerprint makes the vendor's id of a message from our own: 52 bits, which JavaScript holds exactly.
func fingerprint(key conversation.Key, part string) int64 {
	sum := sha256.Sum256([]byte(string(key) + part))
	return int64(binary.BigEndian.Uint64(sum[:8]) & (1<<52 - 1))
}

func fingerprintText(mark int64) string { return strconv.FormatInt(mark, 10) }
