package omnidesk_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/omnidesk"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
	fakeomnidesk "github.com/handoff-engine/handoff/testsuite/fake/omnidesk"
)

func TestASessionFollowsFromTheKeyThatOpensIt(t *testing.T) {
	a := newAccount(t, fakeomnidesk.Options{})
	open := func(c *omnidesk.Client, key conversation.Key) conversation.Ticket {
		ticket, err := c.Open(t.Context(), connector.OpenRequest{Key: key, Conversation: "app-shop:zerlina", Transcript: history})
		require.NoError(t, err)
		return ticket
	}
	first := open(a.conn, "app-shop:zerlina/e1-3")
	require.Equal(t, first, open(a.open(), "app-shop:zerlina/e1-3"), "another process")
	require.Equal(t, 1, a.Tickets())
	require.Regexp(t, `^[A-Za-z0-9-]{1,64}$`, first.ID)
	require.NotContains(t, first.ID, "zerlina", "the customer's key is not in it")
	require.NotEqual(t, first.ID, open(a.conn, "app-shop:zerlina/e1-9").ID, "the next handoff is another session")
	require.Equal(t, 2, a.Tickets())
}

func TestNumbersBeginWithOneRiseAndStayOverRetriesInAnyProcess(t *testing.T) {
	a := newAccount(t, fakeomnidesk.Options{})
	ticket := a.ticket() // key 1
	long := strings.Repeat("x", 4000) + strings.Repeat("y", 10)
	require.NoError(t, a.post(ticket, "app-shop:u-42/e1-2", "two"))
	require.NoError(t, a.post(ticket, "app-shop:u-42/e1-5", long))
	require.NoError(t, a.post(ticket, "app-shop:u-42/e1-6", "six"))
	again := a.open()
	_, err := again.Post(t.Context(), connector.PostRequest{Key: "app-shop:u-42/e1-5", Ticket: ticket, Text: long})
	require.NoError(t, err)
	require.Equal(t, []int{1, 2, 5, 0, 6, 5, 0}, a.Numbers(ticket.ID))

	// A ticket that was opened with more than one message.
	lines := []conversation.Line{{N: 1, Role: conversation.RoleCustomer, Text: strings.Repeat("long tale. ", 800)}}
	ticket, err = a.conn.Open(t.Context(), connector.OpenRequest{Key: "app-shop:u-42/e1-10", Transcript: lines})
	require.NoError(t, err)
	require.NoError(t, a.post(ticket, "app-shop:u-42/e1-11", "eleven"))
	require.Equal(t, []int{1, 2, 3, 4}, a.Numbers(ticket.ID))
	require.NoError(t, a.post(ticket, "app-shop:u-42/e1-8", "from before the ticket"))
	require.Equal(t, 0, a.Numbers(ticket.ID)[4], "no number is better than a wrong one")
}

func TestADeskThatDropsRepeatedNumbersLosesNothing(t *testing.T) {
	a := newAccount(t, fakeomnidesk.Options{Unknown: fakeomnidesk.Unknown{DropsNumbers: true}})
	ticket := a.ticket()
	text := strings.Repeat("a", 4000) + strings.Repeat("b", 4000) + "c"
	require.NoError(t, a.post(ticket, a.key(), text))
	require.NoError(t, a.post(ticket, a.key(), "next"))
	require.Equal(t, []string{strings.Repeat("a", 4000), strings.Repeat("b", 4000), "c", "next"}, a.Texts(ticket.ID)[1:])
}

func TestPartsThatArrivedAreNotSentAgain(t *testing.T) {
	a := newAccount(t, fakeomnidesk.Options{})
	ticket, key := a.ticket(), a.key()
	text := strings.Repeat("a", 4000) + "b"
	a.Faults.Set(fakeomnidesk.OpMessage, fake.RateLimit(1, ""))
	require.Equal(t, connector.UncertainOutcome, connector.KindOf(a.post(ticket, key, text)),
		"a part is there: another process must not begin anew unmarked")
	a.Faults.Clear(fake.AnyOp)
	require.NoError(t, a.post(ticket, key, text))
	require.Equal(t, []string{strings.Repeat("a", 4000), "b"}, a.Texts(ticket.ID)[1:])

	lines := []conversation.Line{{N: 1, Role: conversation.RoleCustomer, Text: strings.Repeat("long tale. ", 800)}}
	open := connector.OpenRequest{Key: a.key(), Transcript: lines}
	a.Faults.Set(fakeomnidesk.OpMessage, fake.RateLimit(2, ""))
	_, err := a.conn.Open(t.Context(), open)
	require.Equal(t, connector.RateLimited, connector.KindOf(err))
	a.Faults.Clear(fake.AnyOp)
	ticket, err = a.conn.Open(t.Context(), open)
	require.NoError(t, err)
	require.Equal(t, []int{1, 2, 3}, a.Numbers(ticket.ID))
}

func TestTheAgentReadsWhoTheCustomerIsAndWhatWasSaid(t *testing.T) {
	a := newAccount(t, fakeomnidesk.Options{})
	ticket, err := a.conn.Open(t.Context(), connector.OpenRequest{
		Key: a.key(), Group: "returns", Agent: "Ben", Priority: "high", Link: "https://handoff.example/v1/conversations/c1",
		Customer: conversation.Customer{Name: "Zerlina\nQuux", Email: "z@quux.example", Phone: "+31 6 1", Language: "nl", Fields: map[string]string{"order": "A-1", "empty": ""}},
		Previous: &conversation.Ticket{Vendor: map[string]string{"ticket": "69000"}},
		Transcript: []conversation.Line{
			{Role: conversation.RoleCustomer, Text: "Hi"},
			{Role: conversation.RoleBot, Text: "Hello"},
			{Role: conversation.RoleNotice, Text: "One moment."},
			{Role: conversation.RoleAgent, Name: "Ana", Text: "It is\non its way"},
			{Role: conversation.RoleAgent, Text: "Bye"},
			{Role: conversation.RoleCustomer, Name: "Zerlina", Text: "gone", Deleted: true},
			{Role: conversation.RoleCustomer, Text: "look", Attachment: &conversation.Attachment{URL: "https://files.example/a.png", Name: "a.png"}},
			{Role: conversation.RoleCustomer, Attachment: &conversation.Attachment{Latitude: 52.1, Longitude: 4.3}},
			{Role: conversation.RoleCustomer},
		},
	})
	require.NoError(t, err)
	require.Equal(t, []string{`Customer: Zerlina Quux
E-mail: z@quux.example
Phone: +31 6 1
Language: nl
order: A-1
Asked for group: returns
Asked for agent: Ben
Priority: high
Earlier ticket: 69000
Conversation: https://handoff.example/v1/conversations/c1
Conversation so far:
Customer: Hi
Bot: Hello
Notice: One moment.
Ana (agent): It is
on its way
Agent: Bye
Zerlina: [deleted]
Customer: look
[file: a.png] https://files.example/a.png
Customer: [place: 52.1, 4.3]`}, a.Texts(ticket.ID))

	ticket, err = a.conn.Open(t.Context(), connector.OpenRequest{Key: a.key()})
	require.NoError(t, err)
	require.Equal(t, []string{"The customer asks for a person."}, a.Texts(ticket.ID))
}

func TestTheHistoryIsFiledAsAChatbotLogOnceAndOnlyIfAsked(t *testing.T) {
	a := newAccount(t, fakeomnidesk.Options{}, func(c *omnidesk.Config) { c.ChatbotLogBrand = "2" })
	open := func(c *omnidesk.Client, who conversation.Customer) {
		_, err := c.Open(t.Context(), connector.OpenRequest{Key: a.key(), Customer: who, Transcript: history})
		require.NoError(t, err)
	}
	open(a.conn, conversation.Customer{Email: "z@quux.example", Phone: "+31612345678"})
	require.Equal(t, []fakeomnidesk.ChatbotLog{{
		From: "z@quux.example", Subject: "Chatbot history of chat 70001", BrandID: "2",
		Message: "Customer: My parcel has not come.\nBot: I ask a colleague.",
	}}, a.Logs())
	open(a.conn, conversation.Customer{Name: "Nobody knows"})
	require.Len(t, a.Logs(), 1, "the log wants to know from whom")
	open(a.open(), conversation.Customer{Email: "z@quux.example"})
	require.Len(t, a.Logs(), 1, "nobody asked for it")
	for i, fault := range []fake.Fault{fake.AcceptThenReset(), fake.RefuseStatus(http.StatusForbidden, "")} {
		a.Faults.Set(fakeomnidesk.OpChatbot, fault.For(1))
		open(a.conn, conversation.Customer{Phone: "+31612345678"})
		require.Len(t, a.Logs(), 2, "the customer gets to an agent in any case, and a log of unknown outcome is not repeated: %d", i)
	}
}

func TestEitherPathEndsASession(t *testing.T) {
	for _, atChat := range []bool{false, true} {
		a := newAccount(t, fakeomnidesk.Options{Unknown: fakeomnidesk.Unknown{EndAtChat: atChat}})
		first, second := a.ticket(), a.ticket()
		for _, ticket := range []conversation.Ticket{first, first, second} {
			require.NoError(t, a.conn.CloseTicket(t.Context(), connector.CloseRequest{Key: a.key(), Ticket: ticket}))
			require.True(t, a.Ended(ticket.ID))
		}
		require.Equal(t, 2, a.Faults.Calls(fakeomnidesk.OpEnd), "the second end of a session needs no call, and the path that works is remembered")
		require.Equal(t, connector.Conflict, connector.KindOf(a.post(first, a.key(), "too late")))
		require.Equal(t, 2, a.Tickets(), "words into an ended session made another ticket")
	}
}

func TestTheAgentsStopAndOursMayCross(t *testing.T) {
	for _, status := range []int{0, http.StatusBadRequest, http.StatusConflict, http.StatusGone} {
		a := newAccount(t, fakeomnidesk.Options{Unknown: fakeomnidesk.Unknown{EndTwiceStatus: status}})
		ticket := a.ticket()
		require.NoError(t, a.AgentStops(ticket.ID))
		require.NoError(t, a.conn.CloseTicket(t.Context(), connector.CloseRequest{Key: a.key(), Ticket: ticket}), "%d", status)
	}
	a := newAccount(t, fakeomnidesk.Options{})
	ticket := a.ticket()
	a.Faults.Set(fakeomnidesk.OpEnd, fake.RefuseStatus(http.StatusUnauthorized, "").For(1))
	require.Equal(t, connector.Unauthenticated, connector.KindOf(a.conn.CloseTicket(t.Context(), connector.CloseRequest{Key: a.key(), Ticket: ticket})))
	require.False(t, a.Ended(ticket.ID), "credentials are no sign of an ended session")
}

func TestWhatTheCustomersWindowDoesIsShownToAgents(t *testing.T) {
	a := newAccount(t, fakeomnidesk.Options{})
	ticket := a.ticket()
	for _, on := range []bool{true, false} {
		require.NoError(t, a.conn.SendTyping(t.Context(), connector.TypingRequest{Ticket: ticket, On: on, Text: "I thi"}))
	}
	require.NoError(t, a.conn.MarkRead(t.Context(), connector.ReadRequest{Ticket: ticket}))
	require.NoError(t, a.conn.CloseTicket(t.Context(), connector.CloseRequest{Key: a.key(), Ticket: ticket, ByCustomer: true}))
	require.Equal(t, []string{"startedtyping", "stoppedtyping", "expandedchat", "minimizedchat"}, a.Events(ticket.ID))
	require.True(t, a.Ended(ticket.ID))
	require.Error(t, a.conn.SendTyping(t.Context(), connector.TypingRequest{Ticket: ticket, On: true}), "the session has ended")
	require.Equal(t, connector.Invalid, connector.KindOf(a.conn.SendTyping(t.Context(), connector.TypingRequest{Ticket: conversation.Ticket{ID: "70011"}})))
}

func TestWhetherAgentsAreThereIsAskedInEitherWay(t *testing.T) {
	there := func(c *omnidesk.Client) connector.Availability {
		got, err := c.Availability(t.Context(), connector.AvailabilityRequest{})
		require.NoError(t, err)
		return got
	}
	for _, u := range []fakeomnidesk.Unknown{{}, {NoServerConfig: true}, {NoAccountConfig: true}} {
		a := newAccount(t, fakeomnidesk.Options{Unknown: u})
		require.Equal(t, connector.Online, there(a.conn))
		a.SetNobody(true)
		require.Equal(t, connector.Offline, there(a.conn))
		require.NoError(t, a.conn.Check(t.Context()))
	}
	a := newAccount(t, fakeomnidesk.Options{Unknown: fakeomnidesk.Unknown{NoServerConfig: true}}, bare)
	a.SetNobody(true)
	require.Equal(t, connector.Offline, there(a.conn), "without the chat server's token the account is asked")
	a.Faults.Set(fakeomnidesk.OpConfig, fake.RefuseStatus(http.StatusOK, `{"type":"result","message":"start"}`).For(1))
	require.Equal(t, connector.AvailabilityUnknown, there(a.conn), "no instructions say nothing")
	a = newAccount(t, fakeomnidesk.Options{Unknown: fakeomnidesk.Unknown{NotTicked: true}})
	a.SetNobody(true)
	require.Equal(t, connector.Online, there(a.conn), "the vendor does not tell")
}

func TestAnswersThatAreNoJSONCount(t *testing.T) {
	a := newAccount(t, fakeomnidesk.Options{Unknown: fakeomnidesk.Unknown{LikePHP: true, TextIDs: true}})
	ticket := a.ticket()
	require.Equal(t, "70001", ticket.Vendor["ticket"])
	require.NoError(t, a.post(ticket, a.key(), "hello"))
	receipt, err := a.conn.SendAttachment(t.Context(), attachment(a.key(), ticket, ""))
	require.NoError(t, err)
	require.Equal(t, "70004", receipt.ID)
	require.NoError(t, a.conn.CloseTicket(t.Context(), connector.CloseRequest{Key: a.key(), Ticket: ticket}))

	for body, want := range map[string]connector.Kind{
		`{"status":"error","message":"This form does not exist."}`: connector.Invalid,
		`{"type" => "error", "message" => "No."}`:                  connector.Invalid,
		`{"ok":true}`:   connector.UncertainOutcome,
		`Message sent.`: connector.UncertainOutcome,
	} {
		a.Faults.Set(fakeomnidesk.OpMessage, fake.RefuseStatus(http.StatusOK, body).For(1))
		require.Equal(t, want, connector.KindOf(a.post(a.ticketWithout(), a.key(), "hello")), body)
		a.Faults.Clear(fake.AnyOp)
	}
}

// ticketWithout is a ticket that no call was made for.
func (a *account) ticketWithout() conversation.Ticket { return conversation.Ticket{ID: session} }

func TestTheAPIKeyGoesWhereTheAccountWantsIt(t *testing.T) {
	a := newAccount(t, fakeomnidesk.Options{Unknown: fakeomnidesk.Unknown{ChatNeedsKey: true}})
	a.ticket()
	a = newAccount(t, fakeomnidesk.Options{Unknown: fakeomnidesk.Unknown{ChatNeedsKey: true, KeyInHeader: true}}, func(c *omnidesk.Config) { c.APIKeyHeader = true })
	a.ticket()
	a = newAccount(t, fakeomnidesk.Options{}, bare)
	ticket := a.ticket()
	require.NoError(t, a.post(ticket, a.key(), "hello"))
	require.Equal(t, connector.AtLeastOnce, a.conn.Traits().Post)
	in, err := a.conn.ListMessages(t.Context(), connector.ListRequest{Ticket: ticket})
	require.NoError(t, err)
	require.Empty(t, in)
	require.Zero(t, a.Faults.Calls(fakeomnidesk.OpTicket), "tickets are read with a key only")
}

func TestTheVendorsPaceIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Time
		client := &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			at = append(at, time.Now())
			return nil, context.DeadlineExceeded
		})}
		conn, err := omnidesk.New(config("https://acme.omnidesk.example"), connector.Deps{Connection: "desk", PublicURL: "https://handoff.example", HTTP: client})
		require.NoError(t, err)
		for range 50 {
			_, _ = conn.(connector.Desk).Post(t.Context(), connector.PostRequest{Key: "c:1/e-2", Ticket: conversation.Ticket{ID: session}, Text: "x"})
		}
		require.Len(t, at, 50)
		for i := range at[:45] {
			require.Greater(t, at[i+5].Sub(at[i]), time.Second, "more than five calls in a second")
		}
		require.Less(t, at[49].Sub(at[0]), 15*time.Second, "slower than need be")
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestWhatIsMissingOrWrongInTheConfigurationIsNamed(t *testing.T) {
	good := config("https://acme.omnidesk.com")
	require.NoError(t, good.Validate())
	short := connector.Secrets{"short"}
	for want, change := range map[string]func(*omnidesk.Config){
		"base_url: write":               func(c *omnidesk.Config) { c.BaseURL = "acme.omnidesk.com" },
		"base_url: leave out the slash": func(c *omnidesk.Config) { c.BaseURL += "/" },
		"chat_url":                      func(c *omnidesk.Config) { c.ChatURL = "" },
		"chat_account_token":            func(c *omnidesk.Config) { c.ChatAccountToken = short },
		"hook_secret":                   func(c *omnidesk.Config) { c.HookSecret = connector.Secrets{"with_underscore_16_characters"} },
		"page_url":                      func(c *omnidesk.Config) { c.PageURL = "shop" },
		"message_format":                func(c *omnidesk.Config) { c.MessageFormat = "markdown" },
		"api_key":                       func(c *omnidesk.Config) { c.APIKey = connector.Secrets{""} },
		"chat_server_token":             func(c *omnidesk.Config) { c.ChatServerToken = connector.Secrets{""} },
		"webhook_secret":                func(c *omnidesk.Config) { c.WebhookSecret = connector.Secrets{""} },
		"chatbot_log_brand":             func(c *omnidesk.Config) { c.APIKey, c.ChatbotLogBrand, c.TimelineZone = nil, "2", "" },
		"timeline_zone: write api_key":  func(c *omnidesk.Config) { c.APIKey = nil },
		"timeline_zone: write a time":   func(c *omnidesk.Config) { c.TimelineZone = "Mars/Olympus" },
	} {
		c := config("https://acme.omnidesk.com", change)
		require.ErrorContains(t, c.Validate(), want)
	}
	for _, address := range []string{"", "https://hand_off.example", "https://handoff.example/~me"} {
		d := deps
		d.PublicURL = address
		_, err := omnidesk.New(good, d)
		require.ErrorContains(t, err, "HANDOFF_PUBLIC_URL")
	}
	require.False(t, slices.ContainsFunc([]string{"a-secret.in:the-path"}, func(s string) bool {
		c := config("https://acme.omnidesk.com", func(c *omnidesk.Config) { c.HookSecret = connector.Secrets{connector.Secret(s)} })
		return c.Validate() != nil
	}), "what the vendor's pattern allows is allowed")
}
