package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// storied is a configuration whose secrets are nowhere.
const storied = `
connections:
  chat:
    vendor: web
    token: ${NO_SUCH_TOKEN}
  office:
    vendor: bureau
    token: ${NO_SUCH_TOKEN}
routes:
  shop:
    channel: chat
    desk: office
    policy: {agent_idle: 7m, texts: {waiting: "A person is coming."}}
`

func TestStoriesArePlayedWithThePolicyAndTheAbilitiesOfTheRoute(t *testing.T) {
	file := write(t, "handoff.yaml", storied)
	story := write(t, "refund.txt", `route shop
bot asks for a human
customer sees "A person is coming."
agent Mira takes it
agent Mira says "Hello"
customer says "Are you there?"
deadline agent_idle is in 7m
`)
	code, stdout, stderr := call(t, "test", "--config", file, story)
	require.Equal(t, exitOK, code, stdout+stderr)
	require.Empty(t, stderr)
	require.Regexp(t, `^PASS  .*refund\.txt \(\d.* for \d.*\)\n1 passed, 0 failed \(.*\)\n$`, stdout)
}

func TestAStoryThatGoesWrongIsTold(t *testing.T) {
	file := write(t, "handoff.yaml", storied)
	folder := filepath.Dir(write(t, "a.txt", "bot asks for a human\nstate is bot\n"))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "b.txt"), []byte("customer dances\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "c.txt"), []byte("customer says hello\nstate is bot\n"), 0o600))
	code, stdout, _ := call(t, "test", "--config", file, folder)
	require.Equal(t, exitWrong, code)
	require.Contains(t, stdout, "a.txt:2: state is bot\n    the state is waiting because bot_asked\n")
	require.Contains(t, stdout, "b.txt:1: I do not understand \"customer dances\".\n  What can stand here:\n")
	require.Contains(t, stdout, "\n1 passed, 2 failed")
}

func TestWithoutAConfigurationStoriesArePlayedOnARouteThatCanDoEverything(t *testing.T) {
	t.Chdir(t.TempDir())
	story := write(t, "hello.txt", "customer says hello\nstate is bot\n")
	code, stdout, stderr := call(t, "test", story)
	require.Equal(t, exitOK, code, stdout)
	require.Contains(t, stderr, "There is no handoff.yaml here")
}

func TestTestSaysWhatItNeeds(t *testing.T) {
	code, _, stderr := call(t, "test")
	require.Equal(t, exitUsage, code)
	require.Contains(t, stderr, "name the files with the stories")
	code, _, stderr = call(t, "test", "--config", "missing.yaml", "x.txt")
	require.Equal(t, exitWrong, code)
	require.Contains(t, stderr, "missing.yaml: there is no such file")
	code, stdout, _ := call(t, "test", "--config", write(t, "handoff.yaml", storied), "missing.txt")
	require.Equal(t, exitWrong, code)
	require.Contains(t, stdout, "FAIL  missing.txt")
	code, _, stderr = call(t, "test", "--config", write(t, "handoff.yaml", storied), t.TempDir())
	require.Equal(t, exitWrong, code)
	require.Contains(t, stderr, "there is no .txt file in")
}
