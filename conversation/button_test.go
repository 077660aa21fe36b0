package conversation_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	. "github.com/handoff-engine/handoff/conversation" //nolint:revive // as the other tests of the model
)

// offered is a conversation whose called bot has offered what it answered.
func offered(t *testing.T, r Route, messages ...Message) *story {
	t.Helper()
	s := tell(t, r).customer("hello")
	return s.comesOf(Event{Kind: BotAnswered, Key: s.pending(AskBot).Key, Answer: &Answer{Messages: messages}})
}

// pressing is a route whose channel shows buttons.
func pressing() Route {
	r := called()
	r.Channel.Can = append([]string{"show_buttons"}, r.Channel.Can...)
	return r
}

func TestWhatTheCustomerPressesOrWritesIsToldToTheBotAsItWantsIt(t *testing.T) {
	size := Message{Text: "Which size?", Buttons: []Button{
		{Label: "Small", Value: "s"}, {Label: "The map", URL: "https://shop.example/map"}, {Label: "Large"}, {Label: "2", Value: "two"},
	}}
	for _, tt := range []struct{ says, lines, pressed string }{
		{"small", "s", "s"},
		{" Large ", "Large", "Large"},
		{"1", "s", "1"},
		{"2", "two", "two"},
		{"3", "two", "3"},
		{"4", "4", "4"},
		{"0", "0", "0"},
		{"-1", "-1", "-1"},
		{"s", "s", "s"},
		{"The map", "The map", "The map"},
		{"neither", "neither", "neither"},
	} {
		s := offered(t, called(), size).customer(tt.says)
		require.Equal(t, tt.lines, s.pending(AskBot).Text, "%q where buttons are lines", tt.says)
		s = offered(t, pressing(), size).customer(tt.says)
		require.Equal(t, tt.pressed, s.pending(AskBot).Text, "%q where buttons can be pressed", tt.says)
	}
}

func TestPeopleReadTheLabelOfWhatWasPressed(t *testing.T) {
	s := offered(t, pressing(), Message{Text: "What?", Buttons: []Button{{Label: "My order", Value: "order_status"}}}).customer("order_status")
	lines := s.Transcript.Lines
	require.Equal(t, "My order", lines[len(lines)-1].Text)
	require.Equal(t, "What?\n- My order", s.Transcript.Between(0, 9)[1].Text, "agents read what was offered")
}

func TestWhatWasOfferedIsForgottenWithTheNextAnswerAndWithTheHandoff(t *testing.T) {
	offer := Message{Text: "What?", Buttons: []Button{{Label: "My order", Value: "order_status"}}}
	s := offered(t, called(), offer).customer("what else?")
	s.succeeds(AskBot).customer("my order")
	require.Equal(t, "my order", s.pending(AskBot).Text)
	s = offered(t, called(), offer).asksForHuman()
	require.Empty(t, s.Offered)
}

func TestAButtonMayBeAWordThatAsksForAHuman(t *testing.T) {
	r := called()
	r.Policy.HandoffWords = []string{"a person"}
	offered(t, r, Message{Text: "Well?", Buttons: []Button{{Label: "No"}, {Label: "A person", Value: "agent"}, {Label: "Talk", Value: "a person"}}}).
		customer("3").is(Waiting, ByCustomer)
}

func TestButtonsWithoutWordsBelongToTheMessageBefore(t *testing.T) {
	yes := []Button{{Label: "Yes"}}
	s := offered(t, called(), Message{Text: "One."}, Message{Buttons: yes}, Message{Text: "Two.", Buttons: yes}, Message{Buttons: []Button{{Value: "no"}, {}}})
	s.decided(`say bot: "One.\n1. Yes"`, `say bot: "Two.\n2. Yes\n3. no"`)
	offered(t, pressing(), Message{Buttons: yes}).decided(`say bot: "1. Yes"`)
	s = offered(t, pressing(), Message{Text: "One.", Buttons: yes}, Message{Buttons: []Button{{Label: "No"}}})
	require.Equal(t, []Button{{Label: "Yes"}, {Label: "No"}}, s.pending(Say).Buttons)
	require.Len(t, yes, 1)
}

func TestButtonsGoOutAloneAndOnlyWhereTheChannelShowsThem(t *testing.T) {
	s := offered(t, pressing(), Message{Text: "One."}, Message{Text: "Two.", Buttons: []Button{{Label: "Yes"}}}, Message{Text: "Three."})
	for _, want := range []string{"One.", "Two.", "Three."} {
		task, _ := s.Take(ChannelSide)
		require.Len(t, task.Effects, 1)
		require.Equal(t, want, task.Effects[0].Text)
		s.comesOf(Event{Kind: Delivered, Key: task.Effects[0].Key})
	}
	require.Empty(t, s.Counts.Degraded)
}

func TestWhatAMessageLostIsCountedOnceItArrived(t *testing.T) {
	s := offered(t, called(), Message{Text: "Well?", Buttons: []Button{{Label: "Yes"}}})
	require.Empty(t, s.Counts.Degraded)
	s.comesOf(Event{Kind: Delivered, Key: s.pending(Say).Key, Degraded: ButtonsAsText})
	require.Equal(t, []ReasonCount{{Reason: ButtonsAsText, N: 1}}, s.Counts.Degraded)
}

func TestTooManyButtonsAreCut(t *testing.T) {
	var many []Button
	for i := range 200 {
		many = append(many, Button{Label: fmt.Sprint("no. ", i)})
	}
	s := offered(t, called(), Message{Text: "Well?", Buttons: many})
	require.Equal(t, 50, strings.Count(s.pending(Say).Text, "no. "))
}

func TestAnAnswerToTheBotIsNoRating(t *testing.T) {
	s := offered(t, called(), Message{Text: "How many?", Buttons: []Button{{Label: "One", Value: "5"}, {Label: "Two"}}})
	s.Tickets = append(s.Tickets, TicketRecord{Key: "k", Desk: s.Route.Desks[0].Name, Ticket: Ticket{ID: "T1"}, Status: TicketDone})
	s.RatableUntil = s.now.Add(time.Hour)
	s.customer("1")
	require.Equal(t, "5", s.pending(AskBot).Text)
	require.Zero(t, s.Rating)
	s.customer("4")
	require.Equal(t, 4, s.Rating, "a number that is no button still answers the survey")
}
