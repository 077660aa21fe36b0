package dialogflow_test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"

	"github.com/handoff-engine/handoff/activities"
	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/dialogflow"
	"github.com/handoff-engine/handoff/connector/livechat"
	"github.com/handoff-engine/handoff/connector/memory"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
	fakedialogflow "github.com/handoff-engine/handoff/testsuite/fake/dialogflow"
	fakelivechat "github.com/handoff-engine/handoff/testsuite/fake/livechat"
	fakememory "github.com/handoff-engine/handoff/testsuite/fake/memory"
	"github.com/handoff-engine/handoff/worker"
	"github.com/handoff-engine/handoff/workflows"
)

// route is a conversation from a chat through Dialogflow to LiveChat, run by the real workflow and activities.
type route struct {
	*testsuite.TestWorkflowEnvironment
	t    *testing.T
	bot  *agent
	chat *fakememory.Server
	desk *fakelivechat.Server
	to   string
	n    int
	conv conversation.Conversation
}

func newRoute(t *testing.T, opts fakedialogflow.Options) *route {
	t.Helper()
	bot := newAgent(t, opts, func(c *dialogflow.Config) {
		c.Groups = map[string]string{"billing": strconv.Itoa(fakelivechat.DefaultGroup)}
	})
	r := &route{t: t, bot: bot, chat: fakememory.New(fakememory.Options{}), desk: fakelivechat.New(fakelivechat.Options{})}
	chatServer, deskServer := httptest.NewServer(r.chat), httptest.NewServer(r.desk)
	t.Cleanup(func() {
		r.chat.Close()
		r.desk.Close()
		chatServer.Close()
		deskServer.Close()
	})
	chat, err := memory.New(memory.Config{BaseURL: chatServer.URL, Secret: connector.Secrets{fakememory.DefaultSecret}}, connector.Deps{Unpaced: true})
	require.NoError(t, err)
	group := fakelivechat.DefaultGroup
	desk, err := livechat.New(livechat.Config{
		ClientID: fakelivechat.DefaultClientID, ClientSecret: fakelivechat.DefaultClientSecret, RefreshToken: fakelivechat.DefaultRefreshToken,
		OrganizationID: fakelivechat.DefaultOrganization, Group: &group, WebhookSecret: connector.Secrets{webhookSecret},
		BaseURL: deskServer.URL, TokenURL: deskServer.URL, FilesURL: deskServer.URL,
	}, connector.Deps{Unpaced: true})
	require.NoError(t, err)

	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	r.TestWorkflowEnvironment = suite.NewTestWorkflowEnvironment()
	r.SetTestTimeout(time.Minute)
	worker.Register(r, &activities.Activities{
		Connections:   map[string]connector.Connector{"chat": chat, "bot": r.bot.conn, "desk": desk},
		Conversations: alone{}, Logger: slog.New(slog.DiscardHandler),
	})
	r.OnUpsertTypedSearchAttributes(mock.Anything).Return(nil).Maybe()
	r.to = r.chat.NewCustomer("Ana")
	called := side("bot", bot.conn)
	r.conv = conversation.New("chat:"+r.to, conversation.Route{
		Name: "shop", Channel: side("chat", chat), Bot: &called, Desks: []conversation.Connection{side("desk", desk)},
		Policy: conversation.Policy{HandoffWords: []string{"chat with an agent"}},
	})
	return r
}

func side(name string, c connector.Connector) conversation.Connection {
	s := conversation.Connection{Name: name, Vendor: c.Name()}
	for _, ability := range connector.CapabilitiesOf(c) {
		s.Can = append(s.Can, string(ability))
	}
	return s
}

// alone is a world without other conversations.
type alone struct{ activities.Conversations }

func (alone) Missing(context.Context, string, []conversation.Event) ([]conversation.Event, error) {
	return nil, nil
}

// next has something happen ten seconds after what happened before.
func (r *route) next(do func()) {
	r.n++
	r.RegisterDelayedCallback(do, time.Duration(r.n)*10*time.Second)
}

func (r *route) customer(kind conversation.Kind, text string) {
	id := kind + conversation.Kind(text)
	r.SignalWorkflow(workflows.SignalEvent, conversation.Event{ID: string(id), Source: "chat", Kind: kind, Text: text, Ref: r.to})
}

func (r *route) atDesk(kind conversation.Kind, text string) {
	v := r.view()
	require.NotEmpty(r.t, v.Tickets)
	r.SignalWorkflow(workflows.SignalEvent, conversation.Event{
		ID: string(kind) + text, Source: "desk", Kind: kind, Text: text, TicketID: v.Tickets[len(v.Tickets)-1].Ticket.ID,
		Author: conversation.Author{ID: "maya@example.com", Name: "Maya"},
	})
}

func (r *route) view() conversation.View {
	var v conversation.View
	answer, err := r.QueryWorkflow(workflows.QueryView)
	require.NoError(r.t, err)
	require.NoError(r.t, answer.Get(&v))
	return v
}

// sees is the next thing that the customer is to read.
func (r *route) sees(texts ...string) {
	r.t.Helper()
	all := r.chat.CustomerSees(r.to)
	require.GreaterOrEqual(r.t, len(all), len(texts), "%q", all)
	require.Equal(r.t, texts, all[len(all)-len(texts):])
}

func (r *route) run() {
	r.t.Helper()
	r.ExecuteWorkflow(workflows.ConversationType, r.conv)
	require.True(r.t, r.IsWorkflowCompleted())
	require.NoError(r.t, r.GetWorkflowError())
}

func TestFromDialogflowToLiveChatAndBack(t *testing.T) {
	both(t, func(t *testing.T, opts fakedialogflow.Options) {
		r := newRoute(t, opts)
		turns := 0
		r.next(func() {
			r.bot.Faults.Set(fakedialogflow.OpDetect, fake.AcceptThenReset().For(1), fake.AcceptThenStatus(504).For(1))
			r.customer(conversation.CustomerSaid, "order a-1001")
		})
		r.next(func() {
			require.Equal(t, []string{"Noted."}, r.chat.CustomerSees(r.to), "three turns at the vendor, one answer")
			require.Len(t, r.bot.Calls(), 3)
			r.customer(conversation.CustomerSaid, "where is it?")
		})
		r.next(func() {
			r.sees("Order a-1001 is on its way.")
			r.customer(conversation.CustomerSaid, "human please")
		})
		r.next(func() {
			require.Equal(t, conversation.Waiting, r.view().State)
			all := r.chat.CustomerSees(r.to)
			require.Subset(t, all, []string{"I am getting a colleague for you.", "One moment."})
			require.Len(t, r.desk.Chats(), 1)
			turns = len(r.bot.Calls())
			r.customer(conversation.CustomerSaid, "My invoice is wrong.")
		})
		r.next(func() { r.atDesk(conversation.AgentSaid, "I have corrected it.") })
		r.next(func() {
			require.Equal(t, conversation.Assigned, r.view().State)
			require.Contains(t, r.desk.Said(r.desk.Chats()[0].ID), "My invoice is wrong.")
			require.Contains(t, r.chat.CustomerSees(r.to), "I have corrected it.")
			require.Len(t, r.bot.Calls(), turns, "nobody asks the bot while a human has the conversation")
			r.atDesk(conversation.HandedBack, "")
		})
		r.next(func() {
			require.Equal(t, conversation.InBot, r.view().State)
			require.Len(t, r.bot.Calls(), turns, "the bot answers nothing that was said to a human")
			r.customer(conversation.CustomerSaid, "said what?")
		})
		r.next(func() {
			r.sees("I was told: Customer: My invoice is wrong.\nAgent: I have corrected it.")
			r.customer(conversation.CustomerSaid, "Chat with an AGENT")
		})
		r.next(func() {
			require.Equal(t, conversation.Waiting, r.view().State, "the policy's words")
			r.customer(conversation.CustomerLeft, "")
		})
		r.run()
	})
}

func TestABotThatCannotBeReachedIsReplacedByAHuman(t *testing.T) {
	r := newRoute(t, fakedialogflow.Options{CX: true})
	r.next(func() {
		r.bot.Faults.Set(fakedialogflow.OpDetect, fake.RefuseStatus(403, ""))
		r.customer(conversation.CustomerSaid, "hello")
	})
	r.next(func() {
		require.Equal(t, conversation.Waiting, r.view().State)
		require.Len(t, r.desk.Chats(), 1)
		r.customer(conversation.CustomerLeft, "")
	})
	r.run()
}
