package connectortest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// The connections of a pair.
const (
	pairChannel = "channel-under-test"
	pairDesk    = "desk-under-test"
)

// opening is what the customer begins with. The memory vendor's bot takes it as the wish for a human.
const opening = "My parcel has not come. A human, please."

// RunPair plays one conversation between the customer of a channel and the agents of a desk, through the real activities:
// from the bot to an agent, who falls silent and comes back, to the bot, to an agent again, and to the end; with texts,
// pictures both ways, and typing where it is told. Everything arrives once, on the right side. Where the channel hosts no
// bot, the memory vendor's answers first.
func RunPair(t *testing.T, channel, desk Subject) {
	t.Helper()
	newPair(t, channel, desk).play()
}

// pair is the story of a channel and a desk.
type pair struct {
	*story
	customer, agent *Vendor
	words           []string // what the customer said to agents
	answers         []string // what agents said
}

func newPair(t T, channel, desk Subject) *pair {
	t.Helper()
	c, d := newNamedWorld(t, pairChannel, channel.withDefaults()), newNamedWorld(t, pairDesk, desk.withDefaults())
	require.NotNil(t, c.vendor.CustomerSees, "Vendor.CustomerSees is needed for a channel")
	require.Equal(t, is[connector.AttachmentSender](c.conn), c.vendor.CustomerFiles != nil, "Vendor.CustomerFiles is needed for a channel that takes files")
	for name, given := range map[string]bool{
		"AgentSees": d.vendor.AgentSees != nil, "AgentReads": d.vendor.AgentReads != nil, "AgentSays": d.vendor.AgentSays != nil,
		"AgentSendsFile": d.vendor.AgentSendsFile != nil, "AgentCloses": d.vendor.AgentCloses != nil, "Webhooks": d.vendor.Webhooks != nil,
	} {
		require.True(t, given, "Vendor.%s is needed for a desk", name)
	}
	other, _ := newCounterpart(d)
	s := &story{
		world: d, now: time.Now().UTC(), channel: c.conn, desk: d.conn, deskName: pairDesk, channelSource: pairChannel,
		deskSees: d.vendor.AgentSees, closed: d.vendor.Closed, agentAnswers: d.vendor.AgentSays, webhooks: d.vendor.Webhooks,
	}
	s.to, s.toVendor = c.conversation()
	s.customerSees = func() []string { return c.vendor.CustomerSees(s.to) }
	route := conversation.Route{
		Name: "pair", Channel: sideOf(pairChannel, c.conn), Desks: []conversation.Connection{sideOf(pairDesk, d.conn)},
	}
	if !route.Channel.HostsBot {
		bot := sideOf(otherName, other)
		route.Bot = &bot
	}
	s.begin(route, map[string]connector.Connector{pairChannel: c.conn, pairDesk: d.conn, otherName: other})
	return &pair{story: s, customer: c.vendor, agent: d.vendor}
}

func (p *pair) play() {
	p.Helper()
	first := p.handedOver()
	p.agentReadsOnce(first, opening)

	p.says("Is anybody there?")
	p.customerSendsPicture(first)
	p.answers = append(p.answers, "Hello, I look into it.")
	p.agentSays(first, "Hello, I look into it.")
	require.Equal(p, conversation.Assigned, p.c.State)
	p.agentSendsPicture(first)
	p.bothType(first)
	p.says("It is <b>#20418</b> & late.")
	p.redelivered()

	p.agentIsSilent()
	p.answers = append(p.answers, "Sorry, here I am.")
	p.agentSays(first, "Sorry, here I am.")
	require.Equal(p, conversation.Assigned, p.c.State, "the agent spoke")
	require.Equal(p, p.words, p.wordsAtDesk(first))

	p.agentHandsBack(first)
	require.Equal(p, conversation.InBot, p.c.State)
	if p.closed != nil && p.c.Route.Desks[0].Able(string(connector.CanClose)) {
		require.True(p, p.closed(first), "the conversation is the bot's again and its ticket is open")
	}

	p.fromChannel(conversation.Event{Kind: conversation.HandoffRequested, Reason: conversation.ByCustomer})
	second := p.openedTicket(conversation.Waiting)
	require.NotEqual(p, first.ID, second.ID, "a ticket that is over was opened again")
	p.answers = append(p.answers, "It comes tomorrow.")
	p.agentSays(second, "It comes tomorrow.")
	require.Equal(p, conversation.Assigned, p.c.State)
	p.agent.AgentCloses(second)
	p.takeWebhooks(func() bool { return p.c.State == conversation.Ended })

	require.Equal(p, p.answers, p.agentsWordsAtCustomer())
	for _, text := range p.words {
		p.agentReadsOnce(first, text)
	}
	p.conserved()
}

// handedOver brings the pair's conversation to where agents have a ticket.
func (p *pair) handedOver() conversation.Ticket {
	p.Helper()
	p.customerSays(opening)
	if p.c.State == conversation.InBot {
		p.fromChannel(conversation.Event{Kind: conversation.HandoffRequested, Reason: conversation.ByBot})
	}
	return p.openedTicket(conversation.Waiting)
}

// says makes the customer write to agents.
func (p *pair) says(text string) {
	p.Helper()
	p.words = append(p.words, text)
	p.customerSays(text)
}

// agentReadsOnce checks that a text is on the ticket, and there once: posted, or part of what it was opened with.
func (p *pair) agentReadsOnce(ticket conversation.Ticket, text string) {
	p.Helper()
	lines := p.agent.AgentReads(ticket)
	require.Equal(p, 1, strings.Count(strings.Join(lines, "\n"), text), "%q is on the ticket once:\n%s", text, strings.Join(lines, "\n"))
}

// wordsAtDesk gives the words that were posted to the ticket: files have none.
func (p *pair) wordsAtDesk(ticket conversation.Ticket) []string {
	p.Helper()
	return slices.DeleteFunc(slices.Clone(p.deskSees(ticket)), func(text string) bool { return text == "" || shows(text, picture) })
}

// customerSendsPicture makes the customer send a picture, which agents see as a picture or as a link.
func (p *pair) customerSendsPicture(ticket conversation.Ticket) {
	p.Helper()
	p.fromChannel(conversation.Event{Kind: conversation.CustomerSaid, Attachment: &picture, Ref: p.to, Vendor: p.toVendor})
	p.onceOf(p.agent.AgentReads(ticket), picture, "the customer's picture at the desk")
}

// agentSendsPicture makes an agent send a picture, which the customer sees as a picture or as a link.
func (p *pair) agentSendsPicture(ticket conversation.Ticket) {
	p.Helper()
	sent := conversation.Attachment{URL: picturesAt + "parcel.png", Name: "parcel.png", ContentType: "image/png"}
	p.agent.AgentSendsFile(ticket, sent, []byte(pictureBytes))
	told := func() *conversation.Attachment {
		for _, l := range p.c.Transcript.Lines {
			if l.Role == conversation.RoleAgent && l.Attachment != nil {
				return l.Attachment
			}
		}
		return nil
	}
	p.takeWebhooks(func() bool { return told() != nil })
	seen := p.customerSees()
	if p.customer.CustomerFiles != nil {
		seen = append(seen, p.customer.CustomerFiles(p.to)...)
	}
	p.onceOf(seen, *told(), "the agent's picture at the customer")
}

// onceOf checks that one line shows the file.
func (p *pair) onceOf(lines []string, file conversation.Attachment, what string) {
	p.Helper()
	n := 0
	for _, line := range lines {
		if shows(line, file) {
			n++
		}
	}
	require.Equal(p, 1, n, "%s, once:\n%s", what, strings.Join(lines, "\n"))
}

// shows reports whether a line shows a file: by name, by address, or by a link of ours.
func shows(line string, file conversation.Attachment) bool {
	return file.Name != "" && strings.Contains(line, file.Name) || strings.Contains(line, file.URL) || strings.Contains(line, publicURL+"/files/")
}

// bothType passes typing on as the gateway does, where one side tells it and the other can show it.
func (p *pair) bothType(ticket conversation.Ticket) {
	p.Helper()
	if _, shown := p.channel.(connector.TypingSender); shown && p.agent.AgentTypes != nil {
		p.agent.AgentTypes(ticket)
		p.takeWebhooks(func() bool { return p.typed > 0 })
	}
	if typing, ok := p.desk.(connector.TypingSender); ok {
		require.NoError(p, typing.SendTyping(p.Context(), connector.TypingRequest{
			Ticket: ticket, On: true, Text: "It", Vendor: p.c.DeskVendors[p.deskName],
		}))
	}
}

// agentHandsBack makes the agent give the customer back to the bot. Where agents have no button for it an operator does,
// through our own API.
func (p *pair) agentHandsBack(ticket conversation.Ticket) {
	p.Helper()
	if p.agent.AgentHandsBack == nil {
		p.tell(conversation.Operator, conversation.Event{Kind: conversation.CommandHandBack})
		return
	}
	p.agent.AgentHandsBack(ticket)
	p.takeWebhooks(func() bool { return p.c.State == conversation.InBot })
}

// agentIsSilent lets the time pass in which the agent should have answered.
func (p *pair) agentIsSilent() {
	p.Helper()
	for range len(conversation.DeadlineNames()) {
		if p.c.State != conversation.Assigned {
			break
		}
		next, ok := p.c.NextDeadline()
		require.True(p, ok, "an agent may be silent for ever")
		if next.At.After(p.now) {
			p.skipped += next.At.Sub(p.now)
			p.now = next.At
		}
		p.c.Apply(p.now, conversation.Event{Kind: conversation.DeadlinePassed, Deadline: next.Name, Due: next.At})
		p.settle()
	}
	require.Equal(p, conversation.Reassigning, p.c.State)
	require.Equal(p, conversation.AgentSilent, p.c.Reason)
}
