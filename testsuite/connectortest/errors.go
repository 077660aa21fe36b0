package connectortest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/testsuite/fake"
)

func errorCases() []entry {
	return []entry{
		{
			name:      "StatusTable",
			why:       "every status from 400 to 599 gives its kind: the kind alone decides whether a call is repeated",
			perMethod: statusTable,
		},
		{
			name:      "RetryAfter",
			why:       "Retry-After is obeyed, in seconds and as a date, and absurd values are capped",
			perMethod: retryAfter,
		},
		{
			name:      "TwoHundredWithError",
			why:       "a page of HTML with status 200 is no success: a proxy's error page must not swallow a message",
			methods:   []string{methodDeliver, methodButtons, methodReply, methodOpen, methodPost, methodAvailable, methodAttach, methodFind, methodList},
			perMethod: twoHundredWithError,
		},
		{
			name:      "NobodyThere",
			why:       "a vendor that cannot be reached is Unavailable: nothing was done, so the call may be repeated",
			perMethod: nobodyThere,
		},
		{
			name:      "CancelIsPassedOn",
			why:       "a cancelled call returns at once with the context's error, so that a worker can stop",
			perMethod: cancelIsPassedOn,
		},
		{
			name:      "NothingLeaks",
			why:       "no error and no log line shows a secret, a message text or a customer's name",
			perMethod: nothingLeaks,
		},
		{
			name:      "BodiesClosed",
			why:       "every answer's body is closed, on success and on failure: otherwise connections run out",
			perMethod: bodiesClosed,
		},
	}
}

func statusTable(w *world, method string) {
	do := w.prepare(method)
	for status := 400; status <= 599; status++ {
		// A new connection has its whole budget of calls and no token that an earlier refusal has spoilt.
		w.reopen()
		want := connector.KindOfStatus(status)
		if w.subject.Kind != nil {
			if kind, override := w.subject.Kind(method, status); override {
				want = kind
			}
		}
		w.strike(method, fake.RefuseStatus(status, ""))
		err := do(w.Context(), w.key())
		require.Equal(w, want, connector.KindOf(err), "status %d", status)
		if err != nil {
			w.ownError(err)
		}
	}
}

// ownError fails the case unless err is a connector's error that says who it comes from.
func (w *world) ownError(err error) *connector.Error {
	w.Helper()
	var e *connector.Error
	require.ErrorAs(w, err, &e, "the error is no *connector.Error: %T", err)
	require.Equal(w, w.conn.Name(), e.Connector, "the error does not say which vendor")
	require.NotEmpty(w, e.Op, "the error does not say which method")
	return e
}

func retryAfter(w *world, method string) {
	do := w.prepare(method)
	ask := func(value string) time.Duration {
		w.reopen()
		w.strike(method, fake.RateLimit(0, value))
		err := do(w.Context(), w.key())
		require.Equal(w, connector.RateLimited, connector.KindOf(err), "Retry-After %q", value)
		return w.ownError(err).RetryAfter
	}
	require.Equal(w, 7*time.Second, ask("7"))
	date := ask(time.Now().Add(90 * time.Second).UTC().Format(http.TimeFormat))
	require.InDelta(w, 90, date.Seconds(), 15, "Retry-After as a date")
	require.LessOrEqual(w, ask("999999999"), time.Hour, "an absurd value")
	require.GreaterOrEqual(w, ask("-5"), time.Duration(0), "a negative value")
	require.GreaterOrEqual(w, ask("soon"), time.Duration(0), "no number")
}

func twoHundredWithError(w *world, method string) {
	do := w.prepare(method)
	w.strike(method, fake.RefuseStatus(http.StatusOK, "<!doctype html><title>Bad gateway</title>"))
	err := do(w.Context(), w.key())
	require.Error(w, err)
	w.ownError(err)
}

func nobodyThere(w *world, method string) {
	do := w.prepare(method)
	w.wire.cutOff()
	err := do(w.Context(), w.key())
	require.Equal(w, connector.Unavailable, connector.KindOf(err))
	w.ownError(err)
}

func cancelIsPassedOn(w *world, method string) {
	do := w.prepare(method)
	w.strike(method, fake.AcceptThenHang())
	before := w.vendor.Faults.Calls(w.op(method))
	ctx, cancel := context.WithCancel(w.Context())
	defer cancel()
	result := make(chan error, 1)
	go func() { result <- do(ctx, w.key()) }()
	w.eventually(func() bool { return w.vendor.Faults.Calls(w.op(method)) > before }, "the call to reach the vendor")
	cancel()
	select {
	case err := <-result:
		require.ErrorIs(w, err, context.Canceled)
	case <-time.After(patience):
		w.Errorf("the call did not return within %s of being cancelled", patience)
	}
}

// private lists what must show nowhere.
func (w *world) private() []string {
	list := []string{saidText, customerName, customerMail, agentName}
	return append(list, slices.DeleteFunc(slices.Clone(w.subject.Secrets), func(s string) bool { return s == "" })...)
}

func nothingLeaks(w *world, method string) {
	do := w.prepare(method)
	echo := strings.Join(w.private(), " | ")
	for _, fault := range []fake.Fault{
		fake.RefuseStatus(http.StatusUnauthorized, echo),
		fake.RefuseStatus(http.StatusBadRequest, fmt.Sprintf(`{"code":%q,"message":%q,"error":{"type":%q,"message":%q}}`, echo, echo, echo, echo)),
		fake.RefuseStatus(http.StatusInternalServerError, echo),
		fake.RefuseStatus(http.StatusOK, echo),
		fake.AcceptThenReset(),
	} {
		w.reopen()
		w.strike(method, fault)
		w.leaksNothing(do(w.Context(), w.key()))
	}
	w.reopen()
	w.wire.cutOff()
	w.leaksNothing(do(w.Context(), w.key()))
}

func (w *world) leaksNothing(err error) {
	w.Helper()
	for _, secret := range w.private() {
		for e := err; e != nil; e = errors.Unwrap(e) {
			require.NotContains(w, e.Error(), secret, "an error shows what is private")
			require.NotContains(w, fmt.Sprintf("%+v", e), secret, "an error shows what is private")
		}
		require.NotContains(w, w.logs.String(), secret, "a log line shows what is private")
	}
}

func bodiesClosed(w *world, method string) {
	do := w.prepare(method)
	for _, fault := range []fake.Fault{
		fake.Echo(true), // Changes nothing about calls: success.
		fake.RefuseStatus(http.StatusBadRequest, "no"),
		fake.RefuseStatus(http.StatusInternalServerError, "no"),
		fake.RefuseStatus(http.StatusOK, "<html>"),
		fake.RefuseStatus(http.StatusTooManyRequests, strings.Repeat("no", 4096)),
	} {
		w.reopen()
		w.strike(method, fault)
		_ = do(w.Context(), w.key())
		require.Zero(w, w.wire.unclosed(), "answers left open")
	}
}
