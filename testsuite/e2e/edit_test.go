package e2e

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
	"github.com/handoff-engine/handoff/testsuite/fake/app"
	"github.com/handoff-engine/handoff/testsuite/fake/slack"
	"github.com/handoff-engine/handoff/testsuite/oracle"
	"github.com/handoff-engine/handoff/testsuite/system"
)

// appBeforeSlack is a team's own app, with a bot inside, before a Slack channel. All of handoff is one process.
type appBeforeSlack struct {
	*system.System
	t       *testing.T
	backend *app.Server
	desk    *slack.Server
	// atApp and atSlack stand before them.
	atApp, atSlack *system.Gate
}

func startAppBeforeSlack(t *testing.T) *appBeforeSlack {
	t.Helper()
	x := &appBeforeSlack{t: t, backend: team(), desk: slack.New(slack.Options{HookScale: 0.02})}
	var appURL, slackURL string
	x.atApp, appURL = behindGate(t, x.backend)
	x.atSlack, slackURL = behindGate(t, x.desk)
	x.System = system.Start(t, system.Options{Together: true, Routes: func(*system.System) string {
		return "connections:\n" + appConnection("app-shop", appURL) + "    hosts_bot: true\n" + slackConnection(slackURL) +
			"routes:\n  shop: {channel: app-shop, desk: slack-support, policy: " + patientAtSlack + "}\n"
	}})
	x.backend.SetChannel(x.URL + "/v1/channels/app-shop")
	x.desk.SetHook(x.URL + "/webhooks/slack-support")
	x.Outboxes = append(x.Outboxes, x.backend.Events(), x.desk.Hooks)
	return x
}

// patientAtSlack is a policy under which nothing happens by itself.
const patientAtSlack = "{accept_within: 5m, first_reply_within: 5m, agent_idle: 5m, on_close: bot, handoff_words: [human]}"

// served is a customer with the number n whom Sam has answered, and the thread where he did.
func (x *appBeforeSlack) served(n int64) (*system.Customer, *thread) {
	x.t.Helper()
	key := fmt.Sprintf("u-%d", n)
	who := appCustomer(x.System, x.backend, x.backend, "app-shop", key)
	who.ID = n
	who.Asks(x.t)
	view := x.Until(x.t, who.Conversation, "the ticket is open", func(v conversation.View) bool {
		return v.State == conversation.Waiting && len(v.Tickets) == 1 && v.Tickets[0].Ticket.ID != ""
	})
	h := &thread{t: x.t, s: x.System, desk: x.desk, who: who, ts: strings.TrimPrefix(view.Tickets[0].Ticket.ID, slack.Support+":")}
	h.clicks(slack.Sam, "handoff_claim", "")
	who.UntilAgent(x.t, slack.Sam)
	return who, h
}

// message is something that was said, and how each side knows it.
type message struct{ id, text string }

// writes has the customer say something that can be changed later.
func (x *appBeforeSlack) writes(who *system.Customer, about string) message {
	x.t.Helper()
	text := who.Line(about)
	who.Book.Customer(text)
	return message{x.backend.Send(fmt.Sprintf("u-%d", who.ID), "customer.message", map[string]any{"text": text}), text}
}

// changes has the customer give a message other words, or, with none, delete it.
func (x *appBeforeSlack) changes(who *system.Customer, m message, text string) {
	x.t.Helper()
	kind, body := "customer.edited", map[string]any{"target": m.id, "text": text}
	if text == "" {
		kind, body = "customer.deleted", map[string]any{"target": m.id}
	}
	x.backend.Send(fmt.Sprintf("u-%d", who.ID), kind, body)
}

// shown lists what the customer's words look like in the thread.
func (h *thread) shown() []string {
	texts := []string{}
	for _, m := range h.desk.Thread(slack.Support, h.ts) {
		if m.Metadata != nil && m.Metadata.EventType == "handoff_message" {
			texts = append(texts, slack.Reads(m))
		}
	}
	return texts
}

// notesShown counts the lines in the thread that are for agents alone.
func (h *thread) notesShown() (n int) {
	for _, m := range h.desk.Thread(slack.Support, h.ts) {
		if m.Metadata != nil && m.Metadata.EventType == "handoff_note" {
			n++
		}
	}
	return n
}

// screen lists what an app that obeys its webhooks shows of the agents' words now.
func (x *appBeforeSlack) screen(who *system.Customer) []string {
	var ids []string
	texts := map[string]string{}
	for _, hook := range x.backend.Told() {
		if hook.Data.Conversation != fmt.Sprintf("u-%d", who.ID) {
			continue
		}
		switch hook.Type {
		case "message.created":
			if hook.Data.Author.Role == "agent" {
				ids = append(ids, hook.Data.ID)
				texts[hook.Data.ID] = hook.Data.Text
			}
		case "message.updated":
			texts[hook.Data.ID] = hook.Data.Text
		case "message.deleted":
			ids = slices.DeleteFunc(ids, func(id string) bool { return id == hook.Data.ID })
		}
	}
	screen := []string{}
	for _, id := range ids {
		screen = append(screen, texts[id])
	}
	return screen
}

// Customer and agent change what they said, and take it back, as everything dies: each of the calls that bring it to the other
// side has been done, and nobody knows. Both change their words once more meanwhile. Each copy ends with the last words, no
// message is there twice, and nobody is told of a change that could be made.
func TestEditsAndDeletionsEndWithTheLastWordsWhateverDies(t *testing.T) {
	needsProcesses(t)
	t.Parallel()
	x := startAppBeforeSlack(t)
	ana, atAna := x.served(1)
	ben, atBen := x.served(2)

	// The answers to what is changed later were lost, too.
	x.desk.Faults.Set("chat.postMessage", fake.AcceptThenReset().For(2))
	x.backend.Faults.Set("message.created", fake.AcceptThenReset().For(2))
	wrong, regretted := x.writes(ana, "it is order 12"), x.writes(ben, "my card is 4111")
	wrongTS, _ := atAna.says(slack.Sam, "it comes on Monday")
	regrettedTS, _ := atBen.says(slack.Sam, "that was a mistake")
	atAna.untilHeard()
	atBen.untilHeard()
	kept := x.writes(ben, "hello again")
	atBen.untilHeard()

	holds := map[string]*system.Hold{
		"her new words":        x.atSlack.Hold("/chat.update", "order+13", system.After),
		"his deletion":         x.atSlack.Hold("/chat.delete", "", system.After),
		"the agent's words":    x.atApp.Hold("/handoff", "message.updated", system.After),
		"the agent's deletion": x.atApp.Hold("/handoff", "message.deleted", system.After),
	}
	x.changes(ana, wrong, ana.Line("it is order 13"))
	x.changes(ben, regretted, "")
	require.NoError(t, x.desk.AgentEdits(slack.Support, wrongTS, ana.Line("it comes on Tuesday")))
	require.NoError(t, x.desk.Deletes(slack.Support, regrettedTS))
	for what, h := range holds {
		arrives(t, h, what)
	}
	x.Kill(system.Standalone)
	last, lastOfSam := ana.Line("it is order 14"), ana.Line("it comes on Wednesday")
	x.changes(ana, wrong, last)
	require.NoError(t, x.desk.AgentEdits(slack.Support, wrongTS, lastOfSam))
	x.StartPart(system.Standalone)
	x.UntilReady()

	want := []any{[]string{last}, []string{kept.text}, []string{lastOfSam}, []string{}}
	see := func() []any { return []any{atAna.shown(), atBen.shown(), x.screen(ana), x.screen(ben)} }
	system.Eventually(t, 40*time.Second, "each copy ends with the last words", func() bool { return reflect.DeepEqual(want, see()) })
	for _, h := range []*thread{atAna, atBen} {
		h.clicks(slack.Sam, "handoff_close", "")
		view := h.who.Until(t, conversation.InBot)
		require.Zero(t, view.Counts.Failed+view.Counts.Uncertain, "%v", view.Trouble)
		require.Zero(t, h.notesShown(), "what could be changed needs no note")
	}
	runs := x.Settled(t, ana, ben)
	require.Equal(t, want, see())
	require.Empty(t, oracle.Sound(runs))
	require.Empty(t, notStored(runs, x.backend.Events().Attempts()))
	noLeaks(t, x.System, runs)
}
