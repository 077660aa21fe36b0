package connectortest

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/conversation"
)

// Fate is what became of one kind of message on its way to a person.
type Fate struct{ Kind, Became string }

// sample is a message of one kind.
type sample struct {
	kind    string
	message conversation.Message
}

// longWords is longer than any vendor's longest text but one.
var longWords = strings.TrimSpace(strings.Repeat("It is a long story, and every word of it matters. ", 250))

const markedUp = "<b>Not bold</b>, *not bold*, _nor this_ & `that` @all :smile: [no link](https://example.com)"

func samples() []sample {
	return []sample{
		{"a text", conversation.Message{Text: "Plain words."}},
		{"a text with markup", conversation.Message{Text: markedUp}},
		{"a text of 12,500 characters", conversation.Message{Text: longWords}},
		{"buttons", conversation.Message{Text: "Which one?", Buttons: []conversation.Button{{Label: "The red one", Value: "red"}, {Label: "The blue one"}}}},
		{"a picture", conversation.Message{Attachment: &picture}},
		{"another file", conversation.Message{Attachment: &conversation.Attachment{
			URL: picturesAt + "contract.pdf", Name: "contract.pdf", ContentType: "application/pdf", Size: int64(len(pictureBytes)),
		}}},
		{"a place", conversation.Message{Attachment: &conversation.Attachment{Latitude: 52.5, Longitude: 13.25}}},
	}
}

// FatesAtCustomer sends a message of each kind to the customer of a channel, through the real activities, and tells what
// the customer gets. The desk is any that works.
func FatesAtCustomer(t *testing.T, channel, desk Subject) []Fate {
	t.Helper()
	p := newPair(t, channel, desk)
	ticket := p.handedOver()
	p.agentSays(ticket, "Hello, I look into it.")
	seen := func() []string {
		lines := p.customerSees()
		if p.customer.CustomerFiles != nil {
			lines = append(slices.Clone(lines), p.customer.CustomerFiles(p.to)...)
		}
		return lines
	}
	return p.fates(samples(), seen, func(m conversation.Message) {
		p.fromDesk(ticket, conversation.Event{
			Kind: conversation.AgentSaid, Text: m.Text, Attachment: m.Attachment, Buttons: m.Buttons, Author: conversation.Author{ID: "a1", Name: agentName},
		})
	})
}

// FatesAtAgents does the same for the agents of a desk. Nobody offers buttons to them.
func FatesAtAgents(t *testing.T, channel, desk Subject) []Fate {
	t.Helper()
	p := newPair(t, channel, desk)
	ticket := p.handedOver()
	pressed := func(s sample) bool { return len(s.message.Buttons) > 0 }
	return p.fates(slices.DeleteFunc(samples(), pressed), func() []string { return p.agent.AgentReads(ticket) }, func(m conversation.Message) {
		p.fromChannel(conversation.Event{Kind: conversation.CustomerSaid, Text: m.Text, Attachment: m.Attachment, Ref: p.to, Vendor: p.toVendor})
	})
}

// fates sends the samples one by one and looks at what came of each.
func (p *pair) fates(list []sample, seen func() []string, send func(m conversation.Message)) []Fate {
	p.Helper()
	var fates []Fate
	for _, s := range list {
		before := seen()
		p.c.Counts.Degraded = nil
		send(s.message)
		got := slices.DeleteFunc(slices.Clone(seen()), func(line string) bool { return line == "" })
		for _, line := range before {
			if line == "" {
				continue
			}
			i := slices.Index(got, line)
			require.GreaterOrEqual(p, i, 0, "%s changed what was there before", s.kind)
			got = slices.Delete(got, i, i+1)
		}
		var lost conversation.Reason
		for _, count := range p.c.Counts.Degraded {
			lost = count.Reason
		}
		fates = append(fates, Fate{s.kind, p.became(s, got, lost)})
	}
	p.conserved()
	return fates
}

// became says what a sample has become: by the lines that came, and by what was reported as lost.
func (p *pair) became(s sample, got []string, lost conversation.Reason) string {
	p.Helper()
	all, m := strings.Join(got, "\n"), s.message
	require.NotEmpty(p, all, "%s vanished", s.kind)
	if m.Attachment != nil && m.Attachment.URL != "" {
		require.True(p, shows(all, *m.Attachment), "%s vanished: %s", s.kind, all)
	}
	switch {
	case lost == conversation.ButtonsAsText:
		require.Equal(p, []string{m.Text + "\n- The red one\n- The blue one"}, got)
		return "lines"
	case lost == conversation.FileAsLink && m.Attachment.URL == "":
		require.Contains(p, all, "openstreetmap.org")
		return "a link to a map"
	case lost == conversation.FileAsLink:
		return "a link"
	case m.Attachment != nil:
		return "as sent"
	case len(m.Buttons) > 0:
		require.Equal(p, []string{m.Text}, got)
		return "buttons"
	case len(got) > 1:
		require.Equal(p, words(m.Text), words(all), "%s lost something", s.kind)
		return "in parts"
	}
	require.Equal(p, []string{m.Text}, got)
	return "as written"
}

// words leaves out where a text was cut.
func words(text string) string { return strings.Join(strings.Fields(text), " ") }
