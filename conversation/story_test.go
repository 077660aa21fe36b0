package conversation_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	. "github.com/handoff-engine/handoff/conversation" //nolint:revive // the stories are to be read as prose
)

// The people of the stories.
var (
	ann = Author{ID: "ann", Name: "Ann"}
	bob = Author{ID: "bob", Name: "Bob"}
)

// noon is when every story begins.
func noon() time.Time { return time.Date(2025, 3, 4, 12, 0, 0, 0, time.UTC) }

// hosted is a route whose channel hosts the bot.
func hosted() Route {
	return Route{
		Name: "shop",
		Channel: Connection{
			Name: "chat", Can: []string{"pause_bot", "resume_bot"}, HostsBot: true, Batch: true, Redelivery: Duration(time.Hour),
		},
		Desks: []Connection{{
			Name: "desk", Batch: true, Group: "support",
			Can: []string{"assign", "close_ticket", "note", "availability", "list_messages"},
		}},
		Policy: Policy{HandoffWords: []string{"human"}},
	}
}

// silencing is a route whose hosted bot falls silent when anything is said to the customer.
func silencing() Route {
	r := hosted()
	r.Channel.SendingTakesOver = true
	return r
}

// called is a route whose bot is called for each message.
func called() Route {
	r := hosted()
	r.Channel.HostsBot, r.Channel.Can = false, nil
	r.Bot = &Connection{Name: "brain"}
	return r
}

// botless is a route without a bot.
func botless() Route {
	r := called()
	r.Bot = nil
	return r
}

func withLadder(r Route, rungs ...Rung) Route {
	r.Policy.Ladder = rungs
	return r
}

// story tells a conversation event by event. Vendors answer at once and well unless the story says otherwise.
type story struct {
	*Conversation
	t       *testing.T
	now     time.Time
	n       int
	tickets int
	// last are the effects of the last event.
	last []Effect
}

func tell(t *testing.T, r Route) *story {
	t.Helper()
	c := New("chat:42", r)
	c.Begin(noon(), "e1")
	return &story{Conversation: &c, t: t, now: noon()}
}

// happens applies an event of the vendors, with an id of its own.
func (s *story) happens(ev Event) *story {
	s.n++
	if ev.ID == "" {
		ev.ID = "ev" + strconv.Itoa(s.n)
	}
	if ev.Source == "" {
		ev.Source = s.Route.Channel.Name
	}
	s.last = s.Apply(s.now, ev)
	return s
}

// comesOf applies what came of an effect.
func (s *story) comesOf(ev Event) *story {
	s.last = s.Apply(s.now, ev)
	return s
}

func (s *story) customer(text string) *story {
	return s.happens(Event{Kind: CustomerSaid, At: s.now, Text: text, MessageID: "c" + strconv.Itoa(s.n+1)})
}

// agent has an agent speak in the current ticket.
func (s *story) agent(a Author, text string) *story {
	return s.happens(Event{Kind: AgentSaid, At: s.now, Author: a, Text: text, MessageID: "m" + strconv.Itoa(s.n+1)})
}

// takes has the desk name an agent.
func (s *story) takes(a Author) *story {
	return s.happens(Event{Kind: AgentAssigned, At: s.now, Agent: a.ID, Author: a})
}

func (s *story) asksForHuman() *story { return s.happens(Event{Kind: HandoffRequested, At: s.now}) }

// settled has every pending effect succeed, side by side, until there are none.
func (s *story) settled() *story {
	s.t.Helper()
	last := s.last
	for s.Pending() > 0 {
		for _, side := range Sides() {
			s.side(side)
		}
	}
	s.last = last
	return s
}

// side has the pending effects of one side succeed.
func (s *story) side(side Side) *story {
	for {
		task, ok := s.Take(side)
		if !ok {
			return s
		}
		for _, e := range task.Effects {
			s.Apply(s.now, s.success(e))
		}
	}
}

// success is what comes of an effect that succeeds.
func (s *story) success(e Effect) Event {
	switch e.Kind {
	case OpenTicket:
		return Event{Kind: TicketOpened, Key: e.Key, Ticket: &Ticket{ID: s.ticketID(e)}}
	case Mirror:
		return Event{Kind: Delivered, Key: e.Key, Ticket: &Ticket{ID: s.ticketID(e)}}
	case ReadQueue:
		return Event{Kind: QueueTold, Key: e.Key}
	case AskBot:
		return Event{Kind: BotAnswered, Key: e.Key, Answer: &Answer{Messages: []Message{{Text: "re: " + e.Text}}}}
	case CatchUp:
		return Event{Kind: CaughtUp, Key: e.Key}
	case PrepareTicket:
		return Event{Kind: Delivered, Key: e.Key, Vendor: map[string]string{"customer": "c1"}}
	default:
		return Event{Kind: Delivered, Key: e.Key}
	}
}

// ticketID is the ticket that the effect is about, or a new one.
func (s *story) ticketID(e Effect) string {
	for _, t := range s.Tickets {
		if t.Key == e.TicketKey && t.Ticket.ID != "" {
			return t.Ticket.ID
		}
	}
	s.tickets++
	return "T" + strconv.Itoa(s.tickets)
}

// pending gives the oldest pending effect of a kind.
func (s *story) pending(kind EffectKind) Effect {
	s.t.Helper()
	i := slices.IndexFunc(s.Outbox, func(e Effect) bool { return e.Kind == kind && e.Status == Pending })
	require.GreaterOrEqual(s.t, i, 0, "no pending %s", kind)
	return s.Outbox[i]
}

// fails has the oldest pending effect of a kind fail.
func (s *story) fails(kind EffectKind, reason Reason) *story {
	s.t.Helper()
	return s.comesOf(Event{Kind: EffectFailed, Key: s.pending(kind).Key, Reason: reason})
}

// succeeds has the oldest pending effect of a kind succeed.
func (s *story) succeeds(kind EffectKind) *story {
	s.t.Helper()
	return s.comesOf(s.success(s.pending(kind)))
}

// waits lets time pass in which nothing happens but deadlines and what they decide.
func (s *story) waits(d time.Duration) *story {
	for until := s.now.Add(d); ; {
		next, ok := s.NextDeadline()
		if !ok || next.At.After(until) {
			s.now = until
			return s
		}
		s.now = next.At
		s.comesOf(Event{Kind: DeadlinePassed, Deadline: next.Name, Due: next.At}).settled()
	}
}

// passes has the deadline pass at its instant.
func (s *story) passes(name DeadlineName) *story {
	s.t.Helper()
	i := slices.IndexFunc(s.Deadlines, func(d Deadline) bool { return d.Name == name })
	require.GreaterOrEqual(s.t, i, 0, "no deadline %s", name)
	s.now = s.Deadlines[i].At
	return s.comesOf(Event{Kind: DeadlinePassed, Deadline: name, Due: s.now})
}

// is requires the state and the reason for it.
func (s *story) is(state State, reason Reason) *story {
	s.t.Helper()
	require.Equal(s.t, [2]string{string(state), string(reason)}, [2]string{string(s.State), string(s.Reason)})
	return s
}

// decided requires the effects of the last event.
func (s *story) decided(effects ...string) *story {
	s.t.Helper()
	require.Equal(s.t, effects, inWords(s.last))
	return s
}

// due requires the deadlines, each as "name+duration from now", in alphabetical order.
func (s *story) due(deadlines ...string) *story {
	s.t.Helper()
	require.Equal(s.t, deadlines, deadlinesInWords(s.Conversation, s.now))
	return s
}

// ticketsAre requires the tickets as "id status".
func (s *story) ticketsAre(tickets ...string) *story {
	s.t.Helper()
	require.Equal(s.t, tickets, ticketsInWords(s.Conversation))
	return s
}

// troubled requires the effects in trouble, each with its status and reason.
func (s *story) troubled(effects ...string) *story {
	s.t.Helper()
	var words []string
	for _, e := range s.Trouble() {
		words = append(words, string(e.Status)+" "+string(e.Reason)+": "+effectInWords(e))
	}
	require.Equal(s.t, effects, words)
	return s
}

// reread writes the conversation as JSON and reads it again, as continue-as-new does.
func (s *story) reread() *story {
	s.t.Helper()
	s.Conversation = reread(s.t, s.Conversation)
	return s
}

func reread(t require.TestingT, c *Conversation) *Conversation {
	data, err := json.Marshal(c)
	require.NoError(t, err)
	var again Conversation
	require.NoError(t, json.Unmarshal(data, &again))
	return &again
}

func inWords(effects []Effect) []string {
	var words []string
	for _, e := range effects {
		words = append(words, effectInWords(e))
	}
	return words
}

// effectInWords shows an effect as a test wants to read it; a notice shows the name of its text.
func effectInWords(e Effect) string {
	words := []string{string(e.Kind)}
	switch {
	case e.Kind == Say && !e.Human && e.Author.Name == "":
		words = append(words, "<"+noticeName(e.Text)+">")
	case e.Kind == Say && e.Author.Name != "":
		words = append(words, strings.ToLower(e.Author.Name)+":", strconv.Quote(e.Text))
	case e.Text != "":
		words = append(words, strconv.Quote(e.Text))
	}
	add := func(name, value string) {
		if value != "" {
			words = append(words, name+" "+value)
		}
	}
	add("agent", e.Agent)
	add("group", e.Group)
	add("at", e.Node)
	if e.Attachment != nil {
		add("file", e.Attachment.Name)
	}
	for _, flag := range []struct {
		set  bool
		name string
	}{{e.End, "without launch"}, {e.ByCustomer, "by customer"}, {e.IfAvailable, "if available"}, {e.Doubtful, "in doubt"}, {e.Delete, "delete"}, {e.Left, "at the desk that was left"}} {
		if flag.set {
			words = append(words, flag.name)
		}
	}
	return strings.Join(words, " ")
}

// noticeName finds the name of a text that is said by default, or gives the text.
func noticeName(text string) string {
	for _, name := range TextNames() {
		before, after, _ := strings.Cut(DefaultText(name), "{")
		_, after, _ = strings.Cut(after, "}")
		if text == DefaultText(name) || after != "" && strings.HasPrefix(text, before) && strings.HasSuffix(text, after) {
			return string(name)
		}
	}
	return text
}

func deadlinesInWords(c *Conversation, now time.Time) []string {
	var words []string
	for _, d := range c.Deadlines {
		words = append(words, fmt.Sprintf("%s+%s", d.Name, short(d.At.Sub(now))))
	}
	slices.Sort(words)
	return words
}

// short writes a duration without its zero units.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func ticketsInWords(c *Conversation) []string {
	var words []string
	for _, t := range c.Tickets {
		words = append(words, strings.TrimSpace(t.Ticket.ID+" "+string(t.Status)))
	}
	return words
}
