package all_test

import (
	"fmt"
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

func TestEveryChannelAndDeskHasASubject(t *testing.T) {
	have := subjects.All()
	for _, c := range slices.Concat(side(t, "channel"), side(t, "desk")) {
		require.Contains(t, have, c.Name(),
			"connector/%s is in the registry and not in the matrix of channels and desks: add testsuite/subjects/%[1]s.go, and its line in subjects.All", c.Name())
	}
}

// TestEveryChannelWithEveryDesk plays one full handoff for each pair of the registry's channels and desks. What a pair
// cannot do is in docs/connectors.md.
func TestEveryChannelWithEveryDesk(t *testing.T) {
	desks := side(t, "desk")
	for _, channel := range side(t, "channel") {
		for _, desk := range desks {
			t.Run(channel.Name()+"/"+desk.Name(), func(t *testing.T) {
				t.Parallel()
				have := subjects.All()
				connectortest.RunPair(t, have[channel.Name()](), have[desk.Name()]())
			})
		}
	}
}

// lack is something that a pair cannot do, and why.
type lack struct {
	of   func(channel, desk connector.Connector) bool
	says string
}

// lacks is read off abilities and traits: what is done instead is what activities/fallback.go and package conversation do.
// The letters of the table follow its order: first what a channel lacks, then what a desk lacks.
var lacks = []lack{
	{channelLacks(connector.CanAttach), "an agent's file reaches the customer as a link: the channel takes no files"},
	{channelLacks(connector.CanType), "the customer does not see that an agent types: the channel shows no typing"},
	{channelLacks(connector.CanMarkRead), "the customer does not see that an agent has read: the channel shows no reading"},
	{channelLacks(connector.CanEdit), "an agent's new words reach the customer as a correction, and what an agent deletes stays: the channel changes no messages"},
	{
		func(channel, _ connector.Connector) bool { return channel.Traits().Deliver == connector.AtLeastOnce },
		"words to the customer may arrive twice after a lost answer, or are held, as `on_unknown_send` says: the channel neither takes a key nor can be asked",
	},
	{
		func(channel, _ connector.Connector) bool { return channel.Traits().SendingTakesOver },
		"a waiting customer is told only what the policy's own texts say: the channel's bot falls silent at the first word from outside",
	},
	{channelLacks(connector.CanListMessages), "what the channel's lost webhooks told is not read again: the channel lists no messages"},
	{deskLacks(connector.CanAttach), "the customer's file reaches agents as a link: the desk takes no files"},
	{deskLacks(connector.CanType), "agents do not see that the customer types: the desk shows no typing"},
	{deskLacks(connector.CanMarkRead), "agents do not see that the customer has read: the desk shows no reading"},
	{deskLacks(connector.CanEdit), "the customer's new words reach agents as a private note, or as a correction where the desk has no notes: the desk changes no messages"},
	{
		func(_, desk connector.Connector) bool { return desk.Traits().Post == connector.AtLeastOnce },
		"words to agents may arrive twice after a lost answer, or are held: the desk neither takes a key nor can be asked",
	},
	{
		func(_, desk connector.Connector) bool { return desk.Traits().Open == connector.AtLeastOnce },
		"a second ticket may be opened after a lost answer: the desk neither takes a key nor can be asked",
	},
	{deskLacks(connector.CanListMessages), "what the desk's lost webhooks told is not read again: the desk lists no messages"},
	{deskLacks(connector.CanAssign), "nobody is asked in person, and no group: tickets stay in the desk's queue, which assigns them itself"},
	{deskLacks(connector.CanNote), "agents are not told of sends in trouble: the desk has no private notes"},
	{deskLacks(connector.CanClose), "an agent closes the ticket after the end: the desk lets nobody else close it"},
	{deskLacks(connector.CanAvailability), "a ticket is opened although nobody may be there: the desk does not tell who is"},
	{deskLacks(connector.CanMirror), "agents see the conversation from the handoff on, and do not read along with the bot: the desk has no tickets that bother nobody"},
}

func channelLacks(ability connector.Capability) func(channel, desk connector.Connector) bool {
	return func(channel, _ connector.Connector) bool {
		return !slices.Contains(connector.CapabilitiesOf(channel), ability)
	}
}

func deskLacks(ability connector.Capability) func(channel, desk connector.Connector) bool {
	return func(_, desk connector.Connector) bool {
		return !slices.Contains(connector.CapabilitiesOf(desk), ability)
	}
}

// pairs writes the table of channels and desks.
func pairs(opened []connector.Connector) string {
	taking := func(side string) []connector.Connector {
		return slices.DeleteFunc(slices.Clone(opened), func(c connector.Connector) bool { return !slices.Contains(connector.SidesOf(c), side) })
	}
	channels, desks := taking("channel"), taking("desk")
	// Only what some pair lacks gets a letter.
	letters := map[int]string{}
	for i, l := range lacks {
		some := slices.ContainsFunc(channels, func(channel connector.Connector) bool {
			return slices.ContainsFunc(desks, func(desk connector.Connector) bool { return l.of(channel, desk) })
		})
		if some {
			letters[i] = string(rune('a' + len(letters)))
		}
	}
	var b strings.Builder
	b.WriteString(`
## Every channel with every desk

Each pair plays the same full handoff in ` + "`go test ./connector/all -run EveryChannel`" + `: texts and pictures both ways, typing, an agent who
falls silent and comes back, the way back to the bot, a second handoff, the end; everything arrives once. The letters say what a
pair cannot do, first for want of the channel, then for want of the desk; what happens instead, and why, stands below the table.

| channel |`)
	for _, desk := range desks {
		b.WriteString(" " + desk.Name() + " |")
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(desks)) + "\n")
	for _, channel := range channels {
		b.WriteString("| " + channel.Name() + " |")
		for _, desk := range desks {
			var cell strings.Builder
			for i, l := range lacks {
				if i == ofDesks {
					cell.WriteString(" ")
				}
				if l.of(channel, desk) {
					cell.WriteString(letters[i])
				}
			}
			b.WriteString(" " + strings.TrimSpace(cell.String()) + " |")
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
	for i, l := range lacks {
		if letters[i] != "" {
			_, _ = fmt.Fprintf(&b, "- **%s**: %s.\n", letters[i], l.says)
		}
	}
	return b.String()
}

// ofDesks is where in lacks the desks begin.
var ofDesks = slices.IndexFunc(lacks, func(l lack) bool { return strings.Contains(l.says, ": the desk ") })

func TestALackIsReadOffWhatAVendorCannotDo(t *testing.T) {
	app, omnidesk := open(t, "app"), open(t, "omnidesk")
	require.NotContains(t, pairs([]connector.Connector{app, omnidesk}), "the channel shows no typing")
	require.Contains(t, pairs([]connector.Connector{app, omnidesk}), "the desk has no private notes")
	require.Contains(t, pairs([]connector.Connector{open(t, "certainly"), omnidesk}), "the channel takes no files")
	require.LessOrEqual(t, len(lacks), 26, "there are no more letters")
}
