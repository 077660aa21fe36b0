package certainly_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/certainly"
	"github.com/handoff-engine/handoff/conversation"
)

const ana = "webbot:1f0e7c52-0000-4000-8000-000000000009"

func anyClient(t *testing.T) *certainly.Client { return open(t, config("https://certainly.example")) }

func TestAClaimAsksForAHumanWithWhatTheBotKnows(t *testing.T) {
	c := anyClient(t)
	got := decode(t, c, delivery(t, "claim_routed"))
	require.Len(t, got, 1)
	require.NotEmpty(t, got[0].ID)
	got[0].ID = ""
	require.Equal(t, conversation.Event{
		Kind: conversation.HandoffRequested, At: received, Weak: true, Ref: ana, Reason: conversation.ByBot,
		Agent: "mira@example.com", Group: "returns", Vendor: map[string]string{"claim_end": "solved"},
		Customer: conversation.Customer{Name: "Ana Doe", Fields: map[string]string{
			"topic": "returns", "attached_media": "https://files.example/a.png",
		}},
	}, got[0])
	builder := decode(t, c, delivery(t, "claim_builder"))[0]
	require.Equal(t, ana, builder.Ref)
	require.Equal(t, "billing", builder.Group)
	require.Equal(t, conversation.Customer{Name: "Ana Doe", Language: "en", Fields: map[string]string{"topic": "billing"}}, builder.Customer)
}

func TestAClaimsTokenIsNotShownToTheAgent(t *testing.T) {
	for _, ev := range decode(t, anyClient(t), delivery(t, "claim")) {
		for _, value := range ev.Customer.Fields {
			require.NotEqual(t, "token", value)
		}
	}
}

func TestALaterClaimIsAnotherClaim(t *testing.T) {
	c := anyClient(t)
	first, later := delivery(t, "claim"), delivery(t, "claim")
	require.Equal(t, decode(t, c, first), decode(t, c, delivery(t, "claim")))
	later.ReceivedAt = received.Add(time.Second)
	require.NotEqual(t, decode(t, c, first)[0].ID, decode(t, c, later)[0].ID)
}

func TestRedeliveredMessagesKeepTheirIDs(t *testing.T) {
	c := anyClient(t)
	for _, fixture := range []string{"user_text", "user_actions", "user_files", "user_profile", "user_file_unknown"} {
		first, again := delivery(t, fixture), delivery(t, fixture)
		again.ReceivedAt = again.ReceivedAt.Add(10 * time.Minute)
		require.Equal(t, decode(t, c, first), decode(t, c, again), fixture)
	}
}

func TestEqualWordsOfAnotherSecondAreAnotherMessage(t *testing.T) {
	c := anyClient(t)
	first, later := delivery(t, "user_text"), delivery(t, "user_text")
	later.Body = []byte(strings.Replace(string(later.Body), "1772443790", "1772443791", 1))
	require.NotEqual(t, decode(t, c, first)[0].ID, decode(t, c, later)[0].ID)

	first, later = delivery(t, "user_without_time"), delivery(t, "user_without_time")
	later.ReceivedAt = received.Add(time.Second)
	require.NotEqual(t, decode(t, c, first)[0].ID, decode(t, c, later)[0].ID)
}

func TestTwoUsersWithOneMessageIDAreTold(t *testing.T) {
	c := anyClient(t)
	hers, his := delivery(t, "user_actions"), delivery(t, "user_actions")
	his.Body = []byte(strings.Replace(string(his.Body), ana, "webbot:another", 1))
	require.NotEqual(t, decode(t, c, hers)[0].ID, decode(t, c, his)[0].ID)
	require.False(t, decode(t, c, his)[0].Weak)
}

func TestMessagesOfEachShapeAreUnderstood(t *testing.T) {
	c := anyClient(t)
	for _, tc := range []struct {
		fixture string
		kind    conversation.Kind
		text    string
		files   []string
	}{
		{"user_text", conversation.CustomerSaid, "Hello", nil},
		{"user_actions", conversation.CustomerSaid, "hello\nare you there?", nil},
		{"user_action_unknown", conversation.CustomerSaid, "[unsupported: standby]", nil},
		{"user_files", conversation.CustomerSaid, "", []string{"https://files.example/a.png", "https://files.example/b.pdf?sig=1"}},
		{"user_file_unknown", conversation.CustomerSaid, "[attachment]", nil},
		{"bot_text", conversation.BotSaid, "Hello from the bot", nil},
		{"bot_choice", conversation.BotSaid, "Sure?\n- yes\n- no", nil},
		{"bot_card", conversation.BotSaid, "Parcel\nIt is on its way.\nhttps://shop.example\n- Buy", nil},
		{"bot_carousel", conversation.BotSaid, "[unsupported: carousel]", nil},
		{"echo_agent", conversation.SendProven, "Hi, this is Ana", nil},
	} {
		t.Run(tc.fixture, func(t *testing.T) {
			got := decode(t, c, delivery(t, tc.fixture))
			require.Equal(t, tc.kind, got[0].Kind)
			require.Equal(t, tc.text, got[0].Text)
			var files []string
			for _, ev := range got {
				if ev.Attachment != nil {
					files = append(files, ev.Attachment.URL)
				}
			}
			require.Equal(t, tc.files, files)
		})
	}
}

func TestTheBotsWordsWithoutAUserBelongToNobody(t *testing.T) {
	c := anyClient(t)
	for _, fixture := range []string{"unknown_bot_text", "unknown_bot_choice", "unknown_bot_card", "unknown_interlocutor"} {
		require.Empty(t, decode(t, c, delivery(t, fixture)), fixture)
	}
}

func TestATimeThatIsFarOffOrdersNothing(t *testing.T) {
	c := anyClient(t)
	require.Equal(t, received, decode(t, c, delivery(t, "user_text_old_clock"))[0].At)
	require.Equal(t, received.Add(-10*time.Second), decode(t, c, delivery(t, "user_text"))[0].At)
}

func TestOnlyTheSecretInTheAddressOpensTheDoor(t *testing.T) {
	c := open(t, config("https://certainly.example", func(c *certainly.Config) {
		c.WebhookSecret = connector.Secrets{"the-new-secret-0001", "the-old-secret-0001"}
		c.ClaimToken = connector.Secrets{"claim-token"}
	}))
	for _, tc := range []struct {
		name, hookpoint string
		header          []string
		ok              bool
	}{
		{"the first", "the-new-secret-0001/messages", nil, true},
		{"the one before", "the-old-secret-0001/messages", nil, true},
		{"another", "the-new-secret-0002/messages", nil, false},
		{"none", "messages", nil, false},
		{"empty", "/messages", nil, false},
		{"a claim with its token", "the-new-secret-0001/claim", []string{"Bearer claim-token"}, true},
		{"a claim without its token", "the-new-secret-0001/claim", nil, false},
		{"a claim with another token", "the-new-secret-0001/claim", []string{"Bearer claim-token2"}, false},
		{"a claim with another word", "the-new-secret-0001/claim", []string{"Basic claim-token"}, false},
		{"a claim with two tokens", "the-new-secret-0001/claim", []string{"Bearer claim-token", "Bearer claim-token"}, false},
		{"a claim with the token and no secret", "x/claim", []string{"Bearer claim-token"}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := c.Verify(&connector.Delivery{Hookpoint: tc.hookpoint, Header: http.Header{"Authorization": tc.header}})
			if tc.ok {
				require.NoError(t, err)
				return
			}
			require.Equal(t, connector.Unauthenticated, connector.KindOf(err))
		})
	}
}

func TestNoOtherHookpointIsThere(t *testing.T) {
	for _, point := range []string{"", "/", "/claims", "/claim/more"} {
		d := delivery(t, "user_text")
		d.Hookpoint = webhookSecret + point
		_, err := anyClient(t).Decode(d)
		require.Equal(t, connector.Invalid, connector.KindOf(err), point)
	}
}
