package tiledesk_test

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/tiledesk"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
	vendor "github.com/handoff-engine/handoff/testsuite/fake/tiledesk"
)

// events are the events of a list of inbounds.
func events(list []connector.Inbound) []conversation.Event {
	var found []conversation.Event
	for _, in := range list {
		if in.Typing == nil {
			found = append(found, in.Event)
		}
	}
	return found
}

// said lists the agents' public words.
func said(list []connector.Inbound) []string {
	var texts []string
	for _, ev := range events(list) {
		if ev.Kind == conversation.AgentSaid {
			texts = append(texts, ev.Author.Name+": "+ev.Text)
		}
	}
	return texts
}

func TestOnlyWhatAnAgentSaysInPublicIsSaid(t *testing.T) {
	d := newDesk(t)
	c := d.open(func(c *tiledesk.Config) { c.AgentNames = map[string]string{vendor.Bob: "Robert"} })
	ticket := openTicket(t, c, key(1))
	require.NoError(t, d.AgentSays(ticket.ID, vendor.Alice, "Hi Carla"))
	require.NoError(t, d.AgentWhispers(ticket.ID, vendor.Alice, "she is angry"))
	require.NoError(t, d.Sends(ticket.ID, vendor.Alice, "text", "priority changed", map[string]any{"subtype": "info"}))
	require.NoError(t, d.Sends(ticket.ID, "bot_6b0068e807e32a2764eeb6aa", "text", "I am a bot", nil))
	require.NoError(t, d.Sends(ticket.ID, "somebody-else", "text", "I am nobody", nil))
	require.NoError(t, d.AgentSays(ticket.ID, vendor.Bob, "May I help?"))
	require.NoError(t, d.AgentTypes(ticket.ID, vendor.Bob))
	_, err := c.Post(t.Context(), connector.PostRequest{Key: key(2), Ticket: ticket, Text: "hello"})
	require.NoError(t, err)
	require.NoError(t, d.AgentSays(ticket.ID, vendor.Alice, `Goodbye! \close`))

	got := d.inbound(c, 0)
	require.Equal(t, []string{"Alice Agent: Hi Carla", "Robert: May I help?", "Alice Agent: Goodbye!"}, said(got))
	kinds := map[conversation.Kind]int{}
	for _, ev := range events(got) {
		kinds[ev.Kind]++
		require.Equal(t, ticket.ID, ev.TicketID)
	}
	require.Equal(t, 1, kinds[conversation.AgentNoted])
	require.Equal(t, 1, kinds[conversation.SendProven], "the echo of our words proves them")
	require.Equal(t, 2, kinds[conversation.TicketClosed])
	for _, in := range got {
		if in.Typing != nil {
			require.Equal(t, "Robert", in.Typing.Author.Name)
		}
	}
}

func TestWhoHasTheConversationIsToldByItsState(t *testing.T) {
	d := newDesk(t)
	c := d.open()
	ticket := openTicket(t, c, key(1))
	require.NoError(t, d.AgentSays(ticket.ID, vendor.Alice, "Hi"))
	require.NoError(t, d.AgentJoins(ticket.ID, vendor.Bob))
	require.NoError(t, d.AgentLeaves(ticket.ID, vendor.Alice))
	require.NoError(t, d.AgentLeaves(ticket.ID, vendor.Bob))
	var told []string
	var last time.Time
	for _, ev := range events(d.inbound(c, 0)) {
		if ev.Kind.TellsState() {
			told = append(told, string(ev.Kind)+" "+ev.Agent)
			require.True(t, ev.At.After(last), "a state is ordered by its time")
			last = ev.At
		}
	}
	require.Equal(t, []string{
		"agent_assigned " + vendor.Alice, "agent_assigned " + vendor.Alice, "agent_assigned " + vendor.Alice,
		"agent_assigned " + vendor.Bob, "agent_unassigned ",
	}, told)
}

// A conversation is told anew at each note, tag and attribute. While the ladder takes it from a silent agent, that must not
// look as if he had taken it.
func TestWhomItIsTakenFromDoesNotTakeIt(t *testing.T) {
	d := newDesk(t)
	c := d.open()
	ticket := openTicket(t, c, key(1))
	before := len(d.Deliveries())
	require.NoError(t, assign(t, c, key(2), ticket, "", ""))
	got := events(d.inbound(c, before))
	require.Len(t, got, 1)
	require.Equal(t, vendor.Bob, got[0].Agent)

	// Bob is alone: the desk finds nobody else, and says nothing.
	d.SetAvailable(vendor.Alice, false)
	before = len(d.Deliveries())
	require.NoError(t, assign(t, c, key(3), ticket, "", ""))
	require.NoError(t, c.WriteNote(t.Context(), connector.NoteRequest{Key: key(4), Ticket: ticket, Text: "nobody else is there"}))
	require.Empty(t, d.inbound(c, before))
	list, err := c.ListMessages(t.Context(), connector.ListRequest{Ticket: ticket, State: conversation.Reassigning})
	require.NoError(t, err)
	require.Empty(t, list)

	// Alice comes and is given it by a colleague; later he gives it back to Bob: that is news.
	before = len(d.Deliveries())
	require.NoError(t, d.AgentJoins(ticket.ID, vendor.Alice))
	require.NoError(t, d.AgentLeaves(ticket.ID, vendor.Alice))
	got = events(d.inbound(c, before))
	require.Len(t, got, 2)
	require.Equal(t, vendor.Bob, got[1].Agent)
}

func TestLostWebhooksHeal(t *testing.T) {
	d := newDesk(t)
	c := d.open()
	ticket := openTicket(t, c, key(1))
	told := len(d.Deliveries())
	d.Faults.Set(vendor.OpHook, fake.Lose())
	require.NoError(t, d.AgentSays(ticket.ID, vendor.Alice, "one"))
	require.NoError(t, d.AgentWhispers(ticket.ID, vendor.Alice, "internal"))
	_, err := c.Post(t.Context(), connector.PostRequest{Key: key(2), Ticket: ticket, Text: "hello"})
	require.NoError(t, err)
	require.NoError(t, d.AgentSays(ticket.ID, vendor.Bob, "two"))
	require.NoError(t, d.AgentCloses(ticket.ID, vendor.Bob))
	require.Len(t, d.Deliveries(), told)
	list, err := c.ListMessages(t.Context(), connector.ListRequest{Ticket: ticket, State: conversation.Assigned})
	require.NoError(t, err)
	require.Equal(t, []string{"Alice Agent: one", "Bob Agent: two"}, said(list))
	last := list[len(list)-1].Event
	require.Equal(t, conversation.TicketClosed, last.Kind)
	require.Equal(t, vendor.Bob, last.Author.ID)
	_, err = c.ListMessages(t.Context(), connector.ListRequest{Ticket: conversation.Ticket{ID: "support-group-0"}})
	require.Equal(t, connector.NotFound, connector.KindOf(err))
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestAListNamesEventsAsTheWebhooksDid(t *testing.T) {
	d := newDesk(t)
	c := d.open()
	ticket := openTicket(t, c, key(1))
	require.NoError(t, d.AgentSays(ticket.ID, vendor.Alice, "Hi"))
	require.NoError(t, d.AgentWhispers(ticket.ID, vendor.Alice, "internal"))
	require.NoError(t, d.AgentJoins(ticket.ID, vendor.Bob))
	webhooks := map[string]conversation.Event{}
	for _, ev := range events(d.inbound(c, 0)) {
		webhooks[ev.ID] = ev
	}
	list, err := c.ListMessages(t.Context(), connector.ListRequest{Ticket: ticket})
	require.NoError(t, err)
	require.Len(t, list, 3)
	for _, in := range list {
		want := webhooks[in.Event.ID]
		if want.Kind.TellsState() {
			want.At = time.Time{} // how things stand now
		}
		require.Equal(t, want, in.Event)
	}
}

func TestRepeatsOfTheVendorAreTheSameEvents(t *testing.T) {
	d := newDesk(t)
	d.Register(d.URL + "/" + hookSecret + "-of-somebody-else")
	d.Switch(func(s *vendor.Switches) { s.OtherHook, s.BareAttributes = true, true })
	d.Faults.Set(vendor.OpHook, fake.Redeliver(1), fake.Shuffle(7))
	c := d.open()
	ticket := openTicket(t, c, key(1))
	require.NoError(t, d.AgentSays(ticket.ID, vendor.Alice, "Hi"))
	var ours []connector.Inbound
	for _, delivery := range d.Deliveries() {
		if delivery.Hookpoint != hookSecret {
			require.Equal(t, connector.Unauthenticated, connector.KindOf(c.Verify(delivery)))
			continue
		}
		require.NoError(t, c.Verify(delivery))
		list, err := c.Decode(delivery)
		require.NoError(t, err)
		ours = append(ours, list...)
	}
	times := map[string]int{}
	for _, in := range ours {
		times[in.Event.ID]++
		require.Equal(t, connector.Ref{Ticket: ticket.ID}, in.Ref, "without our reference the ticket is named")
	}
	require.Len(t, times, 3, "assigned, said, and the update after the first words")
	for id, n := range times {
		require.Equal(t, 2, n, id)
	}
}

func TestAnotherProjectIsForbidden(t *testing.T) {
	c := newDesk(t).open()
	for body, want := range map[string]connector.Kind{
		`{"payload":{"id_project":"` + vendor.DefaultProject + `"}}`:         "",
		`{"payload":{"id_project":{"_id":"` + vendor.DefaultProject + `"}}}`: "",
		`{"payload":{}}`: "",
		`{"payload":{"id_project":"000000000000000000000000"}}`:         connector.Forbidden,
		`{"payload":{"id_project":{"_id":"000000000000000000000000"}}}`: connector.Forbidden,
	} {
		require.Equal(t, want, connector.KindOf(c.Verify(&connector.Delivery{Hookpoint: hookSecret, Body: []byte(body)})), body)
	}
}

// What may stand in a message, in any combination. Whatever is internal about it, or said by nobody of the staff, never
// becomes an agent's public words.
func TestInternalLinesNeverBecomeWords(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.open()
	ticket := openTicket(t, c, key(1))
	r := rand.New(rand.NewPCG(4, 1))
	pick := func(values ...any) any { return values[r.IntN(len(values))] }
	spoken, cases := 0, 100_000
	if testing.Short() {
		cases /= 10
	}
	for range cases {
		attributes := map[string]any{"projectId": vendor.DefaultProject}
		internal := r.IntN(2) == 0
		if internal {
			attributes["subtype"] = pick("private", "info", "info/support", "Private", "internal", true, 7, map[string]any{"a": 1}, []any{"private"})
		}
		if r.IntN(8) == 0 {
			attributes["subtype"] = pick("", nil)
			internal = false
		}
		if r.IntN(4) == 0 {
			attributes["handoff_key"] = pick("landbot-shop:77/e1-5", "landbot-shop:77/e1:5", "", "x", 7)
		}
		sender := pick(vendor.Alice, vendor.Bob, "system", "bot_"+vendor.Alice, "cust-42", "handoff-bot", "", "handoff-agent").(string)
		staff := sender == vendor.Alice || sender == vendor.Bob
		payload := map[string]any{
			"_id": "6b006db665b2940d1e4120aa", "recipient": ticket.ID, "sender": sender, "senderFullname": pick("Alice", "", nil),
			"text": pick("the secret", "", `\close`, `the secret \agent`, nil), "type": pick("text", "image", "file", "frame", "", nil),
			"metadata": pick(nil, "", map[string]any{"src": "https://files.example/secret.png", "name": pick("x", 1)}), "attributes": attributes,
			"channel": pick(map[string]any{"name": "chat21"}, map[string]any{"name": "handoff"}, nil, "chat21"), "createdAt": "2026-11-20T15:56:38.844Z",
			"request": pick(nil, map[string]any{"request_id": ticket.ID, "status": 200, "lead": map[string]any{"lead_id": pick("cust-42", vendor.Bob)}}),
		}
		body, err := json.Marshal(map[string]any{"payload": payload})
		require.NoError(t, err)
		list, err := c.Decode(&connector.Delivery{Hookpoint: hookSecret, Body: body, ReceivedAt: time.Unix(1, 0)})
		require.NoError(t, err)
		for _, in := range list {
			if in.Event.Kind == conversation.AgentSaid {
				spoken++
				require.False(t, internal, "%s", body)
				require.True(t, staff, "%s", body)
				continue
			}
			require.NotContains(t, in.Event.Text, "secret")
			require.Nil(t, in.Event.Attachment)
		}
	}
	require.Greater(t, spoken, cases/200, "the test proves something")
}
