package slack_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/slack"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
	vendor "github.com/handoff-engine/handoff/testsuite/fake/slack"
	"github.com/handoff-engine/handoff/testsuite/subjects"
)

func TestSignaturesMadeElsewherePass(t *testing.T) {
	// Computed with openssl dgst -sha256 -hmac: independent of the code under test.
	for body, signature := range map[string]string{
		"token=x&team_id=T0001&command=%2Fhandoff":         "v0=4b4b8ab99c908257367bade8c92c7838d4bf19039a782f5fa7d444fd2f7f572a",
		`{"type":"url_verification","challenge":"abc123"}`: "v0=75e49efb3014c413c8a3e143d4f9ed0d769da568aea0ddb062e45eaa98e65c65",
	} {
		cfg := subjects.SlackConfig("http://127.0.0.1:9", "made-up-slack-secret")
		cfg.TeamID, cfg.AppID = "", ""
		c, err := slack.New(cfg, connector.Deps{})
		require.NoError(t, err)
		d := &connector.Delivery{Header: http.Header{}, Body: []byte(body), ReceivedAt: time.Unix(1767225600, 0)}
		d.Header.Set("X-Slack-Request-Timestamp", "1767225600")
		d.Header.Set("X-Slack-Signature", signature)
		require.NoError(t, c.Verify(d))
	}
}

func TestWebhooksOfAnotherAppOrWorkspaceAreForbidden(t *testing.T) {
	w := newWorkspace(t)
	c := w.open()
	ticket := w.ticket(c)
	channel, thread := subjects.SlackThread(ticket)
	require.NoError(t, w.AgentClicks(channel, thread, vendor.Sam, "handoff_claim", ""))
	deliveries := w.Deliveries()
	require.NotEmpty(t, deliveries)
	for name, change := range map[string]func(*slack.Config){
		"app": func(cfg *slack.Config) { cfg.AppID = "A0009WXYZ" }, "workspace": func(cfg *slack.Config) { cfg.TeamID = "T0009WXYZ" },
	} {
		other := w.open(change)
		for _, d := range deliveries {
			require.Equal(t, connector.Forbidden, connector.KindOf(other.Verify(d)), name)
		}
	}
}

func TestTheCheckOfTheAddressMustBeSigned(t *testing.T) {
	c := newWorkspace(t).open()
	d := &connector.Delivery{Header: http.Header{}, Body: []byte(`{"type":"url_verification","challenge":"<script>"}`), ReceivedAt: time.Now()}
	_, _, ok := c.Challenge(d)
	require.False(t, ok)
	vendor.Sign(d.Header, vendor.DefaultSigningSecret, d.ReceivedAt, d.Body)
	body, contentType, ok := c.Challenge(d)
	require.True(t, ok)
	require.Equal(t, "<script>", string(body))
	require.Contains(t, contentType, "text/plain")
}

func TestEveryButtonIsUnderstood(t *testing.T) {
	w := newWorkspace(t)
	c := w.open()
	ticket := w.ticket(c)
	channel, thread := subjects.SlackThread(ticket)
	click := func(user, action, selected string) {
		require.NoError(t, w.AgentClicks(channel, thread, user, action, selected))
	}
	click(vendor.Mira, "handoff_claim", "")
	require.NoError(t, c.UpdateTicket(t.Context(), connector.UpdateRequest{
		Key: "shop:c1/e1-5", Ticket: ticket, Change: conversation.Change{To: conversation.Assigned, Agent: conversation.Author{ID: vendor.Mira}},
	}))
	require.Error(t, w.AgentClicks(channel, thread, vendor.Sam, "handoff_claim", ""), "a claimed ticket is not offered")
	click(vendor.Mira, "handoff_transfer", vendor.Sam)
	click(vendor.Sam, "handoff_release", "")
	click(vendor.Sam, "handoff_back", "")
	click(vendor.Sam, "handoff_close", "")

	var got []string
	for _, d := range w.Deliveries() {
		require.NoError(t, c.Verify(d))
		in, err := c.Decode(d)
		require.NoError(t, err)
		for _, one := range in {
			if one.Event.Kind == conversation.SendProven {
				continue
			}
			require.Equal(t, connector.Ref{ID: "shop:c1"}, one.Ref, "no look-up is needed, and the card may not be known yet")
			require.Equal(t, ticket.ID, one.Event.TicketID)
			got = append(got, fmt.Sprintf("%s %s by %s %s", one.Event.Kind, one.Event.Agent, one.Event.Author.ID, one.Event.Author.Name))
		}
	}
	require.Equal(t, []string{
		"agent_assigned U0MIRA001 by U0MIRA001 Mira", "agent_assigned U0SAM0001 by U0SAM0001 ", "agent_unassigned  by U0SAM0001 sam",
		"handed_back  by U0SAM0001 sam", "ticket_closed  by U0SAM0001 sam",
	}, got)
}

func TestWhatAgentsDoInAThreadIsToldAndWhatTheyDoElsewhereIsNot(t *testing.T) {
	w := newWorkspace(t)
	w.Switch(func(s *vendor.Switches) { s.Mentions = true })
	c := w.open()
	ticket := w.ticket(c)
	channel, thread := subjects.SlackThread(ticket)
	must := func(ts string, err error) string {
		require.NoError(t, err)
		return ts
	}
	said := must(w.AgentWrites(channel, thread, vendor.Sam, "<@"+vendor.BotUser+"> it is <https://shop.example|here>"))
	note := must(w.AgentSays(channel, thread, vendor.Sam, "// she is a regular"))
	must(w.AgentBroadcasts(channel, thread, vendor.Sam, "for all to see"))
	lunch := must(w.AgentSays(channel, "", vendor.Sam, "lunch?"))
	must(w.AgentSays(channel, lunch, vendor.Mira, "in a minute"))
	must(w.OtherAppWrites(channel, thread, "build failed", nil))
	require.NoError(t, w.LinkPreview(channel, said))
	require.NoError(t, w.AgentEdits(channel, said, "it is there"))
	require.NoError(t, w.AgentEdits(channel, note, "// she is a very regular"))
	require.NoError(t, w.AgentEdits(channel, note, "You are a regular"))
	require.NoError(t, w.AgentEdits(channel, said, "// oops"))
	require.NoError(t, w.Deletes(channel, note))
	events := w.events(c)
	require.Equal(t, []conversation.Kind{
		conversation.AgentSaid, conversation.AgentNoted, conversation.AgentSaid, conversation.AgentEdited, conversation.AgentSaid,
		conversation.AgentNoted, conversation.AgentDeleted,
	}, kinds(events))
	require.Equal(t, "it is here (https://shop.example)", events[0].Text, "once, although a mention tells it again")
	require.Equal(t, said, events[3].Target)
	require.Equal(t, "You are a regular", events[4].Text, "a note that became public is said")
	require.Equal(t, said, events[5].Target, "what was said stays said, and which words are meant is told")
	require.Equal(t, note, events[6].Target)
	for _, ev := range events {
		require.Equal(t, ticket.ID, ev.TicketID)
	}
}

func TestOurOwnSendsComeBackAsProof(t *testing.T) {
	for name, change := range map[string]func(*vendor.Switches){
		"with the subtype": func(*vendor.Switches) {}, "without it": func(s *vendor.Switches) { s.NoSubtype = true },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorkspace(t)
			w.Switch(change)
			c := w.open()
			ticket := w.ticket(c)
			channel, thread := subjects.SlackThread(ticket)
			_, err := c.Post(t.Context(), connector.PostRequest{Key: "shop:c1/e1-3", Ticket: ticket, Text: strings.Repeat("x", 4100)})
			require.NoError(t, err)
			_, err = w.OtherAppWrites(channel, thread, "forged", &vendor.Metadata{
				EventType: "handoff_message", Payload: map[string]any{"key": "shop:c1/e1-4", "part": 1, "parts": 1},
			})
			require.NoError(t, err)
			require.NoError(t, c.WriteNote(t.Context(), connector.NoteRequest{Key: "shop:c1/e1-5", Ticket: ticket, Text: "note"}))
			events := w.events(c)
			require.Len(t, events, 1, "one proof, when the last part is there; another app proves nothing")
			require.Equal(t, conversation.SendProven, events[0].Kind)
			require.Equal(t, conversation.Key("shop:c1/e1-3"), events[0].Key)
		})
	}
}

func TestRepeatsOfAWebhookAreTheSameEvent(t *testing.T) {
	w := newWorkspace(t)
	c := w.open()
	ticket := w.ticket(c)
	channel, thread := subjects.SlackThread(ticket)
	w.Faults.Set("hook", fake.Redeliver(2))
	_, err := w.AgentSays(channel, thread, vendor.Sam, "hello")
	require.NoError(t, err)
	events := w.events(c)
	require.Len(t, events, 3)
	require.Equal(t, events[0], events[1])
	require.Equal(t, events[0], events[2])
}

func TestListsTellLastEditsUnderTheIDsOfTheirWebhooks(t *testing.T) {
	for name, change := range map[string]func(*vendor.Switches){
		"as it is": func(*vendor.Switches) {}, "in small pages": func(s *vendor.Switches) { s.MaxPage = 2 },
		"without metadata": func(s *vendor.Switches) { s.HideMetadata = true },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorkspace(t)
			w.Switch(change)
			c := w.open()
			ticket := w.ticket(c)
			channel, thread := subjects.SlackThread(ticket)
			var first string
			for i := range 7 {
				ts, err := w.AgentSays(channel, thread, vendor.Sam, fmt.Sprintf("number %d", i))
				require.NoError(t, err)
				if i == 0 {
					first = ts
				}
			}
			_, err := w.AgentSays(channel, thread, vendor.Sam, "// note")
			require.NoError(t, err)
			_, err = c.SendAttachment(t.Context(), attachment(ticket, "receipt.txt", "", []byte("x")))
			require.NoError(t, err)
			require.NoError(t, w.AgentEdits(channel, first, "number nought"))
			told := map[string]conversation.Kind{}
			for _, ev := range w.events(c) {
				told[ev.ID] = ev.Kind
			}
			list, err := c.ListMessages(t.Context(), connector.ListRequest{Ticket: ticket})
			require.NoError(t, err)
			require.Len(t, list, 9)
			for _, in := range list {
				require.Equal(t, told[in.Event.ID], in.Event.Kind, "%s %s", in.Event.ID, in.Event.Text)
			}
			require.Equal(t, conversation.AgentEdited, list[1].Event.Kind)
			require.Equal(t, "number nought", list[1].Event.Text)
		})
	}
}

func TestAListOfADeletedThreadSaysSo(t *testing.T) {
	w := newWorkspace(t)
	c := w.open()
	_, err := c.ListMessages(t.Context(), connector.ListRequest{Ticket: conversation.Ticket{ID: vendor.Support + ":1.000001"}})
	require.Equal(t, connector.NotFound, connector.KindOf(err))
	_, err = c.ListMessages(t.Context(), connector.ListRequest{Ticket: conversation.Ticket{ID: "nonsense"}})
	require.Equal(t, connector.Invalid, connector.KindOf(err))
}

// TestNotesNeverBecomeWordsForTheCustomer makes every kind of message that Slack may make of a note.
func TestNotesNeverBecomeWordsForTheCustomer(t *testing.T) {
	c := newWorkspace(t).open()
	r := rand.New(rand.NewPCG(1, 2))
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	before := func() string {
		var b strings.Builder
		for range r.IntN(5) {
			b.WriteString(pick(" ", "\n", "\t", "\u00a0", "\u200b", "<@"+vendor.BotUser+">", "<@U0MIRA001|mira>", "<!here>", "<!subteam^S0001ABCD>", "*", "_", "~", "`", "&gt; ", "• "))
		}
		return b.String()
	}
	note := func() string {
		return before() + "//" + pick("", " ", "/", "<https://x.example>", "&amp;") + pick("secret", "s", "ä €")
	}
	message := func(text string) map[string]any {
		m := map[string]any{
			"type": "message", "user": vendor.Sam, "text": text, "ts": fmt.Sprintf("17724430%02d.%06d", r.IntN(100), r.IntN(1e6)), "thread_ts": "1772442000.000100",
		}
		for key, value := range map[string]any{
			"subtype": pick("", "file_share", "thread_broadcast", "me_message"), "parent_user_id": vendor.BotUser, "client_msg_id": "x",
			"files":  []any{map[string]any{"id": "F1", "name": "n", "url_private": "https://files.slack.com/n"}},
			"edited": map[string]any{"user": vendor.Sam, "ts": "1772443999.000000"},
		} {
			if r.IntN(2) == 0 {
				m[key] = value
			}
		}
		return m
	}
	cases := 100_000
	if testing.Short() {
		cases = 5000
	}
	for range cases {
		var event map[string]any
		switch r.IntN(4) {
		case 0:
			now, was := message(note()), message(pick(note(), "public", ""))
			event = map[string]any{"type": "message", "subtype": "message_changed", "ts": "1772443999.000100", "message": now, "previous_message": was}
			if r.IntN(3) == 0 {
				delete(event, "previous_message")
			}
		case 1:
			event = map[string]any{
				"type": "message", "subtype": "message_deleted", "ts": "1772443999.000100", "deleted_ts": "1772443001.000100", "previous_message": message(note()),
			}
		default:
			event = message(note())
		}
		event["channel"] = vendor.Support
		envelope := map[string]any{"type": "event_callback", "api_app_id": vendor.App, "event": event}
		if r.IntN(3) > 0 {
			envelope["authorizations"] = []any{map[string]any{"user_id": vendor.BotUser, "is_bot": true}}
		}
		body, err := json.Marshal(envelope)
		require.NoError(t, err)
		events, err := c.Decode(&connector.Delivery{Body: body, ReceivedAt: time.Unix(1772444000, 0)})
		require.NoError(t, err)
		for _, in := range events {
			if in.Event.Kind != conversation.AgentNoted || in.Event.Text != "" || in.Event.Attachment != nil {
				require.Failf(t, "a note left the desk", "%s\n%+v", body, in.Event)
			}
		}
	}
}

func TestWhatIsNoNoteIsSaid(t *testing.T) {
	w := newWorkspace(t)
	c := w.open()
	channel, thread := subjects.SlackThread(w.ticket(c))
	for _, text := range []string{"/shrug", "see http://x.example//y", "a // b", "/ /", "https://x.example"} {
		_, err := w.AgentSays(channel, thread, vendor.Sam, text)
		require.NoError(t, err)
		events := w.events(c)
		require.Equal(t, conversation.AgentSaid, events[len(events)-1].Kind, text)
		require.Equal(t, text, events[len(events)-1].Text)
	}
}
