package landbot_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/landbot"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
	fakelandbot "github.com/handoff-engine/handoff/testsuite/fake/landbot"
)

func TestAHandoffFromTheFlowToTheBotAgain(t *testing.T) {
	a := newAccount(t, fakelandbot.Options{})
	a.subscribe()
	a.SetBlock(fakelandbot.Block{URL: a.gateway + "/handoff", Token: hookToken})
	id, to := a.customer()

	require.NoError(t, a.CustomerSays(id, "human"))
	asked := a.told(conversation.HandoffRequested)
	require.Len(t, asked, 1)
	require.Equal(t, to, asked[0].Ref)
	require.Equal(t, "Ana", asked[0].Customer.Name)
	require.True(t, asked[0].Weak)
	require.Equal(t, map[string]string{"bot_id": "2200456", "resume_node": "resume00"}, asked[0].Vendor)

	require.NoError(t, a.pause(to))
	require.Zero(t, a.snapshot(id).Bot)
	require.NoError(t, a.deliver(to, "k-1", "Hi, this is Rosa <b>&amp;</b> 🎉"))
	require.Equal(t, []string{"Hi, this is Rosa <b>&amp;</b> 🎉"}, a.AgentTexts(id))
	proven := a.told(conversation.SendProven)
	require.Len(t, proven, 1)
	require.Equal(t, "Hi, this is Rosa <b>&amp;</b> 🎉", proven[0].Text)

	require.NoError(t, a.conn.ResumeBot(t.Context(), connector.ResumeRequest{To: to, Launch: true, Vendor: asked[0].Vendor}))
	snap := a.snapshot(id)
	require.EqualValues(t, 0, snap.Agent)
	require.EqualValues(t, fakelandbot.DefaultBotID, snap.Bot)
	require.Equal(t, "resume00", snap.Node)
	said := a.told(conversation.BotSaid)
	require.Equal(t, "The bot is back.", said[len(said)-1].Text)
}

func TestAPausedBotStaysSilent(t *testing.T) {
	a := newAccount(t, fakelandbot.Options{})
	id, to := a.customer()
	require.NoError(t, a.pause(to))
	require.NoError(t, a.pause(to), "pausing a paused bot is no error")
	a.Journal.Clear()
	require.NoError(t, a.CustomerSays(id, "human"))
	require.Empty(t, a.Journal.Entries(""))
}

func TestTheVendorsOwnUnassignmentIsToldAndHealed(t *testing.T) {
	a := newAccount(t, fakelandbot.Options{})
	a.subscribe()
	id, to := a.customer()
	require.NoError(t, a.pause(to))
	require.Empty(t, a.told(conversation.ChannelDropped), "our own assignment is no loss")

	require.NoError(t, a.AutoUnassign(id))
	dropped := a.told(conversation.ChannelDropped)
	require.Len(t, dropped, 1)
	require.Equal(t, to, dropped[0].Ref)

	require.NoError(t, a.pause(to))
	require.EqualValues(t, fakelandbot.DefaultAgentID, a.snapshot(id).Agent)
	require.NoError(t, a.CustomerSays(id, "still here"))
}

func TestWordsTakeTheCustomerAgainAfterAnUnassignment(t *testing.T) {
	for _, status := range []int{412, 403} {
		a := newAccount(t, fakelandbot.Options{Unknown: fakelandbot.Unknown{DroppedSendStatus: status}})
		id, to := a.customer()
		require.NoError(t, a.pause(to))
		require.NoError(t, a.AutoUnassign(id))
		require.NoError(t, a.deliver(to, "k-1", "Hi"))
		require.Equal(t, []string{"Hi"}, a.AgentTexts(id))
		require.EqualValues(t, fakelandbot.DefaultAgentID, a.snapshot(id).Agent)
	}
}

func TestACustomerOfAnotherAgentIsLeftAlone(t *testing.T) {
	a := newAccount(t, fakelandbot.Options{Unknown: fakelandbot.Unknown{HeldSendStatus: 412}})
	id, to := a.customer()
	require.NoError(t, a.HumanTakes(id, fakelandbot.DefaultHumanID))
	require.Equal(t, connector.Conflict, connector.KindOf(a.pause(to)))
	require.Equal(t, connector.Conflict, connector.KindOf(a.deliver(to, "k-1", "Hi")))
	err := a.conn.ResumeBot(t.Context(), connector.ResumeRequest{To: to, Vendor: map[string]string{"bot_id": "2200456"}})
	require.Equal(t, connector.Conflict, connector.KindOf(err))
	require.EqualValues(t, fakelandbot.DefaultHumanID, a.snapshot(id).Agent)
	require.Empty(t, a.AgentTexts(id))
}

func TestARefusalThatAssigningCannotMendIsAConflict(t *testing.T) {
	a := newAccount(t, fakelandbot.Options{Channels: []fakelandbot.Channel{{ID: 812, Name: "Web", Type: "landbot", Inactive: true}}})
	_, to := a.customer()
	require.NoError(t, a.pause(to))
	err := a.deliver(to, "k-1", "Hi")
	require.Equal(t, connector.Conflict, connector.KindOf(err))
	require.ErrorContains(t, err, "412")
}

func TestPollingTellsOnlyALoss(t *testing.T) {
	a := newAccount(t, fakelandbot.Options{})
	id, to := a.customer()
	list := func(state conversation.State) []connector.Inbound {
		in, err := a.conn.ListMessages(t.Context(), connector.ListRequest{To: to, State: state})
		require.NoError(t, err)
		return in
	}
	require.NoError(t, a.pause(to))
	require.Empty(t, list(conversation.Assigned))
	require.NoError(t, a.AutoUnassign(id))
	require.Empty(t, list(conversation.InBot), "nobody is missing where the bot has the customer")
	in := list(conversation.Assigned)
	require.Len(t, in, 1)
	require.Equal(t, conversation.ChannelDropped, in[0].Event.Kind)
	require.Equal(t, connector.Ref{Conversation: to}, in[0].Ref)
	require.NoError(t, a.HumanTakes(id, fakelandbot.DefaultHumanID))
	require.Len(t, list(conversation.Assigned), 1, "another agent has the customer")
}

func TestTheEndGivesTheBotBackWithoutLaunchingIt(t *testing.T) {
	a := newAccount(t, fakelandbot.Options{}, func(c *landbot.Config) {
		c.BotID, c.EndNode, c.ArchiveOnEnd = fakelandbot.DefaultBotID, "resume00", true
	})
	id, to := a.customer()
	require.NoError(t, a.pause(to))
	a.Journal.Clear()
	require.NoError(t, a.conn.ResumeBot(t.Context(), connector.ResumeRequest{To: to}))
	snap := a.snapshot(id)
	require.EqualValues(t, fakelandbot.DefaultBotID, snap.Bot)
	require.True(t, snap.Archived)
	for _, e := range a.Journal.Entries(to) {
		require.NotEqual(t, "node", e.Kind, "nothing runs before the customer writes")
	}
	require.NoError(t, a.CustomerSays(id, "hello again"))
	require.Equal(t, "resume00", a.snapshot(id).Node)
}

func TestARepeatedHandBackLaunchesTheBotOnce(t *testing.T) {
	a := newAccount(t, fakelandbot.Options{})
	_, to := a.customer()
	require.NoError(t, a.pause(to))
	a.Faults.Set("assign_bot", fake.AcceptThenStatus(500).For(1))
	req := connector.ResumeRequest{To: to, Launch: true, Node: "resume00", Vendor: map[string]string{"bot_id": "2200456"}}
	require.Equal(t, connector.UncertainOutcome, connector.KindOf(a.conn.ResumeBot(t.Context(), req)))
	req.Again = true
	require.NoError(t, a.conn.ResumeBot(t.Context(), req))
	require.Equal(t, 1, a.Journal.Count(func(e fake.Entry) bool { return e.Kind == "node" && e.Text == "resume00" }))
}

func TestAHandBackThatSurelyFailedIsLaunchedAgain(t *testing.T) {
	a := newAccount(t, fakelandbot.Options{})
	_, to := a.customer()
	require.NoError(t, a.pause(to))
	a.Faults.Set("assign_bot", fake.RefuseStatus(502, "").For(1))
	req := connector.ResumeRequest{To: to, Launch: true, Node: "resume00", Vendor: map[string]string{"bot_id": "2200456"}}
	require.Error(t, a.conn.ResumeBot(t.Context(), req))
	req.Again = true
	require.NoError(t, a.conn.ResumeBot(t.Context(), req))
	require.Equal(t, 1, a.Journal.Count(func(e fake.Entry) bool { return e.Kind == "node" && e.Text == "resume00" }))
}

func TestABlockThatIsGoneDoesNotLeaveAMuteBot(t *testing.T) {
	a := newAccount(t, fakelandbot.Options{})
	id, to := a.customer()
	require.NoError(t, a.pause(to))
	require.NoError(t, a.conn.ResumeBot(t.Context(), connector.ResumeRequest{
		To: to, Launch: true, Node: "deleted0", Vendor: map[string]string{"bot_id": "2200456"},
	}))
	require.Equal(t, "welcome0", a.snapshot(id).Node)
}

func TestNobodyNamedTheBot(t *testing.T) {
	a := newAccount(t, fakelandbot.Options{})
	_, to := a.customer()
	err := a.conn.ResumeBot(t.Context(), connector.ResumeRequest{To: to})
	require.Equal(t, connector.Invalid, connector.KindOf(err))
	require.ErrorContains(t, err, "bot_id")
}

func TestASendWhoseAnswerWasLostIsFoundAndNotRepeated(t *testing.T) {
	for _, fault := range []fake.Fault{fake.AcceptThenStatus(500), fake.AcceptThenReset()} {
		t.Run(string(fault.Kind), func(t *testing.T) {
			a := newAccount(t, fakelandbot.Options{})
			id, to := a.customer()
			begin := time.Now()
			require.NoError(t, a.deliver(to, "k-1", "ok"))
			a.Faults.Set("send_text", fault.For(1))
			require.Equal(t, connector.UncertainOutcome, connector.KindOf(a.deliver(to, "k-2", "ok")))
			find := connector.FindRequest{Key: "k-2", To: to, Text: "ok", Since: begin, Skip: 1}
			_, found, err := a.conn.FindSent(t.Context(), find)
			require.NoError(t, err)
			require.True(t, found)
			find.Skip = 2
			_, found, err = a.conn.FindSent(t.Context(), find)
			require.NoError(t, err)
			require.False(t, found, "the others were confirmed")
			require.Equal(t, []string{"ok", "ok"}, a.AgentTexts(id))
		})
	}
}

func TestWhatTheCustomerWroteIsNoProof(t *testing.T) {
	a := newAccount(t, fakelandbot.Options{})
	id, to := a.customer()
	begin := time.Now()
	require.NoError(t, a.CustomerSays(id, "ok"))
	_, found, err := a.conn.FindSent(t.Context(), connector.FindRequest{Key: "k", To: to, Text: "ok", Since: begin})
	require.NoError(t, err)
	require.False(t, found)
}

func TestWithItsNameOnlyOurAgentsWordsAreProof(t *testing.T) {
	a := newAccount(t, fakelandbot.Options{}, func(c *landbot.Config) { c.AgentName = "Middleware" })
	id, to := a.customer()
	begin := time.Now()
	require.NoError(t, a.HumanInInboxSays(id, fakelandbot.DefaultHumanID, "ok"))
	find := connector.FindRequest{Key: "k", To: to, Text: "ok", Since: begin}
	_, found, err := a.conn.FindSent(t.Context(), find)
	require.NoError(t, err)
	require.False(t, found)
	require.NoError(t, a.deliver(to, "k", "ok"))
	_, found, err = a.conn.FindSent(t.Context(), find)
	require.NoError(t, err)
	require.True(t, found)
}

func TestOldWordsAreNoProof(t *testing.T) {
	a := newAccount(t, fakelandbot.Options{Now: func() time.Time { return time.Now().Add(-time.Minute) }})
	_, to := a.customer()
	require.NoError(t, a.deliver(to, "k-1", "ok"))
	_, found, err := a.conn.FindSent(t.Context(), connector.FindRequest{Key: "k-2", To: to, Text: "ok", Since: time.Now()})
	require.NoError(t, err)
	require.False(t, found)
}

func TestALongTextIsSplitAndCompletedAfterAFailure(t *testing.T) {
	text := strings.Repeat("ñ", 3990) + " " + strings.Repeat("x", 4000) + "🎉 end"
	for _, fault := range []fake.Fault{fake.AcceptThenReset(), fake.RefuseStatus(503, "")} {
		t.Run(string(fault.Kind), func(t *testing.T) {
			a := newAccount(t, fakelandbot.Options{})
			id, to := a.customer()
			begin := time.Now()
			spoilt := a.otherProcess(spoilSecond(a, fault))
			_, err := spoilt.Deliver(t.Context(), connector.DeliverRequest{Key: "k", To: to, Text: text})
			require.Equal(t, connector.UncertainOutcome, connector.KindOf(err), "a part was said")

			other := a.otherProcess(nil)
			_, found, err := other.FindSent(t.Context(), connector.FindRequest{Key: "k", To: to, Text: text, Since: begin})
			require.NoError(t, err)
			require.False(t, found)
			_, err = other.Deliver(t.Context(), connector.DeliverRequest{Key: "k", To: to, Text: text})
			require.NoError(t, err)
			require.Equal(t, text, strings.Join(a.AgentTexts(id), ""))
			for _, part := range a.AgentTexts(id) {
				require.LessOrEqual(t, len([]rune(part)), 4000)
			}
			_, found, err = other.FindSent(t.Context(), connector.FindRequest{Key: "k", To: to, Text: text, Since: begin})
			require.NoError(t, err)
			require.True(t, found)
		})
	}
}

func TestPicturesAndPlacesAreSentAndOtherFilesAreNot(t *testing.T) {
	a := newAccount(t, fakelandbot.Options{})
	_, to := a.customer()
	send := func(at conversation.Attachment, caption string) error {
		_, err := a.conn.SendAttachment(t.Context(), connector.AttachmentRequest{To: to, Attachment: at, Text: caption})
		return err
	}
	begin := time.Now()
	picture := conversation.Attachment{URL: "https://files.example/x.png?sig=1"}
	require.NoError(t, send(picture, "invoice"))
	require.NoError(t, send(conversation.Attachment{Latitude: 41.4, Longitude: 2.16}, ""))
	require.Equal(t, connector.Unsupported, connector.KindOf(send(conversation.Attachment{
		URL: "https://files.example/x.png", ContentType: "application/pdf",
	}, "")))
	var seen []string
	for _, e := range a.Journal.Entries(to) {
		if e.Who == "agent:4107" {
			seen = append(seen, e.Kind+" "+e.Text)
		}
	}
	require.Equal(t, []string{"image https://files.example/x.png?sig=1", "location 41.4,2.16"}, seen)

	_, found, err := a.conn.FindSent(t.Context(), connector.FindRequest{To: to, Attachment: &picture, Since: begin})
	require.NoError(t, err)
	require.True(t, found)
}

func TestOneHookIsLeftOnEachChannel(t *testing.T) {
	a := newAccount(t, fakelandbot.Options{})
	const url = "https://gw.example/webhooks/landbot-shop"
	for range 2 {
		require.NoError(t, a.conn.Subscribe(t.Context(), url))
		require.Equal(t, []string{url}, a.HookURLs(fakelandbot.DefaultChannelID))
	}
	double, err := http.NewRequestWithContext(t.Context(), http.MethodPost, a.url+"/channels/812/message_hooks/",
		strings.NewReader(`{"url":"`+url+`","token":"`+hookToken+`","name":"handoff"}`))
	require.NoError(t, err)
	double.Header.Set("Authorization", "Token "+fakelandbot.DefaultToken)
	resp, err := http.DefaultClient.Do(double)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Len(t, a.HookURLs(fakelandbot.DefaultChannelID), 2)
	require.NoError(t, a.conn.Subscribe(t.Context(), url))
	require.Equal(t, []string{url}, a.HookURLs(fakelandbot.DefaultChannelID), "a second one is taken away")

	a.Faults.Set("hook_create", fake.AcceptThenStatus(500).For(1))
	rotated := open(t, config(a.url, func(c *landbot.Config) { c.HookToken = connector.Secrets{"new", hookToken} }))
	require.Error(t, rotated.Subscribe(t.Context(), url))
	require.NoError(t, rotated.Subscribe(t.Context(), url))
	require.Equal(t, []string{url}, a.HookURLs(fakelandbot.DefaultChannelID), "also with another token, and after a lost answer")
}

func TestWithoutChannelIDsTheOnlyChannelIsServed(t *testing.T) {
	none := func(c *landbot.Config) { c.ChannelIDs = nil }
	a := newAccount(t, fakelandbot.Options{}, none)
	require.NoError(t, a.conn.Subscribe(t.Context(), "https://gw.example/x"))
	require.Len(t, a.HookURLs(fakelandbot.DefaultChannelID), 1)

	two := newAccount(t, fakelandbot.Options{Channels: []fakelandbot.Channel{{ID: 1, Type: "landbot"}, {ID: 2, Type: "whatsapp"}}}, none)
	require.ErrorContains(t, two.conn.Subscribe(t.Context(), "https://gw.example/x"), "set channel_ids")
}

func TestCheckNamesWhatIsWrong(t *testing.T) {
	for _, tc := range []struct {
		name   string
		opts   fakelandbot.Options
		change func(*landbot.Config)
		kind   connector.Kind
		text   string
	}{
		{"all is well", fakelandbot.Options{}, func(*landbot.Config) {}, "", ""},
		{"wrong token", fakelandbot.Options{}, func(c *landbot.Config) { c.APIToken = connector.Secrets{"nope"} }, connector.Unauthenticated, "401"},
		{"unknown channel", fakelandbot.Options{}, func(c *landbot.Config) { c.ChannelIDs = []int64{7} }, connector.NotFound, "no channel 7"},
		{"unknown agent", fakelandbot.Options{}, func(c *landbot.Config) { c.AgentID = 7 }, connector.NotFound, "no agent 7"},
		{"no list of agents", fakelandbot.Options{Unknown: fakelandbot.Unknown{NoAgentsList: true}}, func(c *landbot.Config) { c.AgentID = 7 }, "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := newAccount(t, tc.opts, tc.change)
			err := a.conn.Check(t.Context())
			require.Equal(t, tc.kind, connector.KindOf(err))
			if tc.text != "" {
				require.ErrorContains(t, err, tc.text)
			}
		})
	}
}

func TestOneProcessKeepsToTheVendorsRate(t *testing.T) {
	a := newAccount(t, fakelandbot.Options{RatePerSecond: 10})
	_, to := a.customer()
	paced, err := landbot.New(config(a.url), connector.Deps{Connection: "landbot-shop"})
	require.NoError(t, err)
	for n := range 14 {
		key := conversation.Key(fmt.Sprint("landbot-shop:1/x-", n))
		require.NoError(t, paced.(*landbot.Client).PauseBot(t.Context(), connector.PauseRequest{Key: key, To: to}), "never a 429")
	}
}

func TestRateLimitsAreToldApartFromOtherRefusals(t *testing.T) {
	a := newAccount(t, fakelandbot.Options{})
	_, to := a.customer()
	a.Faults.Set("send_text", fake.RateLimit(0, "").For(1))
	require.Equal(t, connector.RateLimited, connector.KindOf(a.deliver(to, "k", "Hi")))
	require.NoError(t, a.deliver(to, "k", "Hi"))
}

func TestOnlyCustomerIDsBecomePartOfAnAddress(t *testing.T) {
	a := newAccount(t, fakelandbot.Options{})
	for _, to := range []string{"", "0", "-1", "1/assign", "../channels", "x"} {
		require.Equal(t, connector.Invalid, connector.KindOf(a.deliver(to, "k", "Hi")), to)
		require.Equal(t, connector.Invalid, connector.KindOf(a.pause(to)), to)
	}
	require.Zero(t, a.Faults.Calls(fake.AnyOp))
}
