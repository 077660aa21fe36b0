package crisp

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

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
		"GET " + session + "/message/{mark}":       {"message.get", s.getMessage},
		"PATCH " + session + "/message/{mark}":     {"message.update", s.updateMessage},
		"DELETE " + session + "/message/{mark}":    {"message.remove", s.removeMessage},
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
		maps.Copy(c.session.data, *m.Data)
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
