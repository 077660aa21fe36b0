package postgres_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
	"github.com/handoff-engine/handoff/testsuite/fake/landbot"
	"github.com/handoff-engine/handoff/testsuite/fake/livechat"
	"github.com/handoff-engine/handoff/testsuite/oracle"
	"github.com/handoff-engine/handoff/testsuite/system"
	"github.com/handoff-engine/handoff/testsuite/visibility"
	"github.com/handoff-engine/handoff/workflows"
)

// patient is a policy under which nothing happens by itself, however long a process is dead.
const patient = `{accept_within: 20m, first_reply_within: 20m, agent_idle: 20m, customer_idle: 2h, max_wait: 1h, handoff_words: [human]}`

// foundWithin bounds how far visibility may lag behind.
const foundWithin = 10 * time.Second

// The whole shape, from an empty database on: each part dies once, the database twice, while people talk.
func TestConversationsOnPostgreSQL(t *testing.T) {
	if os.Getenv("POSTGRES") == "" {
		t.Skip("needs PostgreSQL and a minute and a half: make postgres")
	}
	shape := newShape(t)
	shape.makeSchema()
	again := shape.makeSchema()
	require.Equal(t, 2, strings.Count(again, "found zero updates"), "on an existing volume it changes nothing: %s", again)
	require.GreaterOrEqual(t, shape.database.room(), 4*(20+10), "Temporal's four services may open so many connections")
	s := shape.start(system.Options{
		Policy: patient,
		// The vendors' repeats take a third of their time, so that they outlast a start.
		Landbot:  landbot.Options{TimeScale: 0.3, EchoMin: 50 * time.Millisecond, EchoMax: 300 * time.Millisecond},
		LiveChat: livechat.Options{HookScale: 0.3},
	})
	shape.validSettings()
	// Without our properties the desk's events do not say whose they are: each is looked up by its ticket.
	s.LiveChat.Switch(func(x *livechat.Switches) { x.PropertiesPending = true })
	ana, bo := s.NewCustomer(t), s.NewCustomer(t)

	t.Run("a desk's events find their conversation by its ticket", func(t *testing.T) { talk(t, s, ana) })
	t.Run("an event that overtakes its ticket is kept until it is found", func(t *testing.T) { overtake(t, s, bo) })
	t.Run("the API lists by state, route and ticket", func(t *testing.T) { list(t, s, ana, bo) })
	t.Run("those who are ahead in the queue are counted", func(t *testing.T) { visibility.Queue(t, shape.namespace("queue")) })
	t.Run("a gateway and a worker die", func(t *testing.T) { lose(t, s, ana, bo) })
	t.Run("the database dies by kill -9", func(t *testing.T) { outage(t, shape, s, syscall.SIGKILL, ana, bo) })
	t.Run("the database stops at once", func(t *testing.T) { outage(t, shape, s, syscall.SIGQUIT, ana, bo) })
	t.Run("the agent closes", func(t *testing.T) { closes(t, s, ana) })
	s.Judge(t, oracle.Never, ana, bo)
}

// talk has a customer handed to Mira, and both talk.
func talk(t *testing.T, s *system.System, c *system.Customer) {
	t.Helper()
	c.Until(t, conversation.InBot)
	c.Says(t, "do you deliver")
	c.Asks(t)
	c.UntilTicket(t, 1)
	c.Until(t, conversation.Waiting)
	c.Takes(t, livechat.Mira)
	c.UntilAgent(t, livechat.Mira)
	c.Answers(t, livechat.Mira, "hello, we do")
	c.Says(t, "hello Mira")
	c.UntilHeard(t)
	system.Eventually(t, foundWithin, "the desk's look at active conversations finds it", func() bool {
		ids, err := workflows.NewClient(s.Temporal, "", nil).Active(t.Context(), system.Desk)
		require.NoError(t, err)
		return len(ids) == 1 && ids[0] == c.Conversation
	})
}

// overtake has the agent speak before the conversation knows of its ticket.
func overtake(t *testing.T, s *system.System, c *system.Customer) {
	t.Helper()
	c.Until(t, conversation.InBot)
	hold := s.LiveChatGate.Hold("/start_chat", "", system.After)
	c.Asks(t)
	arrives(t, hold)
	for _, open := c.Chat(); !open; _, open = c.Chat() {
		// It was refused for the properties, and comes again without.
		next := s.LiveChatGate.Hold("/start_chat", "", system.After)
		hold.Release()
		arrives(t, next)
		hold = next
	}
	c.Answers(t, livechat.Mira, "I am quick")
	late := func(status enumspb.WorkflowExecutionStatus) func() bool {
		return func() bool {
			query := fmt.Sprintf("WorkflowType = '%s' AND ExecutionStatus = '%s'", workflows.LateEventType, status)
			answer, err := s.Temporal.CountWorkflow(t.Context(), &workflowservice.CountWorkflowExecutionsRequest{Query: query})
			require.NoError(t, err)
			return answer.GetCount() > 0
		}
	}
	system.Eventually(t, foundWithin, "the event is kept", late(enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING))
	hold.Release()
	c.UntilHeard(t)
	system.Eventually(t, foundWithin, "the event was passed on", late(enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED))
	c.UntilAgent(t, livechat.Mira)
}

// arrives waits until the call is there and done.
func arrives(t *testing.T, hold *system.Hold) {
	t.Helper()
	select {
	case <-hold.Arrived():
	case <-time.After(foundWithin):
		t.Fatal("the call never came")
	}
}

// list asks the API for conversations.
func list(t *testing.T, s *system.System, ana, bo *system.Customer) {
	t.Helper()
	view := ana.View(t)
	ticket := system.Desk + "/" + view.Tickets[0].Ticket.ID
	for _, x := range []struct {
		filter url.Values
		want   []*system.Customer
	}{
		{url.Values{"state": {"agent-assigned"}}, []*system.Customer{ana, bo}},
		{url.Values{"route": {"shop"}}, []*system.Customer{ana, bo}},
		{url.Values{"ticket": {ticket}}, []*system.Customer{ana}},
		{url.Values{"state": {"agent-assigned"}, "route": {"shop"}, "ticket": {ticket}}, []*system.Customer{ana}},
		{url.Values{"state": {"waiting"}, "ticket": {ticket}}, nil},
		{url.Values{"route": {"another"}}, nil},
		{url.Values{"ticket": {ticket + `' OR HandoffRoute = 'shop`}}, nil},
	} {
		var want []string
		for _, c := range x.want {
			want = append(want, c.Conversation)
		}
		var got []string
		system.Eventually(t, foundWithin, fmt.Sprintf("%v gives %v", x.filter, want), func() bool {
			status, body, err := s.Call(http.MethodGet, "/v1/conversations?"+x.filter.Encode(), nil, nil)
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, status, string(body))
			var answer struct{ Conversations []conversation.Summary }
			require.NoError(t, json.Unmarshal(body, &answer))
			got = nil
			for _, c := range answer.Conversations {
				got = append(got, c.ID)
			}
			return same(want, got)
		})
	}
}

// same reports whether both have the same elements.
func same(a, b []string) bool {
	seen := map[string]int{}
	for _, x := range a {
		seen[x]++
	}
	for _, x := range b {
		seen[x]--
	}
	for _, n := range seen {
		if n != 0 {
			return false
		}
	}
	return true
}

// lose kills a gateway and a worker while people talk, and has a webhook lost that only a look at the desk makes up for.
func lose(t *testing.T, s *system.System, customers ...*system.Customer) {
	t.Helper()
	for i, victim := range []system.Part{system.Gateway, system.Worker} {
		say(t, fmt.Sprintf("before death %d", i), customers...)
		s.Kill(victim)
		say(t, fmt.Sprintf("after death %d", i), customers...)
		began := time.Now()
		for _, c := range customers {
			c.UntilHeard(t)
		}
		t.Logf("%s killed, the other goes on: all heard after %s", victim, time.Since(began).Round(10*time.Millisecond))
	}
	s.LiveChat.Faults.Set("hook", fake.Lose().For(1))
	customers[0].Answers(t, livechat.Mira, "never told")
	s.StartPart(system.Gateway)
	s.StartPart(system.Worker) // its start is when it looks at the desk
	customers[0].UntilHeard(t)
}

// say has everybody say something, and does not wait until it is heard.
func say(t *testing.T, about string, customers ...*system.Customer) {
	t.Helper()
	for _, c := range customers {
		c.Says(t, about)
		c.Answers(t, livechat.Mira, about)
	}
}

// outage ends the database while people talk. Vendors are told to come back, and do.
func outage(t *testing.T, shape *shape, s *system.System, signal syscall.Signal, customers ...*system.Customer) {
	t.Helper()
	say(t, "before it dies", customers...)
	took := shape.outage(signal, func() {
		s.RefusesForNow(t, system.LandbotHook(customers[0].ID, "are you there", time.Now()))
		require.False(t, s.Ready(), "the gateways are not ready while nothing can be stored")
		say(t, "while it is dead", customers...)
	})
	back := time.Now()
	say(t, "since it is back", customers...)
	for _, c := range customers {
		c.UntilHeard(t)
	}
	t.Logf("the database was away for %s: all heard %s after", took.Round(10*time.Millisecond), time.Since(back).Round(10*time.Millisecond))
	require.True(t, s.Alive(system.Temporal), "Temporal waits for its database")
	s.UntilReady()
}

// closes ends a conversation.
func closes(t *testing.T, s *system.System, c *system.Customer) {
	t.Helper()
	chat, _ := c.Chat()
	require.NoError(t, s.LiveChat.AgentCloses(chat.ID, livechat.Mira))
	c.Until(t, conversation.Ended)
	system.Eventually(t, foundWithin, "the bot has the customer back", func() bool {
		now, err := s.Landbot.Customer(c.ID)
		return err == nil && now.Bot == landbot.DefaultBotID && now.Agent == 0
	})
}
