package workflows_test

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	handoffworker "github.com/handoff-engine/handoff/worker"
	"github.com/handoff-engine/handoff/workflows"
)

// TestGoldenHistoriesReplay replays what a real server recorded of conversations that released code decided. If it
// fails, a deploy would break running conversations: guard the change by a new rules number (package conversation) or by
// workflow.GetVersion (this package), and record a new folder. Never change an old history.
func TestGoldenHistoriesReplay(t *testing.T) {
	files := goldenHistories(t)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json.gz"), func(t *testing.T) {
			replayer := worker.NewWorkflowReplayer()
			handoffworker.RegisterWorkflows(replayer)
			require.NoError(t, replayer.ReplayWorkflowHistory(nil, readHistory(t, file)))
		})
	}
}

// TestAChangedDecisionDoesNotReplay proves that the test above can fail.
func TestAChangedDecisionDoesNotReplay(t *testing.T) {
	replayer := worker.NewWorkflowReplayer()
	replayer.RegisterWorkflowWithOptions(func(ctx workflow.Context, _ any) error {
		return workflow.Sleep(ctx, 1)
	}, workflow.RegisterOptions{Name: workflows.ConversationType})
	require.Error(t, replayer.ReplayWorkflowHistory(nil, readHistory(t, goldenHistories(t)[0])))
}

func goldenHistories(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/histories/*/*.json.gz")
	require.NoError(t, err)
	return files
}

func readHistory(t *testing.T, file string) *historypb.History {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	data, err := io.ReadAll(z)
	require.NoError(t, err)
	var history historypb.History
	require.NoError(t, temporalproto.CustomJSONUnmarshalOptions{}.Unmarshal(data, &history))
	return &history
}
