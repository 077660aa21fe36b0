package dialogflow_test

import (
	"bytes"
	"log/slog"
	"maps"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/dialogflow"
	"github.com/handoff-engine/handoff/conversation"
	fakedialogflow "github.com/handoff-engine/handoff/testsuite/fake/dialogflow"
)

const (
	webhookSecret = "fulfillment-secret-of-our-own-choice"
	chat          = "app-shop:c-77"
)

// clock is a clock that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// agent is a fake agent, a connection to it, and what one conversation keeps of the bot.
type agent struct {
	t *testing.T
	*fakedialogflow.Server
	conn   *dialogflow.Client
	clock  *clock
	url    string
	logs   *bytes.Buffer
	vendor map[string]string
	n      int
}

func newAgent(t *testing.T, opts fakedialogflow.Options, change ...func(*dialogflow.Config)) *agent {
	t.Helper()
	a := &agent{t: t, clock: &clock{at: time.Now()}, logs: &bytes.Buffer{}, vendor: map[string]string{}}
	opts.Now = a.clock.now
	a.Server = fakedialogflow.New(opts)
	vendor := httptest.NewServer(a.Server)
	t.Cleanup(vendor.Close)
	a.url = vendor.URL
	c := config(opts.CX, vendor.URL, a.Credentials(vendor.URL))
	for _, f := range change {
		f(&c)
	}
	a.conn = open(t, c, a.logs)
	return a
}

// config is the usual configuration.
func config(cx bool, url, credentials string) dialogflow.Config {
	var c dialogflow.Config
	c.SetDefaults()
	c.Edition, c.Project, c.BaseURL = "es", fakedialogflow.DefaultProject, url
	if cx {
		c.Edition, c.Location, c.Agent = "cx", fakedialogflow.DefaultLocation, fakedialogflow.DefaultAgent
	}
	c.Credentials, c.WebhookSecret = connector.Secrets{connector.Secret(credentials)}, connector.Secrets{webhookSecret}
	return c
}

func open(t *testing.T, c dialogflow.Config, logs *bytes.Buffer) *dialogflow.Client {
	t.Helper()
	require.NoError(t, c.Validate())
	conn, err := dialogflow.New(c, connector.Deps{
		Connection: "dialogflow-shop", Unpaced: true, Logger: slog.New(slog.NewTextHandler(logs, nil)),
	})
	require.NoError(t, err)
	client, ok := conn.(*dialogflow.Client)
	require.True(t, ok)
	return client
}

// says asks the bot with the next key, and keeps its state as a conversation does.
func (a *agent) says(text string, context ...conversation.Line) conversation.Answer {
	a.t.Helper()
	a.n++
	answer, err := a.try(a.key(), text, context...)
	require.NoError(a.t, err)
	a.keep(answer)
	return answer
}

func (a *agent) key() conversation.Key {
	return conversation.Key(chat + "/e1-" + strconv.Itoa(a.n))
}

func (a *agent) try(key conversation.Key, text string, context ...conversation.Line) (conversation.Answer, error) {
	a.t.Helper()
	return a.conn.Reply(a.t.Context(), connector.ReplyRequest{
		Key: key, Conversation: chat, Text: text, Context: context, Vendor: a.vendor,
	})
}

func (a *agent) keep(answer conversation.Answer) {
	a.vendor = maps.Clone(a.vendor)
	maps.Copy(a.vendor, answer.Vendor)
}

// lastCall is the newest turn that the fake served.
func (a *agent) lastCall() fakedialogflow.Call {
	a.t.Helper()
	calls := a.Calls()
	require.NotEmpty(a.t, calls)
	return calls[len(calls)-1]
}

func texts(answer conversation.Answer) []string {
	var list []string
	for _, m := range answer.Messages {
		list = append(list, m.Text)
	}
	return list
}

// talk is what an agent and the customer said while the bot was not asked.
func talk() []conversation.Line {
	return []conversation.Line{
		{N: 3, Role: conversation.RoleNotice, Text: "One moment please."},
		{N: 4, Role: conversation.RoleCustomer, Text: "My invoice is wrong."},
		{N: 5, Role: conversation.RoleAgent, Name: "Maya", Text: "I have corrected it."},
		{N: 6, Role: conversation.RoleCustomer, Text: "not this", Deleted: true},
	}
}

// both runs a test for both editions.
func both(t *testing.T, test func(t *testing.T, opts fakedialogflow.Options)) {
	t.Helper()
	t.Run("ES", func(t *testing.T) { test(t, fakedialogflow.Options{}) })
	t.Run("CX", func(t *testing.T) { test(t, fakedialogflow.Options{CX: true}) })
}
