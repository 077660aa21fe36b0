package omnidesk_test

import (
	"testing"

	"github.com/handoff-engine/handoff/testsuite/connectortest"
	"github.com/handoff-engine/handoff/testsuite/subjects"
)

func TestConformance(t *testing.T) { connectortest.Run(t, subjects.Omnidesk()) }

func FuzzDecode(f *testing.F) { connectortest.FuzzDecode(f, subjects.Omnidesk()) }
