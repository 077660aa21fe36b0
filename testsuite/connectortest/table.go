package connectortest

import (
	"net/http"
	"slices"

	"github.com/handoff-engine/handoff/connector"
)

// testCase is one promise, for one method where the promise is about calls.
type testCase struct {
	name, why string
	run       func(t T, s Subject)
}

// entry is one line of the table. It applies to a connector if needs says so; with methods it becomes one case for
// each of those that the connector has.
type entry struct {
	name, why string
	needs     func(c connector.Connector) bool
	methods   []string
	alone     func(t T, s Subject)
	perMethod func(w *world, method string)
	withWorld func(w *world)
}

// table lists every promise, in the order in which the cases run.
func table() []entry {
	return slices.Concat(identityCases(), verifyCases(), decodeCases(), sendCases(), errorCases(), parallelCases(), optionalCases(), storyCases())
}

// expand gives the cases that apply to the subject.
func expand(t T, s Subject) []testCase {
	t.Helper()
	c, err := s.open(t, noNetwork{t}, s.Auth.Secret)
	if err != nil {
		t.Errorf("opening the connection: %v", err)
		t.FailNow()
	}
	has := methodsOf(c)
	var cases []testCase
	for _, e := range table() {
		if e.needs != nil && !e.needs(c) {
			continue
		}
		switch {
		case e.alone != nil:
			cases = append(cases, testCase{e.name, e.why, e.alone})
		case s.Vendor == nil:
			// A connector that calls nobody keeps the promises about calls by itself.
		case e.withWorld != nil:
			cases = append(cases, testCase{e.name, e.why, func(t T, s Subject) { e.withWorld(newWorld(t, s)) }})
		default:
			for _, method := range has {
				if e.methods == nil || slices.Contains(e.methods, method) {
					cases = append(cases, testCase{e.name + "/" + method, e.why, func(t T, s Subject) {
						e.perMethod(newWorld(t, s), method)
					}})
				}
			}
		}
	}
	return cases
}

// noNetwork fails the case in which somebody makes a call.
type noNetwork struct{ t T }

// RoundTrip reports the call.
func (n noNetwork) RoundTrip(req *http.Request) (*http.Response, error) {
	n.t.Errorf("a call went out: %s %s", req.Method, req.URL.Path)
	return nil, http.ErrUseLastResponse
}

// anyOf says that a connector has one of the given sides or abilities.
func anyOf(tests ...func(connector.Connector) bool) func(connector.Connector) bool {
	return func(c connector.Connector) bool {
		return slices.ContainsFunc(tests, func(test func(connector.Connector) bool) bool { return test(c) })
	}
}
