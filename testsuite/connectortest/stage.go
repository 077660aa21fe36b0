package connectortest

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"

	"github.com/handoff-engine/handoff/activities"
	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/memory"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/files"
	fakememory "github.com/handoff-engine/handoff/testsuite/fake/memory"
)

// otherName is the connection of the memory vendor, which takes the sides that the subject does not have.
const otherName = "counterpart"

// story is one conversation in which the subject takes every side that it can, and the memory vendor the others. The
// model decides, the real activities call, and what comes of it goes back to the model, as the workflow does it.
type story struct {
	*world
	c        conversation.Conversation
	env      *testsuite.TestActivityEnvironment
	acts     *activities.Activities
	now      time.Time
	events   int
	consumed int
	// skipped is how far the story's clock was put forward: the fakes' clocks were not.
	skipped time.Duration

	to            string
	toVendor      map[string]string
	customerSees  func() []string
	deskSees      func(conversation.Ticket) []string
	closed        func(conversation.Ticket) bool
	agentAnswers  func(conversation.Ticket, string)
	webhooks      func() []*connector.Delivery
	channel       connector.Connector
	desk          connector.Connector
	deskName      string
	channelSource string
	// typed counts the notices of typing that the customer was shown.
	typed int
}

func newStory(w *world) *story {
	w.Helper()
	other, fake := newCounterpart(w)
	s := &story{world: w, now: time.Now().UTC(), channel: w.conn, desk: w.conn, deskName: connectionName, channelSource: connectionName}
	route := conversation.Route{Name: "story", Channel: sideOf(connectionName, w.conn), Desks: []conversation.Connection{sideOf(connectionName, w.conn)}}
	if is[connector.Channel](w.conn) {
		s.to, s.toVendor = w.conversation()
		s.customerSees = func() []string { return w.vendor.CustomerSees(s.to) }
	} else {
		s.to, s.channelSource, s.channel = fake.NewCustomer(customerName), otherName, other
		s.customerSees = func() []string { return fake.CustomerSees(s.to) }
		route.Channel = sideOf(otherName, other)
	}
	if is[connector.Desk](w.conn) {
		s.deskSees, s.closed, s.agentAnswers, s.webhooks = w.vendor.AgentSees, w.vendor.Closed, w.vendor.AgentSays, w.vendor.Webhooks
	} else {
		s.desk, s.deskName = other, otherName
		s.deskSees = func(t conversation.Ticket) []string { return fake.AgentSees(t.ID) }
		s.agentAnswers = func(t conversation.Ticket, text string) {
			require.NoError(w, fake.AgentSays(t.ID, fakememory.Maya, text))
		}
		s.webhooks = fake.Webhooks
		route.Desks = []conversation.Connection{sideOf(otherName, other)}
	}
	if !route.Channel.HostsBot {
		bot := sideOf(otherName, other)
		if is[connector.Bot](w.conn) {
			bot = sideOf(connectionName, w.conn)
		}
		route.Bot = &bot
	}
	s.begin(route, map[string]connector.Connector{connectionName: w.conn, otherName: other})
	return s
}

// begin starts the conversation and makes the activities ready.
func (s *story) begin(route conversation.Route, connections map[string]connector.Connector) {
	s.Helper()
	s.c = conversation.New("under-test:c1", route.WithDefaults())
	s.c.Begin(s.now, "e1")
	sources := map[string]files.Source{}
	for name, c := range connections {
		sources[name] = files.Source{Connector: c}
	}
	links, err := files.NewLinks(publicURL, connector.Secrets{"a-secret-for-links"}, 0)
	require.NoError(s, err)
	s.acts = &activities.Activities{
		Connections: connections, Conversations: known{&s.c}, Logger: slog.New(slog.DiscardHandler),
		Files: files.NewOpener(files.Config{Sources: sources, Links: links, Fetcher: fetcher{}}),
	}
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	s.env = suite.NewTestActivityEnvironment()
	s.env.RegisterActivity(s.acts)
}

// newCounterpart opens the memory vendor.
func newCounterpart(w *world) (connector.Connector, *fakememory.Server) {
	w.Helper()
	fake := fakememory.New(fakememory.Options{})
	server := httptest.NewServer(fake)
	w.Cleanup(func() {
		fake.Close()
		server.Close()
	})
	conn, err := memory.New(memory.Config{BaseURL: server.URL, Secret: connector.Secrets{fakememory.DefaultSecret}}, connector.Deps{})
	require.NoError(w, err)
	return conn, fake
}

// sideOf is what a conversation knows of a connection.
func sideOf(name string, c connector.Connector) conversation.Connection {
	traits := c.Traits()
	side := conversation.Connection{
		Name: name, Vendor: c.Name(), HostsBot: traits.HostsBot, SendingTakesOver: traits.SendingTakesOver,
		HoldUnknown: traits.HoldUnknown, Redelivery: conversation.Duration(traits.Redelivery), Mirrors: traits.MirrorsBot,
		Batch: is[connector.Channel](c) && traits.Deliver != connector.AtLeastOnce || is[connector.Desk](c) && traits.Post != connector.AtLeastOnce,
	}
	for _, ability := range connector.CapabilitiesOf(c) {
		side.Can = append(side.Can, string(ability))
	}
	return side
}

// fromChannel tells what happened at the channel.
func (s *story) fromChannel(ev conversation.Event) {
	s.Helper()
	s.tell(s.channelSource, ev)
}

// fromDesk tells what happened to the ticket at the desk.
func (s *story) fromDesk(ticket conversation.Ticket, ev conversation.Event) {
	s.Helper()
	ev.TicketID = ticket.ID
	s.tell(s.deskName, ev)
}

func (s *story) tell(source string, ev conversation.Event) {
	s.Helper()
	s.events++
	ev.ID, ev.Source = "story-"+strconv.Itoa(s.events), source
	s.apply(ev)
	s.settle()
}

func (s *story) apply(ev conversation.Event) {
	s.now = s.now.Add(time.Second)
	if ev.At.IsZero() && !ev.Kind.TellsState() {
		ev.At = s.now
	}
	s.c.Apply(s.now, ev)
}

// takeWebhooks verifies, decodes and applies what the desk has sent since the last time, until done holds.
func (s *story) takeWebhooks(done func() bool) {
	s.Helper()
	s.eventually(func() bool {
		all := s.webhooks()
		for _, d := range all[s.consumed:] {
			s.takeWebhook(d)
		}
		s.consumed = len(all)
		return done()
	}, "the desk's webhooks to tell what the agent said")
}

func (s *story) takeWebhook(d *connector.Delivery) {
	s.Helper()
	var err error
	s.eventually(func() bool {
		err = s.desk.Verify(d)
		return connector.KindOf(err) != connector.Unavailable // Keys are being loaded: the vendor would come again.
	}, "the desk's webhooks to be verified")
	require.NoError(s, err, "a webhook of the fake")
	if keeper, ok := s.desk.(connector.FileKeeper); ok {
		require.NoError(s, keeper.KeepFiles(s.Context(), d), "a webhook of the fake")
	}
	events, err := s.desk.Decode(d)
	require.NoError(s, err, "a webhook of the fake")
	for _, in := range events {
		if in.Typing != nil {
			s.passTyping(*in.Typing)
		}
		if passesBy(in) || in.Ref.Conversation != "" {
			continue // Typing and reading pass by; what the channel side tells is told by the story.
		}
		require.True(s, s.meant(in.Ref), "a webhook of the desk names another conversation or ticket")
		in.Event.Source = s.deskName
		if !in.Event.At.IsZero() {
			in.Event.At = in.Event.At.Add(s.skipped)
		}
		s.apply(in.Event)
		s.settle()
	}
}

// meant reports whether the gateway would find the story's conversation by ref.
func (s *story) meant(ref connector.Ref) bool {
	if ref.ID != "" {
		return ref.ID == s.c.ID
	}
	return slices.ContainsFunc(s.c.Tickets, func(t conversation.TicketRecord) bool {
		return t.Ticket.ID == ref.Ticket || ref.TicketPrefix != "" && strings.HasPrefix(t.Ticket.ID, ref.TicketPrefix)
	})
}

// redelivered tells every webhook of the desk once more, which must change nothing but the count of duplicates.
func (s *story) redelivered() {
	s.Helper()
	if s.agentAnswers == nil || s.webhooks == nil {
		return
	}
	delivered, state, line := s.c.Counts.Delivered, s.c.State, s.c.Transcript.Last
	for _, d := range s.webhooks() {
		s.takeWebhook(d)
	}
	require.Equal(s, delivered, s.c.Counts.Delivered, "a redelivery had an effect")
	require.Equal(s, state, s.c.State, "a redelivery changed the state")
	require.Equal(s, line, s.c.Transcript.Last, "a redelivery said something")
}

// settle has the activities do what was decided until nothing is left.
func (s *story) settle() {
	s.Helper()
	for round := 0; ; round++ {
		require.Less(s, round, 100, "there is no end of effects")
		busy := false
		for _, side := range conversation.Sides() {
			task, ok := s.c.Take(side)
			if !ok {
				continue
			}
			busy = true
			for _, ev := range s.perform(task) {
				s.now = s.now.Add(time.Second)
				s.c.Apply(s.now, ev)
			}
		}
		if !busy {
			return
		}
	}
}

// perform runs the activity of a task.
func (s *story) perform(task conversation.Task) []conversation.Event {
	s.Helper()
	kind := task.Effects[0].Kind
	activity, ok := map[conversation.EffectKind]any{
		conversation.Say: s.acts.Say, conversation.PauseBot: s.acts.PauseBot, conversation.ResumeBot: s.acts.ResumeBot,
		conversation.Notify: s.acts.Notify,
		conversation.AskBot: s.acts.AskBot, conversation.PrepareTicket: s.acts.PrepareTicket,
		conversation.OpenTicket: s.acts.OpenTicket, conversation.Post: s.acts.Post, conversation.Note: s.acts.Note,
		conversation.Assign: s.acts.Assign, conversation.CatchUp: s.acts.CatchUp, conversation.CloseTicket: s.acts.CloseTicket,
		conversation.Mirror: s.acts.Mirror, conversation.UpdateTicket: s.acts.UpdateTicket, conversation.EditSaid: s.acts.Edit,
		conversation.EditPosted: s.acts.Edit, conversation.AskRating: s.acts.AskRating, conversation.ReadQueue: s.acts.ReadQueue,
		conversation.ReportRating: s.acts.ReportRating, conversation.FindTicket: s.acts.FindTicket,
	}[kind]
	require.True(s, ok, "no activity does %s", kind)
	value, err := s.env.ExecuteActivity(activity, task)
	require.NoError(s, err, "the effect %s failed", kind)
	var outcomes []conversation.Event
	require.NoError(s, value.Get(&outcomes))
	require.NotEmpty(s, outcomes, "nothing came of %s", kind)
	return outcomes
}

// known is the story's only conversation, for the activities.
type known struct{ c *conversation.Conversation }

func (k known) Signal(context.Context, conversation.Arrival) (conversation.Result, error) {
	return conversation.Accepted, nil
}

func (k known) PassOn(context.Context, conversation.Arrival) error { return nil }

func (k known) View(context.Context, string) (conversation.View, error) {
	return conversation.View{}, conversation.ErrNotFound
}

func (k known) Missing(_ context.Context, _ string, events []conversation.Event) ([]conversation.Event, error) {
	return k.c.Missing(events), nil
}

func (k known) Ahead(context.Context, string, time.Time) (int, error) { return 0, nil }

func (k known) Active(context.Context, string) ([]string, error) { return []string{k.c.ID}, nil }

// fetcher opens the picture of the suite, and what a fake serves.
type fetcher struct{}

func (fetcher) Fetch(ctx context.Context, _ string, file conversation.Attachment) (connector.File, error) {
	if strings.HasPrefix(file.URL, picturesAt) {
		f, err := openPicture(ctx)
		f.Name, f.ContentType = file.Name, file.ContentType
		return f, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, file.URL, http.NoBody)
	if err != nil {
		return connector.File{}, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return connector.File{}, err
	}
	if resp.StatusCode != http.StatusOK {
		_ = resp.Body.Close()
		return connector.File{}, connector.Errorf("handoff", "Fetch", connector.KindOfStatus(resp.StatusCode), "status %d", resp.StatusCode)
	}
	return connector.File{ReadCloser: resp.Body, Name: file.Name, ContentType: resp.Header.Get("Content-Type"), Size: resp.ContentLength}, nil
}

// passTyping shows the customer that an agent types, as the gateway does.
func (s *story) passTyping(typing connector.Typing) {
	s.Helper()
	if shower, ok := s.channel.(connector.TypingSender); ok && typing.On {
		require.NoError(s, shower.SendTyping(s.Context(), connector.TypingRequest{
			To: s.to, On: true, Text: typing.Text, Author: typing.Author, Vendor: s.toVendor,
		}))
		s.typed++
	}
}
