package teams_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/teams"
	"github.com/handoff-engine/handoff/conversation"
	vendor "github.com/handoff-engine/handoff/testsuite/fake/teams"
	"github.com/handoff-engine/handoff/testsuite/subjects"
)

// unlinked is a connection that makes no call.
func unlinked(t *testing.T, change ...func(*teams.Config)) *teams.Client {
	t.Helper()
	c := subjects.TeamsConfig("http://127.0.0.1:9")
	for _, f := range change {
		f(&c)
	}
	client, err := teams.NewWithKeys(c, connector.Deps{Connection: "under-test"}, at)
	require.NoError(t, err)
	return client
}

// TestNothingPrivateIsEverSaid makes up a hundred thousand activities, and looks for an internal line among what the
// customer gets. What is internal says so in words of its own, wherever they are.
func TestNothingPrivateIsEverSaid(t *testing.T) {
	const secret = "INTERNAL"
	all, mentioned := unlinked(t), unlinked(t, func(c *teams.Config) { c.MentionOnly = true })
	random := rand.New(rand.NewPCG(7, 11))
	pick := func(list ...string) string { return list[random.IntN(len(list))] }
	cases := 100_000
	if testing.Short() {
		cases = 10_000
	}
	said := 0
	for i := range cases {
		onlyMentions := random.IntN(2) == 0
		var mentions []any
		mention := func(id, name string) string {
			text := "<at>" + name + "</at>"
			mentions = append(mentions, map[string]any{"type": "mention", "text": text, "mentioned": map[string]string{"id": id, "name": name}})
			return text
		}
		us := func() string { return mention("28:"+vendor.DefaultAppID, "Handoff") }
		private, words := random.IntN(2) == 0, "for the customer"
		if private {
			words = secret + pick("", " price", "\n// more", " // ")
		}
		begin := pick("", " ", "\n", "\t", "\u00a0", "&nbsp;", "\u200b", " &nbsp; ", "\ufeff\n")
		hearing := random.IntN(2) == 0
		if hearing {
			begin += us() + pick("", " ", "&nbsp;", "\n")
		}
		if random.IntN(4) == 0 {
			begin += mention("29:1leo", "Leo") + pick(" ", "")
		}
		switch {
		case private && onlyMentions && !hearing && random.IntN(2) == 0:
			// Private because nobody mentions us.
		case private:
			begin += "//" + pick("", " ", "/", "\n")
		}
		kind := pick("message", "message", "messageUpdate")
		a := map[string]any{
			"type": kind, "id": fmt.Sprint(1767225600001 + i), "timestamp": at.Format(time.RFC3339Nano), "channelId": "msteams",
			"text": begin + words, "entities": mentions, "from": map[string]string{"id": "29:1sam", "aadObjectId": vendor.Sam},
			"conversation": map[string]string{"id": vendor.DefaultChannel + ";messageid=1767225600000"},
			"channelData":  map[string]string{"eventType": pick("", "editMessage", "undeleteMessage")},
		}
		if random.IntN(3) == 0 {
			a["attachments"] = []any{
				map[string]string{"contentType": "text/html", "content": words},
				map[string]string{"contentType": pick("image/png", "image/*", "reference", "x/y"), "contentUrl": "https://smba.trafficmanager.net/" + words, "name": words},
			}
		}
		body, err := json.Marshal(a)
		require.NoError(t, err)
		c := all
		if onlyMentions {
			c = mentioned
		}
		events, err := c.Decode(&connector.Delivery{Body: body, ReceivedAt: at})
		require.NoError(t, err)
		for _, in := range events {
			if in.Event.Kind != conversation.AgentNoted {
				said++
			}
			told, err := json.Marshal(in.Event)
			require.NoError(t, err)
			require.NotContains(t, string(told), secret, "%s", body)
			if private {
				require.Equal(t, conversation.AgentNoted, in.Event.Kind, "%s", body)
			}
		}
	}
	require.Greater(t, said, cases/4, "most public words are said")
}

func TestWithoutConsentOnlyWhatMentionsTheBotIsSaid(t *testing.T) {
	d := newDesk(t, vendor.Options{})
	c := d.open(func(c *teams.Config) { c.MentionOnly = true })
	ticket := mustOpen(t, c, ana())
	require.Contains(t, strings.Join(d.ThreadOf(ticket).Card.Texts, "\n"), "that mention this bot")
	_, err := d.AgentSays(ticket.ID, vendor.Sam, "who is she?")
	require.NoError(t, err)
	require.Equal(t, conversation.AgentNoted, d.last(c).Kind, "consent was granted all the same, and this is not meant for her")
	_, err = d.AgentMentions(ticket.ID, vendor.Sam, "Hello Ana")
	require.NoError(t, err)
	require.Equal(t, "Hello Ana", d.last(c).Text)
	_, err = d.AgentMentions(ticket.ID, vendor.Sam, "// not you")
	require.NoError(t, err)
	require.Equal(t, conversation.AgentNoted, d.last(c).Kind)

	d.Switch(func(s *vendor.Switches) { s.MentionsOnly = true })
	before := len(d.Deliveries())
	_, err = d.AgentSays(ticket.ID, vendor.Sam, "nobody hears this")
	require.NoError(t, err)
	require.Len(t, d.Deliveries(), before, "the fake delivers mentions only")
}

func TestAgentsWordsArriveAsTheyWroteThem(t *testing.T) {
	for _, escaped := range []bool{false, true} {
		d := newDesk(t, vendor.Options{})
		d.Switch(func(s *vendor.Switches) { s.EscapedText = escaped })
		c := d.open()
		ticket := mustOpen(t, c, ana())
		for _, text := range []string{"1 < 2 && <b>bold</b>", "write &amp; for &", "one\n  two &lt;", "plain", "Müller & Söhne"} {
			_, err := d.AgentSays(ticket.ID, vendor.Sam, text)
			require.NoError(t, err)
			require.Equal(t, text, d.last(c).Text, "escaped: %t", escaped)
			_, err = d.AgentMentions(ticket.ID, vendor.Sam, text)
			require.NoError(t, err)
			require.Equal(t, text, d.last(c).Text, "escaped: %t", escaped)
		}
	}
}

func TestButtonsSayWhoHasTheTicket(t *testing.T) {
	d := newDesk(t, vendor.Options{})
	c := d.open()
	ticket := mustOpen(t, c, ana())
	mira := vendor.Mira + " Mira & Co."
	for _, tt := range []struct {
		verb, choice string
		want         conversation.Event
	}{
		{"handoff_claim", "", conversation.Event{Kind: conversation.AgentAssigned, Agent: vendor.Sam, Author: conversation.Author{ID: vendor.Sam, Name: "Sam Example"}}},
		{"handoff_release", "", conversation.Event{Kind: conversation.AgentUnassigned, Author: conversation.Author{ID: vendor.Sam, Name: "Sam Example"}}},
		{"handoff_transfer", mira, conversation.Event{Kind: conversation.AgentAssigned, Agent: vendor.Mira, Author: conversation.Author{ID: vendor.Mira, Name: "Mira & Co."}}},
		{"handoff_back", "", conversation.Event{Kind: conversation.HandedBack, Author: conversation.Author{ID: vendor.Sam, Name: "Sam Example"}}},
		{"handoff_close", "", conversation.Event{Kind: conversation.TicketClosed, Author: conversation.Author{ID: vendor.Sam, Name: "Sam Example"}}},
	} {
		require.NoError(t, c.UpdateTicket(t.Context(), assigned(ticket)))
		for name, press := range map[string]func(thread, agent, verb, choice string) error{"new": d.AgentClicks, "old": d.AgentSubmits} {
			require.NoError(t, press(ticket.ID, vendor.Sam, tt.verb, tt.choice), name)
			got := d.last(c)
			require.Equal(t, []any{tt.want.Kind, tt.want.Agent, tt.want.Author, ticket.ID}, []any{got.Kind, got.Agent, got.Author, got.TicketID}, name+" "+tt.verb)
		}
	}
	require.Error(t, d.AgentClicks(ticket.ID, vendor.Sam, "handoff_transfer", "nobody"), "the card offers nobody else")
	last := d.Deliveries()[len(d.Deliveries())-1]
	in, err := c.Decode(last)
	require.NoError(t, err)
	require.Equal(t, connector.Ref{ID: "shop:c1"}, in[0].Ref, "a button carries our reference back")
}

func TestEditsAndDeletionsAreToldEachOnce(t *testing.T) {
	d := newDesk(t, vendor.Options{})
	c := d.open()
	ticket := mustOpen(t, c, ana())
	id, err := d.AgentSays(ticket.ID, vendor.Sam, "It costs 50 euros")
	require.NoError(t, err)
	require.NoError(t, d.AgentEdits(ticket.ID, id, "It costs 15 euros"))
	require.NoError(t, d.AgentEdits(ticket.ID, id, "// 12 for friends"))
	require.NoError(t, d.AgentDeletes(ticket.ID, id))
	require.NoError(t, d.AgentUndeletes(ticket.ID, id))
	require.NoError(t, d.AgentReacts(ticket.ID, vendor.Sam))
	var told []string
	ids := map[string]bool{}
	for _, ev := range d.told(c) {
		told = append(told, string(ev.Kind)+" "+ev.Text)
		require.False(t, ids[ev.ID], "an edit has the id of its message, and must not be taken for it")
		ids[ev.ID] = true
		require.Equal(t, id, ev.MessageID+ev.Target)
	}
	require.Equal(t, []string{
		"agent_said It costs 50 euros", "agent_edited It costs 15 euros", "agent_noted ", "agent_deleted ", "agent_noted ",
	}, told, "what comes back as a note stays one")
}

func TestWhatIsNoReplyInAThreadOfOursIsNotSaid(t *testing.T) {
	d := newDesk(t, vendor.Options{Channels: []string{vendor.DefaultChannel, vendor.BillingChannel, "19:general@thread.tacv2"}})
	c := d.open()
	mustOpen(t, c, ana())
	_, err := d.AgentPosts(vendor.DefaultChannel, vendor.Sam, "Lunch?")
	require.NoError(t, err)
	other, err := d.AgentPosts("19:general@thread.tacv2", vendor.Sam, "Lunch?")
	require.NoError(t, err)
	_, err = d.AgentSays(other, vendor.Mira, "Yes")
	require.NoError(t, err)
	d.Switch(func(s *vendor.Switches) { s.OwnPosts = true })
	ticket := mustOpen(t, c, connector.OpenRequest{Key: "shop:c1/e2-9", Conversation: "shop:c1"})
	_, err = c.Post(t.Context(), connector.PostRequest{Key: "shop:c1/e2-10", Ticket: ticket, Text: "our own words"})
	require.NoError(t, err)
	require.Len(t, d.Deliveries(), 4)
	require.Empty(t, d.told(c))
}

func TestTheNewestServiceAddressIsUsedIfItIsTheVendors(t *testing.T) {
	c := unlinked(t, func(c *teams.Config) { c.ServiceHosts = append(c.ServiceHosts, "smba.trafficmanager.net") })
	decoded := func(address string) map[string]string {
		d := fixture(t, "")
		d.Body = []byte(strings.Replace(string(d.Body), "https://smba.trafficmanager.net/emea/", address, 1))
		events, err := c.Decode(d)
		require.NoError(t, err)
		return events[0].Event.Vendor
	}
	require.Equal(t, map[string]string{"service_url": "https://smba.trafficmanager.net/amer"}, decoded("https://smba.trafficmanager.net/amer/"))
	for _, address := range []string{
		"https://evil.example/", "https://smba.trafficmanager.net.evil.example/", "http://smba.trafficmanager.net/", "https://x@smba.trafficmanager.net/", "",
	} {
		require.Empty(t, decoded(address), address)
	}
	ticket := conversation.Ticket{ID: vendor.DefaultChannel + ";messageid=1", Vendor: map[string]string{"service_url": "https://evil.example"}}
	_, err := c.Post(t.Context(), connector.PostRequest{Key: "k", Ticket: ticket, Text: "hello"})
	require.Equal(t, connector.Unavailable, connector.KindOf(err), "our own address is called, where nobody listens")
}

func TestConfiguredNamesGoBeforeTeams(t *testing.T) {
	c := unlinked(t, func(c *teams.Config) {
		c.AgentNames = map[string]string{"22222222-0000-4000-8000-000000000002": "Sam from Billing"}
	})
	events, err := c.Decode(fixture(t, ""))
	require.NoError(t, err)
	require.Equal(t, "Sam from Billing", events[0].Event.Author.Name)
}

func TestTheOperatorIsToldWhenTheDeskIsTakenAway(t *testing.T) {
	var log bytes.Buffer
	c, err := teams.NewWithKeys(subjects.TeamsConfig("http://127.0.0.1:9"), connector.Deps{Logger: slog.New(slog.NewTextHandler(&log, nil))}, at)
	require.NoError(t, err)
	told := func(body string) string {
		log.Reset()
		events, err := c.Decode(&connector.Delivery{Body: []byte(body)})
		require.NoError(t, err)
		require.Empty(t, events)
		return log.String()
	}
	deleted := `{"type":"conversationUpdate","channelData":{"eventType":"channelDeleted","channel":{"id":"` + vendor.BillingChannel + `"}}}`
	require.Contains(t, told(deleted), "channel of tickets was deleted")
	require.Empty(t, told(strings.Replace(deleted, vendor.BillingChannel, "19:other@thread.tacv2", 1)))
	require.Contains(t, told(`{"type":"installationUpdate","action":"remove-upgrade"}`), "bot was removed")
	require.Empty(t, told(`{"type":"installationUpdate","action":"add"}`))
}
