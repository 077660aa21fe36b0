package e2e

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/testsuite/fake"
	"github.com/handoff-engine/handoff/testsuite/fake/app"
	"github.com/handoff-engine/handoff/testsuite/fake/livechat"
	"github.com/handoff-engine/handoff/testsuite/oracle"
	"github.com/handoff-engine/handoff/testsuite/system"
)

// largestPayload is what Temporal warns of, and filmSize the largest file that is passed on.
const (
	largestPayload = 256 << 10
	filmSize       = 25 << 20
)

// film is a file of the customer's that nobody ever has whole.
type film struct{}

func (film) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(i * 7)
	}
	return len(p), nil
}

// virus is what the scanner of these tests finds.
var virus = []byte("X5O!P%@AP an invented virus")

// scanService is a virus scanner.
func scanService(w http.ResponseWriter, r *http.Request) {
	head := make([]byte, len(virus))
	n, _ := io.ReadFull(r.Body, head)
	_, _ = io.Copy(io.Discard, r.Body)
	if bytes.Equal(head[:n], virus) {
		w.WriteHeader(http.StatusNotAcceptable)
	}
}

// download follows a link, and gives the status, the header, and what came as its size and its hash.
func download(t *testing.T, url string) (*http.Response, int64, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = answer.Body.Close() }()
	h := sha256.New()
	n, err := io.Copy(h, answer.Body)
	require.NoError(t, err)
	return answer, n, fmt.Sprintf("%x", h.Sum(nil))
}

// fileTold waits for the webhook that tells the app of a file by that name, and gives its address.
func fileTold(t *testing.T, backend *app.Server, name string) (url string) {
	t.Helper()
	system.Eventually(t, 40*time.Second, "the app is told of "+name, func() bool {
		for _, hook := range backend.Told() {
			if hook.Data.Attachment["name"] == name {
				url, _ = hook.Data.Attachment["url"].(string)
			}
		}
		return url != ""
	})
	return url
}

// peak is the most memory that a process has had, in bytes.
func peak(t *testing.T, s *system.System, part system.Part) (bytes int) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.Process(part).Pid()))
	if err != nil {
		t.Skip("this system does not tell how much memory a process has")
	}
	line := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	require.NotNil(t, line)
	_, err = fmt.Sscan(string(line[1]), &bytes)
	require.NoError(t, err)
	return bytes << 10
}

// An agent's file lies where only LiveChat's token opens it; the customer in the team's app gets a link that opens it,
// through a kill of the gateway, and no link to what the scanner finds. The customer's film is too large for LiveChat:
// the agent gets a link, and 25 MB go through a gateway that never has them.
func TestFilesGoByLinkPastAScannerAndThroughAKilledGateway(t *testing.T) {
	needsProcesses(t)
	t.Parallel()
	backend := team()
	_, appURL := behindGate(t, backend)
	scanner := httptest.NewServer(http.HandlerFunc(scanService))
	t.Cleanup(scanner.Close)
	served := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "video/mp4")
		_, _ = io.CopyN(w, film{}, filmSize)
	}))
	t.Cleanup(served.Close)
	setup := setup{
		connections: appConnection("app-shop", appURL) + "    allow_hosts: [127.0.0.1]\n",
		routes:      "  shop: {channel: app-shop, desk: " + system.Desk + ", policy: {accept_within: 1m, first_reply_within: 1m, agent_idle: 1m}}\n",
		secrets:     []string{appToken, appSecret},
		env:         []string{"HANDOFF_SCAN_URL=" + scanner.URL},
	}
	s := setup.start(t)
	backend.SetChannel(s.URL + "/v1/channels/app-shop")
	s.LiveChat.Switch(func(x *livechat.Switches) { x.FilesNeedToken = true })
	ana := appCustomer(s, backend, backend, "app-shop", "u-7")
	ana.Says(t, "hello")
	backend.Send("u-7", "handoff.requested", nil)
	chat := ana.UntilTicket(t, 1)
	talk(t, ana)

	// The agent's file.
	picture := picture()
	_, err := s.LiveChat.AgentSendsFile(chat.ID, livechat.Mira, s.LiveChatURL, "map.png", "image/png", picture)
	require.NoError(t, err)
	link := fileTold(t, backend, "map.png")
	require.True(t, strings.HasPrefix(link, s.URL+"/files/"), link)
	require.True(t, strings.HasSuffix(link, ".png"), link)
	want := fmt.Sprintf("%x", sha256.Sum256(picture))
	answer, _, sum := download(t, link)
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.Equal(t, want, sum)
	require.Equal(t, `attachment; filename=map.png`, answer.Header.Get("Content-Disposition"))

	// The gateway dies while somebody downloads, and the link works at the next.
	held := s.LiveChatGate.Hold("/api/file/lc/att/", "", system.After)
	failed := make(chan error, 1)
	go func() {
		answer, err := http.Get(link) //nolint:gosec // our own gateway
		if err == nil {
			_ = answer.Body.Close()
		}
		failed <- err
	}()
	<-held.Arrived()
	s.KillAndRestart(system.Gateway)
	held.Release()
	require.Error(t, <-failed)
	answer, _, sum = download(t, link)
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.Equal(t, want, sum)
	answer, _, _ = download(t, strings.TrimSuffix(link, ".png")+"A")
	require.Equal(t, http.StatusNotFound, answer.StatusCode)

	// What the scanner finds reaches nobody, and the customer is told; the worker dies meanwhile.
	_, err = s.LiveChat.AgentSendsFile(chat.ID, livechat.Mira, s.LiveChatURL, "prices.pdf", "application/pdf", virus)
	require.NoError(t, err)
	s.KillAndRestart(system.Worker)
	const refused = "[not passed on: prices.pdf, in which a virus was found]"
	system.Eventually(t, 60*time.Second, "the customer is told of the virus", func() bool {
		return slices.Contains(backend.CustomerSees("u-7"), refused)
	})

	// The customer types, and her page is closed: in 10 seconds no agent sees it.
	backend.Send("u-7", "customer.typing", map[string]any{"text": "what I never said"})

	// The customer's film.
	before := peak(t, s, system.Gateway)
	backend.Send("u-7", "customer.message", map[string]any{"attachment": map[string]any{
		"url": served.URL + "/film", "name": "film.mp4", "content_type": "video/mp4", "size": filmSize,
	}})
	address := regexp.MustCompile(regexp.QuoteMeta(s.URL) + `/files/\S+`)
	var found string
	system.Eventually(t, 60*time.Second, "the agent has a link to the film", func() bool {
		for _, l := range ana.DeskSees() {
			if strings.Contains(l.Text, "film.mp4") {
				found = address.FindString(l.Text)
			}
		}
		return found != ""
	})
	all := sha256.New()
	_, err = io.CopyN(all, film{}, filmSize)
	require.NoError(t, err)
	answer, n, sum := download(t, found)
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.Equal(t, int64(filmSize), n)
	require.Equal(t, fmt.Sprintf("%x", all.Sum(nil)), sum)
	require.Equal(t, "video/mp4", answer.Header.Get("Content-Type"))
	after := peak(t, s, system.Gateway)
	t.Logf("the gateway had at most %d MB before the film and %d MB after it; the worker %d MB", before>>20, after>>20, peak(t, s, system.Worker)>>20)
	require.Less(t, after-before, filmSize/2, "the gateway never had the whole film")

	var peeks []fake.Entry
	system.Eventually(t, 20*time.Second, "the typing is over", func() bool {
		peeks = slices.DeleteFunc(s.LiveChat.Journal.Entries(chat.ID), func(e fake.Entry) bool { return e.Kind != "sneak_peek" })
		return len(peeks) == 2
	})
	require.Equal(t, []string{"what I never said", ""}, []string{peeks[0].Text, peeks[1].Text})
	require.Less(t, peeks[1].At.Sub(peeks[0].At), 10*time.Second)

	require.NoError(t, s.LiveChat.AgentCloses(chat.ID, livechat.Mira))
	runs := setup.judge(t, s, backend.Events().Attempts(), ana)
	require.Empty(t, payloadsOver(runs, largestPayload))
	once := slices.DeleteFunc(backend.CustomerSees("u-7"), func(text string) bool { return text != refused })
	require.Len(t, once, 1, "told once")
}

// payloadsOver finds the events of the histories that carry more than a payload should.
func payloadsOver(runs []oracle.Run, limit int) (findings []string) {
	for _, r := range runs {
		for _, event := range r.History.GetEvents() {
			if size := event.Size(); size > limit {
				findings = append(findings, fmt.Sprintf("%s event %d %s: %d bytes", r.WorkflowID, event.GetEventId(), event.GetEventType(), size))
			}
		}
	}
	return findings
}
