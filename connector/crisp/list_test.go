package crisp_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/crisp"
	"github.com/handoff-engine/handoff/conversation"
	vendor "github.com/handoff-engine/handoff/testsuite/fake/crisp"
	"github.com/handoff-engine/handoff/testsuite/subjects"
)

// list gives what a list tells somebody who believes that an agent has the ticket, or nobody.
func list(t *testing.T, c *crisp.Client, ticket conversation.Ticket, agent string) []conversation.Event {
	t.Helper()
	req := connector.ListRequest{Ticket: ticket, State: conversation.Waiting}
	if agent != "" {
		req.State, req.Agent = conversation.Assigned, agent
	}
	inbound, err := c.ListMessages(t.Context(), req)
	require.NoError(t, err)
	var events []conversation.Event
	for _, in := range inbound {
		require.Equal(t, ticket.ID, in.Ref.Ticket)
		events = append(events, in.Event)
	}
	return events
}

func TestAListGoesBackToTheFirstMessage(t *testing.T) {
	for _, inclusive := range []bool{false, true} {
		d := newDesk(t)
		d.Switch(func(s *vendor.Switches) { s.PageSize, s.BeforeIsInclusive = 7, inclusive })
		c := d.connect()
		ticket := open(t, c, "shop:c1/e1-2")
		var want []string
		for i := range 40 {
			text := fmt.Sprint("line ", i)
			_, err := d.OperatorSays(ticket.ID, vendor.Sam, text)
			require.NoError(t, err)
			want = append(want, text)
		}
		var got []string
		for _, ev := range list(t, c, ticket, vendor.Sam) {
			require.Equal(t, conversation.AgentSaid, ev.Kind)
			if len(got) == 0 || got[len(got)-1] != ev.Text { // A page may begin with what the next one ended with.
				got = append(got, ev.Text)
			}
		}
		require.Equal(t, want, got)
		require.LessOrEqual(t, d.Faults.Calls("message.list"), 8, "the beginning ends it, without one page more")
	}
}

func TestAListWhoseBeginningIsNotKnownEnds(t *testing.T) {
	d := newDesk(t)
	d.Switch(func(s *vendor.Switches) { s.BeforeIsInclusive = true })
	c := d.connect()
	ticket := open(t, c, "shop:c1/e1-2")
	ticket.Vendor = nil
	list(t, c, ticket, "")
	require.LessOrEqual(t, d.Faults.Calls("message.list"), 3)
}

func TestAListTellsHowThingsStand(t *testing.T) {
	d := newDesk(t)
	c := d.connect()
	ticket := open(t, c, "shop:c1/e1-2")
	require.Empty(t, list(t, c, ticket, ""))
	require.Equal(t, "agent_unassigned", kinds(list(t, c, ticket, vendor.Sam)))

	require.NoError(t, d.OperatorTakes(ticket.ID, vendor.Kim))
	events := list(t, c, ticket, "")
	require.Equal(t, "agent_assigned", kinds(events))
	require.Equal(t, conversation.Author{ID: vendor.Kim, Name: "Kimberly"}, events[0].Author)
	require.Equal(t, "agent_assigned", kinds(list(t, c, ticket, vendor.Sam)))
	require.Empty(t, list(t, c, ticket, vendor.Kim))

	// Who answers without taking it has it as far as we know.
	require.NoError(t, d.OperatorReleases(ticket.ID))
	_, err := d.OperatorSays(ticket.ID, vendor.Sam, "Hello")
	require.NoError(t, err)
	require.Equal(t, "agent_said", kinds(list(t, c, ticket, vendor.Sam)))

	require.NoError(t, d.OperatorSetsState(ticket.ID, vendor.StateResolved))
	require.Equal(t, "agent_said ticket_closed", kinds(list(t, c, ticket, vendor.Sam)))
}

func TestAListTellsWhatHooksLost(t *testing.T) {
	d := newDesk(t)
	c := d.connect()
	ticket := open(t, c, "shop:c1/e1-2")
	_, err := c.Post(t.Context(), connector.PostRequest{Key: "shop:c1/e1-3", Ticket: ticket, Text: "Hello"})
	require.NoError(t, err)
	mark, err := d.OperatorSays(ticket.ID, vendor.Sam, "Monday")
	require.NoError(t, err)
	require.NoError(t, d.OperatorEdits(ticket.ID, mark, "Tuesday"))
	for _, private := range []func() (int64, error){
		func() (int64, error) { return d.OperatorNotes(ticket.ID, vendor.Sam, "between us") },
		func() (int64, error) { return d.AutomationSays(ticket.ID, vendor.Sam, "I am a bot") },
		func() (int64, error) { return d.OperatorWhispers(ticket.ID, vendor.Sam, "between us") },
		func() (int64, error) { return d.OperatorNotes(ticket.ID, vendor.Sam, "!bot") },
	} {
		_, err := private()
		require.NoError(t, err)
	}
	listed := list(t, c, ticket, vendor.Sam)
	require.Equal(t, "agent_said agent_edited agent_noted agent_noted handed_back", kinds(listed))
	require.Equal(t, "Tuesday", listed[0].Text)

	told := map[string]bool{}
	for _, ev := range d.events(c) {
		told[ev.ID] = true
	}
	for _, ev := range listed {
		if ev.Kind != conversation.AgentEdited { // A list does not say when; the same words twice change nothing.
			require.True(t, told[ev.ID], ev.Kind)
		}
	}
}

func TestValidateNamesTheKeyThatIsWrong(t *testing.T) {
	for key, spoil := range map[string]func(*crisp.Config){
		"website_id":     func(c *crisp.Config) { c.WebsiteID = " " },
		"website_id ":    func(c *crisp.Config) { c.WebsiteID = "https://app.crisp.chat/website/x" },
		"identifier":     func(c *crisp.Config) { c.Identifier = "" },
		"identifier ":    func(c *crisp.Config) { c.Identifier = "a:b" },
		"key":            func(c *crisp.Config) { c.Key = "" },
		"tier":           func(c *crisp.Config) { c.Tier = "user" },
		"hook_secret":    func(c *crisp.Config) { c.HookSecret = nil },
		"hook_key":       func(c *crisp.Config) { c.HookKey = connector.Secrets{"long enough"} },
		"hook_secret  ":  func(c *crisp.Config) { c.HookSecret = connector.Secrets{"short"} },
		"hook_tolerance": func(c *crisp.Config) { c.HookTolerance = -1 },
		"heal_every":     func(c *crisp.Config) { c.HealEvery = -1 },
		"daily_quota":    func(c *crisp.Config) { c.DailyQuota = -1 },
		"inboxes":        func(c *crisp.Config) { c.Inboxes = []string{""} },
		"origin":         func(c *crisp.Config) { c.Origin = "handoff" },
		"base_url":       func(c *crisp.Config) { c.BaseURL = "api.crisp.chat" },
		"app_url":        func(c *crisp.Config) { c.AppURL = "" },
	} {
		c := subjects.CrispConfig("http://127.0.0.1:9")
		require.NoError(t, c.Validate())
		spoil(&c)
		_, err := crisp.New(c, connector.Deps{})
		require.ErrorContains(t, err, strings.TrimSpace(key), key)
	}
}
