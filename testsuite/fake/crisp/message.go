package crisp

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/handoff-engine/handoff/testsuite/fake"
)

// types are the types of messages, and whether their content is a text.
var types = map[string]bool{
	"text": true, "note": true, "file": false, "animation": false, "audio": false, "picker": false, "field": false, "carousel": false, "event": false,
}

func (s *Server) sendMessage(c *call) (any, *failure) {
	var m struct {
		Type        string          `json:"type"`
		From        string          `json:"from"`
		Origin      string          `json:"origin"`
		Content     json.RawMessage `json:"content"`
		Fingerprint int64           `json:"fingerprint"`
		User        *User           `json:"user"`
		Properties  map[string]any  `json:"properties"`
		Automated   bool            `json:"automated"`
		Stealth     bool            `json:"stealth"`
		Mentions    []string        `json:"mentions"`
		Timestamp   int64           `json:"timestamp"`
	}
	if f := c.read(&m); f != nil {
		return nil, f
	}
	if f := s.checkMessage(m.Type, m.From, m.Origin, m.Content); f != nil {
		return nil, f
	}
	if m.Fingerprint < 0 || m.Fingerprint >= 1<<53 {
		return nil, badRequest("data.fingerprint should be a safe integer")
	}
	if m.Fingerprint != 0 && !s.switches.DoubleFingerprint && c.session.message(m.Fingerprint) != nil {
		return map[string]any{"fingerprint": m.Fingerprint}, nil
	}
	mark := s.add(c.session, Message{
		Type: m.Type, From: m.From, Origin: m.Origin, Content: m.Content, Fingerprint: m.Fingerprint, User: m.User,
		Properties: m.Properties, Automated: m.Automated, Stealth: m.Stealth, Mentions: m.Mentions,
	}, s.switches.NoEcho)
	return map[string]any{"fingerprint": mark}, nil
}

func (s *Server) checkMessage(kind, from, origin string, content json.RawMessage) *failure {
	isText, known := types[kind]
	switch {
	case !known || from != "user" && from != "operator":
		return badRequest("data.type and data.from should be allowed values")
	case origin == "":
		return badRequest("data should have required property '.origin'")
	case origin != "chat" && origin != "email" && (s.switches.RefuseOrigin || !urn(origin)):
		return badRequest("data.origin should be an allowed value")
	}
	var text string
	var file struct{ URL, Type string }
	switch {
	case isText && (json.Unmarshal(content, &text) != nil || strings.TrimSpace(text) == ""):
		return badRequest("data.content should be string")
	case isText && utf8.RuneCountInString(text) > s.options.MaxText:
		return badRequest("data.content should be shorter")
	case !isText && (len(content) == 0 || content[0] != '{'):
		return badRequest("data.content should be object")
	case kind == "file" && (json.Unmarshal(content, &file) != nil || file.URL == "" || file.Type == ""):
		return badRequest("data.content should have required properties '.url' and '.type'")
	case kind == "file" && s.switches.RefuseForeignFiles && !strings.Contains(file.URL, "/storage/"):
		return badRequest("data.content.url should be of the storage")
	}
	return nil
}

// urn reports whether an origin is urn:<vendor>:<channel>:<number>.
func urn(origin string) bool {
	parts := strings.Split(origin, ":")
	if len(parts) != 4 || parts[0] != "urn" || parts[1] == "" || parts[2] == "" {
		return false
	}
	_, err := strconv.Atoi(parts[3])
	return err == nil
}

func (x *talk) message(mark int64) *Message {
	for _, m := range x.messages {
		if m.Fingerprint == mark {
			return m
		}
	}
	return nil
}

// named gives the message that a call is about.
func (s *Server) named(c *call) (*Message, *failure) {
	mark, err := strconv.ParseInt(c.PathValue("mark"), 10, 64)
	if err != nil {
		return nil, badRequest("fingerprint should be a number")
	}
	m := c.session.message(mark)
	if m == nil {
		return nil, notFound("message_not_found")
	}
	return m, nil
}

func (s *Server) getMessage(c *call) (any, *failure) {
	m, f := s.named(c)
	if f == nil && time.Now().Before(m.visible) {
		return nil, notFound("message_not_found")
	}
	if f != nil {
		return nil, f
	}
	return s.shown(m), nil
}

func (s *Server) updateMessage(c *call) (any, *failure) {
	m, f := s.named(c)
	if f != nil {
		return nil, f
	}
	var to struct {
		Content json.RawMessage `json:"content"`
	}
	if f := c.read(&to); f != nil {
		return nil, f
	}
	if f := s.checkMessage(m.Type, m.From, m.Origin, to.Content); f != nil {
		return nil, f
	}
	s.edit(c.session, m, to.Content)
	return nil, nil
}

func (s *Server) edit(x *talk, m *Message, content json.RawMessage) {
	m.Content, m.Edited = content, true
	s.Journal.Add(fake.Entry{Conversation: x.id, Who: m.From, Kind: "edited", Text: m.Text()})
	s.tell(x, "message:updated", map[string]any{"fingerprint": m.Fingerprint, "content": content})
}

func (s *Server) removeMessage(c *call) (any, *failure) {
	m, f := s.named(c)
	if f != nil {
		return nil, f
	}
	s.remove(c.session, m)
	return nil, nil
}

func (s *Server) remove(x *talk, m *Message) {
	x.messages = slices.DeleteFunc(x.messages, func(have *Message) bool { return have == m })
	s.Journal.Add(fake.Entry{Conversation: x.id, Who: m.From, Kind: "removed", Text: m.Text()})
	s.tell(x, "message:removed", map[string]any{"fingerprint": m.Fingerprint})
}

// listMessages gives the newest page before a time, oldest first.
func (s *Server) listMessages(c *call) (any, *failure) {
	size := s.switches.PageSize
	if size == 0 {
		size = 30
	}
	query := c.URL.Query()
	before := int64(1) << 62
	if v := query.Get("timestamp_before"); v != "" {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return nil, badRequest("timestamp_before should be a number")
		}
		before = n
		if s.switches.BeforeIsInclusive {
			before++
		}
	}
	page := []any{}
	for _, m := range slices.Backward(c.session.messages) {
		if m.Timestamp >= before || time.Now().Before(m.visible) {
			continue
		}
		if len(page) == size {
			break
		}
		v := asMap(s.shown(m))
		v["session_id"], v["website_id"] = c.session.id, s.options.WebsiteID
		page = slices.Insert(page, 0, any(v))
	}
	return page, nil
}
