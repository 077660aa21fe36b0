package crisp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/handoff-engine/handoff/testsuite/fake"
)

// States of a conversation.
const (
	StatePending    = "pending"
	StateUnresolved = "unresolved"
	StateResolved   = "resolved"
)

// talk is a conversation.
type talk struct {
	id, state, assigned, inbox string
	nickname, email, phone     string
	subject                    string
	segments                   []string
	data                       map[string]any
	blocked                    bool
	composing                  string
	read                       bool
	created                    time.Time
	messages                   []*Message
}

// Message is one entry of a conversation.
type Message struct {
	Type        string          `json:"type"`
	From        string          `json:"from"`
	Origin      string          `json:"origin"`
	Content     json.RawMessage `json:"content"`
	Fingerprint int64           `json:"fingerprint"`
	Timestamp   int64           `json:"timestamp"`
	Automated   bool            `json:"automated"`
	Edited      bool            `json:"edited"`
	Stealth     bool            `json:"stealth,omitempty"`
	Mentions    []string        `json:"mentions"`
	Properties  map[string]any  `json:"properties,omitempty"`
	User        *User           `json:"user,omitempty"`

	visible time.Time
}

// User is who wrote a message.
type User struct {
	Type     string  `json:"type,omitempty"`
	ID       string  `json:"user_id,omitempty"`
	Nickname string  `json:"nickname,omitempty"`
	Avatar   *string `json:"avatar"`
}

// Text is the content of texts and notes, and the address of files.
func (m Message) Text() string {
	var text string
	if json.Unmarshal(m.Content, &text) == nil {
		return text
	}
	var file struct {
		URL string `json:"url"`
	}
	_ = json.Unmarshal(m.Content, &file)
	return file.URL
}

// Conversation is a conversation as tests see it.
type Conversation struct {
	ID, State, Assigned, Inbox string
	Nickname, Email, Phone     string
	Segments                   []string
	Data                       map[string]any
	// Composing is what the visitor is shown to be typing.
	Composing string
	// Read says that the visitor is shown to have read what operators wrote.
	Read     bool
	Messages []Message
}

// find finds a conversation, or gives nil.
func (s *Server) find(id string) *talk {
	i := slices.IndexFunc(s.sessions, func(x *talk) bool { return x.id == id })
	if i < 0 {
		return nil
	}
	return s.sessions[i]
}

// begin makes a conversation.
func (s *Server) begin() *talk {
	x := &talk{
		id: fmt.Sprintf("session_00000000-0000-4000-8000-%012d", len(s.sessions)+1), state: StatePending,
		data: map[string]any{}, created: s.now(),
	}
	s.sessions = append(s.sessions, x)
	return x
}

// Conversations gives all conversations, empty ones too, oldest first.
func (s *Server) Conversations() []Conversation {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Conversation
	for _, x := range s.sessions {
		c := Conversation{
			ID: x.id, State: x.state, Assigned: x.assigned, Inbox: x.inbox, Nickname: x.nickname, Email: x.email, Phone: x.phone,
			Segments: slices.Clone(x.segments), Data: maps.Clone(x.data), Composing: x.composing, Read: x.read,
		}
		for _, m := range x.messages {
			c.Messages = append(c.Messages, *m)
		}
		list = append(list, c)
	}
	return list
}

// Conversation gives one conversation, or the zero value.
func (s *Server) Conversation(id string) Conversation {
	for _, c := range s.Conversations() {
		if c.ID == id {
			return c
		}
	}
	return Conversation{}
}

// operator finds an operator, or gives nil.
func (s *Server) operator(id string) *Operator {
	i := slices.IndexFunc(s.options.Operators, func(o Operator) bool { return o.ID == id })
	if i < 0 {
		return nil
	}
	return &s.options.Operators[i]
}

// add puts a message into a conversation, tells of it, and gives its fingerprint.
func (s *Server) add(x *talk, m Message, silent bool) int64 {
	now := s.now()
	m.Timestamp = now.UnixMilli()
	if s.switches.Stale > 0 {
		m.visible = time.Now().Add(s.switches.Stale)
	}
	if m.Fingerprint == 0 {
		m.Fingerprint = now.UnixMilli()*100 + int64(len(x.messages)%100)
	}
	if m.Mentions == nil {
		m.Mentions = []string{}
	}
	x.messages = append(x.messages, &m)
	who := "visitor"
	if m.From == "operator" {
		who = "operator"
		if m.User != nil && m.User.ID != "" {
			who += ":" + m.User.ID
		}
	}
	s.Journal.Add(fake.Entry{Conversation: x.id, Who: who, Kind: m.Type, Text: m.Text(), At: now})
	if m.From == "user" && m.Type != "note" {
		switch {
		case x.state == StateResolved && s.switches.Reopen:
			s.setState(x, StateUnresolved)
		case x.state == StatePending && len(x.messages) > 1:
			x.state = StateUnresolved
		}
	}
	if !silent {
		event := "message:send"
		if m.From == "operator" {
			event = "message:received"
		}
		data := asMap(s.shown(&m))
		s.tell(x, event, data)
	}
	return m.Fingerprint
}

// shown is a message as reads and hooks show it.
func (s *Server) shown(m *Message) Message {
	shown := *m
	if s.switches.NoProperties {
		shown.Properties = nil
	}
	return shown
}

func (s *Server) setState(x *talk, state string) {
	x.state = state
	s.Journal.Add(fake.Entry{Conversation: x.id, Who: "desk", Kind: "state", Text: state})
	s.tell(x, "session:set_state", map[string]any{"state": state})
}

func (s *Server) setRouting(x *talk, userID string) {
	before := x.assigned
	x.assigned = userID
	s.Journal.Add(fake.Entry{Conversation: x.id, Who: "desk", Kind: "routing", Text: userID})
	s.tell(x, "session:set_routing", map[string]any{"routing_id": orNull(userID), "previous_routing_id": orNull(before)})
}

func (s *Server) setSegments(x *talk, segments []string) {
	x.segments = segments
	s.tell(x, "session:set_segments", map[string]any{"segments": segments})
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func asMap(v any) map[string]any {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // plain values
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		panic(err)
	}
	return m
}
