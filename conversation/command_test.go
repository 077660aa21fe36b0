package conversation_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/handoff-engine/handoff/conversation" //nolint:revive // the stories are to be read as prose
)

// command gives a command and requires it to be done.
func (s *story) command(id string, kind Kind) CommandOutcome {
	s.t.Helper()
	outcome, err := s.Command(s.now, Event{ID: id, Kind: kind, Agent: "bob", Node: "menu", Text: "vip", Author: Author{Name: "Op"}})
	require.NoError(s.t, err)
	return outcome
}

func TestACommandIsDoneOnceForEachKey(t *testing.T) {
	s := tell(t, hosted()).customer("hello")
	outcome := s.command("k1", CommandHandoff)
	require.Equal(t, CommandOutcome{ID: "k1", Kind: CommandHandoff, State: Waiting, Epoch: 1}, outcome)
	s.settled().is(Waiting, ByOperator)
	s.command("k2", CommandHandBack)
	s.reread()
	require.Equal(t, outcome, s.command("k1", CommandHandoff))
	s.is(InBot, ByOperator)
}

func TestCommandsWithoutAKeyAreEachDone(t *testing.T) {
	s := spoken(t, hosted())
	s.command("", CommandNote)
	s.command("", CommandNote)
	require.Equal(t, 2, s.Pending())
}

func TestAKeyThatWasUsedForAnotherCommandIsRefused(t *testing.T) {
	s := tell(t, hosted()).customer("hello")
	s.command("k1", CommandHandoff)
	_, err := s.Command(s.now, Event{ID: "k1", Kind: CommandEnd})
	require.EqualError(t, err, "the idempotency key was used for command_handoff already")
}

func TestCommandsDoWhatTheySay(t *testing.T) {
	for name, test := range map[string]struct {
		story   func(t *testing.T) *story
		kind    Kind
		state   State
		effects []string
	}{
		"handoff":         {func(t *testing.T) *story { return tell(t, hosted()) }, CommandHandoff, Waiting, []string{"pause_bot", "say <waiting>", "open_ticket agent bob group support"}},
		"handoff, reopen": {func(t *testing.T) *story { return ended(t) }, CommandHandoff, Waiting, []string{"pause_bot", "say <waiting>", "open_ticket agent bob group support"}},
		"assign":          {func(t *testing.T) *story { return waiting(t, hosted()) }, CommandAssign, Waiting, []string{"assign agent bob"}},
		"transfer":        {func(t *testing.T) *story { return spoken(t, hosted()) }, CommandAssign, Assigned, []string{"assign agent bob"}},
		"hand back":       {func(t *testing.T) *story { return spoken(t, hosted()) }, CommandHandBack, InBot, []string{"close_ticket", "say <back_to_bot>", "resume_bot at menu"}},
		"end":             {func(t *testing.T) *story { return spoken(t, hosted()) }, CommandEnd, Ended, []string{"close_ticket", "say <ended>", "resume_bot without launch"}},
		"end in the bot":  {func(t *testing.T) *story { return tell(t, hosted()) }, CommandEnd, Ended, []string{"say <ended>"}},
		"note":            {func(t *testing.T) *story { return spoken(t, hosted()) }, CommandNote, Assigned, []string{`note "vip"`}},
	} {
		t.Run(name, func(t *testing.T) {
			s := test.story(t)
			require.Equal(t, test.state, s.command("k", test.kind).State)
			var pending []Effect
			for _, e := range s.Outbox {
				if e.Status == Pending {
					pending = append(pending, e)
				}
			}
			require.Equal(t, test.effects, inWords(pending))
		})
	}
}

func ended(t *testing.T) *story {
	t.Helper()
	return spoken(t, hosted()).happens(Event{Kind: TicketClosed}).settled()
}

func TestCommandsThatTheStateForbidsAreRefusedWithAReason(t *testing.T) {
	plain := hosted()
	plain.Desks[0].Can = nil
	in := func(s *story) *Conversation { return s.Conversation }
	for _, test := range []struct {
		c    *Conversation
		ev   Event
		want string
	}{
		{in(waiting(t, hosted())), Event{Kind: CommandHandoff}, "command_handoff is not possible while the conversation is waiting: a handoff is under way"},
		{in(tell(t, hosted())), Event{Kind: CommandAssign, Agent: "bob"}, "command_assign is not possible while the conversation is bot: there is no open ticket; use handoff first"},
		{in(waiting(t, hosted())), Event{Kind: CommandAssign}, "assign needs agent or group"},
		{in(waiting(t, plain)), Event{Kind: CommandAssign, Agent: "bob"}, "command_assign is not possible while the conversation is waiting: the desk desk cannot assign"},
		{in(tell(t, hosted())), Event{Kind: CommandHandBack}, "command_hand_back is not possible while the conversation is bot: no human has it"},
		{in(waiting(t, botless())), Event{Kind: CommandHandBack}, "command_hand_back is not possible while the conversation is waiting: the route has no bot"},
		{in(ended(t)), Event{Kind: CommandEnd}, "command_end is not possible while the conversation is ended: it has ended"},
		{in(waiting(t, hosted())), Event{Kind: CommandResend}, "command_resend is not possible while the conversation is waiting: nothing that failed or is uncertain can be sent again"},
		{in(waiting(t, hosted())), Event{Kind: CommandNote}, "note needs text"},
		{in(ended(t)), Event{Kind: CommandNote, Text: "vip"}, "command_note is not possible while the conversation is ended: there is no open ticket"},
		{in(waiting(t, plain)), Event{Kind: CommandNote, Text: "vip"}, "command_note is not possible while the conversation is waiting: the desk desk has no notes"},
		{in(waiting(t, hosted())), Event{Kind: CustomerSaid}, `"customer_said" is no command`},
	} {
		require.EqualError(t, test.c.Permits(test.ev), test.want)
		before := *test.c
		_, err := test.c.Command(noon(), test.ev)
		require.EqualError(t, err, test.want)
		require.Equal(t, before, *test.c)
	}
}

func TestACommandThatIsNotPermittedChangesNothingEvenAsAnEvent(t *testing.T) {
	s := waiting(t, hosted()).happens(Event{Kind: CommandHandoff}).is(Waiting, ByCustomer).decided()
	require.Equal(t, []ReasonCount{{IgnoredNoMeaning, 1}}, s.Counts.IgnoredFor)
}

func TestResendRepeatsWhatFailedAndLooksFirstWhereTheOutcomeIsUnknown(t *testing.T) {
	s := spoken(t, hosted()).agent(ann, "a").agent(ann, "b").customer("c")
	s.fails(Say, "invalid")
	s.comesOf(Event{Kind: EffectUncertain, Key: s.pending(Say).Key})
	s.fails(Post, "unauthenticated").side(DeskSide)
	counts := s.Counts
	s.command("k1", CommandResend)
	require.Equal(t, []string{`say ann: "a"`}, taken(s, ChannelSide))
	s.succeeds(Say)
	require.Equal(t, []string{`say ann: "b" in doubt`}, taken(s, ChannelSide))
	require.Equal(t, []string{`post "c"`}, taken(s, DeskSide))
	s.settled().troubled()
	require.Equal(t, []int{counts.Decided, counts.Delivered + 3, 0, 0}, []int{s.Counts.Decided, s.Counts.Delivered, s.Counts.Failed, s.Counts.Uncertain})
}

func TestResendCanRepeatOneSend(t *testing.T) {
	s := spoken(t, hosted()).agent(ann, "a").agent(ann, "b")
	first := s.pending(Say).Key
	s.fails(Say, "invalid").fails(Say, "invalid").side(DeskSide)
	_, err := s.Command(s.now, Event{ID: "k", Kind: CommandResend, Key: first})
	require.NoError(t, err)
	require.Equal(t, []string{`say ann: "a"`}, taken(s, ChannelSide))
	s.troubled(`failed invalid: say ann: "b"`)
}

func TestResendBringsTheCustomersWordsToTheTicketThatIsOpen(t *testing.T) {
	s := spoken(t, hosted()).customer("c").fails(Post, "invalid")
	s.happens(Event{Kind: TicketClosed}).settled()
	require.Error(t, s.Permits(Event{Kind: CommandResend}), "there is no ticket")
	s.customer("human").settled()
	s.command("k", CommandResend)
	task, _ := s.Take(DeskSide)
	require.Equal(t, []any{[]string{`post "c"`}, "T2"}, []any{inWords(task.Effects), task.Ticket.ID})
}

func TestResendDoesNotRepeatANoticeOfAnOlderEpoch(t *testing.T) {
	s := tell(t, hosted()).asksForHuman().fails(Say, "invalid").takes(ann)
	require.Error(t, s.Permits(Event{Kind: CommandResend}))
}

func TestAMuteBotAndAnOpenTicketCanBeMendedByResend(t *testing.T) {
	s := spoken(t, hosted())
	s.happens(Event{Kind: CommandEnd}).side(ChannelSide)
	s.fails(CloseTicket, "unauthenticated").ticketsAre("T1 closing")
	s.command("k", CommandResend)
	s.settled().ticketsAre("T1 closed")

	s = spoken(t, hosted())
	s.happens(Event{Kind: CommandEnd}).succeeds(Say).fails(ResumeBot, "unauthenticated").side(DeskSide)
	s.command("k", CommandResend)
	require.Equal(t, []string{"resume_bot without launch"}, taken(s, ChannelSide))
	s.fails(ResumeBot, "unauthenticated").customer("human")
	require.Error(t, s.Permits(Event{Kind: CommandResend}), "a human has it again")
}

func TestOnlyTheLastCommandsAreRemembered(t *testing.T) {
	s := spoken(t, hosted())
	for i := range 300 {
		s.command(strconv.Itoa(i), CommandNote)
	}
	require.Len(t, s.Commands, 256)
	require.Equal(t, "44", s.Commands[0].ID)
}

func TestEveryCommandOfTheAPIHasItsKind(t *testing.T) {
	require.Equal(t, map[string]Kind{
		"handoff": CommandHandoff, "assign": CommandAssign, "hand_back": CommandHandBack, "end": CommandEnd,
		"resend": CommandResend, "note": CommandNote, "policy": CommandPolicy,
	}, CommandKinds())
}
