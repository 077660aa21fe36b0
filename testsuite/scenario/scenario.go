// Package scenario plays stories of conversations: who says what, what fails, how much time passes, and what the customer
// and the agents must see. A story is a text file that anybody can read; README.md has the whole grammar.
//
// A story is played against the real Conversation workflow and the real activities, in the Temporal SDK's test environment
// with skipped time: a week takes milliseconds. Only the vendors are played. Each story is played four times: as it is, with
// every event delivered twice, with a continue-as-new after every event, and with one in the middle of the work of every
// event; what the customer and the agents see must be the same each time.
//
// In a test:
//
//	func TestStories(t *testing.T) { scenario.Run(t, "testdata/refund.txt") }
//
// or, in Go, every sentence as a line of its own:
//
//	scenario.New(t, scenario.DefaultRoute()).
//		CustomerSays("I want my money back").
//		BotAsksForAHuman().
//		AgentTakes("Mira").
//		CustomerSees("You are now talking to Mira.").
//		Play()
package scenario

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// T is what a story needs of a *testing.T.
type T interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Options say what stories are played with.
type Options struct {
	// Routes are the configured routes; without any, a story is played on DefaultRoute.
	Routes []conversation.Route
	// Route is the route of stories that name none; it may be empty where there is one route.
	Route string
	// Connections give the limits and promises of the routes' connections, by name. Those not there promise to send once
	// by key.
	Connections map[string]connector.Connector
}

// Story is a story: a route and the sentences. Make it by New, Parse or Load.
type Story struct {
	name  string
	t     T
	route conversation.Route
	// traits are the limits and promises of the connections, by name.
	traits map[string]connector.Traits
	// agents are the desk's names of agents, by the story's, in lower case.
	agents map[string]string
	steps  []step
	// begins is when the story begins, and language what the customer speaks, if that is known.
	begins   time.Time
	language string
	err      error
}

// step is one sentence that does or expects something.
type step struct {
	at string
	// line is the sentence as it is written.
	line string
	// pause is how much time passes before it.
	pause time.Duration
	do    func(s *stage) error
	// words are the customer's, in a sentence that says some.
	words *string
	// answer is what a bot that is called answers.
	answer *answer
}

// answer is what one sentence makes a called bot answer.
type answer struct {
	conversation.Answer
	// to are the customer's words that it answers; empty means the last ones.
	to string
}

// DefaultRoute is what stories are played on where nothing else is said: a channel that hosts the bot and a desk, both
// able to do everything, both promising to send once by key.
func DefaultRoute() conversation.Route {
	all := func(abilities ...connector.Capability) []string {
		var can []string
		for _, a := range abilities {
			can = append(can, string(a))
		}
		return can
	}
	return conversation.Route{
		Name: "story",
		Channel: conversation.Connection{
			Name: "channel", Vendor: "story", HostsBot: true, Batch: true,
			Can: all(connector.CanPauseBot, connector.CanResumeBot, connector.CanType, connector.CanAttach, connector.CanFindSent),
		},
		Desks: []conversation.Connection{{
			Name: "desk", Vendor: "story", Batch: true,
			Can: all(connector.CanAssign, connector.CanClose, connector.CanNote, connector.CanAvailability, connector.CanType,
				connector.CanAttach, connector.CanFindSent, connector.CanListMessages),
		}},
	}
}

// New begins a story on a route, to be told by its methods and ended by Play. Trouble is reported to t.
func New(t T, route conversation.Route) *Story {
	s := newStory("story")
	s.t = t
	s.setRoute(route, nil)
	return s
}

// Run plays the story in a file, and reports trouble to t.
func Run(t T, file string) {
	t.Helper()
	story, err := Load(file, Options{})
	if err == nil {
		_, err = story.Tell()
	}
	if err != nil {
		t.Fatalf("%v", err)
	}
}

// Load reads the story in a file. The error names every line that is wrong, and what could stand there.
func Load(file string, o Options) (*Story, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading a story: %w", err)
	}
	return Parse(file, string(text), o)
}

func newStory(name string) *Story {
	return &Story{name: name, traits: map[string]connector.Traits{}, agents: map[string]string{}, begins: opening()}
}

// setRoute takes a route, and what its connections promise.
func (s *Story) setRoute(route conversation.Route, connections map[string]connector.Connector) {
	s.route = route
	s.route.Desks = append([]conversation.Connection(nil), route.Desks...)
	sides := append([]conversation.Connection{route.Channel}, route.Desks...)
	if route.Bot != nil {
		sides = append(sides, *route.Bot)
	}
	for _, side := range sides {
		traits := connector.Traits{
			HostsBot: side.HostsBot, SendingTakesOver: side.SendingTakesOver, HoldUnknown: side.HoldUnknown,
			Redelivery: time.Duration(side.Redelivery),
			Deliver:    connector.ByKey, Post: connector.ByKey, Open: connector.ByKey,
		}
		if !side.Batch {
			traits.Deliver, traits.Post = connector.AtLeastOnce, connector.AtLeastOnce
		}
		if x, ok := connections[side.Name]; ok {
			traits = x.Traits()
		}
		s.traits[side.Name] = traits
	}
}

// Play plays the story in all ways, and reports trouble to the T that New was given.
func (s *Story) Play() {
	if s.t == nil {
		return
	}
	s.t.Helper()
	if _, err := s.Tell(); err != nil {
		s.t.Fatalf("%v", err)
	}
}

// Say adds any sentence of the grammar to the story.
func (s *Story) Say(sentence string) *Story {
	_, file, line, _ := runtime.Caller(1)
	return s.tell(caller(file, line), sentence)
}

// sentence adds a sentence of which some words are given as they are.
func (s *Story) sentence(words ...any) *Story {
	_, file, line, _ := runtime.Caller(2)
	var sentence []string
	for _, w := range words {
		if text, ok := w.(quoted); ok {
			sentence = append(sentence, text.String())
			continue
		}
		sentence = append(sentence, fmt.Sprint(w))
	}
	return s.tell(caller(file, line), strings.Join(sentence, " "))
}

func (s *Story) tell(at, sentence string) *Story {
	if err := s.add(at, sentence); err != nil && s.err == nil {
		s.err = err
	}
	return s
}

func caller(file string, line int) string { return fmt.Sprintf("%s:%d", filepath.Base(file), line) }

// quoted is a text that stands between quotes in a sentence.
type quoted string

// String puts the text between quotes that it does not end early.
func (q quoted) String() string { return "«" + strings.ReplaceAll(string(q), "\n", " ") + "»" }

// agent gives the desk's name of the agent whom the story calls name.
func (s *Story) agent(name string) conversation.Author {
	id, ok := s.agents[strings.ToLower(name)]
	if !ok {
		id = strings.ToLower(name)
	}
	return conversation.Author{ID: id, Name: name}
}

// calledBot reports whether the route calls a bot for each message.
func (s *Story) calledBot() bool { return s.route.Bot != nil }
