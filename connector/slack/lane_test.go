package slack_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/slack"
	"github.com/handoff-engine/handoff/conversation"
	vendor "github.com/handoff-engine/handoff/testsuite/fake/slack"
	"github.com/handoff-engine/handoff/testsuite/subjects"
)

// stopwatch is a Slack that notes when each channel got a message, in virtual time, and may refuse.
type stopwatch struct {
	began time.Time
	mu    sync.Mutex
	at    map[string][]time.Duration
	// refuse gives the Retry-After for a message, or "".
	refuse func(channel string, n int) string
}

// RoundTrip answers at once.
func (s *stopwatch) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	channel := form.Get("channel")
	if strings.HasSuffix(req.URL.Path, "conversations.info") {
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{"ok":true,"channel":{"is_member":true}}`)), Request: req}, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at[channel] = append(s.at[channel], time.Since(s.began))
	n := len(s.at[channel])
	status, answer := http.StatusOK, fmt.Sprintf(`{"ok":true,"channel":%q,"ts":"%d.%06d","message":{"ts":"1.000001","thread_ts":%q}}`, channel, 1772443000+n, n, form.Get("thread_ts"))
	header := http.Header{}
	if after := s.refuse(channel, n); after != "" {
		status, answer = http.StatusTooManyRequests, `{"ok":false,"error":"ratelimited"}`
		header.Set("Retry-After", after)
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(answer)), Request: req}, nil
}

// paced makes a connection that keeps to the vendor's limits.
func paced(t *testing.T, refuse func(channel string, n int) string) (*slack.Client, *stopwatch) {
	watch := &stopwatch{began: time.Now(), at: map[string][]time.Duration{}, refuse: refuse}
	c, err := slack.New(subjects.SlackConfig("https://slack.example", vendor.DefaultSigningSecret), connector.Deps{HTTP: &http.Client{Transport: watch}})
	require.NoError(t, err)
	return c, watch
}

func never(string, int) string { return "" }

// say posts into some thread of a channel.
func say(t *testing.T, c *slack.Client, channel string, n int) error {
	_, err := c.Post(t.Context(), connector.PostRequest{
		Key: conversation.Key(fmt.Sprintf("shop:c%d/e1-1", n)), Ticket: conversation.Ticket{ID: fmt.Sprintf("%s:177244200%d.000100", channel, n%10)}, Text: "hello",
	})
	return err
}

func TestAllThreadsOfAChannelShareOneMessageASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, watch := paced(t, never)
		var wg sync.WaitGroup
		for n := range 12 {
			wg.Go(func() { require.NoError(t, say(t, c, vendor.Support, n)) })
			wg.Go(func() { require.NoError(t, say(t, c, vendor.Billing, n)) })
		}
		wg.Wait()
		for _, channel := range []string{vendor.Support, vendor.Billing} {
			at := watch.at[channel]
			require.Len(t, at, 12)
			for i := range at {
				// A burst of three, then one a second.
				require.GreaterOrEqual(t, at[i], time.Duration(i-2)*time.Second, "message %d of %s: %v", i, channel, at)
			}
			require.Less(t, at[11], 10500*time.Millisecond, "slower than it must be: %v", at)
		}
	})
}

func TestRetryAfterStillsTheChannelAndNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, watch := paced(t, func(channel string, n int) string {
			if channel == vendor.Support && n == 2 {
				return "7"
			}
			return ""
		})
		require.NoError(t, say(t, c, vendor.Support, 0))
		err := say(t, c, vendor.Support, 1)
		require.Equal(t, connector.RateLimited, connector.KindOf(err))
		refused := watch.at[vendor.Support][1]
		var wg sync.WaitGroup
		for n := range 4 {
			wg.Go(func() { require.NoError(t, say(t, c, vendor.Support, n)) })
		}
		wg.Go(func() { require.NoError(t, say(t, c, vendor.Billing, 0)) })
		wg.Wait()
		require.Less(t, watch.at[vendor.Billing][0], 2*time.Second)
		after := watch.at[vendor.Support][2:]
		require.Len(t, after, 4)
		for i, at := range after {
			require.GreaterOrEqual(t, at-refused, 7*time.Second+time.Duration(i)*time.Second, "no burst after the silence: %v", after)
		}
	})
}

func TestALongWaitIsLeftToTheWorkflow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, watch := paced(t, func(_ string, n int) string {
			if n == 1 {
				return "60"
			}
			return ""
		})
		require.Error(t, say(t, c, vendor.Support, 0))
		began := time.Now()
		err := say(t, c, vendor.Support, 0)
		var e *connector.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, connector.RateLimited, e.Kind)
		require.Equal(t, 60*time.Second, e.RetryAfter)
		require.Zero(t, time.Since(began), "it waited all the same")
		require.Len(t, watch.at[vendor.Support], 1, "the vendor was asked during its silence")
		time.Sleep(e.RetryAfter)
		require.NoError(t, say(t, c, vendor.Support, 0))
	})
}

func TestAQueueThatIsTooLongRefusesWhatIsNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, watch := paced(t, never)
		// Once it is known that we are in the channel nothing is asked before a message, so that all come at once.
		require.NoError(t, say(t, c, vendor.Support, 0))
		time.Sleep(time.Minute)
		watch.began, watch.at = time.Now(), map[string][]time.Duration{}
		var mu sync.Mutex
		var refused []time.Duration
		var wg sync.WaitGroup
		for n := range 60 {
			wg.Go(func() {
				if err := say(t, c, vendor.Support, n); err != nil {
					var e *connector.Error
					require.ErrorAs(t, err, &e)
					require.Equal(t, connector.RateLimited, e.Kind)
					mu.Lock()
					defer mu.Unlock()
					refused = append(refused, e.RetryAfter)
				}
			})
		}
		wg.Wait()
		require.NotEmpty(t, refused)
		require.Greater(t, slices.Min(refused), 20*time.Second)
		require.Len(t, watch.at[vendor.Support], 60-len(refused))
		require.Less(t, time.Since(watch.began), 30*time.Second)
	})
}

func TestALongSilenceLetsNoMoreInThanAShortOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, silence := range []time.Duration{0, time.Minute, 24 * time.Hour} {
			require.Equal(t, 23, slack.Admitted(60, silence), "after %s: twenty seconds' worth of messages, and those that go at once", silence)
		}
	})
}

func TestACancelledCallLeavesTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, watch := paced(t, func(_ string, n int) string {
			if n == 1 {
				return "10"
			}
			return ""
		})
		require.Error(t, say(t, c, vendor.Support, 0))
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		_, err := c.Post(ctx, connector.PostRequest{Key: "shop:c1/e1-1", Ticket: conversation.Ticket{ID: vendor.Support + ":1772442000.000100"}, Text: "hello"})
		require.Equal(t, connector.Unavailable, connector.KindOf(err), "nothing went out")
		require.NoError(t, say(t, c, vendor.Support, 1))
		require.Len(t, watch.at[vendor.Support], 2)
	})
}
