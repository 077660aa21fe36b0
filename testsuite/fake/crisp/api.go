package crisp

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/handoff-engine/handoff/testsuite/fake"
)

func bytesOf(b []byte) io.Reader { return bytes.NewReader(b) }

// mount adds the calls, each under the name that faults are set for.
func (s *Server) mount() {
	const website, session = "/v1/website/{website}", "/v1/website/{website}/conversation/{session}"
	for pattern, r := range map[string]struct {
		op     string
		handle func(*call) (any, *failure)
	}{
		"GET " + website + "/availability/status":  {"availability", s.availability},
		"GET " + website + "/operators/list":       {"operators", s.operators},
		"GET " + website + "/conversations/{page}": {"conversation.list", s.listConversations},
		"POST " + website + "/conversation":        {"conversation.create", s.createConversation},
		"GET " + session:                           {"conversation.get", s.getConversation},
		"PATCH " + session + "/meta":               {"meta.update", s.updateMeta},
		"PATCH " + session + "/inbox":              {"inbox.update", s.updateInbox},
		"PATCH " + session + "/routing":            {"routing.update", s.updateRouting},
		"PATCH " + session + "/state":              {"state.update", s.updateState},
		"PATCH " + session + "/compose":            {"compose", s.compose},
		"PATCH " + session + "/read":               {"read", s.markRead},
		"POST " + session + "/message":             {"message.send", s.sendMessage},
		"GET " + session + "/messages":             {"message.list", s.listMessages},
		"GET " + session + "/message/{print}":      {"message.get", s.getMessage},
		"PATCH " + session + "/message/{print}":    {"message.update", s.updateMessage},
		"DELETE " + session + "/message/{print}":   {"message.remove", s.removeMessage},
		"POST /v1/bucket/url/generate":             {"bucket", s.generateURL},
	} {
		s.mux.HandleFunc(pattern, s.serve(r.op, r.handle))
	}
	s.mux.HandleFunc("/storage/{id}/{name}", func(w http.ResponseWriter, r *http.Request) {
		s.Faults.Serve(w, r, "storage", func(w http.ResponseWriter, status int) { w.WriteHeader(status) }, s.serveStorage)
	})
	s.mux.HandleFunc("/", s.serve("unknown", func(*call) (any, *failure) { return nil, notFound("route_not_found") }))
}

func (s *Server) availability(*call) (any, *failure) {
	status := "away"
	if slices.ContainsFunc(s.options.Operators, func(o Operator) bool { return o.Availability == "online" }) {
		status = "online"
	}
	return map[string]any{"status": status, "since": 1767222000000}, nil
}

func (s *Server) operators(*call) (any, *failure) {
	list := []any{}
	for _, o := range s.options.Operators {
		list = append(list, map[string]any{"type": "operator", "details": map[string]any{
			"user_id": o.ID, "email": strings.ToLower(o.Name) + "@shop.example", "first_name": o.Name, "last_name": "Example",
			"role": "member", "availability": o.Availability, "avatar": nil,
		}})
	}
	return list, nil
}

func (s *Server) createConversation(c *call) (any, *failure) {
	if len(c.body) > 0 {
		return nil, badRequest("data should be empty")
	}
	return map[string]any{"session_id": s.begin().id}, nil
}

// listConversations gives the newest first, 20 to 50 on a page.
func (s *Server) listConversations(c *call) (any, *failure) {
	query := c.URL.Query()
	page, err := strconv.Atoi(c.PathValue("page"))
	size := 20
	if v := query.Get("per_page"); v != "" && err == nil {
		size, err = strconv.Atoi(v)
	}
	if err != nil || page < 1 || size < 20 || size > 50 {
		return nil, badRequest("page should be a number and per_page between 20 and 50")
	}
	for name := range query {
		if !slices.Contains([]string{"per_page", "include_empty", "order_date_created"}, name) {
			return nil, badRequest("unknown parameter " + name)
		}
	}
	list := []any{}
	for _, x := range slices.Backward(s.sessions) {
		if len(x.messages) == 0 && query.Get("include_empty") != "1" {
			continue
		}
		list = append(list, s.conversation(x, !s.switches.NoListMeta))
	}
	from := min(len(list), (page-1)*size)
	return list[from:min(len(list), from+size)], nil
}

func (s *Server) getConversation(c *call) (any, *failure) {
	return s.conversation(c.session, true), nil
}

func (s *Server) conversation(x *talk, meta bool) map[string]any {
	v := map[string]any{
		"session_id": x.id, "website_id": s.options.WebsiteID, "inbox_id": orNull(x.inbox), "state": x.state,
		"is_blocked": x.blocked, "created_at": x.created.UnixMilli(),
	}
	if x.assigned != "" {
		v["assigned"] = map[string]any{"user_id": x.assigned}
	}
	if meta {
		v["meta"] = map[string]any{
			"nickname": x.nickname, "email": x.email, "phone": x.phone, "subject": x.subject, "segments": x.segments, "data": x.data,
		}
	}
	return v
}

func (s *Server) updateMeta(c *call) (any, *failure) {
	var m struct {
		Nickname *string         `json:"nickname"`
		Email    *string         `json:"email"`
		Phone    *string         `json:"phone"`
		Subject  *string         `json:"subject"`
		Avatar   *string         `json:"avatar"`
		Segments *[]string       `json:"segments"`
		Data     *map[string]any `json:"data"`
	}
	if f := c.read(&m); f != nil {
		return nil, f
	}
	if m.Data != nil {
		for key, value := range *m.Data {
			switch value.(type) {
			case string, bool, float64:
			default:
				return nil, badRequest("data." + key + " should be string, boolean or number")
			}
		}
		if !s.switches.MergeData {
			c.session.data = map[string]any{}
		}
		for key, value := range *m.Data {
			c.session.data[key] = value
		}
		s.tell(c.session, "session:set_data", map[string]any{"data": c.session.data})
	}
	if m.Email != nil {
		if !strings.Contains(*m.Email, "@") {
			return nil, badRequest("email should be an email")
		}
		c.session.email = *m.Email
		s.tell(c.session, "session:set_email", map[string]any{"email": *m.Email})
	}
	for _, field := range []struct{ to, from *string }{
		{&c.session.nickname, m.Nickname}, {&c.session.phone, m.Phone}, {&c.session.subject, m.Subject},
	} {
		if field.from != nil {
			*field.to = *field.from
		}
	}
	if m.Segments != nil {
		segments := *m.Segments
		if s.switches.MergeData {
			segments = append(c.session.segments, segments...)
		}
		s.setSegments(c.session, segments)
	}
	return nil, nil
}

func (s *Server) updateInbox(c *call) (any, *failure) {
	var to struct {
		InboxID *string `json:"inbox_id"`
	}
	if f := c.read(&to); f != nil {
		return nil, f
	}
	before := c.session.inbox
	c.session.inbox = ""
	if to.InboxID != nil {
		if !slices.Contains(s.options.Inboxes, *to.InboxID) {
			c.session.inbox = before
			return nil, notFound("inbox_not_found")
		}
		c.session.inbox = *to.InboxID
	}
	s.tell(c.session, "session:set_inbox", map[string]any{"previous_inbox_id": orNull(before)})
	return nil, nil
}

func (s *Server) updateRouting(c *call) (any, *failure) {
	var to struct {
		Assigned json.RawMessage `json:"assigned"`
		Silent   bool            `json:"silent"`
	}
	if f := c.read(&to); f != nil {
		return nil, f
	}
	var who *struct {
		UserID string `json:"user_id"`
	}
	if to.Assigned == nil || json.Unmarshal(to.Assigned, &who) != nil || who != nil && who.UserID == "" {
		return nil, badRequest("data should have required property '.assigned'")
	}
	id := ""
	if who != nil {
		id = who.UserID
		if s.operator(id) == nil && !s.switches.AssignAnybody {
			return nil, notFound("operator_not_found")
		}
	}
	s.setRouting(c.session, id)
	return nil, nil
}

func (s *Server) updateState(c *call) (any, *failure) {
	var to struct {
		State string `json:"state"`
	}
	if f := c.read(&to); f != nil {
		return nil, f
	}
	if !slices.Contains([]string{StatePending, StateUnresolved, StateResolved}, to.State) {
		return nil, badRequest("data.state should be equal to one of the allowed values")
	}
	s.setState(c.session, to.State)
	return nil, nil
}

func (s *Server) compose(c *call) (any, *failure) {
	var to struct {
		Type    string `json:"type"`
		From    string `json:"from"`
		Excerpt string `json:"excerpt"`
	}
	if f := c.read(&to); f != nil {
		return nil, f
	}
	if to.Type != "start" && to.Type != "stop" || to.From != "user" && to.From != "operator" {
		return nil, badRequest("data.type and data.from should be allowed values")
	}
	c.session.composing = ""
	if to.Type == "start" {
		c.session.composing = "typing"
		if to.Excerpt != "" {
			c.session.composing = to.Excerpt
		}
	}
	if s.options.Tier == TierPlugin {
		s.tell(c.session, "message:compose:send", map[string]any{"type": to.Type, "excerpt": to.Excerpt, "timestamp": s.now().UnixMilli()})
	}
	return nil, nil
}

func (s *Server) markRead(c *call) (any, *failure) {
	var to struct {
		From         string  `json:"from"`
		Origin       string  `json:"origin"`
		Fingerprints []int64 `json:"fingerprints"`
	}
	if f := c.read(&to); f != nil {
		return nil, f
	}
	if to.Origin == "" || to.From != "user" && to.From != "operator" {
		return nil, badRequest("data should have required property '.origin'")
	}
	if s.switches.ReadNeedsFingerprints && len(to.Fingerprints) == 0 {
		return nil, badRequest("data should have required property '.fingerprints'")
	}
	c.session.read = true
	return nil, nil
}

// types are the types of messages, and whether their content is a text.
var types = map[string]bool{ //nolint:gochecknoglobals // a constant
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
	print := s.add(c.session, Message{
		Type: m.Type, From: m.From, Origin: m.Origin, Content: m.Content, Fingerprint: m.Fingerprint, User: m.User,
		Properties: m.Properties, Automated: m.Automated, Stealth: m.Stealth, Mentions: m.Mentions,
	}, s.switches.NoEcho)
	return map[string]any{"fingerprint": print}, nil
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

func (x *talk) message(print int64) *Message {
	for _, m := range x.messages {
		if m.Fingerprint == print {
			return m
		}
	}
	return nil
}

// named gives the message that a call is about.
func (s *Server) named(c *call) (*Message, *failure) {
	print, err := strconv.ParseInt(c.PathValue("print"), 10, 64)
	if err != nil {
		return nil, badRequest("fingerprint should be a number")
	}
	m := c.session.message(print)
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

// file is one that was, or may be, put into the store.
type file struct {
	contentType, signature string
	body                   []byte
}

// generateURL answers without an address: that comes by hook.
func (s *Server) generateURL(c *call) (any, *failure) {
	var ask struct {
		Namespace  string `json:"namespace"`
		ID         string `json:"id"`
		From       string `json:"from"`
		Identifier string `json:"identifier"`
		File       struct {
			Name string `json:"name"`
			Type string `json:"type"`
		} `json:"file"`
		Resource struct {
			Type string `json:"type"`
			ID   string `json:"id"`
		} `json:"resource"`
	}
	if f := c.read(&ask); f != nil {
		return nil, f
	}
	switch {
	case ask.Namespace != "upload" || ask.ID == "" || ask.File.Name == "" || ask.File.Type == "":
		return nil, badRequest("data should have required properties")
	case ask.Resource.Type != "website" || ask.Resource.ID != s.options.WebsiteID:
		return nil, badRequest("data.resource should be a website")
	case s.switches.NoBucketFrom && ask.From != "":
		return nil, badRequest("data should NOT have additional properties")
	case !s.switches.NoBucketFrom && (ask.From != "plugin" || ask.Identifier != s.options.PluginID):
		return nil, badRequest("data.identifier should be a plugin")
	}
	id := s.id()
	signature := "sig-" + id
	s.files[id] = &file{contentType: ask.File.Type, signature: signature}
	address := "http://" + c.Host + "/storage/" + id + "/" + url.PathEscape(ask.File.Name)
	s.tellOf(!s.switches.NoBucketWebsite, eventBucket, map[string]any{
		"type": "upload", "from": "plugin", "identifier": s.options.PluginID, "id": ask.ID,
		"resource": map[string]any{"type": "website", "id": s.options.WebsiteID},
		"url":      map[string]any{"resource": address, "signed": address + "?signature=" + signature},
		"policy":   map[string]any{"size_limit": s.options.MaxFile},
	})
	return nil, nil
}

// serveStorage takes a file once it is signed for, and gives it to anybody.
func (s *Server) serveStorage(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, int64(s.options.MaxFile)+1))
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.files[r.PathValue("id")]
	switch {
	case f == nil:
		http.NotFound(w, r)
	case r.Method == http.MethodGet && f.body != nil:
		w.Header().Set("Content-Type", f.contentType)
		_, _ = w.Write(f.body)
	case r.Method != http.MethodPut || r.URL.Query().Get("signature") != f.signature || r.Header.Get("Authorization") != "":
		w.WriteHeader(http.StatusForbidden)
	case r.Header.Get("Content-Type") != f.contentType || r.ContentLength < 0:
		w.WriteHeader(http.StatusBadRequest)
	case len(body) > s.options.MaxFile:
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	default:
		f.body = body
	}
}
