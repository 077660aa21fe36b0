package connectortest

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
)

func verifyCases() []entry {
	return []entry{
		{
			name:  "VerifyAcceptsCaptured",
			why:   "every captured webhook passes, whatever the clock says besides ReceivedAt",
			alone: verifyAcceptsCaptured,
		},
		{
			name:  "VerifyRejectsTampering",
			why:   "one changed byte in what the vendor signs is refused as Unauthenticated",
			alone: verifyRejectsTampering,
		},
		{
			name:  "VerifyRejectsMissing",
			why:   "a webhook without credentials, or with empty or doubled ones, is refused as Unauthenticated",
			alone: verifyRejectsMissing,
		},
		{
			name:  "VerifyRejectsEmptySecret",
			why:   "an empty secret never passes: a forgotten setting must not open the door",
			alone: verifyRejectsEmptySecret,
		},
		{
			name:  "VerifyRejectsOtherSecret",
			why:   "a webhook made with another secret is refused as Unauthenticated",
			alone: verifyRejectsOtherSecret,
		},
		{
			name:  "VerifyRejectsStale",
			why:   "a webhook outside the tolerance, before or after, is refused: a recorded one cannot be played again",
			alone: verifyRejectsStale,
		},
		{
			name:  "VerifyRotates",
			why:   "while a secret is being replaced the old and the new one pass",
			alone: verifyRotates,
		},
	}
}

func verifyAcceptsCaptured(t T, s Subject) {
	c := s.mustOpen(t)
	for _, f := range s.ordinary(t) {
		require.NoError(t, c.Verify(s.signed(f)), f.name)
	}
}

// spoilt gives every way to tamper with d that must be noticed.
func (s Subject) spoilt(d *connector.Delivery) map[string]*connector.Delivery {
	ways := map[string]*connector.Delivery{}
	change := func(name string, f func(d *connector.Delivery)) {
		spoilt := copyOf(d)
		f(spoilt)
		ways[name] = spoilt
	}
	for _, h := range s.Auth.Headers {
		if value := d.Header.Get(h); value != "" {
			change("header "+h+" changed", func(d *connector.Delivery) { d.Header.Set(h, flipped(value, len(value)/2)) })
			change("header "+h+" cut", func(d *connector.Delivery) { d.Header.Set(h, value[:len(value)-1]) })
		}
	}
	if s.Auth.Body {
		change("body changed", func(d *connector.Delivery) { d.Body[len(d.Body)/2] ^= 1 })
		change("body longer", func(d *connector.Delivery) { d.Body = append(d.Body, ' ') })
		change("body empty", func(d *connector.Delivery) { d.Body = nil })
	}
	if s.Auth.Query && d.Query != "" {
		change("query changed", func(d *connector.Delivery) { d.Query = flipped(d.Query, len(d.Query)-1) })
	}
	if s.Auth.Hookpoint && d.Hookpoint != "" {
		change("path changed", func(d *connector.Delivery) { d.Hookpoint = flipped(d.Hookpoint, 0) })
	}
	for name, f := range s.Auth.Spoil {
		change(name, f)
	}
	return ways
}

func verifyRejectsTampering(t T, s Subject) {
	c := s.mustOpen(t)
	tried := 0
	for _, f := range s.ordinary(t) {
		ways := s.spoilt(s.signed(f))
		for _, name := range slices.Sorted(maps.Keys(ways)) {
			tried++
			refused(t, c, ways[name], f.name+", "+name)
		}
	}
	require.NotZero(t, tried, "Auth names nothing that Verify depends on")
}

func verifyRejectsMissing(t T, s Subject) {
	c := s.mustOpen(t)
	for _, f := range s.ordinary(t) {
		for _, h := range s.Auth.Headers {
			d := s.signed(f)
			value := d.Header.Get(h)
			if value == "" {
				continue
			}
			d.Header.Del(h)
			refused(t, c, d, f.name+", without "+h)
			d.Header.Set(h, "")
			refused(t, c, d, f.name+", with an empty "+h)
			d.Header[http.CanonicalHeaderKey(h)] = []string{flipped(value, len(value)/2), value}
			refused(t, c, d, f.name+", with another "+h+" before the right one")
		}
		if s.Auth.Query {
			d := s.signed(f)
			d.Query = ""
			refused(t, c, d, f.name+", without a query")
		}
		if s.Auth.Hookpoint {
			d := s.signed(f)
			d.Hookpoint = ""
			refused(t, c, d, f.name+", without the path")
		}
	}
}

func verifyRejectsEmptySecret(t T, s Subject) {
	for _, secrets := range [][]string{nil, {""}} {
		c, err := s.open(t, noNetwork{t}, secrets...)
		if err != nil {
			continue // Refusing to open is the best answer.
		}
		for _, f := range s.ordinary(t) {
			refused(t, c, s.signed(f), f.name+", no secret configured")
			refused(t, c, s.deliver(f, fixtureTime, ""), f.name+", no secret configured, made with the empty one")
		}
	}
	c := s.mustOpen(t)
	for _, f := range s.ordinary(t) {
		refused(t, c, s.deliver(f, fixtureTime, ""), f.name+", made with the empty secret")
	}
}

func verifyRejectsOtherSecret(t T, s Subject) {
	c := s.mustOpen(t)
	for _, f := range s.ordinary(t) {
		refused(t, c, s.deliver(f, fixtureTime, flipped(s.Auth.Secret, len(s.Auth.Secret)-1)), f.name)
	}
}

func verifyRejectsStale(t T, s Subject) {
	if s.Auth.Tolerance == 0 {
		return
	}
	c := s.mustOpen(t)
	for _, f := range s.ordinary(t) {
		for _, by := range []time.Duration{s.Auth.Tolerance + time.Second, -s.Auth.Tolerance - 2*time.Second} {
			d := s.signed(f)
			d.ReceivedAt = d.ReceivedAt.Add(by)
			refused(t, c, d, f.name+", received "+by.String()+" after it was made")
		}
		d := s.signed(f)
		d.ReceivedAt = d.ReceivedAt.Add(s.Auth.Tolerance - time.Second)
		require.NoError(t, c.Verify(d), "%s, received within the tolerance", f.name)
	}
}

func verifyRotates(t T, s Subject) {
	fresh := flipped(s.Auth.Secret, 0)
	for _, secrets := range [][]string{{fresh, s.Auth.Secret}, {s.Auth.Secret, fresh}} {
		c, err := s.open(t, noNetwork{t}, secrets...)
		require.NoError(t, err, "opening with two secrets")
		for _, f := range s.ordinary(t) {
			require.NoError(t, c.Verify(s.signed(f)), f.name)
			require.NoError(t, c.Verify(s.deliver(f, fixtureTime, fresh)), f.name)
		}
	}
}

// refused fails the case unless Verify refuses d as Unauthenticated.
func refused(t T, c connector.Connector, d *connector.Delivery, what string) {
	t.Helper()
	err := c.Verify(d)
	require.Error(t, err, "accepted: %s", what)
	require.Equal(t, connector.Unauthenticated, connector.KindOf(err), what)
}

// flipped changes one byte of a text to another letter or digit.
func flipped(s string, i int) string {
	if s == "" {
		return "x"
	}
	b := []byte(s)
	if b[i] == 'a' {
		b[i] = 'b'
	} else {
		b[i] = 'a'
	}
	return string(b)
}
