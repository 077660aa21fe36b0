package omnidesk_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/omnidesk"
	"github.com/handoff-engine/handoff/connector/sign"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
	fakeomnidesk "github.com/handoff-engine/handoff/testsuite/fake/omnidesk"
)

const (
	hookSecret = "a-secret.in:the-path-7f3c"
	zone       = "Europe/Amsterdam"
	pageURL    = "https://shop.example/support"
	boundary   = "----omnidesk7MA4YWxkTrZu0gW"
)

// uploads is where the connections under test keep files.
var uploads = filepath.Join(os.TempDir(), "handoff-omnidesk-uploads-"+strconv.Itoa(os.Getpid()))

func TestMain(m *testing.M) {
	code := m.Run()
	_ = os.RemoveAll(uploads)
	os.Exit(code)
}

var subject = connectortest.Subject{
	Vendor: newVendor,
	Open: func(_ connectortest.T, o connectortest.Options) (connector.Connector, error) {
		return omnidesk.Factory().Open(func(target any) error {
			c := target.(*omnidesk.Config)
			*c = config(o.URL)
			c.HookSecret, c.WebhookSecret = nil, nil
			for _, s := range o.WebhookSecrets {
				c.HookSecret = append(c.HookSecret, connector.Secret(s))
				c.WebhookSecret = append(c.WebhookSecret, connector.Secret(s))
			}
			return nil
		}, o.Deps)
	},
	Auth: connectortest.Auth{
		Secret:    hookSecret,
		Hookpoint: true,
		Headers:   []string{sign.HeaderID, sign.HeaderTimestamp, sign.HeaderSignature},
		Sign:      signed,
	},
	Secrets: []string{fakeomnidesk.DefaultAccountToken, fakeomnidesk.DefaultServerToken, fakeomnidesk.DefaultAPIKey, hookSecret},
	Kind: func(method string, status int) (connector.Kind, bool) {
		// A session whose end is refused has ended: the agent's stop and ours may cross.
		over := []connector.Kind{connector.Invalid, connector.NotFound, connector.Conflict}
		return "", method == "CloseTicket" && slices.Contains(over, connector.KindOfStatus(status))
	},
	Scrub: func(request string) string {
		return regexp.MustCompile(`[0-9a-f]{60}`).ReplaceAllString(request, "BOUNDARY")
	},
	Except: map[string]string{
		"DecodeRetryKeepsID": "Hookpoints carry neither id nor time, so that a repeat is told from equal words by the second of its " +
			"arrival alone. TestWhatEndsASessionIsOneEvent and TestPlatformWebhooks hold for what has an identity.",
		"ListHeals/ListMessages":           "The timeline shares no id with the hookpoints: it tells how a ticket stands and no words.",
		"StatusTable/FetchAttachment":      onDisk,
		"RetryAfter/FetchAttachment":       onDisk,
		"NobodyThere/FetchAttachment":      onDisk,
		"CancelIsPassedOn/FetchAttachment": onDisk,
	},
}

const onDisk = "An agent's file was posted to us and lies on our own disk: no call is made."

// signed makes a delivery of a fixture, whose name says where and in which encoding it arrives.
func signed(fixture string, d *connector.Delivery, secret string) {
	if strings.Contains(fixture, "platform") {
		d.Hookpoint = omnidesk.PlatformHookpoint
		d.Header.Set(sign.HeaderID, "msg_"+fixture)
		at, signature := sign.MakeStandard(connector.Secret(secret), "msg_"+fixture, d.ReceivedAt, d.Body)
		d.Header.Set(sign.HeaderTimestamp, at)
		d.Header.Set(sign.HeaderSignature, signature)
		return
	}
	point := omnidesk.MessageHookpoint
	for part, hookpoint := range map[string]string{
		"upload": omnidesk.UploadHookpoint, "typing": omnidesk.TypingHookpoint, "end": omnidesk.EndHookpoint, "hookpoint": "surveyForCustomer",
	} {
		if strings.Contains("_"+strings.TrimSuffix(fixture, "-again")+"_", "_"+part+"_") {
			point = hookpoint
		}
	}
	d.Hookpoint = secret + "/" + point
	switch {
	case strings.Contains(fixture, "multipart"):
		d.Header.Set("Content-Type", "multipart/form-data; boundary="+boundary)
	case strings.Contains(fixture, "form"):
		d.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
}

func newVendor(t connectortest.T) *connectortest.Vendor {
	amsterdam, err := time.LoadLocation(zone)
	require.NoError(t, err)
	s := fakeomnidesk.New(fakeomnidesk.Options{Kept: true, Zone: amsterdam})
	t.Cleanup(s.Close)
	return &connectortest.Vendor{
		Handler: s,
		Faults:  &s.Faults,
		Ops: map[string]string{
			"Open": fakeomnidesk.OpMessage, "Post": fakeomnidesk.OpMessage, "CloseTicket": fakeomnidesk.OpEnd,
			"Availability": fakeomnidesk.OpConfig, "Check": fakeomnidesk.OpConfig, "SendTyping": fakeomnidesk.OpEvent,
			"MarkRead": fakeomnidesk.OpEvent, "SendAttachment": fakeomnidesk.OpAttachment, "FindSent": fakeomnidesk.OpTicket,
			"ListMessages": fakeomnidesk.OpTicket,
		},
		AgentSees: func(t conversation.Ticket) []string { return posted(s, t) },
		Tickets:   s.Tickets,
		Closed:    func(ticket conversation.Ticket) bool { return s.Ended(ticket.ID) },
		Nobody:    func() { s.SetNobody(true) },
		AgentSays: func(ticket conversation.Ticket, text string) { _ = s.AgentSays(ticket.ID, fakeomnidesk.Ana, text) },
		Webhooks:  s.Webhooks,
		File: func(content []byte) conversation.Attachment {
			in := keep(t, content)
			return *in[0].Event.Attachment
		},
	}
}

// posted are the customer's texts without those that opened the ticket.
func posted(s *fakeomnidesk.Server, t conversation.Ticket) []string {
	opening, _ := strconv.Atoi(t.Vendor["messages"])
	texts := s.Texts(t.ID)
	return texts[min(opening, len(texts)):]
}

// keep has a connection keep a file that an agent sends, and gives what it makes of it.
func keep(t connectortest.T, content []byte) []connector.Inbound {
	conn, err := omnidesk.New(config("http://127.0.0.1:9"), deps)
	require.NoError(t, err)
	body := "--" + boundary + "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n" +
		string(content) + "\r\n--" + boundary + "\r\nContent-Disposition: form-data; name=\"sessionID\"\r\n\r\n" + session +
		"\r\n--" + boundary + "--\r\n"
	d := &connector.Delivery{Method: http.MethodPost, Header: http.Header{}, Body: []byte(body), ReceivedAt: received}
	signed("upload_multipart", d, hookSecret)
	require.NoError(t, conn.(connector.FileKeeper).KeepFiles(t.Context(), d))
	in, err := conn.Decode(d)
	require.NoError(t, err)
	require.Len(t, in, 1)
	return in
}

func TestConformance(t *testing.T) { connectortest.Run(t, subject) }

func FuzzDecode(f *testing.F) { connectortest.FuzzDecode(f, subject) }
