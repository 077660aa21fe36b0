package crisp_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
	vendor "github.com/handoff-engine/handoff/testsuite/fake/crisp"
)

// all are the texts of a ticket.
func (d *desk) all(ticket conversation.Ticket) []string {
	return d.Texts(ticket, func(vendor.Message) bool { return true })
}

func TestOperatorsReadAlongAndThenAreAsked(t *testing.T) {
	d := newDesk(t)
	c := d.connect()
	lines := request("").Transcript
	mirror := connector.MirrorRequest{Key: "shop:c1/e1-1", Conversation: "shop:c1", Customer: request("").Customer, Lines: lines[:1]}
	ticket, err := c.Mirror(t.Context(), mirror)
	require.NoError(t, err)
	require.Equal(t, []string{"Ada Byron: Hello"}, d.all(ticket))

	// What is there already is not shown again.
	mirror.Key, mirror.Ticket, mirror.Lines = "shop:c1/e1-2", ticket, lines[:3]
	for range 2 {
		again, err := c.Mirror(t.Context(), mirror)
		require.NoError(t, err)
		require.Equal(t, ticket, again)
	}
	shown := []string{"Ada Byron: Hello", "Bot: What is it about?", "Ada Byron: Where is my parcel?"}
	require.Equal(t, shown, d.all(ticket))
	for _, m := range d.Conversation(ticket.ID).Messages {
		require.Equal(t, "note", m.Type, "nobody is notified")
	}
	require.Empty(t, kinds(d.events(c)), "our notes come back as nothing")

	// The same conversation is the ticket that operators are asked for.
	req := request("shop:c1/e1-3")
	req.Mirrored, req.Transcript = &ticket, lines[3:]
	for range 2 {
		asked, err := c.Open(t.Context(), req)
		require.NoError(t, err)
		require.Equal(t, ticket, asked)
	}
	require.Equal(t, append(shown, "Conversation so far\nBot: I ask a colleague.", "The customer asks for a person."), d.all(ticket))
	require.Len(t, d.Conversations(), 1)
	require.Equal(t, "shop:c1/e1-3", d.Conversation(ticket.ID).Data["handoff_key"])
}

func TestReadingAlongSurvivesADeathAnywhere(t *testing.T) {
	const calls = 6 // The list, the conversation, its meta, its messages, and two notes.
	mirror := connector.MirrorRequest{Key: "shop:c1/e1-1", Conversation: "shop:c1", Lines: request("").Transcript[:2]}
	for _, before := range []bool{true, false} {
		for lose := 1; lose <= calls; lose++ {
			d := newDesk(t)
			over := &lossy{lose: lose, before: before}
			_, err := d.connectOver(over).Mirror(t.Context(), mirror)
			require.Error(t, err)
			require.Equal(t, lose, over.calls)
			ticket, err := d.connect().Mirror(t.Context(), mirror)
			require.NoError(t, err)
			require.Equal(t, []string{"Ada Byron: Hello", "Bot: What is it about?"}, d.all(ticket), "call %d", lose)
		}
	}
}
