// Package memory is the memory vendor for tests: a chat, a bot and a desk that
// keep all they know in memory and speak the protocol of connector/memory.
//
// What customers and agents do is done by methods of Server (CustomerSays,
// AgentTakes, AgentSays ...) or, when the fake is another process, by POST to
// /_fake/<action>. What a person on either side would see is in the Journal.
//
// Faults are set by operation: "channel_send", "channel_list", "channel_sent",
// "pause", "resume", "channel_typing", "channel_edit", "channel_read", "survey",
// "bot_reply", "open", "mirror", "desk_send", "desk_list", "desk_sent", "note",
// "assign", "unassign", "close", "desk_typing", "update", "queue", "desk_edit",
// "desk_read", "rating", "availability", "ping", and "hook" for webhooks.
package memory

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/handoff-engine/handoff/connector/memory"
	"github.com/handoff-engine/handoff/testsuite/fake"
)

// OpHook is the operation that faults of webhooks are set for.
const OpHook = "hook"

// DefaultSecret is the secret of Options that name none.
const DefaultSecret = "memory-secret-4b1f"

// Agents that are at the desk by default.
const (
	Maya = "maya"
	Tom  = "tom"
)

// Errors of what customers and agents do.
var (
	ErrUnknown = errors.New("there is no such conversation, ticket or agent")
	ErrClosed  = errors.New("the ticket is closed")
	ErrAway    = errors.New("that agent is away")
	ErrText    = errors.New("the text is empty or too long")
)

// Options describe the vendor. Zero fields have defaults.
type Options struct {
	// Secret is shared with the connections.
	Secret string
	// ChannelURL and DeskURL are where webhooks go; without one they are kept
	// for Webhooks only.
	ChannelURL, DeskURL string
	// Bot answers the customer; nil is a bot that repeats the words and hands off
	// when it reads "human".
	Bot func(memory.BotRequest) memory.BotReply
	// HostsBot makes the vendor run the bot by itself, as a channel with a hosted
	// bot does, until it is paused.
	HostsBot bool
	// AssignAtOnce gives an assigned ticket to the agent without waiting for
	// AgentTakes.
	AssignAtOnce bool
	// Agents are the people at the desk, all of them there.
	Agents []memory.Agent
	// WaitEach is how long the vendor expects a ticket to wait for each place in
	// the queue; 0 means that it does not know.
	WaitEach time.Duration
	// PageSize is how many messages one list answers at most.
	PageSize int
	// Retries are the pauses before a webhook is repeated, multiplied by TimeScale.
	Retries   []time.Duration
	TimeScale float64
	// Client posts the webhooks.
	Client *http.Client
}

// Server is one account of the vendor.
type Server struct {
	Faults  fake.Faults
	Journal fake.Journal

	opts   Options
	outbox *fake.Outbox
	mux    *http.ServeMux

	mu            sync.Mutex
	conversations map[string]*chat
	tickets       []*ticket
	agents        []memory.Agent
	keys          map[string]usedKey
	hooks         []memory.Envelope
	lastAt        time.Time
	typings       []memory.TypingRequest
	reads         []memory.ReadRequest
}

// chat is one customer's conversation.
type chat struct {
	id       string
	customer memory.Author
	messages []memory.Message
	events   int64
	paused   bool
	node     string
}

// ticket is one request for an agent.
type ticket struct {
	memory.OpenRequest
	id       string
	messages []memory.Message
	agent    string
	offered  string
	closed   bool
	// mirrored says that agents only read along, and asked when one was asked for.
	mirrored bool
	asked    time.Time
	stands   memory.UpdateRequest
	rating   memory.RatingRequest
	status   memory.TicketStatus
	events   int64
}

// usedKey is a call that was made, and what it was answered.
type usedKey struct {
	path   string
	answer any
}

// New makes a vendor without conversations. Close it to stop its webhooks.
func New(opts Options) *Server {
	opts.Secret = cmp.Or(opts.Secret, DefaultSecret)
	opts.PageSize = cmp.Or(opts.PageSize, 100)
	if opts.Bot == nil {
		opts.Bot = echoBot
	}
	if opts.Agents == nil {
		opts.Agents = []memory.Agent{{ID: Maya, Name: "Maya Lindqvist", Group: "sales"}, {ID: Tom, Name: "Tom Okafor", Group: "care"}}
	}
	if opts.Retries == nil {
		opts.Retries = pauses()
	}
	s := &Server{
		opts: opts, conversations: map[string]*chat{}, keys: map[string]usedKey{}, agents: slices.Clone(opts.Agents),
	}
	for i := range s.agents {
		s.agents[i].Online = true
	}
	s.outbox = &fake.Outbox{
		Client: opts.Client, Retries: opts.Retries, Scale: opts.TimeScale, Faults: &s.Faults,
		Sign: func(h fake.Hook) http.Header {
			return Sign(opts.Secret, h.Header.Get(memory.HeaderID), h.Body, time.Now()).Header
		},
	}
	s.mux = s.routes()
	return s
}

// pauses are the vendor's own: growing, until RedeliverFor is over.
func pauses() []time.Duration {
	var list []time.Duration
	total := time.Duration(0)
	for pause := 200 * time.Millisecond; total < memory.RedeliverFor; pause = min(2*pause, 15*time.Second) {
		list = append(list, pause)
		total += pause
	}
	return list
}

// Hooks is the sender of the webhooks: its attempts tell what was sent.
func (s *Server) Hooks() *fake.Outbox { return s.outbox }

// Close stops the webhooks and lets go of calls that hang.
func (s *Server) Close() {
	s.Faults.Clear(fake.AnyOp)
	s.outbox.Close()
}

// echoBot repeats the customer's words, and hands off when it reads "human".
func echoBot(req memory.BotRequest) memory.BotReply {
	if strings.Contains(strings.ToLower(req.Text), "human") {
		return memory.BotReply{
			Messages: []memory.BotMessage{{Text: "I get a colleague."}}, Handoff: true, Reason: "customer_asked",
		}
	}
	return memory.BotReply{Messages: []memory.BotMessage{{Text: "You said: " + req.Text}}}
}

// now gives a time that is later than all before, as precise as JSON of most
// vendors. The caller holds the lock.
func (s *Server) now() time.Time {
	at := time.Now().UTC().Truncate(time.Millisecond)
	if !at.After(s.lastAt) {
		at = s.lastAt.Add(time.Millisecond)
	}
	s.lastAt = at
	return at
}

// check refuses what the vendor refuses as a message.
func check(text string, files []memory.Attachment) error {
	if strings.TrimSpace(text) == "" && len(files) == 0 || utf8.RuneCountInString(text) > memory.MaxText {
		return ErrText
	}
	for _, f := range files {
		if f.URL == "" {
			return ErrText
		}
	}
	return nil
}

// person gives an agent as the author of words. The caller holds the lock.
func (s *Server) person(id string) (memory.Author, bool) {
	for _, a := range s.agents {
		if a.ID == id {
			return memory.Author{Role: memory.RoleAgent, ID: a.ID, Name: a.Name}, true
		}
	}
	return memory.Author{}, false
}

// online says whether an agent is there. The caller holds the lock.
func (s *Server) online(id string) bool {
	return slices.ContainsFunc(s.agents, func(a memory.Agent) bool { return a.ID == id && a.Online })
}

// ticket finds a ticket, or gives nil. The caller holds the lock.
func (s *Server) ticket(id string) *ticket {
	for _, t := range s.tickets {
		if t.id == id {
			return t
		}
	}
	return nil
}

func (c *chat) nextID() (string, int64) {
	seq := int64(len(c.messages) + 1)
	return c.id + "-m" + strconv.FormatInt(seq, 10), seq
}

func (t *ticket) nextID() (string, int64) {
	seq := int64(len(t.messages) + 1)
	return t.id + "-m" + strconv.FormatInt(seq, 10), seq
}
