package connectortest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/memory"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
	"github.com/handoff-engine/handoff/testsuite/subjects"
)

const secret = subjects.MemorySecret

// subject is the memory connector with a fault planted by spoil; nil plants none.
func subject(spoil func(c *memory.Client, o *connectortest.Options) connector.Connector) connectortest.Subject {
	s := subjects.Memory()
	s.Dir = "../../connector/memory"
	s.Open = func(_ connectortest.T, o connectortest.Options) (connector.Connector, error) {
		client := openMemory(o)
		if spoil == nil {
			return client, nil
		}
		return spoil(client, &o), nil
	}
	return s
}

func openMemory(o connectortest.Options) *memory.Client {
	c, err := subjects.Memory().Open(nil, o)
	if err != nil {
		panic(err) // the memory connector opens with any configuration
	}
	return c.(*memory.Client)
}

func TestAnExceptionThatIsNeededPasses(t *testing.T) {
	s := subject(func(c *memory.Client, _ *connectortest.Options) connector.Connector { return emptySent{c} })
	s.Except = map[string]string{"EmptyIsRefused/Deliver": "the vendor accepts silence"}
	require.Empty(t, connectortest.Judged(t.Context(), s, "EmptyIsRefused/Deliver"))
	s.Except = map[string]string{"EmptyIsRefused": "the vendor accepts silence"}
	require.Empty(t, connectortest.Judged(t.Context(), s, "EmptyIsRefused/Deliver", "EmptyIsRefused/Post"))
}

func TestAnExceptionThatIsNotNeededFails(t *testing.T) {
	for _, name := range []string{"EmptyIsRefused/Deliver", "EmptyIsRefused"} {
		s := subject(nil)
		s.Except = map[string]string{name: "the vendor accepts silence"}
		require.Contains(t, connectortest.Judged(t.Context(), s, "EmptyIsRefused/Deliver", "EmptyIsRefused/Post"), "no longer needed")
	}
}

func TestAnExceptionNeedsACaseAndAReason(t *testing.T) {
	s := subject(nil)
	s.Except = map[string]string{"EmptyIsRefussed": "a misspelt name"}
	require.Contains(t, connectortest.Judged(t.Context(), s, "EmptyIsRefused/Deliver"), "names no case")
	s.Except = map[string]string{"EmptyIsRefused/Deliver": " "}
	require.Contains(t, connectortest.Judged(t.Context(), s, "EmptyIsRefused/Deliver"), "gives no reason")
}

func TestAFailureTellsThePromise(t *testing.T) {
	s := subject(func(c *memory.Client, _ *connectortest.Options) connector.Connector { return emptySent{c} })
	require.Contains(t, connectortest.Judged(t.Context(), s, "EmptyIsRefused/Deliver"),
		"the promise: an empty text is refused as Invalid before any call")
}
