package connector_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
)

func TestEveryStatusHasAKind(t *testing.T) {
	want := map[int]connector.Kind{
		http.StatusUnauthorized:       connector.Unauthenticated,
		http.StatusPaymentRequired:    connector.Forbidden,
		http.StatusForbidden:          connector.Forbidden,
		http.StatusNotFound:           connector.NotFound,
		http.StatusGone:               connector.NotFound,
		http.StatusConflict:           connector.Conflict,
		http.StatusPreconditionFailed: connector.Conflict,
		http.StatusLocked:             connector.Conflict,
		http.StatusTooManyRequests:    connector.RateLimited,
		http.StatusRequestTimeout:     connector.Unavailable,
		http.StatusTooEarly:           connector.Unavailable,
		http.StatusServiceUnavailable: connector.Unavailable,
	}
	for status := 400; status <= 599; status++ {
		kind, named := want[status]
		switch {
		case named:
		case status >= 500:
			kind = connector.UncertainOutcome
		default:
			kind = connector.Invalid
		}
		require.Equal(t, kind, connector.KindOfStatus(status), "status %d", status)
		require.Contains(t, connector.Kinds(), connector.KindOfStatus(status))
	}
	for _, status := range []int{0, 100, 200, 302} {
		require.Equal(t, connector.UncertainOutcome, connector.KindOfStatus(status), "status %d is no refusal", status)
	}
}

func TestOnlyWhatMayPassByItselfIsRepeated(t *testing.T) {
	again := []connector.Kind{connector.RateLimited, connector.Unavailable, connector.UncertainOutcome}
	for _, kind := range connector.Kinds() {
		if kind.Permanent() {
			require.NotContains(t, again, kind)
		} else {
			require.Contains(t, again, kind)
		}
	}
	require.Len(t, connector.Kinds(), 9)
}

func TestTheKindIsFoundThroughWrapping(t *testing.T) {
	err := fmt.Errorf("opening: %w", connector.Errorf("acme", "Open", connector.Conflict, "nobody is there"))
	require.Equal(t, connector.Conflict, connector.KindOf(err))
	require.Equal(t, connector.Kind(""), connector.KindOf(nil))
	require.Equal(t, connector.UncertainOutcome, connector.KindOf(errors.New("anything")))
	require.Equal(t, connector.UncertainOutcome, connector.KindOf(context.DeadlineExceeded))
}

func TestAnErrorTellsWhoWhatAndWhy(t *testing.T) {
	cause := errors.New("the answer is not the JSON expected")
	for _, tt := range []struct {
		err  connector.Error
		want string
	}{
		{connector.Error{Kind: connector.Invalid}, "invalid"},
		{connector.Error{Connector: "acme", Op: "Open", Kind: connector.NotFound, Status: 404}, "acme Open: not_found (HTTP 404)"},
		{connector.Error{Connector: "acme", Op: "Post", Kind: connector.Conflict, Status: 409, Code: "chat_closed"}, "acme Post: conflict (HTTP 409) chat_closed"},
		{
			connector.Error{Connector: "acme", Op: "Post", Kind: connector.UncertainOutcome, Err: cause, RetryAfter: time.Second},
			"acme Post: uncertain: the answer is not the JSON expected",
		},
	} {
		require.Equal(t, tt.want, tt.err.Error())
	}
	require.ErrorIs(t, &connector.Error{Err: cause}, cause)
}
