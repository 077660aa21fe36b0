package oracle_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/testsuite/fake"
	"github.com/handoff-engine/handoff/testsuite/fake/livechat"
	"github.com/handoff-engine/handoff/testsuite/oracle"
)

// told is a webhook that was accepted in its n-th second.
func told(text string, n int) fake.Attempt {
	at := time.Unix(1_000_000+int64(n), 0)
	return fake.Attempt{Body: `{"text":"` + text + `"}`, Status: 200, At: at, Done: at.Add(time.Millisecond)}
}

// refused is a try of the same that failed.
func refused(text string, n int) fake.Attempt {
	a := told(text, n)
	a.Status = 503
	return a
}

func says(texts ...string) []fake.Entry {
	var journal []fake.Entry
	for _, text := range texts {
		journal = append(journal, fake.Entry{Who: "agent:1", Kind: "text", Text: text})
	}
	return journal
}

func posts(texts ...string) []livechat.Line {
	var chat []livechat.Line
	for _, text := range texts {
		chat = append(chat, livechat.Line{By: "customer", Type: "message", Text: text})
	}
	return chat
}

func TestTheOracleFindsWhatIsWrongAndNothingElse(t *testing.T) {
	inOrder := oracle.Hooks{told("one", 1), told("two", 2), told("three", 3)}
	overtaken := oracle.Hooks{refused("one", 1), told("two", 2), told("one", 3), told("three", 4)}
	for _, tc := range []struct {
		name       string
		seen       []string
		hooks      oracle.Hooks
		duplicates oracle.Duplicates
		findings   []string
	}{
		{"all is well", []string{"a notice", "one", "two", "three"}, inOrder, oracle.Never, nil},
		{"one is lost", []string{"one", "three"}, inOrder, oracle.Never, []string{`lost on the way to the customer: "two"`}},
		{"one came twice", []string{"one", "two", "one", "three"}, inOrder, oracle.Never, []string{`the customer saw twice: "one"`}},
		{"one came twice and may", []string{"one", "one", "two", "three"}, inOrder, oracle.Allowed, nil},
		{"two changed places", []string{"two", "one", "three"}, inOrder, oracle.Never, []string{`the customer saw out of order: "one" after "two"`}},
		{"the vendor told them so", []string{"two", "one", "three"}, overtaken, oracle.Never, nil},
		{"they were put right", []string{"one", "two", "three"}, overtaken, oracle.Never, nil},
		{"a note crossed", []string{"one", "two", "three", "Re: private"}, inOrder, oracle.Never, []string{`the customer saw what was private: "private"`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var book oracle.Book
			for _, text := range []string{"one", "two", "three"} {
				book.Agent(text)
			}
			book.Private("private")
			require.Equal(t, tc.findings, book.CustomerSaw(says(tc.seen...), tc.hooks, tc.duplicates))
		})
	}
}

func TestTheOracleReadsTranscriptsAndPostsApart(t *testing.T) {
	hooks := oracle.Hooks{told("one", 1), told("two", 2)}
	for _, tc := range []struct {
		name     string
		seen     []livechat.Line
		findings []string
	}{
		{"the first words in the transcript, the next as a post", posts("Conversation so far\nCustomer: one", "two"), nil},
		{"all again in the transcript of the next ticket", posts("one", "two", "Conversation so far\nCustomer: one\nCustomer: two"), nil},
		{"a post that came twice", posts("one", "two", "two"), []string{`the desk saw twice: "two"`}},
		{
			"a transcript that tells twice", posts("Conversation so far\nCustomer: one\nCustomer: one\nCustomer: two"),
			[]string{`the transcript of ticket  saw twice: "one"`},
		},
		{"nothing came", nil, []string{`lost on the way to the desk: "one"`, `lost on the way to the desk: "two"`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var book oracle.Book
			book.Customer("one")
			book.Customer("two")
			require.Equal(t, tc.findings, book.DeskSaw(tc.seen, hooks, oracle.Never))
		})
	}
}

func TestTheOracleCountsRepeats(t *testing.T) {
	require.Equal(t, 3, oracle.Repeats([]string{"one", "two"}, []string{"one", "two", "one", "two", "two"}))
}
