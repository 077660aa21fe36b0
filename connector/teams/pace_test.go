package teams_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/teams"
	"github.com/handoff-engine/handoff/conversation"
	vendor "github.com/handoff-engine/handoff/testsuite/fake/teams"
	"github.com/handoff-engine/handoff/testsuite/subjects"
)

// clockwork is a vendor without a network, for virtual time: it notes when messages came.
type clockwork struct {
	mu      sync.Mutex
	came    map[string][]time.Time
	refusal *http.Response
}

func (c *clockwork) RoundTrip(req *http.Request) (*http.Response, error) {
	answer := func(status int, body string) *http.Response {
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: req}
	}
	if strings.HasSuffix(req.URL.Path, "/token") {
		return answer(http.StatusOK, `{"access_token":"x","token_type":"Bearer","expires_in":86400}`), nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if refusal := c.refusal; refusal != nil {
		c.refusal = nil
		return refusal, nil
	}
	channel, _, _ := strings.Cut(strings.TrimPrefix(req.URL.Path, "/teams/v3/conversations/"), ";")
	c.came[channel] = append(c.came[channel], time.Now())
	return answer(http.StatusCreated, `{"id":"1"}`), nil
}

func clocked(t *testing.T) (*clockwork, *teams.Client) {
	t.Helper()
	clock := &clockwork{came: map[string][]time.Time{}}
	c, err := teams.NewWithKeys(subjects.TeamsConfig("http://127.0.0.1:9"), connector.Deps{HTTP: &http.Client{Transport: clock}}, at)
	require.NoError(t, err)
	return clock, c
}

func in(channel string) conversation.Ticket {
	return conversation.Ticket{ID: channel + ";messageid=1767225600000"}
}

// TestAChannelsLimitsAreKept sends for five hours, in virtual time, as fast as the connector lets it.
func TestAChannelsLimitsAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock, c := clocked(t)
		until := time.Now().Add(5 * time.Hour)
		var wg sync.WaitGroup
		for _, channel := range []string{vendor.DefaultChannel, vendor.DefaultChannel, vendor.BillingChannel} {
			wg.Go(func() {
				for time.Now().Before(until) {
					_, err := c.Post(t.Context(), connector.PostRequest{Key: "k", Ticket: in(channel), Text: "hello"})
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		for channel, came := range clock.came {
			require.Greater(t, len(came), 4*900, "%s: slower than need be", channel)
			for _, limit := range []struct {
				n    int
				span time.Duration
			}{{7, time.Second}, {8, 2 * time.Second}, {60, 30 * time.Second}, {1800, time.Hour}} {
				for i := limit.n; i < len(came); i++ {
					require.GreaterOrEqual(t, came[i].Sub(came[i-limit.n]), limit.span, "%s: more than %d in %s", channel, limit.n, limit.span)
				}
			}
		}
	})
}

func TestARefusalHoldsTheWholeChannelBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock, c := clocked(t)
		clock.refusal = &http.Response{StatusCode: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"17"}}, Body: http.NoBody}
		_, err := c.Post(t.Context(), connector.PostRequest{Key: "k", Ticket: in(vendor.DefaultChannel), Text: "hello"})
		require.Equal(t, connector.RateLimited, connector.KindOf(err))
		began := time.Now()
		_, err = c.Post(t.Context(), connector.PostRequest{Key: "k2", Ticket: in(vendor.BillingChannel), Text: "hello"})
		require.NoError(t, err)
		require.Less(t, time.Since(began), time.Second, "another channel does not wait")
		_, err = c.Post(t.Context(), connector.PostRequest{Key: "k3", Ticket: in(vendor.DefaultChannel), Text: "hello"})
		require.NoError(t, err)
		require.GreaterOrEqual(t, time.Since(began), 17*time.Second)
	})
}

func TestAWaitThatIsTooLongIsRefusedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := clocked(t)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		began := time.Now()
		var err error
		for range 10 {
			if _, err = c.Post(ctx, connector.PostRequest{Key: "k", Ticket: in(vendor.DefaultChannel), Text: "hello"}); err != nil {
				break
			}
		}
		require.Equal(t, connector.RateLimited, connector.KindOf(err))
		require.Zero(t, time.Since(began), "nobody waits for what cannot be")
		var e *connector.Error
		require.ErrorAs(t, err, &e)
		require.Positive(t, e.RetryAfter)
	})
}
