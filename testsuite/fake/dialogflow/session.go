package dialogflow

import (
	"fmt"
	"maps"
	"path"
	"strings"

	"github.com/handoff-engine/handoff/testsuite/fake"
)

// detect takes one turn. Doing it twice takes two.
func (s *Server) detect(p place, body []byte) (any, error) {
	r, err := s.read(p, body)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.calls = append(s.calls, Call{
		Session: p.id, Environment: p.environment, Text: r.text, Event: r.event, Language: r.language, Page: r.page, Contexts: r.contexts,
		Reset: r.reset, Parameters: maps.Clone(r.parameters), Payload: r.payload, Channel: r.channel,
	})
	x := s.begin(p.id, r)
	t := Turn{
		Session: p.id, Number: x.turns, Text: r.text, Event: r.event, Page: pageOf(x.page), Parameters: maps.Clone(x.parameters),
		Contexts: append([]Context{}, x.contexts...),
	}
	if !s.opts.CX {
		t.Parameters = r.parameters
	}
	s.answers++
	id := fmt.Sprintf("c2d0a1d2-77aa-4b0c-9d27-%012d", s.answers)
	s.mu.Unlock()

	// The bot and its webhook may take their time.
	a := s.opts.Bot(t)
	if a.Tag != "" && s.opts.Fulfillment.URL != "" {
		a.WebhookCode = s.fulfil(p, id, t, a, r)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finish(x, a)
	for _, text := range a.Texts {
		s.Journal.Add(fake.Entry{Conversation: p.id, Who: "bot", Kind: "text", Text: text, At: s.opts.Now()})
	}
	if s.opts.CX {
		return s.answerCX(p, id, x, r, a), nil
	}
	return s.answerES(p, id, x, r, a), nil
}

// begin finds or makes the session and puts in place what was sent along. The
// caller holds the lock.
func (s *Server) begin(id string, r request) *session {
	now := s.opts.Now()
	x := s.sessions[id]
	if x == nil || now.Sub(x.at) >= x.ttl {
		// Nobody is told that the old one is forgotten.
		x = &session{parameters: map[string]any{}, ttl: ttlES}
		if s.opts.CX {
			x.ttl = ttlCX
		}
		s.sessions[id] = x
	}
	x.at = now
	x.turns++
	if r.ttl > 0 {
		x.ttl = r.ttl
	}
	if !s.opts.CX {
		if r.reset {
			x.contexts = nil
		}
		for _, c := range r.contexts {
			x.set(c)
		}
		return x
	}
	if strings.HasSuffix(x.page, "/END_SESSION") {
		x.page, x.parameters = "", map[string]any{}
	}
	if r.page != "" {
		x.page, x.parameters = r.page, map[string]any{}
	}
	x.merge(r.parameters)
	return x
}

// merge sets parameters; null removes one.
func (x *session) merge(parameters map[string]any) {
	for name, value := range parameters {
		if value == nil {
			delete(x.parameters, name)
		} else {
			x.parameters[name] = value
		}
	}
}

// set puts a context in the place of the one with its id.
func (x *session) set(c Context) {
	for i := range x.contexts {
		if x.contexts[i].ID == c.ID {
			x.contexts[i] = c
			return
		}
	}
	x.contexts = append(x.contexts, c)
}

// finish is what a turn leaves. Contexts that were there lose a turn of their
// lives. The caller holds the lock.
func (s *Server) finish(x *session, a Answer) {
	if s.opts.CX {
		x.merge(a.Parameters)
		switch {
		case a.End:
			x.page = s.pageName("END_SESSION")
		case a.Page != "":
			x.page = s.pageName(a.Page)
		case x.page == "":
			x.page = s.pageName("START_PAGE")
		}
		return
	}
	var left []Context
	for _, c := range x.contexts {
		if c.Lifespan--; c.Lifespan > 0 {
			left = append(left, c)
		}
	}
	x.contexts = left
	for _, c := range a.Contexts {
		x.set(c)
	}
}

func (s *Server) pageName(page string) string {
	return fmt.Sprintf("projects/%s/locations/%s/agents/%s/flows/00000000-0000-0000-0000-000000000000/pages/%s",
		s.opts.Project, s.opts.Location, s.opts.Agent, page)
}

// pageOf is the last part of a page's name; the start has none.
func pageOf(name string) string {
	if last := path.Base(name); name != "" && last != "START_PAGE" {
		return last
	}
	return ""
}

// match says what would be matched and changes nothing.
func (s *Server) match(p place, body []byte) (any, error) {
	r, err := s.read(p, body)
	if err != nil {
		return nil, err
	}
	return map[string]any{"text": r.text, "matches": []any{map[string]any{"matchType": "NO_MATCH"}}}, nil
}

// contexts lists what ES remembers.
func (s *Server) contexts(p place, _ []byte) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x := s.sessions[p.id]; x != nil && len(x.contexts) > 0 {
		return map[string]any{"contexts": named(p.name, x.contexts)}, nil
	}
	return map[string]any{}, nil
}
