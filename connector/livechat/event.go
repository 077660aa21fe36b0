package livechat

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/handoff-engine/handoff/conversation"
)

// said gives what one entry of a thread means: an agent's words, an internal note, or the echo of our own send.
// Webhooks and lists share it, so that both name it alike.
func (c *Client) said(ticket string, e event) []conversation.Event {
	base := conversation.Event{ID: e.ID, At: e.CreatedAt, TicketID: ticket, MessageID: e.ID}
	switch {
	case e.ID == "" || e.AuthorID == "":
		// System messages have no author.
		return nil
	case !isPerson(e.AuthorID):
		// A bot of the account, or our customer.
		if key, ok := proves(e.CustomID); ok {
			base.Kind, base.Key = conversation.SendProven, key
			return []conversation.Event{base}
		}
		return nil
	case notSpoken(e.Type):
		return nil
	case e.Visibility != "all":
		base.Kind, base.Author, base.MessageID = conversation.AgentNoted, c.author(e.AuthorID, ""), ""
		return []conversation.Event{base}
	case e.Properties["lc2"]["welcome_message"] == true:
		// A greeting that the desk's automation sent in the agent's name.
		return nil
	}
	base.Kind, base.Author = conversation.AgentSaid, c.author(e.AuthorID, "")
	base.Text, base.Attachment = content(e)
	return []conversation.Event{base}
}

// edited gives a person's words as new words of the message that they stand in. The vendor's event keeps its id, so what
// it says is part of ours.
func edited(said conversation.Event) (conversation.Event, bool) {
	if said.Kind != conversation.AgentSaid || said.Text == "" {
		return conversation.Event{}, false
	}
	sum := sha256.Sum256([]byte(said.Text))
	said.Kind, said.Target, said.MessageID = conversation.AgentEdited, said.ID, ""
	said.ID += ":updated:" + hex.EncodeToString(sum[:8])
	return said, true
}

// deleted tells that a message was taken away.
func deleted(eventID string) conversation.Event {
	return conversation.Event{ID: eventID + ":deleted", Kind: conversation.AgentDeleted, Target: eventID}
}

// notSpoken reports whether entries of this type are not a person's words, whoever they are written down to.
func notSpoken(eventType string) bool {
	switch eventType {
	case "system_message", "system", "custom":
		return true
	}
	return false
}

// content gives an event's words or file. What a person sends in a type that we do not know is named, never dropped.
func content(e event) (string, *conversation.Attachment) {
	switch e.Type {
	case "message":
		return e.Text, nil
	case "file":
		if e.URL != "" {
			return "", &conversation.Attachment{URL: e.URL, Name: e.Name, ContentType: e.ContentType, Size: e.Size}
		}
	case "rich_message":
		if text := richText(e.Elements); text != "" {
			return text, nil
		}
	}
	return "[unsupported: " + e.Type + "]", nil
}

// richText writes the cards and buttons of a rich message as lines.
func richText(raw json.RawMessage) string {
	var elements []element
	if json.Unmarshal(raw, &elements) != nil {
		return ""
	}
	var lines []string
	add := func(parts ...string) {
		if line := strings.TrimSpace(strings.Join(parts, " ")); line != "" {
			lines = append(lines, line)
		}
	}
	for _, e := range elements {
		add(e.Title)
		add(e.Subtitle)
		if e.Image != nil {
			add(e.Image.URL)
		}
		for _, b := range e.Buttons {
			switch b.Type {
			case "url", "webview", "phone":
				add("-", b.Text, b.Value)
			default:
				add("-", b.Text)
			}
		}
	}
	return strings.Join(lines, "\n")
}

// author is an agent as customers see him: under the configured name, else the one that LiveChat tells.
func (c *Client) author(id, told string) conversation.Author {
	if configured := c.config.AgentNames[id]; configured != "" {
		told = configured
	}
	return conversation.Author{ID: id, Name: told}
}
