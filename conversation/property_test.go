package conversation_test

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	. "github.com/handoff-engine/handoff/conversation" //nolint:revive // the stories are to be read as prose
)

// TestWhateverHappensTheModelKeepsItsPromises plays random conversations, with random outcomes of their effects, beside a
// twin that is written as JSON and read again at random moments, and holds both to the reference.
func TestWhateverHappensTheModelKeepsItsPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, anyRoute(t))
		for range rapid.IntRange(1, 120).Draw(t, "steps") {
			w.step()
		}
		w.end()
	})
}

// world is a conversation, its twin and what surrounds them.
type world struct {
	t       *rapid.T
	c, twin *Conversation
	ref     *reference
	now     time.Time
	n       int
	told    []Event
	flights map[Side]Task
	tickets []string
}

func newWorld(t *rapid.T, r Route) *world {
	w := &world{t: t, ref: newReference(), now: noon(), flights: map[Side]Task{}, tickets: []string{"", "X1", "X2"}}
	c := New("chat:42", r)
	c.Begin(w.now, "e1")
	w.c, w.twin = &c, reread(t, &c)
	return w
}

func anyRoute(t *rapid.T) Route {
	r := rapid.SampledFrom([]func() Route{hosted, silencing, called, botless}).Draw(t, "route")()
	r.Channel.Batch, r.Desks[0].Batch = rapid.Bool().Draw(t, "channel batches"), rapid.Bool().Draw(t, "desk batches")
	able := []string{
		"assign", "close_ticket", "note", "availability", "list_messages", "prepare_ticket", "mirror_ticket", "update_ticket", "edit_messages",
	}
	r.Desks[0].Can = rapid.SliceOfDistinct(rapid.SampledFrom(able), rapid.ID[string]).Draw(t, "desk can")
	if rapid.Bool().Draw(t, "two desks") {
		r.Desks = append(r.Desks, Connection{Name: "night", Can: able})
	}
	if rapid.Bool().Draw(t, "channel shows the state") {
		r.Channel.Can = append(slices.Clone(r.Channel.Can), "notify_state", "edit_messages")
	}
	if rapid.Bool().Draw(t, "channel surveys") {
		r.Channel.Can = append(slices.Clone(r.Channel.Can), "survey")
	}
	r.Policy.Ladder = rapid.SliceOfN(rapid.SampledFrom([]Rung{
		{SameAgent: true},
		{Group: "seniors", AcceptWithin: Duration(time.Minute)},
		{Agent: "bob"},
		{Desk: "night"},
		{Ticket: true},
		{Bot: true},
		{End: true},
	}), 0, 4).Draw(t, "ladder")
	choice := func(name string, choices ...Choice) Choice { return rapid.SampledFrom(choices).Draw(t, name) }
	r.Policy.OnExhausted = choice("on_exhausted", "", ToBot, ToEnd, ToTicket)
	r.Policy.OnClosed = choice("on_closed", "", ToTicket, ToWait, ToBot, ToEnd)
	r.Policy.Mirror = choice("mirror", "", On)
	r.Policy.OnClose = choice("on_close", "", ToBot, ToEnd)
	r.Policy.OnUnavailable = choice("on_unavailable", "", ToQueue, ToBot, ToEnd, ToTicket)
	r.Policy.Reopen = choice("reopen", "", ToBot, ToQueue, SameAgent)
	r.Policy.OnUnknownSend = choice("on_unknown_send", Repeat, Hold)
	r.Policy.MaxWait = Duration(rapid.SampledFrom([]time.Duration{0, time.Minute}).Draw(t, "max_wait"))
	if rapid.Bool().Draw(t, "texts") {
		r.Policy.Texts = map[TextName]string{TextWaiting: "wait", TextEnded: "", TextBackToBot: "back", TextAssigned: ""}
	}
	r.Policy.BackWords, r.Policy.StopWords = []string{"bot"}, []string{"stop"}
	r.Policy.AskAddress = rapid.Bool().Draw(t, "asks for an address")
	r.Policy.ReplyWindow = Duration(rapid.SampledFrom([]time.Duration{0, 0, 45 * time.Second}).Draw(t, "reply_window"))
	r.Policy.WaitNotice = Duration(rapid.SampledFrom([]time.Duration{0, 20 * time.Second}).Draw(t, "wait_notice"))
	r.Policy.SurveyWithin = Duration(rapid.SampledFrom([]time.Duration{0, time.Hour}).Draw(t, "survey_within"))
	if rapid.Bool().Draw(t, "has hours") {
		r.Policy.Hours = &Hours{Zone: "Europe/Berlin", Open: []Opening{{First: time.Monday, Last: time.Friday, Span: Span{From: 9 * 60, To: 13*60 + 5}}}}
	}
	return r.At(noon())
}

func (w *world) step() {
	w.now = w.now.Add(time.Duration(rapid.IntRange(0, 90).Draw(w.t, "seconds")) * time.Second)
	switch rapid.IntRange(0, 10).Draw(w.t, "what") {
	case 0, 1, 2, 3:
		w.tell(w.anyEvent())
	case 4, 5, 6, 7:
		w.lane(rapid.SampledFrom(w.busy()).Draw(w.t, "side"))
	case 8:
		if d, ok := w.c.NextDeadline(); ok {
			w.now = later(w.now, d.At)
			w.apply(Event{Kind: DeadlinePassed, Deadline: d.Name, Due: d.At})
		}
	case 9:
		w.command()
	case 10:
		if len(w.told) > 0 {
			w.again(rapid.SampledFrom(w.told).Draw(w.t, "redelivered"))
		}
	}
}

// busy gives the sides that have something to do, or all if none has.
func (w *world) busy() []Side {
	var sides []Side
	for _, side := range Sides() {
		if w.flights[side].Effects != nil || w.c.HasWork(side) {
			sides = append(sides, side)
		}
	}
	if len(sides) == 0 {
		return Sides()
	}
	return sides
}

// tell applies a vendor's event, once more where the draw says so, and holds the model to what it owes to humans.
func (w *world) tell(ev Event) {
	w.n++
	ev.ID, ev.Source = "ev"+strconv.Itoa(w.n), w.c.Route.Channel.Name
	w.told = append(w.told, ev)
	ignored, before := w.c.Counts.Ignored, *w.c
	decided := w.apply(ev)
	if w.c.Counts.Ignored > ignored {
		require.Equal(w.t, []any{before.State, before.Epoch, before.Agent, before.Closing, before.Deadlines},
			[]any{w.c.State, w.c.Epoch, w.c.Agent, w.c.Closing, w.c.Deadlines}, "an ignored event changed something")
	}
	switch ev.Kind {
	case CustomerSaid:
		require.True(w.t, w.heard(ev, decided), "the customer's words reach nobody in %s", w.c.State)
	case AgentSaid:
		if w.c.Counts.Ignored == ignored {
			require.True(w.t, w.says(decided, ev), "an agent's words are lost in %s", w.c.State)
		}
	default:
	}
	if rapid.Bool().Draw(w.t, "twice") {
		w.again(ev)
	}
}

// says reports whether an agent's words go to the customer.
func (w *world) says(decided []Effect, ev Event) bool {
	return slices.ContainsFunc(decided, func(e Effect) bool { return e.Kind == Say && e.Human && e.Text == ev.Text && e.Status == Pending })
}

// heard reports whether the customer's words go to whoever has the conversation.
func (w *world) heard(ev Event, decided []Effect) bool {
	said := func(kind EffectKind) bool {
		return slices.ContainsFunc(decided, func(e Effect) bool { return e.Kind == kind })
	}
	switch refused := w.c.Route.Policy.Hours != nil && ev.Text == "human"; {
	case ev.Text == "stop", ev.Text == "5" && said(ReportRating):
		return true
	case w.c.State == Waiting && w.c.Parked != "" && !said(Post) && !said(OpenTicket):
		// What is in the transcript goes along at the next opening.
		return slices.ContainsFunc(w.c.Deadlines, func(d Deadline) bool { return d.Name == OpensAt })
	case refused && (w.c.State == InBot || w.c.State == Ended) || w.c.State == Ended && w.c.Route.Policy.Hours != nil:
		// Outside the hours they are told that nobody is here.
		return said(Say)
	case w.c.State == InBot && ev.Text == "bot":
		return true
	}
	if w.c.State == InBot {
		meant := ev.Text
		if len(w.c.Offered) > 0 && meant == "hello" {
			// The bot offers a button of this label.
			meant = "hi"
		}
		return w.c.Route.Channel.HostsBot || slices.ContainsFunc(decided, func(e Effect) bool { return e.Kind == AskBot && e.Text == meant })
	}
	return slices.ContainsFunc(decided, func(e Effect) bool {
		return e.Kind == Post && e.Text == ev.Text || e.Kind == OpenTicket && e.Upto == w.c.Transcript.Last-saidSince(decided)
	})
}

// saidSince counts the notices that were said after the customer's words and before the ticket was opened.
func saidSince(decided []Effect) int {
	i := slices.IndexFunc(decided, func(e Effect) bool { return e.Kind == OpenTicket })
	n := 0
	for _, e := range decided[i+1:] {
		if e.Kind == Say {
			n++
		}
	}
	return n
}

// again redelivers an event: it is counted and changes nothing else.
func (w *world) again(ev Event) {
	before := w.c.Counts
	state := asJSON(w.t, w.c, Counts{})
	require.Empty(w.t, w.apply(ev))
	require.Equal(w.t, state, asJSON(w.t, w.c, Counts{}), "a redelivered event changed something")
	before.Received++
	before.Duplicates++
	require.Equal(w.t, before, w.c.Counts)
}

// apply applies an event to the conversation and to its twin.
func (w *world) apply(ev Event) []Effect {
	decided := w.c.Apply(w.now, ev)
	if rapid.Bool().Draw(w.t, "reread") {
		w.twin = reread(w.t, w.twin)
	}
	require.Equal(w.t, decided, w.twin.Apply(w.now, ev))
	w.sound(decided)
	return decided
}

func (w *world) sound(decided []Effect) {
	require.NoError(w.t, w.ref.saw(w.c, decided))
	require.Equal(w.t, asJSON(w.t, w.c, w.c.Counts), asJSON(w.t, w.twin, w.twin.Counts), "the twin has gone another way")
}

// lane takes the next task of a side, or says what came of the one under way.
func (w *world) lane(side Side) {
	task, flying := w.flights[side]
	if !flying {
		var ok bool
		task, ok = w.c.Take(side)
		twin, twinOK := w.twin.Take(side)
		require.Equal(w.t, ok, twinOK)
		require.Equal(w.t, task, twin)
		require.NoError(w.t, w.ref.took(w.c, side, task))
		w.sound(nil)
		if ok {
			w.flights[side] = task
		}
		return
	}
	delete(w.flights, side)
	for _, e := range task.Effects {
		ev := w.anyOutcome(e)
		decided := w.apply(ev)
		for _, missed := range ev.Missed {
			require.True(w.t, missed.Kind != AgentSaid || w.says(decided, missed), "late words of an agent are lost in %s", w.c.State)
		}
		if state := asJSON(w.t, w.c, w.c.Counts); pendingIn(w.c, e.Key) == (ev.Kind == EffectDoubted || ev.Kind == EffectWithdrawn) {
			require.Empty(w.t, w.apply(ev))
			require.Equal(w.t, state, asJSON(w.t, w.c, w.c.Counts), "an outcome told twice changed something")
		}
	}
}

func (w *world) command() {
	ev := Event{
		ID: "cmd" + strconv.Itoa(rapid.IntRange(0, 40).Draw(w.t, "command id")), Text: "note", Agent: "bob",
		Kind: rapid.SampledFrom([]Kind{CommandHandoff, CommandAssign, CommandHandBack, CommandEnd, CommandResend, CommandNote}).Draw(w.t, "command"),
	}
	permitted := w.c.Permits(ev)
	before := asJSON(w.t, w.c, w.c.Counts)
	outcome, err := w.c.Command(w.now, ev)
	twin, twinErr := w.twin.Command(w.now, ev)
	require.Equal(w.t, permitted, err)
	require.Equal(w.t, err, twinErr)
	require.Equal(w.t, outcome, twin)
	if err != nil {
		require.Equal(w.t, before, asJSON(w.t, w.c, w.c.Counts), "a refused command changed something")
	}
	var decided []Effect
	for _, e := range w.c.Outbox {
		lane := w.ref.lanes[e.Side()]
		if e.Status == Pending && !slices.Contains(lane, e.Key) {
			decided = append(decided, e)
		}
	}
	w.sound(decided)
	after := asJSON(w.t, w.c, w.c.Counts)
	again, err2 := w.c.Command(w.now, ev)
	if err == nil {
		require.NoError(w.t, err2)
		require.Equal(w.t, outcome, again)
		require.Equal(w.t, after, asJSON(w.t, w.c, w.c.Counts), "a command that was done was done again")
		_, _ = w.twin.Command(w.now, ev)
	}
}

// end has everything succeed and all deadlines pass: whatever came before, the conversation is over in the end, and
// nothing is left to do.
func (w *world) end() {
	for range 1000 {
		for _, side := range Sides() {
			for w.flights[side].Effects != nil || w.c.HasWork(side) {
				task := w.flights[side]
				delete(w.flights, side)
				if task.Effects == nil {
					task, _ = w.c.Take(side)
				}
				for _, e := range task.Effects {
					w.c.Apply(w.now, w.success(e))
				}
			}
		}
		d, ok := w.c.NextDeadline()
		if !ok {
			break
		}
		w.now = later(w.now, d.At)
		w.c.Apply(w.now, Event{Kind: DeadlinePassed, Deadline: d.Name, Due: d.At})
		require.NoError(w.t, sound(w.c))
	}
	require.True(w.t, w.c.Over(), "the conversation never ends: %s, %v", w.c.State, w.c.Deadlines)
	for _, t := range w.c.Tickets {
		if w.c.Route.Desks[0].Able("close_ticket") {
			require.Contains(w.t, []TicketStep{TicketDone, TicketFailed, TicketClosing}, t.Status)
		}
	}
}

func (w *world) success(e Effect) Event {
	switch e.Kind {
	case OpenTicket:
		return Event{Kind: TicketOpened, Key: e.Key, Ticket: &Ticket{ID: w.ticketID(e)}}
	case Mirror:
		return Event{Kind: Delivered, Key: e.Key, Ticket: &Ticket{ID: w.ticketID(e)}}
	case ReadQueue:
		return Event{Kind: QueueTold, Key: e.Key, Queue: Queue{Position: rapid.IntRange(0, 3).Draw(w.t, "position")}}
	case AskBot:
		beep := Message{Text: "beep"}
		if rapid.Bool().Draw(w.t, "bot offers buttons") {
			beep.Buttons = []Button{{Label: "hello", Value: "hi"}, {Label: "1"}}
		}
		return Event{Kind: BotAnswered, Key: e.Key, Answer: &Answer{Messages: []Message{beep}}}
	case CatchUp:
		return Event{Kind: CaughtUp, Key: e.Key}
	case PrepareTicket:
		return Event{Kind: Delivered, Key: e.Key, Vendor: map[string]string{"customer": "c1"}}
	default:
		return Event{Kind: Delivered, Key: e.Key, Retried: e.Doubtful}
	}
}

// ticketID is the ticket that the effect is about, or a new one.
func (w *world) ticketID(e Effect) string {
	for _, t := range w.c.Tickets {
		if t.Key == e.TicketKey && t.Ticket.ID != "" {
			return t.Ticket.ID
		}
	}
	w.n++
	id := "T" + strconv.Itoa(w.n)
	w.tickets = append(w.tickets, id)
	return id
}

func (w *world) anyOutcome(e Effect) Event {
	switch rapid.IntRange(0, 9).Draw(w.t, "outcome") {
	case 0:
		reasons := []Reason{"invalid", "not_found", "conflict", "unauthenticated", TimedOut}
		return Event{Kind: EffectFailed, Key: e.Key, Reason: rapid.SampledFrom(reasons).Draw(w.t, "kind")}
	case 1:
		return Event{Kind: EffectUncertain, Key: e.Key, Reason: OutcomeUnknown}
	case 2:
		return Event{Kind: EffectDoubted, Key: e.Key, At: w.now}
	case 3:
		return Event{Kind: EffectWithdrawn, Key: e.Key}
	case 4, 5, 6:
		switch e.Kind {
		case OpenTicket:
			return Event{Kind: NobodyAvailable, Key: e.Key}
		case AskBot:
			answer := Answer{Messages: []Message{{Text: "one moment"}}, Handoff: rapid.Bool().Draw(w.t, "bot hands off"), End: rapid.Bool().Draw(w.t, "bot ends")}
			return Event{Kind: BotAnswered, Key: e.Key, Answer: &answer}
		case CatchUp:
			ev := Event{Kind: CaughtUp, Key: e.Key}
			for range rapid.IntRange(1, 3).Draw(w.t, "missed") {
				missed := w.anyEvent()
				w.n++
				missed.ID, missed.Source, missed.TicketID = "ev"+strconv.Itoa(w.n), w.c.Route.Channel.Name, w.c.Tickets[len(w.c.Tickets)-1].Ticket.ID
				ev.Missed = append(ev.Missed, missed)
			}
			return ev
		default:
		}
	}
	return w.success(e)
}

// anyEvent draws what a vendor may tell.
func (w *world) anyEvent() Event {
	kinds := Kinds()
	kinds = kinds[:slices.Index(kinds, TicketOpened)]
	ev := Event{Kind: rapid.SampledFrom(append(kinds, CustomerSaid, CustomerSaid, HandoffRequested, AgentSaid, AgentSaid, AgentAssigned, TicketClosed, ChannelDropped, SendProven)).Draw(w.t, "kind")}
	if rapid.Bool().Draw(w.t, "has time") {
		ev.At = w.now.Add(-time.Duration(rapid.IntRange(0, 3).Draw(w.t, "minutes ago")) * time.Minute)
	}
	switch ev.Kind {
	case CustomerSaid:
		ev.Text = rapid.SampledFrom([]string{"hello", "human", "thanks", "bot", "stop", "5", "me@example.com"}).Draw(w.t, "words")
	case CustomerRated:
		ev.Rating = rapid.IntRange(0, 6).Draw(w.t, "rating")
	case AgentSaid, AgentEdited, AgentDeleted, AgentNoted, BotSaid, CustomerEdited, CustomerDeleted:
		ev.Text = rapid.SampledFrom([]string{"hi", "look", "bye"}).Draw(w.t, "words")
		ev.Author = rapid.SampledFrom([]Author{ann, bob}).Draw(w.t, "author")
		ev.MessageID = "m" + strconv.Itoa(rapid.IntRange(0, 5).Draw(w.t, "message"))
		ev.Target = "m" + strconv.Itoa(rapid.IntRange(0, 5).Draw(w.t, "target"))
	case AgentAssigned, AgentOffline, AgentOnline:
		ev.Agent = rapid.SampledFrom([]string{"ann", "bob", ""}).Draw(w.t, "agent")
	case SendProven:
		ev.Text = rapid.SampledFrom([]string{"hi", "look", "bye"}).Draw(w.t, "words")
		if len(w.c.Outbox) > 0 && rapid.Bool().Draw(w.t, "with key") {
			ev.Key = rapid.SampledFrom(w.c.Outbox).Draw(w.t, "proven").Key
		}
	default:
	}
	if k := string(ev.Kind); strings.HasPrefix(k, "agent") || strings.HasPrefix(k, "ticket") || k == "handed_back" {
		ev.TicketID = rapid.SampledFrom(w.tickets).Draw(w.t, "ticket")
		if ev.TicketID != "" && rapid.Bool().Draw(w.t, "knows ticket") {
			ev.Ticket = &Ticket{ID: ev.TicketID}
		}
	}
	return ev
}

// asJSON shows the whole state, with the counts given instead of its own.
func asJSON(t *rapid.T, c *Conversation, counts Counts) string {
	copied := *c
	copied.Counts = counts
	data, err := json.Marshal(&copied)
	require.NoError(t, err)
	return string(data)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
