package conversation_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	. "github.com/handoff-engine/handoff/conversation" //nolint:revive // the stories are to be read as prose
)

func TestARedeliveredEventIsCountedAndChangesNothing(t *testing.T) {
	s := waiting(t, hosted())
	ev := Event{ID: "1", Source: "chat", Kind: CustomerSaid, Text: "hello"}
	s.happens(ev).decided(`post "hello"`).happens(ev).decided()
	require.Equal(t, []int{4, 3, 1}, []int{s.Counts.Received, s.Counts.Applied + s.Counts.Ignored, s.Counts.Duplicates})
}

func TestTheSameIDOfAnotherSourceIsAnotherEvent(t *testing.T) {
	s := waiting(t, hosted())
	for _, source := range []string{"chat", "desk"} {
		s.happens(Event{ID: "1", Source: source, Kind: CustomerSaid, Text: "hello"}).decided(`post "hello"`)
	}
}

func TestEqualTextsAreNotTakenForRedeliveries(t *testing.T) {
	waiting(t, hosted()).customer("ok").customer("ok").decided(`post "ok"`)
}

func TestTheMemoryOfEventsIsBoundedAndItsLossesAreCounted(t *testing.T) {
	var m Memory
	for i := range MaxSeen + 3 {
		require.True(t, m.Add("chat", strconv.Itoa(i)))
	}
	require.Equal(t, []int{MaxSeen, 3}, []int{m.Len(), m.Evicted})
	require.False(t, m.Has("chat", "2"), "the oldest are forgotten")
	require.True(t, m.Has("chat", "3"))
	require.False(t, m.Add("chat", strconv.Itoa(MaxSeen+2)))
	require.True(t, m.Add("chat", "2"))
}

func TestTheMemoryOfEventsIsCarriedThroughJSON(t *testing.T) {
	s := waiting(t, hosted())
	ev := Event{ID: "1", Source: "chat", Kind: CustomerSaid, Text: "hello"}
	s.happens(ev).reread().happens(ev).decided()
	require.Equal(t, 1, s.Counts.Duplicates)
	require.Equal(t, 3, s.Seen.Len())
}

func TestEventsOfOurOwnAreNotCounted(t *testing.T) {
	s := tell(t, hosted()).comesOf(Event{Kind: CommandEnd}).is(Ended, ByOperator)
	require.Zero(t, s.Counts.Received)
}

func TestIgnoredEventsAreCountedByReason(t *testing.T) {
	s := tell(t, hosted())
	s.happens(Event{Kind: ChannelDropped}).happens(Event{Kind: HandedBack}).happens(Event{Kind: "of_the_future"})
	require.Equal(t, []ReasonCount{{IgnoredNoMeaning, 2}, {IgnoredOldTicket, 1}}, s.Counts.IgnoredFor)
	require.Equal(t, []int{3, 3}, []int{s.Counts.Received, s.Counts.Ignored})
}

func TestTheTranscriptIsBoundedByLinesAndCountsWhatWasCut(t *testing.T) {
	s := tell(t, hosted())
	for i := range MaxLines + 5 {
		s.customer(strconv.Itoa(i))
	}
	require.Len(t, s.Transcript.Lines, MaxLines)
	require.Equal(t, []int{5, MaxLines + 5}, []int{s.Transcript.Cut, s.Transcript.Last})
	require.Equal(t, "5", s.Transcript.Lines[0].Text)
	require.Equal(t, "6", s.Transcript.Lines[1].Text)
}

func TestTheTranscriptIsBoundedByBytesAndKeepsTheLastLineWhateverItsSize(t *testing.T) {
	s := tell(t, hosted())
	for range 3 {
		s.customer(strings.Repeat("x", 30<<10))
	}
	require.Equal(t, []int{2, 1, 60 << 10}, []int{len(s.Transcript.Lines), s.Transcript.Cut, s.Transcript.Bytes})
	s.customer(strings.Repeat("x", 100<<10))
	require.Equal(t, []int{1, 3}, []int{len(s.Transcript.Lines), s.Transcript.Cut})
}

func TestAnEditKeepsTheSizeOfTheTranscriptTrue(t *testing.T) {
	s := waiting(t, hosted())
	s.happens(Event{Kind: AgentSaid, Author: ann, Text: "a", MessageID: "m1"})
	bytes := s.Transcript.Bytes
	s.happens(Event{Kind: AgentEdited, Author: ann, Text: "abcd", Target: "m1"})
	require.Equal(t, bytes+3, s.Transcript.Bytes)
}

func TestTheHistoryIsBoundedAndCountsWhatWasCut(t *testing.T) {
	s := tell(t, hosted())
	for range MaxHistory {
		s.happens(Event{Kind: CommandHandoff}).happens(Event{Kind: CommandHandBack}).settled()
	}
	require.Len(t, s.History, MaxHistory)
	require.Equal(t, MaxHistory, s.HistoryCut)
	require.LessOrEqual(t, len(s.Tickets), MaxHistory)
}

func TestKeysNeverRepeatAcrossEngagements(t *testing.T) {
	first := tell(t, hosted()).asksForHuman()
	c := New("chat:42", hosted())
	c.Begin(noon(), "e2")
	second := c.Apply(noon(), Event{Kind: HandoffRequested})
	require.Equal(t, Key("chat:42/e1-1"), first.last[0].Key)
	require.Equal(t, Key("chat:42/e2-1"), second[0].Key)
}

func TestEventsTakenInOneGoArePutIntoTheirVendorsOrder(t *testing.T) {
	at := func(s int) time.Time { return noon().Add(time.Duration(s) * time.Second) }
	events := []Event{
		{ID: "c", Source: "desk", Seq: 3},
		{ID: "a", Source: "desk", Seq: 1},
		{ID: "b", Source: "desk", Seq: 2},
		{ID: "y", Source: "chat", At: at(2)},
		{ID: "x", Source: "chat", At: at(1)},
		{ID: "z", Source: "desk", At: at(0)},
	}
	Order(events)
	var order string
	for _, ev := range events {
		order += ev.ID
	}
	require.Equal(t, "abcxyz", order)
}

func TestOnlyWhatTheConversationDoesNotKnowIsMissing(t *testing.T) {
	s := spoken(t, hosted())
	s.happens(Event{ID: "1", Source: "desk", Kind: AgentSaid, Author: ann, Text: "look"})
	said := Event{ID: "2", Source: "desk", Kind: AgentSaid, Author: ann, Text: "look again"}
	bobs := Event{Kind: AgentAssigned, Agent: "bob"}
	require.Equal(t, []Event{said, bobs, {Kind: AgentUnassigned}, {Kind: ChannelDropped}}, s.Missing([]Event{
		{ID: "1", Source: "desk", Kind: AgentSaid},
		said,
		{Kind: AgentAssigned, Agent: "ann"},
		bobs,
		{Kind: AgentAssigned, Agent: "bob", At: noon().Add(-time.Hour)},
		{Kind: AgentUnassigned},
		{Kind: ChannelDropped},
	}))
}

func TestTheViewShowsWhatMatters(t *testing.T) {
	s := spoken(t, hosted()).customer("a").agent(ann, "b").fails(Say, "invalid")
	v := s.View()
	require.Equal(t, []any{Assigned, "agent", &ann, "chat", "desk"}, []any{v.State, v.Owner, v.Agent, v.Channel, v.Desk})
	require.Equal(t, CustomerWarnAt, v.NextDeadline.Name)
	require.Equal(t, []string{`post "a"`, `note "Your last message may not have reached the customer."`}, inWords(v.Pending))
	require.Equal(t, []string{`say ann: "b"`}, inWords(v.Trouble))
	require.Equal(t, "desk/T1", s.CurrentTicket())
	require.Equal(t, []string{"bot", "nobody", "nobody", "nobody"}, []string{
		tell(t, hosted()).View().Owner, waiting(t, hosted()).View().Owner,
		waiting(t, hosted()).passes(AcceptBy).View().Owner, ended(t).View().Owner,
	})
}

func TestIDsAreThoseOfTheVendorOrAHashOfThem(t *testing.T) {
	require.Equal(t, "chat:a-B_1.2:3", ID("chat", "a-B_1.2:3"))
	for _, key := range []string{"", "eve@example.org", "+49 170", "a/b", strings.Repeat("x", 129)} {
		id := ID("chat", key)
		require.Regexp(t, `^chat:[a-z2-7]{52}$`, id)
		require.Equal(t, id, ID("chat", key))
	}
	require.NotEqual(t, ID("chat", "a/b"), ID("chat", "a/c"))
}

func TestAnotherConnectionHasNoSayInTheConversation(t *testing.T) {
	s := tell(t, hosted())
	s.happens(Event{Source: "another-shop", Kind: HandoffRequested, Ref: "stolen", Customer: Customer{Name: "Eve"}}).decided()
	require.Equal(t, InBot, s.State)
	require.Empty(t, s.Ref)
	require.Empty(t, s.Customer.Name)
	require.Equal(t, []ReasonCount{{Reason: IgnoredForeign, N: 1}}, s.Counts.IgnoredFor)
}
