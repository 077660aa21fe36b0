package livechat_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/livechat"
	"github.com/handoff-engine/handoff/conversation"
	vendor "github.com/handoff-engine/handoff/testsuite/fake/livechat"
	"github.com/handoff-engine/handoff/testsuite/subjects"
)

// withoutPAT does everything with the app's token.
func withoutPAT(c *livechat.Config) { c.AccountID, c.PersonalAccessToken = "", "" }

func TestManyCallersShareOneTokenOfEachKind(t *testing.T) {
	d := newDesk(t)
	c := openConnection(t, d.Web.URL, withoutPAT)
	req := openRequest(t, c, "shop:c1/e1-2")
	ticket := mustOpen(t, c, req)
	d.ExpireTokens()
	agents, customers := d.TokensIssued()
	var wg sync.WaitGroup
	errs := make(chan error, 20)
	for i := range 20 {
		wg.Go(func() {
			_, err := c.Post(t.Context(), connector.PostRequest{Key: conversation.Key("shop:c1/e1-" + strings.Repeat("1", i+1)), Ticket: ticket, Text: "hello"})
			errs <- err
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	agentsAfter, customersAfter := d.TokensIssued()
	require.Equal(t, agents+1, agentsAfter)
	require.Equal(t, customers+1, customersAfter)
	require.Len(t, d.Said(chatID(ticket)), 21)
}

func TestPersonalAccessTokenSparesTheAppsToken(t *testing.T) {
	d := newDesk(t)
	c := openConnection(t, d.Web.URL)
	_, err := c.Availability(t.Context(), connector.AvailabilityRequest{})
	require.NoError(t, err)
	agents, _ := d.TokensIssued()
	require.Zero(t, agents)
}

func TestRevokedAppTokenIsReplacedOnce(t *testing.T) {
	d := newDesk(t)
	c := openConnection(t, d.Web.URL, withoutPAT)
	ticket := mustOpen(t, c, openRequest(t, c, "shop:c1/e1-2"))
	d.ExpireTokens()
	require.NoError(t, c.CloseTicket(t.Context(), connector.CloseRequest{Ticket: ticket}))

	d.ExpireTokens()
	wrong := openConnection(t, d.Web.URL, withoutPAT, func(c *livechat.Config) { c.RefreshToken = "rt_wrong" })
	_, err := wrong.Availability(t.Context(), connector.AvailabilityRequest{})
	require.Equal(t, connector.Unauthenticated, connector.KindOf(err))
}

func TestOrganizationIsLearntFromTheAccountServer(t *testing.T) {
	d := newDesk(t)
	c := openConnection(t, d.Web.URL, func(c *livechat.Config) { c.OrganizationID = "" })
	ticket := mustOpen(t, c, openRequest(t, c, "shop:c1/e1-2"))
	require.NotEmpty(t, ticket.ID)
}

func TestWrongRegionIsCorrectedOnceAndRemembered(t *testing.T) {
	d := newDesk(t)
	d.Switch(func(s *vendor.Switches) { s.Region = "fra" })
	c := openConnection(t, d.Web.URL)
	_, err := c.Availability(t.Context(), connector.AvailabilityRequest{})
	require.NoError(t, err)
	_, err = c.Availability(t.Context(), connector.AvailabilityRequest{})
	require.NoError(t, err)
	require.Equal(t, 3, d.Faults.Calls("configuration/get_group"))

	configured := openConnection(t, d.Web.URL, func(c *livechat.Config) { c.Region = "fra" })
	_, err = configured.Availability(t.Context(), connector.AvailabilityRequest{})
	require.NoError(t, err)
	require.Equal(t, 4, d.Faults.Calls("configuration/get_group"))
}

func TestEndOfTheAPIVersionIsLoggedOnce(t *testing.T) {
	d := newDesk(t)
	d.Switch(func(s *vendor.Switches) { s.Deprecation = "2027-03-31" })
	var log bytes.Buffer
	c, err := livechat.New(subjects.LiveChatConfig(d.Web.URL, hookSecret), connector.Deps{
		Connection: "under-test", Logger: slog.New(slog.NewJSONHandler(&log, nil)),
	})
	require.NoError(t, err)
	for range 3 {
		_, err := c.Availability(t.Context(), connector.AvailabilityRequest{})
		require.NoError(t, err)
	}
	require.Equal(t, 1, strings.Count(log.String(), "2027-03-31"))
}

func TestEveryErrorTypeIsJudgedByItsNameAlone(t *testing.T) {
	d := newDesk(t)
	d.Switch(func(s *vendor.Switches) { s.OtherStatus, s.EmptyBody = http.StatusBadRequest, true })
	c := openConnection(t, d.Web.URL)
	ticket := mustOpen(t, c, openRequest(t, c, "shop:c1/e1-2"))
	require.NoError(t, c.CloseTicket(t.Context(), connector.CloseRequest{Ticket: ticket}), "an empty answer is a success")
	_, err := c.Post(t.Context(), connector.PostRequest{Key: "shop:c1/e1-3", Ticket: ticket, Text: "late"})
	require.Equal(t, connector.Conflict, connector.KindOf(err))
	_, err = c.ListMessages(t.Context(), connector.ListRequest{Ticket: conversation.Ticket{ID: "NOCHAT:NOTHREAD"}})
	require.Equal(t, connector.NotFound, connector.KindOf(err))
}

func TestCheckNamesWhatIsMissing(t *testing.T) {
	d := newDesk(t)
	require.NoError(t, openConnection(t, d.Web.URL).Check(t.Context()))
	d.Switch(func(s *vendor.Switches) { s.NotInstalled = true })
	err := openConnection(t, d.Web.URL).Check(t.Context())
	require.Equal(t, connector.Forbidden, connector.KindOf(err))
	require.ErrorContains(t, err, "install the app")
}

func TestConfigurationMistakesAreNamed(t *testing.T) {
	for _, tc := range []struct {
		key    string
		change func(*livechat.Config)
	}{
		{"client_id", func(c *livechat.Config) { c.ClientID = "" }},
		{"client_secret", func(c *livechat.Config) { c.ClientSecret = "" }},
		{"refresh_token", func(c *livechat.Config) { c.RefreshToken = " " }},
		{"personal_access_token", func(c *livechat.Config) { c.AccountID = "" }},
		{"webhook_secret", func(c *livechat.Config) { c.WebhookSecret = nil }},
		{"webhook_secret", func(c *livechat.Config) { c.WebhookSecret = connector.Secrets{"short"} }},
		{"note_agent", func(c *livechat.Config) { c.NoteAgent = "mira" }},
		{"group", func(c *livechat.Config) { *c.Group = -1 }},
		{"base_url", func(c *livechat.Config) { c.BaseURL = "api.livechatinc.com" }},
	} {
		c := subjects.LiveChatConfig("http://127.0.0.1:9", hookSecret)
		tc.change(&c)
		require.ErrorContains(t, c.Validate(), tc.key)
	}
	var defaults livechat.Config
	defaults.SetDefaults()
	require.Equal(t, "https://api.livechatinc.com", defaults.BaseURL)
	require.Equal(t, "https://accounts.livechat.com", defaults.TokenURL)
}
