package journal_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/standalone/playground/journal"
)

// reopen opens the file, and gives what stands in it.
func reopen(t *testing.T, name string) (*journal.Journal[string], []string) {
	t.Helper()
	var read []string
	j, err := journal.Open(name, func(s string) { read = append(read, s) })
	require.NoError(t, err)
	return j, read
}

func TestATransactionIsThereAsAWholeOrNotAtAll(t *testing.T) {
	name := filepath.Join(t.TempDir(), "journal.jsonl")
	j, read := reopen(t, name)
	require.Empty(t, read)
	require.NoError(t, j.Append([]string{"one", "two"}, true))
	require.NoError(t, j.Append([]string{"three"}, false))
	require.NoError(t, j.Close())

	whole, err := os.ReadFile(name)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(name, append(whole, `["torn","by a k`...), 0o600))
	j, read = reopen(t, name)
	require.Equal(t, []string{"one", "two", "three"}, read)
	require.NoError(t, j.Append([]string{"four"}, true))
	require.NoError(t, j.Close())
	j, read = reopen(t, name)
	require.Equal(t, []string{"one", "two", "three", "four"}, read)
	require.NoError(t, j.Close())
}

func TestAFileThatIsNoJournalIsRefused(t *testing.T) {
	name := filepath.Join(t.TempDir(), "journal.jsonl")
	require.NoError(t, os.WriteFile(name, []byte("hello\n"), 0o600))
	_, err := journal.Open(name, func(string) {})
	require.ErrorContains(t, err, "at byte 0")
}
