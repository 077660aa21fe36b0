package tiledesk_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/tiledesk"
	"github.com/handoff-engine/handoff/conversation"
	real "github.com/handoff-engine/handoff/testsuite/real/tiledesk"
	"github.com/handoff-engine/handoff/testsuite/system"
)

const hookSecret = "path-secret-of-the-webhooks"

// within is how long the servers may take for anything.
const within = 20 * time.Second

// side is one connection of ours to a project of the real server, with a receiver of its webhooks.
type side struct {
	t *testing.T
	*real.Project
	client *tiledesk.Client
	hooks  string

	mu     sync.Mutex
	events []connector.Inbound
	bad    []error
}

// connect makes a project of its own, a connection to it, and has the webhooks registered.
func connect(t *testing.T, s *real.Server, change ...func(*tiledesk.Config, *real.Project)) *side {
	t.Helper()
	x := &side{t: t, Project: s.NewProject(t)}
	config := tiledesk.Config{
		BaseURL: s.URL, ProjectID: x.ID, Email: x.Email, Password: connector.Secret(real.Password), BotName: "Bot",
		WebhookSecret: connector.Secrets{hookSecret},
	}
	for _, f := range change {
		f(&config, x.Project)
	}
	var err error
	x.client, err = tiledesk.New(config, connector.Deps{Connection: "under-test"})
	require.NoError(t, err)
	web := httptest.NewServer(http.HandlerFunc(x.receive))
	t.Cleanup(web.Close)
	x.hooks = web.URL + "/webhooks/under-test"
	require.NoError(t, x.client.Subscribe(t.Context(), x.hooks))
	return x
}

// receive does what the gateway does with a webhook.
func (x *side) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	d := &connector.Delivery{
		Method: r.Method, Hookpoint: strings.TrimPrefix(r.URL.Path, "/webhooks/under-test/"), Header: r.Header, Body: body, ReceivedAt: time.Now(),
	}
	var events []connector.Inbound
	if err == nil {
		err = x.client.Verify(d)
	}
	if err == nil {
		events, err = x.client.Decode(d)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if err != nil {
		x.bad = append(x.bad, err)
	}
	x.events = append(x.events, events...)
}

// told lists the events of a ticket so far.
func (x *side) told(ticket conversation.Ticket) []conversation.Event {
	x.mu.Lock()
	defer x.mu.Unlock()
	require.Empty(x.t, x.bad)
	var list []conversation.Event
	for _, in := range x.events {
		if in.Typing == nil && in.Event.TicketID == ticket.ID {
			list = append(list, in.Event)
		}
	}
	return list
}

// until waits for a webhook that tells what is wanted.
func (x *side) until(ticket conversation.Ticket, what string, wanted func(conversation.Event) bool) conversation.Event {
	x.t.Helper()
	var found conversation.Event
	system.Eventually(x.t, within, what, func() bool {
		all := x.told(ticket)
		i := slices.IndexFunc(all, wanted)
		if i >= 0 {
			found = all[i]
		}
		return i >= 0
	})
	return found
}

func said(text string) func(conversation.Event) bool {
	return func(ev conversation.Event) bool { return ev.Kind == conversation.AgentSaid && ev.Text == text }
}

func assigned(agent string) func(conversation.Event) bool {
	return func(ev conversation.Event) bool { return ev.Kind == conversation.AgentAssigned && ev.Agent == agent }
}

func kind(k conversation.Kind) func(conversation.Event) bool {
	return func(ev conversation.Event) bool { return ev.Kind == k }
}

// list reads what webhooks may not have told.
func (x *side) list(ticket conversation.Ticket) []conversation.Event {
	x.t.Helper()
	inbound, err := x.client.ListMessages(x.t.Context(), connector.ListRequest{Ticket: ticket})
	require.NoError(x.t, err)
	list := make([]conversation.Event, 0, len(inbound))
	for _, in := range inbound {
		list = append(list, in.Event)
	}
	return list
}

// reads lists what agents read, as "<name>: <text>".
func (x *side) reads(ticket conversation.Ticket) []string {
	x.t.Helper()
	list := []string{}
	for _, m := range x.Messages(x.t, ticket.ID) {
		if m.Attributes["subtype"] == nil {
			list = append(list, m.SenderFullname+": "+strings.ReplaceAll(m.Text, "\u200b", ""))
		}
	}
	return list
}

func decode(t *testing.T, body []byte, into any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(body, into), string(body))
}
