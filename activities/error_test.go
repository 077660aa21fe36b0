package activities_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/handoff-engine/handoff/activities"
	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

func TestEachKindOfErrorIsTranslatedOnce(t *testing.T) {
	for _, row := range []struct {
		kind   connector.Kind
		final  bool
		benign bool
	}{
		{connector.Unauthenticated, true, false},
		{connector.Forbidden, true, false},
		{connector.Invalid, true, false},
		{connector.NotFound, true, false},
		{connector.Conflict, true, false},
		{connector.Unsupported, true, false},
		{connector.RateLimited, false, true},
		{connector.Unavailable, false, true},
		{connector.UncertainOutcome, false, false},
	} {
		t.Run(string(row.kind), func(t *testing.T) {
			v := &vendor{answer: func(int) error { return trouble(row.kind) }}
			a := with(v)
			_, err := do(t, a, a.Say, say("hello"))
			told := application(t, err)
			require.Equal(t, string(row.kind), told.Type())
			require.Equal(t, row.final, told.NonRetryable())
			require.Equal(t, row.benign, told.Category() == temporal.ApplicationErrorCategoryBenign)
			require.Equal(t, row.kind == connector.UncertainOutcome, activities.Unknown(conversation.Reason(told.Type())))
			require.Equal(t, []string{"shop say " + string(row.kind)}, counted(a))
		})
	}
}

func TestTheVendorsWaitIsObeyed(t *testing.T) {
	v := &vendor{answer: func(int) error {
		return &connector.Error{Connector: "story", Op: "Deliver", Kind: connector.RateLimited, RetryAfter: 17 * time.Second}
	}}
	a := with(v)
	_, err := do(t, a, a.Say, say("hello"))
	require.Equal(t, 17*time.Second, application(t, err).NextRetryDelay())
}

// What nobody classified may have taken place: it is never taken for a refusal.
func TestAnErrorThatNobodyClassifiedIsOfUnknownOutcome(t *testing.T) {
	for _, cause := range []error{errOther, context.DeadlineExceeded} {
		a := with(&vendor{answer: func(int) error { return cause }})
		_, err := do(t, a, a.Say, say("hello"))
		told := application(t, err)
		require.Equal(t, string(connector.UncertainOutcome), told.Type())
		require.False(t, told.NonRetryable())
	}
}

func TestErrorsCarryNoText(t *testing.T) {
	a := with(&vendor{answer: func(int) error { return trouble(connector.Forbidden) }})
	_, err := do(t, a, a.Say, say("my card is 4711"))
	require.NotContains(t, err.Error(), "4711")
	require.Contains(t, err.Error(), "story Deliver: forbidden (HTTP 418)")
	require.NoError(t, application(t, err).Unwrap(), "the cause would be kept in the history")
}

func TestAConnectionThatIsGoneIsWaitedFor(t *testing.T) {
	a := with(&vendor{})
	task := say("hello")
	task.Connection = "closed-down"
	_, err := do(t, a, a.Say, task)
	told := application(t, err)
	require.Equal(t, string(connector.Unavailable), told.Type())
	require.False(t, told.NonRetryable(), "the configuration can be mended")
}

func TestAConnectionThatCannotDoItFailsForGood(t *testing.T) {
	a := with(&vendor{})
	for name, call := range map[string]struct {
		activity any
		kind     conversation.EffectKind
	}{
		"pause":   {a.PauseBot, conversation.PauseBot},
		"resume":  {a.ResumeBot, conversation.ResumeBot},
		"ask":     {a.AskBot, conversation.AskBot},
		"prepare": {a.PrepareTicket, conversation.PrepareTicket},
		"assign":  {a.Assign, conversation.Assign},
		"note":    {a.Note, conversation.Note},
		"find":    {a.FindTicket, conversation.FindTicket},
		"close":   {a.CloseTicket, conversation.CloseTicket},
		"list":    {a.CatchUp, conversation.CatchUp},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := do(t, a, call.activity, at(call.kind))
			told := application(t, err)
			require.Equal(t, string(connector.Unsupported), told.Type())
			require.True(t, told.NonRetryable())
		})
	}
}
