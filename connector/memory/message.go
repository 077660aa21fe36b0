package memory

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// message is what is said to the customer or posted to a ticket.
type message struct {
	key    conversation.Key
	author Author
	text   string
	file   *Attachment
	// buttons go along with the last part.
	buttons []Button
}

// idSeparator stands between the vendor's ids of a message's parts, in a Receipt.
const idSeparator = ","

// say sends a message, a long one in parts. Each part has a key of its own, which follows from the message's, so that
// a repeat sends only what is missing.
func (c *Client) say(ctx context.Context, op, path string, m message) (connector.Receipt, error) {
	if m.file == nil && strings.TrimSpace(m.text) == "" {
		return connector.Receipt{}, connector.Errorf(Name, op, connector.Invalid, "the text is empty")
	}
	parts := split(m.text, MaxText)
	var ids []string
	for i, part := range parts {
		send := SendRequest{Key: partKey(m.key, i), Author: m.author, Text: part}
		if m.file != nil && i == len(parts)-1 {
			send.Attachments = []Attachment{*m.file}
		}
		if i == len(parts)-1 {
			send.Buttons = m.buttons
		}
		var result SendResult
		if err := c.call(ctx, op, http.MethodPost, path+"/messages", send, &result); err != nil {
			return connector.Receipt{}, err
		}
		ids = append(ids, result.ID)
	}
	return connector.Receipt{ID: strings.Join(ids, idSeparator)}, nil
}

// FindSent looks for the last part: the parts are sent in order, so it is there when all are. The ids of the others stay
// unknown, so a long message that was found cannot be changed later.
func (c *Client) FindSent(ctx context.Context, req connector.FindRequest) (connector.Receipt, bool, error) {
	last := len(split(req.Text, MaxText)) - 1
	var sent SentResult
	path := eitherPath(req.To, req.Ticket) + "/sent?key=" + url.QueryEscape(partKey(req.Key, last))
	if err := c.call(ctx, "FindSent", http.MethodGet, path, nil, &sent); err != nil {
		return connector.Receipt{}, false, err
	}
	if last > 0 {
		sent.ID = ""
	}
	return connector.Receipt{ID: sent.ID}, sent.Found, nil
}

// EditMessage changes what was sent, part by part; parts that the new words do not need are removed. Words that need more
// parts than there are cannot be put between what was said since.
func (c *Client) EditMessage(ctx context.Context, req connector.EditRequest) error {
	const op = "EditMessage"
	ids := strings.Split(req.Message, idSeparator)
	var parts []string
	if !req.Delete {
		if parts = split(req.Text, MaxText); strings.TrimSpace(req.Text) == "" {
			return connector.Errorf(Name, op, connector.Invalid, "the text is empty")
		}
	}
	if len(parts) > len(ids) {
		return connector.Errorf(Name, op, connector.Unsupported, "the message cannot hold the words")
	}
	for i, id := range ids {
		edit := EditRequest{Key: partKey(req.Key, i), Delete: i >= len(parts)}
		if !edit.Delete {
			edit.Text = parts[i]
		}
		path := eitherPath(req.To, req.Ticket) + "/messages/" + url.PathEscape(id)
		if err := c.call(ctx, op, http.MethodPost, path, edit, &Result{}); err != nil {
			return err
		}
	}
	return nil
}

// partKey gives the key of a message's part, counted from 0.
func partKey(key conversation.Key, part int) string {
	if part == 0 {
		return string(key)
	}
	return string(key) + "+" + strconv.Itoa(part)
}

// split cuts a text between runes into parts of at most limit runes. There is always one part, which may be empty.
func split(text string, limit int) []string {
	var parts []string
	for utf8.RuneCountInString(text) > limit {
		end := 0
		for range limit {
			_, size := utf8.DecodeRuneInString(text[end:])
			end += size
		}
		parts = append(parts, text[:end])
		text = text[end:]
	}
	return append(parts, text)
}

// speaker says in whose name something is said: an agent's, the bot's, or, without an author, our own.
func speaker(a conversation.Author) Author {
	switch a {
	case conversation.Author{}:
		return Author{Role: RoleSystem}
	case conversation.Author{Name: RoleBot}:
		return Author{Role: RoleBot}
	}
	return Author{Role: RoleAgent, ID: a.ID, Name: a.Name}
}

// history is the transcript as the vendor's desk shows it.
func history(lines []conversation.Line) []HistoryEntry {
	var entries []HistoryEntry
	for _, l := range lines {
		if l.Deleted {
			continue
		}
		e := HistoryEntry{Number: l.N, At: l.At, Author: Author{Role: roleOf(l.Role), Name: l.Name}, Text: l.Text}
		if a := l.Attachment; a != nil && a.URL != "" {
			e.Attachments = []Attachment{{URL: a.URL, Name: a.Name, ContentType: a.ContentType, Size: a.Size}}
		}
		entries = append(entries, e)
	}
	return entries
}

func roleOf(r conversation.Role) string {
	switch r {
	case conversation.RoleCustomer:
		return RoleCustomer
	case conversation.RoleBot:
		return RoleBot
	case conversation.RoleAgent:
		return RoleAgent
	case conversation.RoleNotice:
		return RoleSystem
	}
	return RoleSystem
}
