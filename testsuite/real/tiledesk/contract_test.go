package tiledesk_test

import (
	"testing"

	"github.com/handoff-engine/handoff/testsuite/fake/tiledesk/contract"
	real "github.com/handoff-engine/handoff/testsuite/real/tiledesk"
)

// What the fake is held to, the real server keeps.
func keepsTheContract(t *testing.T, s *real.Server) {
	p := s.NewProject(t)
	contract.Run(t, contract.Desk{
		URL: s.URL, Project: p.ID, Email: p.Email, Password: real.Password, Department: p.Department, Agent: p.Alice.User,
	})
}
