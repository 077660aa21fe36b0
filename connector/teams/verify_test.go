package teams_test

import (
	"encoding/base64"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/teams"
	"github.com/handoff-engine/handoff/testsuite/fake"
	vendor "github.com/handoff-engine/handoff/testsuite/fake/teams"
	"github.com/handoff-engine/handoff/testsuite/subjects"
)

// fixture is a captured activity that arrives with a token.
func fixture(t *testing.T, token string) *connector.Delivery {
	t.Helper()
	body, err := os.ReadFile("testdata/webhooks/said.json")
	require.NoError(t, err)
	return &connector.Delivery{Method: http.MethodPost, Header: http.Header{"Authorization": {"Bearer " + token}}, Body: body, ReceivedAt: at}
}

func claims(t *testing.T) jwt.MapClaims {
	return vendor.Claims(vendor.DefaultAppID, fixture(t, "").Body, at)
}

func kindOf(c connector.Connector, d *connector.Delivery) connector.Kind {
	return connector.KindOf(c.Verify(d))
}

func TestTokensAreHeldToEveryRule(t *testing.T) {
	key := vendor.Key("k1")
	c, err := teams.NewWithKeys(subjects.TeamsConfig("http://127.0.0.1:9"), connector.Deps{}, at,
		vendor.KeySet([]string{"webchat", "msteams"}, key), vendor.KeySet([]string{"webchat"}, vendor.Key("web")), vendor.KeySet(nil, vendor.Key("bare")))
	require.NoError(t, err)
	require.NoError(t, c.Verify(fixture(t, vendor.Token(key, claims(t)))))

	with := func(claim string, value any) string {
		all := claims(t)
		all[claim] = value
		if value == nil {
			delete(all, claim)
		}
		return vendor.Token(key, all)
	}
	forged := func(method jwt.SigningMethod, by any) string {
		token := jwt.NewWithClaims(method, claims(t))
		token.Header["kid"] = "k1"
		signed, err := token.SignedString(by)
		require.NoError(t, err)
		return signed
	}
	for name, tt := range map[string]struct {
		token string
		want  connector.Kind
	}{
		"address without its slash":    {with("serviceurl", "https://SMBA.trafficmanager.net/emea"), ""},
		"within the leeway":            {with("exp", at.Add(-4*time.Minute).Unix()), ""},
		"several audiences":            {with("aud", []string{"other", vendor.DefaultAppID}), ""},
		"another app":                  {with("aud", "00000000-0000-4000-8000-0000000000ff"), connector.Forbidden},
		"no audience":                  {with("aud", nil), connector.Forbidden},
		"another issuer":               {with("iss", "https://sts.windows.net/x/"), connector.Unauthenticated},
		"no issuer":                    {with("iss", nil), connector.Unauthenticated},
		"expired":                      {with("exp", at.Add(-6*time.Minute).Unix()), connector.Unauthenticated},
		"without an end":               {with("exp", nil), connector.Unauthenticated},
		"from the future":              {with("nbf", at.Add(6*time.Minute).Unix()), connector.Unauthenticated},
		"for another service address":  {with("serviceurl", "https://smba.trafficmanager.net/amer/"), connector.Unauthenticated},
		"for no service address":       {with("serviceurl", nil), connector.Unauthenticated},
		"key endorsed for web chat":    {vendor.Token(vendor.Key("web"), claims(t)), connector.Unauthenticated},
		"key endorsed for nothing":     {vendor.Token(vendor.Key("bare"), claims(t)), connector.Unauthenticated},
		"another key under our id":     {vendor.Token(vendor.SigningKey{ID: "k1", Private: vendor.Key("k2").Private}, claims(t)), connector.Unauthenticated},
		"no key id":                    {vendor.Token(vendor.SigningKey{Private: key.Private}, claims(t)), connector.Unauthenticated},
		"unsigned":                     {forged(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType), connector.Unauthenticated},
		"signed with the public key":   {forged(jwt.SigningMethodHS256, key.Private.N.Bytes()), connector.Unauthenticated},
		"signed with another RSA hash": {forged(jwt.SigningMethodRS512, key.Private), connector.Unauthenticated},
		"no token at all":              {"", connector.Unauthenticated},
		"three dots":                   {"...", connector.Unauthenticated},
	} {
		require.Equal(t, tt.want, kindOf(c, fixture(t, tt.token)), name)
	}
	unsigned := strings.Split(vendor.Token(key, claims(t)), ".")
	unsigned[0] = base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","kid":"k1"}`))
	require.Equal(t, connector.Unauthenticated, kindOf(c, fixture(t, strings.Join(unsigned, "."))))
}

func TestOtherTenantsAndChannelsAreForbidden(t *testing.T) {
	c, err := teams.NewWithKeys(subjects.TeamsConfig("http://127.0.0.1:9"), connector.Deps{}, at, vendor.KeySet([]string{"msteams"}, vendor.Key("k1")))
	require.NoError(t, err)
	for name, change := range map[string]*strings.Replacer{
		"another tenant":  strings.NewReplacer(vendor.DefaultTenant, "99999999-0000-4000-8000-000000000009"),
		"no tenant":       strings.NewReplacer(`"tenantId"`, `"was"`, `"tenant"`, `"was"`),
		"another channel": strings.NewReplacer("msteams", "webchat"),
	} {
		d := fixture(t, vendor.Token(vendor.Key("k1"), claims(t)))
		d.Body = []byte(change.Replace(string(d.Body)))
		require.Equal(t, connector.Forbidden, kindOf(c, d), name)
	}
}

// keyed is a connection whose keys are loaded from a fake.
func keyed(t *testing.T) (*vendor.Server, connector.Connector) {
	t.Helper()
	d := newDesk(t, vendor.Options{})
	c, err := teams.New(subjects.TeamsConfig(d.Web.URL), connector.Deps{})
	require.NoError(t, err)
	return d.Server, c
}

// until waits for what goes on in the background.
func until(t *testing.T, done func() bool, what string) {
	t.Helper()
	require.Eventually(t, done, 10*time.Second, time.Millisecond, what)
}

func TestKeysAreLoadedAtTheStart(t *testing.T) {
	_, c := keyed(t)
	d := fixture(t, vendor.Token(vendor.Key("k1"), claims(t)))
	err := c.Verify(d)
	for connector.KindOf(err) == connector.Unavailable {
		e, ok := err.(*connector.Error) //nolint:errorlint // the very error
		require.True(t, ok)
		require.Equal(t, time.Second, e.RetryAfter, "come back when they are there")
		err = c.Verify(d)
	}
	require.NoError(t, err)
}

func TestARotatedKeyIsFoundAndAnUnknownOneRefused(t *testing.T) {
	s, c := keyed(t)
	old, fresh := vendor.Token(vendor.Key("k1"), claims(t)), vendor.Token(vendor.Key("k2"), claims(t))
	until(t, func() bool { return c.Verify(fixture(t, old)) == nil }, "the keys are loaded")
	require.Equal(t, 1, s.Faults.Calls(vendor.OpKeys))

	s.Rotate(vendor.Key("k2"))
	require.Equal(t, connector.Unavailable, kindOf(c, fixture(t, fresh)), "the first delivery has to wait")
	until(t, func() bool { return c.Verify(fixture(t, fresh)) == nil }, "the new key is loaded")
	require.Equal(t, connector.Unauthenticated, kindOf(c, fixture(t, old)), "the old key is no longer published")

	for range 5 {
		require.Equal(t, connector.Unauthenticated, kindOf(c, fixture(t, vendor.Token(vendor.Key("k3"), claims(t)))))
	}
	require.Equal(t, 2, s.Faults.Calls(vendor.OpKeys), "at most one refresh a minute")

	later := fixture(t, vendor.Token(vendor.Key("k3"), claims(t)))
	later.ReceivedAt = at.Add(61 * time.Second)
	require.Equal(t, connector.Unavailable, kindOf(c, later), "a minute later it is asked for again")
	until(t, func() bool { return kindOf(c, later) == connector.Unauthenticated }, "and still unknown")
	require.Equal(t, 3, s.Faults.Calls(vendor.OpKeys))
}

func TestKeysThatCannotBeLoadedRefuseNobodyForGood(t *testing.T) {
	s, c := keyed(t)
	until(t, func() bool { return c.Verify(fixture(t, vendor.Token(vendor.Key("k1"), claims(t)))) == nil }, "the keys are loaded")
	s.Rotate(vendor.Key("k2"))
	s.Faults.Set(vendor.OpKeys, fake.RefuseStatus(500, ""))
	fresh := fixture(t, vendor.Token(vendor.Key("k2"), claims(t)))
	require.Equal(t, connector.Unavailable, kindOf(c, fresh))
	until(t, func() bool { return s.Faults.Calls(vendor.OpKeys) == 2 }, "the refresh has failed")
	require.Equal(t, connector.Unavailable, kindOf(c, fresh), "nobody can tell whether the key is good")
	require.NoError(t, c.Verify(fixture(t, vendor.Token(vendor.Key("k1"), claims(t)))), "the keys that are known stay")
	s.Faults.Clear(fake.AnyOp)
	fresh.ReceivedAt = at.Add(61 * time.Second)
	until(t, func() bool { return c.Verify(fresh) == nil }, "the next refresh works")
}

func TestKeysAreRefreshedOnceADayWhileTheyServe(t *testing.T) {
	s, c := keyed(t)
	d := fixture(t, vendor.Token(vendor.Key("k1"), claims(t)))
	until(t, func() bool { return c.Verify(d) == nil }, "the keys are loaded")
	all := claims(t)
	tomorrow := time.Now().Add(25 * time.Hour)
	all["nbf"], all["exp"] = tomorrow.Unix(), tomorrow.Unix()
	next := fixture(t, vendor.Token(vendor.Key("k1"), all))
	next.ReceivedAt = tomorrow
	require.NoError(t, c.Verify(next), "nobody waits for it")
	until(t, func() bool { return s.Faults.Calls(vendor.OpKeys) == 2 }, "the keys are loaded anew")
}

func TestKeysWithoutEndorsementsAreRefused(t *testing.T) {
	d := newDesk(t, vendor.Options{})
	d.Switch(func(s *vendor.Switches) { s.NoEndorsements = true })
	c, err := teams.New(subjects.TeamsConfig(d.Web.URL), connector.Deps{})
	require.NoError(t, err)
	activity := fixture(t, vendor.Token(vendor.Key("k1"), claims(t)))
	until(t, func() bool { return kindOf(c, activity) != connector.Unavailable }, "the keys are loaded")
	require.Equal(t, connector.Unauthenticated, kindOf(c, activity))
}
