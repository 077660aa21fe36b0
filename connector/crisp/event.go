package crisp

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// said gives what one message means: an operator's words, a private note, or the echo of our own send. Web hooks and
// lists share it, so that both name it alike.
func (c *Client) said(session string, m message) (conversation.Event, bool) {
	mark := fingerprintText(m.Fingerprint)
	ev := conversation.Event{ID: "message:" + session + ":" + mark, TicketID: session}
	if m.Timestamp > 0 {
		ev.At = time.UnixMilli(m.Timestamp).UTC()
	}
	switch {
	case m.From == fromUser:
		return c.proves(ev, m)
	case m.From != fromOperator || m.Automated || c.ours(m) || m.Type == typeEvent:
		return ev, false
	case m.Type == typeNote:
		// Without a MessageID: the hook of an edit does not say that it is a note's, and its words would be taken for public.
		ev.Kind, ev.Author = conversation.AgentNoted, c.author(m.User)
		if back := c.config.BackToBotNote; back != "" && strings.HasPrefix(strings.TrimSpace(text(m.Content)), back) {
			ev.Kind = conversation.HandedBack
		}
		return ev, true
	case m.Stealth:
		// Not for the visitor's eyes.
		ev.Kind, ev.Author = conversation.AgentNoted, c.author(m.User)
		return ev, true
	}
	ev.Kind, ev.Author, ev.MessageID = conversation.AgentSaid, c.author(m.User), mark
	content(m, &ev)
	return ev, true
}

// ours reports whether we sent a message, by its origin or by what we put into its properties.
func (c *Client) ours(m message) bool {
	_, keyed := m.Properties[keyProperty]
	_, part := m.Properties[partProperty]
	return m.Origin == c.origin || keyed || part
}

// proves gives the proof that a message of the customer's is there. One part of several proves nothing, nor do the words
// that a ticket begins with. What carries no property of ours, though it carries our origin, is told by its words.
func (c *Client) proves(ev conversation.Event, m message) (conversation.Event, bool) {
	// Without a MessageID: the last of several messages looks like one alone, and an edit needs them all.
	ev.Kind = conversation.SendProven
	key, _ := m.Properties[keyProperty].(string)
	ev.Key = conversation.Key(key)
	if key == "" && m.Origin == c.origin && m.Properties[partProperty] == nil && m.Type == typeText {
		ev.Text = text(m.Content)
	}
	return ev, ev.Key != "" || ev.Text != ""
}

// content adds a message's words, buttons or file. What a person sends in a type that we do not know is named, never
// dropped.
func content(m message, ev *conversation.Event) {
	switch m.Type {
	case typeText:
		if ev.Text = text(m.Content); ev.Text != "" {
			return
		}
	case typeFile, "animation", "audio":
		var f fileContent
		if json.Unmarshal(m.Content, &f) == nil && f.URL != "" {
			ev.Attachment = &conversation.Attachment{URL: f.URL, Name: f.Name, ContentType: f.Type}
			return
		}
	case "picker", "field", "carousel":
		if ev.Text, ev.Buttons = rich(m.Content); ev.Text != "" || len(ev.Buttons) > 0 {
			return
		}
	}
	ev.Text = "[unsupported: " + m.Type + "]"
}

// rich gives questions and cards as lines, and what can be pressed below them.
func rich(raw json.RawMessage) (string, []conversation.Button) {
	var r richContent
	if json.Unmarshal(raw, &r) != nil {
		return "", nil
	}
	var lines []string
	var buttons []conversation.Button
	add := func(line string) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	press := func(label, link string) {
		switch label = strings.TrimSpace(label); {
		case connector.IsWebAddress(link):
			buttons = append(buttons, conversation.Button{Label: cmp.Or(label, link), URL: link})
		case label != "":
			buttons = append(buttons, conversation.Button{Label: label})
		}
	}
	add(r.Text)
	add(r.Explain)
	for _, choice := range r.Choices {
		press(choice.Label, "")
	}
	for _, target := range r.Targets {
		add(target.Title)
		add(target.Description)
		for _, action := range target.Actions {
			press(action.Label, action.URL)
		}
	}
	return strings.Join(lines, "\n"), buttons
}

// text gives content that is a text, or "".
func text(content json.RawMessage) string {
	var words string
	_ = json.Unmarshal(content, &words)
	return words
}

// edited gives the new words of a message, told at some time; a list does not say when. The same words may come twice,
// with others between them.
func edited(session string, fingerprint int64, content json.RawMessage, at int64) (conversation.Event, bool) {
	words, mark := text(content), fingerprintText(fingerprint)
	return conversation.Event{
		ID: weakID("message:updated", session, mark, strconv.FormatInt(at, 10), words), Kind: conversation.AgentEdited,
		TicketID: session, Target: mark, Text: words,
	}, words != ""
}

// closed is the end of a ticket, which happens once.
func closed(session string) conversation.Event {
	return conversation.Event{ID: "closed:" + session, Kind: conversation.TicketClosed, TicketID: session}
}

// author is an operator as customers see him: under the configured name, else the one that Crisp tells. What is written
// in the workspace's own name has no operator.
func (c *Client) author(u user) conversation.Author {
	if configured := c.config.AgentNames[u.ID]; configured != "" {
		u.Nickname = configured
	}
	if u.ID == "" {
		u.ID = tierWebsite
	}
	return conversation.Author{ID: u.ID, Name: u.Nickname}
}
