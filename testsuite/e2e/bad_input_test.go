package e2e

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/testsuite/fake/landbot"
	"github.com/handoff-engine/handoff/testsuite/fake/livechat"
	"github.com/handoff-engine/handoff/testsuite/system"
)

const (
	channelHook = "/webhooks/" + system.Channel
	deskHook    = "/webhooks/" + system.Desk
)

// hook is one request to be refused, or to be accepted without any effect.
type hook struct {
	name, method, path string
	header             http.Header
	body               []byte
	status             int
	// logged is set where the refusal is a line in the log.
	logged bool
}

// What is not from the vendor, or makes no sense, is refused with the right status and one line in the log that holds
// nothing of it, and changes nothing.
func TestWhatIsForgedBrokenOrTooLargeChangesNothing(t *testing.T) {
	needsProcesses(t)
	t.Parallel()
	// Landbot shows us what we said a second later: an event that means nothing and is no forgery.
	s := system.Start(t, system.Options{Landbot: landbot.Options{TimeScale: 0.1, EchoMin: 10 * time.Second, EchoMax: 10 * time.Second}})
	ana := s.NewCustomer(t)
	ana.Asks(t)
	ana.UntilTicket(t, 1)
	ana.Takes(t, livechat.Mira)
	ana.UntilAgent(t, livechat.Mira)
	ana.UntilHeard(t)
	s.Settled(t, ana)
	before := ana.View(t)

	logged := refusals(s)
	slow := slowClients(s)
	for _, h := range hooks(t, ana) {
		t.Run(h.name, func(t *testing.T) { require.Equal(t, h.status, send(t, s, h)) })
		if h.logged {
			logged++
		}
	}
	for range slowRequests() {
		require.NoError(t, <-slow)
	}
	logged += slowAndLogged
	system.Eventually(t, 10*time.Second, "each refusal is one line in the log", func() bool { return refusals(s) >= logged })
	require.Equal(t, logged, refusals(s), "one line each, and no more")
	runs := s.Settled(t, ana)
	after := ana.View(t)
	require.Equal(t, before.Counts, after.Counts)
	require.Equal(t, before.Transcript, after.Transcript)
	require.Equal(t, conversation.Assigned, after.State)
	require.True(t, s.Alive(system.Gateway))
	require.NotContains(t, s.Output(), "panic")
	status, _, err := s.Call(http.MethodGet, "/v1/conversations/"+system.Channel+":61299999", nil, nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusNotFound, status, "an event of last year starts no conversation")
	noLeaks(t, s, runs)
}

// hooks are the requests. Landbot repeats on every answer that is not 2xx, so its bad bodies get 200 and are counted.
func hooks(t *testing.T, c *system.Customer) []hook {
	t.Helper()
	token := http.Header{"Authorization": {"Token " + system.HookToken}, "Content-Type": {"application/json"}}
	wrong := http.Header{"Authorization": {"Token wrong-" + system.Canary}, "Content-Type": {"application/json"}}
	twice := http.Header{"Authorization": {"Token " + system.HookToken, "Token " + system.HookToken}}
	packed := token.Clone()
	packed.Set("Content-Encoding", "gzip")
	large := http.Header{"Authorization": {"Token " + system.HookToken}, "X-Large": {strings.Repeat("x", 64<<10)}}
	good := system.LandbotHook(c.ID, "hello "+system.Canary, time.Now())
	deep := strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000)
	return []hook{
		{"without a token", "POST", channelHook, nil, good, 401, true},
		{"with a wrong token", "POST", channelHook, wrong, good, 401, true},
		{"with two tokens", "POST", channelHook, twice, good, 401, true},
		{"with another connection's secret", "POST", deskHook, token, livechatHook("secret-of-another-"+system.Canary, "incoming_event", `{}`), 401, true},
		{"for a connection that is not there", "POST", "/webhooks/nowhere", token, good, 404, true},
		{"of last year", "POST", channelHook, token, system.LandbotHook(61299999, "old "+system.Canary, time.Now().AddDate(-1, 0, 0)), 200, false},
		{"truncated, from the channel", "POST", channelHook, token, good[:len(good)/2], 200, true},
		{"truncated, from the desk", "POST", deskHook, token, livechatHook(system.WebhookSecret, "incoming_event", `{}`)[:30], 401, true},
		{"of a known action without sense", "POST", deskHook, token, livechatHook(system.WebhookSecret, "incoming_event", `{"chat_id":7}`), 400, true},
		{"of an unknown action", "POST", deskHook, token, livechatHook(system.WebhookSecret, "moon_phase_changed", `{"text":"`+system.Canary+`"}`), 200, false},
		{"no JSON, from the channel", "POST", channelHook, token, []byte("<xml>" + system.Canary + "</xml>"), 200, true},
		{"no JSON, from the desk", "POST", deskHook, token, []byte("a=b&c=" + system.Canary), 401, true},
		{"null", "POST", channelHook, token, []byte("null"), 200, true},
		{"empty", "POST", channelHook, token, nil, 200, true},
		{"nested ten thousand deep, from the channel", "POST", channelHook, token, []byte(deep), 200, true},
		{"nested ten thousand deep, from the desk", "POST", deskHook, token, livechatHook(system.WebhookSecret, "incoming_event", deep), 401, true},
		{"not UTF-8, from the channel", "POST", channelHook, token, bytes.ReplaceAll(good, []byte("hello"), []byte("\xff\xfe")), 200, true},
		{"not UTF-8, from the desk", "POST", deskHook, token, livechatHook(system.WebhookSecret, "incoming_event", "{\"text\":\"\xff\"}"), 400, true},
		{"too large", "POST", channelHook, token, bytes.Repeat([]byte("x"), 600<<10), 413, true},
		{"one event too large", "POST", channelHook, token, system.LandbotHook(c.ID, strings.Repeat(system.Canary, 20<<10), time.Now()), 413, true},
		{"compressed", "POST", channelHook, packed, zipped(t, good), 415, true},
		{"at a hookpoint that is not there", "POST", channelHook + "/nowhere", token, good, 200, true},
		{"by GET", "GET", channelHook, token, nil, 404, true},
		{"by HEAD", "HEAD", channelHook, token, nil, 405, false},
		{"by TRACE", "TRACE", channelHook, token, nil, 405, false},
		{"by PUT", "PUT", channelHook, token, good, 405, false},
		{"with a double slash", "POST", "//webhooks/" + system.Channel, token, good, 404, false},
		{"with a large header", "POST", channelHook, large, good, 431, false},
		{"out of the tree", "POST", "/webhooks/../v1/conversations", token, good, 404, true},
	}
}

func send(t *testing.T, s *system.System, h hook) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), h.method, s.URL, bytes.NewReader(h.body))
	require.NoError(t, err)
	// As it is: the client must not make the path nice.
	req.URL.Opaque = "//" + strings.TrimPrefix(s.URL, "http://") + h.path
	maps.Copy(req.Header, h.header)
	answer, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	require.NoError(t, err)
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.NotContains(t, string(body), system.Canary, "the answer holds nothing of the request")
	return answer.StatusCode
}

// refusals counts the lines in the gateway's log that say that a webhook was refused.
func refusals(s *system.System) int {
	return strings.Count(s.OutputOf(system.Gateway), "webhook refused")
}

// slowRequests never come to an end: a header, a body, and chunks.
func slowRequests() []string {
	head := "POST " + channelHook + " HTTP/1.1\r\nHost: x\r\nAuthorization: Token " + system.HookToken + "\r\n"
	return []string{
		head,
		head + "Content-Length: 100\r\n\r\n{",
		head + "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n",
	}
}

// slowAndLogged counts those that come as far as a webhook.
const slowAndLogged = 2

// slowClients make the requests at the same time. Each is let go within the gateway's time limits.
func slowClients(s *system.System) <-chan error {
	requests := slowRequests()
	ended := make(chan error, len(requests))
	for _, request := range requests {
		go func() { ended <- slowClient(strings.TrimPrefix(s.URL, "http://"), request) }()
	}
	return ended
}

func slowClient(address, request string) error {
	conn, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, request); err != nil {
		return err
	}
	if err := conn.SetReadDeadline(time.Now().Add(25 * time.Second)); err != nil {
		return err
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		return fmt.Errorf("not let go: %w", err)
	}
	if strings.Contains(string(answer), " 200 ") {
		status, _ := bufio.NewReader(bytes.NewReader(answer)).ReadString('\n')
		return fmt.Errorf("half a request was accepted: %s", status)
	}
	return nil
}

// livechatHook is a webhook as LiveChat sends it.
func livechatHook(secret, action, payload string) []byte {
	return []byte(`{"webhook_id":"w1","secret_key":"` + secret + `","action":"` + action +
		`","organization_id":"` + livechat.DefaultOrganization + `","payload":` + payload + `,"additional_data":{}}`)
}

func zipped(t *testing.T, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(body)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}
