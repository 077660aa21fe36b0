package owndesk_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpdesk"
	"github.com/handoff-engine/handoff/connector/sign"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/standalone/playground/owndesk"
)

const (
	secret = "a secret of the test"
	robin  = "robin"
	sam    = "sam"
)

// client is the connector's side of the contract.
type client interface {
	connector.Desk
	connector.AgentAssigner
	connector.TicketCloser
	connector.TicketMirror
	connector.TicketUpdater
	connector.NoteWriter
	connector.AvailabilityReader
	connector.QueueReader
	connector.AttachmentSender
	connector.MessageEditor
	connector.TypingSender
	connector.ReadMarker
	connector.Checker
}

// site is the desk between the connector and a gateway that refuses the first events.
type site struct {
	*owndesk.Desk
	client client
	stop   func()

	mu     sync.Mutex
	refuse int
	events []conversation.Event
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	d := &connector.Delivery{Method: r.Method, Header: r.Header, Body: body, ReceivedAt: time.Now()}
	if s.client.Verify(d) != nil {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if s.refuse > 0 {
		s.refuse--
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	events, err := s.client.Decode(d)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	for _, in := range events {
		s.events = append(s.events, in.Event)
	}
}

// told waits for n events.
func (s *site) told(t *testing.T, n int) []conversation.Event {
	t.Helper()
	var events []conversation.Event
	require.Eventually(t, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		events = append([]conversation.Event(nil), s.events...)
		return len(events) >= n
	}, 10*time.Second, 5*time.Millisecond)
	require.Len(t, events, n)
	return events
}

func open(t *testing.T, dir string, refuse int) *site {
	t.Helper()
	s := &site{refuse: refuse}
	gateway := httptest.NewServer(s)
	var err error
	s.Desk, err = owndesk.Open(owndesk.Config{Dir: dir, Secret: secret, HookURL: gateway.URL, TicketURL: "http://desk.example/#"})
	require.NoError(t, err)
	desk := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.Handler().ServeHTTP(w, r) }))
	c, err := httpdesk.New(httpdesk.Config{URL: desk.URL + "/", Secret: connector.Secrets{secret}, Mirror: true}, connector.Deps{Connection: "own-desk"})
	require.NoError(t, err)
	s.client = c.(client)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { s.Run(ctx); close(done) }()
	s.stop = sync.OnceFunc(func() {
		cancel()
		<-done
		gateway.Close()
		desk.Close()
		_ = s.Close()
	})
	t.Cleanup(s.stop)
	return s
}

// opened has handoff ask for an agent.
func (s *site) opened(t *testing.T, key conversation.Key) conversation.Ticket {
	t.Helper()
	ticket, err := s.client.Open(t.Context(), connector.OpenRequest{
		Key: key, Conversation: "own-site:u-1", Customer: conversation.Customer{Name: "Ana"},
		Transcript: []conversation.Line{{N: 1, Role: conversation.RoleCustomer, At: time.Now(), Text: "hello"}},
	})
	require.NoError(t, err)
	return ticket
}

func (s *site) ticket(id string) owndesk.Ticket {
	for _, t := range s.View(id).Tickets {
		if t.ID == id {
			return t
		}
	}
	return owndesk.Ticket{}
}

func texts(t owndesk.Ticket) (list []string) {
	for _, m := range t.Messages {
		text := m.Text
		switch {
		case m.Deleted:
			text = "deleted"
		case m.Note:
			text = "note: " + text
		case m.Attachment != nil:
			text = m.Attachment.URL
		}
		list = append(list, m.Role+": "+text)
	}
	return list
}

func TestTheDeskShowsWhatItIsToldOnceAndAfterARestart(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, 0)
	c := s.client
	require.NoError(t, c.Check(t.Context()))
	ticket := s.opened(t, "own-site:u-1/e-1")
	require.Equal(t, "http://desk.example/#own-site:u-1~e-1", ticket.URL)
	for range 2 {
		_, err := c.Post(t.Context(), connector.PostRequest{Key: "own-site:u-1/e-2", Ticket: ticket, Text: "anybody?"})
		require.NoError(t, err)
		_, err = c.SendAttachment(t.Context(), connector.AttachmentRequest{Key: "own-site:u-1/e-3", Ticket: ticket, Attachment: conversation.Attachment{URL: "https://a"}})
		require.NoError(t, err)
		require.NoError(t, c.WriteNote(t.Context(), connector.NoteRequest{Key: "own-site:u-1/e-4", Ticket: ticket, Text: "for agents"}))
		require.NoError(t, c.EditMessage(t.Context(), connector.EditRequest{Key: "own-site:u-1/e-5", Ticket: ticket, Message: "own-site:u-1/e-2", Text: "anybody there?"}))
		require.NoError(t, c.EditMessage(t.Context(), connector.EditRequest{Key: "own-site:u-1/e-6", Ticket: ticket, Message: "own-site:u-1/e-3", Delete: true}))
		require.NoError(t, c.UpdateTicket(t.Context(), connector.UpdateRequest{
			Key: "own-site:u-1/e-7", Ticket: ticket, At: time.Now(), Change: conversation.Change{From: conversation.InBot, To: conversation.Waiting},
		}))
		require.NoError(t, c.MarkRead(t.Context(), connector.ReadRequest{Ticket: ticket, At: time.Now()}))
	}
	require.NoError(t, c.SendTyping(t.Context(), connector.TypingRequest{Ticket: ticket, On: true}))
	require.True(t, s.ticket(ticket.ID).Typing)
	want := []string{"customer: hello", "customer: anybody there?", "customer: deleted", "handoff: note: for agents"}
	require.Equal(t, want, texts(s.ticket(ticket.ID)))
	s.stop()

	s = open(t, dir, 0)
	shown := s.ticket(ticket.ID)
	require.Equal(t, want, texts(shown))
	require.Equal(t, []any{"Ana", "waiting", 2, true, false}, []any{shown.Customer.Name, shown.State, shown.Unread, shown.Asked, shown.Typing})
	_, err := s.client.Post(t.Context(), connector.PostRequest{Key: "own-site:u-1/e-2", Ticket: ticket, Text: "anybody?"})
	require.NoError(t, err)
	require.Len(t, s.ticket(ticket.ID).Messages, 4, "a repeat after the restart is known")
}

func TestWhatAgentsDoIsToldInOrderUntilItIsStored(t *testing.T) {
	s := open(t, t.TempDir(), 3)
	ticket := s.opened(t, "own-site:u-1/e-1").ID
	require.NoError(t, s.Take(ticket, robin))
	require.NoError(t, s.Answer(ticket, robin, "m-1", "helo", nil))
	require.NoError(t, s.Answer(ticket, robin, "m-1", "helo", nil), "the page repeats itself")
	require.NoError(t, s.Edit(ticket, robin, "m-1", "hello"))
	require.NoError(t, s.Note(ticket, robin, "n-1", "between us"))
	require.NoError(t, s.Note(ticket, robin, "n-1", "between us"))
	require.NoError(t, s.Answer(ticket, robin, "m-2", "", &httpdesk.Attachment{URL: "https://files.example/a.png"}))
	require.NoError(t, s.Edit(ticket, robin, "m-2", ""))
	require.NoError(t, s.Transfer(ticket, robin, sam))
	require.NoError(t, s.Release(ticket, sam))
	require.NoError(t, s.CloseTicket(ticket, sam))
	var kinds []conversation.Kind
	for _, ev := range s.told(t, 9) {
		kinds = append(kinds, ev.Kind)
		require.Equal(t, ticket, ev.TicketID)
		if ev.Kind == conversation.AgentNoted {
			require.Empty(t, ev.Text)
		}
	}
	require.Equal(t, []conversation.Kind{
		conversation.AgentAssigned, conversation.AgentSaid, conversation.AgentEdited, conversation.AgentNoted, conversation.AgentSaid,
		conversation.AgentDeleted, conversation.AgentAssigned, conversation.AgentUnassigned, conversation.TicketClosed,
	}, kinds)
	require.Equal(t, []string{"customer: hello", "agent: hello", "agent: note: between us", "agent: deleted"}, texts(s.ticket(ticket)))
	refused := 0
	for _, w := range s.View(ticket).Wire {
		if w.Out && w.Status == http.StatusServiceUnavailable {
			refused++
		}
	}
	require.Equal(t, 3, refused, "the wire shows each attempt")
}

func TestWhatIsPendingIsToldAfterARestart(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, 1000)
	ticket := s.opened(t, "own-site:u-1/e-1").ID
	require.NoError(t, s.Answer(ticket, robin, "m-1", "hello", nil))
	s.stop()
	s = open(t, dir, 0)
	require.Equal(t, "hello", s.told(t, 1)[0].Text)
}

func TestAnAgentWhoGoesAwayLeavesHisTickets(t *testing.T) {
	s := open(t, t.TempDir(), 0)
	available := func() connector.Availability {
		there, err := s.client.Availability(t.Context(), connector.AvailabilityRequest{})
		require.NoError(t, err)
		return there
	}
	first, second := s.opened(t, "own-site:u-1/e-1"), s.opened(t, "own-site:u-1/e-2")
	queue, err := s.client.Queue(t.Context(), connector.QueueRequest{Ticket: second})
	require.NoError(t, err)
	require.Equal(t, 2, queue.Position)
	require.NoError(t, s.Take(first.ID, robin))
	require.Equal(t, connector.Online, available())
	require.NoError(t, s.SetOnline(robin, false))
	require.Equal(t, conversation.AgentOffline, s.told(t, 2)[1].Kind)
	require.Nil(t, s.ticket(first.ID).Agent)
	require.ErrorIs(t, s.Take(first.ID, robin), owndesk.ErrAway)
	require.NoError(t, s.SetOnline(sam, false))
	require.Equal(t, connector.Offline, available())

	assign := func(agent string) connector.Kind {
		return connector.KindOf(s.client.Assign(t.Context(), connector.AssignRequest{Key: conversation.Key("own-site:u-1/" + agent), Ticket: first, Agent: agent}))
	}
	require.Equal(t, connector.Conflict, assign(robin))
	require.Equal(t, connector.NotFound, assign("nobody"))
	require.NoError(t, s.SetOnline(sam, true))
	require.Empty(t, assign(sam))
	require.Equal(t, sam, s.ticket(first.ID).Agent.ID)
}

func TestAgentsReadAlongBeforeTheyAreAsked(t *testing.T) {
	s := open(t, t.TempDir(), 0)
	line := func(n int, text string) conversation.Line {
		return conversation.Line{N: n, Role: conversation.RoleCustomer, At: time.Now(), Text: text}
	}
	ticket, err := s.client.Mirror(t.Context(), connector.MirrorRequest{Key: "own-site:u-1/e-1", Conversation: "own-site:u-1", Lines: []conversation.Line{line(1, "one")}})
	require.NoError(t, err)
	require.False(t, s.ticket(ticket.ID).Asked)
	_, err = s.client.Open(t.Context(), connector.OpenRequest{
		Key: "own-site:u-1/e-2", Conversation: "own-site:u-1", Mirrored: &ticket, Transcript: []conversation.Line{line(1, "one"), line(2, "two")},
	})
	require.NoError(t, err)
	require.True(t, s.ticket(ticket.ID).Asked)
	require.Equal(t, []string{"customer: one", "customer: two"}, texts(s.ticket(ticket.ID)))
}

func TestAClosedTicketAndStrangersAreRefused(t *testing.T) {
	s := open(t, t.TempDir(), 0)
	ticket := s.opened(t, "own-site:u-1/e-1")
	for range 2 {
		require.NoError(t, s.client.CloseTicket(t.Context(), connector.CloseRequest{Key: "own-site:u-1/e-2", Ticket: ticket, ByCustomer: true}))
	}
	require.Equal(t, "customer", s.ticket(ticket.ID).ClosedBy)
	post := connector.PostRequest{Key: "own-site:u-1/e-3", Ticket: ticket, Text: "hello"}
	_, err := s.client.Post(t.Context(), post)
	require.Equal(t, connector.Conflict, connector.KindOf(err))
	post.Ticket.ID = "own-site:u-1~none"
	_, err = s.client.Post(t.Context(), post)
	require.Equal(t, connector.NotFound, connector.KindOf(err))
	require.ErrorIs(t, s.Answer(ticket.ID, robin, "m", "hello", nil), owndesk.ErrClosed)
	require.ErrorIs(t, s.Answer("none", robin, "m", "hello", nil), owndesk.ErrUnknown)
	require.ErrorIs(t, s.Answer(ticket.ID, robin, "m", "", nil), owndesk.ErrEmpty)

	for _, x := range []struct {
		secret, body string
		status       int
	}{
		{"guess", `{"type":"ping"}`, http.StatusUnauthorized},
		{secret, `{"type":"ticket.danced","data":{"ticket":"t"}}`, http.StatusNotImplemented},
		{secret, `{"type":"message.created","data":{}}`, http.StatusBadRequest},
		{secret, `no`, http.StatusBadRequest},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(x.body))
		r.Header = sign.StandardHeader(connector.Secrets{connector.Secret(x.secret)}, "id", time.Now(), []byte(x.body))
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		require.Equal(t, x.status, w.Code, x.body)
	}
	_, err = owndesk.Open(owndesk.Config{Dir: t.TempDir()})
	require.Error(t, err, "a desk without a secret")
}
