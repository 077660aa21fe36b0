package activities_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// able does everything that is one call, and keeps what it was asked.
type able struct {
	*vendor
	asked []any
	bot   conversation.Answer
	// there says that the ticket that is looked for is there.
	there bool
}

func (x *able) keep(req any) error {
	x.asked = append(x.asked, req)
	return x.call("asked")
}

func (x *able) PauseBot(_ context.Context, req connector.PauseRequest) error { return x.keep(req) }

func (x *able) ResumeBot(_ context.Context, req connector.ResumeRequest) error { return x.keep(req) }

func (x *able) NotifyState(_ context.Context, req connector.StateRequest) error { return x.keep(req) }

func (x *able) Assign(_ context.Context, req connector.AssignRequest) error { return x.keep(req) }

func (x *able) WriteNote(_ context.Context, req connector.NoteRequest) error { return x.keep(req) }

func (x *able) CloseTicket(_ context.Context, req connector.CloseRequest) error {
	return x.keep(req)
}

func (x *able) PrepareTicket(_ context.Context, req connector.OpenRequest) (map[string]string, error) {
	return map[string]string{"customer": "9"}, x.keep(req)
}

func (x *able) FindTicket(_ context.Context, req connector.OpenRequest) (conversation.Ticket, bool, error) {
	return conversation.Ticket{ID: "T9"}, x.there, x.keep(req)
}

func (x *able) Reply(_ context.Context, req connector.ReplyRequest) (conversation.Answer, error) {
	return x.bot, x.keep(req)
}

func TestVendorsAreAskedForWhatTheEffectSays(t *testing.T) {
	given := map[string]string{"a": "b"}
	ticket := conversation.Ticket{ID: "T1"}
	customer := conversation.Customer{Name: "Ann"}
	lines := []conversation.Line{{N: 1, Text: "hi"}}
	change := conversation.Change{From: conversation.Waiting, To: conversation.Assigned, Agent: conversation.Author{ID: "mira"}}
	x := &able{vendor: &vendor{}}
	a := with(x)
	for _, row := range []struct {
		kind     conversation.EffectKind
		activity any
		effect   conversation.Effect
		asked    any
	}{
		{conversation.PauseBot, a.PauseBot, conversation.Effect{}, connector.PauseRequest{Key: "k1", To: "1", Vendor: given}},
		{conversation.ResumeBot, a.ResumeBot, conversation.Effect{Node: "n"}, connector.ResumeRequest{Key: "k1", To: "1", Node: "n", Launch: true, Vendor: given, Context: lines}},
		{conversation.ResumeBot, a.ResumeBot, conversation.Effect{End: true}, connector.ResumeRequest{Key: "k1", To: "1", Vendor: given, Context: lines}},
		{conversation.ResumeBot, a.ResumeBot, conversation.Effect{Doubtful: true}, connector.ResumeRequest{Key: "k1", To: "1", Launch: true, Again: true, Vendor: given, Context: lines}},
		{conversation.Notify, a.Notify, conversation.Effect{Change: &change}, connector.StateRequest{Key: "k1", To: "1", Change: change, Vendor: given}},
		{conversation.Assign, a.Assign, conversation.Effect{Agent: "mira", Group: "7"}, connector.AssignRequest{Key: "k1", Ticket: ticket, Agent: "mira", Group: "7", Vendor: given}},
		{conversation.Note, a.Note, conversation.Effect{Text: "psst"}, connector.NoteRequest{Key: "k1", Ticket: ticket, Text: "psst", Vendor: given}},
		{conversation.CloseTicket, a.CloseTicket, conversation.Effect{ByCustomer: true}, connector.CloseRequest{Key: "k1", Ticket: ticket, ByCustomer: true, Vendor: given}},
		{conversation.PrepareTicket, a.PrepareTicket, conversation.Effect{}, connector.OpenRequest{
			Key: "k1", Conversation: "chat:1", Customer: customer, Transcript: lines, Vendor: given,
		}},
		{conversation.FindTicket, a.FindTicket, conversation.Effect{Opening: "k0", Group: "7"}, connector.OpenRequest{
			Key: "k0", Conversation: "chat:1", Group: "7", Customer: customer, Transcript: lines, Vendor: given,
		}},
		{conversation.AskBot, a.AskBot, conversation.Effect{Text: "how?"}, connector.ReplyRequest{
			Key: "k1", Conversation: "chat:1", Text: "how?", Customer: customer, Context: lines, Vendor: given,
		}},
	} {
		t.Run(string(row.kind), func(t *testing.T) {
			x.asked = nil
			task := at(row.kind)
			task.Effects[0] = row.effect
			task.Effects[0].Key, task.Effects[0].Kind = "k1", row.kind
			task.Vendor, task.Customer, task.Transcript = given, &customer, lines
			events, err := do(t, a, row.activity, task)
			require.NoError(t, err)
			require.Equal(t, []any{row.asked}, x.asked)
			require.Len(t, events, 1)
			require.Equal(t, conversation.Key("k1"), events[0].Key)
		})
	}
}

func TestTheBotsAnswerComesBackAsAnEvent(t *testing.T) {
	x := &able{vendor: &vendor{}, bot: conversation.Answer{
		Messages: []conversation.Message{{Text: "hello"}}, Handoff: true, Vendor: map[string]string{"session": "s"},
	}}
	a := with(x)
	events, err := do(t, a, a.AskBot, at(conversation.AskBot))
	require.NoError(t, err)
	require.Equal(t, []conversation.Event{{Kind: conversation.BotAnswered, Key: "k1", Answer: &x.bot}}, events)
}

func TestWhatPreparingATicketGaveIsKept(t *testing.T) {
	a := with(&able{vendor: &vendor{}})
	events, err := do(t, a, a.PrepareTicket, at(conversation.PrepareTicket))
	require.NoError(t, err)
	require.Equal(t, []conversation.Event{{Kind: conversation.Delivered, Key: "k1", Vendor: map[string]string{"customer": "9"}}}, events)
}

func TestATicketThatIsFoundIsTold(t *testing.T) {
	x := &able{vendor: &vendor{}}
	a := with(x)
	events, err := do(t, a, a.FindTicket, at(conversation.FindTicket))
	require.NoError(t, err)
	require.Equal(t, []conversation.Event{{Kind: conversation.TicketOpened, Key: "k1"}}, events)
	x.there = true
	events, err = do(t, a, a.FindTicket, at(conversation.FindTicket))
	require.NoError(t, err)
	require.Equal(t, []conversation.Event{{Kind: conversation.TicketOpened, Key: "k1", Ticket: &conversation.Ticket{ID: "T9"}}}, events)
}

// A bot that was launched once must not be launched again blindly.
func TestALaterAttemptToResumeTheBotSaysSo(t *testing.T) {
	x := &able{vendor: &vendor{answer: only(1, connector.UncertainOutcome)}}
	a := with(x)
	_, err := retried(t, a, a.ResumeBot, at(conversation.ResumeBot))
	require.NoError(t, err)
	require.False(t, x.asked[0].(connector.ResumeRequest).Again)
	require.True(t, x.asked[1].(connector.ResumeRequest).Again)
}

// A token that is being replaced must not leave a customer with a mute bot.
func TestResumingTheBotIsTriedUntilTheCredentialsAreMended(t *testing.T) {
	for _, kind := range []connector.Kind{connector.Unauthenticated, connector.Forbidden} {
		x := &able{vendor: &vendor{answer: only(1, kind)}}
		a := with(x)
		_, err := retried(t, a, a.ResumeBot, at(conversation.ResumeBot))
		require.NoError(t, err)
		require.Len(t, x.asked, 2)
	}
	x := &able{vendor: &vendor{answer: only(1, connector.NotFound)}}
	a := with(x)
	_, err := retried(t, a, a.ResumeBot, at(conversation.ResumeBot))
	require.True(t, application(t, err).NonRetryable(), "a conversation that is gone has no bot")
}

func TestTheBotIsGivenBackHoweverOftenOurCredentialsAreRefused(t *testing.T) {
	for _, kind := range []connector.Kind{connector.Unauthenticated, connector.Forbidden} {
		x := &able{vendor: &vendor{answer: func(int) error { return connector.Errorf("story", "ResumeBot", kind, "token revoked") }}}
		a := with(x)
		_, err := do(t, a, a.ResumeBot, at(conversation.ResumeBot))
		told := application(t, err)
		require.Equal(t, string(connector.Unavailable), told.Type())
		require.False(t, told.NonRetryable(), "credentials can be mended, a mute bot cannot")
		require.Contains(t, told.Message(), "token revoked")
	}
}
