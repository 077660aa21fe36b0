package activities_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/handoff-engine/handoff/activities"
	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
)

// running are conversations that a test plays.
type running struct {
	active   []string
	views    map[string]conversation.View
	known    map[string]bool
	signaled []conversation.Arrival
	ahead    int
	err      error
}

func (r *running) Signal(_ context.Context, a conversation.Arrival) (conversation.Result, error) {
	r.signaled = append(r.signaled, a)
	return conversation.Accepted, r.err
}

func (r *running) PassOn(_ context.Context, a conversation.Arrival) error {
	r.signaled = append(r.signaled, a)
	return r.err
}

func (r *running) View(_ context.Context, id string) (conversation.View, error) {
	v, ok := r.views[id]
	if !ok {
		return v, conversation.ErrNotFound
	}
	return v, nil
}

func (r *running) Missing(_ context.Context, _ string, events []conversation.Event) ([]conversation.Event, error) {
	var missing []conversation.Event
	for _, ev := range events {
		if !r.known[ev.ID] {
			missing = append(missing, ev)
		}
	}
	return missing, nil
}

func (r *running) Ahead(context.Context, string, time.Time) (int, error) { return r.ahead, r.err }

func (r *running) Active(context.Context, string) ([]string, error) { return r.active, r.err }

// listing gives a lister of fixed events.
func listing(ids ...string) *lister {
	return &lister{vendor: &vendor{}, list: func(connector.ListRequest) ([]connector.Inbound, error) {
		var all []connector.Inbound
		for _, id := range ids {
			all = append(all, connector.Inbound{Event: conversation.Event{ID: id, Kind: conversation.AgentSaid}})
		}
		return all, nil
	}}
}

func TestCatchingUpGivesWhatTheConversationDoesNotKnow(t *testing.T) {
	l := listing("e1", "e2", "e3")
	a := with(l)
	a.Conversations = &running{known: map[string]bool{"e1": true, "e3": true}}
	events, err := do(t, a, a.CatchUp, at(conversation.CatchUp))
	require.NoError(t, err)
	require.Equal(t, []conversation.Event{{Kind: conversation.CaughtUp, Key: "k1", Missed: []conversation.Event{
		{ID: "e2", Source: "shop", Kind: conversation.AgentSaid, TicketID: "T1"},
	}}}, events)
	require.Equal(t, "T1", l.asked[0].Ticket.ID)
}

func TestCatchingUpWithADeskThatIsDownIsTriedAgain(t *testing.T) {
	l := &lister{vendor: &vendor{}, list: func(connector.ListRequest) ([]connector.Inbound, error) { return nil, trouble(connector.Unavailable) }}
	a := with(l)
	a.Conversations = &running{}
	_, err := do(t, a, a.CatchUp, at(conversation.CatchUp))
	require.False(t, application(t, err).NonRetryable())
}

// heal runs one look.
func heal(t *testing.T, a *activities.Activities) (activities.Healed, error) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(a)
	answer, err := env.ExecuteActivity(a.Heal, "shop")
	var healed activities.Healed
	if err == nil {
		require.NoError(t, answer.Get(&healed))
	}
	return healed, err
}

func TestHealingTellsEachConversationWhatItMissed(t *testing.T) {
	l := listing("e1", "e2")
	a := with(l)
	agent := conversation.Author{ID: "mira"}
	r := &running{
		active: []string{"chat:1", "chat:2"}, known: map[string]bool{"e1": true},
		views: map[string]conversation.View{
			"chat:1": {
				Channel: "chat", Desk: "shop", State: conversation.Assigned, Agent: &agent, DeskVendor: map[string]string{"a": "b"},
				Tickets: []conversation.TicketRecord{{Ticket: conversation.Ticket{ID: "T0"}}, {Ticket: conversation.Ticket{ID: "T1"}}},
			},
			"chat:2": {Channel: "chat", Desk: "shop", State: conversation.Waiting, Tickets: []conversation.TicketRecord{{}}},
		},
	}
	a.Conversations = r
	healed, err := heal(t, a)
	require.NoError(t, err)
	require.Equal(t, activities.Healed{Active: 2, Missed: 1}, healed)
	require.Equal(t, []connector.ListRequest{{
		Ticket: conversation.Ticket{ID: "T1"}, State: conversation.Assigned, Agent: "mira", Vendor: map[string]string{"a": "b"},
	}}, l.asked, "the current ticket is read; one that is not open yet is not")
	require.Equal(t, []conversation.Arrival{{Connection: "shop", ID: "chat:1", Event: conversation.Event{
		ID: "e2", Source: "shop", Kind: conversation.AgentSaid, TicketID: "T1",
	}}}, r.signaled)
}

func TestAChannelIsReadByItsOwnNameOfTheConversation(t *testing.T) {
	l := listing("e1")
	a := with(l)
	r := &running{active: []string{"shop:1"}, views: map[string]conversation.View{
		"shop:1": {Channel: "shop", Desk: "office", Ref: "ref-1", State: conversation.Assigned, ChannelVendor: map[string]string{"c": "d"}},
	}}
	a.Conversations = r
	_, err := heal(t, a)
	require.NoError(t, err)
	require.Equal(t, []connector.ListRequest{{To: "ref-1", State: conversation.Assigned, Vendor: map[string]string{"c": "d"}}}, l.asked)
	require.Empty(t, r.signaled[0].Event.TicketID)
}

func TestOneConversationThatCannotBeReadDoesNotKeepTheOthersIll(t *testing.T) {
	l := listing("e1")
	a := with(l)
	var logged bytes.Buffer
	a.Logger = slog.New(slog.NewTextHandler(&logged, nil))
	r := &running{active: []string{"gone:1", "shop:2"}, views: map[string]conversation.View{"shop:2": {Channel: "shop", Ref: "2"}}}
	a.Conversations = r
	healed, err := heal(t, a)
	require.NoError(t, err)
	require.Equal(t, activities.Healed{Active: 2, Missed: 1, Failed: 1}, healed)
	require.Contains(t, logged.String(), "conversation=gone:1")
}

func TestAConnectionThatCannotBeHealedIsNotTriedAgain(t *testing.T) {
	a := with(&vendor{})
	a.Conversations = &running{}
	_, err := heal(t, a)
	require.True(t, application(t, err).NonRetryable())
	delete(a.Connections, "shop")
	_, err = heal(t, a)
	require.True(t, application(t, err).NonRetryable())
}

func TestHealingIsTriedAgainWhenTheConversationsCannotBeListed(t *testing.T) {
	a := with(listing())
	a.Conversations = &running{err: errors.New("unavailable")}
	_, err := heal(t, a)
	require.Error(t, err)
	require.False(t, application(t, err).NonRetryable())
}

// passOn runs one try to pass a late event on.
func passOn(t *testing.T, r *running) error {
	t.Helper()
	a := with(&vendor{})
	a.Conversations = r
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(a)
	_, err := env.ExecuteActivity(a.PassOn, conversation.Arrival{Connection: "shop", Ticket: "T1", Event: conversation.Event{ID: "e1"}})
	return err
}

func TestALateEventIsPassedOn(t *testing.T) {
	r := &running{}
	require.NoError(t, passOn(t, r))
	require.Equal(t, "T1", r.signaled[0].Ticket)
}

func TestALateEventOfATicketThatNobodyHasIsTriedAgainQuietly(t *testing.T) {
	err := passOn(t, &running{err: conversation.ErrNotFound})
	told := application(t, err)
	require.Equal(t, string(connector.NotFound), told.Type())
	require.False(t, told.NonRetryable())
	require.Equal(t, temporal.ApplicationErrorCategoryBenign, told.Category())
}
