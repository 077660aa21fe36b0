package tiledesk_test

import (
	"testing"

	"github.com/handoff-engine/handoff/testsuite/real/tiledesk"
)

func TestStart(t *testing.T) {
	s := tiledesk.Start(t)
	p := s.NewProject(t)
	t.Log(p.ID, p.JWTSecret, p.Pool)
}
