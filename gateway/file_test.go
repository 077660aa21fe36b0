package gateway_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/files"
	"github.com/handoff-engine/handoff/gateway"
)

// shelf serves one file.
type shelf struct {
	content, contentType string
	err                  error
	asked                int
}

func (s *shelf) Fetch(_ context.Context, _ string, file conversation.Attachment) (connector.File, error) {
	s.asked++
	if s.err != nil {
		return connector.File{}, s.err
	}
	return connector.File{
		ReadCloser: io.NopCloser(strings.NewReader(s.content)), Name: file.Name, ContentType: s.contentType, Size: int64(len(s.content)),
	}, nil
}

// filing is a site with links to files.
type filing struct {
	*site
	shelf *shelf
	links *files.Links
	dir   string
}

func newFiling(t *testing.T, shelf *shelf, secrets ...connector.Secret) *filing {
	t.Helper()
	if secrets == nil {
		secrets = []connector.Secret{"0123456789abcdef"}
	}
	links, err := files.NewLinks("https://handoff.example.com", secrets, time.Hour)
	require.NoError(t, err)
	f := &filing{shelf: shelf, links: links, dir: t.TempDir()}
	f.site = newSite(t, func(c *gateway.Config) {
		c.Files = files.NewOpener(files.Config{
			Sources: map[string]files.Source{"shop-eu": {Rules: files.Rules{DenyTypes: []string{".exe"}}}}, Fetcher: shelf, Links: links, Dir: f.dir,
		})
	})
	return f
}

func receipt(name string) conversation.Attachment {
	return conversation.Attachment{URL: "https://" + canary + ".example.com/secret/7?token=" + canary, Name: name, ContentType: "image/png"}
}

// link gives the path of a link that was made now.
func (f *filing) link(file conversation.Attachment) string {
	return strings.TrimPrefix(f.links.Make("shop-eu", file, time.Now()), "https://handoff.example.com")
}

func (f *filing) get(method, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return f.do(r)
}

func TestALinkServesItsFileToBeStored(t *testing.T) {
	f := newFiling(t, &shelf{content: "bytes", contentType: "image/png"})
	w := f.get(http.MethodGet, f.link(receipt("Grüße.png")))
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.Equal(t, "bytes", w.Body.String())
	for name, want := range map[string]string{
		"Content-Type": "image/png", "Content-Length": "5", "X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store",
		"Content-Disposition": "attachment; filename*=utf-8''Gr%C3%BC%C3%9Fe.png", "Content-Security-Policy": "default-src 'none'; sandbox",
	} {
		require.Equal(t, want, w.Header().Get(name), name)
	}
	w = f.get(http.MethodHead, f.link(receipt("a.png")))
	require.Equal(t, http.StatusOK, w.Code)
	require.Empty(t, w.Body.String())
	require.Equal(t, "5", w.Header().Get("Content-Length"))
	w = f.get(http.MethodGet, f.link(receipt("a.png")), "Range", "bytes=1-2")
	require.Equal(t, http.StatusPartialContent, w.Code)
	require.Equal(t, "yt", w.Body.String())
	left, err := os.ReadDir(f.dir)
	require.NoError(t, err)
	require.Empty(t, left, "nothing stays on the disk")
	require.NotContains(t, f.log.String(), canary)
	require.Equal(t, map[string]float64{"served": 3}, f.counted(t, "handoff_file_links_total", "result"))
}

// What a browser would run is stored, whatever it is called.
func TestALinkNeverServesAPage(t *testing.T) {
	for _, kind := range []string{"text/html", "text/html; charset=utf-8", "image/svg+xml", "application/javascript", "text/plain", "nonsense", ""} {
		f := newFiling(t, &shelf{content: "<script>alert(1)</script>", contentType: kind})
		file := receipt("a\r\nSet-Cookie: x=1; \"../..\\\u202elmth.html")
		file.ContentType = ""
		w := f.get(http.MethodGet, f.link(file))
		require.Equal(t, http.StatusOK, w.Code)
		require.Equal(t, "application/octet-stream", w.Header().Get("Content-Type"), kind)
		require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
		require.Equal(t, `attachment; filename="a__Set-Cookie_ x=1; \".._..__lmth.html"`, w.Header().Get("Content-Disposition"))
		require.Empty(t, w.Header().Get("Set-Cookie"))
	}
}

func TestALinkTellsNothingAndCannotBeMade(t *testing.T) {
	f := newFiling(t, &shelf{content: "bytes"})
	path := f.link(receipt("a.png"))
	require.True(t, strings.HasSuffix(path, ".png"), "for those who tell a picture by its address")
	token := strings.TrimSuffix(strings.TrimPrefix(path, files.Path), ".png")
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	require.NoError(t, err)
	require.NotContains(t, string(sealed), canary)
	require.NotContains(t, string(sealed), "example.com")
	for name, bad := range map[string]string{
		"cut": token[:len(token)-2], "empty": "x", "another secret": strings.TrimPrefix(newFiling(t, f.shelf, "fedcba9876543210").link(receipt("")), files.Path),
		"longer": token + "A", "a path": "..%2F..%2Fetc%2Fpasswd", "huge": strings.Repeat("A", 20_000),
		"no connection of ours": strings.TrimPrefix(f.links.Make("elsewhere", receipt(""), time.Now()), "https://handoff.example.com/files/"),
	} {
		w := f.get(http.MethodGet, files.Path+bad)
		require.Equal(t, http.StatusNotFound, w.Code, name)
	}
	for i := range sealed {
		changed := append([]byte(nil), sealed...)
		changed[i] ^= 1
		require.Equal(t, http.StatusNotFound, f.get(http.MethodGet, files.Path+base64.RawURLEncoding.EncodeToString(changed)).Code, i)
	}
	require.Zero(t, f.shelf.asked, "the vendor is not asked for nothing")
	old := strings.TrimPrefix(f.links.Make("shop-eu", receipt(""), time.Now().Add(-2*time.Hour)), "https://handoff.example.com")
	require.Equal(t, http.StatusGone, f.get(http.MethodGet, old).Code)
	require.Equal(t, http.StatusNotFound, newSite(t, nil).do(httptest.NewRequest(http.MethodGet, path, nil)).Code, "without links there are none")
}

func TestALinkSurvivesRestartsAndNewSecrets(t *testing.T) {
	path := newFiling(t, &shelf{}).link(receipt("a.png"))
	again := newFiling(t, &shelf{content: "bytes"})
	require.Equal(t, http.StatusOK, again.get(http.MethodGet, path).Code)
	rotated := newFiling(t, &shelf{content: "bytes"}, "fedcba9876543210", "0123456789abcdef")
	require.Equal(t, http.StatusOK, rotated.get(http.MethodGet, path).Code)
	require.Equal(t, http.StatusNotFound, again.get(http.MethodGet, rotated.link(receipt("a.png"))).Code)
}

func TestALinkWhoseFileCannotBeHadSaysWhy(t *testing.T) {
	trouble := func(kind connector.Kind) error { return connector.Errorf("shop", "fetch", kind, "trouble") }
	for _, row := range []struct {
		shelf  shelf
		file   conversation.Attachment
		status int
	}{
		{shelf{}, conversation.Attachment{URL: "https://a.example.com", Size: 30 << 20}, http.StatusRequestEntityTooLarge},
		{shelf{content: strings.Repeat("x", 26<<20)}, receipt("a.png"), http.StatusRequestEntityTooLarge},
		{shelf{}, receipt("a.exe"), http.StatusForbidden},
		{shelf{err: &connector.Error{Kind: connector.Invalid, Code: "file_host"}}, receipt("a.png"), http.StatusForbidden},
		{shelf{err: trouble(connector.NotFound)}, receipt("a.png"), http.StatusNotFound},
		{shelf{err: trouble(connector.Unauthenticated)}, receipt("a.png"), http.StatusBadGateway},
		{shelf{err: trouble(connector.Unavailable)}, receipt("a.png"), http.StatusServiceUnavailable},
		{shelf{err: trouble(connector.UncertainOutcome)}, receipt("a.png"), http.StatusServiceUnavailable},
	} {
		f := newFiling(t, &row.shelf)
		w := f.get(http.MethodGet, f.link(row.file))
		require.Equal(t, row.status, w.Code, row.shelf.err)
		require.Contains(t, w.Body.String(), `"error":"the file `)
		require.NotContains(t, w.Body.String()+f.log.String(), canary)
		require.Equal(t, map[string]float64{fmt.Sprint(row.status): 1}, f.counted(t, "handoff_file_links_total", "result"))
		left, err := os.ReadDir(f.dir)
		require.NoError(t, err)
		require.Empty(t, left)
	}
}

func TestOneLinkIsNotFollowedForEver(t *testing.T) {
	f := newFiling(t, &shelf{content: "bytes"})
	path := f.link(receipt("a.png"))
	status := http.StatusOK
	for range 40 {
		status = f.get(http.MethodGet, path).Code
	}
	require.Equal(t, http.StatusTooManyRequests, status)
	require.LessOrEqual(t, f.shelf.asked, 21)
	require.Equal(t, http.StatusOK, f.get(http.MethodGet, f.link(conversation.Attachment{URL: "https://b.example.com"})).Code, "others are")
}

// slow serves a file that never comes.
type slow struct{ arrived chan struct{} }

func (s slow) Fetch(ctx context.Context, _ string, _ conversation.Attachment) (connector.File, error) {
	s.arrived <- struct{}{}
	<-ctx.Done()
	return connector.File{}, connector.Errorf("shop", "fetch", connector.Unavailable, "gone away")
}

func TestWhoHoldsOneLinkLeavesPlacesForOthers(t *testing.T) {
	vendor := slow{make(chan struct{})}
	f := newFiling(t, &shelf{})
	links := f.links
	f.site = newSite(t, func(c *gateway.Config) {
		c.Files = files.NewOpener(files.Config{
			Sources: map[string]files.Source{"shop-eu": {}}, Fetcher: vendor, Links: links, Dir: f.dir,
		})
	})
	ctx, leave := context.WithCancel(t.Context())
	ended := make(chan int)
	follow := func(path string) {
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil)
		go func() { ended <- f.do(r).Code }()
	}
	mine, others := f.link(receipt("a.png")), f.link(conversation.Attachment{URL: "https://b.example.com"})
	for range 4 {
		follow(mine)
		<-vendor.arrived
	}
	follow(mine)
	require.Equal(t, http.StatusServiceUnavailable, <-ended)
	follow(others)
	<-vendor.arrived
	leave()
	for range 5 {
		require.Equal(t, http.StatusServiceUnavailable, <-ended)
	}
}

func TestAStreamHasAddressesThatADeviceCanOpen(t *testing.T) {
	s := newAppSite(t)
	links, err := files.NewLinks("https://handoff.example.com", connector.Secrets{"0123456789abcdef"}, 0)
	require.NoError(t, err)
	config := twin(t)
	config.Files = files.NewOpener(files.Config{Links: links, Sources: map[string]files.Source{
		"office": {Connector: keeper{s.shop}}, "app-shop": {},
	}})
	s.Server = gateway.New(config, s.memory, s.memory)
	s.memory.say(conversation.RoleAgent, "look")
	s.memory.mu.Lock()
	s.memory.view.Desk = "office"
	s.memory.view.Transcript.Lines[0].Attachment = &conversation.Attachment{URL: "https://files.example.com/7"}
	s.memory.mu.Unlock()
	l := listen(t, s, canary, "")
	for l.lines.Scan() && !strings.Contains(l.lines.Text(), `"url"`) {
		require.NotEqual(t, "event: conversation.ended", l.lines.Text())
	}
	require.Contains(t, l.lines.Text(), `"url":"https://handoff.example.com/files/`)
}

// keeper serves its files to those who have its credentials.
type keeper struct{ *shop }

func (keeper) FetchAttachment(context.Context, conversation.Attachment) (connector.File, error) {
	return connector.File{}, nil
}
