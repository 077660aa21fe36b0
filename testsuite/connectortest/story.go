package connectortest

import (
	"slices"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

func storyCases() []entry {
	return []entry{{
		name: "FullHandoff",
		why: "from the bot to an agent, back to the bot, to an agent again and to the end: everything said arrives once, on " +
			"the right side, through the real activities",
		needs:     anyOf(is[connector.Channel], is[connector.Desk], is[connector.Bot]),
		withWorld: fullHandoff,
	}}
}

func fullHandoff(w *world) {
	s := newStory(w)
	s.customerSays("My parcel has not come.")
	if s.c.State == conversation.InBot {
		s.fromChannel(conversation.Event{Kind: conversation.HandoffRequested, Reason: conversation.ByBot})
	}
	first := s.openedTicket(conversation.Waiting)

	s.customerSays("Is anybody there?")
	s.agentSays(first, "Hello, I look into it.")
	require.Equal(w, conversation.Assigned, s.c.State)
	s.customerSays("It is <b>#20418</b> & late.")
	s.agentSays(first, "It comes tomorrow.")
	s.redelivered()
	require.Equal(w, []string{"Is anybody there?", "It is <b>#20418</b> & late."}, s.deskSees(first))
	require.Equal(w, []string{"Hello, I look into it.", "It comes tomorrow."}, s.agentsWordsAtCustomer())

	s.fromDesk(first, conversation.Event{Kind: conversation.HandedBack})
	require.Equal(w, conversation.InBot, s.c.State)
	if s.closed != nil && s.c.Route.Desks[0].Able(string(connector.CanClose)) {
		require.True(w, s.closed(first), "the conversation is the bot's again and its ticket is open")
	}

	s.fromChannel(conversation.Event{Kind: conversation.HandoffRequested, Reason: conversation.ByCustomer})
	second := s.openedTicket(conversation.Waiting)
	require.NotEqual(w, first.ID, second.ID, "a ticket that is over was opened again")
	s.agentSays(second, "Here I am again.")
	require.Equal(w, conversation.Assigned, s.c.State)
	s.fromDesk(second, conversation.Event{Kind: conversation.TicketClosed})
	require.Equal(w, conversation.Ended, s.c.State)
	require.Equal(w, []string{"Hello, I look into it.", "It comes tomorrow.", "Here I am again."}, s.agentsWordsAtCustomer())
	s.conserved()
}

// customerSays makes the customer write.
func (s *story) customerSays(text string) {
	s.Helper()
	s.fromChannel(conversation.Event{
		Kind: conversation.CustomerSaid, Text: text, Ref: s.to, Vendor: s.toVendor, Customer: conversation.Customer{Name: customerName},
	})
}

// openedTicket gives the current ticket, which must be open by now.
func (s *story) openedTicket(state conversation.State) conversation.Ticket {
	s.Helper()
	require.Equal(s, state, s.c.State)
	require.NotEmpty(s, s.c.Tickets, "no ticket was opened")
	current := s.c.Tickets[len(s.c.Tickets)-1]
	require.Equal(s, conversation.TicketOpen, current.Status)
	require.NotEmpty(s, current.Ticket.ID)
	return current.Ticket
}

// agentSays makes an agent answer at the desk, through the desk's own webhooks where the fake has them.
func (s *story) agentSays(ticket conversation.Ticket, text string) {
	s.Helper()
	if s.agentAnswers == nil || s.webhooks == nil {
		s.fromDesk(ticket, conversation.Event{
			Kind: conversation.AgentSaid, Text: text, Author: conversation.Author{ID: "a1", Name: agentName}, MessageID: text,
		})
		return
	}
	s.agentAnswers(ticket, text)
	s.takeWebhooks(func() bool {
		return slices.ContainsFunc(s.c.Transcript.Lines, func(l conversation.Line) bool {
			return l.Role == conversation.RoleAgent && l.Text == text
		})
	})
}

// agentsWordsAtCustomer gives what the customer read of the agents' words, without what handoff said by itself.
func (s *story) agentsWordsAtCustomer() []string {
	s.Helper()
	var words []string
	for _, text := range s.customerSees() {
		for _, l := range s.c.Transcript.Lines {
			if l.Role == conversation.RoleAgent && l.Text == text {
				words = append(words, text)
			}
		}
	}
	return words
}

// conserved checks the conservation law.
func (s *story) conserved() {
	s.Helper()
	n := s.c.Counts
	require.Zero(s, n.Failed, "effects failed")
	require.Zero(s, n.Uncertain, "effects are uncertain")
	require.Zero(s, s.c.Pending(), "effects are pending")
	require.Equal(s, n.Decided, n.Delivered+n.Withheld, "effects were lost")
	require.Equal(s, n.Received, n.Applied+n.Duplicates+n.Ignored, "events were lost")
}
