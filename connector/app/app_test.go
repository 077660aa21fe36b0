package app_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/app"
	"github.com/handoff-engine/handoff/conversation"
	fakeapp "github.com/handoff-engine/handoff/testsuite/fake/app"
)

var now = time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC)

// open makes a connection named app-shop.
func open(t *testing.T, config app.Config) *app.Client {
	t.Helper()
	config.SetDefaults()
	if config.APIToken == nil {
		config.APIToken = connector.Secrets{fakeapp.DefaultToken}
	}
	require.NoError(t, config.Validate())
	c, err := app.New(config, connector.Deps{Connection: "app-shop"})
	require.NoError(t, err)
	client, ok := c.(*app.Client)
	require.True(t, ok)
	return client
}

// backend is a fake backend and a connection to it.
func backend(t *testing.T, options fakeapp.Options, secrets ...connector.Secret) (*fakeapp.Server, *app.Client) {
	t.Helper()
	s := fakeapp.New(options)
	server := httptest.NewServer(s)
	t.Cleanup(func() {
		s.Close()
		server.Close()
	})
	if secrets == nil {
		secrets = []connector.Secret{fakeapp.DefaultSecret}
	}
	return s, open(t, app.Config{WebhookURL: server.URL + "/handoff", WebhookSecret: secrets})
}

// delivery is an event as the bearer of a token sends it.
func delivery(token, key, body string) *connector.Delivery {
	return &connector.Delivery{
		Method: http.MethodPost, Hookpoint: "conversations/" + key + "/events", Body: []byte(body), ReceivedAt: now,
		Header: http.Header{"Authorization": {"Bearer " + token}},
	}
}

func types(s *fakeapp.Server) []string {
	var list []string
	for _, w := range s.Told() {
		list = append(list, w.Type)
	}
	return list
}

func TestABackendIsToldWhoLeftWhoJoinedAndHowThingsStand(t *testing.T) {
	mira, tom := conversation.Author{ID: "mira", Name: "Mira"}, conversation.Author{ID: "tom", Name: "Tom"}
	for _, x := range []struct {
		name   string
		change conversation.Change
		want   []string
	}{
		{"asked for", conversation.Change{From: conversation.InBot, To: conversation.Waiting}, []string{"conversation.updated"}},
		{"taken", conversation.Change{From: conversation.Waiting, To: conversation.Assigned, Agent: mira}, []string{"agent.joined", "conversation.updated"}},
		{"transferred", conversation.Change{From: conversation.Assigned, To: conversation.Assigned, Agent: tom, Previous: mira}, []string{"agent.left", "agent.joined", "conversation.updated"}},
		{"given back", conversation.Change{From: conversation.Assigned, To: conversation.InBot, Previous: tom}, []string{"agent.left", "conversation.updated"}},
		{"ended", conversation.Change{From: conversation.Assigned, To: conversation.Ended, Previous: tom}, []string{"agent.left", "conversation.ended"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			s, c := backend(t, fakeapp.Options{})
			req := connector.StateRequest{Key: "app-shop:c1/e1-1", To: "c1", Change: x.change}
			require.NoError(t, c.NotifyState(t.Context(), req))
			require.NoError(t, c.NotifyState(t.Context(), req), "a repeat carries the same ids and the same bodies")
			require.Equal(t, x.want, types(s))
		})
	}
}

func TestEverySecretSignsSoThatTheBackendCanChangeAtAnyMoment(t *testing.T) {
	for _, secrets := range [][]connector.Secret{{"next", fakeapp.DefaultSecret}, {fakeapp.DefaultSecret, "next"}} {
		s, c := backend(t, fakeapp.Options{}, secrets...)
		require.NoError(t, c.Check(t.Context()))
		require.Len(t, s.Told(), 1)
	}
	_, c := backend(t, fakeapp.Options{}, "another")
	require.Equal(t, connector.Unauthenticated, connector.KindOf(c.Check(t.Context())))
}

func TestNothingIsSentAfterTheBackendAnsweredGone(t *testing.T) {
	s, c := backend(t, fakeapp.Options{Gone: true})
	for range 3 {
		_, err := c.Deliver(t.Context(), connector.DeliverRequest{Key: "k", To: "c1", Text: "hello"})
		require.Equal(t, connector.NotFound, connector.KindOf(err))
	}
	require.Equal(t, 1, s.Faults.Calls(app.TypeMessage))
}

func TestWithoutAWebhookTheStreamIsTheDelivery(t *testing.T) {
	c := open(t, app.Config{})
	_, err := c.Deliver(t.Context(), connector.DeliverRequest{Key: "k", To: "c1", Text: "hello"})
	require.NoError(t, err)
	require.NoError(t, c.NotifyState(t.Context(), connector.StateRequest{Key: "k", To: "c1"}))
	require.NoError(t, c.Check(t.Context()))
	require.Equal(t, connector.ByKey, c.Traits().Deliver)
}

func TestOnceOnlyIsPromisedOnlyIfTheBackendDeduplicates(t *testing.T) {
	_, c := backend(t, fakeapp.Options{})
	require.Equal(t, connector.AtLeastOnce, c.Traits().Deliver)
}

func TestACustomerTokenIsGoodForOneConversationForAWhile(t *testing.T) {
	c := open(t, app.Config{})
	ask := delivery(fakeapp.DefaultToken, "c1", "")
	minted, err := c.MintToken(ask, "c1")
	require.NoError(t, err)
	require.Equal(t, now.Add(15*time.Minute), minted.ExpiresAt.UTC())
	token := minted.Token.Reveal()
	read := func(token, key string, at time.Time) connector.Kind {
		d := delivery(token, key, "")
		d.ReceivedAt = at
		_, err := c.AllowRead(d, key)
		require.Equal(t, connector.KindOf(err), connector.KindOf(c.Verify(d)), "reading and speaking are allowed together")
		return connector.KindOf(err)
	}
	require.Empty(t, read(token, "c1", now))
	require.Empty(t, read(token, "c1", now.Add(15*time.Minute-time.Second)))
	require.Equal(t, connector.Unauthenticated, read(token, "c1", now.Add(15*time.Minute)), "over")
	require.Equal(t, connector.Unauthenticated, read(token, "c2", now), "another conversation")
	require.Equal(t, connector.Unauthenticated, read(token[:len(token)-1], "c1", now), "cut")
	later := strings.Replace(token, "hct1.1", "hct1.2", 1)
	require.NotEqual(t, token, later)
	require.Equal(t, connector.Unauthenticated, read(later, "c1", now), "made to last")
	require.Empty(t, read(fakeapp.DefaultToken, "c1", now), "the team may read everything")

	_, err = c.MintToken(delivery(token, "c1", ""), "c1")
	require.Equal(t, connector.Unauthenticated, connector.KindOf(err), "a customer makes no tokens")
	other, err := app.New(app.Config{APIToken: connector.Secrets{fakeapp.DefaultToken}}, connector.Deps{Connection: "app-other"})
	require.NoError(t, err)
	require.Error(t, other.Verify(delivery(token, "c1", "")), "another connection of the same secret")
	rotated := open(t, app.Config{APIToken: connector.Secrets{"next-token", fakeapp.DefaultToken}})
	require.NoError(t, rotated.Verify(delivery(token, "c1", "")), "the secret is being replaced")
}

func TestACustomersDeviceSpeaksForTheCustomerOnly(t *testing.T) {
	c := open(t, app.Config{})
	minted, err := c.MintToken(delivery(fakeapp.DefaultToken, "c1", ""), "c1")
	require.NoError(t, err)
	token := minted.Token.Reveal()
	decode := func(body string) (conversation.Event, error) {
		d := delivery(token, "c1", body)
		require.NoError(t, c.Verify(d))
		events, err := c.Decode(d)
		if err != nil {
			return conversation.Event{}, err
		}
		require.Len(t, events, 1)
		return events[0].Event, nil
	}
	said, err := decode(`{"id":"m-1","type":"customer.message","text":"hello","at":"2020-01-01T00:00:00Z","customer":{"email":"somebody@else.example"}}`)
	require.NoError(t, err)
	require.Equal(t, "customer:m-1", said.ID, "its ids never meet those of the backend")
	require.Equal(t, now, said.At)
	require.Empty(t, said.Customer)
	asked, err := decode(`{"id":"h-1","type":"handoff.requested","agent":"the-boss","by":"bot"}`)
	require.NoError(t, err)
	require.Equal(t, conversation.ByCustomer, asked.Reason)
	require.Empty(t, asked.Agent)
	_, err = decode(`{"id":"b-1","type":"bot.message","text":"You get your money back."}`)
	require.Equal(t, connector.Forbidden, connector.KindOf(err))
}

func TestAnEventNeedsAnAddressOfTheContract(t *testing.T) {
	c := open(t, app.Config{})
	for _, hookpoint := range []string{"", "events", "conversations//events", "conversations/a b/events", "conversations/c1/events/x"} {
		d := delivery(fakeapp.DefaultToken, "c1", `{"id":"m-1","type":"customer.message","text":"hello"}`)
		d.Hookpoint = hookpoint
		_, err := c.Decode(d)
		require.Equal(t, connector.Invalid, connector.KindOf(err), hookpoint)
	}
}

func TestOnlyTheOriginsOfTheListMayCall(t *testing.T) {
	c := open(t, app.Config{AllowOrigins: []string{"https://shop.example"}})
	require.True(t, c.AllowOrigin("https://shop.example"))
	require.False(t, c.AllowOrigin("https://evil.example"))
	require.False(t, c.AllowOrigin(""))
}

func TestMistakesInTheConfigurationNameTheKey(t *testing.T) {
	token := connector.Secrets{"token"}
	for key, config := range map[string]app.Config{
		"api_token":      {},
		"webhook_url":    {APIToken: token, WebhookURL: "app.example/handoff"},
		"webhook_secret": {APIToken: token, WebhookURL: "https://app.example/handoff"},
		"allow_origins":  {APIToken: token, AllowOrigins: []string{"https://shop.example/page"}},
	} {
		config.SetDefaults()
		require.ErrorContains(t, config.Validate(), key+":")
	}
	require.ErrorContains(t, (&app.Config{APIToken: token}).Validate(), "access_lifetime:")
}
