package memory_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/memory"
	"github.com/handoff-engine/handoff/conversation"
	fakememory "github.com/handoff-engine/handoff/testsuite/fake/memory"
)

var at = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)

func line(n int, text string) conversation.Line {
	return conversation.Line{N: n, Role: conversation.RoleCustomer, At: at, Text: text}
}

func shown(t fakememory.Ticket) (texts []string) {
	for _, l := range t.Transcript {
		texts = append(texts, l.Text)
	}
	return texts
}

func TestAMirroredTicketShowsEachLineOnceAndBecomesTheOneAskedFor(t *testing.T) {
	s, c := account(t, memory.Config{})
	first := connector.MirrorRequest{Key: "k-1", Conversation: "chat:c-1", Lines: []conversation.Line{line(1, "hello")}}
	ticket, err := c.Mirror(t.Context(), first)
	require.NoError(t, err)
	// The answer was lost, and more has been said by the time the call is made again.
	first.Lines = append(first.Lines, line(2, "are you there?"))
	again, err := c.Mirror(t.Context(), first)
	require.NoError(t, err)
	require.Equal(t, ticket, again)
	_, err = c.Mirror(t.Context(), connector.MirrorRequest{
		Key: "k-2", Conversation: "chat:c-1", Ticket: ticket, Lines: []conversation.Line{line(2, "are you there?"), line(3, "well?")},
	})
	require.NoError(t, err)
	require.True(t, s.Tickets()[0].Mirrored)
	there, err := c.Availability(t.Context(), connector.AvailabilityRequest{})
	require.NoError(t, err)
	require.Equal(t, connector.Online, there, "nobody waits")

	opened, err := c.Open(t.Context(), connector.OpenRequest{
		Key: "k-3", Conversation: "chat:c-1", Mirrored: &ticket, Transcript: []conversation.Line{line(3, "well?"), line(4, "a human!")},
	})
	require.NoError(t, err)
	require.Equal(t, ticket.ID, opened.ID)
	require.Len(t, s.Tickets(), 1)
	require.False(t, s.Tickets()[0].Mirrored)
	require.Equal(t, []string{"hello", "are you there?", "well?", "a human!"}, shown(s.Tickets()[0]))
}

func TestAnAgentWhoBargesInKeepsTheTicketThatIsThenAskedFor(t *testing.T) {
	s, c := account(t, memory.Config{})
	ticket, err := c.Mirror(t.Context(), connector.MirrorRequest{Key: "k-1", Conversation: "chat:c-1", Lines: []conversation.Line{line(1, "hello")}})
	require.NoError(t, err)
	require.NoError(t, s.AgentSays(ticket.ID, fakememory.Maya, "I am here"))
	_, err = c.Open(t.Context(), connector.OpenRequest{Key: "k-2", Conversation: "chat:c-1", Mirrored: &ticket, Agent: fakememory.Tom})
	require.NoError(t, err)
	require.Equal(t, fakememory.Maya, s.Tickets()[0].Agent)
	require.Empty(t, s.Tickets()[0].Offered)
}

func TestThePlaceInTheQueueCountsWhoWasAskedForEarlier(t *testing.T) {
	s := fakememory.New(fakememory.Options{Secret: secret, WaitEach: 90 * time.Second})
	t.Cleanup(s.Close)
	opened, err := memory.New(memory.Config{BaseURL: serve(t, s), Secret: connector.Secrets{secret}}, connector.Deps{})
	require.NoError(t, err)
	c, ok := opened.(*memory.Client)
	require.True(t, ok)
	mirrored, err := c.Mirror(t.Context(), connector.MirrorRequest{Key: "k-1", Conversation: "chat:c-1", Lines: []conversation.Line{line(1, "hello")}})
	require.NoError(t, err)
	first, err := c.Open(t.Context(), connector.OpenRequest{Key: "k-2", Conversation: "chat:c-2"})
	require.NoError(t, err)
	_, err = c.Open(t.Context(), connector.OpenRequest{Key: "k-3", Conversation: "chat:c-1", Mirrored: &mirrored})
	require.NoError(t, err)

	queue, err := c.Queue(t.Context(), connector.QueueRequest{Ticket: mirrored})
	require.NoError(t, err)
	require.Equal(t, conversation.Queue{Position: 2, Wait: conversation.Duration(3 * time.Minute)}, queue)
	require.NoError(t, s.AgentTakes(first.ID, fakememory.Maya))
	queue, err = c.Queue(t.Context(), connector.QueueRequest{Ticket: mirrored})
	require.NoError(t, err)
	require.Equal(t, 1, queue.Position)
	queue, err = c.Queue(t.Context(), connector.QueueRequest{Ticket: first})
	require.NoError(t, err)
	require.Zero(t, queue.Position, "who has an agent does not wait")
}

func TestALongMessageIsEditedPartByPart(t *testing.T) {
	s, c := account(t, memory.Config{})
	to := s.NewCustomer("Ada")
	long := strings.Repeat("ä", memory.MaxText) + "end"
	receipt, err := c.Deliver(t.Context(), connector.DeliverRequest{Key: "k-1", To: to, Text: long})
	require.NoError(t, err)
	edit := connector.EditRequest{Key: "k-2", To: to, Message: receipt.ID, Text: "short"}
	require.NoError(t, c.EditMessage(t.Context(), edit))
	require.Equal(t, []string{"short"}, s.CustomerSees(to))
	require.NoError(t, c.EditMessage(t.Context(), edit), "the answer was lost")

	edit.Key, edit.Text = "k-3", long
	require.Equal(t, connector.NotFound, connector.KindOf(c.EditMessage(t.Context(), edit)), "a part is gone")
	edit.Key, edit.Text = "k-4", long+long
	require.Equal(t, connector.Unsupported, connector.KindOf(c.EditMessage(t.Context(), edit)))
	edit.Key, edit.Text = "k-5", " "
	require.Equal(t, connector.Invalid, connector.KindOf(c.EditMessage(t.Context(), edit)))
	edit.Key, edit.Text, edit.Delete = "k-6", "", true
	require.NoError(t, c.EditMessage(t.Context(), edit))
	require.Empty(t, s.CustomerSees(to))
}

func TestALongMessageThatWasFoundIsNotEditedInPart(t *testing.T) {
	s, c := account(t, memory.Config{})
	to := s.NewCustomer("Ada")
	for key, text := range map[conversation.Key]string{"short": "hello", "long": strings.Repeat("a", memory.MaxText+1)} {
		sent, err := c.Deliver(t.Context(), connector.DeliverRequest{Key: key, To: to, Text: text})
		require.NoError(t, err)
		found, ok, err := c.FindSent(t.Context(), connector.FindRequest{Key: key, To: to, Text: text})
		require.NoError(t, err)
		require.True(t, ok)
		if key == "long" {
			sent.ID = ""
		}
		require.Equal(t, sent, found, key)
	}
}

func TestAListTellsWhatWasChangedAndDeleted(t *testing.T) {
	s, c := account(t, memory.Config{})
	ticket, err := c.Open(t.Context(), connector.OpenRequest{Key: "k-1", Conversation: "chat:c-1"})
	require.NoError(t, err)
	for _, text := range []string{"one", "two", "three"} {
		require.NoError(t, s.AgentSays(ticket.ID, fakememory.Maya, text))
	}
	said := s.Tickets()[0].Messages
	require.NoError(t, s.AgentEdits(ticket.ID, fakememory.Maya, said[0].ID, "One"))
	require.NoError(t, s.AgentEdits(ticket.ID, fakememory.Maya, said[1].ID, ""))

	listed, err := c.ListMessages(t.Context(), connector.ListRequest{Ticket: ticket})
	require.NoError(t, err)
	told := map[string]conversation.Event{}
	for _, d := range s.Webhooks() {
		events, err := c.Decode(d)
		require.NoError(t, err)
		for _, in := range events {
			told[in.Event.ID] = in.Event
		}
	}
	var kinds []conversation.Kind
	for _, in := range listed {
		kinds = append(kinds, in.Event.Kind)
		require.Equal(t, told[in.Event.ID].Kind, in.Event.Kind, "the list's ID is the webhook's")
		require.Equal(t, told[in.Event.ID].Target, in.Event.Target)
	}
	require.Equal(t, []conversation.Kind{
		conversation.AgentSaid, conversation.AgentSaid, conversation.AgentEdited, conversation.AgentDeleted, conversation.AgentAssigned,
	}, kinds)
}

func TestALongCommentIsKeptAsFarAsItGoes(t *testing.T) {
	s, c := account(t, memory.Config{})
	ticket, err := c.Open(t.Context(), connector.OpenRequest{Key: "k-1", Conversation: "chat:c-1"})
	require.NoError(t, err)
	require.NoError(t, s.AgentCloses(ticket.ID, fakememory.Maya))
	report := connector.RatingReport{Key: "k-2", Ticket: ticket, Rating: 2, Comment: strings.Repeat("b", memory.MaxText+9)}
	require.NoError(t, c.WriteRating(t.Context(), report))
	require.Equal(t, 2, s.Tickets()[0].Rating)
	require.Len(t, s.Tickets()[0].Comment, memory.MaxText)
}
