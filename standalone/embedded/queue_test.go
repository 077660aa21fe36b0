package embedded_test

import (
	"testing"

	"github.com/handoff-engine/handoff/standalone/embedded"
	"github.com/handoff-engine/handoff/testsuite/visibility"
)

func TestWhoIsAheadInTheQueue(t *testing.T) {
	visibility.Queue(t, dial(t, start(t, embedded.Config{InMemory: true, NoUI: true}).Address()))
}
