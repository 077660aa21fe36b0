package certainly

import (
	"fmt"
	"maps"
)

// NewUser opens the widget for a new user, whose variables the bot has collected,
// and gives the user's id.
func (s *Server) NewUser(first, last string, variables map[string]any) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastUser++
	u := &user{
		id:    fmt.Sprintf("webbot:1f0e7c52-0000-4000-8000-%012d", s.lastUser),
		first: first, last: last, session: fmt.Sprintf("s-%d", 700+s.lastUser), variables: map[string]any{},
	}
	maps.Copy(u.variables, variables)
	s.users[u.id] = u
	return u.id
}

// act runs do for a user.
func (s *Server) act(id string, do func(*user)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, ok := s.users[id]
	if !ok {
		return fmt.Errorf("no user %s", id)
	}
	do(u)
	return nil
}

// UserSays makes the user write a text, with files if any; the bot answers if it
// is in charge. The word "human" makes it claim one.
func (s *Server) UserSays(id, text string, files ...string) error {
	return s.act(id, func(u *user) {
		s.see(u, "user", "text", text)
		s.tell(s.userMessage(u, "user", text, files))
		s.hear(u, text)
	})
}

// BotSays makes the bot say something by itself: data is the vendor's text,
// choice or card.
func (s *Server) BotSays(id string, data map[string]any) error {
	return s.act(id, func(u *user) {
		text, _ := data["text"].(string)
		s.see(u, "bot", "text", text)
		s.tell(s.botMessage(u, data))
	})
}

// AsksForHuman runs the bot's module that asks for a human, with more variables.
func (s *Server) AsksForHuman(id string, more map[string]any) error {
	return s.act(id, func(u *user) {
		u.claims = more
		s.claim(u)
	})
}

// SetHooks says where claims and messages are posted.
func (s *Server) SetHooks(claim, messages string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.claimURL, s.messagesURL = claim, messages
}

// Listening says whether the bot is silent for a user.
func (s *Server) Listening(id string) bool {
	listening := false
	_ = s.act(id, func(u *user) { listening = u.listening })
	return listening
}

// AgentTexts lists what agents said to a user, oldest first.
func (s *Server) AgentTexts(id string) []string { return s.texts(id, "agent") }

// UserSees lists what a user has read, oldest first.
func (s *Server) UserSees(id string) []string { return s.texts(id, "agent", "bot") }

// ClaimEnds lists the ClaimEnd values that a user's takeovers had.
func (s *Server) ClaimEnds(id string) []string { return s.noted(id, "claim_end") }

// Modules lists the modules that were run for a user by their numbers.
func (s *Server) Modules(id string) []string { return s.noted(id, "module") }

// noted lists what of one kind happened to a user.
func (s *Server) noted(id, kind string) []string {
	texts := []string{}
	for _, e := range s.Journal.Entries(id) {
		if e.Kind == kind {
			texts = append(texts, e.Text)
		}
	}
	return texts
}

// Variable gives one of the bot's variables of a user.
func (s *Server) Variable(id, name string) any {
	var value any
	_ = s.act(id, func(u *user) { value = u.variables[name] })
	return value
}
