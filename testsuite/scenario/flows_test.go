package scenario_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/testsuite/scenario"
)

const flowsPage = "../../docs/flows.md"

// chapter is one thing that users ask for, and the stories that show it. field is what users of other systems suffered.
type chapter struct{ title, field string }

// chapters are the complaints that a story may be about, those of most users first. A story names its chapter in its first
// line: "## <title>".
func chapters() []chapter {
	return []chapter{
		{"The bot is silent while a human has the customer", "The bot talks over the agent, or goes on although a human acted by another path."},
		{"Nothing is lost", "A webhook was slow, a vendor was down, somebody restarted, and a message was gone."},
		{"Nothing comes twice", "Webhooks are repeated, answers are lost, and the customer reads everything twice."},
		{"Nobody answers, and somebody else is asked", "A chat stays with an agent who is silent, offline or gone."},
		{"Back to the bot, and back again", "After the human the bot answers the backlog, stays mute, or the second handoff does not work."},
		{"Nobody is there", "Out of hours customers are promised a human who never comes."},
		{"The agent sees it all", "Agents start without the history, or the customer's name."},
		{"The customer knows how long it takes", "A queue without a place, a number that rises."},
		{"Private stays private", "A note for colleagues reaches the customer; a word that an agent types is taken for a command."},
		{"The right agent, and no other", "Transfers go wrong, the wrong team is asked."},
		{"Buttons, files, corrections and deletions", "Buttons cannot be pressed, a picture is lost, an edit stays on one side."},
		{"The customer is told at every turn", "A handoff without a word."},
		{"How was it?", "The survey is missing when a bot is connected."},
		{"Whole conversations", ""},
	}
}

// story is a file of testdata: its chapter, its name, and its text without the line that names the chapter.
type story struct{ chapter, name, text string }

func library(t *testing.T) []story {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	var all []story
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		first, text, _ := strings.Cut(string(data), "\n")
		title, named := strings.CutPrefix(first, "## ")
		require.True(t, named, "%s: the first line names its chapter: ## and one of the titles of flows_test.go", file)
		all = append(all, story{title, strings.TrimSuffix(filepath.Base(file), ".txt"), strings.TrimSpace(text)})
	}
	return all
}

// TestThePageOfFlowsIsUpToDate makes docs/flows.md from the stories, which are played by TestStories: what stands there is
// what happens.
//
//	go test ./testsuite/scenario -run Flows -update
func TestThePageOfFlowsIsUpToDate(t *testing.T) {
	stories := library(t)
	var b strings.Builder
	b.WriteString("# Flows\n\nWhat happens when, as stories that the tests play against the real workflow. Made of " +
		"[testsuite/scenario/testdata](../testsuite/scenario/testdata)\nby `go test ./testsuite/scenario -run Flows -update`; " +
		"[the grammar](../testsuite/scenario/README.md) explains each sentence.\n")
	known := []string{}
	for _, c := range chapters() {
		known = append(known, c.title)
		fmt.Fprintf(&b, "\n## %s\n", c.title)
		if c.field != "" {
			fmt.Fprintf(&b, "\n*What users suffer elsewhere: %s*\n", c.field)
		}
		for _, s := range stories {
			if s.chapter != c.title {
				continue
			}
			fmt.Fprintf(&b, "\n### %s\n\n```\n%s\n```\n", strings.ToUpper(s.name[:1])+s.name[1:], s.text)
		}
	}
	for _, s := range stories {
		require.Contains(t, known, s.chapter, s.name)
	}
	for _, c := range chapters() {
		require.True(t, slices.ContainsFunc(stories, func(s story) bool { return s.chapter == c.title }), "no story shows: %s", c.title)
	}
	if scenario.FlagUpdate() {
		require.NoError(t, os.WriteFile(flowsPage, []byte(b.String()), 0o644))
	}
	page, err := os.ReadFile(flowsPage)
	require.NoError(t, err)
	require.Equal(t, b.String(), string(page), "write it anew with: go test ./testsuite/scenario -run Flows -update")
}
