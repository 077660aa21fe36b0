package livechat_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
	vendor "github.com/handoff-engine/handoff/testsuite/fake/livechat"
)

func TestQueueTellsThePlaceOfAWaitingChatOnly(t *testing.T) {
	d := newDesk(t)
	d.Switch(func(s *vendor.Switches) { s.AutoAssign = false })
	c := openConnection(t, d.Web.URL)
	first := mustOpen(t, c, openRequest(t, c, "shop:c1/e1-2"))
	second := mustOpen(t, c, openRequest(t, c, "shop:c2/e1-2"))
	place := func(ticket conversation.Ticket) conversation.Queue {
		q, err := c.Queue(t.Context(), connector.QueueRequest{Ticket: ticket})
		require.NoError(t, err)
		return q
	}
	require.Equal(t, conversation.Queue{Position: 2, Wait: conversation.Duration(2 * time.Minute)}, place(second))
	require.NoError(t, d.AgentTakes(chatID(first), vendor.Mira))
	require.Equal(t, 1, place(second).Position)
	require.Zero(t, place(first), "an agent has it")

	require.NoError(t, d.RouterCloses(chatID(second)))
	_, err := c.Queue(t.Context(), connector.QueueRequest{Ticket: second})
	require.Equal(t, connector.Conflict, connector.KindOf(err))
}

func TestReadingIsShownToAgentsAndTold(t *testing.T) {
	d := newDesk(t)
	d.Collect("events_marked_as_seen")
	c := openConnection(t, d.Web.URL)
	ticket := mustOpen(t, c, openRequest(t, c, "shop:c1/e1-2"))
	until := time.Date(2026, 11, 2, 10, 15, 4, 120000000, time.UTC)
	require.NoError(t, c.MarkRead(t.Context(), connector.ReadRequest{Ticket: ticket, At: until}))
	require.NoError(t, d.AgentReads(chatID(ticket), vendor.Mira))

	var marked []string
	for _, e := range d.Journal.Entries(chatID(ticket)) {
		if e.Kind == "read" {
			marked = append(marked, e.Who+" "+e.Text)
		}
	}
	require.Equal(t, "customer 2026-11-02T10:15:04.12Z", marked[0])
	var reads []connector.Inbound
	for _, delivery := range d.Deliveries() {
		events, err := c.Decode(delivery)
		require.NoError(t, err)
		for _, in := range events {
			if in.Read != nil {
				require.Empty(t, in.Event)
				reads = append(reads, in)
			}
		}
	}
	require.Len(t, reads, 1, "the customer's own mark is no news")
	require.Equal(t, connector.Ref{ID: "shop:c1"}, reads[0].Ref)
	require.Equal(t, vendor.Mira, reads[0].Read.Author.ID)
	require.False(t, reads[0].Read.At.IsZero())
}

func TestARatingIsAThumbAndKeepsItsNumber(t *testing.T) {
	d := newDesk(t)
	c := openConnection(t, d.Web.URL)
	ticket := mustOpen(t, c, openRequest(t, c, "shop:c1/e1-2"))
	require.NoError(t, d.AgentCloses(chatID(ticket), vendor.Mira))
	_, thread, _ := strings.Cut(ticket.ID, ":")
	for _, tc := range []struct {
		rating  int
		text    string
		score   any
		comment string
	}{
		{3, "", nil, "3 of 5"}, {1, "too slow", 0.0, "1 of 5: too slow"}, {2, "", 0.0, "2 of 5"}, {4, "", 1.0, "4 of 5"}, {5, "great", 1.0, "5 of 5: great"},
	} {
		require.NoError(t, c.WriteRating(t.Context(), connector.RatingReport{Key: "shop:c1/e1-9", Ticket: ticket, Rating: tc.rating, Comment: tc.text}))
		score, comment := d.Rating(chatID(ticket), thread)
		require.Equal(t, tc.score, score, tc.rating)
		require.Equal(t, tc.comment, comment)
	}
}
