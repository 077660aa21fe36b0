package scenario

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/conversation"
)

var update = flag.Bool("update", false, "write the grammar into README.md anew; commit the difference only if you understand it")

// table writes the grammar as README.md has it.
func table() string {
	var b strings.Builder
	for _, c := range grammar() {
		fmt.Fprintf(&b, "\n### %s\n\n| sentence | meaning |\n|---|---|\n", c.title)
		for _, v := range c.verbs {
			fmt.Fprintf(&b, "| `%s` | %s |\n", strings.ReplaceAll(v.form, "|", `\|`), v.does)
		}
	}
	return b.String() + "\n"
}

func TestTheReadmeHasTheWholeGrammar(t *testing.T) {
	data, err := os.ReadFile("README.md")
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(data), "<!-- grammar -->\n")
	require.True(t, ok)
	have, after, ok := strings.Cut(rest, "<!-- end -->")
	require.True(t, ok)
	if *update {
		require.NoError(t, os.WriteFile("README.md", []byte(before+"<!-- grammar -->\n"+table()+"<!-- end -->"+after), 0o644))
		return
	}
	require.Equal(t, table(), have, "run go test ./testsuite/scenario -update")
}

// Each sentence is in one of the stories, or it is not known to work.
func TestEverySentenceIsUsedInAStory(t *testing.T) {
	files, err := os.ReadDir("testdata")
	require.NoError(t, err)
	used := map[string]bool{}
	for _, f := range files {
		data, err := os.ReadFile("testdata/" + f.Name())
		require.NoError(t, err)
		for line := range strings.Lines(string(data)) {
			words := split(strings.TrimSpace(line))
			for _, c := range grammar() {
				for _, v := range c.verbs {
					if _, ok := parseForm(v.form).match(strings.TrimSpace(line), words); ok {
						used[v.form] = true
					}
				}
			}
		}
	}
	var unused []string
	for _, c := range grammar() {
		for _, v := range c.verbs {
			// Routes are those of a configuration: cmd/handoff plays such stories.
			if !used[v.form] && v.form != "route <name>" {
				unused = append(unused, v.form)
			}
		}
	}
	require.Empty(t, unused)
}

func TestSentencesForgiveQuotesAndCase(t *testing.T) {
	for _, line := range []string{
		`customer says "Where is it?"`, `customer says Where is it?`, `Customer writes “Where is it?”`, `CUSTOMER SAYS 'Where is it?'`,
		`customer says: "Where is it?"   # a comment`, `customer says «Where is it?»`, `  customer says „Where is it?“`,
	} {
		s := newStory("story")
		s.setRoute(DefaultRoute(), nil)
		require.NoError(t, s.add("story:1", line), line)
		require.Len(t, s.steps, 1, line)
		require.Equal(t, "Where is it?", *s.steps[0].words, line)
	}
}

func TestApostrophesAreLetters(t *testing.T) {
	s := newStory("story")
	s.setRoute(DefaultRoute(), nil)
	require.NoError(t, s.add("story:1", `customer says I don't know, it's "broken" isn't it`))
	require.Equal(t, `I don't know, it's "broken" isn't it`, *s.steps[0].words)
}

func TestDurationsReadAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]string{
		"5m": "5m0s", "90s": "1m30s", "1h30m": "1h30m0s", "10 minutes": "10m0s", "1 minute": "1m0s", "3 days": "72h0m0s",
		"1 hour and 5 minutes": "1h5m0s", "1 week": "168h0m0s", "2 h": "2h0m0s",
	} {
		d, err := duration(text)
		require.NoError(t, err, text)
		require.Equal(t, want, d.String(), text)
	}
	for _, text := range []string{"soon", "5", "-5m", "0s", "5 parsecs", ""} {
		_, err := duration(text)
		require.Error(t, err, text)
	}
}

func TestALineThatIsNotUnderstoodSaysWhatCouldStandThere(t *testing.T) {
	for _, row := range []struct{ line, said string }{
		{`agent Mira dances`, "agent <name> says|writes <text>"},
		{`teapot whistles`, "A sentence begins with one of: "},
		{`policy agent_idel: 5m`, `there is no key "agent_idel"; write one of: accept_within`},
		{`policy agent_idle: soon`, `"soon" is no duration; write it as 90s, 5m`},
		{`policy on_close: later`, "write one of: end, bot"},
		{`policy ladder: everybody`, `"everybody" is no rung; write same_agent, agent NAME, group NAME or desk NAME`},
		{`policy text hello: "x"`, `there is no text "hello"; write one of: waiting`},
		{`desk cannot dance`, `"dance" is no ability; write some of: pause_bot`},
		{`channel promises nothing`, "write once by key"},
		{`state is asleep`, `there is no state "asleep"; write one of: bot, waiting`},
		{`bot is done`, "only a bot that is called can end a conversation"},
		{`three sends are lost`, "write uncertain, withheld, failed or pending"},
		{`several sends are pending`, `"several" is no number`},
		{`route shop`, "there is no configuration here"},
	} {
		_, err := Parse("a.txt", "# a story\n"+row.line+"\n", Options{})
		require.ErrorContains(t, err, row.said, row.line)
		require.ErrorContains(t, err, "a.txt:2: ", row.line)
	}
}

func TestAllLinesThatAreWrongAreNamed(t *testing.T) {
	_, err := Parse("a.txt", "customer dances\nbot says hello\nagent sings\npolicy agent_idle: 5m\n", Options{})
	require.ErrorContains(t, err, "a.txt:1: ")
	require.ErrorContains(t, err, "a.txt:3: ")
	require.ErrorContains(t, err, `a.txt:4: "policy agent_idle: 5m" must stand before the story begins`)
	require.NotContains(t, err.Error(), "a.txt:2: ")
}

func TestAnEmptyFileIsNoStory(t *testing.T) {
	_, err := Parse("a.txt", "# nothing\n", Options{})
	require.ErrorContains(t, err, "a.txt:1: there is no story in this file")
}

func TestAStoryNamesItsRouteWhereThereAreSeveral(t *testing.T) {
	one, other := DefaultRoute(), DefaultRoute()
	one.Name, other.Name = "one", "other"
	other.Channel.HostsBot = false
	o := Options{Routes: []conversation.Route{one, other}}
	_, err := Parse("a.txt", "customer says hello\n", o)
	require.ErrorContains(t, err, "say which route the story is about, by a line: route NAME (one of: one, other)")
	_, err = Parse("a.txt", "route third\ncustomer says hello\n", o)
	require.ErrorContains(t, err, `a.txt:1: there is no route "third"; write one of: one, other`)
	s, err := Parse("a.txt", "route other\ncustomer says hello\n", o)
	require.NoError(t, err)
	require.False(t, s.route.Channel.HostsBot)
	o.Route = "other"
	s, err = Parse("a.txt", "customer says hello\n", o)
	require.NoError(t, err)
	require.Equal(t, "other", s.route.Name)
}
