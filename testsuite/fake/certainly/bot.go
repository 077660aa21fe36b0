package certainly

import (
	"maps"
	"slices"
	"strings"

	"github.com/handoff-engine/handoff/testsuite/fake"
)

// user is one person in the widget.
type user struct {
	id, first, last string
	session         string
	variables       map[string]any
	listening       bool // the bot is silent
	claiming        bool // the bot waits for the answer to a claim
	behind          []string
	claims          map[string]any // more keys of the next claims
}

// module is the bot's module that asks for a human.
const module = "3300112"

// What the bot says.
const (
	SaysHello  = "I am only a bot. Say human to talk to one."
	SaysWait   = "A person will be with you soon."
	SaysFailed = "Sorry, nobody can be reached."
)

// see shows in the journal what the user would see, or what happened to the bot.
func (s *Server) see(u *user, who, kind, text string) {
	s.Journal.Add(fake.Entry{Conversation: u.id, Who: who, Kind: kind, Text: text, At: s.opts.Now()})
}

// hear lets the bot react to the user's words, unless it listens. While a claim
// is open the conversation stands still.
func (s *Server) hear(u *user, words string) {
	switch {
	case u.listening:
	case u.claiming:
		u.behind = append(u.behind, words)
	case strings.EqualFold(strings.TrimSpace(words), "human"):
		s.claim(u)
	default:
		s.botSays(u, SaysHello)
	}
}

// claim runs the module that asks for a human.
func (s *Server) claim(u *user) {
	s.see(u, "bot", "claim", module)
	if s.claimURL == "" {
		s.botSays(u, SaysFailed)
		return
	}
	u.claiming = true
	s.claims.Send(s.claimHook(u), 0)
}

// claimAnswered lets the flow go on: the claim was answered with JSON in time, or
// it counts as failed.
func (s *Server) claimAnswered(id string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.users[id]
	if u == nil || !u.claiming {
		return
	}
	u.claiming = false
	s.see(u, "bot", "claimed", map[bool]string{true: "yes", false: "no"}[ok])
	if !u.listening {
		s.botSays(u, map[bool]string{true: SaysWait, false: SaysFailed}[ok])
	}
	behind := u.behind
	u.behind = nil
	for _, words := range behind {
		s.hear(u, words)
	}
}

// listen makes the bot silent.
func (s *Server) listen(u *user) {
	u.listening = true
	s.see(u, "bot", "mode", "listen")
}

// takeover gives the user back to the bot. A ClaimEnd value runs its module,
// again on each call.
func (s *Server) takeover(u *user, value string) {
	u.listening = false
	s.see(u, "bot", "mode", "bot")
	if value == "" {
		return
	}
	s.see(u, "bot", "claim_end", value)
	if says, ok := s.opts.Modules[value]; ok {
		s.botSays(u, says)
	}
}

func (s *Server) botSays(u *user, text string) {
	s.see(u, "bot", "text", text)
	s.tell(s.botMessage(u, map[string]any{"type": "text", "text": text}))
}

// variablesOf are the user's variables and more keys for one claim.
func (u *user) variablesOf() map[string]any {
	all := map[string]any{}
	maps.Copy(all, u.variables)
	maps.Copy(all, u.claims)
	return all
}

// texts lists what was said to a user by some, oldest first.
func (s *Server) texts(id string, who ...string) []string {
	texts := []string{}
	for _, e := range s.Journal.Entries(id) {
		if e.Kind == "text" && slices.Contains(who, e.Who) {
			texts = append(texts, e.Text)
		}
	}
	return texts
}
