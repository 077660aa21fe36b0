package slack

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
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

// block is what is checked of a block.
type block struct {
	Type     string    `json:"type"`
	BlockID  string    `json:"block_id"`
	Text     *text     `json:"text"`
	Elements []element `json:"elements"`
}

type text struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

type element struct {
	Type        string          `json:"type"`
	ActionID    string          `json:"action_id"`
	Value       string          `json:"value"`
	Text        json.RawMessage `json:"text"`
	Placeholder *text           `json:"placeholder"`
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

// checkBlocks checks what Slack checks, and that an update has blocks of new ids.
func checkBlocks(raw string, old *Message) string {
	var blocks []block
	if json.Unmarshal([]byte(raw), &blocks) != nil {
		return "invalid_blocks_format"
	}
	if len(blocks) > maxBlocks {
		return "invalid_blocks"
	}
	var before []block
	if old != nil {
		_ = json.Unmarshal(old.Blocks, &before)
	}
	var ids []string
	for _, b := range blocks {
		if b.BlockID != "" && slices.Contains(ids, b.BlockID) || len(b.BlockID) > maxBlockID {
			return "invalid_blocks"
		}
		if b.BlockID != "" && slices.ContainsFunc(before, func(x block) bool { return x.BlockID == b.BlockID }) {
			// Documented as "should": a fake that lets it pass would not show that it was forgotten. The very same update
			// again is a repeat.
			if string(old.Blocks) != raw {
				return "invalid_blocks"
			}
		}
		ids = append(ids, b.BlockID)
		if !validBlock(b) {
			return "invalid_blocks"
		}
	}
	return ""
}

func validBlock(b block) bool {
	switch b.Type {
	case "section":
		return b.Text != nil && b.Text.Text != "" && utf8.RuneCountInString(b.Text.Text) <= maxSection &&
			(b.Text.Type == "mrkdwn" || b.Text.Type == "plain_text")
	case "context":
		return len(b.Elements) > 0 && len(b.Elements) <= 10
	case "actions":
		var ids []string
		for _, e := range b.Elements {
			if e.ActionID == "" || slices.Contains(ids, e.ActionID) || len(e.Value) > maxValue {
				return false
			}
			ids = append(ids, e.ActionID)
			switch e.Type {
			case "button":
				var label text
				if json.Unmarshal(e.Text, &label) != nil || label.Type != "plain_text" || label.Text == "" || len(label.Text) > maxButton {
					return false
				}
			case "users_select":
				if e.Placeholder == nil || e.Placeholder.Text == "" {
					return false
				}
			default:
				return false
			}
		}
		return len(b.Elements) > 0 && len(b.Elements) <= maxElements
	case "divider", "rich_text":
		return true
	}
	return false
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

// seen hides what readers do not get.
func (s *Server) seen(m *Message, all bool) *Message {
	shown := *m
	if s.switches.HideMetadata || !all || m.BotID != Bot {
		shown.Metadata = nil
	}
	shown.ParentUser = ""
	return &shown
}

func (c *call) history() (map[string]any, string) {
	ch := c.channels[c.args["channel"]]
	switch {
	case ch == nil:
		return nil, "channel_not_found"
	case !ch.member:
		return nil, "not_in_channel"
	}
	var list []*Message
	for _, m := range slices.Backward(ch.messages) {
		if (m.ThreadTS == "" || m.ThreadTS == m.TS) && (!m.Deleted || m.ReplyCount > 0) && m.TS > c.args["oldest"] {
			list = append(list, m)
		}
	}
	return c.paged(list, nil)
}

func (c *call) replies() (map[string]any, string) {
	ch := c.channels[c.args["channel"]]
	switch {
	case ch == nil:
		return nil, "channel_not_found"
	case !ch.member:
		return nil, "not_in_channel"
	}
	card := c.find(ch.id, c.args["ts"])
	if card == nil || card.Deleted && card.ReplyCount == 0 {
		return nil, "thread_not_found"
	}
	var list []*Message
	for _, m := range ch.messages {
		if m.ThreadTS == card.TS && m != card && !m.Deleted && m.TS > c.args["oldest"] {
			list = append(list, m)
		}
	}
	return c.paged(list, card)
}

// paged gives a page of a list, with the first message of the thread before it, on each page.
func (c *call) paged(list []*Message, first *Message) (map[string]any, string) {
	limit, err := strconv.Atoi(c.args["limit"])
	if c.args["limit"] == "" {
		limit, err = 100, nil
	}
	if err != nil || limit < 1 || limit > 1000 {
		return nil, "invalid_limit"
	}
	if c.switches.MaxPage > 0 {
		limit = min(limit, c.switches.MaxPage)
	}
	from := 0
	if cursor := c.args["cursor"]; cursor != "" {
		if from, err = strconv.Atoi(strings.TrimPrefix(cursor, "next:")); err != nil {
			return nil, "invalid_cursor"
		}
	}
	all := truthy(c.args["include_all_metadata"])
	messages := []*Message{}
	if first != nil {
		messages = append(messages, c.seen(first, all))
	}
	to := min(from+limit, len(list))
	for _, m := range list[min(from, to):to] {
		messages = append(messages, c.seen(m, all))
	}
	next := ""
	if to < len(list) {
		next = "next:" + strconv.Itoa(to)
	}
	return map[string]any{"messages": messages, "has_more": next != "", "response_metadata": map[string]string{"next_cursor": next}}, ""
}
