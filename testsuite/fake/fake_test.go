package fake_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/testsuite/fake"
)

// vendor is the smallest fake: it counts what it did.
type vendor struct {
	faults fake.Faults
	mu     sync.Mutex
	done   int
}

func (v *vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	refuse := func(w http.ResponseWriter, status int) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "vendor says no")
	}
	v.faults.Serve(w, r, "send", refuse, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		v.mu.Lock()
		v.done++
		v.mu.Unlock()
		_, _ = io.WriteString(w, "ok")
	})
}

func (v *vendor) count() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.done
}

func post(t *testing.T, ctx context.Context, url, body string) (*http.Response, string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	return resp, string(b), err
}

func TestFaultsSpoilTheAnswerAndNotTheDeed(t *testing.T) {
	for _, tc := range []struct {
		name   string
		fault  fake.Fault
		status int // 0: no answer arrives
		body   string
		done   int
	}{
		{"accepted, then 500", fake.AcceptThenStatus(500), 500, "vendor says no", 1},
		{"accepted, then cut", fake.AcceptThenReset(), 0, "", 1},
		{"accepted, then silence", fake.AcceptThenHang(), 0, "", 1},
		{"refused with its own body", fake.RefuseStatus(403, "go away"), 403, "go away", 0},
		{"refused with the vendor's body", fake.RefuseStatus(403, ""), 403, "vendor says no", 0},
		{"too many", fake.RateLimit(0, "7"), 429, "vendor says no", 0},
		{"slow", fake.Slow(time.Millisecond), 200, "ok", 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := &vendor{}
			srv := httptest.NewServer(v)
			defer srv.Close()
			v.faults.Set("send", tc.fault.For(1))

			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			resp, body, err := post(t, ctx, srv.URL, "x")

			require.Equal(t, tc.done, v.count())
			if tc.status == 0 {
				require.Error(t, err)
			} else {
				require.NoError(t, err)
				require.Equal(t, tc.status, resp.StatusCode)
				require.Equal(t, tc.body, body)
				require.Equal(t, tc.fault.RetryAfter, resp.Header.Get("Retry-After"))
			}

			resp, _, err = post(t, t.Context(), srv.URL, "x")
			require.NoError(t, err, "the fault was for one call")
			require.Equal(t, 200, resp.StatusCode)
			require.Equal(t, 1, v.faults.Struck("send"))
			require.Equal(t, 2, v.faults.Calls("send"))
		})
	}
}

func TestRateLimitLetsSoManyThroughInASecond(t *testing.T) {
	v := &vendor{}
	srv := httptest.NewServer(v)
	defer srv.Close()
	v.faults.Set(fake.AnyOp, fake.RateLimit(2, ""))
	var got []int
	for range 4 {
		resp, _, err := post(t, t.Context(), srv.URL, "")
		require.NoError(t, err)
		got = append(got, resp.StatusCode)
	}
	require.Equal(t, []int{200, 200, 429, 429}, got)
}

func TestSwitchesAreSetOverHTTP(t *testing.T) {
	v := &vendor{}
	srv := httptest.NewServer(v)
	defer srv.Close()
	control := httptest.NewServer(&v.faults)
	defer control.Close()

	resp, _, err := post(t, t.Context(), control.URL, `{"op":"send","fault":"refuse_status","status":503,"times":1}`)
	require.NoError(t, err)
	require.Equal(t, 204, resp.StatusCode)
	resp, _, err = post(t, t.Context(), srv.URL, "")
	require.NoError(t, err)
	require.Equal(t, 503, resp.StatusCode)

	resp, _, err = post(t, t.Context(), control.URL, `{"op":"send","falt":"slow"}`)
	require.NoError(t, err)
	require.Equal(t, 400, resp.StatusCode, "a misspelt switch is refused")

	resp, err = http.Get(control.URL)
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.JSONEq(t, `{"faults":[{"op":"send","fault":"refuse_status","status":503,"times":1,"struck":1}],"calls":{"send":1}}`, string(body))
}

func TestJournalWaitsForWhatIsToHappen(t *testing.T) {
	var j fake.Journal
	go j.Add(fake.Entry{Conversation: "7", Who: "agent:1", Kind: "text", Text: "hello"})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	got, err := j.Wait(ctx, "7", func(list []fake.Entry) bool { return len(list) == 1 })
	require.NoError(t, err)
	require.Equal(t, "hello", got[0].Text)
	require.Equal(t, 1, got[0].Seq)
	require.Empty(t, j.Entries("8"))
}

// receiver answers webhooks as told and keeps their bodies.
type receiver struct {
	mu     sync.Mutex
	status []int // the answers, the last one for all that follow
	bodies []string
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	b, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bodies = append(r.bodies, string(b))
	status := r.status[0]
	if len(r.status) > 1 {
		r.status = r.status[1:]
	}
	w.WriteHeader(status)
}

func send(t *testing.T, o *fake.Outbox, url string, bodies ...string) {
	t.Helper()
	for _, b := range bodies {
		o.Send(fake.Hook{Op: "hook", URL: url, Header: http.Header{}, Body: []byte(b)}, 0)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	require.NoError(t, o.Drain(ctx))
	o.Close()
}

func TestOutboxRepeatsOnTheSchedule(t *testing.T) {
	for _, tc := range []struct {
		name   string
		status []int
		want   []int // the status of each try
	}{
		{"accepted at once", []int{200}, []int{200}},
		{"accepted at the third try", []int{500, 503, 204}, []int{500, 503, 204}},
		{"never accepted", []int{404}, []int{404, 404, 404}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := &receiver{status: tc.status}
			srv := httptest.NewServer(r)
			defer srv.Close()
			o := &fake.Outbox{Retries: []time.Duration{5 * time.Second, 10 * time.Second}, Scale: 0.0001}
			send(t, o, srv.URL, "a")
			var got []int
			for _, a := range o.Attempts() {
				got = append(got, a.Status)
			}
			require.Equal(t, tc.want, got)
		})
	}
}

func TestOutboxIsSpoiltByFaults(t *testing.T) {
	for _, tc := range []struct {
		name  string
		fault *fake.Fault
		want  []string
	}{
		{"none", nil, []string{"a", "b"}},
		{"redelivered", new(fake.Redeliver(1).For(1)), []string{"a", "a", "b"}},
		{"one lost", new(fake.Lose().For(1)), []string{"b"}},
		{"swapped", new(fake.Shuffle(1)), []string{"b", "a"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := &receiver{status: []int{200}}
			srv := httptest.NewServer(r)
			defer srv.Close()
			faults := &fake.Faults{}
			if tc.fault != nil {
				faults.Set("hook", *tc.fault)
			}
			send(t, &fake.Outbox{Faults: faults}, srv.URL, "a", "b")
			require.Equal(t, tc.want, r.bodies)
		})
	}
}
