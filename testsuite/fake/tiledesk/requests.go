package tiledesk

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// pick finds the next available agent of a department, round robin; a department that is a pool finds nobody.
func (s *Server) pick(d *department) (status int, participants []string) {
	if d.Routing != "assigned" || s.switches.OutsideHours {
		return Unassigned, nil
	}
	var there []*user
	for _, u := range s.users {
		if u.Available {
			there = append(there, u)
		}
	}
	if len(there) == 0 {
		return Unassigned, nil
	}
	d.turn++
	return Assigned, []string{there[(d.turn-1)%len(there)].ID}
}

// routeTo has a department find somebody.
func (s *Server) routeTo(r *request, d *department) {
	status, participants := s.pick(d)
	if status == r.status && d.ID == r.department && slices.Equal(participants, r.participants) {
		return
	}
	r.department, r.assigned = d.ID, time.Time{}
	if status == Assigned {
		r.assigned = s.now()
	}
	s.people(r, status, participants)
}

// people changes who has a conversation, and tells of it.
func (s *Server) people(r *request, status int, participants []string) {
	before := r.participants
	r.status, r.participants, r.updated, r.answered = status, participants, s.now(), false
	s.tell("request.update", s.requestJSON(r, false))
	for _, id := range participants {
		if slices.Contains(before, id) {
			continue
		}
		s.system(r, "TOUCHING_OPERATOR", "info", "A new support request has been assigned to you: "+r.firstText)
		// The chat engine's group keeps who had it before.
		if !slices.Contains(r.group, id) {
			r.group = append(r.group, id)
			s.system(r, "MEMBER_JOINED_GROUP", "info", id+" added to group")
		}
	}
}

// within hands the conversation of the path to do, or answers 404 with msg.
func (s *Server) within(c call, msg string, do func(*request) reply) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.requests[c.PathValue("R")]
	if r == nil {
		return refuse(http.StatusNotFound, msg)
	}
	return do(r)
}

func (s *Server) getRequest(c call) reply {
	return s.within(c, "Object not found.", func(r *request) reply { return answer(s.requestJSON(r, false)) })
}

// route answers with a conversation that a department was asked for. Leaving status 50 counts against the quota.
func (s *Server) route(r *request, id string) reply {
	d := s.departmentOf(id)
	if d == nil || s.switches.QuotaReached && r.status == Temp {
		return refuse(http.StatusInternalServerError, "Error changing the department.")
	}
	s.routeTo(r, d)
	return answer(s.requestJSON(r, false))
}

// assign leaves a conversation alone that somebody has, or that is closed.
func (s *Server) assign(c call) reply {
	return s.within(c, "Request not found", func(r *request) reply {
		var in struct {
			DepartmentID string `json:"departmentid"`
			NoBot        bool   `json:"nobot"`
		}
		_ = c.decode(&in)
		if r.status == Assigned || r.status == Closed {
			return answer(s.requestJSON(r, true))
		}
		return s.route(r, in.DepartmentID)
	})
}

// nextAgent moves a conversation on at each call, and opens a closed one.
func (s *Server) nextAgent(c call) reply {
	return s.within(c, "Object not found.", func(r *request) reply { return s.route(r, r.department) })
}

func (s *Server) changeDepartment(c call) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	var in struct {
		DepartmentID string `json:"departmentid"`
		NoBot        bool   `json:"nobot"`
	}
	r := s.requests[c.PathValue("R")]
	if r == nil || !c.decode(&in) {
		return refuse(http.StatusInternalServerError, "Error changing the department.")
	}
	return s.route(r, in.DepartmentID)
}

// setParticipants sets exactly who has a conversation. It does not check them.
func (s *Server) setParticipants(c call) reply {
	var ids []string
	if !c.decode(&ids) {
		return reply{hang: true}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.requests[c.PathValue("R")]
	if r == nil {
		return reply{status: http.StatusInternalServerError, body: map[string]any{"success": false, "error": "Error setting participants"}}
	}
	if !slices.Equal(ids, r.participants) {
		status := Assigned
		if len(ids) == 0 {
			status = Unassigned
		}
		s.people(r, status, ids)
	}
	return answer(s.requestJSON(r, false))
}

func (s *Server) close(c call) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.requests[c.PathValue("R")]
	switch {
	case r == nil && rank(c.who.role) >= rank("admin"):
		return reply{status: http.StatusInternalServerError, body: map[string]any{"success": false, "error": "Error closing request"}}
	case r == nil:
		return reply{status: http.StatusNotFound, body: map[string]any{"success": false, "error": "Request not found"}}
	case rank(c.who.role) < rank("admin") && !slices.Contains(r.participants, c.who.id):
		return reply{status: http.StatusForbidden, body: map[string]any{
			"success": false, "error": "You must be among the participants to close a conversation.",
		}}
	}
	s.end(r, c.who.id)
	return answer(s.requestJSON(r, false))
}

// end closes a conversation. One that is closed keeps who closed it, and is told of once more.
func (s *Server) end(r *request, by string) {
	if r.status != Closed {
		r.status, r.updated = Closed, s.now()
		s.tell("request.update", s.requestJSON(r, false))
		r.closed, r.closedBy = s.now(), by
		var said strings.Builder
		for _, m := range r.messages {
			said.WriteString(m.fullname + ": " + m.text + "\n")
		}
		r.transcript = said.String()
	}
	r.updated = s.now()
	payload := s.requestJSON(r, false)
	messages := []any{}
	for _, m := range r.messages {
		messages = append(messages, s.messageJSON(r, m))
	}
	payload["messages"] = messages
	s.tell("request.close", payload)
	s.system(r, "CHAT_CLOSED", "info/support", "Chat closed")
}

func (s *Server) patchAttributes(c call) reply {
	return s.within(c, "Object not found.", func(r *request) reply {
		var more map[string]any
		if !c.decode(&more) {
			return reply{hang: true}
		}
		maps.Copy(r.attributes, more)
		r.updated = s.now()
		s.tell("request.update", s.requestJSON(r, false))
		return answer(s.requestJSON(r, false))
	})
}

// patch changes what is told of a conversation, closed or not.
func (s *Server) patch(c call) reply {
	return s.within(c, "Request not found", func(r *request) reply {
		var in struct {
			Priority, Subject *string
			Rating            *int
			RatingMessage     *string `json:"rating_message"`
		}
		if !c.decode(&in) {
			return refuse(http.StatusInternalServerError, "Error updating object.")
		}
		for into, value := range map[*string]*string{&r.priority: in.Priority, &r.ratingMessage: in.RatingMessage} {
			if value != nil {
				*into = *value
			}
		}
		if in.Rating != nil {
			r.rating = *in.Rating
		}
		r.updated = s.now()
		s.tell("request.update", s.requestJSON(r, false))
		return answer(s.requestJSON(r, false))
	})
}

// addNote adds a note. The note of an admin for a conversation that is not there is answered as if all were well, with null.
func (s *Server) addNote(c call) reply {
	var in struct{ Text string }
	if !c.decode(&in) || strings.TrimSpace(in.Text) == "" {
		return reply{status: http.StatusBadRequest, body: map[string]any{
			"success": false, "error": "Field 'text' is required. Received value: " + in.Text,
		}}
	}
	s.mu.Lock()
	known := s.requests[c.PathValue("R")] != nil
	s.mu.Unlock()
	if !known && rank(c.who.role) >= rank("admin") {
		return answer(nil)
	}
	return s.within(c, "Object not found.", func(r *request) reply {
		r.notes = append(r.notes, map[string]any{"_id": s.newID(), "text": in.Text, "createdBy": c.who.id, "createdAt": stamp(s.now())})
		r.updated = s.now()
		s.tell("request.update", s.requestJSON(r, false))
		return answer(s.requestJSON(r, false))
	})
}

func (s *Server) projectUsers(call) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []any{}
	for _, u := range s.users {
		list = append(list, map[string]any{
			"_id": "pu-" + u.ID, "role": u.Role, "user_available": u.Available, "status": "active", "id_project": s.options.Project,
			"id_user": map[string]any{"_id": u.ID, "firstname": u.First, "lastname": u.Last, "email": u.Email},
		})
	}
	return answer(list)
}

func (s *Server) getDepartment(c call) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := c.PathValue("D")
	if !objectID.MatchString(id) {
		return refuse(http.StatusInternalServerError, "Error getting object.")
	}
	d := s.departmentOf(id)
	if d == nil {
		return refuse(http.StatusNotFound, "Object not found.")
	}
	return answer(d.json())
}

// availables lists who could be given a conversation; it wants no credentials.
func (s *Server) availables(c call) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []any{}
	if department := c.URL.Query().Get("department"); s.departmentOf(department) == nil {
		return reply{status: http.StatusNotFound, body: map[string]any{"success": false, "error": "Department " + department + " not found"}}
	}
	for _, u := range s.users {
		if u.Available && (!s.switches.OutsideHours || c.URL.Query().Get("raw") == "true") {
			list = append(list, map[string]any{"id": u.ID, "pu_id": "pu-" + u.ID, "fullname": u.fullname(), "email": u.Email, "assigned_request": 0})
		}
	}
	return answer(list)
}

// clone makes what it is given independent of later changes.
func clone(v map[string]any) map[string]any {
	b, _ := json.Marshal(v)
	var again map[string]any
	_ = json.Unmarshal(b, &again)
	return again
}
