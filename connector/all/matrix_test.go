package all_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/all"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
	"github.com/handoff-engine/handoff/testsuite/subjects"
)

// side lists the registered vendors that take a side, each opened as its README's example has it.
func side(t *testing.T, name string) []connector.Connector {
	t.Helper()
	var list []connector.Connector
	for _, f := range all.Vendors().Factories() {
		if c := open(t, f.Vendor); slices.Contains(connector.SidesOf(c), name) {
			list = append(list, c)
		}
	}
	require.NotEmpty(t, list)
	return list
}

// subject gives what a vendor's sides are played with.
func subject(t *testing.T, vendor string) connectortest.Subject {
	t.Helper()
	open, ok := subjects.All()[vendor]
	require.True(t, ok,
		"connector/%[1]s is in the registry and not in the matrix of channels and desks: write testsuite/subjects/%[1]s.go, and its line in subjects.All", vendor)
	return open()
}

// TestEveryChannelWithEveryDesk plays one full handoff for each pair of the registry's channels and desks. What a pair
// cannot do is in docs/connectors.md.
func TestEveryChannelWithEveryDesk(t *testing.T) {
	desks := side(t, "desk")
	for _, channel := range side(t, "channel") {
		for _, desk := range desks {
			t.Run(channel.Name()+"/"+desk.Name(), func(t *testing.T) {
				t.Parallel()
				connectortest.RunPair(t, subject(t, channel.Name()), subject(t, desk.Name()))
			})
		}
	}
}

// lack is something that a pair cannot do, for want of its channel or of its desk.
type lack struct {
	what          string
	channel, desk cause
}

// cause is why. One without of is never the reason.
type cause struct {
	of  func(c connector.Connector) bool
	why string
}

func (x cause) holds(c connector.Connector) bool { return x.of != nil && x.of(c) }

// lacks is read off abilities, traits, and what the captured webhooks tell. What happens instead is what
// activities/fallback.go and package conversation do. The letters of the table follow its order.
func lacks() []lack {
	return []lack{
		{"an agent's file reaches the customer as a link", cause{cannot(connector.CanAttach), "not taken by"}, cause{}},
		{"the customer's file reaches agents as a link", cause{}, cause{cannot(connector.CanAttach), "not taken by"}},
		{"what can be pressed is a list of lines: numbered ones for a bot that we call, which is told what the number stands for", cause{cannot(connector.CanButtons), "no buttons at"}, cause{}},
		{"the customer does not see that an agent types", cause{cannot(connector.CanType), "not shown by"}, cause{tellsNot(`"typing": {`), "not told by"}},
		{"agents do not see that the customer types", cause{tellsNot(`"typing": {`), "not told by"}, cause{cannot(connector.CanType), "not shown by"}},
		{"the customer does not see that an agent has read", cause{cannot(connector.CanMarkRead), "not shown by"}, cause{tellsNot(`"read": {`), "not told by"}},
		{"agents do not see that the customer has read", cause{tellsNot(`"read": {`), "not told by"}, cause{cannot(connector.CanMarkRead), "not shown by"}},
		{"an agent's new words reach the customer as a correction, and what an agent deletes stays", cause{cannot(connector.CanEdit), "messages cannot be changed at"}, cause{}},
		{"what an agent changes or deletes afterwards stays as it was", cause{}, cause{tellsNot(`"agent_edited"`), "not told by"}},
		{"the customer's new words reach agents as a private note, or as a correction where there are no notes", cause{}, cause{cannot(connector.CanEdit), "messages cannot be changed at"}},
		{"what the customer changes or deletes afterwards stays as it was", cause{tellsNot(`"customer_edited"`), "not told by"}, cause{}},
		{"after a lost answer, words to the customer may arrive twice, or are held, as `on_unknown_send` says", cause{func(c connector.Connector) bool { return c.Traits().Deliver == connector.AtLeastOnce }, "neither a key nor a look-up at"}, cause{}},
		{"after a lost answer, words to agents may arrive twice, or are held, as `on_unknown_send` says", cause{}, cause{func(c connector.Connector) bool { return c.Traits().Post == connector.AtLeastOnce }, "neither a key nor a look-up at"}},
		{"after a lost answer, a second ticket may be opened", cause{}, cause{func(c connector.Connector) bool { return c.Traits().Open == connector.AtLeastOnce }, "neither a key nor a look-up at"}},
		{"a waiting customer is told only what the policy's own texts say", cause{func(c connector.Connector) bool { return c.Traits().SendingTakesOver }, "the bot falls silent at the first word from outside at"}, cause{}},
		{"what lost webhooks told is not read again", cause{cannot(connector.CanListMessages), "messages cannot be listed at"}, cause{cannot(connector.CanListMessages), "messages cannot be listed at"}},
		{"agents do not read along with the bot, and see what was said from the handoff on", cause{}, cause{cannot(connector.CanMirror), "every ticket asks for somebody at"}},
		{"a ticket is opened although nobody may be there", cause{}, cause{cannot(connector.CanAvailability), "not told by"}},
		{"no agent and no group is asked by name: the ticket stays in the desk's queue", cause{}, cause{cannot(connector.CanAssign), "tickets cannot be assigned at"}},
		{"agents cannot give the customer back to the bot: `back_words` or the command hand_back does", cause{}, cause{tellsNot(`"handed_back"`), "no button for it at"}},
		{"agents are not told of sends in trouble", cause{}, cause{cannot(connector.CanNote), "no private notes at"}},
		{"an agent closes the ticket after the end", cause{}, cause{cannot(connector.CanClose), "tickets cannot be closed at"}},
	}
}

func cannot(ability connector.Capability) func(c connector.Connector) bool {
	return func(c connector.Connector) bool { return !slices.Contains(connector.CapabilitiesOf(c), ability) }
}

// tellsNot reports whether none of a vendor's captured webhooks decodes to what has the mark.
func tellsNot(mark string) func(c connector.Connector) bool {
	return func(c connector.Connector) bool { return !tells(c.Name(), mark) }
}

func tells(vendor, mark string) bool {
	goldens, _ := filepath.Glob(filepath.Join("..", vendor, "testdata", "webhooks", "*.golden"))
	return slices.ContainsFunc(goldens, func(golden string) bool {
		text, err := os.ReadFile(golden)
		return err == nil && strings.Contains(string(text), mark)
	})
}

// pairs writes the table of channels and desks.
func pairs(opened []connector.Connector) string {
	taking := func(side string) []connector.Connector {
		return slices.DeleteFunc(slices.Clone(opened), func(c connector.Connector) bool { return !slices.Contains(connector.SidesOf(c), side) })
	}
	channels, desks := taking("channel"), taking("desk")
	// Only what some pair lacks gets a letter.
	some := slices.DeleteFunc(lacks(), func(l lack) bool {
		return !slices.ContainsFunc(channels, l.channel.holds) && !slices.ContainsFunc(desks, l.desk.holds)
	})
	letter := func(i int) string { return string(rune('a' + i)) }
	var b strings.Builder
	b.WriteString(`
## Every channel with every desk

Each pair plays the same full handoff in ` + "`go test ./connector/all -run EveryChannel`" + `: texts and pictures both ways, typing, an agent who
falls silent and comes back, the way back to the bot, a second handoff, the end; everything arrives once. The letters say what a
pair cannot do; what happens instead, and for want of which vendor, stands below the table.

| channel |`)
	for _, desk := range desks {
		b.WriteString(" " + desk.Name() + " |")
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(desks)) + "\n")
	for _, channel := range channels {
		b.WriteString("| " + channel.Name() + " |")
		for _, desk := range desks {
			cell := ""
			for i, l := range some {
				if l.channel.holds(channel) || l.desk.holds(desk) {
					cell += letter(i)
				}
			}
			b.WriteString(" " + cell + " |")
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
	for i, l := range some {
		// The channels and the desks of one reason are named together.
		var whys []string
		names := map[string][]string{}
		add := func(x cause, vendors []connector.Connector) {
			for _, c := range vendors {
				if !x.holds(c) {
					continue
				}
				if names[x.why] == nil {
					whys = append(whys, x.why)
				}
				names[x.why] = append(names[x.why], c.Name())
			}
		}
		add(l.channel, channels)
		add(l.desk, desks)
		for i, why := range whys {
			whys[i] = why + " " + strings.Join(names[why], ", ")
		}
		_, _ = fmt.Fprintf(&b, "- **%s**: %s (%s).\n", letter(i), l.what, strings.Join(whys, "; "))
	}
	return b.String()
}

func TestALackNamesWhoIsItsReason(t *testing.T) {
	require.LessOrEqual(t, len(lacks()), 26, "there are no more letters")
	app, omnidesk := open(t, "app"), open(t, "omnidesk")
	page := pairs([]connector.Connector{app, omnidesk})
	require.NotContains(t, page, "that an agent types", "the app shows what Omnidesk tells")
	require.Contains(t, page, "agents are not told of sends in trouble (no private notes at omnidesk)")
	page = pairs([]connector.Connector{app, open(t, "certainly"), omnidesk, open(t, "slack")})
	require.Contains(t, page, "the customer does not see that an agent types (not shown by certainly; not told by slack)")
}

// TestTheMatrixPlaysWhatDesksTell keeps subjects and captured webhooks of one mind.
func TestTheMatrixPlaysWhatDesksTell(t *testing.T) {
	for _, desk := range side(t, "desk") {
		v := subject(t, desk.Name()).Vendor(t)
		require.Equal(t, tells(desk.Name(), `"typing": {`), v.AgentTypes != nil, "testsuite/subjects/%s.go: Vendor.AgentTypes", desk.Name())
		require.Equal(t, tells(desk.Name(), `"handed_back"`), v.AgentHandsBack != nil, "testsuite/subjects/%s.go: Vendor.AgentHandsBack", desk.Name())
	}
}
