package conversation_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	. "github.com/handoff-engine/handoff/conversation" //nolint:revive // the stories are to be read as prose
)

// talk lets the customer and Ann say so many messages, in turns, and has everything succeed.
func talk(t require.TestingT, messages int) (*Conversation, time.Time) {
	c := New("chat:42", hosted())
	now := noon()
	c.Begin(now, "e1")
	apply := func(ev Event) {
		c.Apply(now, ev)
		for _, side := range Sides() {
			for task, ok := c.Take(side); ok; task, ok = c.Take(side) {
				for _, e := range task.Effects {
					done := Event{Kind: Delivered, Key: e.Key}
					if e.Kind == OpenTicket {
						done = Event{Kind: TicketOpened, Key: e.Key, Ticket: &Ticket{ID: "T1"}}
					}
					c.Apply(now, done)
				}
			}
		}
	}
	apply(Event{ID: "handoff", Source: "chat", Kind: HandoffRequested})
	apply(Event{ID: "taken", Source: "desk", Kind: AgentAssigned, Agent: "ann", Author: ann})
	for i := range messages {
		now = now.Add(time.Second)
		ev := Event{ID: "m" + strconv.Itoa(i), Source: "chat", At: now, Text: strings.Repeat("twelve words ", 6), MessageID: "m" + strconv.Itoa(i)}
		ev.Kind = CustomerSaid
		if i%2 == 0 {
			ev.Kind, ev.Author = AgentSaid, ann
		}
		apply(ev)
	}
	require.Equal(t, Assigned, c.State)
	return &c, now
}

// BenchmarkApply measures one message and its delivery, in a conversation of so many messages.
func BenchmarkApply(b *testing.B) {
	for _, messages := range []int{0, 50, 200} {
		b.Run(fmt.Sprintf("after_%d_messages", messages), func(b *testing.B) {
			grown, now := talk(b, messages)
			var c *Conversation
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if i%10 == 0 {
					b.StopTimer()
					c = reread(b, grown)
					c.Seen.Has("", "") // as in a conversation that is under way
					b.StartTimer()
				}
				decided := c.Apply(now, Event{ID: "b" + strconv.Itoa(i), Source: "chat", Kind: CustomerSaid, At: now, Text: "where is it?"})
				c.Apply(now, Event{Kind: Delivered, Key: decided[0].Key})
			}
		})
	}
}

// BenchmarkState measures writing and reading the state, as continue-as-new does, and its size in bytes.
func BenchmarkState(b *testing.B) {
	for _, messages := range []int{0, 50, 200} {
		b.Run(fmt.Sprintf("after_%d_messages", messages), func(b *testing.B) {
			c, _ := talk(b, messages)
			size := 0
			for b.Loop() {
				data, err := json.Marshal(c)
				require.NoError(b, err)
				size = len(data)
				var again Conversation
				require.NoError(b, json.Unmarshal(data, &again))
			}
			b.ReportMetric(float64(size), "bytes")
		})
	}
}

// TestTheStateFitsAPayloadManyTimesOver guards the bound that lets a conversation go on for ever: a payload may hold
// 2 MiB, and warns from 256 KiB on.
func TestTheStateFitsAPayloadManyTimesOver(t *testing.T) {
	c, _ := talk(t, 3000)
	data, err := json.Marshal(c)
	require.NoError(t, err)
	require.Less(t, len(data), 128<<10)
}
