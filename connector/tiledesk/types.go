package tiledesk

import (
	"encoding/json"
	"strings"
	"time"
)

// The status numbers of a conversation (docs: Requests; code: models/requestConstants.js). 300, served, is defined and
// not set; 150, abandoned, is a kind of unassigned.
const (
	statusTemp       = 50
	statusUnassigned = 100
	statusAssigned   = 200
	statusClosed     = 1000
)

// newMessage is a message of ours. What begins a conversation is read from its first message only.
type newMessage struct {
	Text           string            `json:"text"`
	Type           string            `json:"type,omitempty"`
	Metadata       *metadata         `json:"metadata,omitempty"`
	Sender         string            `json:"sender"`
	SenderFullname string            `json:"senderFullname"`
	Channel        channel           `json:"channel"`
	Attributes     map[string]string `json:"attributes"`
	// RequestStatus goes with every message: should the conversation be gone, it comes back where nobody is bothered.
	RequestStatus int    `json:"request_status"`
	Department    string `json:"departmentid,omitempty"`
	Language      string `json:"language,omitempty"`
	Email         string `json:"email,omitempty"`
	SourcePage    string `json:"sourcePage,omitempty"`
}

type channel struct {
	Name string `json:"name"`
}

// metadata is a file: src is an address that agents' browsers open.
type metadata struct {
	Src  string `json:"src"`
	Name string `json:"name,omitempty"`
	Type string `json:"type,omitempty"`
	Size int64  `json:"size,omitempty"`
}

// UnmarshalJSON takes what it understands: a message's words must not be lost to the shape of its file.
func (m *metadata) UnmarshalJSON(b []byte) error {
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(b, &fields)
	*m = metadata{}
	for key, into := range map[string]any{"src": &m.Src, "name": &m.Name, "type": &m.Type, "size": &m.Size} {
		if raw, there := fields[key]; there {
			_ = json.Unmarshal(raw, into)
		}
	}
	return nil
}

// message is one message as webhooks and lists show it.
type message struct {
	ID             string     `json:"_id"`
	Sender         string     `json:"sender"`
	SenderFullname string     `json:"senderFullname"`
	Recipient      string     `json:"recipient"`
	Text           string     `json:"text"`
	Type           string     `json:"type"`
	Metadata       metadata   `json:"metadata"`
	Attributes     attributes `json:"attributes"`
	Channel        entity     `json:"channel"`
	CreatedAt      time.Time  `json:"createdAt"`
	// Request is the conversation, in webhooks and answers.
	Request *request `json:"request"`
}

// request is Tiledesk's word for a conversation.
type request struct {
	RequestID    string     `json:"request_id"`
	Status       int        `json:"status"`
	Priority     string     `json:"priority"`
	Participants []string   `json:"participants"`
	Department   entity     `json:"department"`
	Lead         entity     `json:"lead"`
	Agents       []entity   `json:"participatingAgents"`
	Attributes   attributes `json:"attributes"`
	Notes        []note     `json:"notes"`
	// AssignedAt is compared only: it changes when a department has found somebody, and when somebody joins.
	AssignedAt json.RawMessage `json:"assigned_at"`
	UpdatedAt  time.Time       `json:"updatedAt"`
	ClosedAt   time.Time       `json:"closed_at"`
	ClosedBy   string          `json:"closed_by"`
}

type note struct {
	Text string `json:"text"`
}

// people are the agents who have the conversation, who came first before others: a bot's id begins with bot_.
func (r request) people() []string {
	var people []string
	for _, id := range r.Participants {
		if isStaff(id) {
			people = append(people, id)
		}
	}
	return people
}

// holders says who has the conversation, in which department and since when.
func (r request) holders() string {
	return strings.Join(r.Participants, ",") + "@" + r.Department.ID + "@" + strings.Trim(string(r.AssignedAt), `"`)
}

// nameOf is what the desk calls one of its agents, or "".
func (r request) nameOf(agent string) string {
	for _, a := range r.Agents {
		if a.ID == agent {
			return a.name()
		}
	}
	return ""
}

// isStaff tells agents from customers, bots and the system: users of the desk are named by an ObjectId, all others by
// something else (code: routes/message.js).
func isStaff(id string) bool { return objectID.MatchString(id) }

// entity is a lead, a department, a user or a channel: an object, or only its id, depending on the call.
type entity struct {
	ID        string
	LeadID    string
	Name      string
	Fullname  string
	Firstname string
	Lastname  string
	Email     string
	Routing   string
}

// UnmarshalJSON takes either shape.
func (e *entity) UnmarshalJSON(b []byte) error {
	*e = entity{}
	if json.Unmarshal(b, &e.ID) == nil {
		return nil
	}
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(b, &fields)
	for key, into := range map[string]*string{
		"_id": &e.ID, "lead_id": &e.LeadID, "name": &e.Name, "fullname": &e.Fullname, "firstname": &e.Firstname,
		"lastname": &e.Lastname, "email": &e.Email, "routing": &e.Routing,
	} {
		if raw, there := fields[key]; there {
			_ = json.Unmarshal(raw, into)
		}
	}
	return nil
}

func (e entity) name() string {
	if e.Fullname != "" {
		return e.Fullname
	}
	return strings.TrimSpace(e.Firstname + " " + e.Lastname)
}

// attributes are what we and others hung onto a message or a conversation. The chat engine adds its own.
type attributes map[string]json.RawMessage

// UnmarshalJSON takes anything: what is no object has no attributes.
func (a *attributes) UnmarshalJSON(b []byte) error {
	*a = nil
	var fields map[string]json.RawMessage
	if json.Unmarshal(b, &fields) == nil {
		*a = fields
	}
	return nil
}

// text gives an attribute that is a text, or "".
func (a attributes) text(key string) string {
	var value string
	_ = json.Unmarshal(a[key], &value)
	return value
}

// has reports whether an attribute is there and says something.
func (a attributes) has(key string) bool {
	switch string(a[key]) {
	case "", "null", `""`:
		return false
	}
	return true
}

// user is a member of the project.
type user struct {
	User      entity `json:"id_user"`
	Available bool   `json:"user_available"`
}

// subscription is a registered webhook. Lists do not show its secret.
type subscription struct {
	ID     string `json:"_id"`
	Event  string `json:"event"`
	Target string `json:"target"`
}

// failure is an error's body, in its two shapes.
type failure struct {
	Success *bool  `json:"success"`
	Msg     string `json:"msg"`
	Error   string `json:"error"`
}
