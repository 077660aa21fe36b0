package teams

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/handoff-engine/handoff/testsuite/fake"
)

// activity is a message as the bot posts it.
type activity struct {
	Type        string `json:"type"`
	TextFormat  string `json:"textFormat"`
	Text        string `json:"text"`
	Summary     string `json:"summary"`
	Attachments []struct {
		ContentType string          `json:"contentType"`
		Content     json.RawMessage `json:"content"`
	} `json:"attachments"`
	Entities []mention `json:"entities"`
}

type mention struct {
	Type      string  `json:"type"`
	Text      string  `json:"text"`
	Mentioned account `json:"mentioned"`
}

type account struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

// read decodes a body. A field that the vendor does not have is a mistake.
func read(r *http.Request, body []byte, v any) error {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		return fmt.Errorf("Content-Type is %q", r.Header.Get("Content-Type"))
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// message checks an activity and makes a message of it.
func (s *Server) message(a activity) (*message, error) {
	m := &message{by: botName, markup: a.Text}
	if a.Type != "message" || a.Text == "" && len(a.Attachments) == 0 {
		return nil, fmt.Errorf("activity of type %q with neither text nor attachment", a.Type)
	}
	if a.Text != "" {
		if a.TextFormat != "xml" {
			return nil, fmt.Errorf("text format %q is not understood by the fake", a.TextFormat)
		}
		seen, err := show(a.Text)
		if err != nil {
			return nil, err
		}
		m.speaker, m.text = seen.speaker, seen.text
		for _, text := range seen.mentions {
			named := func(e mention) bool { return e.Type == "mention" && e.Text == text && s.member(e.Mentioned.ID) != nil }
			if !slices.ContainsFunc(a.Entities, named) {
				return nil, fmt.Errorf("mention %s without an entity of a member", text)
			}
		}
		if len(seen.mentions) != len(a.Entities) {
			return nil, fmt.Errorf("%d mentions in the text and %d entities", len(seen.mentions), len(a.Entities))
		}
		for _, e := range a.Entities {
			m.mentions = append(m.mentions, s.member(e.Mentioned.ID).Object)
		}
	}
	for _, x := range a.Attachments {
		if x.ContentType != "application/vnd.microsoft.card.adaptive" {
			return nil, fmt.Errorf("attachment of type %q", x.ContentType)
		}
		card, err := readCard(x.Content)
		if err != nil {
			return nil, err
		}
		m.card, m.cards = card, append(m.cards, x.Content)
	}
	return m, nil
}

// accept does what calls that send have in common: limits and size.
func (s *Server) accept(w http.ResponseWriter, channel string, body []byte) bool {
	limit := 100_000
	if s.switches.SmallMessages {
		limit = 40_000
	}
	switch {
	case 2*len(utf16.Encode([]rune(string(body)))) > limit:
		refuse(w, http.StatusRequestEntityTooLarge, "MessageSizeTooBig", "Message size too large.")
	case s.switches.Limits && !s.within(channel):
		if s.switches.RetryAfter != "" {
			w.Header().Set("Retry-After", s.switches.RetryAfter)
		}
		refuse(w, http.StatusTooManyRequests, "Throttled", "Too many requests.")
	default:
		return true
	}
	return false
}

// within counts a send against the limits of its channel.
func (s *Server) within(channel string) bool {
	now := s.options.Now()
	past := s.sends[channel]
	for _, l := range []struct {
		n    int
		span time.Duration
	}{{7, time.Second}, {8, 2 * time.Second}, {60, 30 * time.Second}, {1800, time.Hour}} {
		n := 0
		for _, at := range slices.Backward(past) {
			if now.Sub(at) >= l.span {
				break
			}
			n++
		}
		if n >= l.n {
			return false
		}
	}
	s.sends[channel] = append(past, now)
	return true
}

// serveCreate opens a thread.
func (s *Server) serveCreate(w http.ResponseWriter, r *http.Request, body []byte) {
	var c struct {
		IsGroup     bool    `json:"isGroup"`
		Bot         account `json:"bot"`
		TenantID    string  `json:"tenantId"`
		ChannelData struct {
			Channel account `json:"channel"`
			Tenant  account `json:"tenant"`
		} `json:"channelData"`
		Activity activity `json:"activity"`
	}
	err := read(r, body, &c)
	var m *message
	if err == nil {
		m, err = s.message(c.Activity)
	}
	switch {
	case err != nil:
		refuse(w, http.StatusBadRequest, "BadSyntax", err.Error())
	case !c.IsGroup || c.Bot.ID != "28:"+s.options.AppID || c.TenantID != s.options.Tenant || c.ChannelData.Tenant.ID != s.options.Tenant:
		refuse(w, http.StatusBadRequest, "BadArgument", "isGroup, bot or tenant is wrong")
	case !slices.Contains(s.options.Channels, c.ChannelData.Channel.ID):
		refuse(w, http.StatusForbidden, "BotNotInConversationRoster", "The bot is not part of the conversation roster.")
	case s.accept(w, c.ChannelData.Channel.ID, body):
		t := s.begin(c.ChannelData.Channel.ID, m)
		answer := map[string]any{"id": t.id, "activityId": t.root(), "serviceUrl": s.service}
		if s.switches.NoActivityID {
			delete(answer, "activityId")
		}
		writeJSON(w, http.StatusCreated, answer)
	}
}

// servePost adds a message: to a thread if the conversation's id names one, else as a post of its own.
func (s *Server) servePost(w http.ResponseWriter, r *http.Request, body []byte) {
	var a activity
	err := read(r, body, &a)
	var m *message
	if err == nil {
		m, err = s.message(a)
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, "BadSyntax", err.Error())
		return
	}
	channel, root, threaded := strings.Cut(r.PathValue("id"), ";messageid=")
	if !slices.Contains(s.options.Channels, channel) || threaded && s.thread(r.PathValue("id")) == nil {
		refuse(w, http.StatusNotFound, "ConversationNotFound", "Conversation not found: "+root)
		return
	}
	if !s.accept(w, channel, body) {
		return
	}
	if threaded {
		s.reply(s.thread(r.PathValue("id")), m)
	} else {
		s.begin(channel, m)
	}
	switch {
	case s.switches.EmptyAnswers || a.Text != "" && len(a.Attachments) > 0:
		// Text and attachment together are split into two messages, and nothing is told.
		w.WriteHeader(http.StatusCreated)
	default:
		writeJSON(w, http.StatusCreated, map[string]string{"id": m.id})
	}
}

// own finds a message of the bot's, which alone it may change.
func (s *Server) own(r *http.Request) (*thread, *message) {
	t := s.thread(r.PathValue("id"))
	if t == nil {
		return nil, nil
	}
	i := slices.IndexFunc(t.messages, func(m *message) bool {
		return m.id == r.PathValue("message") && m.by == botName && !m.deleted
	})
	if i < 0 {
		return nil, nil
	}
	return t, t.messages[i]
}

func (s *Server) serveUpdate(w http.ResponseWriter, r *http.Request, body []byte) {
	var a activity
	err := read(r, body, &a)
	var next *message
	if err == nil {
		next, err = s.message(a)
	}
	t, m := s.own(r)
	switch {
	case err != nil:
		refuse(w, http.StatusBadRequest, "BadSyntax", err.Error())
	case m == nil:
		refuse(w, http.StatusNotFound, "ConversationNotFound", "no such message")
	case s.accept(w, t.channel(), body):
		m.speaker, m.text, m.card, m.edited = next.speaker, next.text, next.card, true
		m.markup, m.cards = next.markup, next.cards
		s.note(t, botName, "updated", m)
		writeJSON(w, http.StatusOK, map[string]string{"id": m.id})
	}
}

func (s *Server) serveDelete(w http.ResponseWriter, r *http.Request, _ []byte) {
	t, m := s.own(r)
	if m == nil {
		refuse(w, http.StatusNotFound, "ConversationNotFound", "no such message")
		return
	}
	m.deleted = true
	s.note(t, botName, "deleted", m)
	w.WriteHeader(http.StatusOK)
}

func (s *Server) serveMembers(w http.ResponseWriter, r *http.Request, _ []byte) {
	channel, _, _ := strings.Cut(r.PathValue("id"), ";")
	if !slices.Contains(s.options.Channels, channel) {
		refuse(w, http.StatusNotFound, "ConversationNotFound", "Conversation not found")
		return
	}
	size, err := strconv.Atoi(r.URL.Query().Get("pageSize"))
	from, _ := strconv.Atoi(r.URL.Query().Get("continuationToken"))
	if err != nil || size < 1 || from > len(s.options.Members) {
		refuse(w, http.StatusBadRequest, "BadArgument", "pageSize or continuationToken is wrong")
		return
	}
	to := min(from+min(size, s.options.PageSize), len(s.options.Members))
	page := []map[string]any{}
	for _, m := range s.options.Members[from:to] {
		page = append(page, map[string]any{
			"id": m.Account, "name": m.Name, "aadObjectId": m.Object, "tenantId": s.options.Tenant, "userRole": "user",
		})
	}
	var next any
	if to < len(s.options.Members) {
		next = strconv.Itoa(to)
	}
	writeJSON(w, http.StatusOK, map[string]any{"members": page, "continuationToken": next})
}

// file is a picture that somebody put into a message.
type file struct {
	name, contentType string
	content           []byte
}

func (s *Server) serveFile(w http.ResponseWriter, r *http.Request, _ []byte) {
	id, err := url.PathUnescape(r.PathValue("file"))
	f, ok := s.files[id]
	if err != nil || !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", f.contentType)
	_, _ = w.Write(f.content)
}

// note writes a line into the journal, under the thread's id.
func (s *Server) note(t *thread, who, kind string, m *message) {
	s.Journal.Add(fake.Entry{Conversation: t.id, Who: who, Kind: kind, Text: m.text, At: s.options.Now()})
}
