package tiledesk

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Message is a message as agents see it.
type Message struct {
	ID, Sender, Name, Text, Type, Src, Subtype string
	// Key is the mark of whoever sent it through the API.
	Key string
}

// Request is a conversation as agents see it.
type Request struct {
	ID, Department, Language          string
	Customer                          string
	CustomerEmail, CustomerPhone      string
	Status                            int
	Participants, Notes               []string
	ClosedBy, Priority, RatingMessage string
	Rating                            int
}

// Requests lists all conversations, oldest first.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []Request{}
	for _, r := range s.order {
		shown := Request{
			ID: r.requestID, Department: r.department, Customer: r.lead.id, CustomerEmail: r.lead.email, CustomerPhone: r.lead.phone, Language: r.language, Status: r.status,
			Participants: slices.Clone(r.participants), ClosedBy: r.closedBy,
			Priority: r.priority, Rating: r.rating, RatingMessage: r.ratingMessage,
		}
		for _, n := range r.notes {
			shown.Notes = append(shown.Notes, fmt.Sprint(n["text"]))
		}
		list = append(list, shown)
	}
	return list
}

// Request finds a conversation; the zero Request is one that is not there.
func (s *Server) Request(id string) Request {
	for _, r := range s.Requests() {
		if r.ID == id {
			return r
		}
	}
	return Request{}
}

// Customers counts the customers that the project knows.
func (s *Server) Customers() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.members)
}

// Messages lists the messages of a conversation, oldest first.
func (s *Server) Messages(id string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []Message{}
	r := s.requests[id]
	if r == nil {
		return list
	}
	text := func(fields map[string]any, key string) string {
		value, _ := fields[key].(string)
		return value
	}
	for _, m := range r.messages {
		list = append(list, Message{
			ID: m.id, Sender: m.sender, Name: m.fullname, Text: m.text, Type: m.kind, Src: text(m.metadata, "src"),
			Subtype: text(m.attributes, "subtype"), Key: text(m.attributes, "handoff_key"),
		})
	}
	return list
}

// act runs do for a conversation.
func (s *Server) act(id string, do func(*request)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.requests[id]
	if r == nil {
		return fmt.Errorf("no conversation %s", id)
	}
	do(r)
	return nil
}

// console writes a message as an agent's console does. The first answer of one who has the conversation is told as an
// update, too. A command in it is run.
func (s *Server) console(id, agent string, m message) error {
	return s.act(id, func(r *request) {
		who := s.staff(agent)
		if who.stranger {
			who = caller{id: agent, fullname: agent}
		}
		m.id, m.sender, m.fullname, m.createdBy, m.channel, m.created = s.newID(), who.id, who.fullname, who.id, "chat21", s.now()
		attributes := map[string]any{"projectId": s.options.Project, "lang": "en-US"}
		maps.Copy(attributes, m.attributes)
		m.attributes = attributes
		if m.kind == "" {
			m.kind = "text"
		}
		m.status = 200
		s.add(r, &m)
		if !r.answered && slices.Contains(r.participants, agent) {
			r.answered, r.updated = true, s.now()
			s.tell("request.update", s.requestJSON(r, false))
		}
		if !s.switches.NoChat21 {
			s.obey(r, &m)
		}
	})
}

// AgentSays makes an agent write into a conversation, whether he has it or not.
func (s *Server) AgentSays(id, agent, text string) error {
	return s.console(id, agent, message{text: text})
}

// AgentWhispers makes an agent write what only agents may read.
func (s *Server) AgentWhispers(id, agent, text string) error {
	return s.console(id, agent, message{text: text, attributes: map[string]any{"subtype": "private"}})
}

// Sends writes any message as any sender, for what no console does.
func (s *Server) Sends(id, sender, kind, text string, attributes map[string]any) error {
	return s.console(id, sender, message{text: text, kind: kind, attributes: attributes})
}

// AgentTypes tells that an agent types.
func (s *Server) AgentTypes(id, agent string) error {
	return s.act(id, func(r *request) {
		s.tell("event.emit.typing.start", map[string]any{
			"name": "typing.start", "id_project": s.options.Project, "createdBy": agent,
			"attributes": map[string]any{"recipient_id": r.requestID, "writer_id": agent, "data": map[string]any{}},
		})
	})
}

// AgentJoins adds an agent to those who have a conversation.
func (s *Server) AgentJoins(id, agent string) error {
	return s.act(id, func(r *request) {
		if !slices.Contains(r.participants, agent) {
			r.assigned = s.now()
			s.people(r, Assigned, append(slices.Clone(r.participants), agent))
		}
	})
}

// AgentLeaves takes an agent away; nobody has it when the last one is gone.
func (s *Server) AgentLeaves(id, agent string) error {
	return s.act(id, func(r *request) {
		left := slices.DeleteFunc(slices.Clone(r.participants), func(p string) bool { return p == agent })
		status := r.status
		if len(left) == 0 {
			status = Unassigned
		}
		s.people(r, status, left)
		r.group = slices.DeleteFunc(r.group, func(p string) bool { return p == agent })
		s.system(r, "MEMBER_LEFT_GROUP", "info", agent+" removed from group")
	})
}

// AgentCloses closes a conversation in an agent's name; the scheduler's name is "system".
func (s *Server) AgentCloses(id, agent string) error {
	return s.act(id, func(r *request) { s.end(r, agent) })
}

// Deletes removes a conversation, as an owner of the project may.
func (s *Server) Deletes(id string) error {
	return s.act(id, func(r *request) {
		delete(s.requests, id)
		s.order = slices.DeleteFunc(s.order, func(x *request) bool { return x == r })
	})
}

// SetAvailable turns an agent's own switch.
func (s *Server) SetAvailable(agent string, there bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range s.users {
		if u.ID == agent {
			u.Available = there
		}
	}
}

// file is one that was uploaded.
type file struct {
	contentType string
	content     []byte
}

// AgentSendsFile makes an agent send a file, which is served from base. It gives the file's address.
func (s *Server) AgentSendsFile(id, agent, base, name, contentType string, content []byte) (string, error) {
	at := "uploads/users/" + agent + "/files/1ec2ff24/" + name
	s.mu.Lock()
	s.files[at] = &file{contentType, content}
	s.mu.Unlock()
	src := base + "/files?path=" + url.QueryEscape(at)
	kind, text := "file", "["+name+"]("+src+")"
	if strings.HasPrefix(contentType, "image/") {
		kind, text = "image", ""
	}
	return src, s.console(id, agent, message{text: text, kind: kind, metadata: map[string]any{
		"src": src, "name": name, "type": contentType, "size": len(content), "width": 200, "height": 100,
	}})
}

func (s *Server) getFile(c call) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.switches.FilesWantToken {
		if _, bad := s.caller(c.Header.Get("Authorization")); bad.status != 0 {
			return bad
		}
	}
	f := s.files[c.URL.Query().Get("path")]
	if f == nil {
		return reply{status: http.StatusNotFound, body: map[string]any{"success": false, "error": "File not found."}}
	}
	return reply{status: http.StatusOK, body: f.content, header: http.Header{"Content-Type": {f.contentType}}}
}
