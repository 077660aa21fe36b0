package chaos

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake/landbot"
	"github.com/handoff-engine/handoff/testsuite/fake/livechat"
	"github.com/handoff-engine/handoff/testsuite/oracle"
	"github.com/handoff-engine/handoff/testsuite/system"
)

// callsWithin bounds the wait for the calls that are to be held.
const callsWithin = 40 * time.Second

// moment is one vendor call during which the worker dies.
type moment struct {
	name string
	// ready brings the customer to where the call comes next; begin makes it come.
	ready, begin func(t *testing.T, s *system.System, c *system.Customer)
	// hold says which call it is.
	hold func(s *system.System, c *system.Customer, when system.When) *system.Hold
	// done reports whether the call has taken effect once.
	done func(s *system.System, c *system.Customer) bool
}

// atDesk holds a call to the desk in which mark occurs.
func atDesk(action string, mark func(c *system.Customer) string) func(*system.System, *system.Customer, system.When) *system.Hold {
	return func(s *system.System, c *system.Customer, when system.When) *system.Hold {
		return s.LiveChatGate.Hold(action, mark(c), when)
	}
}

// atChannel holds a call to the channel about the customer.
func atChannel(call string) func(*system.System, *system.Customer, system.When) *system.Hold {
	return func(s *system.System, c *system.Customer, when system.When) *system.Hold {
		return s.LandbotGate.Hold(fmt.Sprintf("/customers/%d/%s", c.ID, call), "", when)
	}
}

func inConversation(c *system.Customer) string { return strconv.Quote(c.Conversation) }

func inChat(c *system.Customer) string {
	chat, _ := c.Chat()
	return strconv.Quote(chat.ID)
}

// The steps that several moments share.
func nothing(*testing.T, *system.System, *system.Customer) {}

func asks(t *testing.T, _ *system.System, c *system.Customer) {
	t.Helper()
	c.Says(t, "before the ticket")
	c.Asks(t)
}

func waits(t *testing.T, s *system.System, c *system.Customer) {
	t.Helper()
	asks(t, s, c)
	c.UntilTicket(t, 1)
	c.Until(t, conversation.Waiting)
	c.UntilHeard(t)
}

func talks(t *testing.T, s *system.System, c *system.Customer) {
	t.Helper()
	waits(t, s, c)
	c.Takes(t, livechat.Mira)
	c.UntilAgent(t, livechat.Mira)
	c.UntilHeard(t)
}

func commands(command map[string]any) func(*testing.T, *system.System, *system.Customer) {
	return func(t *testing.T, s *system.System, c *system.Customer) {
		t.Helper()
		s.Command(t, c.Conversation, "chaos-1", command)
	}
}

// moments are all calls that a conversation makes to its vendors.
func moments() []moment {
	assigned := func(agent string) func(*system.System, *system.Customer) bool {
		return func(s *system.System, c *system.Customer) bool {
			view, err := s.View(c.Conversation)
			return err == nil && view.State == conversation.Assigned && view.Agent.ID == agent
		}
	}
	tickets := func(n int) func(*system.System, *system.Customer) bool {
		return func(_ *system.System, c *system.Customer) bool {
			chat, ok := c.Chat()
			return ok && chat.Threads == n && chat.Active
		}
	}
	withBot := func(s *system.System, c *system.Customer) bool {
		now, err := s.Landbot.Customer(c.ID)
		return err == nil && now.Bot == landbot.DefaultBotID
	}
	closed := func(_ *system.System, c *system.Customer) bool {
		chat, ok := c.Chat()
		return ok && !chat.Active
	}
	heard := func(*system.System, *system.Customer) bool { return true }
	return []moment{
		{"the customer's profile", nothing, asks, atDesk("/update_customer", inConversation), tickets(1)},
		{"opening a ticket", nothing, asks, atDesk("/start_chat", inConversation), tickets(1)},
		{"posting the customer's words", talks, func(t *testing.T, _ *system.System, c *system.Customer) {
			t.Helper()
			c.Says(t, "posted")
			c.Says(t, "and posted again")
		}, atDesk("/send_event", inChat), heard},
		{"taking the customer from the bot", waits, func(t *testing.T, _ *system.System, c *system.Customer) {
			t.Helper()
			c.Takes(t, livechat.Mira)
		}, atChannel("assign/"), assigned(livechat.Mira)},
		{"saying the agent's words", talks, func(t *testing.T, _ *system.System, c *system.Customer) {
			t.Helper()
			c.Answers(t, livechat.Mira, "said")
			c.Answers(t, livechat.Mira, "and said again")
		}, atChannel("send_text/"), heard},
		{
			"assigning another agent", talks, commands(map[string]any{"command": "assign", "agent": livechat.Leo}),
			atDesk("/transfer_chat", inChat), assigned(livechat.Leo),
		},
		{"reading the desk before the end", talks, func(t *testing.T, s *system.System, c *system.Customer) {
			t.Helper()
			chat, _ := c.Chat()
			require.NoError(t, s.LiveChat.AgentCloses(chat.ID, livechat.Mira))
		}, atDesk("/get_chat", inChat), withBot},
		{
			"giving the customer back to the bot", talks, commands(map[string]any{"command": "hand_back"}),
			atChannel("assign_bot/"), withBot,
		},
		{"closing the ticket", talks, commands(map[string]any{"command": "end"}), atDesk("/deactivate_chat", inChat), closed},
	}
}

// The worker is killed while the vendors have one call of every kind in hand, each for a customer of its own: before
// they do what it asks, and after they did it and before the answer arrives.
func TestKillingTheWorkerDuringAnyCallRepeatsNothing(t *testing.T) {
	needs(t, "ci", "full")
	for _, when := range []system.When{system.Before, system.After} {
		t.Run(string(when)+" the vendor acts", func(t *testing.T) {
			s := system.Start(t, options())
			all := moments()
			customers := make([]*system.Customer, len(all))
			for i := range all {
				customers[i] = s.NewCustomer(t)
			}
			for i, m := range all {
				m.ready(t, s, customers[i])
			}
			holds := make([]*system.Hold, len(all))
			for i, m := range all {
				holds[i] = m.hold(s, customers[i], when)
				m.begin(t, s, customers[i])
			}
			for i, h := range holds {
				select {
				case <-h.Arrived():
				case <-time.After(callsWithin):
					t.Fatalf("the call never came: %s", all[i].name)
				}
			}
			began := time.Now()
			// Its calls end with it: those that were held before are never done.
			s.Kill(system.Worker)
			s.StartPart(system.Worker)
			for i, m := range all {
				system.Eventually(t, 90*time.Second, m.name+" is done", func() bool { return m.done(s, customers[i]) })
				customers[i].UntilHeard(t)
			}
			figures.note(t, "worker killed %s the vendor acts, %d calls at once: all done %s after the kill, %d repeated",
				when, len(all), time.Since(began).Round(100*time.Millisecond), repeats(customers...))
			s.Judge(t, oracle.Never, customers...)
			for _, c := range customers {
				chat, _ := c.Chat()
				require.Equal(t, 1, chat.Threads, "one ticket each")
			}
		})
	}
}
