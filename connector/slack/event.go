package slack

import (
	"cmp"
	"slices"
	"strings"

	"github.com/handoff-engine/handoff/conversation"
)

// ourselves is how our own messages are known: by our bot's user, and proof by our app.
type ourselves struct{ bot, app string }

// tell gives what a message of a thread means. Webhooks and lists share it, so that both name it alike.
func (c *Client) tell(us ourselves, m message) []conversation.Event {
	switch m.Subtype {
	case "", "file_share", "thread_broadcast", "me_message", "bot_message":
		if m.byBot(us) {
			return proven(us, m)
		}
		if !m.isReply() || m.foreignThread(us) {
			return nil
		}
		return c.spoken(us, m, "message:"+m.Channel+":"+m.TS)
	case "message_changed":
		return c.changed(us, m)
	case "message_deleted":
		return c.deleted(us, m)
	}
	// Somebody joined, a topic was set, a message was pinned: nobody spoke.
	return nil
}

// byBot reports whether a program wrote a message: ours or another. The subtype bot_message is not always there, and a
// message under a customer's name has no user [docs: bot_message].
func (m message) byBot(us ourselves) bool {
	return m.BotID != "" || m.BotProfile != nil || m.Subtype == "bot_message" || m.User == "" || m.User == us.bot
}

// isReply reports whether a message stands in a thread and is not its first.
func (m message) isReply() bool { return isTS(m.ThreadTS) && isTS(m.TS) && m.ThreadTS != m.TS }

// foreignThread reports whether somebody else began the thread: agents talk about other things in the same channel.
func (m message) foreignThread(us ourselves) bool {
	return us.bot != "" && isUser(m.ParentUser) && m.ParentUser != us.bot
}

// proven gives the proof that a send of ours arrived: the last of its messages shows its key, or the caption of its file
// does. What another app writes proves nothing.
func proven(us ourselves, m message) []conversation.Event {
	app := m.AppID
	if m.BotProfile != nil && app == "" {
		app = m.BotProfile.AppID
	}
	var key conversation.Key
	var id string
	found, marked := markOf(m)
	switch {
	case !isTS(m.ThreadTS):
	case marked && found.kind == markMessage && found.Part == found.Parts && app != "" && app == us.app:
		key = found.Key
		if found.Parts == 1 {
			// An edit of words that took several needs them all.
			id = m.TS
		}
	case len(m.Files) > 0 && us.bot != "" && m.User == us.bot:
		key = captionKey(m)
	}
	if key == "" {
		return nil
	}
	return []conversation.Event{{
		ID: "sent:" + m.Channel + ":" + m.TS, Kind: conversation.SendProven, Key: key, At: timeOf(m.TS),
		TicketID: ticketID(m.Channel, m.ThreadTS), MessageID: id,
	}}
}

// spoken gives an agent's words and files, or that there was a note. The first file goes along with the words.
func (c *Client) spoken(us ourselves, m message, id string) []conversation.Event {
	base := conversation.Event{
		ID: id, Kind: conversation.AgentSaid, At: timeOf(m.TS), Author: c.author(m.User, ""), TicketID: ticketID(m.Channel, m.ThreadTS),
		MessageID: m.TS,
	}
	if c.isNote(m.Text) {
		base.Kind, base.MessageID = conversation.AgentNoted, ""
		return []conversation.Event{base}
	}
	base.Text = c.words(us, m)
	events := []conversation.Event{base}
	for i, f := range m.Files {
		ev := base
		if i > 0 {
			ev.Text = ""
			ev.ID += ":" + cmp.Or(f.ID, "file")
			ev.MessageID += ":" + cmp.Or(f.ID, "file")
		}
		if f.URLPrivate == "" {
			// A stub, whose bytes we are not given.
			ev.Text = strings.TrimSpace(ev.Text + "\n[unsupported: file]")
		} else {
			ev.Attachment = &conversation.Attachment{URL: f.URLPrivate, Name: f.Name, ContentType: f.MIMEType, Size: f.Size}
		}
		if i == 0 {
			events[0] = ev
			continue
		}
		events = append(events, ev)
	}
	return slices.DeleteFunc(events, func(ev conversation.Event) bool {
		return strings.TrimSpace(ev.Text) == "" && ev.Attachment == nil
	})
}

// words are an agent's words without the mention of our bot.
func (c *Client) words(us ourselves, m message) string {
	text := m.Text
	if us.bot != "" {
		if rest, mentioned := strings.CutPrefix(strings.TrimSpace(text), "<@"+us.bot+">"); mentioned {
			text = strings.TrimSpace(rest)
		}
	}
	return c.plainText(text)
}

// changed gives what an edit means. Link previews, detected languages and our own updates change messages too.
func (c *Client) changed(us ourselves, m message) []conversation.Event {
	if m.Message == nil {
		return nil
	}
	now := *m.Message
	now.Channel = m.Channel
	if now.byBot(us) || !now.isReply() || now.foreignThread(us) || now.Subtype == "tombstone" {
		return nil
	}
	was := m.Previous
	if was != nil && was.Text == now.Text || was == nil && now.Edited == nil {
		return nil
	}
	id := editID(now, m.TS)
	ev := conversation.Event{
		ID: id, Kind: conversation.AgentEdited, At: timeOf(m.TS), Author: c.author(now.User, ""), TicketID: ticketID(m.Channel, now.ThreadTS),
		Target: now.TS,
	}
	wasNote := was != nil && c.isNote(was.Text)
	switch {
	case c.isNote(now.Text) && wasNote:
		return nil
	case c.isNote(now.Text):
		// What was said stays said: the note tells the model which words it was about.
		ev.Kind = conversation.AgentNoted
		return []conversation.Event{ev}
	case wasNote:
		events := c.spoken(us, now, id)
		for i := range events {
			events[i].At = ev.At
		}
		return events
	}
	if ev.Text = c.words(us, now); strings.TrimSpace(ev.Text) == "" {
		return nil
	}
	return []conversation.Event{ev}
}

// editID names an edit by when the author made it; at is when Slack told.
func editID(m message, at string) string {
	if m.Edited != nil && isTS(m.Edited.TS) {
		at = m.Edited.TS
	}
	return "edit:" + m.Channel + ":" + m.TS + ":" + at
}

// deleted gives which words an agent deleted. That the card is gone shows with the next post, which then opens another.
func (c *Client) deleted(us ourselves, m message) []conversation.Event {
	if m.Previous == nil {
		return nil
	}
	was := *m.Previous
	was.Channel = m.Channel
	if was.TS == "" {
		was.TS = m.DeletedTS
	}
	if was.byBot(us) || !was.isReply() || was.foreignThread(us) {
		return nil
	}
	var events []conversation.Event
	for _, said := range c.spoken(us, was, "deleted:"+m.Channel+":"+was.TS) {
		if said.Kind != conversation.AgentSaid {
			continue
		}
		events = append(events, conversation.Event{
			ID: said.ID, Kind: conversation.AgentDeleted, At: timeOf(m.TS), Author: said.Author, TicketID: said.TicketID, Target: said.MessageID,
		})
	}
	return events
}
