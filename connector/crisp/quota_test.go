package crisp_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/crisp"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
	vendor "github.com/handoff-engine/handoff/testsuite/fake/crisp"
	"github.com/handoff-engine/handoff/testsuite/subjects"
)

// direct calls a handler without a network, so that time can be virtual.
type direct struct{ http.Handler }

func (d direct) RoundTrip(req *http.Request) (*http.Response, error) {
	answer := httptest.NewRecorder()
	if req.Body == nil {
		req.Body = http.NoBody
	}
	d.ServeHTTP(answer, req)
	return answer.Result(), nil
}

// virtual runs a test in virtual time, with a fake that sends no hooks.
func virtual(t *testing.T, test func(t *testing.T, s *vendor.Server, connect func(deps connector.Deps, change ...func(*crisp.Config)) *crisp.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := vendor.New(vendor.Options{})
		test(t, s, func(deps connector.Deps, change ...func(*crisp.Config)) *crisp.Client {
			cfg := subjects.CrispConfig("http://crisp.invalid")
			for _, f := range change {
				f(&cfg)
			}
			deps.Connection, deps.HTTP = "under-test", &http.Client{Transport: direct{s}}
			c, err := crisp.New(cfg, deps)
			require.NoError(t, err)
			return c
		})
	})
}

func TestRefusedCallsAreNotRepeatedTooSoon(t *testing.T) {
	for _, status := range []int{420, 429} {
		virtual(t, func(t *testing.T, s *vendor.Server, connect func(connector.Deps, ...func(*crisp.Config)) *crisp.Client) {
			c := connect(connector.Deps{Unpaced: true})
			ticket := open(t, c, "shop:c1/e1-2")
			post := func() *connector.Error {
				_, err := c.Post(t.Context(), connector.PostRequest{Key: "shop:c1/e1-3", Ticket: ticket, Text: "Hello"})
				if err == nil {
					return nil
				}
				var e *connector.Error
				require.ErrorAs(t, err, &e)
				return e
			}
			s.Faults.Set(fake.AnyOp, fake.RefuseStatus(status, ""))
			began := time.Now()
			var pauses []string
			for time.Since(began) < 10*time.Minute {
				e := post()
				require.Equal(t, connector.RateLimited, e.Kind)
				pauses = append(pauses, e.RetryAfter.String())
				calls := s.Faults.Calls(fake.AnyOp)
				time.Sleep(e.RetryAfter / 2)
				require.Equal(t, e.RetryAfter/2, post().RetryAfter, "it is told how long is left")
				require.Equal(t, calls, s.Faults.Calls(fake.AnyOp), "a call was made in the pause")
				time.Sleep(e.RetryAfter / 2)
			}
			require.Equal(t, "10s 20s 40s 1m20s 2m40s 5m0s", strings.Join(pauses, " "))

			// Ten minutes are no passing limit: the quota is used up.
			time.Sleep(time.Second)
			require.Equal(t, connector.Unavailable, post().Kind)
			require.Equal(t, "quota", post().Code)
			calls := s.Faults.Calls(fake.AnyOp)
			there, err := c.Availability(t.Context(), connector.AvailabilityRequest{})
			require.NoError(t, err)
			require.Equal(t, connector.Offline, there, "nobody can be asked for")
			require.Equal(t, calls, s.Faults.Calls(fake.AnyOp))

			// A new day.
			s.Faults.Clear(fake.AnyOp)
			time.Sleep(5 * time.Minute)
			require.Nil(t, post())
			there, err = c.Availability(t.Context(), connector.AvailabilityRequest{})
			require.NoError(t, err)
			require.Equal(t, connector.Online, there)
		})
	}
}

func TestRetryAfterHoldsForAllCallsOfTheConnection(t *testing.T) {
	virtual(t, func(t *testing.T, s *vendor.Server, connect func(connector.Deps, ...func(*crisp.Config)) *crisp.Client) {
		c := connect(connector.Deps{Unpaced: true})
		ticket := open(t, c, "shop:c1/e1-2")
		s.Faults.Set("state.update", fake.RateLimit(0, "90").For(1))
		closing := connector.CloseRequest{Key: "shop:c1/e1-3", Ticket: ticket}
		require.Equal(t, connector.RateLimited, connector.KindOf(c.CloseTicket(t.Context(), closing)))
		time.Sleep(89 * time.Second)
		calls := s.Faults.Calls(fake.AnyOp)
		_, err := c.Post(t.Context(), connector.PostRequest{Key: "shop:c1/e1-4", Ticket: ticket, Text: "Hello"})
		require.Equal(t, connector.RateLimited, connector.KindOf(err))
		require.Equal(t, calls, s.Faults.Calls(fake.AnyOp))
		time.Sleep(time.Second)
		require.NoError(t, c.CloseTicket(t.Context(), closing))
	})
}

func TestWhatCanBeDoneWithoutLeavesTheQuotaToWhatPeopleSay(t *testing.T) {
	virtual(t, func(t *testing.T, s *vendor.Server, connect func(connector.Deps, ...func(*crisp.Config)) *crisp.Client) {
		c := connect(connector.Deps{Unpaced: true}, func(c *crisp.Config) { c.DailyQuota = 240 })
		ticket := open(t, c, "shop:c1/e1-2")
		opening := s.Faults.Calls(fake.AnyOp)
		for range 24 * 60 {
			_, err := c.ListMessages(t.Context(), connector.ListRequest{Ticket: ticket, State: conversation.Waiting})
			require.NoError(t, err)
			require.NoError(t, c.SendTyping(t.Context(), connector.TypingRequest{Ticket: ticket, On: true}))
			require.NoError(t, c.MarkRead(t.Context(), connector.ReadRequest{Ticket: ticket}))
			_, err = c.Availability(t.Context(), connector.AvailabilityRequest{})
			require.NoError(t, err)
			time.Sleep(time.Minute)
		}
		spent := s.Faults.Calls(fake.AnyOp) - opening
		require.Greater(t, spent, 100, "half of the quota may be used, and the first burst")
		require.LessOrEqual(t, spent, 120+12)
		for i := range 50 {
			_, err := c.Post(t.Context(), connector.PostRequest{Key: conversation.Key("shop:c1/e2-" + string(rune('a'+i))), Ticket: ticket, Text: "Hello"})
			require.NoError(t, err)
		}
	})
}

func TestATicketIsReadOnceInAWhileAndAlwaysBeforeAClose(t *testing.T) {
	virtual(t, func(t *testing.T, s *vendor.Server, connect func(connector.Deps, ...func(*crisp.Config)) *crisp.Client) {
		c := connect(connector.Deps{Unpaced: true}, func(c *crisp.Config) { c.HealEvery = conversation.Duration(5 * time.Minute) })
		ticket := open(t, c, "shop:c1/e1-2")
		for range 60 {
			_, err := c.ListMessages(t.Context(), connector.ListRequest{Ticket: ticket, State: conversation.Assigned, Agent: vendor.Sam})
			require.NoError(t, err)
			time.Sleep(time.Minute)
		}
		require.Equal(t, 12, s.Faults.Calls("message.list"), "once in five minutes")
		for range 3 {
			_, err := c.ListMessages(t.Context(), connector.ListRequest{Ticket: ticket, State: conversation.Assigned})
			require.NoError(t, err)
		}
		require.Equal(t, 15, s.Faults.Calls("message.list"), "the last look before a close")
	})
}

func TestOneAddressMakesFiveCallsASecond(t *testing.T) {
	virtual(t, func(t *testing.T, s *vendor.Server, connect func(connector.Deps, ...func(*crisp.Config)) *crisp.Client) {
		c := connect(connector.Deps{})
		began := time.Now()
		for range 10 {
			require.NoError(t, c.Check(t.Context()))
		}
		require.Equal(t, 30, s.Faults.Calls(fake.AnyOp))
		require.GreaterOrEqual(t, time.Since(began), 5*time.Second)
		require.LessOrEqual(t, time.Since(began), 10*time.Second)
	})
}

func TestMostOfTheQuotaBeingUsedIsSaidOnceADay(t *testing.T) {
	virtual(t, func(t *testing.T, _ *vendor.Server, connect func(connector.Deps, ...func(*crisp.Config)) *crisp.Client) {
		var logs bytes.Buffer
		c := connect(connector.Deps{Unpaced: true, Logger: slog.New(slog.NewTextHandler(&logs, nil))}, func(c *crisp.Config) { c.DailyQuota = 100 })
		for range 26 {
			require.NoError(t, c.Check(t.Context()))
		}
		require.Empty(t, logs.String())
		for range 10 {
			require.NoError(t, c.Check(t.Context()))
		}
		require.Equal(t, 1, strings.Count(logs.String(), "80 percent"))
		time.Sleep(24 * time.Hour)
		for range 30 {
			require.NoError(t, c.Check(t.Context()))
		}
		require.Equal(t, 2, strings.Count(logs.String(), "80 percent"))
	})
}

func TestLookingForASendWaitsForReadsThatAreBehind(t *testing.T) {
	virtual(t, func(t *testing.T, s *vendor.Server, connect func(connector.Deps, ...func(*crisp.Config)) *crisp.Client) {
		s.Switch(func(s *vendor.Switches) { s.Stale = time.Second })
		c := connect(connector.Deps{Unpaced: true})
		ticket := open(t, c, "shop:c1/e1-2")
		began := time.Now()
		_, err := c.Post(t.Context(), connector.PostRequest{Key: "shop:c1/e1-3", Ticket: ticket, Text: "Hello"})
		require.NoError(t, err)
		find := connector.FindRequest{Key: "shop:c1/e1-3", Ticket: ticket, Text: "Hello", Since: began}
		_, found, err := c.FindSent(t.Context(), find)
		require.NoError(t, err)
		require.True(t, found, "words that are there would have been said again")
		require.Equal(t, 1500*time.Millisecond, time.Since(began))
		time.Sleep(time.Hour)
		began = time.Now()
		_, found, err = c.FindSent(t.Context(), find)
		require.NoError(t, err)
		require.True(t, found)
		require.Zero(t, time.Since(began), "nobody waits for what is long there")
	})
}
