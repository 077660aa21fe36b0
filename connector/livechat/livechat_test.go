package livechat_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/livechat"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
	vendor "github.com/handoff-engine/handoff/testsuite/fake/livechat"
)

const hookSecret = "whsec-4b1d77c0"

var patHeader = base64.StdEncoding.EncodeToString([]byte(vendor.DefaultAccountID + ":" + vendor.DefaultPAT))

func subject() connectortest.Subject {
	// filesHost is where the fake of the case serves agents' files.
	var filesHost string
	return connectortest.Subject{
		Vendor: func(t connectortest.T) *connectortest.Vendor {
			d := newDesk(t)
			filesHost = strings.TrimPrefix(d.web.URL, "http://")
			return d.vendor()
		},
		Open: func(_ connectortest.T, o connectortest.Options) (connector.Connector, error) {
			o.Deps.AllowHosts = []string{filesHost}
			return livechat.New(config(o.URL, o.WebhookSecrets...), o.Deps)
		},
		Auth: connectortest.Auth{
			Secret: hookSecret,
			Sign: func(_ string, d *connector.Delivery, secret string) {
				d.Body = bytes.Replace(d.Body, []byte(`"SECRET"`), []byte(`"`+secret+`"`), 1)
			},
			Spoil: map[string]func(*connector.Delivery){
				"secret changed": func(d *connector.Delivery) {
					d.Body = bytes.Replace(d.Body, []byte(hookSecret), []byte("whsec-4b1d77c1"), 1)
				},
				"secret removed": func(d *connector.Delivery) {
					d.Body = bytes.Replace(d.Body, []byte(`"secret_key"`), []byte(`"secret"`), 1)
				},
				"secret is no text": func(d *connector.Delivery) {
					d.Body = bytes.Replace(d.Body, []byte(`"`+hookSecret+`"`), []byte("null"), 1)
				},
				"body empty": func(d *connector.Delivery) { d.Body = nil },
			},
		},
		Secrets: []string{
			hookSecret, vendor.DefaultClientSecret, vendor.DefaultRefreshToken, vendor.DefaultPAT, patHeader,
		},
		Kind: func(method string, status int) (connector.Kind, bool) {
			switch {
			case method == "SendAttachment" && (status == http.StatusBadRequest || status == http.StatusRequestEntityTooLarge):
				// LiveChat takes no such file: it goes out as a link.
				return connector.Unsupported, true
			case status == http.StatusMisdirectedRequest && method != "FetchAttachment" && method != "PrepareTicket":
				return connector.Unavailable, true
			}
			return "", false
		},
		Scrub: func(request string) string {
			request = regexp.MustCompile(`dal:(at|cust)_[0-9a-f]+`).ReplaceAllString(request, "<$1 token>")
			boundary := regexp.MustCompile(`boundary=([0-9a-f]+)`).FindStringSubmatch(request)
			if boundary != nil {
				request = strings.ReplaceAll(request, boundary[1], "BOUNDARY")
			}
			return strings.ReplaceAll(request, "\r\n", "\n")
		},
		Except: map[string]string{
			"DecodeRetryKeepsID": "LiveChat gives changes of routing neither id nor time, and the same one may rightly come again: " +
				"they tell a state, and their ids last for a second (TestOnlyRoutingLosesItsIDs)",
		},
	}
}

func TestConformance(t *testing.T) { connectortest.Run(t, subject()) }

func FuzzDecode(f *testing.F) { connectortest.FuzzDecode(f, subject()) }

// config is a connection to a fake with both kinds of credentials.
func config(url string, secrets ...string) livechat.Config {
	group := vendor.DefaultGroup
	c := livechat.Config{
		ClientID: vendor.DefaultClientID, ClientSecret: vendor.DefaultClientSecret, RefreshToken: vendor.DefaultRefreshToken,
		AccountID: vendor.DefaultAccountID, PersonalAccessToken: vendor.DefaultPAT,
		OrganizationID: vendor.DefaultOrganization, Group: &group, NoteAgent: vendor.DefaultRequester,
		BaseURL: url, TokenURL: url, FilesURL: url,
	}
	for _, s := range secrets {
		c.WebhookSecret = append(c.WebhookSecret, connector.Secret(s))
	}
	return c
}

// cleaner is what testing.T and the suite's T have in common.
type cleaner interface {
	Cleanup(f func())
	Errorf(format string, args ...any)
	FailNow()
}

// desk is a fake account whose webhooks are collected.
type desk struct {
	*vendor.Server
	t         cleaner
	web       *httptest.Server
	collector *httptest.Server
	mu        sync.Mutex
	hooks     [][]byte
}

func newDesk(t cleaner) *desk {
	d := &desk{Server: vendor.New(vendor.Options{HookScale: 0.001}), t: t}
	d.Switch(func(s *vendor.Switches) { s.AutoAssign = true })
	d.web = httptest.NewServer(d)
	d.collector = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		d.mu.Lock()
		defer d.mu.Unlock()
		d.hooks = append(d.hooks, body)
	}))
	t.Cleanup(func() {
		d.Close()
		d.web.Close()
		d.collector.Close()
	})
	for _, action := range []string{
		"incoming_chat", "incoming_event", "event_updated", "event_deleted", "chat_transferred", "user_added_to_chat",
		"user_removed_from_chat", "chat_deactivated",
	} {
		d.collect(action)
	}
	for _, property := range []string{"conversation_id", "connection"} {
		d.ask("/v3.6/configuration/action/register_property", map[string]any{
			"name": property, "owner_client_id": vendor.DefaultClientID, "type": "string",
			"access": map[string]any{"chat": map[string][]string{"customer": {"read", "write"}}},
		})
	}
	return d
}

// collect has an action told to the collector.
func (d *desk) collect(action string) {
	d.ask("/v3.6/configuration/action/register_webhook", map[string]any{
		"action": action, "type": "license", "owner_client_id": vendor.DefaultClientID, "url": d.collector.URL, "secret_key": hookSecret,
		"additional_data": []string{"chat_properties", "chat_presence_user_ids"},
	})
}

// ask makes a call with the personal access token.
func (d *desk) ask(path string, body any) {
	b, err := json.Marshal(body)
	require.NoError(d.t, err)
	req := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(b))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Basic "+patHeader)
	answer := httptest.NewRecorder()
	d.ServeHTTP(answer, req)
	require.Equal(d.t, http.StatusOK, answer.Code, answer.Body)
}

// deliveries are the webhooks so far.
func (d *desk) deliveries() []*connector.Delivery {
	require.NoError(d.t, d.Hooks.Drain(contextOf(d.t)))
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []*connector.Delivery
	for _, body := range d.hooks {
		list = append(list, &connector.Delivery{Method: http.MethodPost, Header: http.Header{}, Body: body, ReceivedAt: time.Now()})
	}
	return list
}

// vendor is what the conformance suite sees of the desk.
func (d *desk) vendor() *connectortest.Vendor {
	return &connectortest.Vendor{
		Handler: http.HandlerFunc(d.serveOpening),
		Faults:  d.Faults,
		Ops: map[string]string{
			"PrepareTicket": "customer_token", "Open": opOpen, "Post": "customer/send_event", "Assign": "agent/transfer_chat",
			"CloseTicket": "agent/deactivate_chat", "WriteNote": "agent/send_event", "Availability": "configuration/get_group",
			"SendTyping": "customer/send_sneak_peek", "SendAttachment": "customer/upload_file", "FetchAttachment": "cdn",
			"FindSent": "agent/get_chat", "ListMessages": "agent/get_chat", "Queue": "agent/get_chat",
			"MarkRead": "customer/mark_events_as_seen", "WriteRating": "customer/update_thread_properties", "Subscribe": "configuration/list_webhooks", "Check": "agent/list_chats",
		},
		AgentSees: func(t conversation.Ticket) []string {
			return d.texts(t, func(l vendor.Line) bool { return l.By == "customer" && !strings.Contains(l.CustomID, "~") })
		},
		Notes: func(t conversation.Ticket) []string {
			return d.texts(t, func(l vendor.Line) bool { return l.Type == "system_message" && l.CustomID != "" })
		},
		// A customer has one chat, and it can be opened by several tickets while it is open: what counts is how often
		// agents see a beginning.
		Tickets: func() int {
			n := 0
			for _, c := range d.Chats() {
				for _, l := range d.Transcript(c.ID) {
					if strings.HasSuffix(l.CustomID, "~1") {
						n++
					}
				}
			}
			return n
		},
		Closed: func(t conversation.Ticket) bool {
			chatID, _, _ := strings.Cut(t.ID, ":")
			for _, c := range d.Chats() {
				if c.ID == chatID {
					return !c.Active
				}
			}
			return false
		},
		Agent: vendor.Leo, Group: "7",
		Nobody: func() {
			require.NoError(d.t, d.AgentGoesOffline(vendor.Mira))
			require.NoError(d.t, d.AgentGoesOffline(vendor.Leo))
		},
		AgentSays: func(t conversation.Ticket, text string) {
			chatID, _, _ := strings.Cut(t.ID, ":")
			_, err := d.Server.AgentSays(chatID, vendor.Mira, text)
			require.NoError(d.t, err)
		},
		Webhooks: d.deliveries,
		Subscriptions: func() int {
			n := 0
			for _, urls := range d.Server.Webhooks() {
				for _, u := range urls {
					if u != d.collector.URL {
						n++
					}
				}
			}
			return n
		},
		File: func(content []byte) conversation.Attachment { return d.file(content) },
	}
}

// opOpen is the operation of whatever call begins a ticket: start_chat, resume_chat, or send_event into an open chat.
const opOpen = "Open"

func (d *desk) serveOpening(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if !bytes.Contains(body, []byte(`~1"`)) {
		d.ServeHTTP(w, r)
		return
	}
	d.Faults.Serve(w, r, opOpen, d.Refuse, d.ServeHTTP)
}

func (d *desk) texts(t conversation.Ticket, want func(vendor.Line) bool) []string {
	texts := []string{}
	chatID, _, _ := strings.Cut(t.ID, ":")
	for _, l := range d.Transcript(chatID) {
		if want(l) {
			texts = append(texts, l.Text)
		}
	}
	return texts
}

// file is one that an agent sent.
func (d *desk) file(content []byte) conversation.Attachment {
	c := openConnection(d.t, d.web.URL)
	ticket := openTicket(d.t, c, "files:c1/e1-1", "files:c1")
	chatID, _, _ := strings.Cut(ticket.ID, ":")
	before := len(d.deliveries())
	_, err := d.AgentSendsFile(chatID, vendor.Mira, d.web.URL, "parcel.png", "image/png", content)
	require.NoError(d.t, err)
	for _, delivery := range d.deliveries()[before:] {
		events, err := c.Decode(delivery)
		require.NoError(d.t, err)
		for _, in := range events {
			if in.Event.Attachment != nil {
				return *in.Event.Attachment
			}
		}
	}
	require.Fail(d.t, "the agent's file was not told")
	return conversation.Attachment{}
}

func openConnection(t cleaner, url string, change ...func(*livechat.Config)) *livechat.Client {
	cfg := config(url, hookSecret)
	for _, f := range change {
		f(&cfg)
	}
	c, err := livechat.New(cfg, connector.Deps{Connection: "under-test", Unpaced: true})
	require.NoError(t, err)
	return c
}

// openTicket prepares and opens a ticket.
func openTicket(t cleaner, c *livechat.Client, key conversation.Key, id string) conversation.Ticket {
	req := connector.OpenRequest{Key: key, Conversation: id, Customer: conversation.Customer{Name: "Ada Byron"}}
	prepared, err := c.PrepareTicket(contextOf(t), req)
	require.NoError(t, err)
	req.Vendor = prepared
	ticket, err := c.Open(contextOf(t), req)
	require.NoError(t, err)
	return ticket
}
