package e2e

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
	"github.com/handoff-engine/handoff/testsuite/fake/livechat"
	"github.com/handoff-engine/handoff/testsuite/oracle"
	"github.com/handoff-engine/handoff/testsuite/system"
)

// atLiveChat is a policy under which closing gives the customer back to the bot, and nobody is hurried while processes
// die.
const atLiveChat = "{accept_within: 1m, first_reply_within: 1m, agent_idle: 1m, on_close: bot}"

// setup is one of the setups that teams ask for: what stands before LiveChat.
type setup struct {
	connections, routes string
	// secrets are those of its connections.
	secrets []string
	// env is more environment of the processes.
	env []string
}

// start runs everything with LiveChat behind the setup.
func (u setup) start(t *testing.T) *system.System {
	t.Helper()
	return system.Start(t, system.Options{Env: u.env, Routes: func(s *system.System) string {
		return "connections:\n" + u.connections + s.LiveChatConnection() + "routes:\n" + u.routes
	}})
}

// served is a fake with something of its own to stop.
type served interface {
	http.Handler
	Close()
}

// behindGate puts a fake on the loopback and gives its address. It outlives the processes, so it comes before start.
func behindGate(t *testing.T, fake http.Handler) (*system.Gate, string) {
	t.Helper()
	gate := system.NewGate(fake)
	srv := httptest.NewServer(gate)
	t.Cleanup(func() {
		if closes, ok := fake.(served); ok {
			closes.Close()
		}
		srv.CloseClientConnections()
		srv.Close()
	})
	return gate, srv.URL
}

// judge is the oracle's last word: no customer and no agent saw anything twice.
func (u setup) judge(t *testing.T, s *system.System, told []fake.Attempt, customers ...*system.Customer) []oracle.Run {
	t.Helper()
	runs := judge(t, s, oracle.Never, customers...)
	require.Empty(t, notStored(runs, told))
	for place, text := range map[string]string{"the logs": s.Output(), "the metrics": metrics(t, s)} {
		for _, secret := range u.secrets {
			require.NotContains(t, text, secret, "a secret is in "+place)
		}
	}
	return runs
}

// notStored finds the events of a team's own app that were accepted and are in no history.
func notStored(runs []oracle.Run, told []fake.Attempt) (findings []string) {
	stored := map[string]bool{}
	for _, r := range runs {
		for _, ev := range r.Signals() {
			stored[ev.ID] = true
		}
	}
	for _, a := range told {
		var event struct{ ID, Type string }
		if json.Unmarshal([]byte(a.Body), &event) == nil && event.Type == "customer.message" && a.Status/100 == 2 && !stored[event.ID] {
			findings = append(findings, "accepted and not stored: "+event.ID)
		}
	}
	return findings
}

// untilSees waits until the customer saw words of somebody, and requires that they came once.
func untilSees(t *testing.T, c *system.Customer, who, text string) {
	t.Helper()
	var times int
	system.Eventually(t, 40*time.Second, "the customer sees: "+text, func() bool {
		times = 0
		for _, e := range c.Sees() {
			if strings.HasPrefix(e.Who, who) && strings.Contains(e.Text, text) {
				times++
			}
		}
		return times > 0
	})
	require.Equal(t, 1, times, "how often the customer saw %q", text)
}

// talk is what every setup is for: Mira takes the ticket, and both speak and are heard.
func talk(t *testing.T, c *system.Customer) {
	t.Helper()
	c.Takes(t, livechat.Mira)
	c.UntilAgent(t, livechat.Mira)
	c.Answers(t, livechat.Mira, "hello, I am Mira")
	c.Says(t, "hello Mira")
	c.UntilHeard(t)
}

// untilKnown waits until the conversation has what a customer said. The request for a human comes by another way, and may
// overtake it: then it is posted to the ticket, instead of being part of what the ticket opens with.
func untilKnown(t *testing.T, s *system.System, c *system.Customer, text string) {
	t.Helper()
	s.Until(t, c.Conversation, "what was said is known", func(v conversation.View) bool {
		return slices.ContainsFunc(v.Transcript.Lines, func(l conversation.Line) bool { return strings.Contains(l.Text, text) })
	})
}

// opening is what the agent reads first in the customer's newest ticket.
func opening(c *system.Customer) string {
	lines := c.DeskSees()
	i := len(lines) - 1
	for i > 0 && lines[i-1].Thread == lines[i].Thread {
		i--
	}
	if i < 0 {
		return ""
	}
	return lines[i].Text
}

// noted counts how often agents alone were told something.
func noted(c *system.Customer, text string) (times int) {
	for _, l := range c.DeskSees() {
		if l.By == "system" && strings.Contains(l.Text, text) {
			times++
		}
	}
	return times
}

// closes has Mira close the ticket, and waits until the bot has the customer.
func closes(t *testing.T, s *system.System, c *system.Customer) {
	t.Helper()
	chat, ok := c.Chat()
	require.True(t, ok)
	require.NoError(t, s.LiveChat.AgentCloses(chat.ID, livechat.Mira))
	c.Until(t, conversation.InBot)
}
