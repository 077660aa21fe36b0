package crisp

import (
	"encoding/json"
	"errors"
	"slices"
)

// ErrNotThere says that there is no such conversation, operator or message.
var ErrNotThere = errors.New("not there")

// with runs something about a conversation that an operator does.
func (s *Server) with(session, operator string, do func(x *talk, o *Operator) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	x, o := s.find(session), s.operator(operator)
	if x == nil || o == nil && operator != "" {
		return ErrNotThere
	}
	return do(x, o)
}

// OperatorTakes assigns a conversation to an operator.
func (s *Server) OperatorTakes(session, operator string) error {
	return s.with(session, operator, func(x *talk, o *Operator) error {
		s.setRouting(x, o.ID)
		return nil
	})
}

// OperatorReleases takes a conversation from whoever has it.
func (s *Server) OperatorReleases(session string) error {
	return s.with(session, "", func(x *talk, _ *Operator) error {
		s.setRouting(x, "")
		return nil
	})
}

// OperatorSays writes to the visitor, and gives the message's fingerprint.
func (s *Server) OperatorSays(session, operator, text string) (int64, error) {
	return s.writes(session, operator, Message{Type: "text", Content: quoted(text)})
}

// OperatorNotes writes a private note.
func (s *Server) OperatorNotes(session, operator, text string) (int64, error) {
	return s.writes(session, operator, Message{Type: "note", Content: quoted(text)})
}

// OperatorSends sends content of any type.
func (s *Server) OperatorSends(session, operator, kind string, content any) (int64, error) {
	b, err := json.Marshal(content)
	if err != nil {
		return 0, err
	}
	return s.writes(session, operator, Message{Type: kind, Content: b})
}

// OperatorSendsFile puts a file into the store and sends it. Base is the fake's own address.
func (s *Server) OperatorSendsFile(session, operator, base, name, contentType string, body []byte) (int64, error) {
	s.mu.Lock()
	id := s.id()
	s.files[id] = &file{contentType: contentType, body: body}
	s.mu.Unlock()
	return s.OperatorSends(session, operator, "file", map[string]string{"name": name, "url": base + "/storage/" + id + "/" + name, "type": contentType})
}

// AutomationSays is Crisp's own bot, in an operator's name.
func (s *Server) AutomationSays(session, operator, text string) (int64, error) {
	return s.writes(session, operator, Message{Type: "text", Content: quoted(text), Automated: true})
}

// OperatorWhispers writes what is not propagated to the visitor.
func (s *Server) OperatorWhispers(session, operator, text string) (int64, error) {
	return s.writes(session, operator, Message{Type: "text", Content: quoted(text), Stealth: true})
}

func (s *Server) writes(session, operator string, m Message) (mark int64, err error) {
	err = s.with(session, operator, func(x *talk, o *Operator) error {
		m.From, m.Origin, m.User = "operator", "chat", &User{ID: o.ID, Nickname: o.Name}
		if x.assigned == "" && s.switches.AssignOnReply && m.Type != "note" && !m.Automated {
			s.setRouting(x, o.ID)
		}
		if x.state == StatePending && m.Type != "note" {
			x.state = StateUnresolved
		}
		mark = s.add(x, m, false)
		return nil
	})
	return mark, err
}

// OperatorEdits changes the words of a message.
func (s *Server) OperatorEdits(session string, mark int64, text string) error {
	return s.with(session, "", func(x *talk, _ *Operator) error {
		m := x.message(mark)
		if m == nil {
			return ErrNotThere
		}
		s.edit(x, m, quoted(text))
		return nil
	})
}

// OperatorDeletes removes a message.
func (s *Server) OperatorDeletes(session string, mark int64) error {
	return s.with(session, "", func(x *talk, _ *Operator) error {
		m := x.message(mark)
		if m == nil {
			return ErrNotThere
		}
		s.remove(x, m)
		return nil
	})
}

// OperatorTypes begins or stops typing.
func (s *Server) OperatorTypes(session, operator string, on bool, excerpt string) error {
	return s.with(session, operator, func(x *talk, o *Operator) error {
		kind := "stop"
		if on {
			kind = "start"
		}
		s.tell(x, "message:compose:receive", map[string]any{
			"type": kind, "excerpt": excerpt, "timestamp": s.now().UnixMilli(), "user": User{ID: o.ID, Nickname: o.Name},
		})
		return nil
	})
}

// OperatorReads reads what the visitor wrote.
func (s *Server) OperatorReads(session string) error {
	return s.with(session, "", func(x *talk, _ *Operator) error {
		marks := []int64{}
		for _, m := range x.messages {
			if m.From == "user" {
				marks = append(marks, m.Fingerprint)
			}
		}
		s.tell(x, "message:acknowledge:read:send", map[string]any{"origin": "chat", "fingerprints": marks})
		return nil
	})
}

// OperatorSetsState resolves or reopens a conversation.
func (s *Server) OperatorSetsState(session, state string) error {
	return s.with(session, "", func(x *talk, _ *Operator) error {
		s.setState(x, state)
		return nil
	})
}

// OperatorAddsSegment adds a segment.
func (s *Server) OperatorAddsSegment(session, segment string) error {
	return s.with(session, "", func(x *talk, _ *Operator) error {
		s.setSegments(x, append(slices.Clone(x.segments), segment))
		return nil
	})
}

// OperatorClosesView leaves a conversation without resolving it.
func (s *Server) OperatorClosesView(session, operator string) error {
	return s.with(session, operator, func(x *talk, o *Operator) error {
		s.tell(x, "session:set_closed", map[string]any{"operator": map[string]any{"user_id": o.ID}})
		return nil
	})
}

// OperatorBlocks blocks the visitor.
func (s *Server) OperatorBlocks(session string) error {
	return s.with(session, "", func(x *talk, _ *Operator) error {
		x.blocked = true
		s.tell(x, "session:set_block", map[string]any{"is_blocked": true})
		return nil
	})
}

// OperatorRemoves removes a conversation.
func (s *Server) OperatorRemoves(session string) error {
	return s.with(session, "", func(x *talk, _ *Operator) error {
		s.sessions = slices.DeleteFunc(s.sessions, func(have *talk) bool { return have == x })
		s.tell(x, "session:removed", map[string]any{})
		return nil
	})
}

// OperatorIs sets an operator's availability.
func (s *Server) OperatorIs(operator, availability string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.operator(operator)
	if o == nil {
		return ErrNotThere
	}
	o.Availability = availability
	s.tellOf(true, "website:update_operators_availability", map[string]any{
		"website_id": s.options.WebsiteID, "user_id": o.ID, "availability": map[string]any{"type": availability},
	})
	return nil
}

// VisitorWrites begins a conversation in the vendor's own chat, which is none of ours.
func (s *Server) VisitorWrites(text string) (session string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.begin()
	s.add(x, Message{Type: "text", From: "user", Origin: "chat", Content: quoted(text)}, false)
	return x.id
}

func quoted(text string) json.RawMessage {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err) // a text
	}
	return b
}
