package tiledesk_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/tiledesk"
	"github.com/handoff-engine/handoff/conversation"
	real "github.com/handoff-engine/handoff/testsuite/real/tiledesk"
	"github.com/handoff-engine/handoff/testsuite/system"
)

const conversationID = "app-shop:77"

func key(n int) conversation.Key { return conversation.Key(fmt.Sprintf("%s/e1-%d", conversationID, n)) }

// carla has told nobody her e-mail.
var carla = conversation.Customer{Name: "Carla Customer", Language: "en"}

func line(n int, role conversation.Role, text string) conversation.Line {
	return conversation.Line{N: n, Role: role, Text: text, At: time.Date(2026, 3, 2, 9, 30, n, 0, time.UTC)}
}

func chat() []conversation.Line {
	return []conversation.Line{
		line(1, conversation.RoleBot, "Welcome! What is it about?"), line(2, conversation.RoleCustomer, "My parcel has not come."),
		line(3, conversation.RoleBot, "I ask a colleague."),
	}
}

var history = []string{"Bot: Welcome! What is it about?", "Carla Customer: My parcel has not come.", "Bot: I ask a colleague."}

func (x *side) opens(request connector.OpenRequest) conversation.Ticket {
	x.t.Helper()
	if request.Customer.Name == "" {
		request.Customer = carla
	}
	if request.Key == "" {
		request.Key = key(1)
	}
	request.Conversation = conversationID
	ticket, err := x.client.Open(x.t.Context(), request)
	require.NoError(x.t, err)
	return ticket
}

// Each test has a project of its own at one server.
func TestTheConnectorAtTheRealServer(t *testing.T) {
	s := real.Start(t)
	for name, test := range map[string]func(*testing.T, *real.Server){
		"a mirror is handed over and closed":     mirrorHandedOver,
		"what is repeated takes place once":      repeated,
		"customers are nobody else":              customersAreThemselves,
		"the ladder moves it once for each step": ladder,
		"files go both ways":                     files,
		"who is there":                           whoIsThere,
		"what is gone is gone":                   gone,
		"the quota":                              quota,
		"what would be obeyed is only read":      disarmed,
		"subscriptions are repaired":             subscriptions,
		"overlapping first messages":             overlapping,
		"the contract that the fake keeps":       keepsTheContract,
	} {
		t.Run(name, func(t *testing.T) { test(t, s) })
	}
}

func mirrorHandedOver(t *testing.T, s *real.Server) {
	x := connect(t, s)
	require.NoError(t, x.client.Check(t.Context()))
	mirror, err := x.client.Mirror(t.Context(), connector.MirrorRequest{Key: key(1), Conversation: conversationID, Customer: carla, Lines: chat()})
	require.NoError(t, err)
	require.Equal(t, history, x.reads(mirror))
	require.Equal(t, 50, x.Request(t, mirror.ID).Status, "nobody is bothered")

	ticket := x.opens(connector.OpenRequest{
		Key: key(2), Mirrored: &mirror, Transcript: chat(), Priority: "high",
		Customer: conversation.Customer{Name: carla.Name, Fields: map[string]string{"order": "A-1"}},
	})
	require.Equal(t, mirror.ID, ticket.ID)
	now := x.Request(t, ticket.ID)
	require.Equal(t, 200, now.Status)
	require.Equal(t, "high", now.Priority)
	require.Len(t, now.Notes, 1)
	require.Equal(t, "order: A-1", now.Notes[0].Text)
	require.Equal(t, history, x.reads(ticket))
	agent := x.agentOf(now)
	ev := x.until(ticket, "somebody has it", assigned(agent.User))
	require.Equal(t, agent.Name, ev.Author.Name)

	receipt, err := x.client.Post(t.Context(), connector.PostRequest{Key: key(3), Ticket: ticket, Text: "Are you there?"})
	require.NoError(t, err)
	found, there, err := x.client.FindSent(t.Context(), connector.FindRequest{Key: key(3), Ticket: ticket})
	require.NoError(t, err)
	require.True(t, there)
	require.Equal(t, receipt, found)
	require.Equal(t, receipt.ID, x.until(ticket, "our own words come back", func(ev conversation.Event) bool {
		return ev.Kind == conversation.SendProven && ev.Key == key(3)
	}).MessageID)

	agent.Says(t, ticket.ID, "Hello Carla")
	agent.Whispers(t, ticket.ID, "a difficult one")
	hello := x.until(ticket, "the agent's words come", said("Hello Carla"))
	require.Equal(t, conversation.Author{ID: agent.User, Name: agent.Name}, hello.Author)
	x.until(ticket, "what he says to others is known", kind(conversation.AgentNoted))
	require.NotContains(t, fmt.Sprintf("%+v", x.told(ticket)), "a difficult one")
	var healed []string
	for _, ev := range x.list(ticket) {
		if ev.Kind == conversation.AgentSaid {
			require.Equal(t, hello.ID, ev.ID, "a list names it as the webhook did")
			healed = append(healed, ev.Text)
		}
	}
	require.Equal(t, []string{"Hello Carla"}, healed)
	agent.Types(t, ticket.ID)
	system.Eventually(t, within, "that he types is told", func() bool {
		x.mu.Lock()
		defer x.mu.Unlock()
		for _, in := range x.events {
			if in.Typing != nil && in.Ref.Ticket == ticket.ID && in.Typing.Author.ID == agent.User {
				return true
			}
		}
		return false
	})

	require.NoError(t, x.client.WriteNote(t.Context(), connector.NoteRequest{Key: key(4), Ticket: ticket, Text: "for the agents"}))
	require.Equal(t, "for the agents", x.Request(t, ticket.ID).Notes[1].Text)
	agent.Closes(t, ticket.ID)
	x.until(ticket, "it is closed", kind(conversation.TicketClosed))
	system.Eventually(t, within, "and by whom", func() bool {
		for _, ev := range x.told(ticket) {
			if ev.Kind == conversation.TicketClosed && ev.Author.ID == agent.User {
				return true
			}
		}
		return false
	})
	ended := map[string]bool{}
	for _, ev := range append(x.told(ticket), x.list(ticket)...) {
		if ev.Kind == conversation.TicketClosed {
			ended[ev.ID] = true
		}
	}
	require.Len(t, ended, 1, "one end, however often it is told")
	_, err = x.client.Post(t.Context(), connector.PostRequest{Key: key(5), Ticket: ticket, Text: "one more thing"})
	require.Equal(t, connector.Conflict, connector.KindOf(err))
	require.NoError(t, x.client.WriteRating(t.Context(), connector.RatingReport{Key: key(6), Ticket: ticket, Rating: 5, Comment: "nice"}))
	require.Equal(t, 5, x.Request(t, ticket.ID).Rating)
	require.Equal(t, connector.Conflict, connector.KindOf(x.client.Assign(t.Context(), connector.AssignRequest{Key: key(7), Ticket: ticket})))
	require.Equal(t, 1000, x.Request(t, ticket.ID).Status)
}

// agentOf is who has a conversation.
func (x *side) agentOf(now real.Request) *real.Agent {
	x.t.Helper()
	require.Len(x.t, now.Participants, 1)
	if now.Participants[0] == x.Alice.User {
		return x.Alice
	}
	require.Equal(x.t, x.Bob.User, now.Participants[0])
	return x.Bob
}

func (x *side) other(a *real.Agent) *real.Agent {
	if a == x.Alice {
		return x.Bob
	}
	return x.Alice
}

func repeated(t *testing.T, s *real.Server) {
	for name, secret := range map[string]bool{"anonymous": false, "known under our id": true} {
		t.Run(name, func(t *testing.T) {
			x := connect(t, s, func(c *tiledesk.Config, p *real.Project) {
				if secret {
					c.CustomerJWTSecret = connector.Secret(p.JWTSecret)
				}
			})
			require.NoError(t, x.client.Check(t.Context()))
			mirror := func(lines ...conversation.Line) conversation.Ticket {
				ticket, err := x.client.Mirror(t.Context(), connector.MirrorRequest{Key: key(1), Conversation: conversationID, Customer: carla, Lines: lines})
				require.NoError(t, err)
				return ticket
			}
			first := mirror(chat()[:2]...)
			require.Equal(t, first.ID, mirror(chat()...).ID)
			require.Equal(t, history, x.reads(first))

			open := connector.OpenRequest{Key: key(2), Transcript: chat(), Customer: conversation.Customer{Name: carla.Name, Phone: "+49 30 1"}}
			ticket := x.opens(open)
			who := x.Request(t, ticket.ID).Participants
			require.Equal(t, ticket.ID, x.opens(open).ID)
			now := x.Request(t, ticket.ID)
			require.Equal(t, who, now.Participants)
			require.Len(t, now.Notes, 1)
			require.Equal(t, history, x.reads(ticket))

			long := strings.Repeat("x", 50_010)
			receipt, err := x.client.Post(t.Context(), connector.PostRequest{Key: key(3), Ticket: ticket, Text: long})
			require.NoError(t, err)
			again, err := x.client.Post(t.Context(), connector.PostRequest{Key: key(3), Ticket: ticket, Text: long})
			require.NoError(t, err)
			require.Equal(t, receipt, again)
			require.Len(t, x.reads(ticket), 5)

			for range 2 {
				require.NoError(t, x.client.CloseTicket(t.Context(), connector.CloseRequest{Key: key(4), Ticket: ticket}))
			}
			require.Equal(t, x.User, x.Request(t, ticket.ID).ClosedBy)
			next := x.opens(connector.OpenRequest{Key: key(5), Previous: &ticket})
			require.NotEqual(t, ticket.ID, next.ID)
			require.Equal(t, x.Request(t, ticket.ID).Lead.ID, x.Request(t, next.ID).Lead.ID, "one customer for both")
		})
	}
}

// The server takes what it is not told of a customer from whoever makes the call.
func customersAreThemselves(t *testing.T, s *real.Server) {
	for name, secret := range map[string]bool{"anonymous": false, "known under our id": true} {
		t.Run(name, func(t *testing.T) {
			x := connect(t, s, func(c *tiledesk.Config, p *real.Project) {
				if secret {
					c.CustomerJWTSecret = connector.Secret(p.JWTSecret)
				}
			})
			without := x.Request(t, x.opens(connector.OpenRequest{Transcript: chat()}).ID)
			require.Equal(t, "Carla Customer", without.Lead.Fullname)
			require.Nil(t, without.Lead.Email, "her e-mail is not ours")
			require.Nil(t, without.Lead.Phone, "nor her phone")
			require.Empty(t, without.Contact)

			ben := conversation.Customer{Name: "Ben Buyer", Email: "ben@example.com"}
			ticket, err := x.client.Open(t.Context(), connector.OpenRequest{Key: "app-shop:78/e1-1", Conversation: "app-shop:78", Customer: ben})
			require.NoError(t, err)
			with := x.Request(t, ticket.ID)
			require.Equal(t, "Ben Buyer", with.Lead.Fullname)
			require.NotNil(t, with.Lead.Email)
			require.Equal(t, ben.Email, *with.Lead.Email)
			require.Equal(t, map[string]string{"email": ben.Email}, with.Contact)
		})
	}
}

func ladder(t *testing.T, s *real.Server) {
	x := connect(t, s)
	ticket := x.opens(connector.OpenRequest{Transcript: chat()})
	first := x.agentOf(x.Request(t, ticket.ID))
	second := x.other(first)
	for range 2 {
		require.NoError(t, x.client.Assign(t.Context(), connector.AssignRequest{Key: key(2), Ticket: ticket}))
		require.Equal(t, []string{second.User}, x.Request(t, ticket.ID).Participants, "once for each key")
	}
	x.until(ticket, "the other one has it", assigned(second.User))
	for range 2 {
		require.NoError(t, x.client.Assign(t.Context(), connector.AssignRequest{Key: key(3), Ticket: ticket, Agent: first.Email}))
		require.Equal(t, []string{first.User}, x.Request(t, ticket.ID).Participants)
	}
	for range 2 {
		require.NoError(t, x.client.Assign(t.Context(), connector.AssignRequest{Key: key(4), Ticket: ticket, Group: x.Department}))
		require.Equal(t, []string{second.User}, x.Request(t, ticket.ID).Participants)
	}
	second.Leaves(t, ticket.ID)
	x.until(ticket, "nobody has it", kind(conversation.AgentUnassigned))
	require.Equal(t, conversation.AgentUnassigned, last(x.list(ticket)).Kind)
	first.Joins(t, ticket.ID)
	require.Equal(t, first.User, last(x.list(ticket)).Agent)
	require.NoError(t, x.client.Assign(t.Context(), connector.AssignRequest{Key: key(5), Ticket: ticket, Group: x.Pool}))
	require.Equal(t, 100, x.Request(t, ticket.ID).Status, "the pool takes what it wants")
	for _, to := range []connector.AssignRequest{{Group: "6b0b1544865c816158b40000"}, {Agent: "nobody@example.com"}} {
		to.Key, to.Ticket = key(6), ticket
		require.Equal(t, connector.NotFound, connector.KindOf(x.client.Assign(t.Context(), to)))
	}
	x.SetAvailable(t, second.User, false)
	err := x.client.Assign(t.Context(), connector.AssignRequest{Key: key(7), Ticket: ticket, Agent: second.User})
	require.Equal(t, connector.Conflict, connector.KindOf(err))
}

func last(events []conversation.Event) conversation.Event { return events[len(events)-1] }

// picture is a PNG of one pixel.
const picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="

func files(t *testing.T, s *real.Server) {
	x := connect(t, s)
	ticket := x.opens(connector.OpenRequest{Transcript: chat()})
	agent := x.agentOf(x.Request(t, ticket.ID))
	for n, file := range []conversation.Attachment{
		{URL: "https://files.example/receipt.png", Name: "receipt.png", ContentType: "image/png"},
		{URL: "https://files.example/contract.pdf", Name: "contract.pdf", ContentType: "application/pdf", Size: 1234},
		{URL: "https://files.example/unknown"},
	} {
		receipt, err := x.client.SendAttachment(t.Context(), connector.AttachmentRequest{Key: key(10 + n), Ticket: ticket, Attachment: file, Text: "here"})
		require.NoError(t, err, file.URL)
		found, there, err := x.client.FindSent(t.Context(), connector.FindRequest{Key: key(10 + n), Ticket: ticket})
		require.NoError(t, err)
		require.True(t, there)
		require.Equal(t, receipt, found)
		shown := lastMessage(x.Messages(t, ticket.ID))
		require.Contains(t, fmt.Sprint(shown.Metadata), file.URL)
		require.Contains(t, shown.Text, "here")
	}

	content, err := base64.StdEncoding.DecodeString(picture)
	require.NoError(t, err)
	src := agent.SendsFile(t, ticket.ID, x.URL, "label.png", content)
	ev := x.until(ticket, "the agent's file comes", func(ev conversation.Event) bool { return ev.Attachment != nil })
	require.Equal(t, conversation.Attachment{URL: src, Name: "label.png", ContentType: "image/png"}, *ev.Attachment)
	f, err := x.client.FetchAttachment(t.Context(), *ev.Attachment)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	got, err := io.ReadAll(f)
	require.NoError(t, err)
	require.Equal(t, content, got)
	require.Equal(t, "image/png", f.ContentType)
	_, err = x.client.FetchAttachment(t.Context(), conversation.Attachment{URL: x.URL + "/files?path=uploads/gone.png"})
	require.Equal(t, connector.NotFound, connector.KindOf(err))
}

func lastMessage(messages []real.Message) real.Message { return messages[len(messages)-1] }

func whoIsThere(t *testing.T, s *real.Server) {
	x := connect(t, s)
	ask := func(group string) (connector.Availability, error) {
		return x.client.Availability(t.Context(), connector.AvailabilityRequest{Group: group})
	}
	for _, group := range []string{"", x.Department} {
		there, err := ask(group)
		require.NoError(t, err)
		require.Equal(t, connector.Online, there)
	}
	_, err := ask("6b0b1544865c816158b40000")
	require.Equal(t, connector.NotFound, connector.KindOf(err))
	x.SetAvailable(t, x.Alice.User, false)
	x.SetAvailable(t, x.Bob.User, false)
	there, err := ask("")
	require.NoError(t, err)
	require.Equal(t, connector.Offline, there)

	ticket := x.opens(connector.OpenRequest{Transcript: chat()})
	require.Equal(t, 100, x.Request(t, ticket.ID).Status)
	x.until(ticket, "it waits", kind(conversation.AgentUnassigned))
	x.SetAvailable(t, x.Bob.User, true)
	require.NoError(t, x.client.Assign(t.Context(), connector.AssignRequest{Key: key(2), Ticket: ticket}))
	x.until(ticket, "Bob has it", assigned(x.Bob.User))
}

func gone(t *testing.T, s *real.Server) {
	x := connect(t, s)
	ticket := x.opens(connector.OpenRequest{Transcript: chat()})
	nowhere := conversation.Ticket{ID: ticket.ID[:len(ticket.ID)-4] + "0000", Vendor: ticket.Vendor}
	_, err := x.client.Post(t.Context(), connector.PostRequest{Key: key(2), Ticket: nowhere, Text: "hello?"})
	require.Equal(t, connector.NotFound, connector.KindOf(err))
	nowhere.ID = ticket.ID[:len(ticket.ID)-4] + "1111"
	for what, err := range map[string]error{
		"note":   x.client.WriteNote(t.Context(), connector.NoteRequest{Key: key(3), Ticket: nowhere, Text: "x"}),
		"rating": x.client.WriteRating(t.Context(), connector.RatingReport{Key: key(3), Ticket: nowhere, Rating: 1}),
		"assign": x.client.Assign(t.Context(), connector.AssignRequest{Key: key(3), Ticket: nowhere}),
		"close":  x.client.CloseTicket(t.Context(), connector.CloseRequest{Key: key(3), Ticket: nowhere}),
	} {
		require.Equal(t, connector.NotFound, connector.KindOf(err), what)
	}
	_, err = x.client.ListMessages(t.Context(), connector.ListRequest{Ticket: nowhere})
	require.Equal(t, connector.NotFound, connector.KindOf(err))
}

func quota(t *testing.T, s *real.Server) {
	x := connect(t, s)
	x.opens(connector.OpenRequest{Transcript: chat()})
	system.Eventually(t, within, "the conversation counts", func() bool { return x.QuotaCounts(t) })
	x.UseUpQuota(t)
	for n := range 3 {
		_, err := x.client.Open(t.Context(), connector.OpenRequest{Key: key(2), Conversation: conversationID, Customer: carla, Transcript: chat()})
		wanted := connector.Unavailable
		if n == 2 {
			wanted = connector.Conflict
		}
		require.Equal(t, wanted, connector.KindOf(err), "attempt %d: %v", n+1, err)
	}
}

func disarmed(t *testing.T, s *real.Server) {
	x := connect(t, s)
	ticket := x.opens(connector.OpenRequest{Transcript: chat()})
	agent := x.agentOf(x.Request(t, ticket.ID))
	for n, text := range []string{`C:\close`, `\agent`, `\close`, "${WELCOME}"} {
		receipt, err := x.client.Post(t.Context(), connector.PostRequest{Key: key(10 + n), Ticket: ticket, Text: text})
		require.NoError(t, err)
		// It is obeyed, if it is, when the chat engine has it. Which of its two call-backs is the last to be written varies.
		system.Eventually(t, within, "the chat engine has it", func() bool { return x.MessageStatus(t, ticket.ID, receipt.ID) > 0 })
	}
	agent.Says(t, ticket.ID, "I have read it")
	x.until(ticket, "he has read it", said("I have read it"))
	now := x.Request(t, ticket.ID)
	require.Equal(t, 200, now.Status)
	require.Equal(t, []string{agent.User}, now.Participants)
	require.Contains(t, x.reads(ticket), "Carla Customer: ${WELCOME}")

	agent.Says(t, ticket.ID, `That was all \close`)
	x.until(ticket, "it obeys the agent", kind(conversation.TicketClosed))
	x.until(ticket, "without the command", said("That was all"))
}

func subscriptions(t *testing.T, s *real.Server) {
	x := connect(t, s)
	shown := func() (list []string) {
		var all []struct{ Event, Target string }
		status, body, err := real.Call(t.Context(), x.Token, http.MethodGet, x.URL+"/"+x.ID+"/subscriptions", nil)
		require.NoError(t, err)
		require.Equal(t, 200, status)
		decode(t, body, &all)
		for _, s := range all {
			list = append(list, s.Event+" "+s.Target)
		}
		return list
	}
	ours := shown()
	require.Len(t, ours, 5)
	for _, target := range []string{"https://somebody.example/hooks", x.hooks + "/an-old-secret-0123456789"} {
		status, body, err := real.Call(t.Context(), x.Token, http.MethodPost, x.URL+"/"+x.ID+"/subscriptions", map[string]string{"event": "message.create", "target": target})
		require.NoError(t, err)
		require.Equal(t, 200, status, string(body))
	}
	for range 2 {
		require.NoError(t, x.client.Subscribe(t.Context(), x.hooks))
		require.ElementsMatch(t, append([]string{"message.create https://somebody.example/hooks"}, ours...), shown())
	}
}

func overlapping(t *testing.T, s *real.Server) {
	x := connect(t, s)
	kept, err := x.client.PrepareTicket(t.Context(), connector.OpenRequest{Key: key(1), Conversation: conversationID, Customer: carla})
	require.NoError(t, err)
	errs := make(chan error)
	for range 3 {
		go func() {
			_, err := x.client.Open(t.Context(), connector.OpenRequest{Key: key(1), Conversation: conversationID, Customer: carla, Transcript: chat(), Vendor: kept})
			errs <- err
		}()
	}
	ok := 0
	for range 3 {
		if err := <-errs; err == nil {
			ok++
		} else {
			require.False(t, connector.KindOf(err).Permanent(), "%v", err)
		}
	}
	t.Logf("%d of 3 went through", ok)
	ticket := x.opens(connector.OpenRequest{Key: key(1), Transcript: chat(), Vendor: kept})
	require.Equal(t, 200, x.Request(t, ticket.ID).Status)
	read := x.reads(ticket)
	for _, l := range history {
		require.Contains(t, read, l)
	}
}
