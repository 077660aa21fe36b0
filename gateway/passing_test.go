package gateway_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/gateway"
)

// window shows notices, and notes when each came.
type window struct {
	*shop
	mu    sync.Mutex
	began time.Time
	seen  []string
	// answer says what comes of the n-th call, from 1; nil means that it works at once.
	answer func(ctx context.Context, n int) error
	calls  int
}

func (w *window) Decode(d *connector.Delivery) (in []connector.Inbound, err error) {
	return in, json.Unmarshal(d.Body, &in)
}

func (w *window) call(ctx context.Context, what string) error {
	w.mu.Lock()
	w.calls++
	n := w.calls
	w.mu.Unlock()
	if w.answer != nil {
		if err := w.answer(ctx, n); err != nil {
			return err
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, fmt.Sprintf("%s at %s", what, time.Since(w.began).Round(time.Second)))
	return nil
}

func (w *window) SendTyping(ctx context.Context, r connector.TypingRequest) error {
	return w.call(ctx, fmt.Sprintf("%s%s typing %t", r.To, r.Ticket.ID, r.On))
}

func (w *window) MarkRead(ctx context.Context, r connector.ReadRequest) error {
	return w.call(ctx, fmt.Sprintf("%s%s read %d", r.To, r.Ticket.ID, r.At.Unix()))
}

func (w *window) saw() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.seen...)
}

// talking is a site where an agent has a conversation, and what either side is shown.
type talking struct {
	*site
	window *window
}

func newTalking(t *testing.T) *talking {
	t.Helper()
	w := &window{began: time.Now()}
	s := newSite(t, func(c *gateway.Config) {
		w.shop = c.Connections["shop-eu"].(*shop)
		c.Connections["shop-eu"] = w
	})
	s.memory.view = conversation.View{
		ID: "shop-eu:c1", State: conversation.Assigned, Channel: "shop-eu", Desk: "shop-eu", Ref: "c1",
		Tickets: []conversation.TicketRecord{{Ticket: conversation.Ticket{ID: "t1"}}},
	}
	return &talking{s, w}
}

func (s *talking) tell(t *testing.T, in ...connector.Inbound) {
	t.Helper()
	body, err := json.Marshal(in)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, s.post("/webhooks/shop-eu", string(body)).Code)
}

func customerTypes(on bool) connector.Inbound {
	return connector.Inbound{Ref: connector.Ref{Conversation: "c1"}, Typing: &connector.Typing{On: on}}
}

func agentTypes(agent string, on bool) connector.Inbound {
	return connector.Inbound{Ref: connector.Ref{Ticket: "t1"}, Typing: &connector.Typing{On: on, Author: conversation.Author{ID: agent}}}
}

// A page that was closed, a network that was lost: nobody tells that the typing is over, and in 10 seconds nobody sees it.
func TestTypingWhoseEndIsLostIsGoneInTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTalking(t)
		s.tell(t, customerTypes(true))
		time.Sleep(10 * time.Second)
		require.Equal(t, []string{"t1 typing true at 0s", "t1 typing false at 6s"}, s.window.saw())
		time.Sleep(time.Minute)
		require.Len(t, s.window.saw(), 2)
	})
	t.Run("although the call that ends it hangs", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newTalking(t)
			s.window.answer = func(ctx context.Context, n int) error {
				if n == 2 {
					<-ctx.Done()
					return connector.Errorf("shop", "SendTyping", connector.UncertainOutcome, "no answer")
				}
				return nil
			}
			s.tell(t, agentTypes("mira", true))
			time.Sleep(10 * time.Second)
			require.Equal(t, []string{"c1 typing true at 0s", "c1 typing false at 8s"}, s.window.saw())
		})
	})
	t.Run("although the conversation went to the bot meanwhile", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newTalking(t)
			s.tell(t, agentTypes("mira", true))
			synctest.Wait()
			s.memory.mu.Lock()
			s.memory.view.State = conversation.InBot
			s.memory.mu.Unlock()
			time.Sleep(10 * time.Second)
			require.Equal(t, []string{"c1 typing true at 0s", "c1 typing false at 6s"}, s.window.saw())
			s.tell(t, agentTypes("mira", true))
			time.Sleep(10 * time.Second)
			require.Len(t, s.window.saw(), 2, "nobody types to a customer who is with the bot")
		})
	})
}

func TestTypingThatGoesOnStaysUntilItEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTalking(t)
		for range 6 {
			s.tell(t, agentTypes("mira", true))
			time.Sleep(4 * time.Second)
		}
		s.tell(t, agentTypes("mira", false))
		time.Sleep(time.Minute)
		saw := s.window.saw()
		require.Len(t, saw, 7)
		require.Equal(t, "c1 typing false at 24s", saw[6], "once, and when it was told")
	})
}

// The end does not overtake the beginning: the vendor would show it for ever.
func TestTheEndOfTypingComesAfterItsBeginning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTalking(t)
		s.window.answer = func(_ context.Context, n int) error {
			if n == 1 {
				time.Sleep(time.Second)
			}
			return nil
		}
		s.tell(t, customerTypes(true))
		synctest.Wait()
		s.tell(t, customerTypes(false))
		time.Sleep(20 * time.Second)
		require.Equal(t, []string{"t1 typing true at 1s", "t1 typing false at 1s"}, s.window.saw())
	})
}

func TestAFloodOfNoticesIsSlowedDownAndStillEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTalking(t)
		s.window.answer = func(context.Context, int) error {
			time.Sleep(50 * time.Millisecond)
			return nil
		}
		for i := range 1_000 {
			s.tell(t, customerTypes(true), agentTypes(fmt.Sprint("agent-", i), i%2 == 0))
			time.Sleep(10 * time.Millisecond)
		}
		s.tell(t, customerTypes(false))
		time.Sleep(time.Minute)
		saw := s.window.saw()
		require.Less(t, len(saw), 150, "2,000 notices in 10 seconds")
		shown := map[string]string{}
		for _, line := range saw {
			shown[line[:2]] = line[3:]
		}
		require.Equal(t, map[string]string{"t1": "typing false at 10s", "c1": shown["c1"]}, shown)
		require.Contains(t, shown["c1"], "false")
		require.Empty(t, s.memory.arrivals(), "nothing of it is stored")
	})
}

func TestReadingPassesByBothWays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTalking(t)
		at := time.Unix(1_700_000_000, 0)
		s.tell(t, connector.Inbound{Ref: connector.Ref{Conversation: "c1"}, Read: &connector.Read{At: at}})
		synctest.Wait()
		s.tell(t, connector.Inbound{Ref: connector.Ref{Ticket: "t1"}, Read: &connector.Read{At: at.Add(time.Second)}})
		time.Sleep(time.Minute)
		require.Equal(t, []string{"t1 read 1700000000 at 0s", "c1 read 1700000001 at 0s"}, s.window.saw())
		require.Empty(t, s.memory.arrivals())
	})
}

func TestNoticesAreCountedByWhatBecameOfThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTalking(t)
		s.window.answer = func(_ context.Context, n int) error {
			if n == 3 {
				return connector.Errorf("shop", "SendTyping", connector.Forbidden, "no")
			}
			return nil
		}
		s.tell(t, customerTypes(true))
		time.Sleep(10 * time.Second)
		s.tell(t, customerTypes(true))
		synctest.Wait()
		require.Equal(t, map[string]float64{"typing shown": 1, "typing expired": 1, "typing forbidden": 1}, s.counted(t, "handoff_passing_total", "kind", "result"))
		time.Sleep(10 * time.Second)
	})
}
