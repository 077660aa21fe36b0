package files_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/files"
)

// vendor serves files to those who have its credentials.
type vendor struct {
	connector.Connector
	file connector.File
	err  error
}

func (v vendor) FetchAttachment(context.Context, conversation.Attachment) (connector.File, error) {
	return v.file, v.err
}

// scanner reads everything and says what it is told to say.
type scanner struct {
	clean bool
	err   error
	hash  hash.Hash
}

func (s *scanner) Scan(_ context.Context, f connector.File) (bool, error) {
	s.hash = sha256.New()
	_, err := io.Copy(s.hash, f)
	return s.clean, errors.Join(s.err, err)
}

// web gives what it is told to.
type web func() (connector.File, error)

func (w web) Fetch(context.Context, string, conversation.Attachment) (connector.File, error) {
	return w()
}

func holding(content, contentType string) web {
	return func() (connector.File, error) {
		return connector.File{ReadCloser: io.NopCloser(strings.NewReader(content)), Name: "a.png", ContentType: contentType, Size: -1}, nil
	}
}

func TestKindsAreToldByNameWordAndBeginning(t *testing.T) {
	const page, program, picture = "<!DOCTYPE html><p>hello", "MZ\x90\x00", "\x89PNG\r\n\x1a\nrest"
	for name, row := range map[string]struct {
		rules          files.Rules
		file, said     string
		content, given string
		want           files.Reason
	}{
		"no rules":                       {files.Rules{}, "a.exe", "", program, "", ""},
		"a picture":                      {files.Rules{AllowTypes: []string{"image/*"}}, "a.png", "image/png", picture, "image/png", ""},
		"a picture by its beginning":     {files.Rules{AllowTypes: []string{"image/*"}}, "a", "", picture, "", ""},
		"a picture by its server's word": {files.Rules{AllowTypes: []string{"image/*"}}, "a", "", "?", "IMAGE/PNG; x=y", ""},
		"by its ending":                  {files.Rules{AllowTypes: []string{".PNG"}}, "a.png", "", "?", "", ""},
		"octets with the right ending":   {files.Rules{AllowTypes: []string{".png"}}, "a.png", "application/octet-stream", "?", "", ""},
		"another kind is said":           {files.Rules{AllowTypes: []string{"image/*"}}, "a.png", "application/zip", picture, "", files.TypeRefused},
		"another kind is served":         {files.Rules{AllowTypes: []string{"image/*"}}, "a.png", "image/png", picture, "application/zip", files.TypeRefused},
		"nobody says":                    {files.Rules{AllowTypes: []string{"image/*"}}, "a", "", "\x00\x01", "", files.TypeRefused},
		"a page that is said to be one":  {files.Rules{AllowTypes: []string{"image/*"}}, "a.png", "image/png", page, "image/png", files.TypeRefused},
		"a program with another name":    {files.Rules{AllowTypes: []string{".png"}}, "a.png", "image/png", program, "image/png", files.TypeRefused},
		"a page where pages are allowed": {files.Rules{AllowTypes: []string{"text/html"}}, "a", "text/html", page, "text/html", ""},
		"denied by ending":               {files.Rules{DenyTypes: []string{".png"}}, "A.PNG", "", picture, "", files.TypeRefused},
		"denied by kind":                 {files.Rules{DenyTypes: []string{"image/svg+xml"}}, "a", "image/svg+xml", "<svg", "", files.TypeRefused},
		"denied by beginning":            {files.Rules{DenyTypes: []string{"text/html"}}, "a.png", "image/png", page, "image/png", files.TypeRefused},
		"denied although allowed":        {files.Rules{AllowTypes: []string{"image/*"}, DenyTypes: []string{"image/png"}}, "a", "image/png", picture, "", files.TypeRefused},
	} {
		o := files.NewOpener(files.Config{
			Sources: map[string]files.Source{"shop": {Rules: row.rules}},
			Fetcher: web(func() (connector.File, error) {
				f, err := holding(row.content, row.given)()
				f.Name = row.file
				return f, err
			}),
		})
		f, err := o.Open(t.Context(), "shop", conversation.Attachment{URL: "https://a.example.com", Name: row.file, ContentType: row.said})
		require.Equal(t, row.want, files.ReasonOf(err), name)
		if row.want != "" {
			require.Equal(t, connector.Invalid, connector.KindOf(err), name)
			continue
		}
		require.NoError(t, err, name)
		content, err := io.ReadAll(f)
		require.NoError(t, err, name)
		require.Equal(t, row.content, string(content), name)
	}
}

func TestAFileIsCutAtTheByteThatIsTooMany(t *testing.T) {
	for n, want := range map[int]files.Reason{9: "", 10: "", 11: files.TooLarge, 5000: files.TooLarge} {
		o := files.NewOpener(files.Config{
			Sources: map[string]files.Source{"shop": {Rules: files.Rules{MaxSize: 10}}}, Fetcher: holding(strings.Repeat("x", n), ""), Dir: t.TempDir(),
		})
		f, err := o.Open(t.Context(), "shop", conversation.Attachment{})
		require.NoError(t, err)
		content, err := io.ReadAll(f)
		require.Equal(t, want, files.ReasonOf(err), n)
		require.Len(t, content, min(n, 10))
		_, err = o.Spool(t.Context(), "shop", conversation.Attachment{})
		require.Equal(t, want, files.ReasonOf(err), n)
	}
}

func TestAFileOfTheVendorIsAskedForAtTheVendor(t *testing.T) {
	own := connector.File{ReadCloser: io.NopCloser(strings.NewReader("the vendor's")), Size: -1}
	for name, row := range map[string]struct {
		vendor vendor
		want   string
		kind   connector.Kind
	}{
		"its own":           {vendor{file: own}, "the vendor's", ""},
		"somebody else's":   {vendor{err: connector.Errorf("x", "f", connector.Invalid, "not ours")}, "from the web", ""},
		"gone":              {vendor{err: connector.Errorf("x", "f", connector.NotFound, "")}, "", connector.NotFound},
		"broken":            {vendor{err: connector.Errorf("x", "f", connector.UncertainOutcome, "")}, "", connector.Unavailable},
		"no connector's":    {vendor{err: errors.New("oh")}, "", connector.Unavailable},
		"wrong credentials": {vendor{err: connector.Errorf("x", "f", connector.Unauthenticated, "")}, "", connector.Unauthenticated},
	} {
		o := files.NewOpener(files.Config{Sources: map[string]files.Source{"shop": {Connector: row.vendor}}, Fetcher: holding("from the web", "")})
		f, err := o.Open(t.Context(), "shop", conversation.Attachment{})
		require.Equal(t, row.kind, connector.KindOf(err), name)
		if row.kind == "" {
			content, err := io.ReadAll(f)
			require.NoError(t, err)
			require.Equal(t, row.want, string(content), name)
		}
	}
}

// broken breaks off before the end.
type broken struct{ io.Reader }

func (b broken) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		return n, io.ErrUnexpectedEOF
	}
	return n, err
}

func TestAFileThatBreaksOffIsNotTakenForWhole(t *testing.T) {
	for name, f := range map[string]connector.File{
		"an error":       {ReadCloser: io.NopCloser(broken{strings.NewReader("half")}), Size: 8},
		"too few bytes":  {ReadCloser: io.NopCloser(strings.NewReader("half")), Size: 8},
		"too many bytes": {ReadCloser: io.NopCloser(strings.NewReader("more than that")), Size: 8},
	} {
		dir := t.TempDir()
		o := files.NewOpener(files.Config{Fetcher: web(func() (connector.File, error) { return f, nil }), Dir: dir})
		_, err := o.Spool(t.Context(), "shop", conversation.Attachment{})
		require.Equal(t, connector.Unavailable, connector.KindOf(err), name)
		require.NotContains(t, err.Error(), dir)
		left, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Empty(t, left, name)
	}
	o := files.NewOpener(files.Config{Fetcher: holding("x", ""), Dir: "/nowhere/at/all"})
	_, err := o.Spool(t.Context(), "shop", conversation.Attachment{})
	require.Equal(t, connector.Unavailable, connector.KindOf(err))
	require.NotContains(t, err.Error(), "nowhere")
}

func TestTheHTTPScannerIsUnderstoodOrNot(t *testing.T) {
	for status, want := range map[int]struct{ clean, tells bool }{
		200: {true, true}, 204: {true, true}, 406: {false, true},
		201: {}, 302: {}, 400: {}, 403: {}, 404: {}, 500: {}, 503: {},
	} {
		var got []byte
		var length int64
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got, _ = io.ReadAll(r.Body)
			length = r.ContentLength
			w.Header().Set("Location", "/")
			w.WriteHeader(status)
		}))
		s := files.NewHTTPScanner(server.URL+"/scan", time.Second)
		clean, err := s.Scan(t.Context(), connector.File{ReadCloser: io.NopCloser(strings.NewReader("bytes")), Size: 5})
		require.Equal(t, want.clean, clean, status)
		require.Equal(t, want.tells, err == nil, status)
		require.Equal(t, "bytes", string(got))
		require.Equal(t, int64(5), length)
		server.Close()
		_, err = s.Scan(t.Context(), connector.File{ReadCloser: io.NopCloser(strings.NewReader("bytes")), Size: 5})
		require.Error(t, err)
		require.NotContains(t, err.Error(), "127.0.0.1")
	}
	hangs := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	defer hangs.Close()
	began := time.Now()
	_, err := files.NewHTTPScanner(hangs.URL, 50*time.Millisecond).Scan(t.Context(), connector.File{ReadCloser: io.NopCloser(strings.NewReader("x")), Size: 1})
	require.Error(t, err)
	require.Less(t, time.Since(began), 5*time.Second)
}

// endless makes the bytes of a file of a size, without ever having them.
func endless(size int64) web {
	return func() (connector.File, error) {
		return connector.File{ReadCloser: io.NopCloser(io.LimitReader(pattern{}, size)), Name: "a.mp4", ContentType: "video/mp4", Size: size}, nil
	}
}

type pattern struct{}

func (pattern) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(i)
	}
	return len(p), nil
}

func TestALargeFileIsNeverWholeInMemory(t *testing.T) {
	const size = 25 << 20
	for name, config := range map[string]files.Config{
		"streamed": {},
		"by kind":  {Sources: map[string]files.Source{"shop": {Rules: files.Rules{AllowTypes: []string{"video/*"}}}}},
		"scanned":  {Scanner: &scanner{clean: true}},
	} {
		t.Run(name, func(t *testing.T) {
			config.Fetcher, config.Dir, config.Metrics = endless(size), t.TempDir(), files.NewMetrics(prometheus.NewRegistry())
			o := files.NewOpener(config)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			held, err := o.Hold(t.Context(), "shop", conversation.Attachment{})
			require.NoError(t, err)
			f, err := held.Open(t.Context())
			require.NoError(t, err)
			n, err := io.Copy(io.Discard, f)
			require.NoError(t, err)
			require.NoError(t, f.Close())
			held.Release()
			runtime.ReadMemStats(&after)
			require.Equal(t, int64(size), n)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20), "all that was ever allocated")
			left, err := os.ReadDir(config.Dir)
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}
}

func TestWhatIsOpenedAgainIsTheSame(t *testing.T) {
	s := &scanner{clean: true}
	calls := 0
	o := files.NewOpener(files.Config{Scanner: s, Dir: t.TempDir(), Fetcher: web(func() (connector.File, error) {
		calls++
		return connector.File{ReadCloser: io.NopCloser(bytes.NewReader([]byte("bytes"))), Name: "a", Size: -1}, nil
	})})
	held, err := o.Hold(t.Context(), "shop", conversation.Attachment{})
	require.NoError(t, err)
	for range 3 {
		f, err := held.Open(t.Context())
		require.NoError(t, err)
		content, err := io.ReadAll(f)
		require.NoError(t, err)
		require.NoError(t, f.Close())
		require.Equal(t, "bytes", string(content))
		require.Equal(t, int64(5), f.Size)
	}
	held.Release()
	require.Equal(t, 1, calls)
	f, err := held.Open(t.Context())
	require.NoError(t, err)
	_, err = f.Read(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrClosed)
}

func TestAScanThatIsCalledOffSaysNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	o := files.NewOpener(files.Config{Scanner: calledOff{cancel}, PassUnscanned: true, Dir: t.TempDir(), Fetcher: holding("x", "")})
	_, err := o.Hold(ctx, "shop", conversation.Attachment{URL: "https://a.example.com"})
	require.Equal(t, connector.Unavailable, connector.KindOf(err))
	require.Empty(t, files.ReasonOf(err))
}

// calledOff is a scan during which the process stops.
type calledOff struct{ stop context.CancelFunc }

func (c calledOff) Scan(ctx context.Context, _ connector.File) (bool, error) {
	c.stop()
	return false, ctx.Err()
}

func TestKindsAreWrittenAsMediaTypesOrEndings(t *testing.T) {
	for text, want := range map[string]bool{
		"image/png": true, "image/*": true, ".pdf": true, "application/vnd.ms-excel": true, "image/svg+xml": true,
		"": false, ".": false, "pdf": false, "*/*": false, "*": false, "image/": false, "/png": false, "a b/c": false, ".tar.gz": false, "text/html; charset=utf-8": false,
	} {
		require.Equal(t, want, files.ValidType(text), text)
	}
}
