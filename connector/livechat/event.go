package livechat

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/handoff-engine/handoff/connector"
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
	content(e, &base)
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

// content adds an event's words, buttons or file. What a person sends in a type that we do not know is named, never dropped.
func content(e event, ev *conversation.Event) {
	switch e.Type {
	case "message":
		ev.Text = e.Text
		return
	case "file":
		if e.URL != "" {
			ev.Attachment = &conversation.Attachment{URL: e.URL, Name: e.Name, ContentType: e.ContentType, Size: e.Size}
			return
		}
	case "rich_message":
		if ev.Text, ev.Buttons = rich(e.Elements); ev.Text != "" || len(ev.Buttons) > 0 {
			return
		}
	}
	ev.Text = "[unsupported: " + e.Type + "]"
}

// rich gives the cards of a rich message as lines, and what can be pressed on them. A number to call is a line.
func rich(raw json.RawMessage) (string, []conversation.Button) {
	var elements []element
	if json.Unmarshal(raw, &elements) != nil {
		return "", nil
	}
	var lines []string
	var buttons []conversation.Button
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
			switch link := connector.IsWebAddress(b.Value); {
			case b.Type == "phone" || b.Text == "":
				add(b.Text, b.Value)
			case (b.Type == "url" || b.Type == "webview") && link:
				buttons = append(buttons, conversation.Button{Label: b.Text, URL: b.Value})
			default:
				buttons = append(buttons, conversation.Button{Label: b.Text})
			}
		}
	}
	return strings.Join(lines, "\n"), buttons
}

// author is an agent as customers see him: under the configured name, else the one that LiveChat tells.
func (c *Client) author(id, told string) conversation.Author {
	if configured := c.config.AgentNames[id]; configured != "" {
		told = configured
	}
	return conversation.Author{ID: id, Name: told}
}
