package tiledesk

import (
	"maps"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/testsuite/fake"
)

// incoming is the body of a message.
type incoming struct {
	Text, Type, Sender, SenderFullname, Language, SourcePage, Email string
	DepartmentID                                                    string `json:"departmentid"`
	RequestStatus                                                   int    `json:"request_status"`
	Status                                                          int
	Preflight                                                       bool
	Channel                                                         struct{ Name string }
	Attributes, Metadata                                            map[string]any
}

var objectID = regexp.MustCompile(`^([0-9a-f]{24}|.{12})$`)

// sendMessage adds a message, and makes the conversation if there is none.
func (s *Server) sendMessage(c call) reply {
	var in incoming
	if !c.decode(&in) {
		return reply{status: http.StatusInternalServerError, body: map[string]any{"err": "error"}}
	}
	id := c.PathValue("R")
	s.mu.Lock()
	defer s.mu.Unlock()
	if in.Type == "file" && (in.Metadata == nil || in.Metadata["type"] == nil) {
		return reply{hang: true}
	}
	r := s.requests[id]
	if r == nil {
		var bad reply
		if r, bad = s.create(c, id, in); r == nil {
			return bad
		}
	}
	m := s.write(r, in, c.who)
	// The answer shows how things were before the chat engine called back.
	shown := answer(s.messageWithRequest(r, m))
	s.engine(r, m)
	return shown
}

// create makes a conversation from its first message.
func (s *Server) create(c call, id string, in incoming) (*request, reply) {
	fail := refuse(http.StatusInternalServerError, "Error creating request")
	fail.body.(map[string]any)["err"] = map[string]any{}
	if s.creating[id] {
		return nil, fail
	}
	if s.switches.SlowCreation {
		s.creating[id] = true
		s.mu.Unlock()
		time.Sleep(20 * time.Millisecond)
		s.mu.Lock()
		delete(s.creating, id)
	}
	dep := s.departmentOf(in.DepartmentID)
	// Whoever is not known yet is taken for the caller, in all that the message does not say.
	who := lead{id: c.who.id, fullname: in.SenderFullname, email: in.Email, phone: c.who.phone}
	if who.fullname == "" {
		who.fullname = c.who.fullname
	}
	if who.email == "" {
		who.email = c.who.email
	}
	switch {
	case in.Text == "" && (in.Type == "" || in.Type == "text"):
		return nil, reply{status: http.StatusUnprocessableEntity, body: map[string]any{"errors": []string{"text field is required"}}}
	case in.Sender != "":
		staff := s.staff(in.Sender)
		if s.members[in.Sender] == nil && (!objectID.MatchString(in.Sender) || staff.stranger) {
			return nil, refuse(http.StatusForbidden, "Unauthorized. Project_user not found with user id  : "+in.Sender)
		}
		who.id = in.Sender
		if known := s.leads[in.Sender]; known != nil {
			who.fullname, who.email = known.fullname, known.email
		} else if !staff.stranger {
			who.fullname, who.email = staff.fullname, staff.email
		}
	}
	if dep == nil || s.switches.QuotaReached && in.RequestStatus != Temp {
		return nil, fail
	}
	if s.leads[who.id] == nil {
		s.leads[who.id] = &who
	} else if known := s.leads[who.id]; known.email != who.email {
		known.fullname, known.email = who.fullname, who.email
	}
	now := s.now()
	r := &request{
		id: s.newID(), requestID: id, firstText: in.Text, channel: in.Channel.Name, language: in.Language, sourcePage: in.SourcePage,
		status: in.RequestStatus, department: dep.ID, lead: s.leads[who.id], priority: "medium", attributes: map[string]any{}, created: now, updated: now,
	}
	maps.Copy(r.attributes, in.Attributes)
	if r.status == 0 {
		// Nothing said otherwise: somebody is bothered at once.
		r.status, r.participants = s.pick(dep)
	}
	s.requests[id] = r
	s.order = append(s.order, r)
	s.tell("request.create", s.requestJSON(r, false))
	return r, reply{}
}

// write adds a message. Labels are replaced, as the server's transformer does.
func (s *Server) write(r *request, in incoming, who caller) *message {
	m := &message{
		id: s.newID(), sender: in.Sender, fullname: in.SenderFullname, text: in.Text, kind: in.Type, channel: in.Channel.Name,
		attributes: map[string]any{}, metadata: in.Metadata, status: in.Status, created: s.now(), createdBy: who.id,
	}
	maps.Copy(m.attributes, in.Attributes)
	if m.sender == "" {
		m.sender = who.id
	}
	if m.fullname == "" {
		m.fullname = who.fullname
	}
	if m.kind == "" {
		m.kind = "text"
	}
	if m.channel == "" {
		m.channel = "chat21"
	}
	if name := label.FindStringSubmatch(m.text); name != nil {
		if text, ok := s.options.Labels[name[1]]; ok {
			m.text = text
		}
	}
	first := len(r.messages) == 0
	s.add(r, m)
	if first && s.hasEngine(r) {
		s.system(r, "GROUP_CREATED", "info", "Group created")
		for _, id := range []string{"system", r.lead.id} {
			s.system(r, "MEMBER_JOINED_GROUP", "info", id+" joined group on creation")
		}
	}
	return m
}

var label = regexp.MustCompile(`\$\{([^}]+)\}`)

// add writes a message down and tells of it. Webhooks may show what the chat engine is told with a message; lists do not.
// What somebody said last is kept with the conversation, which nobody is told of.
func (s *Server) add(r *request, m *message) {
	r.messages = append(r.messages, m)
	s.Journal.Add(fake.Entry{Conversation: r.requestID, Who: m.sender, Kind: m.kind, Text: m.text})
	told := s.messageWithRequest(r, m)
	if m.status == 0 && s.hasEngine(r) {
		maps.Copy(told["attributes"].(map[string]any), map[string]any{
			"tiledesk_message_id": m.id, "projectId": s.options.Project, "channel": m.channel, "request_channel": r.channel,
		})
	}
	s.tell("message.create", told)
	if m.sender != "system" {
		r.attributes["last_message"], r.updated = s.messageJSON(r, m), s.now()
	}
}

// hasEngine reports whether the chat engine takes a conversation's messages: it refuses other names.
func (s *Server) hasEngine(r *request) bool {
	return !s.switches.NoChat21 && strings.HasPrefix(r.requestID, "support-group-")
}

// system writes a line of the server's own.
func (s *Server) system(r *request, key, subtype, text string) {
	s.add(r, &message{
		id: s.newID(), sender: "system", fullname: "Bot", text: text, kind: "text", channel: "chat21", created: s.now(), createdBy: "system",
		attributes: map[string]any{"subtype": subtype, "updateconversation": false, "messagelabel": map[string]any{"key": key}},
	})
}

// engine is the chat engine's call-back for a message that came through the API.
func (s *Server) engine(r *request, m *message) {
	if m.status == 0 && s.hasEngine(r) {
		m.status = 200
		s.obey(r, m)
	}
}

// obey runs the command in a message: all from the first backslash to the end of the text, which must be the whole word.
func (s *Server) obey(r *request, m *message) {
	_, command, _ := strings.Cut(m.text, `\`)
	switch command {
	case "agent":
		if d := s.departmentOf(r.department); !s.switches.QuotaReached || r.status != Temp {
			s.routeTo(r, d)
		}
	case "close":
		s.end(r, m.sender)
	case "error":
		s.crashes++
	}
}

// Crashes counts the unhandled exceptions that texts have caused.
func (s *Server) Crashes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.crashes
}

// listMessages shows all messages, oldest first; none for a conversation that is not there.
func (s *Server) listMessages(c call) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []any{}
	if r := s.requests[c.PathValue("R")]; r != nil {
		for _, m := range r.messages {
			list = append(list, s.messageJSON(r, m))
		}
	}
	return answer(list)
}
