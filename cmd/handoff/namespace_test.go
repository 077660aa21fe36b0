package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/handoff-engine/handoff/workflows"
)

func TestTheNamespaceIsMadeWithItsSearchAttributes(t *testing.T) {
	s := startTemporal(t)
	s.absent = true
	t.Setenv("TEMPORAL_ADDRESS", s.address)
	code, _, errs := call(t, "namespace", "--retention", "48h")
	require.Equal(t, exitOK, code, errs)
	require.Equal(t, []time.Duration{48 * time.Hour}, s.made)
	require.Equal(t, workflows.AttributeNames(), s.known())
	require.Len(t, s.asked, 2, "it ends when conversations can be found by them")
	for name := range workflows.AttributeNames() {
		require.Contains(t, s.asked[1], name)
	}
}

func TestANamespaceThatIsThereStaysAsItIs(t *testing.T) {
	s := startTemporal(t)
	s.attributes["HandoffState"] = enumspb.INDEXED_VALUE_TYPE_KEYWORD
	t.Setenv("TEMPORAL_ADDRESS", s.address)
	for range 2 {
		code, _, errs := call(t, "namespace")
		require.Equal(t, exitOK, code, errs)
	}
	require.Empty(t, s.made)
	require.Equal(t, workflows.AttributeNames(), s.known())
}

func TestANamespaceThatCannotBeMadeIsToldAtOnce(t *testing.T) {
	s := startTemporal(t)
	s.absent = true
	t.Setenv("TEMPORAL_ADDRESS", s.address)
	code, _, errs := call(t, "namespace", "--retention", "1h")
	require.Equal(t, exitWrong, code)
	require.Equal(t, "handoff namespace: making the namespace default: too short\n", errs)
	require.True(t, s.absent)

	s.absent = false
	s.attributes["Full"] = enumspb.INDEXED_VALUE_TYPE_INT
	code, _, errs = call(t, "namespace")
	require.Equal(t, exitWrong, code)
	require.Contains(t, errs, "adding search attributes to the namespace default: no room")

	s.answer(status.Error(codes.PermissionDenied, "who are you"))
	code, _, errs = call(t, "namespace")
	require.Equal(t, exitWrong, code)
	require.Contains(t, errs, "refuses our credentials for the namespace default")
}
