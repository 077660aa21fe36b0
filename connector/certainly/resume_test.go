package certainly_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/certainly"
	"github.com/handoff-engine/handoff/testsuite/fake"
	fakecertainly "github.com/handoff-engine/handoff/testsuite/fake/certainly"
)

func withPublicToken(c *certainly.Config) {
	c.PublicToken, c.ClaimEndOnEnd = connector.Secrets{fakecertainly.DefaultPublicToken}, "3300200"
}

func TestAHandBackLeadsToAModuleByItsNumber(t *testing.T) {
	a := newAccount(t, fakecertainly.Options{}, withPublicToken)
	user := a.NewUser("Ana", "", nil)
	require.NoError(t, a.pause(user))
	require.NoError(t, a.conn.ResumeBot(t.Context(), connector.ResumeRequest{To: user, Launch: true, Node: "3300200"}))
	require.False(t, a.Listening(user))
	require.Equal(t, []string{"3300200"}, a.Modules(user))
	require.Equal(t, "handed_back", a.Variable(user, "handoff_result"))
	require.Empty(t, a.ClaimEnds(user))

	require.NoError(t, a.pause(user))
	require.NoError(t, a.conn.ResumeBot(t.Context(), connector.ResumeRequest{To: user}))
	require.Equal(t, []string{"3300200", "3300200"}, a.Modules(user))
	require.Equal(t, "ended", a.Variable(user, "handoff_result"))

	require.NoError(t, a.conn.ResumeBot(t.Context(), connector.ResumeRequest{To: user, Launch: true, Node: "again"}))
	require.Equal(t, []string{"again"}, a.ClaimEnds(user), "what is no number is a ClaimEnd value")
}

func TestWithoutAPublicTokenANumberIsAClaimEndValue(t *testing.T) {
	a := newAccount(t, fakecertainly.Options{})
	user := a.NewUser("Ana", "", nil)
	require.NoError(t, a.conn.ResumeBot(t.Context(), connector.ResumeRequest{To: user, Launch: true, Node: "3300200"}))
	require.Equal(t, []string{"3300200"}, a.ClaimEnds(user))
	require.Empty(t, a.Modules(user))
}

func TestAModuleOfUnknownOutcomeIsRunOnceMoreAtMost(t *testing.T) {
	a := newAccount(t, fakecertainly.Options{}, withPublicToken)
	user := a.NewUser("Ana", "", nil)
	require.NoError(t, a.pause(user))
	a.Faults.Set(fakecertainly.OpTrigger, fake.AcceptThenReset().For(4))
	req := connector.ResumeRequest{Key: "k1", To: user, Launch: true, Node: "3300200"}
	for range 2 {
		require.Equal(t, connector.UncertainOutcome, connector.KindOf(a.conn.ResumeBot(t.Context(), req)))
	}
	require.NoError(t, a.conn.ResumeBot(t.Context(), req))
	require.Equal(t, []string{"3300200", "3300200"}, a.Modules(user))
	require.False(t, a.Listening(user))
}

func TestAModuleThatIsRefusedLeavesTheBotInCharge(t *testing.T) {
	for _, status := range []int{http.StatusUnauthorized, http.StatusNotFound, http.StatusBadRequest} {
		a := newAccount(t, fakecertainly.Options{}, withPublicToken)
		user := a.NewUser("Ana", "", nil)
		require.NoError(t, a.pause(user))
		a.Faults.Set(fakecertainly.OpTrigger, fake.RefuseStatus(status, "").For(1))
		require.NoError(t, a.conn.ResumeBot(t.Context(), connector.ResumeRequest{Key: "k1", To: user, Launch: true, Node: "3300200"}), status)
		require.False(t, a.Listening(user))
		require.Empty(t, a.Modules(user))
	}
	a := newAccount(t, fakecertainly.Options{}, withPublicToken)
	user := a.NewUser("Ana", "", nil)
	require.NoError(t, a.pause(user))
	a.Faults.Set(fakecertainly.OpTrigger, fake.RefuseStatus(http.StatusServiceUnavailable, "").For(1))
	req := connector.ResumeRequest{Key: "k1", To: user, Launch: true, Node: "3300200"}
	require.Equal(t, connector.Unavailable, connector.KindOf(a.conn.ResumeBot(t.Context(), req)), "tried again")
	require.NoError(t, a.conn.ResumeBot(t.Context(), req))
	require.Equal(t, []string{"3300200"}, a.Modules(user))
}
