package tiledesk_test

import (
	"testing"

	"github.com/handoff-engine/handoff/testsuite/connectortest"
	"github.com/handoff-engine/handoff/testsuite/subjects"
)

func TestConformance(t *testing.T) { connectortest.Run(t, subjects.Tiledesk()) }

func FuzzDecode(f *testing.F) { connectortest.FuzzDecode(f, subjects.Tiledesk()) }
