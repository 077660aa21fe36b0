package scenario_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/testsuite/scenario"
)

// tell plays a story and gives what is said about it.
func tell(t *testing.T, text string) string {
	t.Helper()
	story, err := scenario.Parse("a.txt", text, scenario.Options{})
	require.NoError(t, err)
	_, err = story.Tell()
	require.Error(t, err)
	return err.Error()
}

// An expectation that cannot fail is none: each of these must.
func TestExpectationsThatAreNotMetAreReported(t *testing.T) {
	begin := "bot asks for a human\nagent Mira takes it\nagent Mira says Hello\ncustomer says Hi\n"
	for _, row := range []struct{ expectation, said string }{
		{"state is bot", "the state is agent-assigned because agent_took_it"},
		{"state is agent-assigned because agent_spoke", "the state is agent-assigned because agent_took_it"},
		{"owner is Tom", "the owner is mira"},
		{"ticket is closed", "the ticket is open"},
		{"desk has 2 tickets", "expected 2, there are 1"},
		{"bot is running", "it is not"},
		{"bot was launched at node-1", "it was launched 0 times"},
		{"deadline agent_idle is in 4m", "it is in 5m0s"},
		{"deadline max_wait is in 4m", "it is not set"},
		{"there is no deadline agent_idle", "it is in 5m0s"},
		{"1 send is withheld", "expected 1, there are 0"},
		{"1 event was ignored", "expected 1, there are 0"},
		{"conversation is over", "it is agent-assigned and still running"},
		{"customer sees nothing more", "the customer sees"},
		{"customer sees Goodbye", `what the customer sees next is "Mira: Hello"`},
		{"customer does not see Hello", "the customer sees it"},
		{"customer sees file x.pdf", `what the customer sees next is "Mira: Hello"`},
		{"agent sees Bye", `what the agents see next is "Hi"`},
		{"agent sees nothing more", "the agents see"},
		{"agents do not see Hi", "the agents see it"},
		{"agent sees note Hi", "there is nothing more that the agents see"},
		{"desk is asked for Tom", "it is asked for nobody more"},
		{"operator cannot hand back", "the command was not refused"},
		{"operator resends", "the command was refused"},
		{"agent Mira says x in ticket 7", "the desk has no ticket-7"},
		{"agent Tom edits Hello to Bye", `Tom has not said "Hello"`},
	} {
		t.Run(row.expectation, func(t *testing.T) {
			said := tell(t, begin+row.expectation+"\n")
			require.Contains(t, said, "a.txt:5: "+row.expectation+"\n")
			require.Contains(t, said, row.said)
		})
	}
}

func TestAStoryThatGoesWrongIsToldSoFar(t *testing.T) {
	said := tell(t, "customer says Help\nbot asks for a human\n10m pass\nagent Mira says Hello\nstate is bot\n")
	require.Contains(t, said, `
  the story    customer                                             | agents
  00:00:00     > Help                                               |
  00:00:00     (the bot asks for a human)                           |
  00:00:00     (the bot is paused)                                  |
`)
	require.Contains(t, said, "  00:10:00                                                          | Mira says: Hello\n")
	require.Contains(t, said, "it is 00:10:00; state agent-assigned because agent_spoke; customer_idle_warning in 25m0s; customer_idle in 30m0s")
}

func TestABotThatIsNotAskedDoesNotAnswer(t *testing.T) {
	require.Contains(t, tell(t, "bot is called for each message\noperator hands off\ncustomer says Hi\nbot answers Hello\n"), "the bot was not asked")
}

// reported is a T that keeps what is said.
type reported struct{ said string }

func (r *reported) Helper()                           {}
func (r *reported) Fatalf(format string, args ...any) { r.said = fmt.Sprintf(format, args...) }

func TestStoriesCanBeToldInGo(t *testing.T) {
	var r reported
	scenario.New(&r, scenario.DefaultRoute()).
		CustomerSays(`I said: "help"`).
		BotSays("Let me get a person").
		BotAsksForAHuman().
		StateIs("waiting", "bot_asked").
		AgentTakes("Mira").
		AgentSees(`I said: "help"`).
		AgentNotes("Mira", "a private note").
		AgentSays("Mira", "Hello").
		CustomerSees("Hello").
		NothingMoreReachesTheCustomer().
		CustomerSendsFile("photo.png").
		Say("agent sees file photo.png").
		Pass(5*time.Minute).
		StateIs("timed-out-reassign", "").
		AgentTakes("Tom").
		AgentHandsBack("Tom").
		StateIs("bot", "agent").
		BotAsksForAHuman().
		AgentTakes("Tom").
		AgentCloses("Tom").
		StateIs("ended", "closed_by_desk").
		CustomerLeaves().
		Play()
	require.Empty(t, r.said)
}

func TestAStoryInGoNamesItsLines(t *testing.T) {
	var r reported
	scenario.New(&r, scenario.DefaultRoute()).CustomerSays("Hi").StateIs("waiting", "").Play()
	require.Contains(t, r.said, "trouble_test.go:")
	require.Contains(t, r.said, "the state is bot")
	scenario.New(&r, scenario.DefaultRoute()).Say("customer dances").Play()
	require.Contains(t, r.said, `I do not understand "customer dances"`)
	scenario.Run(&r, "testdata/missing.txt")
	require.Contains(t, r.said, "reading a story: ")
}
