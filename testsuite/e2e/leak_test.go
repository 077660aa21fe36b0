package e2e

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/testsuite/oracle"
	"github.com/handoff-engine/handoff/testsuite/system"
)

// noLeaks looks for texts, names, addresses and secrets where none may be: logs, even at their most talkative, metrics,
// workflow ids and search attributes.
func noLeaks(t *testing.T, s *system.System, runs []oracle.Run) {
	t.Helper()
	where := map[string]string{"logs": s.Output(), "metrics": metrics(t, s)}
	require.NotEmpty(t, where["metrics"])
	for _, r := range runs {
		where["workflow id "+r.WorkflowID] = r.WorkflowID
		for name, value := range r.Attributes {
			where["search attribute "+name+" of "+r.WorkflowID] = value
		}
	}
	for place, text := range where {
		for _, secret := range append(system.Secrets(), system.Canary, "Zaphira", "@example.com", "@shop.example") {
			if i := strings.Index(text, secret); i >= 0 {
				require.Failf(t, "a leak", "%q is in %s: …%s…", secret, place, text[max(0, i-200):min(len(text), i+100)])
			}
		}
	}
}

func metrics(t *testing.T, s *system.System) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.MetricsURL+"/metrics", http.NoBody)
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return string(body)
}
