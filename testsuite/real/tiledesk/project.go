package tiledesk

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Password is that of everybody.
const Password = "password-of-everybody-1"

// Project is one team at the server: two agents who are available, and a user for the integration, who is not.
type Project struct {
	*Server
	ID    string
	Email string // of the integration's user
	// User is the id of the integration's user, and Token is what he is signed in with.
	User, Token string
	// JWTSecret signs the tokens of customers.
	JWTSecret string
	// Department is the default one; Pool is one whose agents take what they want.
	Department, Pool string
	Alice, Bob       *Agent

	owner   string
	members map[string]string // the membership of a user, by his id
}

// signUp makes a user and gives his id and token.
func (s *Server) signUp(t testing.TB, first, last string) (email, id, token string) {
	t.Helper()
	email = s.unique(strings.ToLower(first)) + "@example.com"
	// One without a phone would be one too many: they are unique (code: models/user.js).
	must(t, "", http.MethodPost, s.URL+"/auth/signup", map[string]any{
		"email": email, "password": Password, "firstname": first, "lastname": last, "phone": fmt.Sprintf("+39%06d", s.people),
	}, nil)
	var in struct {
		Token string
		User  struct {
			ID string `json:"_id"`
		}
	}
	must(t, "", http.MethodPost, s.URL+"/auth/signin", map[string]any{"email": email, "password": Password}, &in)
	return email, in.User.ID, in.Token
}

// NewProject makes a project of its own for a test.
func (s *Server) NewProject(t testing.TB) *Project {
	t.Helper()
	p := &Project{Server: s, members: map[string]string{}}
	_, owner, token := s.signUp(t, "Olga", "Owner")
	p.owner = token
	var made struct {
		ID string `json:"_id"`
	}
	must(t, p.owner, http.MethodPost, s.URL+"/projects", map[string]any{"name": s.unique("project")}, &made)
	p.ID = made.ID
	p.Email, p.User, p.Token = s.signUp(t, "Handoff", "Middleware")
	p.invite(t, p.Email, "admin", false)
	p.Alice, p.Bob = p.agent(t, "Alice"), p.agent(t, "Bob")

	var members []struct {
		ID   string `json:"_id"`
		User struct {
			ID string `json:"_id"`
		} `json:"id_user"`
	}
	must(t, p.Token, http.MethodGet, p.at("/project_users"), nil, &members)
	for _, m := range members {
		p.members[m.User.ID] = m.ID
	}
	p.SetAvailable(t, owner, false)
	var keys struct{ JWTSecret string }
	must(t, p.Token, http.MethodPost, p.at("/keys/generate"), struct{}{}, &keys)
	p.JWTSecret = keys.JWTSecret
	var departments []struct {
		ID string `json:"_id"`
	}
	must(t, p.Token, http.MethodGet, p.at("/departments/allstatus"), nil, &departments)
	require.Len(t, departments, 1)
	p.Department = departments[0].ID
	must(t, p.owner, http.MethodPost, p.at("/departments"), map[string]any{"name": "Pool", "routing": "unassigned"}, &made)
	p.Pool = made.ID
	return p
}

func (p *Project) at(path string) string { return p.URL + "/" + p.ID + path }

func (p *Project) invite(t testing.TB, email, role string, available bool) {
	t.Helper()
	must(t, p.owner, http.MethodPost, p.at("/project_users/invite"), map[string]any{"email": email, "role": role, "user_available": available}, nil)
}

// SetAvailable turns a user's own switch.
func (p *Project) SetAvailable(t testing.TB, user string, there bool) {
	t.Helper()
	must(t, p.owner, http.MethodPut, p.at("/project_users/"+p.members[user]), map[string]any{"user_available": there}, nil)
}

// UseUpQuota uses up the conversations that the project's plan has for the month. It has had one already.
func (p *Project) UseUpQuota(t testing.TB) {
	t.Helper()
	keys := p.redisCLI(t, "--scan", "--pattern", "quotes:requests:"+p.ID+":*")
	require.Len(t, keys, 1)
	p.redisCLI(t, "set", keys[0], "100000")
}

// Request is a conversation as the desk shows it.
type Request struct {
	Status       int
	Participants []string
	Priority     string
	Rating       int
	ClosedBy     string `json:"closed_by"`
	Lead         Lead
	Contact      map[string]string
	Notes        []struct{ Text string }
}

// Lead is a customer as agents see him.
type Lead struct {
	ID       string `json:"lead_id"`
	Fullname string
	Email    *string
	Phone    *string
}

// Request reads a conversation as the project's integration sees it.
func (p *Project) Request(t testing.TB, id string) Request {
	t.Helper()
	var r Request
	must(t, p.Token, http.MethodGet, p.at("/requests/"+id), nil, &r)
	return r
}

// Message is a message as the desk shows it.
type Message struct {
	ID             string `json:"_id"`
	Sender         string
	SenderFullname string
	Text, Type     string
	Attributes     map[string]any
	Metadata       any
}

// Key is the mark of a message of ours.
func (m Message) Key() string {
	key, _ := m.Attributes["handoff_key"].(string)
	return key
}

// Messages lists a conversation's messages without the server's own lines.
func (p *Project) Messages(t testing.TB, id string) []Message {
	t.Helper()
	var all, said []Message
	must(t, p.Token, http.MethodGet, p.at("/requests/"+id+"/messages"), nil, &all)
	for _, m := range all {
		if m.Sender != "system" {
			said = append(said, m)
		}
	}
	return said
}

// MessageStatus is how far a message has come: more than 0 is when the chat engine has it.
func (p *Project) MessageStatus(t testing.TB, ticket, message string) int {
	t.Helper()
	var all []struct {
		ID     string `json:"_id"`
		Status int
	}
	must(t, p.Token, http.MethodGet, p.at("/requests/"+ticket+"/messages"), nil, &all)
	for _, m := range all {
		if m.ID == message {
			return m.Status
		}
	}
	return 0
}

// QuotaCounts reports whether the server counts a conversation already.
func (p *Project) QuotaCounts(t testing.TB) bool {
	t.Helper()
	return len(p.redisCLI(t, "--scan", "--pattern", "quotes:requests:"+p.ID+":*")) > 0
}
