package omnidesk

import (
	"net/http"
	"strconv"
	"time"

	"github.com/handoff-engine/handoff/testsuite/fake"
)

// session is one chat, known by the id that the other side chose.
type session struct {
	id         string
	chatServer string
	ticket     *ticket
	ended      bool
	events     []string
}

// ticket is what agents see.
type ticket struct {
	id       int64
	session  string
	status   string
	assigned int64
	created  time.Time
	closed   time.Time
	lines    []Line
}

// Line is one thing in a ticket.
type Line struct {
	ID int64 `json:"id"`
	// By is "customer", "event", or an agent's name.
	By string `json:"by"`
	// Note marks what agents alone see.
	Note   bool   `json:"note,omitempty"`
	Number int    `json:"number,omitempty"`
	Text   string `json:"text,omitempty"`
	File   *File  `json:"file,omitempty"`

	at time.Time
}

// File is a file of either side.
type File struct {
	Name        string `json:"name"`
	ContentType string `json:"content_type"`
	Content     []byte `json:"content"`
}

// ChatbotLog is a history that was filed as a ticket of its own.
type ChatbotLog struct {
	From    string `json:"from"`
	Subject string `json:"subject"`
	Message string `json:"message"`
	BrandID string `json:"brand_id"`
}

// see shows in the journal what agents would see, or what happened.
func (s *Server) see(session, who, kind, text string) {
	s.Journal.Add(fake.Entry{Conversation: session, Who: who, Kind: kind, Text: text, At: s.opts.Now()})
}

// open gives the session of a call, and makes it, and its ticket, if it is new.
// Words into one that has ended make another ticket, or are refused.
func (s *Server) open(id, chatServer string) (*session, *refusal) {
	x := s.sessions[id]
	if x != nil && x.ended && s.opts.Unknown.EndedStatus != 0 {
		return nil, &refusal{s.opts.Unknown.EndedStatus, "This session has ended."}
	}
	if x == nil || x.ended {
		t := &ticket{id: s.nextID(), session: id, status: "new", created: s.opts.Now()}
		s.tickets = append(s.tickets, t)
		x = &session{id: id, ticket: t}
		s.sessions[id] = x
		s.see(id, "customer", "ticket", strconv.FormatInt(t.id, 10))
	}
	// The address of the last call counts: a wrong one redirects the agents' words.
	x.chatServer = chatServer
	return x, nil
}

func (s *Server) newMessage(f form) (any, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x, refused := s.open(f.texts["chatSessionID"], f.texts["chatServer"])
	if refused != nil {
		return nil, refused
	}
	number, _ := strconv.Atoi(f.texts["messageNumber"])
	answer := map[string]any{"type": "result", "message": "Message sent.", "ticketID": s.id(x.ticket.id)}
	if s.opts.Unknown.DropsNumbers && number > 0 {
		for _, l := range x.ticket.lines {
			if l.By == customer && l.Number == number {
				return answer, nil
			}
		}
	}
	s.add(x.ticket, Line{By: customer, Number: number, Text: f.texts["message"]})
	return answer, nil
}

// customer is who the other side speaks for.
const customer = "customer"

// add adds a line to a ticket.
func (s *Server) add(t *ticket, l Line) Line {
	l.ID, l.at = s.nextID(), s.opts.Now()
	t.lines = append(t.lines, l)
	kind, text := "text", l.Text
	switch {
	case l.Note:
		kind = "note"
	case l.File != nil:
		kind, text = "file", l.File.Name
	}
	s.see(t.session, l.By, kind, text)
	return l
}

func (s *Server) newAttachment(f form) (any, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.sessions[f.texts["sessionID"]]
	switch {
	case x == nil:
		return nil, &refusal{http.StatusBadRequest, "This session does not exist."}
	case x.ended && s.opts.Unknown.EndedStatus != 0:
		return nil, &refusal{s.opts.Unknown.EndedStatus, "This session has ended."}
	}
	x.chatServer = f.texts["chatServer"]
	l := s.add(x.ticket, Line{By: customer, File: f.file})
	return map[string]any{"type": "result", "message": "Attachment uploaded.", "ticketID": s.id(x.ticket.id), "messageID": s.id(l.ID)}, nil
}

func (s *Server) newEvent(f form) (any, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.sessions[f.texts["chatSessionID"]]
	if x == nil {
		return nil, &refusal{http.StatusBadRequest, "This session does not exist."}
	}
	x.chatServer = f.texts["chatServer"]
	x.events = append(x.events, f.texts["event"])
	s.see(x.id, customer, "event", f.texts["event"])
	return map[string]any{"type": "result", "message": "Event sent."}, nil
}

func (s *Server) end(f form) (any, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.sessions[f.texts["chatSessionID"]]
	switch {
	case x == nil:
		return nil, &refusal{http.StatusBadRequest, "This session does not exist."}
	case x.ended && s.opts.Unknown.EndTwiceStatus != 0:
		return nil, &refusal{s.opts.Unknown.EndTwiceStatus, "This session has ended."}
	}
	if !x.ended {
		x.ended = true
		s.see(x.id, customer, "end", "")
	}
	return map[string]any{"type": "result", "message": "Session ended."}, nil
}

// fileLog makes a ticket of its own, and tells no id.
func (s *Server) fileLog(f form) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logs = append(s.logs, ChatbotLog{f.texts["from"], f.texts["subject"], f.texts["message"], f.texts["brandID"]})
	return map[string]any{"result": "success", "message": "Chatbot ticket created."}
}

// config is what the chat window would be told.
func (s *Server) config() any {
	s.mu.Lock()
	defer s.mu.Unlock()
	instructions := []map[string]any{{"type": "phoneNumber", "key": "phoneNumber"}, {"type": "show_team", "team_profile_pictures": []any{}}}
	if s.nobody && !s.opts.Unknown.NotTicked {
		instructions = append([]map[string]any{{"type": "hide_reason_no_agents_available"}}, instructions...)
	}
	return map[string]any{
		"type": "result", "message": "start instructions", "instructions": instructions,
		"config": map[string]any{"agent_typing_text": "Agent typing..", "show_survey_after_chat": nil},
	}
}

// showTicket shows a ticket, with its timeline if asked for.
func (s *Server) showTicket(id string, history bool) (any, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.tickets {
		if strconv.FormatInt(t.id, 10) == id {
			return map[string]any{"type": "item", "item": s.item(t, history)}, nil
		}
	}
	return nil, &refusal{http.StatusNotFound, "This ticket does not exist."}
}

func (s *Server) item(t *ticket, history bool) map[string]any {
	item := map[string]any{
		"id": s.id(t.id), "status": t.status, "assigned_group_id": 301, "assigned_user_id": s.id(t.assigned), "channel_id": 8,
		"brand_id": 2, "customer_id": 5512, "closed_at": nil, "created_at": s.show(t.created),
	}
	if !t.closed.IsZero() {
		item["closed_at"] = s.show(t.closed)
	}
	if s.opts.Unknown.ExternalID {
		item["external_id"] = t.session
	}
	if !history {
		return item
	}
	timeline := []map[string]any{{
		"id": s.id(t.id + 1_000_000), "ticket_id": s.id(t.id), "type": "event", "item_type": "assigned_group_id", "item_type_id": "301",
		"description": "Assigned to Service", "initiated_by": "trigger: Assign to service", "created_at": s.show(t.created),
	}}
	for _, l := range t.lines {
		entry := map[string]any{
			"id": s.id(l.ID), "ticket_id": s.id(t.id), "type": s.opts.Unknown.TimelineType, "user_id": s.id(userIDs()[l.By]),
			"content": l.Text, "created_at": s.show(l.at),
		}
		if l.Note {
			entry["type"], entry["user_name"] = "note", l.By
		}
		if l.File != nil {
			entry["attachments"] = []map[string]any{{"name": l.File.Name}}
		}
		timeline = append(timeline, entry)
	}
	item["timeline"] = timeline
	return item
}

// show writes a time as tickets do, which names no zone.
func (s *Server) show(at time.Time) string { return at.In(s.opts.Zone).Format(time.DateTime) }
