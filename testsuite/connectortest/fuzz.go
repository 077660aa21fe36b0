package connectortest

import (
	"context"
	"net/http"
	"testing"

	"github.com/handoff-engine/handoff/connector"
)

// FuzzDecode looks for bodies that make Decode panic, answer with an error that is not Invalid, or give events without
// an ID. A vendor's test calls it from its own FuzzDecode.
func FuzzDecode(f *testing.F, s Subject) {
	f.Helper()
	s = s.withDefaults()
	seed := record(f.Context(), func(t T) {
		for _, fixture := range s.fixtures(t) {
			f.Add(fixture.name, fixture.body)
		}
	})
	if seed != "" {
		f.Fatal(seed)
	}
	f.Fuzz(func(t *testing.T, name string, body []byte) {
		if text := record(context.Background(), func(rec T) {
			d := &connector.Delivery{Method: http.MethodPost, Header: http.Header{}, Body: body, ReceivedAt: fixtureTime}
			s.Auth.Sign(name, d, s.Auth.Secret)
			sane(rec, s.mustOpen(rec), d)
		}); text != "" {
			t.Fatal(text)
		}
	})
}
