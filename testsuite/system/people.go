package system

import (
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
	"github.com/handoff-engine/handoff/testsuite/fake/landbot"
	"github.com/handoff-engine/handoff/testsuite/fake/livechat"
	"github.com/handoff-engine/handoff/testsuite/oracle"
)

// Canary is in every text, name and address that people use here, so that it can be looked for where it must not be.
const Canary = "c4n4ry"

// Customer is a person at a fake channel, and what was said in the conversation.
type Customer struct {
	// ID is Landbot's, elsewhere any number, and Conversation is ours.
	ID           int64
	Conversation string
	Book         oracle.Book

	s    *System
	side Side
	said atomic.Int64
}

// Side is the customer's side of a channel.
type Side struct {
	// Says writes something.
	Says func(text string) error
	// Sees gives what the customer saw, where agents are called agent:<id>.
	Sees func() []fake.Entry
	// Told gives the webhooks that told what the customer said.
	Told func() []fake.Attempt
}

// NewCustomerAt is somebody at another channel than Landbot, in a conversation of that name.
func (s *System) NewCustomerAt(conversation string, side Side) *Customer {
	return &Customer{Conversation: conversation, s: s, side: side}
}

// NewCustomer opens a chat: the bot greets.
func (s *System) NewCustomer(t testing.TB) *Customer {
	t.Helper()
	id, err := s.Landbot.NewCustomer(landbot.DefaultChannelID, "Zaphira "+Canary, map[string]any{"email": "zaphira." + Canary + "@example.com"})
	require.NoError(t, err)
	name := strconv.FormatInt(id, 10)
	c := s.NewCustomerAt(Channel+":"+name, Side{
		Says: func(text string) error { return s.Landbot.CustomerSays(id, text) },
		Sees: func() []fake.Entry { return s.Landbot.Journal.Entries(name) },
		Told: func() []fake.Attempt { return s.Landbot.Hooks().Attempts() },
	})
	c.ID = id
	return c
}

// Line makes words that are unlike all others of the conversation.
func (c *Customer) Line(about string) string {
	return fmt.Sprintf("%s (%s %d-%05d)", about, Canary, c.ID, c.said.Add(1))
}

// Asks asks the bot for a human.
func (c *Customer) Asks(t testing.TB) {
	t.Helper()
	require.NoError(t, c.side.Says("human"))
}

// Says writes something that a human at the desk is to read. It reports whether the vendor took it.
func (c *Customer) Says(t testing.TB, about string) bool {
	t.Helper()
	text := c.Line(about)
	err := c.side.Says(text)
	if errors.Is(err, landbot.ErrNotDelivered) {
		return false
	}
	require.NoError(t, err)
	c.Book.Customer(text)
	return true
}

// TellsBot writes something that the bot is to answer, and no human needs to read.
func (c *Customer) TellsBot(t testing.TB, text string) {
	t.Helper()
	require.NoError(t, c.side.Says(text))
}

// Chat finds the customer's chat at the desk.
func (c *Customer) Chat() (livechat.Chat, bool) {
	for _, chat := range c.s.LiveChat.Chats() {
		for _, field := range chat.SessionFields {
			if field["conversation_id"] == c.Conversation {
				return chat, true
			}
		}
	}
	return livechat.Chat{}, false
}

// UntilTicket waits until the desk has an open ticket number n for the customer.
func (c *Customer) UntilTicket(t testing.TB, n int) livechat.Chat {
	t.Helper()
	Eventually(t, viewWithin, fmt.Sprintf("ticket %d is open at the desk", n), func() bool {
		chat, ok := c.Chat()
		return ok && chat.Active && chat.Threads >= n
	})
	chat, _ := c.Chat()
	return chat
}

// Takes gives the customer's chat to an agent.
func (c *Customer) Takes(t testing.TB, agent string) {
	t.Helper()
	chat, ok := c.Chat()
	require.True(t, ok)
	require.NoError(t, c.s.LiveChat.AgentTakes(chat.ID, agent))
}

// Answers has an agent say something to the customer.
func (c *Customer) Answers(t testing.TB, agent, about string) string {
	t.Helper()
	chat, ok := c.Chat()
	require.True(t, ok)
	text := c.Line(about)
	c.Book.Agent(text)
	_, err := c.s.LiveChat.AgentSays(chat.ID, agent, text)
	require.NoError(t, err)
	return text
}

// Sees gives what the customer saw.
func (c *Customer) Sees() []fake.Entry {
	return c.side.Sees()
}

// DeskSees gives what agents see of the customer's chat.
func (c *Customer) DeskSees() []livechat.Line {
	chat, ok := c.Chat()
	if !ok {
		return nil
	}
	return c.s.LiveChat.Transcript(chat.ID)
}

// Findings compares both directions.
func (c *Customer) Findings(duplicates oracle.Duplicates) []string {
	return append(
		c.Book.DeskSaw(c.DeskSees(), c.side.Told(), duplicates),
		c.Book.CustomerSaw(c.Sees(), c.s.LiveChat.Hooks.Attempts(), duplicates)...)
}

// UntilHeard waits until each side saw all that the other said, and nothing is left to be sent.
func (c *Customer) UntilHeard(t testing.TB) conversation.View {
	t.Helper()
	deadline := time.Now().Add(viewWithin)
	for findings := c.Findings(oracle.Allowed); len(findings) > 0; findings = c.Findings(oracle.Allowed) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: everybody saw what was said: %q", viewWithin, findings)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return c.s.Until(t, c.Conversation, "nothing is left to be sent", func(v conversation.View) bool { return len(v.Pending) == 0 })
}

// View gives how the conversation stands.
func (c *Customer) View(t testing.TB) conversation.View {
	t.Helper()
	view, err := c.s.View(c.Conversation)
	require.NoError(t, err)
	return view
}

// Until waits until the conversation is in a state.
func (c *Customer) Until(t testing.TB, state conversation.State) conversation.View {
	t.Helper()
	return c.s.UntilState(t, c.Conversation, state)
}

// UntilAgent waits until an agent has the conversation.
func (c *Customer) UntilAgent(t testing.TB, agent string) conversation.View {
	t.Helper()
	return c.s.Until(t, c.Conversation, agent+" has the conversation", func(v conversation.View) bool {
		return v.State == conversation.Assigned && v.Agent != nil && v.Agent.ID == agent
	})
}
