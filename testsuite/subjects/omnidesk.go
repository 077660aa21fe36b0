package subjects

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/connector/omnidesk"
	"github.com/handoff-engine/handoff/connector/sign"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/connectortest"
	fake "github.com/handoff-engine/handoff/testsuite/fake/omnidesk"
)

const (
	// OmnideskSecret is in the path of Omnidesk's hookpoints, and signs its webhooks.
	OmnideskSecret = "a-secret.in:the-path-7f3c"
	// OmnideskSession is the session of the fixtures.
	OmnideskSession  = "h-abcdefghijklmnopqrstuvwxyz"
	omnideskZone     = "Europe/Amsterdam"
	omnideskBoundary = "----omnidesk7MA4YWxkTrZu0gW"
)

// omnideskSubjects numbers the subjects of a process, to tell their files apart.
var omnideskSubjects atomic.Int64

// Omnidesk is an account whose agents answer in tickets of live chats.
func Omnidesk() connectortest.Subject {
	uploads := filepath.Join(os.TempDir(), "handoff-omnidesk-"+strconv.Itoa(os.Getpid())+"-"+strconv.FormatInt(omnideskSubjects.Add(1), 10))
	return connectortest.Subject{
		Vendor: func(t connectortest.T) *connectortest.Vendor {
			t.Cleanup(func() { _ = os.RemoveAll(uploads) })
			return newOmnidesk(t, uploads)
		},
		Open: func(_ connectortest.T, o connectortest.Options) (connector.Connector, error) {
			return omnidesk.Factory().Open(func(target any) error {
				c := target.(*omnidesk.Config)
				*c = OmnideskConfig(o.URL, uploads)
				c.HookSecret, c.WebhookSecret = secretsOf(o.WebhookSecrets), secretsOf(o.WebhookSecrets)
				return nil
			}, o.Deps)
		},
		Auth: connectortest.Auth{
			Secret:    OmnideskSecret,
			Hookpoint: true,
			Headers:   []string{sign.HeaderID, sign.HeaderTimestamp, sign.HeaderSignature},
			Sign:      OmnideskSign,
		},
		Secrets: []string{fake.DefaultAccountToken, fake.DefaultServerToken, fake.DefaultAPIKey, OmnideskSecret},
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
			"StatusTable/FetchAttachment":      onOmnidesksDisk,
			"RetryAfter/FetchAttachment":       onOmnidesksDisk,
			"NobodyThere/FetchAttachment":      onOmnidesksDisk,
			"CancelIsPassedOn/FetchAttachment": onOmnidesksDisk,
		},
	}
}

const onOmnidesksDisk = "An agent's file was posted to us and lies on our own disk: no call is made."

// OmnideskConfig is the usual configuration, with the folder that files are kept in.
func OmnideskConfig(url, uploads string) omnidesk.Config {
	var c omnidesk.Config
	c.SetDefaults()
	c.BaseURL, c.ChatURL, c.PageURL = url, url, "https://shop.example/support"
	c.ChatAccountToken = connector.Secrets{fake.DefaultAccountToken}
	c.ChatServerToken = connector.Secrets{fake.DefaultServerToken}
	c.APIKey = connector.Secrets{fake.DefaultAPIKey}
	c.HookSecret = connector.Secrets{OmnideskSecret}
	c.TimelineZone, c.UploadsDir = omnideskZone, uploads
	return c
}

// OmnideskSign makes a delivery of a fixture, whose name says where and in which encoding it arrives.
func OmnideskSign(fixture string, d *connector.Delivery, secret string) {
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
		d.Header.Set("Content-Type", "multipart/form-data; boundary="+omnideskBoundary)
	case strings.Contains(fixture, "form"):
		d.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
}

func newOmnidesk(t connectortest.T, uploads string) *connectortest.Vendor {
	amsterdam, err := time.LoadLocation(omnideskZone)
	require.NoError(t, err)
	s := fake.New(fake.Options{Kept: true, Zone: amsterdam})
	t.Cleanup(s.Close)
	return &connectortest.Vendor{
		Handler: s,
		Faults:  &s.Faults,
		Ops: map[string]string{
			"Open": fake.OpMessage, "Post": fake.OpMessage, "CloseTicket": fake.OpEnd, "Availability": fake.OpConfig,
			"Check": fake.OpConfig, "SendTyping": fake.OpEvent, "MarkRead": fake.OpEvent, "SendAttachment": fake.OpAttachment,
			"FindSent": fake.OpTicket, "ListMessages": fake.OpTicket,
		},
		// The customer's texts without those that opened the ticket.
		AgentSees: func(ticket conversation.Ticket) []string {
			opening, _ := strconv.Atoi(ticket.Vendor["messages"])
			texts := s.Texts(ticket.ID)
			return texts[min(opening, len(texts)):]
		},
		AgentReads: func(ticket conversation.Ticket) []string {
			var lines []string
			for _, l := range s.Lines(ticket.ID) {
				lines = append(lines, l.Text)
				if l.File != nil {
					lines = append(lines, l.File.Name)
				}
			}
			return lines
		},
		Tickets: s.Tickets,
		Closed:  func(ticket conversation.Ticket) bool { return s.Ended(ticket.ID) },
		Nobody:  func() { s.SetNobody(true) },
		AgentSays: func(ticket conversation.Ticket, text string) {
			require.NoError(t, s.AgentSays(ticket.ID, fake.Ana, text))
		},
		AgentSendsFile: func(ticket conversation.Ticket, f conversation.Attachment, content []byte) {
			require.NoError(t, s.AgentSends(ticket.ID, fake.Ana, fake.File{Name: f.Name, ContentType: f.ContentType, Content: content}))
		},
		AgentTypes:  func(ticket conversation.Ticket) { require.NoError(t, s.AgentTypes(ticket.ID, true)) },
		AgentCloses: func(ticket conversation.Ticket) { require.NoError(t, s.AgentStops(ticket.ID)) },
		Webhooks:    s.Webhooks,
		File: func(content []byte) conversation.Attachment {
			return *OmnideskUpload(t, uploads, content)[0].Event.Attachment
		},
	}
}

// OmnideskUpload has a connection keep a file that an agent sends, and gives what it makes of it.
func OmnideskUpload(t connectortest.T, uploads string, content []byte) []connector.Inbound {
	conn, err := omnidesk.New(OmnideskConfig("http://127.0.0.1:9", uploads), connector.Deps{
		Connection: "omnidesk-support", PublicURL: "https://handoff.example", Unpaced: true,
	})
	require.NoError(t, err)
	body := "--" + omnideskBoundary + "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n" +
		string(content) + "\r\n--" + omnideskBoundary + "\r\nContent-Disposition: form-data; name=\"sessionID\"\r\n\r\n" + OmnideskSession +
		"\r\n--" + omnideskBoundary + "--\r\n"
	d := &connector.Delivery{
		Method: http.MethodPost, Header: http.Header{}, Body: []byte(body), ReceivedAt: time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC),
	}
	OmnideskSign("upload_multipart", d, OmnideskSecret)
	require.NoError(t, conn.(connector.FileKeeper).KeepFiles(t.Context(), d))
	in, err := conn.Decode(d)
	require.NoError(t, err)
	require.Len(t, in, 1)
	return in
}
