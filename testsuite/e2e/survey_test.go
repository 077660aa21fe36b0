package e2e

import (
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

// Three customers were helped and are asked how it was, as everything dies: Ana's app has the question, LiveChat has Ben's
// answer, and Slack has a note with Cat's, and nobody knows of any of it. Each is asked once, and each answer reaches the desk
// once, although the end of the chats and the answers are told several times.
func TestASurveyIsAskedAndAnsweredOnceWhateverDies(t *testing.T) {
	needsProcesses(t)
	t.Parallel()
	const surveyed = "{accept_within: 5m, first_reply_within: 5m, agent_idle: 5m, on_close: bot, survey_within: 1h, handoff_words: [human]}"
	backend, desk := team(), slack.New(slack.Options{HookScale: 0.02})
	atApp, appURL := behindGate(t, backend)
	atSlack, slackURL := behindGate(t, desk)
	s := system.Start(t, system.Options{Together: true, Routes: func(s *system.System) string {
		return "connections:\n" + appConnection("app-shop", appURL) + "    hosts_bot: true\n" + appConnection("app-club", appURL) +
			"    hosts_bot: true\n" + s.LiveChatConnection() + slackConnection(slackURL) + "routes:\n" +
			"  shop: {channel: app-shop, desk: " + system.Desk + ", policy: " + surveyed + "}\n" +
			"  club: {channel: app-club, desk: slack-support, policy: " + surveyed + "}\n"
	}})
	desk.SetHook(s.URL + "/webhooks/slack-support")
	shop, club := senderOf(t, s, "app-shop"), senderOf(t, s, "app-club")
	s.Outboxes = append(s.Outboxes, desk.Hooks)
	ana, ben := appCustomer(s, shop, backend, "app-shop", "ana"), appCustomer(s, shop, backend, "app-shop", "ben")
	cat := appCustomer(s, club, backend, "app-club", "cat")
	asked := func(key string) (times int) {
		for _, hook := range backend.Told() {
			if hook.Type == "rating.requested" && hook.Data.Conversation == key {
				times++
			}
		}
		return times
	}
	untilAsked := func(key string) {
		t.Helper()
		system.Eventually(t, 20*time.Second, key+" is asked", func() bool { return asked(key) > 0 })
	}
	rates := func(sender *app.Server, key string, rating int) {
		sender.Faults.Set(app.OpEvent, fake.Redeliver(1).For(1))
		sender.Send(key, "customer.rated", map[string]any{"rating": rating, "text": "as it was"})
	}

	for _, who := range []*system.Customer{ana, ben} {
		who.Asks(t)
		who.UntilTicket(t, 1)
		talk(t, who)
	}
	cat.Asks(t)
	h := untilThread(t, s, desk, cat, 1)
	h.says(slack.Sam, "hello, I am Sam")
	h.untilHeard()

	// LiveChat tells three times that Ben's chat is over.
	s.LiveChat.Faults.Set("hook", fake.Redeliver(2).For(1))
	closes(t, s, ben)
	untilAsked("ben")
	h.clicks(slack.Sam, "handoff_close", "")
	untilAsked("cat")
	holds := map[string]*system.Hold{
		"the question": atApp.Hold("/handoff", "rating.requested", system.After),
		"the rating":   s.LiveChatGate.Hold("/update_thread_properties", "", system.After),
		"the note":     atSlack.Hold("/chat.postMessage", "rating+of+the+help", system.After),
	}
	closes(t, s, ana)
	rates(shop, "ben", 5)
	rates(club, "cat", 2)
	for what, hold := range holds {
		arrives(t, hold, what)
	}
	s.KillAndRestart(system.Standalone)

	// Ana answers a question that handoff cannot know to have been heard.
	rates(shop, "ana", 4)
	for who, rating := range map[*system.Customer]int{ana: 4, ben: 5, cat: 2} {
		view := s.Until(t, who.Conversation, "the rating is known", func(v conversation.View) bool { return v.Rating != 0 && len(v.Pending) == 0 })
		require.Equal(t, rating, view.Rating)
		require.Zero(t, view.Counts.Failed+view.Counts.Uncertain, "%v", view.Trouble)
		require.Positive(t, view.Counts.Duplicates, "the answer came twice")
	}
	runs := s.Settled(t, ana, ben, cat)
	for _, key := range []string{"ana", "ben", "cat"} {
		require.Equal(t, 1, asked(key), "how often %s was asked", key)
	}
	require.Equal(t, 4, backend.Faults.Calls("rating.requested"), "Ana's question came again under its own id")
	for who, comment := range map[*system.Customer]string{ana: "4 of 5: as it was", ben: "5 of 5: as it was"} {
		chat, _ := who.Chat()
		score, written := s.LiveChat.Rating(chat.ID, chat.Thread)
		require.Equal(t, []any{float64(1), comment}, []any{score, written})
	}
	require.Equal(t, 3, s.LiveChat.Faults.Calls("customer/update_thread_properties"), "one for Ana, and one and its repeat for Ben")
	notes := 0
	for _, m := range desk.Thread(slack.Support, h.ts) {
		if strings.Contains(slack.Reads(m), "rating of the help: 2 of 5. as it was") {
			notes++
		}
	}
	require.Equal(t, 1, notes, "how often agents read Cat's answer")
	require.Empty(t, oracle.Sound(runs))
	require.Empty(t, notStored(runs, append(shop.Events().Attempts(), club.Events().Attempts()...)))
	noLeaks(t, s, runs)
}
