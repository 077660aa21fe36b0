package httpdesk_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpdesk"
	"github.com/handoff-engine/handoff/conversation"
	fakehttpdesk "github.com/handoff-engine/handoff/testsuite/fake/httpdesk"
)

var (
	now = time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC)
	// open1 is a request for an agent in the conversation that the README tells of.
	open1 = connector.OpenRequest{
		Key: "app-shop:u-42/k3f9a2bq-7", Conversation: "app-shop:u-42", Group: "returns",
		Customer: conversation.Customer{Name: "Ana", Email: "ana@example.com", Language: "en", Fields: map[string]string{"order": "A-1"}},
		Transcript: []conversation.Line{
			{N: 1, Role: conversation.RoleCustomer, Name: "Ana", At: now, Text: "I want a refund"},
			{N: 2, Role: conversation.RoleBot, At: now.Add(time.Second), Text: "I get somebody."},
		},
	}
)

const ticket1 = "app-shop:u-42~k3f9a2bq-7"

// everything is what a desk connection can be asked to do; only mirroring depends on the configuration.
type everything interface {
	connector.Desk
	connector.AgentAssigner
	connector.TicketCloser
	connector.TicketUpdater
	connector.TicketMirror
	connector.NoteWriter
	connector.AvailabilityReader
	connector.QueueReader
	connector.TypingSender
	connector.ReadMarker
	connector.AttachmentSender
	connector.MessageEditor
	connector.RatingWriter
	connector.Checker
}

// connect opens a connection.
func connect(t *testing.T, config httpdesk.Config, client *http.Client) connector.Connector {
	t.Helper()
	if config.Secret == nil {
		config.Secret = connector.Secrets{fakehttpdesk.DefaultSecret}
	}
	require.NoError(t, config.Validate())
	c, err := httpdesk.New(config, connector.Deps{Connection: "own-desk", HTTP: client})
	require.NoError(t, err)
	return c
}

// desk is a fake desk and a connection to it that can do everything.
func desk(t *testing.T, options fakehttpdesk.Options, secrets ...connector.Secret) (*fakehttpdesk.Server, everything) {
	t.Helper()
	s := fakehttpdesk.New(options)
	server := httptest.NewServer(s)
	t.Cleanup(func() {
		s.Close()
		server.Close()
	})
	c, ok := connect(t, httpdesk.Config{URL: server.URL + "/handoff", Secret: secrets, Mirror: true}, nil).(everything)
	require.True(t, ok)
	return s, c
}

// opened is a desk with the one ticket.
func opened(t *testing.T, options fakehttpdesk.Options) (*fakehttpdesk.Server, everything, conversation.Ticket) {
	t.Helper()
	s, c := desk(t, options)
	ticket, err := c.Open(t.Context(), open1)
	require.NoError(t, err)
	return s, c, ticket
}

func TestATicketHasTheNameThatWeGiveIt(t *testing.T) {
	s, c, ticket := opened(t, fakehttpdesk.Options{})
	require.Equal(t, conversation.Ticket{ID: ticket1, URL: "https://desk.example/tickets/" + ticket1}, ticket)
	again := open1
	again.Key, again.Previous = "app-shop:u-42/k3f9a2bq-31", &ticket
	second, err := c.Open(t.Context(), again)
	require.NoError(t, err)
	require.NotEqual(t, ticket.ID, second.ID)
	require.Equal(t, ticket.ID, s.Ticket(second.ID).Previous)
	require.JSONEq(t, `{"name":"Ana","email":"ana@example.com","language":"en","fields":{"order":"A-1"}}`, s.Ticket(ticket.ID).Customer)
}

func TestAgentsReadAlongAndAreAskedOnTheSameTicket(t *testing.T) {
	s, c := desk(t, fakehttpdesk.Options{})
	mirror := func(key conversation.Key, ticket conversation.Ticket, lines ...conversation.Line) conversation.Ticket {
		req := connector.MirrorRequest{Key: key, Conversation: "app-shop:u-42", Ticket: ticket, Lines: lines, Customer: open1.Customer}
		ticket, err := c.Mirror(t.Context(), req)
		require.NoError(t, err)
		again, err := c.Mirror(t.Context(), req)
		require.NoError(t, err)
		require.Equal(t, ticket, again, "a repeat is the same ticket")
		return ticket
	}
	ticket := mirror("app-shop:u-42/k3f9a2bq-1", conversation.Ticket{}, open1.Transcript[0])
	require.Equal(t, "app-shop:u-42~k3f9a2bq-1", ticket.ID)
	require.False(t, s.Ticket(ticket.ID).Asked)
	require.Equal(t, ticket, mirror("app-shop:u-42/k3f9a2bq-2", ticket, open1.Transcript[1]))

	ask := open1
	ask.Mirrored, ask.Transcript = &ticket, []conversation.Line{
		{N: 3, Role: conversation.RoleCustomer, At: now, Text: "human"}, {N: 4, Role: conversation.RoleCustomer, At: now, Text: "oops", Deleted: true},
	}
	asked, err := c.Open(t.Context(), ask)
	require.NoError(t, err)
	require.Equal(t, ticket, asked)
	require.Len(t, s.Tickets(), 1)
	require.True(t, s.Ticket(ticket.ID).Asked)
	var read []string
	for _, l := range s.Ticket(ticket.ID).Transcript {
		read = append(read, fmt.Sprint(l.Number, " ", l.Author.Role, ": ", l.Text))
	}
	require.Equal(t, []string{"1 customer: I want a refund", "2 bot: I get somebody.", "3 customer: human"}, read)
}

func TestOnlyADeskThatWantsItReadsAlong(t *testing.T) {
	config := httpdesk.Config{URL: "https://desk.example/handoff"}
	require.NotContains(t, connector.CapabilitiesOf(connect(t, config, nil)), connector.CanMirror)
	require.False(t, connect(t, config, nil).Traits().MirrorsBot)
	config.Mirror = true
	require.Contains(t, connector.CapabilitiesOf(connect(t, config, nil)), connector.CanMirror)
	require.True(t, connect(t, config, nil).Traits().MirrorsBot)
}

func TestATicketShowsHowThingsStand(t *testing.T) {
	s, c, ticket := opened(t, fakehttpdesk.Options{})
	require.NoError(t, c.UpdateTicket(t.Context(), connector.UpdateRequest{
		Key: "app-shop:u-42/k3f9a2bq-8", Ticket: ticket, At: now, WaitingSince: now.Add(-time.Minute), Change: conversation.Change{
			From: conversation.Waiting, To: conversation.Assigned, Reason: conversation.AgentTook, Agent: conversation.Author{ID: "mira", Name: "Mira"},
		},
	}))
	told := s.Told()[1]
	require.Equal(t, now, told.Timestamp)
	require.Equal(t, now.Add(-time.Minute), told.Data.WaitingSince)
	require.Equal(t, []string{"agent-assigned", "waiting", "agent_took_it", "mira"},
		[]string{told.Data.State, told.Data.PreviousState, told.Data.Reason, told.Data.Agent.ID})
	require.Equal(t, "agent-assigned", s.Ticket(ticket.ID).State)
}

func TestAMessageIsEditedAndDeletedByTheNameItWasSentWith(t *testing.T) {
	s, c, ticket := opened(t, fakehttpdesk.Options{})
	sent, err := c.Post(t.Context(), connector.PostRequest{Key: "app-shop:u-42/k3f9a2bq-8", Ticket: ticket, Text: "helo", At: now})
	require.NoError(t, err)
	file, err := c.SendAttachment(t.Context(), connector.AttachmentRequest{
		Key: "app-shop:u-42/k3f9a2bq-9", Ticket: ticket, Text: "look", Attachment: conversation.Attachment{Latitude: 52.37, Longitude: 4.89},
	})
	require.NoError(t, err)
	edit := connector.EditRequest{Key: "app-shop:u-42/k3f9a2bq-10", Ticket: ticket, Message: sent.ID, Text: "hello"}
	require.NoError(t, c.EditMessage(t.Context(), edit))
	require.Equal(t, []string{"hello", "look"}, s.AgentSees(ticket.ID))
	require.Equal(t, map[string]any{"latitude": 52.37, "longitude": 4.89}, s.Ticket(ticket.ID).Messages[1].Attachment)
	require.NoError(t, c.EditMessage(t.Context(), connector.EditRequest{Key: "app-shop:u-42/k3f9a2bq-11", Ticket: ticket, Message: file.ID, Delete: true}))
	require.Equal(t, []string{"hello"}, s.AgentSees(ticket.ID))
	edit.Key, edit.Message = "app-shop:u-42/k3f9a2bq-12", "never sent"
	require.Equal(t, connector.NotFound, connector.KindOf(c.EditMessage(t.Context(), edit)))
}

func TestAnUrgentTicketIsCalledSoAndItsRatingIsKept(t *testing.T) {
	s, c := desk(t, fakehttpdesk.Options{})
	ask := open1
	ask.Priority = "urgent"
	ticket, err := c.Open(t.Context(), ask)
	require.NoError(t, err)
	require.Equal(t, "urgent", s.Ticket(ticket.ID).Priority)
	require.NoError(t, c.CloseTicket(t.Context(), connector.CloseRequest{Key: "app-shop:u-42/k3f9a2bq-8", Ticket: ticket}))
	rating := connector.RatingReport{Key: "app-shop:u-42/k3f9a2bq-9", Ticket: ticket, Rating: 4, Comment: "quick"}
	require.NoError(t, c.WriteRating(t.Context(), rating))
	require.Equal(t, 4, s.Ticket(ticket.ID).Rating)
}

func TestWhatPassesByIsSeenAndNeverTheSameWebhook(t *testing.T) {
	s, c, ticket := opened(t, fakehttpdesk.Options{})
	for range 2 {
		require.NoError(t, c.SendTyping(t.Context(), connector.TypingRequest{Ticket: ticket, On: true, Text: "hel"}))
		require.NoError(t, c.MarkRead(t.Context(), connector.ReadRequest{Ticket: ticket, At: now}))
	}
	require.True(t, s.Ticket(ticket.ID).Typing)
	require.Equal(t, now, s.Ticket(ticket.ID).Read)
	require.Len(t, s.Told(), 5)
}

func TestADeskIsAskedForItsQueueAndWhoIsThere(t *testing.T) {
	s, c, first := opened(t, fakehttpdesk.Options{})
	second := open1
	second.Key = "app-shop:u-42/k3f9a2bq-31"
	behind, err := c.Open(t.Context(), second)
	require.NoError(t, err)
	queue := func(ticket conversation.Ticket) conversation.Queue {
		q, err := c.Queue(t.Context(), connector.QueueRequest{Ticket: ticket})
		require.NoError(t, err)
		return q
	}
	require.Equal(t, conversation.Queue{Position: 1, Wait: conversation.Duration(time.Minute)}, queue(first))
	require.Equal(t, conversation.Queue{Position: 2, Wait: conversation.Duration(2 * time.Minute)}, queue(behind))
	require.Zero(t, queue(conversation.Ticket{ID: "app-shop:u-42~none"}), "a desk that does not know says nothing")

	available := func(group string) connector.Availability {
		there, err := c.Availability(t.Context(), connector.AvailabilityRequest{Group: group})
		require.NoError(t, err)
		return there
	}
	require.Equal(t, connector.Online, available("returns"))
	require.Equal(t, connector.AvailabilityUnknown, available("a group & another"))
	s.AgentJoins(first.ID, fakehttpdesk.Mira)
	s.AgentJoins(behind.ID, fakehttpdesk.Tom)
	require.Equal(t, connector.Queueing, available(""))
	s.SetAway(fakehttpdesk.Mira, true)
	s.SetAway(fakehttpdesk.Tom, true)
	require.Equal(t, connector.Offline, available(""))
}

func TestQuestionsKeepTheQueryOfTheAddress(t *testing.T) {
	var asked []string
	client := answering(func(r *http.Request) (int, http.Header, string) {
		asked = append(asked, r.URL.String())
		return http.StatusOK, nil, `{"status":"on holiday"}`
	})
	c := connect(t, httpdesk.Config{URL: "https://desk.example/in?tenant=7", Group: "sales"}, client)
	there, err := c.(connector.AvailabilityReader).Availability(t.Context(), connector.AvailabilityRequest{})
	require.NoError(t, err)
	require.Equal(t, connector.AvailabilityUnknown, there)
	require.Equal(t, []string{"https://desk.example/in/availability?group=sales&tenant=7"}, asked)
}

func TestOnlyWebAddressesOfTicketsAreKept(t *testing.T) {
	for body, want := range map[string]string{
		`{"url":"https://desk.example/t/1","id":7}`:           "https://desk.example/t/1",
		`{"url":"javascript:alert(1)"}`:                       "",
		`{"url":"https://` + strings.Repeat("x", 3000) + `"}`: "",
		`{"url":7}`: "", `thanks`: "", ``: "", `[]`: "",
	} {
		c := connect(t, httpdesk.Config{URL: "https://desk.example/handoff"}, answering(func(*http.Request) (int, http.Header, string) {
			return http.StatusOK, nil, body
		}))
		ticket, err := c.(connector.Desk).Open(t.Context(), open1)
		require.NoError(t, err)
		require.Equal(t, conversation.Ticket{ID: ticket1, URL: want}, ticket, body)
	}
}

func TestAMistakeInTheConfigurationIsNamed(t *testing.T) {
	right := httpdesk.Config{URL: "https://desk.example/handoff", Secret: connector.Secrets{"s"}}
	require.NoError(t, right.Validate())
	for want, spoil := range map[string]func(c *httpdesk.Config){
		"url: write":            func(c *httpdesk.Config) { c.URL = "desk.example" },
		"url: write ":           func(c *httpdesk.Config) { c.URL = "https://desk.example/#top" },
		"url: leave out":        func(c *httpdesk.Config) { c.URL = "https://me:word@desk.example/" },
		"secret: write":         func(c *httpdesk.Config) { c.Secret = nil },
		"secret: write ":        func(c *httpdesk.Config) { c.Secret = connector.Secrets{"a", ""} },
		"calls_per_second: wri": func(c *httpdesk.Config) { c.CallsPerSecond = -1 },
	} {
		c := right
		spoil(&c)
		require.ErrorContains(t, c.Validate(), want)
	}
}
