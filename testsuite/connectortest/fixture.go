package connectortest

import (
	"bytes"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
)

// update rewrites golden files. Commit the difference only if you understand it.
var update = flag.Bool("update", false, "rewrite the golden files of the conformance suite")

// Updating reports whether the test runs with -update, for golden files of other tests.
func Updating() bool { return *update }

// fixtureTime is the clock of all fixtures.
var fixtureTime = time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC)

// The beginnings of names of fixtures that have a meaning of their own.
const (
	prefixUnknown   = "unknown"
	prefixEcho      = "echo"
	prefixHostile   = "hostile"
	prefixChallenge = "challenge"
)

// fixture is one captured webhook.
type fixture struct {
	name string
	body []byte
}

// fixtures reads the vendor's captured webhooks, by name.
func (s Subject) fixtures(t T) []fixture {
	t.Helper()
	dir := filepath.Join(s.Dir, "testdata", "webhooks")
	files, err := os.ReadDir(dir)
	require.NoError(t, err, "every connector brings captured webhooks")
	var list []fixture
	for _, f := range files {
		ext := filepath.Ext(f.Name())
		if f.IsDir() || ext == ".golden" || ext == ".md" {
			continue
		}
		list = append(list, fixture{strings.TrimSuffix(f.Name(), ext), readFile(t, filepath.Join(dir, f.Name()))})
	}
	require.NotEmpty(t, list, "every connector brings captured webhooks")
	return list
}

// ordinary gives the fixtures that pass Verify and are given to Decode: all but handshakes.
func (s Subject) ordinary(t T) []fixture {
	t.Helper()
	return slices.DeleteFunc(s.fixtures(t), func(f fixture) bool { return strings.HasPrefix(f.name, prefixChallenge) })
}

// named gives the fixtures whose names begin with prefix.
func (s Subject) named(t T, prefix string) []fixture {
	t.Helper()
	return slices.DeleteFunc(s.fixtures(t), func(f fixture) bool { return !strings.HasPrefix(f.name, prefix) })
}

// deliver makes a delivery of a fixture, signed at the given time with the given secret.
func (s Subject) deliver(f fixture, at time.Time, secret string) *connector.Delivery {
	d := &connector.Delivery{
		Method: http.MethodPost, Header: http.Header{"Content-Type": {"application/json"}},
		Body: bytes.Clone(f.body), ReceivedAt: at,
	}
	s.Auth.Sign(f.name, d, secret)
	return d
}

// signed makes a delivery of a fixture as the vendor would send it.
func (s Subject) signed(f fixture) *connector.Delivery {
	return s.deliver(f, fixtureTime, s.Auth.Secret)
}

// copyOf gives a delivery that can be spoilt.
func copyOf(d *connector.Delivery) *connector.Delivery {
	c := *d
	c.Header, c.Body = d.Header.Clone(), bytes.Clone(d.Body)
	return &c
}

// golden compares with a file, or rewrites it under -update.
func golden(t T, path string, got []byte) {
	t.Helper()
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, got, 0o644))
		return
	}
	want := readFile(t, path)
	if want == nil {
		t.Errorf("%s is missing; run the test with -update and read what it writes", path)
		t.FailNow()
	}
	require.Equal(t, string(want), string(got), "%s differs; run with -update only if you understand why", path)
}
