package slack

import (
	"encoding/json"
	"unicode/utf8"

	"github.com/handoff-engine/handoff/testsuite/fake"
)

// The limits of a message [docs: chat.postMessage, block reference].
const (
	maxText     = 40000
	maxBlocks   = 50
	maxElements = 25
	maxSection  = 3000
	maxButton   = 75
	maxValue    = 2000
	maxBlockID  = 255
	maxMetadata = 4000
	maxUsername = 80
)

// Message is one message as readers get it.
type Message struct {
	Type       string           `json:"type"`
	Subtype    string           `json:"subtype,omitempty"`
	User       string           `json:"user,omitempty"`
	Text       string           `json:"text"`
	TS         string           `json:"ts"`
	ThreadTS   string           `json:"thread_ts,omitempty"`
	ParentUser string           `json:"parent_user_id,omitempty"`
	BotID      string           `json:"bot_id,omitempty"`
	AppID      string           `json:"app_id,omitempty"`
	Username   string           `json:"username,omitempty"`
	ClientID   string           `json:"client_msg_id,omitempty"`
	Edited     *Edited          `json:"edited,omitempty"`
	Files      []map[string]any `json:"files,omitempty"`
	Metadata   *Metadata        `json:"metadata,omitempty"`
	Blocks     json.RawMessage  `json:"blocks,omitempty"`
	ReplyCount int              `json:"reply_count,omitempty"`

	// Plain says that * and _ show as they are. Deleted is set once it was deleted: a first message with replies stays as a
	// tombstone.
	Plain   bool `json:"-"`
	Deleted bool `json:"-"`
}

// Edited says who changed a message last, and when.
type Edited struct {
	User string `json:"user"`
	TS   string `json:"ts"`
}

// Metadata is what an app hangs on its message.
type Metadata struct {
	EventType string         `json:"event_type"`
	Payload   map[string]any `json:"event_payload"`
}

func (s *Server) find(channel, ts string) *Message {
	ch := s.channels[channel]
	if ch == nil {
		return nil
	}
	for _, m := range ch.messages {
		if m.TS == ts {
			return m
		}
	}
	return nil
}

// writable gives a channel that the app may post to.
func (c *call) writable(id string) (*channel, string) {
	ch := c.channels[id]
	switch {
	case ch == nil:
		return nil, "channel_not_found"
	case ch.archived:
		return nil, "is_archived"
	case !ch.member:
		return nil, "not_in_channel"
	}
	return ch, ""
}

func (c *call) postMessage() (map[string]any, string) {
	ch, code := c.writable(c.args["channel"])
	if code != "" {
		return nil, code
	}
	m := &Message{Type: "message", User: BotUser, BotID: Bot, AppID: App, ClientID: c.args["client_msg_id"], Plain: c.args["mrkdwn"] == "false" || c.args["mrkdwn"] == "0"}
	if code := c.fill(m, nil); code != "" {
		return nil, code
	}
	if name := c.args["username"]; name != "" {
		if !c.granted("chat:write.customize") {
			return nil, "missing_scope:chat:write.customize"
		}
		if utf8.RuneCountInString(name) > maxUsername {
			return nil, "invalid_arguments"
		}
		m.Username, m.User = name, ""
		if !c.switches.NoSubtype {
			m.Subtype = "bot_message"
		}
	}
	if first := c.duplicate(ch, m.ClientID); first != nil && c.switches.ClientMsgID == "first" {
		return posted(ch, first), ""
	} else if first != nil && c.switches.ClientMsgID == "refuse" {
		return nil, "duplicate_message_not_found"
	}
	if thread := c.args["thread_ts"]; thread != "" {
		card := c.find(ch.id, thread)
		switch {
		case card == nil && c.switches.DeletedCard == "refuse", card != nil && card.Deleted && c.switches.DeletedCard == "refuse":
			return nil, "thread_not_found"
		case card == nil || card.Deleted:
			// Put into the channel, in silence.
		case card.ThreadTS != "" && card.ThreadTS != card.TS:
			return nil, "cannot_reply_to_message"
		default:
			m.ThreadTS, card.ThreadTS = thread, thread
			m.ParentUser = card.User
			card.ReplyCount++
		}
	}
	c.add(ch, m)
	return posted(ch, m), ""
}

// posted is the answer to a post.
func posted(ch *channel, m *Message) map[string]any {
	return map[string]any{"channel": ch.id, "ts": m.TS, "message": m}
}

func (c *call) duplicate(ch *channel, clientID string) *Message {
	for _, m := range ch.messages {
		if clientID != "" && m.ClientID == clientID {
			return m
		}
	}
	return nil
}

// add shows a message and tells of it.
func (s *Server) add(ch *channel, m *Message) {
	m.TS = s.nextTS()
	ch.messages = append(ch.messages, m)
	s.note(ch, m, "text", m.Text)
	s.tellMessage(ch, m)
}

// note writes a line into the journal.
func (s *Server) note(ch *channel, m *Message, kind, text string) {
	who := "agent:" + m.User
	if m.BotID != "" {
		who = "app"
	}
	thread := m.ThreadTS
	if thread == "" {
		thread = m.TS
	}
	s.Journal.Add(fake.Entry{Conversation: ch.id + ":" + thread, Who: who, Kind: kind, Text: text})
}

// fill checks text, blocks and metadata of a post or an update; old is what is updated.
func (c *call) fill(m, old *Message) string {
	m.Text = c.args["text"]
	if raw := c.args["blocks"]; raw != "" {
		if code := checkBlocks(raw, old); code != "" {
			return code
		}
		m.Blocks = json.RawMessage(raw)
	}
	switch {
	case m.Text == "" && m.Blocks == nil:
		return "no_text"
	case utf8.RuneCountInString(m.Text) > maxText:
		return "msg_too_long"
	}
	if raw := c.args["metadata"]; raw != "" {
		m.Metadata = &Metadata{}
		if json.Unmarshal([]byte(raw), m.Metadata) != nil || m.Metadata.EventType == "" || m.Metadata.Payload == nil {
			return "invalid_metadata_format"
		}
		if len(raw) > maxMetadata {
			return "metadata_too_large"
		}
	}
	return ""
}

func (c *call) updateMessage() (map[string]any, string) {
	ch := c.channels[c.args["channel"]]
	if ch == nil {
		return nil, "channel_not_found"
	}
	m := c.find(ch.id, c.args["ts"])
	switch {
	case m == nil || m.Deleted:
		return nil, "message_not_found"
	case m.BotID != Bot:
		return nil, "cant_update_message"
	}
	before, next := *m, *m
	next.Blocks = nil
	if code := c.fill(&next, m); code != "" {
		return nil, code
	}
	if before.Blocks != nil && next.Blocks == nil {
		// Text alone would leave the old blocks, or take them away: documented both ways, so it is a mistake here.
		return nil, "invalid_blocks"
	}
	if next.Metadata == nil {
		next.Metadata = before.Metadata
	}
	next.Edited = &Edited{BotUser, c.nextTS()}
	*m = next
	c.note(ch, m, "updated", m.Text)
	c.tellChanged(ch, before, m)
	return map[string]any{"channel": ch.id, "ts": m.TS, "text": m.Text, "message": m}, ""
}

func (c *call) deleteMessage() (map[string]any, string) {
	ch := c.channels[c.args["channel"]]
	if ch == nil {
		return nil, "channel_not_found"
	}
	m := c.find(ch.id, c.args["ts"])
	switch {
	case m == nil || m.Deleted:
		return nil, "message_not_found"
	case m.BotID != Bot, c.switches.UndeletableUsername && m.Username != "":
		return nil, "cant_delete_message"
	}
	c.remove(ch, m)
	return map[string]any{"channel": ch.id, "ts": m.TS}, ""
}

// remove deletes a message, and tells of it.
func (s *Server) remove(ch *channel, m *Message) {
	before := *m
	m.Deleted = true
	s.note(ch, m, "deleted", "")
	if m.ReplyCount > 0 {
		m.Subtype, m.Text, m.Blocks = "tombstone", "This message was deleted.", nil
		s.tellChanged(ch, before, m)
		return
	}
	s.tellDeleted(ch, before)
}
