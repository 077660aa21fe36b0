package livechat

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Agent is one person, or one bot, who answers on the account.
type Agent struct {
	// ID is the e-mail of a person and a hexadecimal id of a bot.
	ID     string `json:"id"`
	Name   string `json:"name"`
	Groups []int  `json:"groups"`
	// Status is accepting_chats, not_accepting_chats or offline.
	Status string `json:"status"`
	Bot    bool   `json:"bot,omitempty"`
	// MaxChats is how many chats the agent takes at a time; 0 means 6.
	MaxChats int `json:"max_chats,omitempty"`
}

// Group is one team of agents. Group 0, all agents, always exists.
type Group struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
}

// Event is one entry of a thread, as reads and webhooks show it.
type Event struct {
	ID                string                    `json:"id"`
	CustomID          *string                   `json:"custom_id,omitempty"`
	Type              string                    `json:"type"`
	Text              string                    `json:"text,omitempty"`
	AuthorID          string                    `json:"author_id,omitempty"`
	Visibility        string                    `json:"visibility"`
	CreatedAt         string                    `json:"created_at"`
	Properties        map[string]map[string]any `json:"properties,omitempty"`
	Name              string                    `json:"name,omitempty"`
	URL               string                    `json:"url,omitempty"`
	ContentType       string                    `json:"content_type,omitempty"`
	AlternativeText   string                    `json:"alternative_text,omitempty"`
	Size              int                       `json:"size,omitempty"`
	Width             int                       `json:"width,omitempty"`
	Height            int                       `json:"height,omitempty"`
	ThumbnailURL      string                    `json:"thumbnail_url,omitempty"`
	SystemMessageType string                    `json:"system_message_type,omitempty"`
	TextVars          map[string]string         `json:"text_vars,omitempty"`
	TemplateID        string                    `json:"template_id,omitempty"`
	Elements          json.RawMessage           `json:"elements,omitempty"`
	Content           json.RawMessage           `json:"content,omitempty"`
	FormID            string                    `json:"form_id,omitempty"`
	Fields            json.RawMessage           `json:"fields,omitempty"`
	Postback          json.RawMessage           `json:"postback,omitempty"`
}

type user struct {
	ID         string `json:"id"`
	Type       string `json:"type"`
	Name       string `json:"name,omitempty"`
	Email      string `json:"email,omitempty"`
	Present    bool   `json:"present"`
	Visibility string `json:"visibility,omitempty"`
}

type queue struct {
	Position int    `json:"position"`
	WaitTime int    `json:"wait_time"`
	QueuedAt string `json:"queued_at"`
}

type customer struct {
	id, name, email string
	sessionFields   []map[string]string
	sneakPeek       string
	banned          bool
}

type thread struct {
	id         string
	active     bool
	createdAt  time.Time
	queuedAt   time.Time // zero while not queued
	userIDs    []string
	properties map[string]map[string]any
	events     []*Event
	seq        int
}

type chat struct {
	id         string
	customer   *customer
	agents     []*user // present or former members of type agent who are in the chat
	groups     []int
	properties map[string]map[string]any
	threads    []*thread
}

func (c *chat) last() *thread { return c.threads[len(c.threads)-1] }

// active is the open thread, or nil. It is always the last one.
func (c *chat) active() *thread {
	if t := c.last(); t.active {
		return t
	}
	return nil
}

func (c *chat) thread(id string) (*thread, int) {
	for i, t := range c.threads {
		if t.id == id {
			return t, i
		}
	}
	return nil, -1
}

func (c *chat) agent(id string) *user {
	for _, u := range c.agents {
		if u.ID == id {
			return u
		}
	}
	return nil
}

func (c *chat) removeAgent(id string) bool {
	for i, u := range c.agents {
		if u.ID == id {
			c.agents = append(c.agents[:i:i], c.agents[i+1:]...)
			return true
		}
	}
	return false
}

func (c *chat) users() []user {
	// Customers who come over the web API alone look absent: presence is a
	// matter of websocket logins.
	all := []user{{ID: c.customer.id, Type: "customer", Name: c.customer.name, Email: c.customer.email}}
	for _, u := range c.agents {
		all = append(all, *u)
	}
	return all
}

func (t *thread) remember(userID string) {
	if slices.Contains(t.userIDs, userID) {
		return
	}
	t.userIDs = append(t.userIDs, userID)
}

func (t *thread) event(id string) (*Event, int) {
	for i, e := range t.events {
		if e.ID == id {
			return e, i
		}
	}
	return nil, -1
}

// threadView is a thread as the API shows it. Customers do not see internal events.
type threadView struct {
	ID             string                    `json:"id"`
	Active         bool                      `json:"active"`
	CreatedAt      string                    `json:"created_at"`
	UserIDs        []string                  `json:"user_ids"`
	Access         accessView                `json:"access"`
	Properties     map[string]map[string]any `json:"properties"`
	Queue          *queue                    `json:"queue,omitempty"`
	Events         []Event                   `json:"events"`
	PreviousThread string                    `json:"previous_thread_id,omitempty"`
	NextThread     string                    `json:"next_thread_id,omitempty"`
}

type accessView struct {
	GroupIDs []int `json:"group_ids"`
}

type chatView struct {
	ID         string                    `json:"id"`
	Users      []user                    `json:"users"`
	Properties map[string]map[string]any `json:"properties"`
	Access     accessView                `json:"access"`
	Thread     *threadView               `json:"thread,omitempty"`
}

func (s *Server) viewThread(c *chat, t *thread) *threadView {
	v := &threadView{
		ID: t.id, Active: t.active, CreatedAt: stamp(t.createdAt), UserIDs: append([]string{}, t.userIDs...),
		Access: accessView{c.groups}, Properties: cloneProperties(t.properties), Events: make([]Event, 0, len(t.events)),
	}
	routing := map[string]any{"unassigned": len(c.agents) == 0}
	maps.Copy(routing, v.Properties["routing"])
	v.Properties["routing"] = routing
	for _, e := range t.events {
		v.Events = append(v.Events, *e)
	}
	v.Queue = s.viewQueue(c, t)
	_, i := c.thread(t.id)
	if i > 0 {
		v.PreviousThread = c.threads[i-1].id
	}
	if i < len(c.threads)-1 {
		v.NextThread = c.threads[i+1].id
	}
	return v
}

func (s *Server) viewQueue(c *chat, t *thread) *queue {
	if !t.active || t.queuedAt.IsZero() {
		return nil
	}
	position := 1
	for _, other := range s.chats {
		o := other.active()
		if o != nil && other != c && !o.queuedAt.IsZero() && o.queuedAt.Before(t.queuedAt) {
			position++
		}
	}
	return &queue{Position: position, WaitTime: 60 * position, QueuedAt: stamp(t.queuedAt)}
}

func (s *Server) viewChat(c *chat, t *thread) chatView {
	v := chatView{ID: c.id, Users: c.users(), Properties: cloneProperties(c.properties), Access: accessView{c.groups}}
	if t != nil {
		v.Thread = s.viewThread(c, t)
	}
	return v
}

func cloneProperties(p map[string]map[string]any) map[string]map[string]any {
	out := make(map[string]map[string]any, len(p)+1)
	for ns, values := range p {
		out[ns] = maps.Clone(values)
	}
	return out
}

// stamp is the vendor's time format: UTC with microseconds.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// nextID makes the ten upper-case letters and digits of a chat or thread id.
func (s *Server) nextID() string {
	s.ids++
	const first = 28 * 101559956668416 // "S000000000" in base 36
	return strings.ToUpper(strconv.FormatInt(first+int64(s.ids)*46656, 36))
}

// nextUUID makes the version 4 UUID of a customer, the same ones in each run.
func (s *Server) nextUUID() string {
	s.ids++
	return fmt.Sprintf("c7e1f0a2-33b4-4d55-8e66-%012x", s.ids)
}

// now is never the same twice, so that the order of events shows in their times.
func (s *Server) now() time.Time {
	t := s.options.Now().UTC().Truncate(time.Microsecond)
	if !t.After(s.lastNow) {
		t = s.lastNow.Add(time.Microsecond)
	}
	s.lastNow = t
	return t
}
