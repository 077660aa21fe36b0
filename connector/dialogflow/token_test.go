package dialogflow_test

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/dialogflow"
	"github.com/handoff-engine/handoff/testsuite/fake"
	fakedialogflow "github.com/handoff-engine/handoff/testsuite/fake/dialogflow"
)

func TestARefusedTokenIsReplacedOnce(t *testing.T) {
	a := newAgent(t, fakedialogflow.Options{})
	a.says("hello")
	a.ExpireTokens()
	a.says("hello")
	require.Equal(t, 2, a.TokensIssued())
	require.Len(t, a.Calls(), 2)

	a.Faults.Set(fakedialogflow.OpDetect, fake.RefuseStatus(401, ""))
	_, err := a.try("k", "hello")
	require.Equal(t, connector.Unauthenticated, connector.KindOf(err))
	require.Equal(t, 3, a.TokensIssued())
}

func TestManyCallsShareOneRequestForAToken(t *testing.T) {
	a := newAgent(t, fakedialogflow.Options{})
	a.Faults.Set(fakedialogflow.OpToken, fake.Slow(50*time.Millisecond))
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { _, _ = a.try("k", "hello") })
	}
	wg.Wait()
	require.Equal(t, 1, a.TokensIssued())
	require.Len(t, a.Calls(), 20)
}

func TestARefusedServiceAccountIsToldFromAnOutage(t *testing.T) {
	const refusal = `{"error":"invalid_grant","error_description":"ya29 secret words"}`
	for _, tt := range []struct {
		fault fake.Fault
		want  connector.Kind
	}{
		{fake.RefuseStatus(400, refusal), connector.Unauthenticated},
		{fake.RefuseStatus(401, refusal), connector.Unauthenticated},
		{fake.RefuseStatus(500, refusal), connector.Unavailable},
		{fake.RateLimit(0, "7"), connector.RateLimited},
		{fake.AcceptThenReset(), connector.Unavailable},
		{fake.RefuseStatus(200, "<html>"), connector.Unavailable},
	} {
		a := newAgent(t, fakedialogflow.Options{})
		a.Faults.Set(fakedialogflow.OpToken, tt.fault)
		_, err := a.try("k", "hello")
		require.Equal(t, tt.want, connector.KindOf(err), "%+v", tt.fault)
		require.NotContains(t, err.Error(), "secret words")
		require.Empty(t, a.Calls(), "the bot was asked without a token")

		a.Faults.Clear(fake.AnyOp)
		_, err = a.try("k", "hello")
		require.NoError(t, err, "a failure is not remembered")
	}
}

func TestDefaultCredentialsAreUsedOnRequest(t *testing.T) {
	a := newAgent(t, fakedialogflow.Options{})
	file := filepath.Join(t.TempDir(), "key.json")
	require.NoError(t, os.WriteFile(file, []byte(a.Credentials(a.url)), 0o600))
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", file)
	c := config(false, a.url, "")
	c.Credentials, c.Auth = nil, "default"
	require.NoError(t, open(t, c, &bytes.Buffer{}).Check(t.Context()))
	require.Equal(t, 1, a.TokensIssued())

	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", file+".missing")
	err := open(t, c, &bytes.Buffer{}).Check(t.Context())
	require.Equal(t, connector.Unauthenticated, connector.KindOf(err))
}

func TestAnEmulatorIsAskedWithoutAToken(t *testing.T) {
	a := newAgent(t, fakedialogflow.Options{OpenToAll: true}, func(c *dialogflow.Config) { c.Credentials, c.Auth = nil, "none" })
	a.says("hello")
	require.Zero(t, a.TokensIssued())
}
