package activities_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/handoff-engine/handoff/connector"
	"github.com/handoff-engine/handoff/conversation"
	"github.com/handoff-engine/handoff/files"
)

// largest is how large a payload of a workflow may be at Temporal without a warning.
const largest = 256 << 10

// film makes the bytes of a file without ever having them.
type film struct{}

func (film) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(i * 7)
	}
	return len(p), nil
}

// storage is a vendor's place for uploads, which keeps their size and their hash.
type storage struct {
	size int64
	sum  string
}

func (s *storage) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	h := sha256.New()
	s.size, _ = io.Copy(h, r.Body)
	s.sum = fmt.Sprintf("%x", h.Sum(nil))
}

// uploader passes files on by their bytes.
type uploader struct {
	*vendor
	to string
}

func (u *uploader) SendAttachment(ctx context.Context, req connector.AttachmentRequest) (connector.Receipt, error) {
	f, err := req.Open(ctx)
	if err != nil {
		return connector.Receipt{}, err
	}
	defer func() { _ = f.Close() }()
	upload, err := http.NewRequestWithContext(ctx, http.MethodPut, u.to, f)
	if err != nil {
		return connector.Receipt{}, err
	}
	upload.ContentLength = f.Size
	answer, err := http.DefaultClient.Do(upload)
	if err != nil {
		return connector.Receipt{}, connector.Errorf("story", "SendAttachment", connector.UncertainOutcome, "broke off")
	}
	return connector.Receipt{ID: "file-1"}, answer.Body.Close()
}

// From one vendor's server to another's, through the activity: all of it, and never all of it at a time.
func TestALargeFileGoesThroughAsAStream(t *testing.T) {
	const size = 25 << 20
	want := sha256.New()
	_, err := io.CopyN(want, film{}, size)
	require.NoError(t, err)
	from := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "video/mp4")
		if r.URL.Path == "/said" {
			w.Header().Set("Content-Length", fmt.Sprint(size))
		}
		_, _ = io.CopyN(w, film{}, size)
	}))
	defer from.Close()
	scans := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	defer scans.Close()
	for name, config := range map[string]files.Config{
		"/said":    {},
		"/unsaid":  {},
		"/scanned": {Scanner: files.NewHTTPScanner(scans.URL, 10*time.Second)},
	} {
		t.Run(name, func(t *testing.T) {
			to := &storage{}
			server := httptest.NewServer(to)
			defer server.Close()
			config.Dir = t.TempDir()
			config.Sources = map[string]files.Source{"office": {AllowHosts: []string{"127.0.0.1"}}}
			a := with(&uploader{&vendor{}, server.URL})
			a.Files = files.NewOpener(config)
			task := file("the film")
			task.Effects[0].Attachment = &conversation.Attachment{URL: from.URL + name, Name: "film.mp4", ContentType: "video/mp4"}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			events, err := do(t, a, a.Say, task)
			runtime.ReadMemStats(&after)
			require.NoError(t, err)
			require.Equal(t, conversation.Delivered, events[0].Kind)
			require.Equal(t, int64(size), to.size)
			require.Equal(t, fmt.Sprintf("%x", want.Sum(nil)), to.sum)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(4<<20), "all that was ever allocated, at both servers too")
			for _, payload := range []any{task, events} {
				data, err := json.Marshal(payload)
				require.NoError(t, err)
				require.Less(t, len(data), largest)
			}
		})
	}
	t.Run("one byte too many", func(t *testing.T) {
		to := &storage{}
		server := httptest.NewServer(to)
		defer server.Close()
		u := &uploader{&vendor{}, server.URL}
		a := with(u)
		a.Files = files.NewOpener(files.Config{Sources: map[string]files.Source{
			"office": {AllowHosts: []string{"127.0.0.1"}, Rules: files.Rules{MaxSize: size - 1}},
		}})
		task := file("")
		task.Effects[0].Attachment = &conversation.Attachment{URL: from.URL + "/unsaid", Name: "film.mp4"}
		_, err := do(t, a, a.Say, task)
		require.NoError(t, err, "the sender thinks that nobody can tell; we can")
		require.Equal(t, "deliver [not passed on: film.mp4, which is larger than 24 MB]", u.calls[len(u.calls)-1])
	})
}
