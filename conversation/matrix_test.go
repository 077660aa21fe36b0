package conversation_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	. "github.com/handoff-engine/handoff/conversation" //nolint:revive // the stories are to be read as prose
)

var update = flag.Bool("update", false, "write testdata/matrix.golden anew")

// matrixFile is what each event does in each situation. After a change to the model run
//
//	go test ./conversation -run Matrix -update
//
// and commit the difference only if you understand every line of it: each line is a promise to somebody who waits for
// an answer.
const matrixFile = "testdata/matrix.golden"

// situation is a state, and what else matters in it.
type situation struct {
	name string
	tell func(s *story)
}

// situations are all that differ in what may happen next.
func situations() []situation {
	queued := func(s *story) { s.customer("hello").asksForHuman().settled() }
	taken := func(s *story) { queued(s); s.takes(ann).settled() }
	spoken := func(s *story) { taken(s); s.agent(ann, "hi").settled() }
	return []situation{
		{"bot", func(s *story) {
			if s.Route.Bot != nil || s.Route.Channel.HostsBot {
				s.customer("hello").settled()
			}
		}},
		{"waiting for the next opening", func(s *story) {
			s.now = s.now.Add(24 * time.Hour)
			s.customer("hello").asksForHuman().settled()
		}},
		{"agent-assigned (Ann), who went away a moment ago", func(s *story) {
			spoken(s)
			s.happens(Event{Kind: AgentOffline, At: s.now, Agent: "ann"})
		}},
		{"waiting, the ticket is being opened", func(s *story) { s.customer("hello").asksForHuman().side(ChannelSide) }},
		{"waiting, the ticket is open", queued},
		{"agent-assigned (Ann), the ticket is being opened", func(s *story) {
			s.customer("hello").asksForHuman().side(ChannelSide).takes(ann).side(ChannelSide)
		}},
		{"agent-assigned (Ann), who has not spoken yet", taken},
		{"agent-assigned (Ann), the customer waits", func(s *story) { spoken(s); s.customer("where is it?").settled() }},
		{"agent-assigned (Ann), the agent waits", spoken},
		{"agent-assigned (Ann), the ticket is closed, the desk is being read once more", func(s *story) {
			spoken(s)
			s.happens(Event{Kind: TicketClosed, At: s.now})
		}},
		{"timed-out-reassign, a rung is being tried", func(s *story) { queued(s); s.passes(AcceptBy).settled() }},
		{"timed-out-reassign, back in the queue after the last rung", func(s *story) {
			for queued(s); len(s.Deadlines) > 1; s.settled() {
				s.passes(AcceptBy)
			}
		}},
		{"timed-out-reassign, the channel dropped Ann and is being taken again", func(s *story) {
			spoken(s)
			s.happens(Event{Kind: ChannelDropped, At: s.now})
		}},
		{"ended, the ticket is being closed", func(s *story) {
			spoken(s)
			s.happens(Event{Kind: CommandEnd}).side(ChannelSide)
		}},
		{"ended, the ticket is closed", func(s *story) {
			spoken(s)
			s.happens(Event{Kind: TicketClosed, At: s.now}).settled()
		}},
	}
}

// happening is an event, and what else matters about it.
type happening struct {
	name  string
	event Event
}

// happenings are the events that may come in any situation, made for the situation s.
func happenings(s *story) []happening {
	at, before := s.now, s.now.Add(-time.Hour)
	spokenOf := "m1"
	for _, l := range s.Transcript.Lines {
		if l.Role == RoleAgent {
			spokenOf = l.MessageID
		}
	}
	hs := []happening{
		{"", Event{Kind: CustomerSaid, Text: "and now?"}},
		{"a handoff word", Event{Kind: CustomerSaid, Text: "Human"}},
		{"wants the bot", Event{Kind: CustomerSaid, Text: "bot"}},
		{"wants to stop", Event{Kind: CustomerSaid, Text: "stop"}},
		{"", Event{Kind: CustomerLeft}},
		{"", Event{Kind: CustomerEdited, Text: "hello!", Target: "c1"}},
		{"", Event{Kind: CustomerDeleted, Target: "c1"}},
		{"", Event{Kind: CustomerRated, Rating: 4}},
		{"", Event{Kind: BotRequested, Node: "menu"}},
		{"", Event{Kind: BotSaid, Text: "beep"}},
		{"", Event{Kind: HandoffRequested}},
		{"for an agent, at once", Event{Kind: HandoffRequested, Agent: "bob", Group: "vip"}},
		{"", Event{Kind: ChannelDropped, At: at}},
		{"Ann", Event{Kind: AgentAssigned, At: at, Agent: "ann", Author: ann}},
		{"Bob", Event{Kind: AgentAssigned, At: at, Agent: "bob", Author: bob}},
		{"Bob, but earlier", Event{Kind: AgentAssigned, At: before, Agent: "bob", Author: bob}},
		{"Ann, as things stand", Event{Kind: AgentAssigned, Agent: "ann", Author: ann}},
		{"nobody named", Event{Kind: AgentAssigned, At: at}},
		{"Bob, in a ticket that he opened", Event{Kind: AgentAssigned, At: at, Agent: "bob", Author: bob, TicketID: "X", Ticket: &Ticket{ID: "X"}}},
		{"", Event{Kind: AgentUnassigned, At: at}},
		{"but earlier", Event{Kind: AgentUnassigned, At: before}},
		{"Ann", Event{Kind: AgentSaid, Author: ann, Text: "look"}},
		{"Bob", Event{Kind: AgentSaid, Author: bob, Text: "look"}},
		{"Bob, in an unknown ticket", Event{Kind: AgentSaid, Author: bob, Text: "look", TicketID: "X"}},
		{"Bob, in a ticket that he opened", Event{Kind: AgentSaid, Author: bob, Text: "look", TicketID: "X", Ticket: &Ticket{ID: "X"}}},
		{"", Event{Kind: AgentNoted, Author: ann}},
		{"", Event{Kind: AgentEdited, Author: ann, Text: "hi!", Target: spokenOf}},
		{"", Event{Kind: AgentDeleted, Author: ann, Target: spokenOf}},
		{"Ann", Event{Kind: AgentOffline, Agent: "ann"}},
		{"Bob", Event{Kind: AgentOffline, Agent: "bob"}},
		{"Ann", Event{Kind: AgentOnline, Agent: "ann"}},
		{"", Event{Kind: HandedBack, Node: "menu"}},
		{"", Event{Kind: TicketClosed}},
		{"an unknown ticket", Event{Kind: TicketClosed, TicketID: "X"}},
		{"an unknown effect", Event{Kind: SendProven, Key: "chat:42/e1-999"}},
		{"an unknown effect", Event{Kind: Delivered, Key: "chat:42/e1-999"}},
		{"", Event{Kind: CommandHandoff, Agent: "bob"}},
		{"", Event{Kind: CommandAssign, Agent: "bob"}},
		{"", Event{Kind: CommandHandBack, Node: "menu"}},
		{"", Event{Kind: CommandEnd}},
		{"", Event{Kind: CommandResend}},
		{"", Event{Kind: CommandNote, Text: "vip"}},
		{"twice the time", Event{Kind: CommandPolicy, Policy: &Policy{
			AcceptWithin: Duration(4 * time.Minute), FirstReplyWithin: Duration(6 * time.Minute), AgentIdle: Duration(10 * time.Minute),
			CustomerIdle: Duration(time.Hour), MaxWait: Duration(30 * time.Minute),
		}}},
	}
	for _, name := range DeadlineNames() {
		due := at
		for _, d := range s.Deadlines {
			if d.Name == name {
				due = d.At
			}
		}
		hs = append(hs, happening{string(name), Event{Kind: DeadlinePassed, Deadline: name, Due: due}})
	}
	return hs
}

// outcomes are what may come of an effect of the kind; the story holds one that is pending.
func outcomes(s *story, kind EffectKind) []happening {
	if !slices.ContainsFunc(s.Outbox, func(e Effect) bool { return e.Kind == kind && e.Status == Pending }) {
		s.Decide(s.now, Effect{Kind: kind, Text: "text", Human: true})
	}
	key := s.pending(kind).Key
	about := func(name string, ev Event) happening {
		ev.Key = key
		return happening{strings.TrimSuffix(string(kind)+", "+name, ", "), ev}
	}
	hs := []happening{
		about("", Event{Kind: EffectFailed, Reason: "invalid"}),
		about("", Event{Kind: EffectUncertain, Reason: OutcomeUnknown}),
		about("", Event{Kind: EffectDoubted, At: s.now}),
		about("", Event{Kind: EffectWithdrawn}),
	}
	switch kind {
	case OpenTicket:
		return append(hs,
			about("", Event{Kind: TicketOpened, Ticket: &Ticket{ID: "T9"}}),
			about("nobody is there", Event{Kind: TicketOpened, Ticket: &Ticket{ID: "T9"}, Reason: NobodyThere}),
			about("", Event{Kind: NobodyAvailable}))
	case AskBot:
		return append(hs,
			about("", Event{Kind: BotAnswered, Answer: &Answer{Messages: []Message{{Text: "beep"}}}}),
			about("with buttons", Event{Kind: BotAnswered, Answer: &Answer{Messages: []Message{{Text: "beep", Buttons: []Button{{Label: "boop"}}}}}}),
			about("asks for a human", Event{Kind: BotAnswered, Answer: &Answer{Messages: []Message{{Text: "one moment"}}, Handoff: true}}),
			about("ends", Event{Kind: BotAnswered, Answer: &Answer{Messages: []Message{{Text: "bye"}}, End: true}}))
	case CatchUp:
		return append(hs,
			about("", Event{Kind: CaughtUp}),
			about("missed words", Event{Kind: CaughtUp, Missed: []Event{{ID: "missed", Kind: AgentSaid, Author: ann, Text: "bye", TicketID: "T1"}}}))
	case Post:
		hs = append(hs, about("not found", Event{Kind: EffectFailed, Reason: "not_found"}))
	default:
	}
	return append(hs, about("", Event{Kind: Delivered}))
}

// TestMatrixOfEverySituationAndEvent holds the model to testdata/matrix.golden.
func TestMatrixOfEverySituationAndEvent(t *testing.T) {
	rungs := []Rung{{SameAgent: true}, {Group: "seniors", AcceptWithin: Duration(time.Minute)}}
	base := withLadder(hosted(), rungs...)
	var out strings.Builder
	out.WriteString("What each event does in each situation: the state that follows and its reason, the effects decided, the tickets\n" +
		"if they changed, and the deadlines if they changed. Written by TestMatrixOfEverySituationAndEvent.\n")
	basis := section(t, &out, "The channel hosts the bot; the desk can do everything; two rungs", base, nil)
	section(t, &out, "What differs if the bot falls silent when anything is said to the customer", withLadder(silencing(), rungs...), basis)
	section(t, &out, "What differs if the bot is called for each message", withLadder(called(), rungs...), basis)
	section(t, &out, "What differs if there is no bot", withLadder(botless(), rungs...), basis)
	unable := base
	unable.Desks = []Connection{{Name: "desk"}}
	section(t, &out, "What differs if the desk can do nothing but open and post", unable, basis)
	policy := base
	policy.Policy = Policy{OnClose: ToBot, OnExhausted: ToEnd, OnUnavailable: ToEnd, Reopen: SameAgent, Ladder: rungs, HandoffWords: []string{"human"}, Texts: map[TextName]string{
		TextWaiting: "", TextAssigned: "", TextEnded: "",
	}}
	section(t, &out, "What differs with the other choices of the policy, and three texts left out", policy, basis)

	flows := withLadder(hosted(), Rung{SameAgent: true}, Rung{Desk: "night"}, Rung{Ticket: true})
	flows.Desks[0].Can = append(flows.Desks[0].Can, "mirror_ticket", "update_ticket", "edit_messages")
	flows.Desks = append(flows.Desks, Connection{Name: "night", Can: flows.Desks[0].Can})
	flows.Channel.Can = append(flows.Channel.Can, "edit_messages")
	flows.Policy.Mirror, flows.Policy.OnUnavailable, flows.Policy.OnExhausted = On, ToTicket, ToTicket
	flows.Policy.BackWords, flows.Policy.StopWords = []string{"bot"}, []string{"stop"}
	flows.Policy.WaitNotice, flows.Policy.SurveyWithin = Duration(time.Minute), Duration(time.Hour)
	flows.Policy.AskAddress = true
	flows.Policy.Hours = &Hours{Open: []Opening{{First: time.Tuesday, Last: time.Tuesday, Span: Span{From: 9 * 60, To: 18 * 60}}}}
	section(t, &out, "What differs with hours, a mirrored ticket, another desk, notices while waiting and a survey", flows.At(noon()), basis)

	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(matrixFile, []byte(out.String()), 0o644)) //nolint:gosec // a golden file
		return
	}
	golden, err := os.ReadFile(matrixFile)
	require.NoError(t, err)
	require.Equal(t, string(golden), out.String(), "if you understand the difference: go test ./conversation -run Matrix -update")
}

// section writes what happens on a route: all of it, or what differs from the basis. It gives the lines by what they
// are about.
func section(t *testing.T, out *strings.Builder, title string, r Route, basis map[string]string) map[string]string {
	t.Helper()
	fmt.Fprintf(out, "\n%s\n%s\n", title, strings.Repeat("=", utf8.RuneCountInString(title)))
	lines := map[string]string{}
	for _, sit := range situations() {
		var block []string
		for _, row := range rows(t, r, sit) {
			about, what, _ := strings.Cut(row, "\t")
			if seen, dup := lines[sit.name+about]; dup {
				require.Equal(t, seen, what, "two rows about %s in %s", about, sit.name)
				continue
			}
			lines[sit.name+about] = what
			if basis == nil || basis[sit.name+about] != what {
				block = append(block, fmt.Sprintf("  %-58s %s", about, what))
			}
		}
		if len(block) > 0 {
			s := tell(t, r)
			sit.tell(s)
			fmt.Fprintf(out, "\n%s   [%s]\n%s\n", sit.name, strings.Join(deadlinesInWords(s.Conversation, s.now), " "), folded(block))
		}
	}
	return lines
}

// folded joins the lines of what changes nothing into one for each reason.
func folded(block []string) string {
	var lines, order []string
	idle := map[string][]string{}
	for _, line := range block {
		about, what := strings.TrimSpace(line[:60]), strings.TrimSpace(line[60:])
		if !strings.HasPrefix(what, "ignored") && what != "noted" {
			lines = append(lines, strings.TrimRight(line, " "))
			continue
		}
		if idle[what] == nil {
			order = append(order, what)
		}
		idle[what] = append(idle[what], about)
	}
	for _, what := range order {
		lines = append(lines, fmt.Sprintf("  %s: %s", what, strings.Join(grouped(idle[what]), "; ")))
	}
	return strings.Join(lines, "\n")
}

// grouped joins "a (x)" and "a (y)" into "a (x | y)".
func grouped(events []string) []string {
	var groups []string
	for _, ev := range events {
		name, detail, ok := strings.Cut(ev, " (")
		i := slices.IndexFunc(groups, func(g string) bool { return strings.HasPrefix(g, name+" (") })
		if !ok || i < 0 {
			groups = append(groups, ev)
			continue
		}
		groups[i] = strings.TrimSuffix(groups[i], ")") + " | " + detail
	}
	return groups
}

// rows tells what each event does in a situation, as "event TAB what it does".
func rows(t *testing.T, r Route, sit situation) []string {
	t.Helper()
	var all []string
	try := func(prepare func(s *story) []happening) {
		probe := tell(t, r)
		sit.tell(probe)
		for i := range prepare(probe) {
			s := tell(t, r)
			sit.tell(s)
			h := prepare(s)[i]
			name := string(h.event.Kind)
			if h.name != "" {
				name += " (" + h.name + ")"
			}
			all = append(all, name+"\t"+does(s, h.event))
		}
	}
	try(happenings)
	for _, kind := range EffectKinds() {
		if !mayBePending(kind, r, sit.name) {
			continue
		}
		try(func(s *story) []happening { return outcomes(s, kind) })
	}
	return all
}

// mayBePending reports whether an effect of the kind can be under way in the situation.
func mayBePending(kind EffectKind, r Route, situation string) bool {
	opening := strings.Contains(situation, "being opened")
	switch kind {
	case AskBot:
		return r.Bot != nil && (situation == "bot" || opening)
	case OpenTicket, PrepareTicket:
		return opening
	case CatchUp:
		return strings.Contains(situation, "being read")
	case Notify:
		return r.Channel.Able("notify_state")
	default:
		return true
	}
}

// does applies the event to the story and tells what it did.
func does(s *story, ev Event) string {
	if strings.HasPrefix(string(ev.Kind), "command_") {
		if err := s.Permits(ev); err != nil {
			return "refused: " + strings.SplitN(err.Error(), ": ", 2)[len(strings.SplitN(err.Error(), ": ", 2))-1]
		}
	}
	state, history, ignored := s.State, len(s.History), s.Counts.Ignored
	tickets, deadlines := ticketsInWords(s.Conversation), deadlinesInWords(s.Conversation, s.now)
	trouble := len(s.Trouble())
	s.happens(ev)
	var words []string
	for _, h := range s.History[history:] {
		words = append(words, fmt.Sprintf("→ %s (%s)", h.To, h.Reason))
	}
	if len(s.History) == history && s.State != state {
		words = append(words, "STATE WITHOUT HISTORY")
	}
	if len(s.last) > 0 {
		words = append(words, strings.Join(inWords(s.last), ", "))
	}
	for _, e := range s.Trouble()[trouble:] {
		if e.Key != ev.Key {
			words = append(words, string(e.Status)+" "+string(e.Reason)+": "+effectInWords(e))
		}
	}
	if now := ticketsInWords(s.Conversation); !slices.Equal(now, tickets) {
		words = append(words, "tickets: "+strings.Join(now, ", "))
	}
	if now := deadlinesInWords(s.Conversation, s.now); !slices.Equal(now, deadlines) {
		words = append(words, "["+strings.Join(now, " ")+"]")
	}
	switch {
	case s.Counts.Ignored > ignored && len(words) == 0:
		return "ignored, " + string(s.Counts.IgnoredFor[0].Reason)
	case s.Counts.Ignored > ignored:
		return strings.Join(words, " | ") + " | counted as ignored"
	case len(words) == 0:
		return "noted"
	}
	return strings.Join(words, " | ")
}
