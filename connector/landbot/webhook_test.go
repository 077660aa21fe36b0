package landbot_test

import (
	"net/http"
	"os"
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

var received = time.Date(2026, 10, 5, 12, 0, 0, 0, time.UTC)

// delivery is a fixture as the vendor delivers it.
func delivery(t *testing.T, name string) *connector.Delivery {
	t.Helper()
	body, err := os.ReadFile("testdata/webhooks/" + name + ".json")
	require.NoError(t, err)
	d := hook(string(body))
	if strings.Contains(name, "handoff") {
		d.Hookpoint = landbot.HandoffHookpoint
	}
	return d
}

func hook(body string) *connector.Delivery {
	return &connector.Delivery{
		Method: http.MethodPost, Body: []byte(body), ReceivedAt: received,
		Header: http.Header{"Authorization": {"Token " + hookToken}},
	}
}

func decode(t *testing.T, c *landbot.Client, d *connector.Delivery) []conversation.Event {
	t.Helper()
	in, err := c.Decode(d)
	require.NoError(t, err)
	var events []conversation.Event
	for _, i := range in {
		require.Equal(t, connector.Ref{Conversation: i.Event.Ref}, i.Ref)
		events = append(events, i.Event)
	}
	return events
}

func TestACustomersWordsCarryWhatIsKnownOfThem(t *testing.T) {
	got := decode(t, open(t, config("https://api.example/v1")), delivery(t, "customer_text"))
	require.Equal(t, []conversation.Event{{
		ID: "5b1c0c52-0000-4000-8000-000000000001", MessageID: "5b1c0c52-0000-4000-8000-000000000001",
		Kind: conversation.CustomerSaid, At: time.Date(2026, 10, 5, 11, 40, 17, 512043000, time.UTC), Seq: 14,
		Text: "Hello, I need help", Ref: "61200345",
		Customer: conversation.Customer{Name: "Ana", Email: "ana@example.com", Fields: map[string]string{
			"country": "Spain", "interests": "['red', 'blue']", "url": "https://landbot.online/v3/H-1/index.html",
		}},
	}}, got)
}

func TestHooksOfEachShapeAreUnderstood(t *testing.T) {
	c := open(t, config("https://api.example/v1"))
	for _, tc := range []struct {
		fixture string
		kind    conversation.Kind
		text    string
		file    *conversation.Attachment
	}{
		{"customer_image", conversation.CustomerSaid, "", &conversation.Attachment{URL: "https://storage.example/a.png", Name: "a.png"}},
		{"customer_button", conversation.CustomerSaid, "Yes", nil},
		{"customer_location", conversation.CustomerSaid, "", &conversation.Attachment{Latitude: 41.4, Longitude: 2.16}},
		{"customer_document", conversation.CustomerSaid, "my invoice", &conversation.Attachment{URL: "https://storage.example/files/invoice.pdf?sig=abc", Name: "invoice.pdf"}},
		{"customer_sticker", conversation.CustomerSaid, "[unsupported: sticker]", nil},
		{"customer_whatsapp", conversation.CustomerSaid, "Hello, I need help", nil},
		{"bot_text", conversation.BotSaid, "Please wait", nil},
		{"bot_dialog", conversation.BotSaid, "Continue?\n- Yes\n- No", nil},
		{"bot_iframe", conversation.BotSaid, "https://example.com/form", nil},
		{"bot_card", conversation.BotSaid, "Your parcel\nIt is on its way.\nShop", nil},
		{"bot_question", conversation.BotSaid, "[unsupported: multi_question]", nil},
		{"echo_text", conversation.SendProven, "Hi, this is Ana", nil},
		{"inbox_agent_text", conversation.BotSaid, "Ben here", nil},
		{"unassigned", conversation.ChannelDropped, "", nil},
		{"unassigned_action_in_raw", conversation.ChannelDropped, "", nil},
		{"taken_by_another", conversation.ChannelDropped, "", nil},
	} {
		t.Run(tc.fixture, func(t *testing.T) {
			got := decode(t, c, delivery(t, tc.fixture))
			require.Len(t, got, 1)
			require.Equal(t, tc.kind, got[0].Kind)
			require.Equal(t, tc.text, got[0].Text)
			require.Equal(t, tc.file, got[0].Attachment)
			require.False(t, got[0].Weak)
		})
	}
}

func TestWhatConcernsNobodyGivesNothing(t *testing.T) {
	c := open(t, config("https://api.example/v1"))
	for _, fixture := range []string{"echo_image", "unknown_assigned_to_us", "unknown_hidden", "unknown_sender", "unknown_channel", "unknown_system_line"} {
		require.Empty(t, decode(t, c, delivery(t, fixture)), fixture)
	}
}

func TestWithoutItsIDEveryAgentMayBeOurs(t *testing.T) {
	c := open(t, config("https://api.example/v1", func(c *landbot.Config) { c.AgentID = 0 }))
	require.Equal(t, conversation.SendProven, decode(t, c, delivery(t, "inbox_agent_text"))[0].Kind)
	require.Empty(t, decode(t, c, delivery(t, "taken_by_another")))
	require.Equal(t, conversation.ChannelDropped, decode(t, c, delivery(t, "unassigned"))[0].Kind)
}

func TestTheBestIDThatThereIsIsTaken(t *testing.T) {
	c := open(t, config("https://api.example/v1"))
	d := delivery(t, "customer_without_uuid")
	weak := decode(t, c, d)[0]
	require.True(t, weak.Weak)
	require.Equal(t, weak.ID, decode(t, c, d)[0].ID, "a redelivery keeps it")
	other := *d
	other.Body = []byte(strings.Replace(string(d.Body), "17.512043", "17.512044", 1))
	require.NotEqual(t, weak.ID, decode(t, c, &other)[0].ID, "equal words of another instant are another event")

	d.Header.Set("Sentry-Trace", "4c79f60c11214eb38604f4ae0781bfb2-fa90fdead5f74052-1")
	traced := decode(t, c, d)[0]
	require.Equal(t, "4c79f60c11214eb38604f4ae0781bfb2-fa90fdead5f74052-1", traced.ID)
	require.False(t, traced.Weak)

	d = delivery(t, "customer_text")
	d.Header.Set("Sentry-Trace", "two hooks on one channel may differ here")
	require.Equal(t, "5b1c0c52-0000-4000-8000-000000000001", decode(t, c, d)[0].ID)
}

func TestTheFlowAsksForAHuman(t *testing.T) {
	c := open(t, config("https://api.example/v1"))
	got := decode(t, c, delivery(t, "handoff"))
	require.Len(t, got, 1)
	id := got[0].ID
	got[0].ID = ""
	require.Equal(t, conversation.Event{
		Kind: conversation.HandoffRequested, At: received, Weak: true, Ref: "61200345", Reason: conversation.ByBot, Group: "sales",
		Customer: conversation.Customer{Name: "Ana", Email: "ana@example.com", Fields: map[string]string{"reason": "billing"}},
		Vendor:   map[string]string{"bot_id": "2200456", "resume_node": "Abc12def3"},
	}, got[0])

	later := delivery(t, "handoff")
	later.ReceivedAt = received.Add(time.Second)
	require.NotEqual(t, id, decode(t, c, later)[0].ID, "asking again later is another request")

	texts := decode(t, c, delivery(t, "handoff_texts"))[0]
	require.Equal(t, "61200345", texts.Ref)
	require.Equal(t, map[string]string{"bot_id": "2200456"}, texts.Vendor)
	require.Equal(t, map[string]string{"order": "4711"}, texts.Customer.Fields)
}

func TestOnlyTheTokenOpensTheDoor(t *testing.T) {
	c := open(t, config("https://api.example/v1", func(c *landbot.Config) { c.HookToken = connector.Secrets{"new", "old"} }))
	for _, tc := range []struct {
		name   string
		header []string
		ok     bool
	}{
		{"the first", []string{"Token new"}, true},
		{"the one before", []string{"Token old"}, true},
		{"none", nil, false},
		{"empty", []string{"Token "}, false},
		{"another", []string{"Token newer"}, false},
		{"without the word", []string{"new"}, false},
		{"another word", []string{"Bearer new"}, false},
		{"two", []string{"Token new", "Token new"}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := c.Verify(&connector.Delivery{Header: http.Header{"Authorization": tc.header}})
			if tc.ok {
				require.NoError(t, err)
				return
			}
			require.Equal(t, connector.Unauthenticated, connector.KindOf(err))
		})
	}
}

func TestARedeliveryKeepsItsIDThroughTheWire(t *testing.T) {
	a := newAccount(t, fakelandbot.Options{})
	a.subscribe()
	id, _ := a.customer()
	a.Faults.Set(fakelandbot.OpHook, fake.Redeliver(2).For(1))
	require.NoError(t, a.CustomerSays(id, "hello"))
	said := a.told(conversation.CustomerSaid)
	require.Len(t, said, 3)
	require.Equal(t, said[0], said[1])
	require.Equal(t, said[0], said[2])
	require.NotEmpty(t, said[0].ID)
}

func TestWhatPeopleInTheVendorsInboxSayIsKept(t *testing.T) {
	a := newAccount(t, fakelandbot.Options{})
	a.subscribe()
	id, to := a.customer()
	require.NoError(t, a.pause(to))
	require.NoError(t, a.HumanInInboxSays(id, fakelandbot.DefaultHumanID, "Ben here"))
	said := a.told(conversation.BotSaid)
	last := said[len(said)-1]
	require.Equal(t, "Ben here", last.Text)
	require.Equal(t, conversation.Author{ID: "4108", Name: "Ben"}, last.Author)
	require.Empty(t, a.told(conversation.SendProven))
}
