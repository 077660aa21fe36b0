package httpx_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/httpx"
)

const secretInURL = "token-in-the-address"

// vendor serves one handler and counts the answers that are still open.
func vendor(t *testing.T, handler http.HandlerFunc) (address string, client *httpx.Client, open *atomic.Int64) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	open = &atomic.Int64{}
	base := &http.Client{
		Transport:     counting{http.DefaultTransport, open},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return server.URL + "/?key=" + secretInURL, httpx.New("acme", base, 0), open
}

type counting struct {
	base http.RoundTripper
	open *atomic.Int64
}

func (c counting) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := c.base.RoundTrip(req)
	if err == nil {
		c.open.Add(1)
		resp.Body = closing{resp.Body, c.open}
	}
	return resp, err
}

type closing struct {
	io.ReadCloser
	open *atomic.Int64
}

func (c closing) Close() error {
	c.open.Add(-1)
	return c.ReadCloser.Close()
}

// failure makes a call that fails, and gives its error after checking what is true of all.
func failure(t *testing.T, ctx context.Context, c *httpx.Client, r httpx.Request, into any) *connector.Error {
	t.Helper()
	_, err := c.Do(ctx, r, into)
	require.Error(t, err)
	var e *connector.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, "acme", e.Connector)
	require.Equal(t, "Send", e.Op)
	require.NotContains(t, err.Error(), secretInURL)
	require.NotContains(t, err.Error(), "127.0.0.1/")
	return e
}

func TestASuccessIsDecodedAndClosed(t *testing.T) {
	address, c, open := vendor(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Content-Type", r.Header.Get("Content-Type"))
		w.Header().Set("X-Agent", r.Header.Get("User-Agent"))
		w.Header().Set("X-Token", r.Header.Get("Authorization"))
		_, _ = w.Write(append([]byte(`{"id":"m-1","echo":`), append(body, '}')...))
	})
	var got struct {
		ID   string
		Echo map[string]string
	}
	answer, err := c.Do(t.Context(), httpx.Request{
		Op: "Send", Method: http.MethodPost, URL: address, Body: map[string]string{"text": "<b> & ü"},
		Header: http.Header{"Authorization": {"Bearer x"}},
	}, &got)
	require.NoError(t, err)
	require.Equal(t, "m-1", got.ID)
	require.Equal(t, "<b> & ü", got.Echo["text"])
	require.Contains(t, string(answer.Body), `"<b> & ü"`, "markup is not escaped on the wire")
	require.Equal(t, "application/json", answer.Header.Get("X-Content-Type"))
	require.Equal(t, "Bearer x", answer.Header.Get("X-Token"))
	require.True(t, strings.HasPrefix(answer.Header.Get("X-Agent"), "handoff"))
	require.Zero(t, open.Load())
}

func TestFormsAndStreamsGoOutAsTheyAre(t *testing.T) {
	address, c, _ := vendor(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = w.Write([]byte(r.Header.Get("Content-Type") + "|" + string(body)))
	})
	for _, tt := range []struct {
		name string
		r    httpx.Request
		want string
	}{
		{"form", httpx.Request{Body: url.Values{"a": {"b c"}}}, "application/x-www-form-urlencoded|a=b+c"},
		{"stream", httpx.Request{Body: strings.NewReader("bytes"), ContentType: "image/png"}, "image/png|bytes"},
		{"nothing", httpx.Request{}, "|"},
	} {
		tt.r.Op, tt.r.Method, tt.r.URL = "Send", http.MethodPost, address
		answer, err := c.Do(t.Context(), tt.r, nil)
		require.NoError(t, err, tt.name)
		require.Equal(t, tt.want, string(answer.Body), tt.name)
	}
}

func TestARefusalIsOfItsStatussKindAndClosed(t *testing.T) {
	for status := 400; status <= 599; status++ {
		address, c, open := vendor(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(strings.Repeat(secretInURL, 100)))
		})
		e := failure(t, t.Context(), c, httpx.Request{Op: "Send", Method: http.MethodGet, URL: address}, nil)
		require.Equal(t, connector.KindOfStatus(status), e.Kind, "status %d", status)
		require.Equal(t, status, e.Status)
		require.Zero(t, open.Load())
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	var second atomic.Bool
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { second.Store(true) }))
	defer other.Close()
	address, _, _ := vendor(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, http.StatusFound) })
	e := failure(t, t.Context(), httpx.New("acme", nil, 0), httpx.Request{Op: "Send", Method: http.MethodGet, URL: address}, nil)
	require.Equal(t, http.StatusFound, e.Status)
	require.False(t, second.Load(), "the credentials would have gone to another host")
}

func TestWhoGotTheCallDecidesWhetherItIsUncertain(t *testing.T) {
	address, c, _ := vendor(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	e := failure(t, t.Context(), c, httpx.Request{Op: "Send", Method: http.MethodPost, URL: address, Body: 1}, nil)
	require.Equal(t, connector.UncertainOutcome, e.Kind, "the vendor got it and did not answer")

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	nobody := "http://" + listener.Addr().String() + "/?key=" + secretInURL
	require.NoError(t, listener.Close())
	e = failure(t, t.Context(), c, httpx.Request{Op: "Send", Method: http.MethodPost, URL: nobody, Body: 1}, nil)
	require.Equal(t, connector.Unavailable, e.Kind, "nobody got it")

	for _, address := range []string{"http://127.0.0.1:1/%zz?" + secretInURL, "::" + secretInURL} {
		e = failure(t, t.Context(), c, httpx.Request{Op: "Send", Method: http.MethodPost, URL: address}, nil)
		require.Equal(t, connector.Invalid, e.Kind, "no address at all")
	}
	e = failure(t, t.Context(), c, httpx.Request{Op: "Send", Method: http.MethodPost, URL: address, Body: func() {}}, nil)
	require.Equal(t, connector.Invalid, e.Kind, "what cannot be written as JSON")
}

func TestACancelledCallSaysSo(t *testing.T) {
	arrived := make(chan struct{})
	release := make(chan struct{})
	defer close(release)
	address, c, _ := vendor(t, func(http.ResponseWriter, *http.Request) {
		close(arrived)
		<-release
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	e := failure(t, ctx, c, httpx.Request{Op: "Send", Method: http.MethodGet, URL: address}, nil)
	require.ErrorIs(t, e, context.Canceled)
	require.Equal(t, connector.UncertainOutcome, e.Kind)

	e = failure(t, ctx, c, httpx.Request{Op: "Send", Method: http.MethodGet, URL: address}, nil)
	require.ErrorIs(t, e, context.Canceled)
	require.Equal(t, connector.Unavailable, e.Kind, "cancelled before it went out")
}

func TestAnAnswerThatMakesNoSenseIsUncertain(t *testing.T) {
	body := ""
	address, c, open := vendor(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
	for _, body = range []string{"", "<html>" + secretInURL, `{"id":`, strings.Repeat("x", 9<<20)} {
		var into struct{ ID string }
		e := failure(t, t.Context(), c, httpx.Request{Op: "Send", Method: http.MethodGet, URL: address}, &into)
		require.Equal(t, connector.UncertainOutcome, e.Kind)
		require.Equal(t, http.StatusOK, e.Status)
		require.Zero(t, open.Load())
	}
}

func TestAnAnswerThatBreaksOffIsUncertain(t *testing.T) {
	address, c, open := vendor(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, `{"id":"m-1"}`)
	})
	e := failure(t, t.Context(), c, httpx.Request{Op: "Send", Method: http.MethodGet, URL: address}, nil)
	require.Equal(t, connector.UncertainOutcome, e.Kind)
	require.Zero(t, open.Load())
}

func TestAVendorMayNameTheKindByTheBody(t *testing.T) {
	address, c, _ := vendor(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "3")
		_, _ = io.WriteString(w, `{"ok":false,"error":"ratelimited"}`)
	})
	c.Classify = func(status int, _ http.Header, body []byte) (connector.Kind, string) {
		if status == http.StatusOK && strings.Contains(string(body), "ratelimited") {
			return connector.RateLimited, "ratelimited"
		}
		return "", ""
	}
	e := failure(t, t.Context(), c, httpx.Request{Op: "Send", Method: http.MethodGet, URL: address}, nil)
	require.Equal(t, connector.RateLimited, e.Kind)
	require.Equal(t, "ratelimited", e.Code)
	require.Equal(t, 3*time.Second, e.RetryAfter)
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC)
	const longest = 15 * time.Minute
	for _, tt := range []struct {
		value string
		want  time.Duration
	}{
		{"", 0},
		{"0", 0},
		{"7", 7 * time.Second},
		{" 7 ", 7 * time.Second},
		{"0.5", 500 * time.Millisecond},
		{"-5", 0},
		{"900", longest},
		{"901", longest},
		{"99999999999999999999", longest},
		{"+Inf", longest},
		{"NaN", 0},
		{"1e400", 0},
		{"soon", 0},
		{now.Add(90 * time.Second).Format(http.TimeFormat), 90 * time.Second},
		{now.Add(-90 * time.Second).Format(http.TimeFormat), 0},
		{now.Add(24 * time.Hour).Format(http.TimeFormat), longest},
		{"Monday, 02-Mar-26 09:31:00 GMT", time.Minute},
		{"Mon Mar  2 09:31:00 2026", time.Minute},
	} {
		h := http.Header{}
		if tt.value != "" {
			h.Set("Retry-After", tt.value)
		}
		require.Equal(t, tt.want, httpx.RetryAfter(h, now), "%q", tt.value)
	}
}

func TestTheVendorsRateIsKept(t *testing.T) {
	calls := atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
	defer server.Close()
	c := httpx.New("acme", server.Client(), 2)
	request := httpx.Request{Op: "Send", Method: http.MethodGet, URL: server.URL}
	for range 2 {
		_, err := c.Do(t.Context(), request, nil)
		require.NoError(t, err)
	}
	// The third would have to wait for half a second, which the deadline does not allow.
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	e := failure(t, ctx, c, request, nil)
	require.Equal(t, connector.RateLimited, e.Kind)
	require.EqualValues(t, 2, calls.Load(), "the call went out although its turn had not come")
}
