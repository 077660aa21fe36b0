package conversation_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	. "github.com/handoff-engine/handoff/conversation" //nolint:revive // the stories are to be read as prose
)

// FuzzApply makes events of the bytes, sensible or not, and holds the model to what must always be true. Each event takes
// four bytes: what it is, whom it is about, which effect or ticket is meant, and how much time has passed.
func FuzzApply(f *testing.F) {
	kinds := Kinds()
	for i := range kinds {
		f.Add(byte(i), []byte{3, 0, 0, 1, byte(i), 1, 2, 3, 8, 1, 0, 9, byte(i), 0, 0, 1})
	}
	f.Fuzz(func(t *testing.T, route byte, data []byte) {
		routes := []func() Route{hosted, silencing, called, botless}
		c := New("chat:42", withLadder(routes[int(route)%len(routes)](), Rung{SameAgent: true}, Rung{Group: "seniors"}))
		c.Begin(noon(), "e1")
		ref, now := newReference(), noon()
		for i := 0; i+4 <= len(data) && i < 4*200; i += 4 {
			now = now.Add(time.Duration(data[i+3]) * time.Second)
			if int(data[i])%(len(kinds)+3) >= len(kinds) {
				side := Sides()[int(data[i])%(len(kinds)+3)-len(kinds)]
				task, _ := c.Take(side)
				require.NoError(t, ref.took(&c, side, task))
				continue
			}
			decided := c.Apply(now, fuzzed(&c, kinds[int(data[i])%(len(kinds)+3)], i, data[i+1], data[i+2]))
			require.NoError(t, ref.saw(&c, decided))
		}
		reread(t, &c)
	})
}

// fuzzed makes an event of two bytes. Nothing sees to it that it makes sense.
func fuzzed(c *Conversation, kind Kind, n int, who, which byte) Event {
	agents, tickets := []Author{ann, bob, {ID: "carol"}}, []string{"", "T0", "T1", "T2"}
	ticket := Ticket{ID: "T" + strconv.Itoa(n)}
	ev := Event{
		Kind: kind, Text: []string{"hello", "human", ""}[int(who)%3], Author: agents[int(who)%3], Agent: agents[int(who)%3].ID,
		TicketID: tickets[int(which)%4], MessageID: "m" + strconv.Itoa(int(which)%8), Target: "m" + strconv.Itoa(int(who)%8),
		Deadline: []DeadlineName{AcceptBy, WaitUntil, BotIdleAt, LingerUntil}[int(who)%4],
	}
	if who&64 == 0 {
		ev.ID, ev.Source = strconv.Itoa(n%64), c.Route.Channel.Name
	}
	if who&128 == 0 {
		ev.Ticket, ev.Answer = &ticket, &Answer{Messages: []Message{{Text: "beep"}}, Handoff: who&1 == 0, End: who&2 == 0}
	}
	if len(c.Outbox) > 0 {
		ev.Key = c.Outbox[int(which)%len(c.Outbox)].Key
	}
	if d, ok := c.NextDeadline(); ok && which&1 == 0 {
		ev.Deadline, ev.Due = d.Name, d.At
	}
	if kind == CaughtUp {
		ev.Missed = []Event{{ID: "missed" + strconv.Itoa(n), Kind: AgentSaid, Author: ann, Text: "bye", TicketID: ev.TicketID}}
	}
	return ev
}
