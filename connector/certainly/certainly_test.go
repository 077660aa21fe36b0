package certainly_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/certainly"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake"
	fakecertainly "github.com/handoff-engine/handoff/testsuite/fake/certainly"
)

func TestAWholeHandoff(t *testing.T) {
	a := newAccount(t, fakecertainly.Options{}, func(c *certainly.Config) { c.ClaimEnd = "again" })
	user := a.NewUser("Ana", "Doe", map[string]any{"order": "A-1"})
	require.NoError(t, a.UserSays(user, "hello"))
	require.NoError(t, a.UserSays(user, "human"))
	claims := a.told(conversation.HandoffRequested)
	require.Len(t, claims, 1)
	require.Equal(t, conversation.Customer{Name: "Ana Doe", Fields: map[string]string{"order": "A-1"}}, claims[0].Customer)
	require.Equal(t, []string{fakecertainly.SaysHello, fakecertainly.SaysWait}, a.UserSees(user), "the claim was answered in JSON")

	require.NoError(t, a.pause(user))
	require.True(t, a.Listening(user))
	require.NoError(t, a.UserSays(user, "where is my parcel?"))
	require.NoError(t, a.deliver(user, "k1", "I look into it."))
	require.Equal(t, []string{"I look into it."}, a.AgentTexts(user))

	require.NoError(t, a.conn.ResumeBot(t.Context(), connector.ResumeRequest{To: user, Launch: true}))
	require.False(t, a.Listening(user))
	require.Equal(t, []string{
		fakecertainly.SaysHello, fakecertainly.SaysWait, "I look into it.", "The bot is back.",
	}, a.UserSees(user))
	var words []string
	for _, ev := range a.told(conversation.CustomerSaid) {
		words = append(words, ev.Text)
	}
	require.Equal(t, []string{"hello", "human", "where is my parcel?"}, words)
}

func TestWhereTheBotGoesOn(t *testing.T) {
	both := func(c *certainly.Config) { c.ClaimEnd, c.ClaimEndOnEnd = "configured", "goodbye" }
	vendor := map[string]string{"claim_end": "bots own"}
	for _, tc := range []struct {
		name   string
		change func(*certainly.Config)
		req    connector.ResumeRequest
		want   []string
	}{
		{"where the request says", both, connector.ResumeRequest{Launch: true, Node: "here", Vendor: vendor}, []string{"here"}},
		{"where the bot said", both, connector.ResumeRequest{Launch: true, Vendor: vendor}, []string{"bots own"}},
		{"where the configuration says", both, connector.ResumeRequest{Launch: true}, []string{"configured"}},
		{"nowhere in particular", func(*certainly.Config) {}, connector.ResumeRequest{Launch: true}, []string{}},
		{"at the goodbye, after the end", both, connector.ResumeRequest{Node: "here", Vendor: vendor}, []string{"goodbye"}},
		{"silently, after the end", func(*certainly.Config) {}, connector.ResumeRequest{Vendor: vendor}, []string{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := newAccount(t, fakecertainly.Options{}, tc.change)
			user := a.NewUser("Ana", "", nil)
			require.NoError(t, a.pause(user))
			tc.req.To = user
			require.NoError(t, a.conn.ResumeBot(t.Context(), tc.req))
			require.Equal(t, tc.want, a.ClaimEnds(user))
			require.False(t, a.Listening(user))
		})
	}
}

func TestATakeoverOfUnknownOutcomeRepeatsTheModuleOnceAtMost(t *testing.T) {
	a := newAccount(t, fakecertainly.Options{})
	user := a.NewUser("Ana", "", nil)
	require.NoError(t, a.pause(user))
	a.Faults.Set(fakecertainly.OpTakeover, fake.AcceptThenStatus(http.StatusInternalServerError).For(4))
	req := connector.ResumeRequest{Key: "k1", To: user, Launch: true, Node: "again"}
	for range 4 {
		require.Equal(t, connector.UncertainOutcome, connector.KindOf(a.conn.ResumeBot(t.Context(), req)))
		req.Again = true
	}
	require.NoError(t, a.conn.ResumeBot(t.Context(), req))
	require.Equal(t, []string{"again", "again"}, a.ClaimEnds(user))
	require.False(t, a.Listening(user))
}

func TestATakeoverThatSurelyFailedKeepsItsValue(t *testing.T) {
	a := newAccount(t, fakecertainly.Options{})
	user := a.NewUser("Ana", "", nil)
	require.NoError(t, a.pause(user))
	a.Faults.Set(fakecertainly.OpTakeover, fake.RefuseStatus(http.StatusServiceUnavailable, "").For(3))
	req := connector.ResumeRequest{Key: "k1", To: user, Launch: true, Node: "again"}
	for range 3 {
		require.Equal(t, connector.Unavailable, connector.KindOf(a.conn.ResumeBot(t.Context(), req)))
		req.Again = true
	}
	require.NoError(t, a.conn.ResumeBot(t.Context(), req))
	require.Equal(t, []string{"again"}, a.ClaimEnds(user))
}

func TestNoChangeOfModeIsRepeatedByTheTransport(t *testing.T) {
	var takeovers, others atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("ClaimEnd") == "" {
			others.Add(1)
			return
		}
		takeovers.Add(1)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	}))
	defer server.Close()
	c := open(t, config(server.URL))
	// A call that succeeds leaves a connection behind, on which net/http repeats a plain GET that is not answered.
	require.NoError(t, c.PauseBot(t.Context(), connector.PauseRequest{To: ana}))
	err := c.ResumeBot(t.Context(), connector.ResumeRequest{To: ana, Launch: true, Node: "again"})
	require.Equal(t, connector.UncertainOutcome, connector.KindOf(err))
	require.EqualValues(t, 1, takeovers.Load())
	require.EqualValues(t, 1, others.Load())
}

func TestNoChangeOfModeFollowsARedirect(t *testing.T) {
	var followed atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("/elsewhere", func(http.ResponseWriter, *http.Request) { followed.Add(1) })
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) })
	server := httptest.NewServer(mux)
	defer server.Close()
	require.Error(t, open(t, config(server.URL)).PauseBot(t.Context(), connector.PauseRequest{To: ana}))
	require.Zero(t, followed.Load())
}

func TestALongTextGoesOnWhereItStopped(t *testing.T) {
	a := newAccount(t, fakecertainly.Options{})
	user := a.NewUser("Ana", "", nil)
	require.NoError(t, a.pause(user))
	text := repeat(4500)
	calls := 0
	transport := roundTripper(func(r *http.Request) (*http.Response, error) {
		if calls++; calls == 2 {
			a.Faults.Set(fakecertainly.OpSay, fake.RefuseStatus(http.StatusServiceUnavailable, "").For(1))
		}
		return http.DefaultTransport.RoundTrip(r)
	})
	conn, err := certainly.New(config(a.url), connector.Deps{Connection: "c", Unpaced: true, HTTP: &http.Client{Transport: transport}})
	require.NoError(t, err)
	req := connector.DeliverRequest{Key: "k1", To: user, Text: text}
	_, err = conn.(connector.Channel).Deliver(t.Context(), req)
	require.Equal(t, connector.UncertainOutcome, connector.KindOf(err), "another process would begin anew")
	_, err = conn.(connector.Channel).Deliver(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, []string{repeat(2000), repeat(2000), repeat(500)}, a.AgentTexts(user))
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestAnEchoProvesASend(t *testing.T) {
	a := newAccount(t, fakecertainly.Options{})
	user := a.NewUser("Ana", "", nil)
	a.Faults.Set(fakecertainly.OpSay, fake.Echo(true))
	require.NoError(t, a.deliver(user, "k1", "Hi, this is Ana"))
	proofs := a.told(conversation.SendProven)
	require.Len(t, proofs, 1)
	require.Equal(t, "Hi, this is Ana", proofs[0].Text)
	require.Empty(t, a.told(conversation.CustomerSaid))
}

func TestWithoutATokenNoneIsSent(t *testing.T) {
	a := newAccount(t, fakecertainly.Options{Unknown: fakecertainly.Unknown{NoToken: true}}, func(c *certainly.Config) { c.APIToken = nil })
	user := a.NewUser("Ana", "", nil)
	require.NoError(t, a.pause(user))
	strict := newAccount(t, fakecertainly.Options{}, func(c *certainly.Config) { c.APIToken = nil })
	require.Equal(t, connector.Unauthenticated, connector.KindOf(strict.pause(strict.NewUser("Ana", "", nil))))
}

func TestAKeyThatIsNoUserMakesNoCall(t *testing.T) {
	c := anyClient(t)
	for _, to := range []string{"", "ana", "webbot:", "webbot:../x", "webbot:a/b", "webbot:a?b", "webbot:a b"} {
		require.Equal(t, connector.Invalid, connector.KindOf(c.PauseBot(t.Context(), connector.PauseRequest{To: to})), to)
		require.Equal(t, connector.Invalid, connector.KindOf(c.ResumeBot(t.Context(), connector.ResumeRequest{To: to})), to)
		_, err := c.Deliver(t.Context(), connector.DeliverRequest{To: to, Text: "hi"})
		require.Equal(t, connector.Invalid, connector.KindOf(err), to)
	}
	err := c.ResumeBot(t.Context(), connector.ResumeRequest{To: ana, Launch: true, Node: repeat(201)})
	require.Equal(t, connector.Invalid, connector.KindOf(err))
}

func TestCheckFindsTheDeployment(t *testing.T) {
	a := newAccount(t, fakecertainly.Options{})
	require.NoError(t, a.conn.Check(t.Context()))
	other := open(t, config(a.url, func(c *certainly.Config) { c.DeploymentID = "another" }))
	require.Equal(t, connector.NotFound, connector.KindOf(other.Check(t.Context())))
}
