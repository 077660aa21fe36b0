package httpdesk_test

import (
	"testing"

	"github.com/handoff-engine/handoff/testsuite/connectortest"
	"github.com/handoff-engine/handoff/testsuite/subjects"
)

func TestConformance(t *testing.T) { connectortest.Run(t, subjects.HTTPDesk()) }

func FuzzDecode(f *testing.F) { connectortest.FuzzDecode(f, subjects.HTTPDesk()) }
