package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
	"github.com/handoff-engine/handoff/testsuite/fake/certainly"
	"github.com/handoff-engine/handoff/testsuite/fake/livechat"
	"github.com/handoff-engine/handoff/testsuite/system"
)

// What proves Certainly's webhooks.
const (
	certainlySecret     = "path-secret-c4n4ry-77aa01"
	certainlyClaimToken = "claim-token-c4n4ry-3b"
)

func certainlySetup(url string) setup {
	return setup{
		connections: fmt.Sprintf(`  certainly-shop:
    vendor: certainly
    base_url: %s
    deployment_id: %s
    api_token: %s
    webhook_secret: %s
    claim_token: %s
    claim_end: solved
`, url, certainly.DefaultDeployment, certainly.DefaultToken, certainlySecret, certainlyClaimToken),
		routes:  "  shop: {channel: certainly-shop, desk: " + system.Desk + ", policy: " + atLiveChat + "}\n",
		secrets: []string{certainly.DefaultToken, certainlySecret, certainlyClaimToken},
	}
}

// certainlyCustomer opens the widget for somebody.
func certainlyCustomer(s *system.System, vendor *certainly.Server) (*system.Customer, string) {
	user := vendor.NewUser("Zaphira", system.Canary, map[string]any{"email": "zaphira." + system.Canary + "@example.com", "order": "A-1"})
	return s.NewCustomerAt("certainly-shop:"+user, system.Side{
		Says: func(text string) error { return vendor.UserSays(user, text) },
		Sees: func() []fake.Entry {
			seen := vendor.Journal.Entries(user)
			for i := range seen {
				if seen[i].Who == "agent" {
					seen[i].Who = "agent:"
				}
			}
			return seen
		},
		Told: vendor.Messages().Attempts,
	}), user
}

// A third-party desk behind Certainly's widget: the bot claims a human, the agents of LiveChat talk to the user, and the
// bot, which listens in silence meanwhile, gets the user back when they close. The worker dies in the middle.
func TestCertainlyWidgetTalksToAThirdPartyDeskAndBack(t *testing.T) {
	needsProcesses(t)
	t.Parallel()
	vendor := certainly.New(certainly.Options{ClaimToken: certainlyClaimToken})
	gate, url := behindGate(t, vendor)
	setup := certainlySetup(url)
	s := setup.start(t)
	hook := s.URL + "/webhooks/certainly-shop/" + certainlySecret
	vendor.SetHooks(hook+"/claim", hook+"/messages")
	s.Outboxes = append(s.Outboxes, vendor.Claims(), vendor.Messages())
	ana, user := certainlyCustomer(s, vendor)

	// The bot answers first, and claims a human at her word.
	ana.Says(t, "where is my parcel")
	untilSees(t, ana, "bot", certainly.SaysHello)
	untilKnown(t, s, ana, "where is my parcel")
	ana.Asks(t)
	chat := ana.UntilTicket(t, 1)
	system.Eventually(t, 20*time.Second, "the bot listens in silence", func() bool { return vendor.Listening(user) })
	untilSees(t, ana, "bot", certainly.SaysWait)
	require.Contains(t, opening(ana), "where is my parcel")
	require.True(t, slices.ContainsFunc(chat.SessionFields, func(f map[string]string) bool { return f["order"] == "A-1" }))
	talk(t, ana)

	// The worker dies while nobody's words are under way: what both say meanwhile waits.
	s.Kill(system.Worker)
	ana.Says(t, "are you still there")
	ana.Answers(t, livechat.Mira, "I look into it")
	s.StartPart(system.Worker)
	ana.UntilHeard(t)

	// An answer is lost: nobody can tell whether she saw it, so it is not said again, and Mira is told.
	vendor.Faults.Set(certainly.OpSay, fake.AcceptThenReset().For(1))
	lost := ana.Answers(t, livechat.Mira, "the money is on its way")
	s.Until(t, ana.Conversation, "the send is uncertain", func(v conversation.View) bool { return v.Counts.Uncertain == 1 })
	untilSees(t, ana, "agent", lost)

	// So it is when the worker dies with words on the way.
	held := gate.Hold("/handover/", "it takes two days", system.After)
	onTheWay := ana.Answers(t, livechat.Mira, "it takes two days")
	<-held.Arrived()
	s.KillAndRestart(system.Worker)
	held.Release()
	s.Until(t, ana.Conversation, "the second send is uncertain", func(v conversation.View) bool { return v.Counts.Uncertain == 2 })
	untilSees(t, ana, "agent", onTheWay)
	system.Eventually(t, 20*time.Second, "Mira is told of both", func() bool {
		return noted(ana, "may not have reached the customer") == 2
	})

	// Mira closes: the bot goes on where its designer wants, and answers again.
	talkAfterTrouble(t, ana)
	closes(t, s, ana)
	system.Eventually(t, 20*time.Second, "the bot is back", func() bool { return !vendor.Listening(user) })
	untilSees(t, ana, "bot", "Glad that we could help.")
	require.Equal(t, []string{"solved"}, vendor.ClaimEnds(user))
	before := len(ana.Sees())
	ana.TellsBot(t, "thank you "+system.Canary)
	require.True(t, slices.ContainsFunc(ana.Sees()[before:], func(e fake.Entry) bool { return e.Text == certainly.SaysHello }))

	// And once more, to a second ticket. However often Certainly refuses, the bot gets her back.
	ana.Asks(t)
	ana.UntilTicket(t, 2)
	ana.Takes(t, livechat.Mira)
	ana.UntilAgent(t, livechat.Mira)
	ana.Answers(t, livechat.Mira, "welcome back")
	ana.UntilHeard(t)
	vendor.Faults.Set(certainly.OpTakeover, fake.RefuseStatus(http.StatusUnauthorized, "").For(1), fake.AcceptThenReset().For(1))
	closes(t, s, ana)
	system.Eventually(t, 20*time.Second, "the bot is back", func() bool { return !vendor.Listening(user) })

	view := ana.View(t)
	require.Equal(t, 2, view.Counts.Uncertain)
	require.Zero(t, view.Counts.Failed)
	for _, a := range slices.Concat(vendor.Claims().Attempts(), vendor.Messages().Attempts()) {
		require.Equal(t, 200, a.Status, "a webhook was refused: %s", strings.TrimPrefix(a.URL, hook))
	}
	setup.judge(t, s, nil, ana)
}

// talkAfterTrouble lets both be heard again.
func talkAfterTrouble(t *testing.T, c *system.Customer) {
	t.Helper()
	c.Answers(t, livechat.Mira, "anything else")
	c.Says(t, "no, that is all")
	c.UntilHeard(t)
}
