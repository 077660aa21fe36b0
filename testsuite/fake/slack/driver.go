package slack

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// The methods of this file are what people do in the Slack client. Each returns an error for what the client would not
// offer.

var errNotThere = errors.New("slack fake: no such channel, message or person")

// escaped is what the client makes of what people type.
func escaped(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}

func (s *Server) human(channelID, user string) (*channel, *person, error) {
	ch, who := s.channels[channelID], s.users[user]
	if ch == nil || who == nil || who.deleted || ch.archived || who.team != Team && !ch.external {
		return nil, nil, fmt.Errorf("%w: %s in %s", errNotThere, user, channelID)
	}
	return ch, who, nil
}

// AgentSays writes a reply in a thread, and gives its ts. The text is what is typed.
func (s *Server) AgentSays(channel, thread, user, text string) (ts string, err error) {
	return s.AgentWrites(channel, thread, user, escaped(text))
}

// AgentWrites is AgentSays for a text as Slack keeps it, such as one with mentions. Without a thread it begins one.
func (s *Server) AgentWrites(channel, thread, user, text string) (ts string, err error) {
	return s.write(channel, thread, &Message{Type: "message", User: user, Text: text, ClientID: "0f0f0f0f-0000-4000-8000-000000000007"})
}

// AgentBroadcasts writes a reply that shows in the channel as well.
func (s *Server) AgentBroadcasts(channel, thread, user, text string) (ts string, err error) {
	return s.write(channel, thread, &Message{Type: "message", Subtype: "thread_broadcast", User: user, Text: escaped(text)})
}

// AgentSendsFile shares a file in a thread, with a caption.
func (s *Server) AgentSendsFile(channel, thread, user, name, contentType, caption string, content []byte) (ts string, err error) {
	s.mu.Lock()
	f := &file{id: s.nextID("F"), name: name, contentType: contentType, length: len(content), content: content, uploaded: true, shared: true}
	s.files[f.id] = f
	object := s.object(f)
	s.mu.Unlock()
	return s.write(channel, thread, &Message{Type: "message", Subtype: "file_share", User: user, Text: escaped(caption), Files: []map[string]any{object}})
}

// OtherAppWrites is another program in the same thread, with metadata of its choice.
func (s *Server) OtherAppWrites(channel, thread, text string, metadata *Metadata) (ts string, err error) {
	return s.write(channel, thread, &Message{
		Type: "message", Subtype: "bot_message", User: Sam, BotID: "B0009WXYZ", AppID: "A0009WXYZ", Text: text, Metadata: metadata,
	})
}

func (s *Server) write(channelID, thread string, m *Message) (ts string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, _, err := s.human(channelID, m.User)
	if err != nil {
		return "", err
	}
	if thread != "" {
		card := s.find(channelID, thread)
		if card == nil || card.Deleted {
			return "", fmt.Errorf("%w: thread %s", errNotThere, thread)
		}
		m.ThreadTS, card.ThreadTS, m.ParentUser = thread, thread, card.User
		card.ReplyCount++
	}
	if m.BotID == "" && m.Files != nil {
		s.share(ch, m)
	} else {
		s.add(ch, m)
	}
	return m.TS, nil
}

// AgentEdits changes what an agent wrote.
func (s *Server) AgentEdits(channelID, ts, text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, m := s.channels[channelID], s.find(channelID, ts)
	if m == nil || m.Deleted || m.BotID != "" {
		return fmt.Errorf("%w: message %s", errNotThere, ts)
	}
	before := *m
	m.Text, m.Edited = escaped(text), &Edited{m.User, s.nextTS()}
	s.note(ch, m, "edited", m.Text)
	s.tellChanged(ch, before, m)
	return nil
}

// LinkPreview is Slack itself changing a message: a preview appears, the text stays.
func (s *Server) LinkPreview(channelID, ts string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.find(channelID, ts)
	if m == nil {
		return fmt.Errorf("%w: message %s", errNotThere, ts)
	}
	s.tellChanged(s.channels[channelID], *m, m)
	return nil
}

// Deletes deletes a message: an agent his own, or an administrator any.
func (s *Server) Deletes(channelID, ts string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.find(channelID, ts)
	if m == nil || m.Deleted {
		return fmt.Errorf("%w: message %s", errNotThere, ts)
	}
	s.remove(s.channels[channelID], m)
	return nil
}

// AgentClicks presses a button of a card, or selects somebody in a select. What is not on the card cannot be pressed.
func (s *Server) AgentClicks(channelID, ts, user, actionID, selected string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, who, err := s.human(channelID, user)
	if err != nil {
		return err
	}
	m := s.find(channelID, ts)
	if m == nil || m.Deleted {
		return fmt.Errorf("%w: message %s", errNotThere, ts)
	}
	var blocks []block
	_ = json.Unmarshal(m.Blocks, &blocks)
	for _, b := range blocks {
		i := slices.IndexFunc(b.Elements, func(e element) bool { return e.ActionID == actionID })
		if i < 0 {
			continue
		}
		e := b.Elements[i]
		action := map[string]any{"type": e.Type, "action_id": e.ActionID, "block_id": b.BlockID, "action_ts": s.nextTS()}
		if e.Type == "users_select" {
			if s.users[selected] == nil {
				return fmt.Errorf("%w: %s", errNotThere, selected)
			}
			action["selected_user"] = selected
		} else {
			action["value"] = e.Value
		}
		s.tellClick(ch, who, m, action)
		return nil
	}
	return fmt.Errorf("%w: button %s", errNotThere, actionID)
}

// Thread lists the replies of a thread that were not deleted.
func (s *Server) Thread(channelID, thread string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shareLate()
	var list []Message
	for _, m := range s.channels[channelID].messages {
		if m.ThreadTS == thread && m.TS != thread && !m.Deleted {
			list = append(list, *m)
		}
	}
	return list
}

// Cards lists the first messages of a channel that were not deleted: all that shows in the channel itself.
func (s *Server) Cards(channelID string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Message
	for _, m := range s.channels[channelID].messages {
		if (m.ThreadTS == "" || m.ThreadTS == m.TS) && !m.Deleted {
			list = append(list, *m)
		}
	}
	return list
}

// Reads is a message as people read it.
func Reads(m Message) string {
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(m.Text)
}

// Buttons lists the action ids of a card.
func Buttons(m Message) []string {
	var blocks []block
	_ = json.Unmarshal(m.Blocks, &blocks)
	var ids []string
	for _, b := range blocks {
		for _, e := range b.Elements {
			if e.ActionID != "" {
				ids = append(ids, e.ActionID)
			}
		}
	}
	return ids
}

// Shares shares a channel with another company.
func (s *Server) Shares(channelID string) {
	s.channel(channelID, func(ch *channel) { ch.external = true })
}

// Archives archives a channel.
func (s *Server) Archives(channelID string) {
	s.channel(channelID, func(ch *channel) { ch.archived = true })
}

// Removes takes the bot out of a channel.
func (s *Server) Removes(channelID string) {
	s.channel(channelID, func(ch *channel) { ch.member = false })
}

// Limits lets a channel take no messages for a while.
func (s *Server) Limits(channelID string, d time.Duration) {
	s.channel(channelID, func(ch *channel) { ch.limited = time.Now().Add(d) })
}

func (s *Server) channel(id string, change func(*channel)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s.channels[id])
}

// SetActive says whether somebody's client is open.
func (s *Server) SetActive(user string, active bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[user].active = active
}

// Leaves deactivates somebody's account.
func (s *Server) Leaves(user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[user].deleted = true
}

// post posts a signed body at once, and gives the answer.
func (s *Server) post(client *http.Client, address string, body []byte) (status int, answer string, err error) {
	req, err := http.NewRequest(http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Content-Type", "application/json")
	Sign(req.Header, s.options.SigningSecret, time.Now(), body)
	resp, err := client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	content, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(content), err
}
