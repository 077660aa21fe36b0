package shop_test

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector/memory"
	"github.com/handoff-engine/handoff/standalone/playground/shop"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// mirror shows lines, numbered from first, on a ticket; without one it makes it.
func mirror(t *testing.T, v *shop.Vendor, key, ticket string, first int, texts ...string) memory.OpenResult {
	t.Helper()
	req := memory.MirrorRequest{Key: key, Conversation: "shop-chat:c-1", Ticket: ticket, Customer: memory.Author{Name: "Ada"}}
	for i, text := range texts {
		req.Lines = append(req.Lines, memory.HistoryEntry{Number: first + i, At: noon, Author: memory.Author{Role: memory.RoleCustomer}, Text: text})
	}
	status, answer := call[memory.OpenResult](t, v, "POST", "/desk/mirror", req)
	require.Equal(t, http.StatusOK, status)
	return answer
}

func lines(view shop.TicketView) (texts []string) {
	for _, l := range view.Transcript {
		texts = append(texts, l.Text)
	}
	return texts
}

func TestAgentsReadAlongAcrossARestart(t *testing.T) {
	dir, g := t.TempDir(), newGateway(t, 0)
	v := open(t, dir, g)
	id := mirror(t, v, "k1", "", 1, "hello").ID
	require.NoError(t, v.Close())

	v = open(t, dir, g)
	again := mirror(t, v, "k1", "", 1, "hello", "are you there?")
	require.Equal(t, id, again.ID, "the answer was lost")
	require.True(t, again.Duplicate)
	mirror(t, v, "k2", id, 2, "are you there?", "well?")
	desk := v.Desk(id)
	require.Len(t, desk.Tickets, 1)
	require.True(t, desk.Tickets[0].Mirrored)
	require.Equal(t, "well?", desk.Tickets[0].Last)
	_, there := call[memory.Availability](t, v, "GET", "/desk/availability", nil)
	require.Zero(t, there.Waiting, "nobody is asked")

	ask := memory.OpenRequest{
		Key: "k3", Conversation: "shop-chat:c-1", Mirrored: id, Agent: "tom",
		Transcript: []memory.HistoryEntry{{Number: 3, Text: "well?"}, {Number: 4, Text: "a human!"}},
	}
	status, opened := call[memory.OpenResult](t, v, "POST", "/desk/tickets", ask)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, id, opened.ID)
	ask.Key = "k4"
	status, _ = call[memory.Failure](t, v, "POST", "/desk/tickets", ask)
	require.Equal(t, http.StatusConflict, status, "it was opened already")
	require.NoError(t, v.Close())

	v = open(t, dir, g)
	ticket := v.Desk(id).Tickets[0]
	require.False(t, ticket.Mirrored)
	require.Equal(t, "Tom Okafor", ticket.Offered.Name)
	require.Equal(t, []string{"hello", "are you there?", "well?", "a human!"}, lines(ticket))
}

func TestWhoWritesOnAMirroredTicketTakesTheCustomer(t *testing.T) {
	g := newGateway(t, 0)
	v := open(t, t.TempDir(), g)
	run(t, v)
	id := mirror(t, v, "k1", "", 1, "hello").ID
	require.NoError(t, v.Note(id, "maya", shop.Words{Text: "watch this one"}))
	require.True(t, v.Desk(id).Tickets[0].Mirrored, "a note takes nothing")
	require.NoError(t, v.Answer(id, "maya", shop.Words{Text: "I am here"}))
	require.Equal(t, []string{"agent.note watch this one", "agent.assigned", "agent.message I am here"}, g.told(t, 3))
	require.False(t, v.Desk(id).Tickets[0].Mirrored)
}

func TestWhatWasOnlyReadAlongIsGoneWhenItIsOver(t *testing.T) {
	v := open(t, t.TempDir(), newGateway(t, 0))
	id := mirror(t, v, "k1", "", 1, "hello").ID
	call[memory.Result](t, v, "POST", "/desk/tickets/"+id+"/close", memory.CloseRequest{Key: "k2"})
	require.Empty(t, v.Desk("").Tickets)
	require.Equal(t, "T-1002", openTicket(t, v, "k3"), "its number is not used again")
}

func TestATicketShowsHowThingsStandAcrossARestart(t *testing.T) {
	dir, g := t.TempDir(), newGateway(t, 0)
	v := open(t, dir, g)
	id := openTicket(t, v, "k1")
	update := memory.UpdateRequest{Key: "k2", State: "waiting", Reason: "customer_asked", At: noon, WaitingSince: noon}
	_, done := call[memory.Result](t, v, "POST", "/desk/tickets/"+id+"/update", update)
	require.True(t, done.OK)
	_, done = call[memory.Result](t, v, "POST", "/desk/tickets/"+id+"/rating", memory.RatingRequest{Key: "k3", Rating: 4, Comment: "slow"})
	require.True(t, done.OK)
	_, done = call[memory.Result](t, v, "POST", "/desk/tickets/"+id+"/read", memory.ReadRequest{At: noon})
	require.True(t, done.OK)
	require.NoError(t, v.Close())

	ticket := open(t, dir, g).Desk(id).Tickets[0]
	require.Equal(t, &update, ticket.Stands)
	require.Equal(t, 4, ticket.Rating)
	require.Equal(t, "slow", ticket.Comment)
	require.Equal(t, noon, ticket.Read)
}

func TestThePlaceInTheQueueIsThatOfTheAsking(t *testing.T) {
	v := open(t, t.TempDir(), newGateway(t, 0))
	place := func(id string) int {
		status, q := call[memory.Queue](t, v, "GET", "/desk/tickets/"+id+"/queue", nil)
		require.Equal(t, http.StatusOK, status)
		return q.Position
	}
	mirrored := mirror(t, v, "k1", "", 1, "hello").ID
	first := openTicket(t, v, "k2")
	require.Equal(t, 1, place(first))
	require.Zero(t, place(mirrored))
	call[memory.OpenResult](t, v, "POST", "/desk/tickets", memory.OpenRequest{Key: "k3", Conversation: "shop-chat:c-1", Mirrored: mirrored})
	require.Equal(t, 2, place(mirrored))
	require.NoError(t, v.Take(first, "maya"))
	require.Equal(t, 1, place(mirrored))
	require.Zero(t, place(first))
}

func TestAnAgentsOwnWordsAreChangedAndDeleted(t *testing.T) {
	dir, g := t.TempDir(), newGateway(t, 0)
	v := open(t, dir, g)
	run(t, v)
	id := openTicket(t, v, "k1")
	require.NoError(t, v.Answer(id, "maya", shop.Words{ID: "m1", Text: "Helo"}))
	require.NoError(t, v.Note(id, "maya", shop.Words{ID: "m2", Text: "between us"}))
	require.ErrorIs(t, v.Edit(id, "tom", "m1", "mine now"), shop.ErrUnknown)
	require.ErrorIs(t, v.Edit(id, "maya", "m2", "a note"), shop.ErrUnknown)
	require.NoError(t, v.Edit(id, "maya", "m1", "Hello"))
	require.NoError(t, v.Edit(id, "maya", "m1", "Hello"), "a repeat by the page")
	require.NoError(t, v.Edit(id, "maya", "m1", ""))
	require.ErrorIs(t, v.Edit(id, "maya", "m1", "back again"), shop.ErrUnknown)
	require.Equal(t, []string{
		"agent.assigned", "agent.message Helo", "agent.note between us", "agent.edited Hello", "agent.deleted ",
	}, g.told(t, 5))
	_, page := call[memory.MessagePage](t, v, "GET", "/desk/tickets/"+id+"/messages", nil)
	require.True(t, page.Messages[0].Deleted)
	require.Equal(t, g.events[4].ID, page.Messages[0].EditEventID)
	require.Equal(t, g.events[1].ID, page.Messages[0].EventID)
}

func TestHandoffChangesOnlyWhatItSent(t *testing.T) {
	dir, g := t.TempDir(), newGateway(t, 0)
	v := open(t, dir, g)
	id, err := v.Arrive("Ada")
	require.NoError(t, err)
	require.NoError(t, v.Say(id, shop.Words{ID: "m1", Text: "my own"}))
	_, sent := call[memory.SendResult](t, v, "POST", "/channel/"+id+"/messages", memory.SendRequest{
		Key: "k1", Text: "Helo", Author: memory.Author{Role: memory.RoleAgent, Name: "Maya"},
	})
	edit := func(message string, req memory.EditRequest) int {
		status, _ := call[memory.Result](t, v, "POST", "/channel/"+id+"/messages/"+message, req)
		return status
	}
	require.Equal(t, 404, edit("m1", memory.EditRequest{Key: "a", Text: "theirs"}))
	require.Equal(t, 422, edit(sent.ID, memory.EditRequest{Key: "b"}))
	require.Equal(t, 400, edit(sent.ID, memory.EditRequest{Key: "c", Text: "x", Delete: true}))
	require.Equal(t, 200, edit(sent.ID, memory.EditRequest{Key: "d", Text: "Hello"}))
	require.NoError(t, v.Close())

	v = open(t, dir, g)
	chat, err := v.Chat(id)
	require.NoError(t, err)
	require.Equal(t, "Hello", chat.Messages[2].Text)
	require.False(t, chat.Messages[2].EditedAt.IsZero())
	require.Equal(t, 200, edit(sent.ID, memory.EditRequest{Key: "e", Delete: true}))
	require.Equal(t, 200, edit(sent.ID, memory.EditRequest{Key: "f", Delete: true}), "what is gone may be removed again")
	require.Equal(t, 404, edit(sent.ID, memory.EditRequest{Key: "g", Text: "back"}))
	chat, err = v.Chat(id)
	require.NoError(t, err)
	require.True(t, chat.Messages[2].Deleted)
	require.Empty(t, chat.Messages[2].Text)
}

func TestTheFirstAnswerToASurveyCounts(t *testing.T) {
	dir, g := t.TempDir(), newGateway(t, 0)
	v := open(t, dir, g)
	id, err := v.Arrive("Ada")
	require.NoError(t, err)
	_, asked := call[memory.SendResult](t, v, "POST", "/channel/"+id+"/survey", memory.SurveyRequest{Key: "k1", Text: "How was it?"})
	require.ErrorIs(t, v.Rate(id, asked.ID, 6), shop.ErrUnknown)
	require.ErrorIs(t, v.Rate(id, "m-0", 5), shop.ErrUnknown)
	require.NoError(t, v.Rate(id, asked.ID, 4))
	require.NoError(t, v.Close())

	v = open(t, dir, g)
	run(t, v)
	require.NoError(t, v.Rate(id, asked.ID, 1))
	require.NoError(t, v.Leave(id))
	require.Equal(t, []string{"customer.rated", "customer.left"}, g.told(t, 2))
	require.Equal(t, 4, g.events[0].Rating)
	chat, err := v.Chat(id)
	require.NoError(t, err)
	require.Equal(t, 4, chat.Messages[1].Rating)
}

func TestReadingIsToldOnceAndKept(t *testing.T) {
	g := newGateway(t, 0)
	v := open(t, t.TempDir(), g)
	id, err := v.Arrive("Ada")
	require.NoError(t, err)
	ticket := openTicket(t, v, "k1")
	require.ErrorIs(t, v.AgentReads(ticket, "maya"), shop.ErrUnknown, "it is not hers")
	require.NoError(t, v.CustomerReads(id))
	require.Equal(t, []string{"customer.read"}, g.told(t, 1))
	for _, at := range []time.Time{noon, noon.Add(-time.Minute)} {
		_, done := call[memory.Result](t, v, "POST", "/channel/"+id+"/read", memory.ReadRequest{At: at})
		require.True(t, done.OK)
	}
	chat, err := v.Chat(id)
	require.NoError(t, err)
	require.Equal(t, noon, chat.Read, "what came late changes nothing")
}

func TestAJournalOfBeforeIsUnderstood(t *testing.T) {
	dir := t.TempDir()
	old := `[{"op":"arrived","at":"2026-01-05T10:00:00Z","conversation":"c-OLD","name":"Ada"}]
[{"op":"opened","at":"2026-01-05T10:00:01Z","ticket":"T-1001","open":{"key":"k1","conversation":"shop-chat:c-OLD","customer":{"role":"customer","name":"Ada"},"transcript":[{"at":"2026-01-05T10:00:00Z","author":{"role":"customer"},"text":"hello"},{"at":"2026-01-05T10:00:01Z","author":{"role":"bot"},"text":"hi"}]}},{"op":"key","at":"2026-01-05T10:00:01Z","key":"k1","path":"/desk/tickets","answer":{"id":"T-1001","at":"2026-01-05T10:00:01Z"}}]
[{"op":"owned","at":"2026-01-05T10:00:02Z","ticket":"T-1001","agent":"maya"}]
`
	require.NoError(t, os.WriteFile(filepath.Join(dir, "playground.jsonl"), []byte(old), 0o600))
	v := open(t, dir, newGateway(t, 0))
	ticket := v.Desk("T-1001").Tickets[0]
	require.Equal(t, "Maya Lindqvist", ticket.Agent.Name)
	require.Equal(t, []string{"hello", "hi"}, lines(ticket))
	require.NoError(t, v.Release("T-1001", "maya"))
	_, q := call[memory.Queue](t, v, "GET", "/desk/tickets/T-1001/queue", nil)
	require.Equal(t, 1, q.Position)
}
