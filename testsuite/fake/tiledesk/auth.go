package tiledesk

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
)

// caller is who makes a call.
type caller struct {
	id, fullname, email, phone string
	// role is that in the project; a customer's is guest or user.
	role string
	// stranger belongs to no project.
	stranger bool
}

type user struct {
	ID, First, Last, Email, Phone, Role string
	Available                           bool
}

func (u user) fullname() string { return u.First + " " + u.Last }

// member is a customer whom the project has let in.
type member struct{ id, fullname, email string }

// lead is a customer as agents see him: there is none before his first conversation, or before somebody writes him down.
type lead struct{ id, fullname, email, phone string }

func (l lead) json() map[string]any {
	j := map[string]any{"_id": "lead-" + l.id, "lead_id": l.id, "fullname": l.fullname, "phone": nil, "status": 100, "tags": []any{}}
	if l.email != "" {
		j["email"] = l.email
	}
	if l.phone != "" {
		j["phone"] = l.phone
	}
	return j
}

// addLead writes a customer down. It does not look whether he is there already: the first one counts.
func (s *Server) addLead(c call) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	var in struct {
		LeadID          string `json:"lead_id"`
		Fullname, Email string
	}
	if !c.decode(&in) {
		return reply{hang: true}
	}
	made := &lead{id: in.LeadID, fullname: in.Fullname, email: in.Email}
	if s.leads[made.id] == nil {
		s.leads[made.id] = made
	}
	return answer(made.json())
}

// admit checks who calls, and that he may. The zero reply lets the call pass.
func (s *Server) admit(c *call, role string) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(c.body) > maxBody {
		return reply{status: http.StatusRequestEntityTooLarge, body: map[string]any{"err": "Request entity too large", "limit": maxBody}}
	}
	if len(c.body) > 0 && !json.Valid(c.body) {
		return reply{status: http.StatusInternalServerError, body: map[string]any{"err": "error"}}
	}
	if project := c.PathValue("P"); project != "" && project != s.options.Project {
		if _, err := hex.DecodeString(project); err != nil || len(project) != 24 {
			return reply{status: http.StatusBadRequest, body: map[string]any{"error": "Invalid project id: " + project}}
		}
		return reply{status: http.StatusBadRequest, body: map[string]any{"error": "Project not found with id: " + project}}
	}
	if role == "" {
		return reply{}
	}
	who, bad := s.caller(c.Header.Get("Authorization"))
	switch {
	case bad.status != 0:
		return bad
	case who.stranger:
		return refuse(http.StatusForbidden, "you dont belong to the project.")
	case rank(who.role) < rank(role):
		return refuse(http.StatusForbidden, "you dont have the required role.")
	}
	c.who = who
	return reply{}
}

// caller reads the Authorization header: the scheme is JWT or Basic, and no other.
func (s *Server) caller(authorization string) (caller, reply) {
	unauthorized := reply{status: http.StatusUnauthorized, text: "Unauthorized"}
	scheme, token, ok := strings.Cut(authorization, " ")
	switch {
	case authorization != "" && !ok:
		return caller{}, reply{status: http.StatusBadRequest, text: "Bad Request"}
	case strings.EqualFold(scheme, "Basic"):
		pair, err := base64.StdEncoding.DecodeString(token)
		email, password, _ := strings.Cut(string(pair), ":")
		if err != nil || email != s.options.Email || password != s.options.Password {
			return caller{}, unauthorized
		}
		return s.staff(Integration), reply{}
	case !strings.EqualFold(scheme, "JWT"):
		return caller{}, unauthorized
	}
	if who, known := s.tokens[token]; known {
		return who, reply{}
	}
	claims, ok := s.customClaims(token)
	if !ok {
		return caller{}, unauthorized
	}
	who := caller{id: claims.ID, fullname: claims.fullname(), email: claims.Email, role: "user"}
	_, member := s.members[claims.ID]
	who.stranger = !member
	return who, reply{}
}

func (s *Server) staff(id string) caller {
	for _, u := range s.users {
		if u.ID == id {
			return caller{id: u.ID, fullname: u.fullname(), email: u.Email, phone: u.Phone, role: u.Role}
		}
	}
	return caller{stranger: true}
}

type claims struct {
	ID                         string `json:"_id"`
	Firstname, Lastname, Email string
	Subject                    string `json:"sub"`
	Audience                   string `json:"aud"`
}

func (c claims) fullname() string { return strings.TrimSpace(c.Firstname + " " + c.Lastname) }

// customClaims reads a token that was signed with the project's secret.
func (s *Server) customClaims(token string) (claims, bool) {
	var c claims
	at := strings.LastIndexByte(token, '.')
	if at < 0 {
		return c, false
	}
	given, err := base64.RawURLEncoding.DecodeString(token[at+1:])
	mac := hmac.New(sha256.New, []byte(s.options.JWTSecret))
	mac.Write([]byte(token[:at]))
	if err != nil || !hmac.Equal(given, mac.Sum(nil)) {
		return c, false
	}
	_, payload, _ := strings.Cut(token[:at], ".")
	plain, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil || json.Unmarshal(plain, &c) != nil {
		return c, false
	}
	return c, c.ID != "" && c.Subject == "userexternal" && c.Audience == "https://tiledesk.com/projects/"+s.options.Project
}

// ExpireTokens makes all tokens of sign-ins invalid, as a server with another key does.
func (s *Server) ExpireTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

func (s *Server) issue(who caller) string {
	var random [12]byte
	_, _ = rand.Read(random[:])
	token := "eyJhbGciOiJIUzI1NiJ9." + hex.EncodeToString(random[:])
	s.tokens[token] = who
	return "JWT " + token
}

func (s *Server) signIn(c call) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	var in struct{ Email, Password string }
	switch {
	case !c.decode(&in) || in.Email == "":
		return reply{status: http.StatusUnprocessableEntity, body: map[string]any{
			"errors": []any{map[string]any{"msg": "Invalid value", "param": "email", "location": "body"}},
		}}
	case in.Email != s.options.Email:
		return refuse(http.StatusUnauthorized, "Authentication failed. User not found.")
	case in.Password != s.options.Password:
		return refuse(http.StatusUnauthorized, "Authentication failed. Wrong password.")
	}
	u := s.users[0]
	return answer(map[string]any{"success": true, "token": s.issue(s.staff(u.ID)), "user": map[string]any{
		"email": u.Email, "firstname": u.First, "lastname": u.Last, "emailverified": false, "_id": u.ID,
	}})
}

// signInAnonymously makes a new customer each time.
func (s *Server) signInAnonymously(c call) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	var in struct {
		Project                    string `json:"id_project"`
		Firstname, Lastname, Email string
	}
	if !c.decode(&in) || in.Project == "" {
		return reply{status: http.StatusUnprocessableEntity, body: map[string]any{
			"errors": []any{map[string]any{"msg": "Invalid value", "param": "id_project", "location": "body"}},
		}}
	}
	var random [16]byte
	_, _ = rand.Read(random[:])
	h := hex.EncodeToString(random[:])
	m := &member{
		id:       h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:],
		fullname: strings.TrimSpace(in.Firstname + " " + in.Lastname), email: in.Email,
	}
	if in.Project == s.options.Project {
		s.members[m.id] = m
	}
	return answer(map[string]any{
		"success": true, "token": s.issue(caller{id: m.id, fullname: m.fullname, email: m.email, role: "guest", stranger: s.members[m.id] == nil}),
		"user": map[string]any{"_id": m.id, "firstname": in.Firstname, "lastname": in.Lastname, "email": in.Email, "fullName": m.fullname},
	})
}

// signInWithCustomToken introduces a customer under the id of his token, once.
func (s *Server) signInWithCustomToken(c call) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	scheme, token, _ := strings.Cut(c.Header.Get("Authorization"), " ")
	in, ok := s.customClaims(token)
	if !ok || !strings.EqualFold(scheme, "JWT") {
		return reply{status: http.StatusUnauthorized, text: "Unauthorized"}
	}
	if s.members[in.ID] == nil {
		s.members[in.ID] = &member{id: in.ID, fullname: in.fullname(), email: in.Email}
	}
	return answer(map[string]any{"success": true, "token": "JWT " + token, "user": map[string]any{"_id": in.ID, "firstname": in.Firstname}})
}
