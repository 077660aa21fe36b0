package tiledesk_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/tiledesk"
	"github.com/handoff-engine/handoff/conversation"
	vendor "github.com/handoff-engine/handoff/testsuite/fake/tiledesk"
	"github.com/handoff-engine/handoff/testsuite/subjects"
)

func TestAForgottenTokenIsReplacedOnce(t *testing.T) {
	d := newDesk(t)
	c := d.open()
	ticket := openTicket(t, c, key(1))
	require.Equal(t, 1, d.Faults.Calls(vendor.OpSignIn))
	d.ExpireTokens()
	_, err := c.Post(t.Context(), connector.PostRequest{Key: key(2), Ticket: ticket, Text: "hello"})
	require.NoError(t, err)
	require.Equal(t, 2, d.Faults.Calls(vendor.OpSignIn))
	require.Equal(t, "Carla Customer: hello", slices.Clone(d.reads(ticket))[3])
}

func TestAWrongPasswordIsTriedOnce(t *testing.T) {
	d := newDesk(t)
	c := d.open(func(c *tiledesk.Config) { c.Password = "wrong" })
	require.Equal(t, connector.Unauthenticated, connector.KindOf(c.Check(t.Context())))
	require.Equal(t, 1, d.Faults.Calls(vendor.OpSignIn))
}

func TestCheckProvesTheRoleTheProjectAndTheSecret(t *testing.T) {
	d := newDesk(t)
	require.NoError(t, d.open().Check(t.Context()))
	require.NoError(t, d.open(func(c *tiledesk.Config) { c.CustomerJWTSecret = vendor.DefaultJWTSecret }).Check(t.Context()))
	require.NoError(t, d.open(func(c *tiledesk.Config) { c.BaseURL += "/v3/" }).Check(t.Context()))
	for name, tc := range map[string]struct {
		kind   connector.Kind
		change func(*tiledesk.Config)
	}{
		"jwt secret": {connector.Unauthenticated, func(c *tiledesk.Config) { c.CustomerJWTSecret = "another" }},
		"department": {connector.NotFound, func(c *tiledesk.Config) { c.Department = strings.Repeat("0", 24) }},
		"project":    {connector.Invalid, func(c *tiledesk.Config) { c.ProjectID = strings.Repeat("0", 24) }},
	} {
		require.Equal(t, tc.kind, connector.KindOf(d.open(tc.change).Check(t.Context())), name)
	}
	agent := newDesk(t, func(o *vendor.Options) { o.Role = "agent" })
	require.Equal(t, connector.Forbidden, connector.KindOf(agent.open().Check(t.Context())))
	require.NotContains(t, logsOfCheck(t, d), "available")
	d.SetAvailable(vendor.Integration, true)
	require.Contains(t, logsOfCheck(t, d), "our own user is available")
	require.Zero(t, d.Customers(), "checking makes nobody known")
}

// logsOfCheck checks a connection and gives what it logged.
func logsOfCheck(t *testing.T, d *desk) string {
	t.Helper()
	var logs bytes.Buffer
	c, err := tiledesk.New(subjects.TiledeskConfig(d.Web.URL, hookSecret), connector.Deps{Unpaced: true, Logger: slog.New(slog.NewTextHandler(&logs, nil))})
	require.NoError(t, err)
	require.NoError(t, c.Check(t.Context()))
	return logs.String()
}

func TestACustomerIsOneForAllTickets(t *testing.T) {
	for name, secret := range map[string]connector.Secret{"anonymous": "", "with an id of ours": vendor.DefaultJWTSecret} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			c := d.open(func(c *tiledesk.Config) { c.CustomerJWTSecret = secret })
			req := connector.OpenRequest{Key: key(1), Conversation: conversationID, Customer: carla, Transcript: chat()}
			prepared, err := c.PrepareTicket(t.Context(), req)
			require.NoError(t, err)
			req.Vendor = prepared
			first, err := c.Open(t.Context(), req)
			require.NoError(t, err)
			second := connector.OpenRequest{Key: key(2), Conversation: conversationID, Customer: carla, Transcript: chat(), Previous: &first}
			again, err := c.PrepareTicket(t.Context(), second)
			require.NoError(t, err)
			require.Equal(t, prepared, again)
			ticket, err := c.Open(t.Context(), second)
			require.NoError(t, err)
			require.Equal(t, d.Request(first.ID).Customer, d.Request(ticket.ID).Customer)
			require.Equal(t, 1, d.Customers())

			// The customer of a mirror is whoever agents have read along with.
			mirrored, err := c.Mirror(t.Context(), connector.MirrorRequest{Key: key(4), Conversation: conversationID, Customer: carla, Lines: chat(), Vendor: again})
			require.NoError(t, err)
			kept, err := c.PrepareTicket(t.Context(), connector.OpenRequest{Key: key(5), Conversation: conversationID, Customer: carla, Mirrored: &mirrored})
			require.NoError(t, err)
			require.Equal(t, again, kept)
			require.Equal(t, 1, d.Customers())

			// What another connection has kept is not this one's customer.
			foreign := second
			foreign.Key, foreign.Previous = key(3), nil
			foreign.Vendor = map[string]string{"customer_id": "cust-1", "customer_of": "another"}
			_, err = c.Open(t.Context(), foreign)
			require.NoError(t, err)
			require.Equal(t, 1+btoi(secret == ""), d.Customers())
		})
	}
}

// What Tiledesk is not told of a customer whom it does not know, it takes from whoever makes the call.
func TestACustomerIsNotShownWithOurOwnAddress(t *testing.T) {
	for name, secret := range map[string]connector.Secret{"anonymous": "", "with an id of ours": vendor.DefaultJWTSecret} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			c := d.open(func(c *tiledesk.Config) { c.CustomerJWTSecret = secret })
			shown := func(k conversation.Key, who conversation.Customer, mirrored bool) vendor.Request {
				id := string(k)
				if mirrored {
					ticket, err := c.Mirror(t.Context(), connector.MirrorRequest{Key: k, Conversation: id, Customer: who, Lines: chat()})
					require.NoError(t, err)
					return d.Request(ticket.ID)
				}
				ticket, err := c.Open(t.Context(), connector.OpenRequest{Key: k, Conversation: id, Customer: who, Transcript: chat()})
				require.NoError(t, err)
				return d.Request(ticket.ID)
			}
			for n, mirrored := range []bool{false, true} {
				r := shown(key(10+n), conversation.Customer{Name: "Ben Buyer"}, mirrored)
				require.Empty(t, r.CustomerEmail)
				require.Empty(t, r.CustomerPhone)
				r = shown(key(20+n), carla, mirrored)
				require.Equal(t, carla.Email, r.CustomerEmail)
				require.Empty(t, r.CustomerPhone)
			}
		})
	}
}

func TestSubscriptionsAreRepaired(t *testing.T) {
	const webhook = "https://handoff.example/webhooks/tiledesk-support"
	d := newDesk(t)
	d.Register("https://somebody.example/hooks")
	others := len(d.Subscriptions())
	d.Register(webhook + "/an-old-secret-0123456789")
	d.Register(webhook)
	c := d.open(func(c *tiledesk.Config) { c.WebhookSecret = connector.Secrets{"new-secret-0123456789", hookSecret} })
	for range 2 {
		require.NoError(t, c.Subscribe(t.Context(), webhook))
		var ours []string
		for _, s := range d.Subscriptions() {
			if strings.Contains(s, webhook) {
				ours = append(ours, s)
			}
		}
		require.Equal(t, []string{
			"message.create " + webhook + "/new-secret-0123456789", "request.create " + webhook + "/new-secret-0123456789",
			"request.update " + webhook + "/new-secret-0123456789", "request.close " + webhook + "/new-secret-0123456789",
			"event.emit.typing.start " + webhook + "/new-secret-0123456789",
		}, ours)
		require.Len(t, d.Subscriptions(), others+5, "those of others are left alone")
	}
	require.Equal(t, 5, d.Faults.Calls(vendor.OpSubscribe))
	agent := newDesk(t, func(o *vendor.Options) { o.Role = "agent" })
	require.Equal(t, connector.Forbidden, connector.KindOf(agent.open().Subscribe(t.Context(), webhook)))
}

func TestFilesAreFetchedWithACredentialOnlyFromTheServersFiles(t *testing.T) {
	d := newDesk(t)
	c := d.open()
	address := d.file(d.Web.URL, []byte("content"))
	read := func() string {
		f, err := c.FetchAttachment(t.Context(), conversation.Attachment{URL: address})
		require.NoError(t, err)
		defer func() { require.NoError(t, f.Close()) }()
		require.Equal(t, "i.png", f.Name)
		require.Equal(t, "image/png", f.ContentType)
		content, err := io.ReadAll(f)
		require.NoError(t, err)
		return string(content)
	}
	require.Equal(t, "content", read())
	d.Switch(func(s *vendor.Switches) { s.FilesWantToken = true })
	require.Equal(t, "content", read())
	reads := d.Faults.Calls(vendor.OpRequest) + d.Faults.Calls(vendor.OpListHooks)
	for _, u := range []string{
		d.Web.URL + "/" + vendor.DefaultProject + "/subscriptions", d.Web.URL + "/files/../" + vendor.DefaultProject + "/subscriptions",
		"http://127.0.0.1:1/files?path=x", "ftp://files.example/x", "%",
	} {
		_, err := c.FetchAttachment(t.Context(), conversation.Attachment{URL: u})
		require.Equal(t, connector.Invalid, connector.KindOf(err), u)
	}
	require.Equal(t, reads, d.Faults.Calls(vendor.OpRequest)+d.Faults.Calls(vendor.OpListHooks))
	_, err := c.FetchAttachment(t.Context(), conversation.Attachment{URL: d.Web.URL + "/files?path=gone"})
	require.Equal(t, connector.NotFound, connector.KindOf(err))
}

// instant answers at once, without a network.
type instant struct{ at []time.Time }

func (i *instant) RoundTrip(r *http.Request) (*http.Response, error) {
	i.at = append(i.at, time.Now())
	body := `{"token":"JWT x","_id":"m1","request":{"status":200}}`
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader([]byte(body))), Request: r}, nil
}

func TestCallsToTheCloudKeepToFiveASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &instant{}
		c, err := tiledesk.New(subjects.TiledeskConfig("https://api.tiledesk.com/v3", hookSecret), connector.Deps{Connection: "under-test", HTTP: &http.Client{Transport: wire}})
		require.NoError(t, err)
		ticket := conversation.Ticket{ID: "support-group-1", Vendor: map[string]string{"customer_id": "c", "customer_of": "under-test"}}
		for n := range 50 {
			_, err := c.Post(t.Context(), connector.PostRequest{Key: key(n), Ticket: ticket, Text: "hello"})
			require.NoError(t, err)
		}
		require.Len(t, wire.at, 51)
		for i := range wire.at[5:] {
			require.GreaterOrEqual(t, wire.at[i+5].Sub(wire.at[i]), time.Second, "call %d", i)
		}
	})
}

func TestValidateSaysWhatToWrite(t *testing.T) {
	valid := subjects.TiledeskConfig("https://api.tiledesk.com/v3", hookSecret)
	require.NoError(t, valid.Validate())
	for key, change := range map[string]func(*tiledesk.Config){
		"base_url":         func(c *tiledesk.Config) { c.BaseURL = "api.tiledesk.com" },
		"project_id":       func(c *tiledesk.Config) { c.ProjectID = "my project" },
		"email":            func(c *tiledesk.Config) { c.Email = "" },
		"password":         func(c *tiledesk.Config) { c.Password = "" },
		"webhook_secret":   func(c *tiledesk.Config) { c.WebhookSecret = connector.Secrets{"with/slash-0123456789"} },
		"calls_per_second": func(c *tiledesk.Config) { c.CallsPerSecond = 0.5 },
		"department":       func(c *tiledesk.Config) { c.Department = "billing" },
	} {
		wrong := valid
		change(&wrong)
		err := wrong.Validate()
		require.ErrorContains(t, err, key)
		_, err = tiledesk.New(wrong, connector.Deps{})
		require.ErrorContains(t, err, key)
	}
	for address, pace := range map[string]float64{"https://api.tiledesk.com/v3": 5, "https://tiledesk.example": 50} {
		c, err := tiledesk.New(subjects.TiledeskConfig(address, hookSecret), connector.Deps{})
		require.NoError(t, err)
		require.InDelta(t, pace, c.Traits().CallsPerSecond, 0)
	}
	var c tiledesk.Config
	c.SetDefaults()
	require.Equal(t, "https://api.tiledesk.com/v3", c.BaseURL)
}
