package subjects

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/livechat"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
	fake "github.com/handoff-engine/handoff/testsuite/fake/livechat"
)

// LiveChatSecret is in the body of LiveChat's webhooks.
const LiveChatSecret = "whsec-4b1d77c0"

// liveChatOpening is the operation of whatever call begins a ticket: start_chat, resume_chat, or send_event into an open
// chat.
const liveChatOpening = "Open"

var liveChatPAT = base64.StdEncoding.EncodeToString([]byte(fake.DefaultAccountID + ":" + fake.DefaultPAT))

// LiveChat is an account whose agents answer.
func LiveChat() connectortest.Subject {
	// filesHost is where the fake of the case serves agents' files.
	var filesHost string
	return connectortest.Subject{
		Vendor: func(t connectortest.T) *connectortest.Vendor {
			d := NewLiveChatDesk(t)
			filesHost = strings.TrimPrefix(d.Web.URL, "http://")
			return d.Vendor()
		},
		Open: func(_ connectortest.T, o connectortest.Options) (connector.Connector, error) {
			o.Deps.AllowHosts = []string{filesHost}
			return livechat.New(LiveChatConfig(o.URL, o.WebhookSecrets...), o.Deps)
		},
		Auth: connectortest.Auth{
			Secret: LiveChatSecret,
			Sign: func(_ string, d *connector.Delivery, secret string) {
				d.Body = bytes.Replace(d.Body, []byte(`"SECRET"`), []byte(`"`+secret+`"`), 1)
			},
			Spoil: map[string]func(*connector.Delivery){
				"secret changed": func(d *connector.Delivery) {
					d.Body = bytes.Replace(d.Body, []byte(LiveChatSecret), []byte("whsec-4b1d77c1"), 1)
				},
				"secret removed": func(d *connector.Delivery) {
					d.Body = bytes.Replace(d.Body, []byte(`"secret_key"`), []byte(`"secret"`), 1)
				},
				"secret is no text": func(d *connector.Delivery) {
					d.Body = bytes.Replace(d.Body, []byte(`"`+LiveChatSecret+`"`), []byte("null"), 1)
				},
				"body empty": func(d *connector.Delivery) { d.Body = nil },
			},
		},
		Secrets: []string{LiveChatSecret, fake.DefaultClientSecret, fake.DefaultRefreshToken, fake.DefaultPAT, liveChatPAT},
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

// LiveChatConfig is a connection to a fake with both kinds of credentials.
func LiveChatConfig(url string, secrets ...string) livechat.Config {
	group := fake.DefaultGroup
	return livechat.Config{
		ClientID: fake.DefaultClientID, ClientSecret: fake.DefaultClientSecret, RefreshToken: fake.DefaultRefreshToken,
		AccountID: fake.DefaultAccountID, PersonalAccessToken: fake.DefaultPAT,
		OrganizationID: fake.DefaultOrganization, Group: &group, NoteAgent: fake.DefaultRequester,
		BaseURL: url, TokenURL: url, FilesURL: url, WebhookSecret: secretsOf(secrets),
	}
}

// LiveChatDesk is a fake account whose webhooks are collected.
type LiveChatDesk struct {
	*fake.Server
	*Collector
	T   connectortest.T
	Web *httptest.Server
}

// NewLiveChatDesk opens an account until the test ends.
func NewLiveChatDesk(t connectortest.T) *LiveChatDesk {
	s := fake.New(fake.Options{HookScale: 0.001})
	d := &LiveChatDesk{Server: s, Collector: collect(t, "", s.Hooks.Drain), T: t, Web: httptest.NewServer(s)}
	d.Switch(func(s *fake.Switches) { s.AutoAssign = true })
	t.Cleanup(func() {
		d.Close()
		d.Web.Close()
	})
	for _, action := range []string{
		"incoming_chat", "incoming_event", "event_updated", "event_deleted", "chat_transferred", "user_added_to_chat",
		"user_removed_from_chat", "chat_deactivated",
	} {
		d.Collect(action)
	}
	for _, property := range []string{"conversation_id", "connection"} {
		d.Ask("/v3.6/configuration/action/register_property", map[string]any{
			"name": property, "owner_client_id": fake.DefaultClientID, "type": "string",
			"access": map[string]any{"chat": map[string][]string{"customer": {"read", "write"}}},
		})
	}
	return d
}

// Collect has an action told to the collector.
func (d *LiveChatDesk) Collect(action string) {
	d.Ask("/v3.6/configuration/action/register_webhook", map[string]any{
		"action": action, "type": "license", "owner_client_id": fake.DefaultClientID, "url": d.URL, "secret_key": LiveChatSecret,
		"additional_data": []string{"chat_properties", "chat_presence_user_ids"},
	})
}

// Ask makes a call with the personal access token.
func (d *LiveChatDesk) Ask(path string, body any) {
	b, err := json.Marshal(body)
	require.NoError(d.T, err)
	req := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(b))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Basic "+liveChatPAT)
	answer := httptest.NewRecorder()
	d.ServeHTTP(answer, req)
	require.Equal(d.T, http.StatusOK, answer.Code, answer.Body)
}

// Texts are the texts of a chat's lines that match, in all its threads.
func (d *LiveChatDesk) Texts(t conversation.Ticket, want func(fake.Line) bool) []string {
	texts := []string{}
	for _, l := range d.Transcript(chatOf(t)) {
		if want(l) {
			texts = append(texts, l.Text)
		}
	}
	return texts
}

// chatOf gives the chat of a ticket, which is one of its threads.
func chatOf(t conversation.Ticket) string {
	chat, _, _ := strings.Cut(t.ID, ":")
	return chat
}

// Vendor is what the suites see of it.
func (d *LiveChatDesk) Vendor() *connectortest.Vendor {
	return &connectortest.Vendor{
		Handler: http.HandlerFunc(d.serveOpening),
		Faults:  d.Faults,
		Ops: map[string]string{
			"PrepareTicket": "customer_token", "Open": liveChatOpening, "FindTicket": "agent/list_threads", "Post": "customer/send_event", "Assign": "agent/transfer_chat",
			"CloseTicket": "agent/deactivate_chat", "WriteNote": "agent/send_event", "Availability": "configuration/get_group",
			"SendTyping": "customer/send_sneak_peek", "SendAttachment": "customer/upload_file", "FetchAttachment": "cdn",
			"FindSent": "agent/get_chat", "ListMessages": "agent/get_chat", "Queue": "agent/get_chat",
			"MarkRead": "customer/mark_events_as_seen", "WriteRating": "customer/update_thread_properties", "Subscribe": "configuration/list_webhooks", "Check": "agent/list_chats",
		},
		AgentSees: func(t conversation.Ticket) []string {
			return d.Texts(t, func(l fake.Line) bool { return l.By == "customer" && !strings.Contains(l.CustomID, "~") })
		},
		AgentReads: func(t conversation.Ticket) []string {
			return d.Texts(t, func(l fake.Line) bool { return strings.HasSuffix(t.ID, ":"+l.Thread) })
		},
		Notes: func(t conversation.Ticket) []string {
			return d.Texts(t, func(l fake.Line) bool { return l.Type == "system_message" && l.CustomID != "" })
		},
		Tickets: d.begun,
		Closed: func(t conversation.Ticket) bool {
			for _, c := range d.Chats() {
				if c.ID == chatOf(t) {
					return !c.Active
				}
			}
			return false
		},
		Agent: fake.Leo, Group: "7",
		Nobody: func() {
			require.NoError(d.T, d.AgentGoesOffline(fake.Mira))
			require.NoError(d.T, d.AgentGoesOffline(fake.Leo))
		},
		AgentSays: func(t conversation.Ticket, text string) {
			_, err := d.Server.AgentSays(chatOf(t), fake.Mira, text)
			require.NoError(d.T, err)
		},
		AgentSendsFile: func(t conversation.Ticket, f conversation.Attachment, content []byte) {
			_, err := d.Server.AgentSendsFile(chatOf(t), fake.Mira, d.Web.URL, f.Name, f.ContentType, content)
			require.NoError(d.T, err)
		},
		AgentCloses: func(t conversation.Ticket) { require.NoError(d.T, d.Server.AgentCloses(chatOf(t), fake.Mira)) },
		Webhooks:    d.Deliveries,
		Subscriptions: func() int {
			n := 0
			for _, urls := range d.Server.Webhooks() {
				for _, u := range urls {
					if u != d.URL {
						n++
					}
				}
			}
			return n
		},
		File: d.file,
	}
}

// begun counts the tickets. A customer has one chat, and it can be opened by several tickets while it is open: what counts
// is how often agents see a beginning.
func (d *LiveChatDesk) begun() int {
	n := 0
	for _, c := range d.Chats() {
		for _, l := range d.Transcript(c.ID) {
			if strings.HasSuffix(l.CustomID, "~1") {
				n++
			}
		}
	}
	return n
}

func (d *LiveChatDesk) serveOpening(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if !bytes.Contains(body, []byte(`~1"`)) {
		d.ServeHTTP(w, r)
		return
	}
	d.Faults.Serve(w, r, liveChatOpening, d.Refuse, d.ServeHTTP)
}

// file is one that an agent sent.
func (d *LiveChatDesk) file(content []byte) conversation.Attachment {
	c, err := livechat.New(LiveChatConfig(d.Web.URL, LiveChatSecret), connector.Deps{Connection: "under-test", Unpaced: true})
	require.NoError(d.T, err)
	req := connector.OpenRequest{Key: "files:c1/e1-1", Conversation: "files:c1", Customer: conversation.Customer{Name: "Ada Byron"}}
	req.Vendor, err = c.PrepareTicket(d.T.Context(), req)
	require.NoError(d.T, err)
	ticket, err := c.Open(d.T.Context(), req)
	require.NoError(d.T, err)
	before := len(d.Deliveries())
	_, err = d.AgentSendsFile(chatOf(ticket), fake.Mira, d.Web.URL, "parcel.png", "image/png", content)
	require.NoError(d.T, err)
	return lastFile(d.T, c, d.Deliveries()[before:])
}
