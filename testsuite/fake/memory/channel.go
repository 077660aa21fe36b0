package memory

import (
	"net/http"
	"unicode/utf8"

	"github.com/handoff-engine/handoff/connector/memory"
	"github.com/handoff-engine/handoff/testsuite/fake"
)

func (s *Server) channelSend(r *http.Request) (any, error) {
	req, err := read[memory.SendRequest](r)
	if err != nil {
		return nil, err
	}
	if err := check(req.Text, req.Attachments); err != nil {
		return nil, err
	}
	return s.sayTo(r, sentMessage(req))
}

// sayTo adds what handoff says to the conversation in the path.
func (s *Server) sayTo(r *http.Request, m memory.Message) (any, error) {
	return once(s, r, m.Key, duplicateSend, func() (memory.SendResult, error) {
		c := s.conversations[r.PathValue("id")]
		if c == nil {
			return memory.SendResult{}, ErrUnknown
		}
		m.ID, m.Seq = c.nextID()
		m.At = s.now()
		c.messages = append(c.messages, m)
		s.see("channel:"+c.id, m)
		return memory.SendResult{ID: m.ID, At: m.At}, nil
	})
}

func sentMessage(req memory.SendRequest) memory.Message {
	return memory.Message{Key: req.Key, Author: req.Author, Text: req.Text, Attachments: req.Attachments, Buttons: req.Buttons}
}

// see notes in the journal what a person on that side reads. The caller holds
// the lock.
func (s *Server) see(where string, m memory.Message) {
	who := m.Author.Role
	if m.Author.ID != "" {
		who += ":" + m.Author.ID
	}
	kind := "text"
	if m.Note {
		kind = "note"
	}
	if m.Text != "" {
		s.Journal.Add(fake.Entry{Conversation: where, Who: who, Kind: kind, Text: m.Text, At: m.At})
	}
	for _, a := range m.Attachments {
		s.Journal.Add(fake.Entry{Conversation: where, Who: who, Kind: "file", Text: a.URL, At: m.At})
	}
}

// happened notes in the journal what is no message. The caller holds the lock.
func (s *Server) happened(where, who, kind, text string) {
	s.Journal.Add(fake.Entry{Conversation: where, Who: who, Kind: kind, Text: text})
}

func (s *Server) channelList(r *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.conversations[r.PathValue("id")]
	if c == nil {
		return nil, ErrUnknown
	}
	return page(c.messages, r, s.opts.PageSize)
}

func (s *Server) channelSent(r *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.conversations[r.PathValue("id")]
	if c == nil {
		return nil, ErrUnknown
	}
	return sent(c.messages, r)
}

func (s *Server) pause(on bool) func(r *http.Request) (any, error) {
	return func(r *http.Request) (any, error) {
		req, err := read[memory.PauseRequest](r)
		if err != nil {
			return nil, err
		}
		return once(s, r, req.Key, duplicateResult, func() (memory.Result, error) {
			c := s.conversations[r.PathValue("id")]
			if c == nil {
				return memory.Result{}, ErrUnknown
			}
			if c.paused != on {
				kind := map[bool]string{true: "paused", false: "resumed"}[on]
				s.happened("channel:"+c.id, "bot", kind, req.Node)
			}
			c.paused, c.node = on, req.Node
			return memory.Result{OK: true}, nil
		})
	}
}

func (s *Server) typing(r *http.Request) (any, error) {
	req, err := read[memory.TypingRequest](r)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id := r.PathValue("id")
	if s.conversations[id] == nil && s.ticket(id) == nil {
		return nil, ErrUnknown
	}
	s.typings = append(s.typings, req)
	return memory.Result{OK: true}, nil
}

// botReply answers for conversations of any channel: the bot may serve others.
func (s *Server) botReply(r *http.Request) (any, error) {
	req, err := read[memory.BotRequest](r)
	if err != nil {
		return nil, err
	}
	if utf8.RuneCountInString(req.Text) > memory.MaxText {
		return nil, ErrText
	}
	return once(s, r, req.Key, duplicateReply, func() (memory.BotReply, error) {
		return s.opts.Bot(req), nil
	})
}
