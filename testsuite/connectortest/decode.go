package connectortest

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

func decodeCases() []entry {
	return []entry{
		{
			name:  "DecodeGolden",
			why:   "each captured webhook gives exactly the events of its golden file",
			alone: decodeGolden,
		},
		{
			name:  "DecodeIsStable",
			why:   "the same delivery always gives the same events with the same IDs, which are never empty and never shared",
			alone: decodeIsStable,
		},
		{
			name:  "DecodeRetryKeepsID",
			why:   "the vendor's redelivery of an event carries the same IDs, so that it changes a conversation once",
			alone: decodeRetryKeepsID,
		},
		{
			name:  "DecodeUnknown",
			why:   "an event of no concern gives neither event nor error, so that the vendor does not repeat it for ever",
			alone: decodeUnknown,
		},
		{
			name:  "DecodeEcho",
			why:   "our own message coming back gives no message: the customer would be answered with his own words",
			needs: anyOf(is[connector.Channel], is[connector.Desk]),
			alone: decodeEcho,
		},
		{
			name:  "DecodeNotes",
			why:   "an agent's private note never carries its text, so that it cannot reach a customer",
			alone: decodeNotes,
		},
		{
			name:  "DecodeHostile",
			why:   "a body that cannot be understood is refused as Invalid, and nothing makes Decode panic",
			alone: decodeHostile,
		},
		{
			name:  "DecodeDoesNoIO",
			why:   "Verify and Decode make no call: a webhook is answered without waiting for anybody",
			alone: decodeDoesNoIO,
		},
	}
}

// plainInbound is an Inbound as golden files show it.
type plainInbound struct {
	Conversation string              `json:"conversation,omitempty"`
	ID           string              `json:"id,omitempty"`
	Ticket       string              `json:"ticket,omitempty"`
	TicketPrefix string              `json:"ticket_prefix,omitempty"`
	Event        *conversation.Event `json:"event,omitempty"`
	Typing       *connector.Typing   `json:"typing,omitempty"`
	Read         *connector.Read     `json:"read,omitempty"`
}

// passesBy reports whether in is no event of the conversation's history.
func passesBy(in connector.Inbound) bool { return in.Typing != nil || in.Read != nil }

func plain(in connector.Inbound) plainInbound {
	p := plainInbound{
		Conversation: in.Ref.Conversation, ID: in.Ref.ID, Ticket: in.Ref.Ticket, TicketPrefix: in.Ref.TicketPrefix,
		Typing: in.Typing, Read: in.Read,
	}
	if !passesBy(in) {
		p.Event = &in.Event
	}
	return p
}

func decodeGolden(t T, s Subject) {
	c := s.mustOpen(t)
	for _, f := range s.ordinary(t) {
		var gives any
		if events, err := c.Decode(s.signed(f)); err != nil {
			gives = map[string]string{"refused": string(connector.KindOf(err))}
		} else {
			list := []plainInbound{}
			for _, in := range events {
				list = append(list, plain(in))
			}
			gives = list
		}
		got := indented(t, gives)
		golden(t, filepath.Join(s.Dir, "testdata", "webhooks", f.name+".golden"), got)
	}
}

func indented(t T, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	require.NoError(t, e.Encode(v))
	return b.Bytes()
}

func decodeIsStable(t T, s Subject) {
	c := s.mustOpen(t)
	owner := map[string]string{}
	for _, f := range s.ordinary(t) {
		d := s.signed(f)
		before := copyOf(d)
		first, err1 := c.Decode(d)
		require.Equal(t, before, d, "%s: Decode changed the delivery", f.name)
		second, err2 := c.Decode(copyOf(d))
		require.Equal(t, first, second, f.name)
		require.Equal(t, connector.KindOf(err1), connector.KindOf(err2), f.name)
		again, _ := s.mustOpen(t).Decode(s.signed(f))
		require.Equal(t, first, again, "%s: another process gives other events", f.name)
		for i, in := range first {
			if passesBy(in) {
				require.Empty(t, in.Event, "%s: typing and reading are no events", f.name)
				continue
			}
			require.NotEmpty(t, in.Event.ID, f.name)
			require.NotEmpty(t, in.Event.Kind, f.name)
			require.Empty(t, in.Event.Source, "%s: the gateway fills in the source", f.name)
			require.False(t, in.Event.At.IsZero(), "%s: the event has no time", f.name)
			require.Equal(t, 1, refFields(in.Ref), "%s: an event is about one conversation or ticket", f.name)
			for _, earlier := range first[:i] {
				require.NotEqual(t, earlier.Event.ID, in.Event.ID, "%s: two events share an ID", f.name)
			}
			if other, taken := owner[in.Event.ID]; taken && !sameEvent(other, f.name) {
				t.Errorf("%s and %s share the event ID %s; name a redelivery <name>-again", other, f.name, in.Event.ID)
			}
			owner[in.Event.ID] = f.name
		}
	}
}

// sameEvent reports whether two fixtures are a webhook and its redelivery: <name> and <name>-again.
func sameEvent(a, b string) bool {
	return strings.TrimSuffix(a, "-again") == strings.TrimSuffix(b, "-again")
}

func refFields(r connector.Ref) int {
	n := 0
	for _, field := range []string{r.Conversation, r.ID, r.Ticket, r.TicketPrefix} {
		if field != "" {
			n++
		}
	}
	return n
}

func decodeRetryKeepsID(t T, s Subject) {
	c := s.mustOpen(t)
	for _, f := range s.ordinary(t) {
		first, _ := c.Decode(s.signed(f))
		later, _ := c.Decode(s.deliver(f, fixtureTime.Add(37*time.Minute), s.Auth.Secret))
		require.Equal(t, ids(first), ids(later), "%s, redelivered", f.name)
	}
}

func ids(events []connector.Inbound) []string {
	list := []string{}
	for _, in := range events {
		list = append(list, string(in.Event.Kind)+" "+in.Event.ID)
	}
	return list
}

func decodeUnknown(t T, s Subject) {
	c := s.mustOpen(t)
	fixtures := s.named(t, prefixUnknown)
	require.NotEmpty(t, fixtures, "no captured webhook is named unknown-…")
	for _, f := range fixtures {
		events, err := c.Decode(s.signed(f))
		require.NoError(t, err, f.name)
		require.Empty(t, events, f.name)
	}
}

func decodeEcho(t T, s Subject) {
	c := s.mustOpen(t)
	fixtures := s.named(t, prefixEcho)
	require.NotEmpty(t, fixtures, "no captured webhook is named echo-…")
	for _, f := range fixtures {
		events, err := c.Decode(s.signed(f))
		require.NoError(t, err, f.name)
		for _, in := range events {
			require.NotContains(t, []conversation.Kind{conversation.CustomerSaid, conversation.AgentSaid, conversation.BotSaid},
				in.Event.Kind, f.name)
		}
	}
}

func decodeNotes(t T, s Subject) {
	c := s.mustOpen(t)
	for _, f := range s.ordinary(t) {
		events, _ := c.Decode(s.signed(f))
		for _, in := range events {
			if in.Event.Kind == conversation.AgentNoted {
				require.Empty(t, in.Event.Text, f.name)
				require.Nil(t, in.Event.Attachment, f.name)
			}
		}
	}
}

func decodeHostile(t T, s Subject) {
	c := s.mustOpen(t)
	for _, f := range s.named(t, prefixHostile) {
		events, err := c.Decode(s.signed(f))
		require.Equal(t, connector.Invalid, connector.KindOf(err), f.name)
		require.Empty(t, events, f.name)
	}
	for _, f := range s.ordinary(t) {
		for name, body := range map[string][]byte{
			"empty":     {},
			"truncated": f.body[:len(f.body)/2],
			"not JSON":  []byte("<html>busy</html>"),
			"megabyte":  bytes.Repeat([]byte("["), 1<<20),
		} {
			d := s.signed(f)
			d.Body = body
			events, err := c.Decode(d)
			require.Equal(t, connector.Invalid, connector.KindOf(err), "%s, %s", f.name, name)
			require.Empty(t, events, "%s, %s", f.name, name)
		}
		for _, body := range distorted(f.body) {
			d := s.signed(f)
			d.Body = body
			sane(t, c, d)
		}
	}
}

// distorted gives bodies that are well-formed and wrong: each value of the JSON made null, a number, a text, a list, an
// object, and bytes that are no UTF-8.
func distorted(body []byte) [][]byte {
	list := [][]byte{[]byte("null"), []byte("[]"), []byte("{}"), []byte("0"), []byte(`""`), bytes.ReplaceAll(body, []byte("e"), []byte{0xff})}
	var root any
	if json.Unmarshal(body, &root) != nil {
		return list
	}
	for _, wrong := range []any{nil, 7, -1.5, "x", []any{nil}, map[string]any{}} {
		walk(root, func(set func(any), was any) {
			set(wrong)
			if b, err := json.Marshal(root); err == nil {
				list = append(list, b)
			}
			set(was)
		})
	}
	return list
}

// walk visits every value below v.
func walk(v any, visit func(set func(any), was any)) {
	switch v := v.(type) {
	case map[string]any:
		for key, child := range v {
			visit(func(x any) { v[key] = x }, child)
			walk(child, visit)
		}
	case []any:
		for i, child := range v {
			visit(func(x any) { v[i] = x }, child)
			walk(child, visit)
		}
	}
}

// sane fails the case if Decode answers with an error that is not Invalid, or with an event without an ID.
func sane(t T, c connector.Connector, d *connector.Delivery) {
	t.Helper()
	events, err := c.Decode(d)
	if err != nil {
		require.Equal(t, connector.Invalid, connector.KindOf(err), "a distorted body")
		require.Empty(t, events)
		return
	}
	for _, in := range events {
		if passesBy(in) {
			continue
		}
		require.NotEmpty(t, in.Event.ID, "a distorted body gave an event without an ID: %s", in.Event.Kind)
		require.NotEmpty(t, in.Event.Kind)
		require.Equal(t, 1, refFields(in.Ref), "a distorted body gave a %s of no conversation", in.Event.Kind)
	}
}

func decodeDoesNoIO(t T, s Subject) {
	c := s.mustOpen(t)
	for _, f := range s.ordinary(t) {
		require.NoError(t, c.Verify(s.signed(f)), f.name)
		_, _ = c.Decode(s.signed(f))
	}
}
